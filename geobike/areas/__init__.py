"""Neighbourhood polygons: read, repair and report them; say in which one each photo lies."""

from geobike.areas.assigning import assign, row_at
from geobike.areas.reading import read

__all__ = ["assign", "read", "row_at"]
