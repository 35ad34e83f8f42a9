"""Two finished surveys compared on the stops that both saw."""

from geobike.comparison.comparing import Comparison, compare

__all__ = ["Comparison", "compare"]
