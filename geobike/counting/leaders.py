"""Leaders: the first photos of stops, followed one by one in order of time.

A photo joins the nearest first photo of a stop within reach, else it opens a stop. One after the
other in Python takes its time, and a photo with no other near it cannot join nor be joined: those
are left out of the loop.
"""

from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from geobike.config import STOP_TURN
from geobike.counting import cells
from geobike.counting.arrays import Flags, Floats, Numbers, runs
from geobike.counting.ellipsoid import metres_per_degree

REVISIT: Final = pd.Timedelta(hours=1)  # after the first photo of a visit: another look

_CROWD: Final = 8  # photos around one, itself included: more are not compared pair by pair
_CHUNK: Final = 100_000  # photos compared at once


class Looks(NamedTuple):
    """What is known of each photo, in order of time."""

    lon: Floats
    lat: Floats
    heading: Floats  # NaN: looks anywhere
    hours: Floats  # NaN: no time
    fix: Numbers  # number of the stale fix, -1 where the position is its own

    def of(self, rows: Numbers) -> "Looks":
        """Return what is known of these photos."""
        lon, lat, heading, hours, fix = self
        return Looks(lon[rows], lat[rows], heading[rows], hours[rows], fix[rows])


class Led(NamedTuple):
    """For each photo: the row of the photo that it follows, its visit, whether it opens one."""

    leader: Numbers
    visit: Numbers
    first: Flags


def follow(looks: Looks, reach: float) -> Led:
    """Return the leader of each photo; `reach` is in metres."""
    if cells.crosses(looks.lon):
        looks = looks._replace(lon=looks.lon % 360)
    around = _cells(looks, reach)
    count = len(looks.lon)
    led = Led(np.arange(count), np.ones(count, dtype=np.int64), np.ones(count, dtype=np.bool_))
    near = np.flatnonzero(_with_company(looks, around, reach) | (looks.fix >= 0))
    found = _one_by_one(looks.of(near), around.of(near), reach)
    led.leader[near], led.visit[near], led.first[near] = near[found.leader], *found[1:]
    return led


def _one_by_one(looks: Looks, around: "_Cells", reach: float) -> Led:
    grid = _Grid(looks, around, reach)
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
    return Led(leader, visit, first)


class _Cells(NamedTuple):
    """The cell of each photo and those around it.

    Only cells with a photo are numbered, in order of band and column: the three around a photo in
    one band are a slice of them.
    """

    cell: Numbers
    start: Numbers  # of the slice in each of three bands, one row for each photo
    stop: Numbers

    def of(self, rows: Numbers) -> "_Cells":
        return _Cells(*(each[rows] for each in self))


def _with_company(looks: Looks, around: _Cells, reach: float) -> Flags:
    """Return which photos have another within reach that looks the same way, or a crowd around."""
    by_cell = np.argsort(around.cell)
    first = np.append(0, np.cumsum(np.bincount(around.cell)))  # in `by_cell`, of each cell
    number = first[around.stop] - first[around.start]
    crowded = number.sum(axis=1) > _CROWD
    out: Flags = crowded.copy()
    rows = np.flatnonzero(~crowded)
    for some in np.array_split(rows, 1 + len(rows) // _CHUNK):
        for band in range(number.shape[1]):
            many = number[some, band]
            row = np.repeat(some, many)
            other = by_cell[runs(first[around.start[some, band]], many)]
            near = (row != other) & _could_join(looks, row, other, reach)
            out[row[near]] = out[other[near]] = True
    return out


def _could_join(looks: Looks, row: Numbers, other: Numbers, reach: float) -> Flags:
    """Return which pairs are within reach, or hardly beyond, and look the same way."""
    east_m, north_m = metres_per_degree(looks.lat[row])
    east = (looks.lon[row] - looks.lon[other]) * east_m
    north = (looks.lat[row] - looks.lat[other]) * north_m
    turn = np.abs(looks.heading[row] - looks.heading[other]) % 360
    away = np.minimum(turn, 360 - turn) > STOP_TURN  # never where a heading is NaN
    joins: Flags = (np.hypot(east, north) <= 1.01 * reach) & ~away
    return joins


def _cells(looks: Looks, reach: float) -> _Cells:
    band = cells.bands(looks.lat, reach)
    number = cells.numbers(looks.lon, band, reach)
    order = np.argsort(number)  # what is looked up in order is found in the cache
    used, cell = np.unique(number[order], return_inverse=True)
    lon, band = looks.lon[order], band[order]
    ahead = [cells.numbers(lon, band + step, reach) for step in (-1, 0, 1)]
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return _Cells(
        cell,
        np.column_stack([np.searchsorted(used, number - 1) for number in ahead]),
        np.column_stack([np.searchsorted(used, number + 2) for number in ahead]),
    ).of(rank)


class _Grid:
    """The first photos of stops, by cells; each is kept in the nine cells around it."""

    def __init__(self, looks: Looks, around: _Cells, reach: float) -> None:
        self._reach = reach
        self._leaders: dict[int, list[int]] = {}  # by cell
        self._cell = around.cell.tolist()
        self._start, self._stop = around.start.tolist(), around.stop.tolist()
        self._x, self._y = looks.lon.tolist(), looks.lat.tolist()
        self._east_m, self._north_m = (each.tolist() for each in metres_per_degree(looks.lat))
        self._heading = looks.heading.tolist()

    def nearest(self, row: int) -> int:
        """Return the nearest first photo within reach that looks the same way, -1 for none."""
        x, y, heading = self._x[row], self._y[row], self._heading[row]
        best, least = -1, self._reach**2
        for other in self._leaders.get(self._cell[row], ()):
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
        for start, stop in zip(self._start[row], self._stop[row], strict=True):
            for cell in range(start, stop):
                self._leaders.setdefault(cell, []).append(row)
