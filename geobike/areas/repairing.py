"""Repair the polygons of a file, and leave out what cannot be used."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geobike.errors import AreasError
from geobike.io.polygons import coarse, finite, leaves, repaired
from geobike.reporting import report

_Shapes = npt.NDArray[np.object_]

_SLIVER: Final = 1e-6  # overlaps smaller than this share of an area are drawing noise

_MOST_PAIRS: Final = 100_000  # of areas that touch or overlap, compared for each file at least
_CHUNK: Final = 256  # done at once: Ctrl-C works between them


def polygons(frame: gpd.GeoDataFrame, path: str | Path) -> gpd.GeoDataFrame:
    """Return the rows that hold polygons, repaired; report what was repaired and what left out.

    A ring that crosses itself keeps the area that it encloses. Raises AreasError where there is
    no polygon, or one that would take minutes to repair.
    """
    out = frame.copy()
    shapes = repaired(finite(np.asarray(frame.geometry.array)), f"areas {path}", AreasError)
    out.geometry = [_polygonal_part(shape) for shape in shapes]
    usable = out.geometry.notna()
    empty = [
        f"{row} ({coarse(str(frame.geometry.iloc[row]))})"[:60] for row in np.flatnonzero(~usable)
    ]
    if empty:
        report(f"areas {path}: rows without a polygon left out", empty)
    if not usable.any():
        raise AreasError(f"areas {path}: holds no polygon ({len(frame)} rows)")
    return out[usable]


def _polygonal_part(shape: Any) -> Any:
    """Return the polygons of a shape as one, or None; lines and points are dropped."""
    if shape is None or shape.is_empty:
        return None
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shapely.force_2d(shape)
    parts = leaves(shape)
    parts = parts[(shapely.get_type_id(parts) == shapely.GeometryType.POLYGON)]
    parts = parts[~shapely.is_empty(parts)]
    return shapely.union_all(shapely.force_2d(parts)) if len(parts) else None


def report_overlaps(areas: gpd.GeoDataFrame) -> None:
    """Report which areas overlap, apart from slivers; of very many, only some are looked for."""
    shapes = np.asarray(areas.geometry.array)
    tree = shapely.STRtree(shapes)
    name, pairs, compared = areas["name"], [], 0
    most = max(_MOST_PAIRS, 20 * len(shapes))
    for start in range(0, len(shapes), _CHUNK):
        left, right = tree.query(shapes[start : start + _CHUNK], predicate="intersects")
        left, right = left[left + start < right] + start, right[left + start < right]
        order = np.lexsort((right, left))[: most - compared]
        left, right = left[order], right[order]
        compared += len(left)
        pairs += [f"{name[a]!r} and {name[b]!r}" for a, b in _overlapping(shapes, left, right)]
        if compared >= most:
            report(f"areas touch or overlap so often that only {most:,} pairs are compared")
            break
    if pairs:
        report("areas overlap; a photo there counts for the first of them in the file", pairs)


def _overlapping(
    shapes: _Shapes, left: npt.NDArray[np.intp], right: npt.NDArray[np.intp]
) -> Iterator[tuple[int, int]]:
    # Most only share a border, which is found in a third of the time that what they share takes.
    meet = ~shapely.touches(shapes[left], shapes[right])
    left, right = left[meet], right[meet]
    common = shapely.area(shapely.intersection(shapes[left], shapes[right]))
    smaller = np.minimum(shapely.area(shapes[left]), shapely.area(shapes[right]))
    real = common > _SLIVER * smaller
    yield from zip(left[real].tolist(), right[real].tolist(), strict=True)
