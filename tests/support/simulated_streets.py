"""Streets with bicycles, photographed by a simulated camera: truth that owes geobike nothing.

Streets run from west to east along y = 0, between facades. A `car` looks left and right every few
metres, a `phone` along and across the street. Each photo has a true pose, from which a pin-hole
camera projects what stands there, and a recorded pose with the errors of a receiver and a compass.
Bicycles hide each other, parked cars hide bicycles, and a detector misses and errs. Seeded.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Geod

from geobike import schema

WIDTH, HEIGHT = 640, 480
LENGTH: Final = 250.0  # metres of a street
ORIGIN: Final = (4.36, 52.01)
APART: Final = 1000.0  # metres between streets
GEOD: Final = Geod(ellps="WGS84")

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Street:
    half: float
    """Metres from the middle of the street to a facade."""
    x: Array
    y: Array
    yaw: Array
    tall: Array
    quality: Array
    """How well the detector finds this bicycle, as a logit."""
    cars: Array
    """Parked cars: from x, to x, y."""


@dataclass(frozen=True)
class Poses:
    """Camera poses; angles counter-clockwise from east, pitch downwards, in radians."""

    x: Array
    y: Array
    look: Array
    height: Array
    pitch: Array
    lens: Array  # mm for 36 mm
    said_x: Array
    said_y: Array
    said_look: Array
    camera: Array  # name


@dataclass(frozen=True)
class Simulated:
    """A survey of several streets, with the truth beside each kept box."""

    photos: gpd.GeoDataFrame
    detections: pd.DataFrame
    bicycle: Array
    """Number of the bicycle of each box, -1 for a false alarm."""
    x: Array
    """Metres along and across the street at which the bicycle of each box stands; NaN without."""
    y: Array
    range: Array
    """Metres from the true camera."""
    north: Array
    """Metres across the street of the recorded position of the photo of each box."""
    street: Array

    @property
    def seen(self) -> int:
        """Distinct bicycles that were detected at least once."""
        return len(np.unique(self.bicycle[self.bicycle >= 0]))


def streets(
    rng: np.random.Generator, number: int, *, dense: float = 1.6, south: float = 1.0
) -> Iterator[Street]:
    """Yield streets with racks, bicycles that lean on facades, others left about, and cars.

    On their south side stands only that share of them.
    """
    for _ in range(number):
        half = rng.uniform(6, 9.5)
        rows: list[tuple[float, float, float]] = []
        racks = []
        for _ in range(rng.poisson(4 * dense)):
            start, side, places = (
                rng.uniform(5, LENGTH - 15),
                rng.choice((-1, 1)),
                rng.integers(6, 25),
            )
            racks.append((start, start + places / 2, side))
            for place in np.flatnonzero(rng.random(places) < 0.8):
                along = start + place / 2 + rng.normal(0, 0.05)
                rows.append((along, side * (half - 1.4), np.pi / 2 + rng.normal(0, 0.1)))
        for _ in range(rng.poisson(18 * dense)):
            side = rng.choice((-1, 1))
            rows.append((rng.uniform(0, LENGTH), side * (half - 0.4), rng.normal(0, 0.06)))
        for _ in range(rng.poisson(6 * dense)):
            across = rng.choice((-1, 1)) * rng.uniform(half - 3, half - 0.6)
            rows.append((rng.uniform(0, LENGTH), across, rng.uniform(0, np.pi)))
        x, y, yaw = np.array(rows).reshape(-1, 3).T
        if south < 1:
            stays = (y > 0) | (rng.random(len(y)) < south)
            x, y, yaw = x[stays], y[stays], yaw[stays]
        low = rng.random(len(x)) < 0.08  # folding and children's bicycles
        tall = np.where(low, 0.86, rng.normal(1.10, 0.06, len(x)))
        cars = [
            (at - 2.1, at + 2.1, side * (half - 3.2))
            for side in (-1, 1)
            for at in np.arange(3, LENGTH, 6)
            if rng.random() < 0.45
            and not any(a - 3 < at < b + 3 and side == s for a, b, s in racks)
        ]
        yield Street(half, x, y, yaw, tall, rng.normal(0, 0.8, len(x)), np.reshape(cars, (-1, 3)))


def driven(rng: np.random.Generator, *, gps: float, compass: float, spacing: float) -> Poses:
    """Pass a street by car: cameras to the left and the right, fixed, on one receiver."""
    x = np.arange(rng.uniform(0, spacing), LENGTH, spacing)
    x = x + rng.normal(0, 0.3, len(x))
    y = -1.75 + rng.normal(0, 0.15, len(x))
    error = _drift(rng, x, gps)
    x, y, error = np.repeat(x, 2), np.repeat(y, 2), np.repeat(error, 2, axis=0)
    count = len(x)
    look = np.tile((np.pi / 2, -np.pi / 2), count // 2)
    return Poses(
        x,
        y,
        look,
        np.full(count, 2.1),
        np.radians(3 + rng.normal(0, 0.5, count)),
        np.full(count, 30.0),
        x + error[:, 0],
        y + error[:, 1],
        look + _compass(rng, count, compass),
        np.tile(("left", "right"), count // 2),
    )


def around(rng: np.random.Generator, *, gps: float, compass: float, spacing: float) -> Poses:
    """Pass a street by car with four cameras that together look all around."""
    x = np.arange(rng.uniform(0, spacing), LENGTH, spacing)
    y = -1.75 + rng.normal(0, 0.15, len(x))
    error = np.repeat(_drift(rng, x, gps), 4, axis=0)
    turned = np.repeat(rng.normal(0, np.radians(compass), len(x)), 4)
    names = ("ahead", "left", "back", "right")
    count = 4 * len(x)
    x, y, look = np.repeat(x, 4), np.repeat(y, 4), np.tile(np.arange(4) * np.pi / 2, len(x))
    return Poses(
        x,
        y,
        look,
        np.full(count, 2.1),
        np.full(count, np.radians(3)),
        np.full(count, 18.0),
        x + error[:, 0],
        y + error[:, 1],
        look + turned,
        np.tile(names, count // 4),
    )


def walked(
    rng: np.random.Generator, street: Street, *, gps: float, compass: float, spacing: float
) -> Poses:
    """Pass a street on foot with a phone, on one side or in the middle."""
    x = np.cumsum(rng.uniform(0.5, 1.5, int(LENGTH / spacing) + 2) * spacing)
    x = x[x < LENGTH]
    count, side = len(x), rng.choice((-1, 1))
    y = side * (street.half - 2 if rng.random() < 0.5 else 1.5) + rng.normal(0, 0.4, count)
    along = rng.choice((0, np.pi), count) + rng.uniform(-0.45, 0.45, count)
    across = -side * np.pi / 2 + rng.uniform(-0.5, 0.5, count)
    look = np.where(rng.random(count) < 0.5, along, across)
    error = _drift(rng, x, gps)
    return Poses(
        x,
        y,
        look,
        rng.normal(1.55, 0.1, count),
        np.radians(rng.normal(2, 3, count)),
        np.full(count, float(rng.choice((24, 26, 26, 27, 28)))),
        x + error[:, 0],
        y + error[:, 1],
        look + _compass(rng, count, compass),
        np.full(count, f"phone {rng.integers(1 << 30)}"),
    )


def _drift(rng: np.random.Generator, x: Array, gps: float) -> Array:
    """Errors of a receiver: correlated along 80 m, and a tenth of the variance white."""
    slow = rng.normal(0, 1, (len(x), 2))
    for row in range(1, len(x)):
        keep = np.exp(-abs(x[row] - x[row - 1]) / 80)
        slow[row] = keep * slow[row - 1] + np.sqrt(1 - keep**2) * slow[row]
    return gps * (np.sqrt(0.9) * slow + np.sqrt(0.1) * rng.normal(0, 1, (len(x), 2)))


def _compass(rng: np.random.Generator, count: int, degrees: float) -> Array:
    """Errors of a compass: half of the variance is of the whole pass."""
    part = degrees * np.sqrt(0.5)
    return np.radians(rng.normal(0, part) + rng.normal(0, part, count))


class Boxes(NamedTuple):
    """Boxes of a detector; sides as left, top, right, bottom in pixels."""

    photo: Array
    bicycle: Array
    """Number of the bicycle, -1 for a false alarm."""
    sides: Array


def photographed(rng: np.random.Generator, street: Street, poses: Poses) -> Boxes:
    """Return what a detector finds in the photos of a pass."""
    found = [_on_photo(rng, street, poses, photo) for photo in range(len(poses.x))]
    number = [len(bicycle) for bicycle, _ in found]
    bicycle, sides = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return Boxes(np.repeat(np.arange(len(poses.x)), number), bicycle, sides)


def _on_photo(
    rng: np.random.Generator, street: Street, poses: Poses, photo: int
) -> tuple[Array, Array]:
    bicycle, sides = _seen(rng, street, poses, photo)
    false = _false_alarms(rng, poses, photo)
    bicycle, sides = np.append(bicycle, np.full(len(false), -1)), np.concatenate([sides, false])
    sides = np.clip(sides, 0, (WIDTH, HEIGHT, WIDTH, HEIGHT))
    kept = rng.permutation(np.flatnonzero((sides[:, 2:] - sides[:, :2] > 6).all(axis=1)))
    kept = kept[_suppressed(sides[kept])]
    return bicycle[kept], sides[kept]


def _seen(
    rng: np.random.Generator, street: Street, poses: Poses, photo: int
) -> tuple[Array, Array]:
    """Find some of the bicycles in view."""
    bicycle, sides, free, size = _projected(street, poses, photo)
    hit = _noticed(rng, sides, free, street.quality[bicycle])
    noise = np.where(free < 0.7, 0.12, 0.05)
    blurred = sides + rng.normal(0, 1, sides.shape) * noise[:, None] * size
    return bicycle[hit], blurred[hit]


def _projected(street: Street, poses: Poses, photo: int) -> tuple[Array, Array, Array, Array]:
    """Project the bicycles in view: number, sides, the share that shows, size of each side."""
    east, north = street.x - poses.x[photo], street.y - poses.y[photo]
    cos, sin = np.cos(poses.look[photo]), np.sin(poses.look[photo])
    ahead, right = east * cos + north * sin, east * sin - north * cos
    view = (ahead > 1.2) & (ahead < 30) & (np.abs(right) < 1.2 * ahead)
    view &= ~_behind_cars(street, poses.x[photo], poses.y[photo], east, north)
    bicycle = np.flatnonzero(view)
    ahead, right = ahead[bicycle], right[bicycle]
    turn = street.yaw[bicycle] - np.arctan2(north[bicycle], east[bicycle])
    wide = 1.70 * np.abs(np.sin(turn)) + 0.6 * np.abs(np.cos(turn))
    deep = 1.10 * np.abs(np.cos(turn)) + 0.1  # between the points where the wheels stand
    focal, up, down = poses.lens[photo] / 36 * WIDTH, poses.height[photo], poses.pitch[photo]
    left, stop = (WIDTH / 2 + focal * (right + sign * wide / 2) / ahead for sign in (-1, 1))
    top = HEIGHT / 2 + focal * np.tan(np.arctan((up - street.tall[bicycle]) / ahead) - down)
    wheel = np.maximum(ahead - deep / 2, 0.8)
    bottom = HEIGHT / 2 + focal * np.tan(np.arctan(up / wheel) - down)
    sides = np.stack([left, top, stop, bottom], axis=1)
    size = np.stack([stop - left, bottom - top, stop - left, 0.8 * (bottom - top)], axis=1)
    return bicycle, sides, _not_hidden(left, stop, ahead), size


def _noticed(rng: np.random.Generator, sides: Array, free: Array, quality: Array) -> Array:
    """Whether the detector finds each: large, whole and plain to see."""
    share = _share_inside(sides)
    large = 1 / (1 + np.exp((26 - sides[:, 3] + sides[:, 1]) / 6))
    whole = np.clip((free * np.sqrt(share) - 0.2) / 0.35, 0, 1)
    sure = 1 / (1 + np.exp(-3.0 - quality))
    noticed: Array = (share > 0.35) & (rng.random(len(sides)) < sure * large * whole)
    return noticed


def _share_inside(sides: Array) -> Array:
    inside = np.clip(sides, 0, (WIDTH, HEIGHT, WIDTH, HEIGHT))
    share: Array = ((inside[:, 2:] - inside[:, :2]) / (sides[:, 2:] - sides[:, :2])).prod(axis=1)
    return share


def by_person(street: Street, poses: Poses) -> list[Array]:
    """Return the bicycles of each photo that a person counts: half of it shows, 12 pixels high."""
    found = []
    for photo in range(len(poses.x)):
        bicycle, sides, free, _ = _projected(street, poses, photo)
        shows = free * _share_inside(sides) >= 0.5
        found.append(bicycle[shows & (sides[:, 3] - sides[:, 1] >= 12)])
    return found


def _behind_cars(street: Street, x: float, y: float, east: Array, north: Array) -> Array:
    """Whether the ray to the middle of each bicycle crosses a parked car."""
    start, stop, across = street.cars.T[:, :, None]
    way = (across - y) / np.where(np.abs(north) < 1e-6, 1e-6, north)
    at = x + way * east
    hidden: Array = ((way > 0) & (way < 1) & (at > start) & (at < stop)).any(axis=0)
    return hidden


def _not_hidden(left: Array, right: Array, ahead: Array) -> Array:
    """The share of each bicycle that shows behind those before it, which are a third air."""
    shared = np.minimum(right[:, None], right) - np.maximum(left[:, None], left)
    over = np.clip(shared, 0, None) / (right - left)[:, None]
    before = ahead[:, None] - ahead > 0.25
    shows: Array = np.prod(1 - 0.65 * over * before, axis=1)
    return shows


def _false_alarms(rng: np.random.Generator, poses: Poses, photo: int) -> Array:
    number = rng.poisson(0.04)
    ahead, middle = rng.uniform(4, 14, number), rng.uniform(40, WIDTH - 40, number)
    focal = poses.lens[photo] / 36 * WIDTH
    tall = focal * 1.1 / ahead
    angle = np.arctan(poses.height[photo] / ahead) - poses.pitch[photo]
    bottom = HEIGHT / 2 + focal * np.tan(angle)
    return np.stack([middle - tall / 2, bottom - tall, middle + tall / 2, bottom], axis=1)


def _suppressed(sides: Array) -> list[int]:
    """Return the boxes that remain where of two that overlap by more than half one is taken."""
    low = np.maximum(sides[:, None, :2], sides[:, :2])
    high = np.minimum(sides[:, None, 2:], sides[:, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    size = (sides[:, 2:] - sides[:, :2]).prod(axis=1)
    overlap = shared / (size[:, None] + size - shared)
    keep: list[int] = []
    for row in range(len(sides)):
        if not (overlap[row, keep] > 0.5).any():
            keep.append(row)
    return keep


def simulate(
    seed: int,
    how: str,
    *,
    gps: float = 0.0,
    compass: float = 0.0,
    spacing: float,
    passes: int = 1,
    number: int = 8,
    known_lens: bool = True,
    turned: float = 0.0,
    every: int = 1,
    south: float = 1.0,
) -> Simulated:
    """Survey `number` streets by "car" or "phone", each `passes` times.

    `turned` degrees are added to every recorded heading; of the photos every n-th of each camera
    is kept; on the south side stands only a share of the bicycles.
    """
    rng = np.random.default_rng(seed)
    photos, boxes = [], []
    for place, street in enumerate(streets(rng, number, south=south)):
        for one in range(passes):
            if how == "car":
                poses = driven(rng, gps=gps, compass=compass, spacing=spacing)
            else:
                poses = walked(rng, street, gps=gps, compass=compass, spacing=spacing)
            table, found = passed(rng, street, poses, place, one, every=every)
            photos.append(table)
            boxes.append(found)
    return as_frames(
        pd.concat(photos, ignore_index=True),
        pd.concat(boxes, ignore_index=True),
        known_lens,
        turned,
    )


def passed(
    rng: np.random.Generator, street: Street, poses: Poses, place: int, one: int, *, every: int = 1
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the photos of a pass, of each camera every n-th, and their boxes.

    The index of the photos is that of the poses.
    """
    table = _poses_frame(poses, place, one)
    found = _truth(street, poses, photographed(rng, street, poses), place)
    kept = (table.groupby("camera").cumcount() % every == 0).to_numpy()
    named = found.merge(table["photo_id"], left_on="photo", right_index=True)
    return table[kept], named[kept[named["photo"]]]


def _truth(street: Street, poses: Poses, boxes: Boxes, place: int) -> pd.DataFrame:
    """Return the boxes of a pass with what is true of them."""
    real, at = boxes.bicycle >= 0, np.maximum(boxes.bicycle, 0)
    x, y = (np.where(real, values[at], np.nan) for values in (street.x, street.y))
    return pd.DataFrame(
        {
            "photo": boxes.photo,
            "bicycle": np.where(real, boxes.bicycle + 100_000 * place, -1),
            **dict(zip(("xmin", "ymin", "xmax", "ymax"), boxes.sides.T, strict=True)),
            "x": x,
            "y": y,
            "range": np.hypot(x - poses.x[boxes.photo], y - poses.y[boxes.photo]),
            "north": poses.said_y[boxes.photo],
            "street": place,
        }
    )


def _poses_frame(poses: Poses, place: int, one: int) -> pd.DataFrame:
    count = len(poses.x)
    names = [f"{place}/{one}/{name} {row:04d}.jpg" for row, name in enumerate(poses.camera)]
    return pd.DataFrame(
        {
            "photo_id": names,
            "east": poses.said_x,
            "north": poses.said_y + APART * place,
            "heading": (90 - np.degrees(poses.said_look)) % 360,
            "camera": poses.camera,
            "focal_length_35mm": poses.lens,
            "width": np.full(count, WIDTH),
            "height": np.full(count, HEIGHT),
        }
    )


def lon_lat(east: Any, north: Any) -> tuple[Array, Array]:
    """Degrees of metres from the origin, on the geodesic."""
    east, north = np.asarray(east, dtype=float), np.asarray(north, dtype=float)
    start = np.full(len(east), ORIGIN[0]), np.full(len(east), ORIGIN[1])
    # First along the meridian, so that streets a kilometre apart stay parallel.
    lon, lat, _ = GEOD.fwd(*start, np.zeros(len(east)), north)
    lon, lat, _ = GEOD.fwd(lon, lat, np.full(len(east), 90.0), east)
    return np.asarray(lon), np.asarray(lat)


def sides(number: int) -> gpd.GeoDataFrame:
    """Return an areas frame of two: all ground north of the middle of each street, and south."""
    names = ["north", "south"]
    shapes = [
        shapely.MultiPolygon(
            [
                shapely.Polygon(np.column_stack(lon_lat(east, APART * street + np.array(north))))
                for street in range(number)
            ]
        )
        for east, north in (
            ([-50, LENGTH + 50, LENGTH + 50, -50], [0, 0, 60, 60]),
            ([-50, LENGTH + 50, LENGTH + 50, -50], [-60, -60, 0, 0]),
        )
    ]
    data = {"area_id": names, "name": names, "area_km2": 0.02 * number}
    return schema.geotable(schema.AREAS, data, shapes)


def as_frames(
    photos: pd.DataFrame, boxes: pd.DataFrame, known_lens: bool = True, turned: float = 0.0
) -> Simulated:
    """Return the photos and boxes of all passes as frames."""
    data = photos.drop(columns=["east", "north"]).assign(
        status="counted",
        heading=(photos["heading"] + turned) % 360,
        bicycle_count=photos["photo_id"].map(boxes["photo_id"].value_counts()).fillna(0),
    )
    if not known_lens:
        data = data.drop(columns="focal_length_35mm")
    points = schema.points(*lon_lat(photos["east"], photos["north"]))
    detections = schema.table(
        schema.DETECTIONS, boxes.assign(kept=True, label="bicycle", score=0.9)
    )
    return Simulated(
        schema.geotable(schema.COUNTS, data, points),
        detections[list(schema.DETECTIONS.columns)],
        *(boxes[name].to_numpy() for name in ("bicycle", "x", "y", "range", "north", "street")),
    )
