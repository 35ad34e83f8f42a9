"""Street centre lines: read from the user's file, cut into streets between junctions."""

from geobike.streets.network import Network, build
from geobike.streets.reading import read

__all__ = ["Network", "build", "read"]
