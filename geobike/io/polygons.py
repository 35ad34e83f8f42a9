"""Bounds on the work of checking and repairing the polygons of a file."""

import re
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely

from geobike.errors import InputError
from geobike.reporting import report

_Shapes = npt.NDArray[np.object_]

_CHECKED: Final = 5_000  # vertices below which any polygon is quickly checked
_SAMPLE: Final = 200
_MOST_NEAR: Final = 200e6  # pairs of sides with overlapping bounds: seconds to check
_MOST_CROSSINGS: Final = 100_000  # of sides, in all polygons of a file: seconds to repair
_REMEDY: Final = "repair or simplify it first, such as with Fix Geometries and Simplify of QGIS"
_CHUNK: Final = 256  # done at once: Ctrl-C works between them


def coarse(text: str) -> str:
    """Return a text with its numbers cut to five decimals: degrees to about one metre."""
    return re.sub(r"(\d\.\d{5})\d+", r"\1", text)


def repaired(shapes: _Shapes, what: str, error: type[InputError] = InputError) -> _Shapes:
    """Return the shapes, invalid polygons with the area that they enclose, which is reported.

    `what` names the file in messages. Raises `error` for polygons that would take minutes.
    """
    out = shapes.copy()
    faults, crossings = [], 0
    for row in _invalid(shapes, what, error):
        crossings += _crossings(shapes[row], most=_MOST_CROSSINGS - crossings)
        if crossings > _MOST_CROSSINGS:
            raise error(
                f"{what}: the sides of the polygon at row {row}, or of those before it, "
                f"cross each other over {_MOST_CROSSINGS:,} times; {_REMEDY}"
            )
        faults.append(f"{row}: {coarse(shapely.is_valid_reason(shapes[row]))}")
        # The default method takes minutes for a few hundred vertices.
        out[row] = shapely.make_valid(shapes[row], method="structure", keep_collapsed=False)
    if faults:
        report(f"{what}: invalid polygons repaired, at row", faults)
    return out


def _invalid(shapes: _Shapes, what: str, error: type[InputError]) -> Iterator[int]:
    """Yield the rows of invalid shapes. Raises `error` for one that takes too long to check."""
    for row in np.flatnonzero(shapely.get_num_coordinates(shapes) > _CHECKED):
        if _near(shapes[row]) > _MOST_NEAR:
            raise error(
                f"{what}: the polygon at row {row} is too intricate to check: "
                f"{shapely.get_num_coordinates(shapes[row]):,} vertices, with sides next to "
                f"each other; {_REMEDY}"
            )
    for start in range(0, len(shapes), _CHUNK):
        chunk = shapes[start : start + _CHUNK]
        wrong = ~shapely.is_valid(chunk) & ~shapely.is_missing(chunk)
        yield from (start + int(row) for row in np.flatnonzero(wrong))


def _sides(shape: Any) -> npt.NDArray[np.float64]:
    """Return the sides of all rings: n x 2 x 2 coordinates."""
    parts = leaves(shape)
    rings = shapely.get_rings(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON])
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    joined = ring[1:] == ring[:-1]
    return np.stack([xy[:-1][joined], xy[1:][joined]], axis=1)


def leaves(shape: Any) -> _Shapes:
    """Return the single shapes of a shape, however deep its collections are nested."""
    parts = np.array([shape], dtype=object)
    while (shapely.get_type_id(parts) > shapely.GeometryType.POLYGON).any():
        parts = shapely.get_parts(parts)
    return parts


def _near(shape: Any) -> float:
    """Return about how many pairs of sides have bounds that overlap, from a sample of them."""
    sides = _sides(shape)
    if not len(sides):  # lines are not checked against each other
        return 0.0
    low, high = sides.min(axis=1), sides.max(axis=1)
    sample = np.random.default_rng(0).integers(0, len(sides), _SAMPLE)
    near = [((low <= high[k]) & (high >= low[k])).all(axis=1).sum() for k in sample]
    return float(np.mean(near)) * len(sides)


def _crossings(shape: Any, *, most: int) -> int:
    """Return how many pairs of sides meet other than at their ends, counted up to above `most`."""
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


def finite(shapes: _Shapes) -> _Shapes:
    """Return the shapes, those with NaN or infinite coordinates as None."""
    coordinates, row = shapely.get_coordinates(shapes, return_index=True)
    out = shapes.copy()
    out[np.unique(row[~np.isfinite(coordinates).all(axis=1)])] = None
    return out
