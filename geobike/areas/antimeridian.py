"""Areas that cross the antimeridian, cut along it: the same shape for counts, km² and map.

RFC 7946 recommends the cut. Other files draw such an area with sides that go round the world, or
with longitudes beyond 180 degrees.
"""

from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geobike.reporting import report

_TURN: Final = 360.0
_HALF: Final = 180.0


def cut(frame: gpd.GeoDataFrame, path: str | Path) -> gpd.GeoDataFrame:
    """Return the frame of polygons in EPSG:4326 with all longitudes from -180 to 180 degrees.

    A polygon with a side of over 180 degrees of longitude goes the short way round where it is
    then less than 180 degrees wide; another is kept as drawn. What was cut is reported.
    """
    shapes = np.asarray(frame.geometry.array).copy()
    bounds = shapely.bounds(shapes)
    west, east = bounds[:, 0], bounds[:, 2]
    changed = []
    for row in np.flatnonzero((west < -_HALF) | (east > _HALF) | (east - west > _HALF)):
        parts = [piece for part in shapely.get_parts(shapes[row]) for piece in _pieces(part)]
        found = shapely.multipolygons(parts)
        if not found.equals(shapes[row]):
            shapes[row] = found
            changed.append(str(frame.index[row]))
    if not changed:
        return frame
    report(f"areas {path}: polygons across 180 degrees of longitude cut there, at row", changed)
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))


def _pieces(part: shapely.Polygon) -> list[Any]:
    """Return the parts of one polygon, each within -180 to 180 degrees."""
    if _goes_round(part):
        eastward = shapely.transform(part, _eastward)
        west, _, east, _ = eastward.bounds
        if eastward.is_valid and 0 < east - west < _HALF:
            part = eastward
    west, _, east, _ = part.bounds
    if west >= -_HALF and east <= _HALF:
        return [part]
    pieces = []
    for turn in (-_TURN, 0.0, _TURN):
        inside = part.intersection(shapely.box(turn - _HALF, -90, turn + _HALF, 90))
        whole = [one for one in shapely.get_parts(inside) if one.area > 0]
        pieces += [shapely.transform(one, lambda xy, by=turn: xy - [by, 0]) for one in whole]
    return pieces


def _goes_round(part: shapely.Polygon) -> bool:
    xy, ring = shapely.get_coordinates(shapely.get_rings(part), return_index=True)
    steps = np.abs(np.diff(xy[:, 0]))[ring[1:] == ring[:-1]]
    return bool((steps > _HALF).any())


def _eastward(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.column_stack([np.where(xy[:, 0] < 0, xy[:, 0] + _TURN, xy[:, 0]), xy[:, 1]])
