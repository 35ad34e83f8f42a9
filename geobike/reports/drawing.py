"""The map of a report: areas, streets and stops as shapes of an SVG, in its own units."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

WIDTH: Final = 1000.0  # units; on A4 the map is 178 mm wide, so a unit is some 0.18 mm
TALLEST: Final = 820.0
_ROOM: Final = 0.06  # of the size of a single area, on each side
_MARGIN: Final = 12.0
_SIZE: Final = 19.0  # of a name, in units
_WIDE: Final = 0.56  # of a letter's size: its mean width
_MOST: Final = 20_000  # vertices of streets; of more, only those that were seen are drawn
_FINE: Final = 0.6  # units: what is closer to a line is not drawn

Floats = npt.NDArray[np.float64]


class Frame(NamedTuple):
    """Turns degrees into units of the drawing."""

    west: float
    north: float
    across: float
    """Units per degree of longitude."""
    down: float
    """Units per degree of latitude."""
    width: float
    height: float
    metres: float
    """Per unit."""

    def __call__(self, lon_lat: Floats) -> Floats:
        """Return units, from the left and from the top."""
        x = (lon_lat[:, 0] - self.west) * self.across + _MARGIN
        return np.column_stack([x, (self.north - lon_lat[:, 1]) * self.down + _MARGIN])


class Label(NamedTuple):
    """A name, or the number of a row, in the middle of an area."""

    x: float
    y: float
    text: str


class Scale(NamedTuple):
    """A bar that says how long a line on the ground is."""

    width: float
    metres: int


@dataclass(frozen=True)
class Drawing:
    """What the template draws."""

    width: float
    height: float
    areas: Sequence[Mapping[str, Any]]
    """`path` and `fill`."""
    hatches: Mapping[str, str]
    """One path of all areas that have a pattern, by its name: a PDF holds each use of a pattern."""
    streets: str
    """One path of all streets."""
    seen: str
    """One path of those that were seen."""
    stops: Sequence[tuple[float, float, float]]
    """Middle and radius."""
    labels: Sequence[Label]
    scale: Scale


def draw(
    shapes: Sequence[shapely.Geometry],
    fills: Sequence[str],
    hatches: Sequence[str],
    names: Sequence[str],
    *,
    numbers: Sequence[str],
    around: shapely.Geometry | None = None,
    tallest: float = TALLEST,
    streets: gpd.GeoDataFrame | None = None,
    stops: gpd.GeoDataFrame | None = None,
) -> Drawing:
    """Return the drawing of areas in EPSG:4326, with streets and stops if they are given.

    `around` is what fills the frame, with some room about it, else all shapes do. It is at most
    `tallest` units high. A name that finds no room gives way to the area's number.
    """
    box = shapely.total_bounds(np.array(list(shapes), object) if around is None else around)
    frame = _frame(box if around is None else _wider(box), tallest)
    units = [shapely.transform(shape, frame) for shape in shapes]
    paths = [path(shape) for shape in units]
    lines, seen = _streets(streets, frame)
    return Drawing(
        frame.width,
        frame.height,
        [{"path": one, "fill": fill} for one, fill in zip(paths, fills, strict=True)],
        _hatched(paths, hatches),
        lines,
        seen,
        _circles(stops, frame),
        list(_labels(units, names, numbers, frame)),
        _scale(frame),
    )


def _hatched(paths: Sequence[str], hatches: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one, hatch in zip(paths, hatches, strict=True):
        if hatch:
            found[hatch] = found.get(hatch, "") + one
    return found


def _wider(bounds: Floats) -> Floats:
    size = np.tile(bounds[2:] - bounds[:2], 2)
    wider: Floats = bounds + _ROOM * size * np.array([-1, -1, 1, 1])
    return wider


def _frame(bounds: Floats, tallest: float) -> Frame:
    west, south, east, north = (float(side) for side in bounds)
    middle = math.radians((south + north) / 2)
    ratio = max(math.cos(middle), 0.01)  # how much shorter a degree of longitude is
    wide, tall = max((east - west) * ratio, 1e-6), max(north - south, 1e-6)
    scale = min((WIDTH - 2 * _MARGIN) / wide, (tallest - 2 * _MARGIN) / tall)
    return Frame(
        west,
        north,
        scale * ratio,
        scale,
        wide * scale + 2 * _MARGIN,
        tall * scale + 2 * _MARGIN,
        111_320.0 / scale,
    )


def path(shape: shapely.Geometry) -> str:
    """Return lines or polygons as the `d` of an SVG path, with a decimal."""
    parts = []
    for part in shapely.get_parts(shape):
        is_ring = part.geom_type in ("Polygon", "LinearRing")
        rings = [part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part]
        for ring in rings:
            points = shapely.get_coordinates(ring).round(1)
            if is_ring:
                points = points[:-1]
            steps = "L".join(f"{x:g} {y:g}" for x, y in points)
            parts.append(f"M{steps}{'Z' if is_ring else ''}")
    return "".join(parts)


def _streets(streets: gpd.GeoDataFrame | None, frame: Frame) -> tuple[str, str]:
    """Return the paths of the streets in the frame, and of those that were seen."""
    if streets is None or streets.empty:
        return "", ""
    lines = shapely.transform(streets.geometry.to_numpy(), frame)
    lines = shapely.clip_by_rect(lines, 0, 0, frame.width, frame.height)
    lines = shapely.simplify(lines, _FINE)
    is_seen = ((streets["stop_count"] > 0) & (streets["covered_m"] > 0)).to_numpy(bool)
    lengths = shapely.get_num_coordinates(lines)
    rest = "" if lengths.sum() > _MOST else path_of(lines[~is_seen])
    if lengths[is_seen].sum() > _MOST:
        return "", ""
    return rest, path_of(lines[is_seen])


def path_of(lines: Iterable[shapely.Geometry]) -> str:
    """Return one path of many lines."""
    drawn = (line for line in lines if not line.is_empty)
    return "".join(path(part) for line in drawn for part in shapely.get_parts(line))


def _circles(stops: gpd.GeoDataFrame | None, frame: Frame) -> list[tuple[float, float, float]]:
    if stops is None or stops.empty:
        return []
    xy = frame(shapely.get_coordinates(stops.geometry.to_numpy()))
    radius = 3 + 2.6 * np.sqrt(stops["bicycle_count"].fillna(0).to_numpy(float))
    return [
        (round(float(x), 1), round(float(y), 1), round(float(r), 1))
        for (x, y), r in zip(xy, radius, strict=True)
        if 0 <= x <= frame.width and 0 <= y <= frame.height
    ]


def _labels(
    shapes: Sequence[shapely.Geometry], names: Sequence[str], numbers: Sequence[str], frame: Frame
) -> Iterable[Label]:
    """Yield names where they fit without touching another.

    Areas with a number come first, since the table has them; of these and of the rest the largest.
    """
    order = sorted(range(len(shapes)), key=lambda row: (not numbers[row], -shapes[row].area))
    taken: list[tuple[float, float, float, float]] = []
    sheet = shapely.box(0, 0, frame.width, frame.height)
    for row in order:
        visible = shapes[row].intersection(sheet)
        if visible.is_empty:
            continue
        middle = max(shapely.get_parts(visible), key=lambda part: part.area)
        spot = shapely.point_on_surface(middle)
        west, _, east, _ = middle.bounds
        for text in (names[row], numbers[row]):
            box = _box(spot, text)
            fits = box[2] - box[0] <= max(1.3 * (east - west), 40)
            inside = box[0] >= 0 and box[2] <= frame.width
            if text and fits and inside and not any(_touch(box, other) for other in taken):
                taken.append(box)
                yield Label(round(spot.x, 1), round(spot.y + _SIZE / 3, 1), text)
                break


def _box(spot: shapely.Point, text: str) -> tuple[float, float, float, float]:
    half = _SIZE * _WIDE * len(text) / 2
    return spot.x - half, spot.y - _SIZE / 2, spot.x + half, spot.y + _SIZE / 2


def _touch(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    apart = one[2] < other[0] or other[2] < one[0] or one[3] < other[1] or other[3] < one[1]
    return not apart


def _scale(frame: Frame) -> Scale:
    """Return a bar of a round number of metres, about a sixth as long as the map is wide."""
    wanted = frame.width / 6 * frame.metres
    power = 10.0 ** math.floor(math.log10(wanted))
    metres = max(step * power for step in (1, 2, 5) if step * power <= wanted)
    return Scale(round(metres / frame.metres, 1), max(1, round(metres)))
