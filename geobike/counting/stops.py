"""Stops: one look at one place, however many photos were taken there.

Where people take more photos where more bicycles are parked, bicycles per photo is far above
bicycles per place. So photos from one place in one direction are one stop, counted on its first
photo: never on the fullest, which would bring the number of photos back in.

The photos of a stop are grouped by leaders, in order of time: a photo joins the nearest first
photo of a stop within reach, else it opens a stop. A stop is at most two reaches wide, where
single linkage would make one stop of a street driven with a photo every five metres.
"""

from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike import schema
from geobike.config import STOP_DISTANCE
from geobike.counting import leaders, riding
from geobike.counting.arrays import Floats
from geobike.counting.visits import REVISIT
from geobike.errors import InputError
from geobike.reporting import report

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
    row = np.flatnonzero(photos["status"] == schema.COUNTED)
    counted = photos[["photo_id", "taken_at", "heading", "geometry"]].iloc[row]
    places = schema.coordinates(counted.geometry)  # as they lie in memory: a tenth of the time
    order = _by_time(counted)
    row, counted = row[order], counted.iloc[order]
    led = leaders.follow(_looks(counted, *(axis[order] for axis in places)), reach)
    found = pd.DataFrame(
        {
            "stop_id": schema.as_codes(row[led.leader], photos["photo_id"]),
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
    return photos.assign(stop_id=schema.text(visits["stop_id"]), stop_photo=visits["first"])


def describe_stops(photos: gpd.GeoDataFrame, visits: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return a stops frame from a counts frame and its visits frame.

    `bicycle_count` is the number on the first photo of a visit, the mean over the visits: a street
    driven weekly weighs as much as one driven once. Stops are in order of time. `street_id` is NA.
    """
    schema.check(photos, schema.COUNTS)
    schema.check(visits, schema.VISITS)
    leader = schema.rows_of(visits["stop_id"], photos["photo_id"])
    row = np.flatnonzero(leader >= 0)
    counted, leader = photos.iloc[row], leader[row]
    opening = np.flatnonzero(leader == row)
    opening = opening[_by_time(counted.iloc[opening])]
    ids = counted["photo_id"].iloc[opening]
    number = np.empty(len(photos), dtype=np.intp)
    number[row[opening]] = np.arange(len(ids))
    stop = number[leader]
    first = visits["first"].to_numpy()[row]
    means = counted["bicycle_count"][first].groupby(stop[first]).agg(["size", "mean"])
    return schema.geotable(
        schema.STOPS,
        {
            "stop_id": ids.array,
            "photo_count": np.bincount(stop, minlength=len(ids)),
            "visit_count": means["size"].to_numpy(),
            "bicycle_count": means["mean"].to_numpy(dtype=float),
            "bicycle_count_max": counted["bicycle_count"].groupby(stop).max().array,
            "heading": counted["heading"].to_numpy()[opening],
            "taken_at": counted["taken_at"].array[opening],
            **riding.per_stop(counted[first], stop[first]),
        },
        np.asarray(counted.geometry.array)[opening],
    )


def _by_time(photos: pd.DataFrame) -> npt.NDArray[np.intp]:
    """Return the order of the rows by time, then by name; those without a time come last.

    Names are sorted of those only that share a time: a million take half a second.
    """
    taken = photos["taken_at"]
    order = np.asarray(taken.array.argsort(kind="stable"), dtype=np.intp)
    time = taken.to_numpy("datetime64[us]").view(np.int64)[order]  # so that NaT is one time
    as_before = np.append(False, time[1:] == time[:-1])
    shared = np.flatnonzero(as_before | np.append(as_before[1:], False))
    rows = order[shared]
    by_name = photos["photo_id"].iloc[rows].argsort(kind="stable").to_numpy()
    group = np.cumsum(~as_before)[shared]
    order[shared] = rows[by_name[np.argsort(group[by_name], kind="stable")]]
    return order


def _looks(counted: pd.DataFrame, lon: Floats, lat: Floats) -> leaders.Looks:
    fix = _stale_fixes(counted["taken_at"], lon, lat)
    _report_stale(fix)
    seconds = (counted["taken_at"] - pd.Timestamp(0, tz="UTC")).dt.total_seconds()
    return leaders.Looks(
        lon,
        lat,
        counted["heading"].to_numpy(dtype=float),
        seconds.to_numpy(dtype=float) / 3600,
        fix,
    )


def _stale_fixes(taken_at: "pd.Series[Any]", lon: Floats, lat: Floats) -> npt.NDArray[np.int64]:
    """Return the number of the position that too many photos share over minutes, else -1."""
    x, _ = pd.factorize(lon)
    y, names = pd.factorize(lat)
    fix, _ = pd.factorize(x * len(names) + y)
    stale = np.full(len(fix), -1, dtype=np.int64)
    shared = np.flatnonzero(np.bincount(fix)[fix] > STALE[0])
    if not len(shared):
        return stale
    fix = fix[shared]
    taken = taken_at.iloc[shared]
    # A place that is photographed again after a break is visited again; nothing hangs there.
    breaks = (taken.groupby(fix).diff() >= REVISIT).groupby(fix).cumsum()
    groups = taken.groupby([fix, breaks])
    time = groups.transform("max") - groups.transform("min")
    hangs = (groups.transform("size") > STALE[0]) & (time > STALE[1])
    stale[shared] = np.where(hangs, fix, -1)
    return stale


def _report_stale(fix: npt.NDArray[np.int64]) -> None:
    hanging = fix[fix >= 0]
    if len(hanging):
        places = len(np.unique(hanging))
        report(
            f"{len(hanging):,} photos share {places:,} "
            f"{'position' if places == 1 else 'positions'} over minutes, as a receiver that hangs "
            "gives: the photos of each such position count as one stop"
        )
