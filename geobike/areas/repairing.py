"""Polygons as files have them: repaired, and what cannot be used left out."""

from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geobike.errors import AreasError
from geobike.reporting import report

_Shapes = npt.NDArray[np.object_]

_SLIVER: Final = 1e-6  # overlaps smaller than this share of an area are drawing noise


def polygons(frame: gpd.GeoDataFrame, path: str | Path) -> gpd.GeoDataFrame:
    """Return the rows that hold polygons, repaired; report what was repaired and what left out."""
    out = frame.copy()
    shapes = _finite(np.asarray(frame.geometry.array))
    faults = [
        f"{row}: {shapely.is_valid_reason(shapes[row])}"
        for row in np.flatnonzero(~shapely.is_valid(shapes) & ~shapely.is_missing(shapes))
    ]
    if faults:
        report(f"areas {path}: invalid polygons repaired, at row", faults)
    out.geometry = [_polygonal_part(shape) for shape in shapely.make_valid(shapes)]
    usable = out.geometry.notna()
    empty = [f"{row} ({frame.geometry.iloc[row]})"[:60] for row in np.flatnonzero(~usable)]
    if empty:
        report(f"areas {path}: rows without a polygon left out", empty)
    if not usable.any():
        raise AreasError(f"areas {path}: holds no polygon ({len(frame)} rows)")
    return out[usable]


def _finite(shapes: _Shapes) -> _Shapes:
    """Return the shapes, those with NaN or infinite coordinates as None."""
    coordinates, row = shapely.get_coordinates(shapes, return_index=True)
    out = shapes.copy()
    out[np.unique(row[~np.isfinite(coordinates).all(axis=1)])] = None
    return out


def _polygonal_part(shape: Any) -> Any:
    """Return the polygons of a shape as one, or None; lines are dropped."""
    if shape is None or shape.is_empty:
        return None
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shapely.force_2d(shape)
    parts = [_polygonal_part(part) for part in getattr(shape, "geoms", ())]
    polygons = [part for part in parts if part is not None]
    return shapely.union_all(polygons) if polygons else None


def report_overlaps(areas: gpd.GeoDataFrame) -> None:
    """Report which areas overlap, apart from slivers."""
    shapes = np.asarray(areas.geometry.array)
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    left, right = one[one < other], other[one < other]
    common = shapely.area(shapely.intersection(shapes[left], shapes[right]))
    real = common > _SLIVER * np.minimum(shapely.area(shapes[left]), shapely.area(shapes[right]))
    name = areas["name"]
    pairs = [f"{name[a]!r} and {name[b]!r}" for a, b in zip(left[real], right[real], strict=True)]
    if pairs:
        report("areas overlap; a photo there counts for the one first in the file", pairs)
