"""Whether the headings fit: photos of one place must find its bicycles in one place.

A scan car may write its course where the heading of a camera belongs that looks sideways. Then all
bicycles stand a quarter turn away from where they are, and nothing in one photo says so. Two photos
do: where both have a place in view, both should have a bicycle there. Turned by a wrong angle,
hardly any do. No truth is needed, only photos that overlap, so each camera is tried by itself.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike import schema
from geobike.counting.ellipsoid import Floats, metres_per_degree, moved
from geobike.counting.views import Grid, Views, views
from geobike.reporting import one_line

TURNS: Final = (90, 180, 270)
"""Degrees by which the headings of a camera on a car may be off."""

ENOUGH: Final = 200
"""Pairs of a bicycle and another photo below which nothing is said."""

_REACH: Final = 12.0  # metres from a photo to a place that it should show well
_SAME: Final = 2.5  # metres between two bicycles that may be one
_APART: Final = 1.0  # metres between two photos; nearer ones agree whatever their heading
_FITS: Final = 0.5  # share of pairs that agree where headings are right
_TIMES: Final = 2.0  # so many times as many must agree as with the headings that were recorded
_SAMPLE: Final = 20_000  # bicycles of a camera that are tried

Numbers = npt.NDArray[np.int64]


class Turned(NamedTuple):
    """A camera whose headings fit when they are turned."""

    camera: str
    """Make and model, or folder, with which its photos are told from others."""
    offset: float
    """Degrees to add to its headings as they were recorded, 0 to below 360."""
    agree: float
    """Share of pairs that agree when they are turned."""
    agree_as_recorded: float


def find_turned(
    photos: gpd.GeoDataFrame,
    bicycles: pd.DataFrame,
    *,
    field_of_view: float | None = None,
    heading_offset: float = 0.0,
) -> tuple[Turned, ...]:
    """Return the cameras whose headings are off by a quarter, a half or three quarters of a turn.

    `photos` is a counts frame, `bicycles` its bicycles frame, placed with these options. Photos of
    one camera have the same make and model and are in one folder; where no folder has enough
    photos that overlap, those of all folders are tried together.
    """
    schema.check(photos, schema.COUNTS)
    schema.check(bicycles, schema.BICYCLES)
    counted = photos[photos["status"] == schema.COUNTED]
    seen = views(counted, field_of_view=field_of_view, heading_offset=heading_offset)
    stand = _standing(bicycles, counted)
    for names in _cameras(counted):
        tried = list(_try_all(seen, stand, names))
        if tried:
            return tuple(
                found._replace(offset=(found.offset + heading_offset) % 360)
                for found in tried
                if found.offset
            )
    return ()


def heading_trouble(
    photos: gpd.GeoDataFrame,
    bicycles: pd.DataFrame,
    *,
    field_of_view: float | None = None,
    heading_offset: float = 0.0,
) -> float | None:
    """Return the `--heading-offset` with which the headings would fit, None where they do.

    Also None where it cannot be told, or differs between cameras; see `find_turned`.
    """
    turned = find_turned(
        photos, bicycles, field_of_view=field_of_view, heading_offset=heading_offset
    )
    offsets = {one.offset for one in turned}
    return offsets.pop() if len(offsets) == 1 else None


def describe_turned(turned: Sequence[Turned]) -> str | None:
    """Return what to tell the user, with the remedy; None where all headings fit.

    >>> describe_turned([Turned("left", 270, 0.8, 0.1)])[:70]
    'headings of camera left do not fit: turned by 270 degrees, 8 times as '
    """
    if not turned:
        return None
    offsets = sorted({one.offset for one in turned})
    cameras = ", ".join(one_line(one.camera, limit=60) for one in turned[:3])
    more = f" and {len(turned) - 3} more" if len(turned) > 3 else ""
    noun = "camera" if len(turned) == 1 else "cameras"
    if len(offsets) > 1:
        each = "; ".join(
            f"{one_line(one.camera, limit=60)} by {one.offset:g} degrees" for one in turned[:4]
        )
        return (
            f"headings of {noun} {cameras}{more} do not fit: places agree between photos when they "
            f"are turned, {each}; give headings for each camera in a manifest"
        )
    agree = sum(one.agree for one in turned)
    recorded = sum(one.agree_as_recorded for one in turned)
    times = f"{agree / recorded:.0f} times as many" if recorded else "far more"
    return (
        f"headings of {noun} {cameras}{more} do not fit: turned by {offsets[0]:g} degrees, {times} "
        f"places agree between photos; look at the map, and pass --heading-offset {offsets[0]:g}"
    )


class _Standing(NamedTuple):
    """The placed bicycles, in order of their photos."""

    photo: Numbers
    distance: Floats
    bearing: Floats
    first: Numbers
    """Of each photo the first of its bicycles; one more, for the end."""


def _standing(bicycles: pd.DataFrame, counted: gpd.GeoDataFrame) -> _Standing:
    placed = bicycles[bicycles["placed"]]
    ids = schema.coded(placed["photo_id"])
    rows = pd.Index(counted["photo_id"]).get_indexer(pd.Index(ids.categories))
    photo = np.append(rows, -1)[ids.codes]
    order = np.argsort(photo, kind="stable")
    order = order[photo[order] >= 0]
    photo = photo[order]
    return _Standing(
        photo,
        placed["distance_m"].to_numpy(dtype=float)[order],
        placed["bearing"].to_numpy(dtype=float)[order],
        np.searchsorted(photo, np.arange(len(counted) + 1)),
    )


def _cameras(counted: gpd.GeoDataFrame) -> Iterator["pd.Series[str]"]:
    """Yield names for the camera of each photo: with the folder, then without."""
    folder = counted["photo_id"].str.replace(r"/?[^/]*$", "", regex=True)
    if "camera" not in counted or counted["camera"].isna().all():
        yield folder
        yield pd.Series("of all photos", index=counted.index, dtype=schema.TEXT)
        return
    camera = counted["camera"].fillna("not named")
    yield camera.where(folder == "", camera + " in " + folder)
    yield camera


def _try_all(seen: Views, stand: _Standing, names: "pd.Series[str]") -> Iterator[Turned]:
    """Yield each camera with enough pairs, with the turn that fits, or 0."""
    codes, keys = pd.factorize(names)
    own = codes[stand.photo]
    for number, name in enumerate(keys):
        bicycles = np.flatnonzero(own == number)
        chosen = bicycles[:: 1 + len(bicycles) // _SAMPLE]
        pairs, agree = _agreement(seen, stand, chosen, codes == number, 0)
        if pairs < ENOUGH:
            continue
        best = (agree, 0)
        if agree < _FITS:  # else nothing fits twice as well
            turned = [
                (_agreement(seen, stand, chosen, codes == number, turn), turn) for turn in TURNS
            ]
            fitting = [(share, turn) for (many, share), turn in turned if many >= ENOUGH]
            best = max([best, *fitting])
        if best[0] < max(_FITS, _TIMES * agree):
            best = (agree, 0)
        yield Turned(str(name), best[1], best[0], agree)


def _agreement(
    seen: Views, stand: _Standing, chosen: Numbers, own: npt.NDArray[np.bool_], turn: float
) -> tuple[int, float]:
    """Return how many pairs of a bicycle and another photo that should show it there are.

    And the share of them in which that photo has a bicycle there, all headings turned.
    """
    heading = np.where(own, (seen.heading + turn) % 360, np.nan)
    half = np.where(own, seen.half, np.nan)
    grid = Grid(seen._replace(heading=heading, half=half), _REACH)
    photo = stand.photo[chosen]
    away, bearing = stand.distance[chosen], stand.bearing[chosen] + turn
    lon, lat = moved(seen.lon[photo], seen.lat[photo], bearing, away)
    pairs, agreeing = 0, 0
    for place, other in grid.pairs(lon, lat):
        apart = _apart(
            seen.lon[other], seen.lat[other], seen.lon[photo[place]], seen.lat[photo[place]]
        )
        place, other = place[apart > _APART], other[apart > _APART]
        pairs += len(place)
        agreeing += _confirmed(seen, stand, turn, other, lon[place], lat[place])
    return pairs, agreeing / max(pairs, 1)


def _confirmed(
    seen: Views, stand: _Standing, turn: float, photo: Numbers, lon: Floats, lat: Floats
) -> int:
    """Return how many of the places have a bicycle of the photo named with each."""
    number = stand.first[photo + 1] - stand.first[photo]
    pair = np.repeat(np.arange(len(photo)), number)
    starts = np.cumsum(number) - number
    one = np.arange(len(pair)) + np.repeat(stand.first[photo] - starts, number)
    there = stand.photo[one]
    x, y = moved(seen.lon[there], seen.lat[there], stand.bearing[one] + turn, stand.distance[one])
    near = _apart(x, y, lon[pair], lat[pair]) < _SAME
    return len(np.unique(pair[near]))


def _apart(lon: Floats, lat: Floats, other_lon: Floats, other_lat: Floats) -> Floats:
    """Return the metres between places near each other."""
    east, north = metres_per_degree(lat)
    turn = (lon - other_lon + 180) % 360 - 180
    out: Floats = np.hypot(turn * east, (lat - other_lat) * north)
    return out
