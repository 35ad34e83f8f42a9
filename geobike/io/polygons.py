"""Bounds on the work that the polygons and lines of a file make, and repair of polygons."""

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
_MOST_AT_JUNCTIONS: Final = 10  # other sides that a side of a street meets, on average
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
        crossings += _crossings(_sides(shapes[row]), most=_MOST_CROSSINGS - crossings)
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
        if _near(_sides(shapes[row])) > _MOST_NEAR:
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
    return _sides_along(rings)


def _sides_along(lines: _Shapes) -> npt.NDArray[np.float64]:
    xy, line = shapely.get_coordinates(lines, return_index=True)
    joined = line[1:] == line[:-1]
    return np.stack([xy[:-1][joined], xy[1:][joined]], axis=1)


def leaves(shape: Any) -> _Shapes:
    """Return the single shapes of a shape, however deep its collections are nested."""
    parts = np.array([shape], dtype=object)
    while (shapely.get_type_id(parts) > shapely.GeometryType.POLYGON).any():
        parts = shapely.get_parts(parts)
    return parts


def _near(sides: npt.NDArray[np.float64]) -> float:
    """Return about how many pairs of sides have bounds that overlap, from a sample of them."""
    if not len(sides):  # lines are not checked against each other
        return 0.0
    low, high = sides.min(axis=1), sides.max(axis=1)
    sample = np.random.default_rng(0).integers(0, len(sides), _SAMPLE)
    near = [((low <= high[k]) & (high >= low[k])).all(axis=1).sum() for k in sample]
    return float(np.mean(near)) * len(sides)


def _crossings(ends: npt.NDArray[np.float64], *, most: int) -> int:
    """Return how many pairs of sides meet other than at their ends, counted up to above `most`."""
    sides = shapely.linestrings(ends)
    tree = shapely.STRtree(sides)
    found = 0
    for start in range(0, len(sides), _CHUNK):
        chunk = sides[start : start + _CHUNK]
        # Each side meets itself and its two neighbours.
        found += max(tree.query(chunk, predicate="intersects").shape[1] - 3 * len(chunk), 0)
        if found > 2 * most:  # every pair is met twice
            break
    return found // 2


def check_tangle(lines: _Shapes, what: str) -> None:
    """Raise InputError for lines that cross each other so often that cutting them takes minutes.

    Each side of a street meets a few others, at its junctions; those of a tangle meet all.
    """
    sides = _sides_along(lines)
    most = _MOST_CROSSINGS // 2 + _MOST_AT_JUNCTIONS * len(sides)
    if _near(sides) > most and _crossings(sides, most=most) > most:
        raise InputError(
            f"{what}: its lines cross each other over {most:,} times, as no streets do; "
            "give street lines"
        )


def finite(shapes: _Shapes) -> _Shapes:
    """Return the shapes, those with NaN or infinite coordinates as None."""
    coordinates, row = shapely.get_coordinates(shapes, return_index=True)
    out = shapes.copy()
    out[np.unique(row[~np.isfinite(coordinates).all(axis=1)])] = None
    return out
