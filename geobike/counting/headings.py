"""Whether the headings fit: photos of one place must find its bicycles in one place.

A scan car may write its course where the heading of a camera belongs that looks sideways. Then all
bicycles stand a quarter turn away from where they are, and nothing in one photo says so. Two photos
do: where both have a place in view, both should have a bicycle there. Turned by a wrong angle,
hardly any do. No truth is needed, only photos that overlap, so each camera is tried by itself.
Photos of one pass share most of the receiver's error; those of another day do not.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from geobike import schema
from geobike.counting.arrays import Floats, Numbers, runs
from geobike.counting.ellipsoid import metres_per_degree, moved
from geobike.counting.views import PASS, Grid, Views, views
from geobike.reporting import one_line

TURNS: Final = (90, 180, 270)
"""Degrees by which the headings of a camera on a car may be off."""

ENOUGH: Final = 200
"""Pairs of a bicycle and another photo below which nothing is said."""

_FEW: Final = 50  # pairs below which not even a guess is made
_SHOWN: Final = 3  # cameras in a message
_REACH: Final = 12.0  # metres from a photo to a place that it should show well
_SAME: Final = 2.5  # metres between two bicycles that may be one
_APART: Final = 1.0  # metres between two photos; nearer ones agree whatever their heading
_TIMES: Final = 2.0  # so many times as many must agree as with the headings that were recorded
_MORE: Final = 0.3  # and so much more of all pairs: by chance a few agree with any headings
_CAMERAS: Final = 20  # with most bicycles, that are tried
_SAMPLE: Final = 20_000  # bicycles of a camera that are tried


class Turned(NamedTuple):
    """A camera whose headings fit when they are turned."""

    camera: str
    """Make and model, or folder, with which its photos are told from others."""
    offset: float
    """Degrees to add to its headings as they were recorded, 0 to below 360."""
    agree: float
    """Share of pairs that agree when they are turned."""
    agree_as_recorded: float
    """The same share as they were recorded."""


class Trouble(NamedTuple):
    """Headings that do not fit."""

    cameras: tuple[Turned, ...]
    offset: float | None
    """The `--heading-offset` with which all fit, None where cameras differ or may differ."""

    @property
    def message(self) -> str:
        """What to tell the user, with the remedy.

        >>> Trouble((Turned("left", 270, 0.8, 0.1),), 270).message[:71]
        'headings do not fit: turned by 270 degrees, 8 times as many places agre'
        """
        if self.offset is None:
            each = ", ".join(
                f"those of {one_line(one.camera, limit=60)} by {one.offset:g} degrees"
                for one in self.cameras[:_SHOWN]
            )
            more = f", and {len(self.cameras) - _SHOWN} more" * (len(self.cameras) > _SHOWN)
            return (
                f"headings do not fit: places agree between photos if they are turned, {each}{more}"
                "; pass --heading-offset where it is the same for all cameras, else give the "
                "headings in a manifest"
            )
        agree = sum(one.agree for one in self.cameras)
        recorded = sum(one.agree_as_recorded for one in self.cameras)
        times = f"{agree / recorded:.0f} times as many" if recorded else "many more"
        return (
            f"headings do not fit: turned by {self.offset:g} degrees, {times} places agree between "
            f"photos; if cameras look sideways, pass --heading-offset {self.offset:g}"
        )


def heading_trouble(
    photos: gpd.GeoDataFrame,
    bicycles: pd.DataFrame,
    *,
    field_of_view: float | None = None,
    heading_offset: float = 0.0,
) -> Trouble | None:
    """Return the cameras whose headings are off by one, two or three quarters of a turn, or None.

    `photos` is a counts frame, `bicycles` its bicycles frame, placed with these options. Each
    camera is tried by itself: photos with the same make and model in one folder; where no folder
    has enough photos that overlap, those of all folders together. Photos of one pass are compared,
    within ten minutes; those of all times where these are too few. None where all headings fit, and
    where it cannot be told.
    """
    schema.check(photos, schema.COUNTS)
    schema.check(bicycles, schema.BICYCLES)
    counted = photos[photos["status"] == schema.COUNTED]
    seen = views(counted, field_of_view=field_of_view, heading_offset=heading_offset)
    stand = _standing(bicycles, photos)
    for minutes in (PASS, np.inf):  # later, receivers err otherwise and bicycles moved
        for names in _cameras(counted):
            tried = list(_try_all(seen, stand, names, minutes))
            if any(one.enough for one in tried):
                return _trouble(tried, heading_offset)
    return None


class _Standing(NamedTuple):
    """The placed bicycles, in order of their photos."""

    photo: Numbers
    distance: Floats
    bearing: Floats
    first: Numbers
    """Of each photo the first of its bicycles; one more, for the end."""


def _standing(bicycles: pd.DataFrame, photos: gpd.GeoDataFrame) -> _Standing:
    placed = bicycles[bicycles["placed"]]
    counted = (photos["status"] == schema.COUNTED).to_numpy()
    photo = schema.rows_of(placed["photo_id"], photos["photo_id"], chosen=counted)
    order = np.argsort(photo, kind="stable")
    order = order[photo[order] >= 0]
    photo = photo[order]
    return _Standing(
        photo,
        placed["distance_m"].to_numpy(dtype=float)[order],
        placed["bearing"].to_numpy(dtype=float)[order],
        np.searchsorted(photo, np.arange(counted.sum() + 1)),
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


class _Tried(NamedTuple):
    """A camera, and the share of its pairs that agree, by turn."""

    camera: str
    enough: bool
    """Whether it has enough pairs to be sure."""
    agree: dict[float, float]
    """Without turns for which there are only few pairs."""

    @property
    def likely(self) -> float:
        """The turn with which most agree."""
        return max(self.agree, key=self.agree.__getitem__)

    @property
    def sure(self) -> bool:
        """Whether that is far better than the headings as they were recorded."""
        recorded = self.agree.get(0, 1)
        least = max(_TIMES * recorded, recorded + _MORE)
        return self.enough and self.agree[self.likely] >= least


def _trouble(tried: Sequence[_Tried], heading_offset: float) -> Trouble | None:
    sure = [one for one in tried if one.sure]
    if not sure:
        return None
    cameras = tuple(
        Turned(one.camera, (one.likely + heading_offset) % 360, one.agree[one.likely], one.agree[0])
        for one in sure
    )
    # An offset turns all cameras: those that are not sure must not speak against it.
    together = len({one.likely for one in tried}) == 1
    return Trouble(cameras, cameras[0].offset if together else None)


def _try_all(
    seen: Views, stand: _Standing, names: "pd.Series[str]", minutes: float
) -> Iterator[_Tried]:
    """Yield each camera that has pairs; turns are tried where its headings do not fit."""
    codes, keys = pd.factorize(names)
    own = codes[stand.photo]
    bicycles = np.bincount(own, minlength=len(keys))
    for number in np.argsort(-bicycles, kind="stable")[:_CAMERAS].tolist():
        mine, name = np.flatnonzero(own == number), str(keys[number])
        chosen = mine[:: 1 + len(mine) // _SAMPLE]
        enough, agree = False, dict[float, float]()
        photos = np.flatnonzero(codes == number)
        grid = Grid(seen.chosen(photos), _REACH)
        for turn in (0, *TURNS):
            pairs, share = _agreement(seen, stand, chosen, photos, grid, turn, minutes)
            enough |= pairs >= ENOUGH
            if pairs >= _FEW:
                agree[turn] = share
            if turn == 0 and pairs >= _FEW and share * _TIMES >= 1:
                break  # nothing fits twice as well
        if agree:
            yield _Tried(name, enough, agree)


def _agreement(
    seen: Views,
    stand: _Standing,
    chosen: Numbers,
    own: Numbers,
    grid: Grid,
    turn: float,
    minutes: float,
) -> tuple[int, float]:
    """Return how many pairs of a chosen bicycle and another of its camera's photos there are.

    And the share of them in which that photo has a bicycle there, all headings turned. `own` are
    the rows of the photos of the camera, `grid` their views; the two photos are at most so many
    minutes apart.
    """
    photo = stand.photo[chosen]
    away, bearing = stand.distance[chosen], stand.bearing[chosen] + turn
    lon, lat = moved(seen.lon[photo], seen.lat[photo], bearing, away)
    pairs, agreeing = 0, 0
    for found in grid.turned(turn).pairs(lon, lat):
        place, other = found.places[found.place], own[found.view]
        mate = photo[place]
        apart = _apart(seen.lon[other], seen.lat[other], seen.lon[mate], seen.lat[mate])
        later = np.abs(seen.minute[other] - seen.minute[mate])  # NaN: may be one pass
        of_use = (apart > _APART) & ~(later > minutes)
        place, other = place[of_use], other[of_use]
        pairs += len(place)
        agreeing += _confirmed(seen, stand, turn, other, lon[place], lat[place])
    return pairs, agreeing / max(pairs, 1)


def _confirmed(
    seen: Views, stand: _Standing, turn: float, photo: Numbers, lon: Floats, lat: Floats
) -> int:
    """Return how many of the places have a bicycle of the photo named with each."""
    number = stand.first[photo + 1] - stand.first[photo]
    pair = np.repeat(np.arange(len(photo)), number)
    one = runs(stand.first[photo], number)
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
