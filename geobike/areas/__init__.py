"""Neighbourhood polygons: read, repair and report them; say in which one each photo lies."""

from geobike.areas.assigning import assign
from geobike.areas.reading import read

__all__ = ["assign", "read"]
