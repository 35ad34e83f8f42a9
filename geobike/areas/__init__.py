"""Neighbourhood polygons: read, repair and report them; find the one that each photo is in."""

from geobike.areas.assigning import assign, row_at
from geobike.areas.reading import read

__all__ = ["assign", "read", "row_at"]
