"""Polygons as files have them: repaired, and what cannot be used left out."""

import re
from collections.abc import Iterator
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

_CHECKED: Final = 5_000  # vertices below which any polygon is soon checked
_SAMPLE: Final = 200
_MOST_NEAR: Final = 200e6  # pairs of sides with overlapping bounds: seconds to check
_MOST_CROSSINGS: Final = 100_000  # of sides, in all polygons of a file: seconds to repair
_MOST_PAIRS: Final = 100_000  # of areas that touch or overlap, compared for each file at least
_REMEDY: Final = "repair or simplify it first, such as with Fix Geometries and Simplify of QGIS"
_CHUNK: Final = 256  # done at once: Ctrl-C is heard between them


def polygons(frame: gpd.GeoDataFrame, path: str | Path) -> gpd.GeoDataFrame:
    """Return the rows that hold polygons, repaired; report what was repaired and what left out.

    A ring that crosses itself keeps the ground that it goes round. Raises AreasError where there is
    no polygon, or one that would take minutes to repair.
    """
    out = frame.copy()
    shapes = _repaired(_finite(np.asarray(frame.geometry.array)), path)
    out.geometry = [_polygonal_part(shape) for shape in shapes]
    usable = out.geometry.notna()
    empty = [
        f"{row} ({_coarse(str(frame.geometry.iloc[row]))})"[:60] for row in np.flatnonzero(~usable)
    ]
    if empty:
        report(f"areas {path}: rows without a polygon left out", empty)
    if not usable.any():
        raise AreasError(f"areas {path}: holds no polygon ({len(frame)} rows)")
    return out[usable]


def _coarse(text: str) -> str:
    """Return a text with its numbers cut to five decimals: degrees to about one metre."""
    return re.sub(r"(\d\.\d{5})\d+", r"\1", text)


def _repaired(shapes: _Shapes, path: str | Path) -> _Shapes:
    out = shapes.copy()
    faults, crossings = [], 0
    for row in _invalid(shapes, path):
        crossings += _crossings(shapes[row], most=_MOST_CROSSINGS - crossings)
        if crossings > _MOST_CROSSINGS:
            raise AreasError(
                f"areas {path}: the sides of the polygon at row {row}, or of those before it, "
                f"cross each other over {_MOST_CROSSINGS:,} times; {_REMEDY}"
            )
        faults.append(f"{row}: {_coarse(shapely.is_valid_reason(shapes[row]))}")
        # The default method takes minutes for a few hundred vertices.
        out[row] = shapely.make_valid(shapes[row], method="structure", keep_collapsed=False)
    if faults:
        report(f"areas {path}: invalid polygons repaired, at row", faults)
    return out


def _invalid(shapes: _Shapes, path: str | Path) -> Iterator[int]:
    """Yield the rows of invalid shapes. Raises AreasError for one that cannot soon be checked."""
    for row in np.flatnonzero(shapely.get_num_coordinates(shapes) > _CHECKED):
        if _near(shapes[row]) > _MOST_NEAR:
            raise AreasError(
                f"areas {path}: the polygon at row {row} is too intricate to check: "
                f"{shapely.get_num_coordinates(shapes[row]):,} vertices, whose sides lie side by "
                f"side; {_REMEDY}"
            )
    for start in range(0, len(shapes), _CHUNK):
        chunk = shapes[start : start + _CHUNK]
        wrong = ~shapely.is_valid(chunk) & ~shapely.is_missing(chunk)
        yield from (start + int(row) for row in np.flatnonzero(wrong))


def _sides(shape: Any) -> npt.NDArray[np.float64]:
    """Return the sides of all rings: n x 2 x 2 coordinates."""
    parts = _leaves(shape)
    rings = shapely.get_rings(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON])
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    joined = ring[1:] == ring[:-1]
    return np.stack([xy[:-1][joined], xy[1:][joined]], axis=1)


def _leaves(shape: Any) -> _Shapes:
    """Return the single shapes of a shape, however deep its collections are nested."""
    parts = np.array([shape], dtype=object)
    while (shapely.get_type_id(parts) > shapely.GeometryType.POLYGON).any():
        parts = shapely.get_parts(parts)
    return parts


def _near(shape: Any) -> float:
    """Return about how many pairs of sides have bounds that overlap, from a sample of them."""
    sides = _sides(shape)
    low, high = sides.min(axis=1), sides.max(axis=1)
    sample = np.random.default_rng(0).integers(0, len(sides), _SAMPLE)
    near = [((low <= high[k]) & (high >= low[k])).all(axis=1).sum() for k in sample]
    return float(np.mean(near)) * len(sides)


def _crossings(shape: Any, *, most: int) -> int:
    """Return how many pairs of sides meet beside at their ends, counted to just above `most`."""
    sides = shapely.linestrings(_sides(shape))
    tree = shapely.STRtree(sides)
    found = 0
    for start in range(0, len(sides), _CHUNK):
        chunk = sides[start : start + _CHUNK]
        # Each side meets itself and its two neighbours.
        found += max(tree.query(chunk, predicate="intersects").shape[1] - 3 * len(chunk), 0)
        if found > 2 * most:  # every pair is met twice
            break
    return found // 2


def _finite(shapes: _Shapes) -> _Shapes:
    """Return the shapes, those with NaN or infinite coordinates as None."""
    coordinates, row = shapely.get_coordinates(shapes, return_index=True)
    out = shapes.copy()
    out[np.unique(row[~np.isfinite(coordinates).all(axis=1)])] = None
    return out


def _polygonal_part(shape: Any) -> Any:
    """Return the polygons of a shape as one, or None; lines and points are dropped."""
    if shape is None or shape.is_empty:
        return None
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shapely.force_2d(shape)
    parts = _leaves(shape)
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
        report("areas overlap; a photo there counts for the one first in the file", pairs)


def _overlapping(
    shapes: _Shapes, left: npt.NDArray[np.intp], right: npt.NDArray[np.intp]
) -> Iterator[tuple[int, int]]:
    common = shapely.area(shapely.intersection(shapes[left], shapes[right]))
    smaller = np.minimum(shapely.area(shapes[left]), shapely.area(shapes[right]))
    real = common > _SLIVER * smaller
    yield from zip(left[real].tolist(), right[real].tolist(), strict=True)
