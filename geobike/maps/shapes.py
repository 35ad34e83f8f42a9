"""The polygons to draw: simplified, in whole steps, in one piece across the antimeridian.

Only the copy for drawing is changed. Counts and areas come from the originals.
"""

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geobike.maps.numbers import DECIMALS

_METRES_PER_DEGREE = 111_320.0  # of latitude; of longitude times the cosine of the latitude
_STEPS = 2000  # the tolerance is the extent / this: half a pixel when all of it is on screen


def simplified(areas: gpd.GeoDataFrame) -> tuple[list[shapely.Geometry], bool]:
    """Return the polygons to draw, lon/lat in degrees, and whether west was moved past 180°.

    An area wider than 180° is taken to cross the antimeridian. Then everything west of Greenwich
    is drawn 360° further east, so that the area is one piece.
    """
    geometry = areas.geometry.to_numpy()
    bounds = shapely.bounds(geometry)
    shifted = bool((bounds[:, 2] - bounds[:, 0] > 180).any())
    if shifted:
        geometry = np.array([_east(shape) for shape in geometry], dtype=object)
    return list(_simplified(geometry)), shifted


def steps(shapes: npt.NDArray[np.object_]) -> tuple[list[list[int]], npt.NDArray[np.intp]]:
    """Return lines or rings as the page has them, and which of the shapes each belongs to.

    A row of steps is in 1e-5 degrees: x, y, dx, dy, ... A ring is without its last point, which is
    its first.
    """
    xy, line = shapely.get_coordinates(shapes, return_index=True)
    cells = np.round(xy * 10**DECIMALS).astype(np.int64)
    starts = np.flatnonzero(np.diff(line, prepend=-1))
    moves = np.diff(cells, axis=0, prepend=cells[:1])
    moves[starts] = cells[starts]
    closed = shapely.get_type_id(shapes[line[starts]]) == shapely.GeometryType.LINEARRING
    ends = np.append(starts[1:], len(cells)) - closed
    flat = moves.ravel().tolist()
    rows = [flat[2 * start : 2 * end] for start, end in zip(starts, ends, strict=True)]
    return rows, line[starts]


def outlines(shapes: list[shapely.Geometry]) -> list[list[list[list[int]]]]:
    """Return each shape as its polygons, a polygon as its rings, a ring as a row of `steps`."""
    found: list[list[list[list[int]]]] = [[] for _ in shapes]
    polygons, area = shapely.get_parts(np.asarray(shapes, dtype=object), return_index=True)
    rings, polygon = shapely.get_rings(polygons, return_index=True)
    rows, ring = steps(rings)
    last = -1
    for row, number in zip(rows, polygon[ring], strict=True):
        if number != last:
            found[area[number]].append([])
        found[area[number]][-1].append(row)
        last = number
    return found


_MOST_NAMED = 1500  # areas; of more no name is written on the map


def centres(shapes: list[shapely.Geometry]) -> list[list[float] | None]:
    """Return where the name of each area goes: lon, lat of the middle of its widest part.

    That is the middle of the largest circle inside it, from the equator seen as metres.
    """
    if len(shapes) > _MOST_NAMED:
        return [None] * len(shapes)
    _, south, _, north = shapely.total_bounds(np.asarray(shapes, dtype=object))
    scale = np.array([max(np.cos(np.radians((south + north) / 2)), 0.01), 1])
    found = []
    for shape in shapes:
        flat = shapely.transform(shape, lambda xy: xy * scale)
        west, low, east, high = flat.bounds
        circle = shapely.maximum_inscribed_circle(flat, max(east - west, high - low) / 50)
        found.append((np.array(circle.coords[0]) / scale).round(DECIMALS).tolist())
    return found


def _east(shape: shapely.Geometry) -> shapely.Geometry:
    parts = [
        part if part.bounds[0] >= 0 or _crosses_greenwich(part) else shapely.transform(part, _wrap)
        for part in shapely.get_parts(shape)
    ]
    return shapely.union_all(parts)  # without the cut along 180°


def _crosses_greenwich(part: shapely.Polygon) -> bool:
    west, _, far_east, _ = part.bounds
    return bool(west < 0 < far_east and far_east - west <= 180)


def _wrap(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.column_stack([np.where(xy[:, 0] < 0, xy[:, 0] + 360, xy[:, 0]), xy[:, 1]])


def _simplified(geometry: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Simplify shared borders identically, without gaps; keep an original that would be lost.

    Degrees are scaled to metres at the middle latitude. A projected CRS would be no better for
    drawing, and UTM does not cross the antimeridian.
    """
    west, south, far_east, north = shapely.total_bounds(geometry)
    scale = _METRES_PER_DEGREE * np.array([max(np.cos(np.radians((south + north) / 2)), 0.01), 1])
    tolerance = max((far_east - west) * scale[0], (north - south) * scale[1]) / _STEPS
    metres = shapely.transform(geometry, lambda xy: xy * scale)
    try:
        simple = shapely.coverage_simplify(metres, tolerance)
    except shapely.errors.GEOSException:  # not a coverage: draw the originals
        return geometry
    lost = shapely.is_empty(simple) | ~shapely.is_valid(simple)
    return np.where(lost, geometry, shapely.transform(simple, lambda xy: xy / scale))
