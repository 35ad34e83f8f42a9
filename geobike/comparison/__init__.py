"""Two finished surveys compared on the stops that both saw."""

from geobike.comparison.comparing import Comparison, compare
from geobike.comparison.page import sentences
from geobike.comparison.writing import write

__all__ = ["Comparison", "compare", "sentences", "write"]
