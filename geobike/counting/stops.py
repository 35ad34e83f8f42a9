"""Stops: one look at one place, however many photos were taken there.

Where people take more photos where more bicycles are parked, bicycles per photo is far above
bicycles per place. So photos from one place in one direction are one stop, counted on its first
photo: never on the fullest, which would bring the number of photos back in.

The photos of a stop are grouped by leaders, in order of time: a photo joins the nearest first
photo of a stop within reach, else it opens a stop. A stop is at most two reaches wide, where
single linkage would make one stop of a street driven with a photo every five metres.
"""

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike import schema
from geobike.config import STOP_DISTANCE, STOP_TURN
from geobike.counting.ellipsoid import DEGREE, metres_per_degree
from geobike.errors import InputError
from geobike.reporting import report

REVISIT: Final = pd.Timedelta(hours=1)  # after the first photo of a visit: another look
STALE: Final = (5, pd.Timedelta(minutes=2))  # more photos over more time at one fix: it hangs


def find_stops(photos: gpd.GeoDataFrame, *, reach: float = STOP_DISTANCE) -> pd.DataFrame:
    """Return a visits frame: the stop and the visit of each counted photo, on its index.

    `photos` is a counts frame; `reach` is in metres. Photos without a heading join any stop within
    reach. Photos an hour or more after the first photo of a visit are another visit, another look
    at the same place. Photos without a time come last, and belong to the first visit. The order of
    the rows does not matter. Photos that share one position over minutes are one stop, and
    reported. Raises InputError unless `reach` is from 1 to 100 m.

    Examples:
        >>> import pandas as pd
        >>> from geobike import schema
        >>> from geobike.counting import stops
        >>> points = schema.points([4.36, 4.36, 4.37], [52.01, 52.01, 52.01])
        >>> hours = ["2026-05-12T09:00Z", "2026-05-12T09:01Z", "2026-05-12T09:02Z"]
        >>> seen = {"photo_id": ["a.jpg", "b.jpg", "c.jpg"], "taken_at": hours}
        >>> counts = {"status": "counted", "bicycle_count": [3, 4, 0]}
        >>> photos = schema.geotable(schema.COUNTS, seen | counts, points)
        >>> stops.find_stops(photos)
          stop_id  visit  first
        0   a.jpg      1   True
        1   a.jpg      1  False
        2   c.jpg      1   True
    """
    schema.check(photos, schema.COUNTS)
    check(reach)
    counted = photos[photos["status"] == schema.COUNTED].sort_values(["taken_at", "photo_id"])
    led = _follow_leaders(_looks(counted), reach)
    found = pd.DataFrame(
        {
            "stop_id": counted["photo_id"].to_numpy()[led.leader],
            "visit": led.visit,
            "first": led.first,
        },
        index=counted.index,
    )
    return schema.table(schema.VISITS, found.reindex(photos.index).fillna({"first": False}))


def check(reach: float) -> None:
    """Raise InputError for a distance that is not from 1 to 100 m."""
    if not 1 <= reach <= 100:
        raise InputError(f"--stop-distance {reach:g} is not between 1 and 100 m")


def name_stops(photos: gpd.GeoDataFrame, visits: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return a photos or counts frame with `stop_id` and `stop_photo` of its visits frame."""
    schema.check(visits, schema.VISITS)
    return photos.assign(stop_id=visits["stop_id"], stop_photo=visits["first"])


def describe_stops(photos: gpd.GeoDataFrame, visits: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return a stops frame from a counts frame and its visits frame.

    `bicycle_count` is the number on the first photo of a visit, the mean over the visits: a street
    driven weekly weighs as much as one driven once. Stops are in order of time. `street_id` is NA.
    """
    schema.check(photos, schema.COUNTS)
    schema.check(visits, schema.VISITS)
    counted = photos.loc[visits["stop_id"].notna()]
    stop_id = visits.loc[counted.index, "stop_id"]
    groups = counted.groupby(stop_id)
    first = counted[visits.loc[counted.index, "first"]]
    means = first.groupby(stop_id.loc[first.index])["bicycle_count"].agg(["size", "mean"])
    opening = counted[counted["photo_id"] == stop_id].sort_values(["taken_at", "photo_id"])
    ids = opening["photo_id"]
    return schema.geotable(
        schema.STOPS,
        {
            "stop_id": ids.to_numpy(),
            "photo_count": groups.size().reindex(ids).to_numpy(),
            "visit_count": means["size"].reindex(ids).to_numpy(),
            "bicycle_count": means["mean"].reindex(ids).to_numpy(dtype=float),
            "bicycle_count_max": groups["bicycle_count"].max().reindex(ids).array,
            "heading": opening["heading"].to_numpy(),
            "taken_at": opening["taken_at"].array,
        },
        opening.geometry.to_numpy(),
    )


class _Looks(NamedTuple):
    """What is known of each photo, in order of time."""

    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    heading: npt.NDArray[np.float64]  # NaN: looks anywhere
    hours: npt.NDArray[np.float64]  # NaN: no time
    fix: npt.NDArray[np.int64]  # number of the stale fix, -1 where the position is its own


def _looks(counted: gpd.GeoDataFrame) -> _Looks:
    place = counted.geometry
    fix = _stale_fixes(counted)
    _report_stale(fix)
    seconds = (counted["taken_at"] - pd.Timestamp(0, tz="UTC")).dt.total_seconds()
    return _Looks(
        place.x.to_numpy(),
        place.y.to_numpy(),
        counted["heading"].to_numpy(dtype=float),
        seconds.to_numpy(dtype=float) / 3600,
        fix,
    )


def _stale_fixes(counted: gpd.GeoDataFrame) -> npt.NDArray[np.int64]:
    """Return the number of the position that too many photos share over minutes, else -1."""
    place = pd.MultiIndex.from_arrays([counted.geometry.x, counted.geometry.y])
    fix = pd.Series(pd.factorize(place)[0], index=counted.index)
    taken = counted["taken_at"]
    # A place that is photographed again after a break is visited again; nothing hangs there.
    breaks = (taken.groupby(fix).diff() >= REVISIT).groupby(fix).cumsum()
    groups = taken.groupby([fix, breaks])
    time = groups.transform("max") - groups.transform("min")
    stale = (groups.transform("size") > STALE[0]) & (time > STALE[1])
    return fix.where(stale, -1).to_numpy(dtype=np.int64)


def _report_stale(fix: npt.NDArray[np.int64]) -> None:
    hanging = fix[fix >= 0]
    if len(hanging):
        places = len(np.unique(hanging))
        report(
            f"{len(hanging):,} photos share {places:,} "
            f"{'position' if places == 1 else 'positions'} over minutes, as a receiver that hangs "
            "gives: the photos of each such position count as one stop"
        )


class _Led(NamedTuple):
    """For each photo: the row of the photo that it follows, its visit, whether it opens one."""

    leader: npt.NDArray[np.int64]
    visit: npt.NDArray[np.int64]
    first: npt.NDArray[np.bool_]


def _follow_leaders(looks: _Looks, reach: float) -> _Led:
    grid = _Grid(looks, reach)
    count = len(looks.lon)
    leader = np.zeros(count, dtype=np.int64)
    visit = np.ones(count, dtype=np.int64)
    first = np.zeros(count, dtype=np.bool_)
    opened: dict[int, tuple[float, int]] = {}  # leader -> hour and number of its last visit
    stale: dict[int, int] = {}  # stale fix -> leader
    revisit = REVISIT / pd.Timedelta(hours=1)
    rows = zip(looks.hours.tolist(), looks.fix.tolist(), strict=True)
    for row, (hour, fix) in enumerate(rows):
        found = stale.get(fix, -1) if fix >= 0 else -1
        if found < 0:
            found = grid.nearest(row)
        if found < 0:
            grid.add(row)
            found = row
            opened[row] = (hour, 1)
            first[row] = True
        elif hour - opened[found][0] >= revisit:  # never where a time is NaN
            opened[found] = (hour, opened[found][1] + 1)
            visit[row] = opened[found][1]
            first[row] = True
        elif hour == hour:  # not NaN
            visit[row] = opened[found][1]
        if fix >= 0:
            stale.setdefault(fix, found)
        leader[row] = found
    return _Led(leader, visit, first)


class _Grid:
    """The first photos of stops, by cells of one reach; each is kept in the nine cells around it.

    Rows of cells are bands of latitude; the columns of a band are as wide as the reach there. So
    the grid serves any place on earth, without a projection that fits one city only.
    """

    def __init__(self, looks: _Looks, reach: float) -> None:
        self._reach = reach
        self._cells: dict[tuple[int, int], list[int]] = {}
        # A survey on both sides of the antimeridian is put together on one side of it.
        crosses = np.ptp(looks.lon) > 180 if len(looks.lon) else False
        self._x = (looks.lon % 360 if crosses else looks.lon).tolist()
        self._y = looks.lat.tolist()
        self._east_m, self._north_m = (each.tolist() for each in metres_per_degree(looks.lat))
        self._heading = looks.heading.tolist()
        self._height = reach / DEGREE  # degrees; one of latitude is nowhere shorter
        self._widths: dict[int, float] = {}

    def nearest(self, row: int) -> int:
        """Return the nearest first photo within reach that looks the same way, -1 for none."""
        x, y, heading = self._x[row], self._y[row], self._heading[row]
        band = math.floor(y / self._height)
        column = math.floor(x / self._width(band))
        best, least = -1, self._reach**2
        for other in self._cells.get((band, column), ()):
            east = (x - self._x[other]) * self._east_m[row]
            north = (y - self._y[other]) * self._north_m[row]
            squared = east * east + north * north
            if squared > least or (squared == least and best >= 0):
                continue
            turn = abs(heading - self._heading[other]) % 360
            if min(turn, 360 - turn) > STOP_TURN:  # never where a heading is NaN
                continue
            best, least = other, squared
        return best

    def add(self, row: int) -> None:
        """Keep the first photo of a stop."""
        for cell in self._around(self._x[row], self._y[row]):
            self._cells.setdefault(cell, []).append(row)

    def _around(self, x: float, y: float) -> Iterator[tuple[int, int]]:
        middle = math.floor(y / self._height)
        for band in (middle - 1, middle, middle + 1):
            column = math.floor(x / self._width(band))
            yield from ((band, near) for near in (column - 1, column, column + 1))

    def _width(self, band: int) -> float:
        """Return the width of a column in degrees: at least the reach anywhere in the band."""
        if band not in self._widths:
            edge = min(89.9, max(abs(band), abs(band + 1)) * self._height)
            east, _ = metres_per_degree(np.array([edge]))
            self._widths[band] = self._reach / float(east[0])
        return self._widths[band]
