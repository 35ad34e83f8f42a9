"""Find the area at a place: the first that holds it, by a grid of cells where places are many.

A cell that lies wholly in one area, or in none, answers for all places in it. Only where a border
runs through a cell is each place held against the polygons.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from geobike import schema

_Floats = npt.NDArray[np.float64]
_Rows = npt.NDArray[np.intp]

_CHUNK: Final = 200_000  # places looked up at once: bounds memory at about 30 MB
_MANY: Final = 20_000  # places for which cells are worth their making
_SIDE: Final = 512  # cells along each side of the grid
_BORDER: Final = -2  # of a cell: a border may run through it
_NEW: Final = -3  # of a cell: nobody has asked yet


class Finder:
    """Returns for places the row of the first polygon that holds each, -1 for none."""

    def __init__(self, polygons: npt.NDArray[np.object_]) -> None:
        shapely.prepare(polygons)
        self._polygons = polygons
        self._tree = shapely.STRtree(polygons)
        west, south, east, north = shapely.total_bounds(polygons) if len(polygons) else np.zeros(4)
        # A little larger than the areas, so that all their borders are inside.
        self._size = 1.001 * np.array([east - west, north - south]) / _SIDE  # degrees
        self._corner = np.array([west, south]) - 0.0005 * _SIDE * self._size
        self._cells = np.full(_SIDE * _SIDE, _NEW, dtype=np.intp)

    def first(self, lon: _Floats, lat: _Floats) -> _Rows:
        """Return the row at longitudes and latitudes in degrees; -1 also where one is NaN."""
        out = np.full(len(lon), _BORDER, dtype=np.intp)
        for start in range(0, len(lon), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            if len(lon) > _MANY and len(self._polygons):
                out[chunk] = self._by_cell(lon[chunk], lat[chunk])
            left = start + np.flatnonzero(out[chunk] == _BORDER)
            out[left] = self._by_polygon(lon[left], lat[left])
        return out

    def _by_cell(self, lon: _Floats, lat: _Floats) -> _Rows:
        """Return the row where the cell decides it, else _BORDER."""
        x, y = (lon - self._corner[0]) / self._size[0], (lat - self._corner[1]) / self._size[1]
        within = (x >= 0) & (x < _SIDE) & (y >= 0) & (y < _SIDE)
        cell = y[within].astype(np.intp) * _SIDE + x[within].astype(np.intp)
        asked = np.flatnonzero(np.bincount(cell, minlength=len(self._cells)))
        new = asked[self._cells[asked] == _NEW]
        self._cells[new] = self._row_of_cell(new)
        out = np.full(len(lon), -1, dtype=np.intp)
        out[within] = self._cells[cell]
        return out

    def _row_of_cell(self, cell: _Rows) -> _Rows:
        low = self._corner + self._size * np.column_stack([cell % _SIDE, cell // _SIDE])
        spare = self._size / 100  # no rounding error is as large
        boxes = shapely.box(*(low - spare).T, *(low + self._size + spare).T)
        box, polygon = self._tree.query(boxes)
        meet = shapely.intersects(self._polygons[polygon], boxes[box])
        box, polygon = box[meet], polygon[meet]
        first = _least(box, polygon, len(cell))
        mine = polygon == first[box]
        box, polygon = box[mine], polygon[mine]
        whole = shapely.contains_properly(self._polygons[polygon], boxes[box])
        first[box[~whole]] = _BORDER
        return first

    def _by_polygon(self, lon: _Floats, lat: _Floats) -> _Rows:
        """Hold places against the polygons whose bounding boxes they are in.

        The spatial index is queried with all at once; then each polygon, prepared once, tests its
        candidates by their bare coordinates.
        """
        place, polygon = self._tree.query(schema.points(lon, lat))  # None is in no box
        inside = shapely.intersects_xy(self._polygons[polygon], lon[place], lat[place])
        return _least(place[inside], polygon[inside], len(lon))


def _least(place: _Rows, polygon: _Rows, count: int) -> _Rows:
    """Return the least polygon of each place, -1 for none."""
    none = np.iinfo(np.intp).max
    out = np.full(count, none, dtype=np.intp)
    np.minimum.at(out, place, polygon)
    return np.where(out < none, out, -1)
