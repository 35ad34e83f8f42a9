"""Leaders: the first photos of stops, in order of time.

A photo joins the nearest first photo of a stop within reach that looks the same way, else it opens
a stop. So what a photo does depends on all before it; but only on those around it. Photos are taken
in parts of that order: of each part, those that earlier leaders do not reach are compared with one
another, and the leaders among them then with all photos around.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from geobike.config import STOP_TURN
from geobike.counting import cells, visits
from geobike.counting.arrays import Flags, Floats, Numbers, runs
from geobike.counting.ellipsoid import metres_per_degree

_PART: Final = 1 << 17  # photos of a part
_CROWD: Final = 64  # photos around each of a part, beyond which the part is made smaller
_PAIRS: Final = 1 << 20  # photos around photos that are compared at once


class Looks(NamedTuple):
    """What is known of each photo, in order of time."""

    lon: Floats
    lat: Floats
    heading: Floats  # NaN: looks anywhere
    hours: Floats  # NaN: no time
    fix: Numbers  # number of the stale fix, -1 where the position is its own


class Led(NamedTuple):
    """For each photo: the row of the photo that it follows, its visit, whether it opens one."""

    leader: Numbers
    visit: Numbers
    first: Flags


def follow(looks: Looks, reach: float) -> Led:
    """Return the leader of each photo; `reach` is in metres."""
    if cells.crosses(looks.lon):
        looks = looks._replace(lon=looks.lon % 360)
    leader = _leaders(looks, reach)
    return Led(leader, *visits.number(leader, looks.hours))


def _leaders(looks: Looks, reach: float) -> Numbers:
    """Return the row of the photo that each follows: its own where it opens a stop."""
    count = len(looks.lon)
    around = _cells(looks, reach)
    everyone = _Among(around, np.arange(count))
    nearest = _Nearest(count)
    hanging, first_there = _at_stale_fixes(looks.fix)
    free = np.ones(count, dtype=np.bool_)
    free[hanging] = False
    begin, size = 0, _PART
    while begin < count:
        rows = begin + np.flatnonzero(free[begin : begin + size])
        among = _Among(around, rows)
        if among.number(rows).sum() > max(_CROWD * len(rows), _CROWD**2):
            size = int(rows[len(rows) // 2]) - begin  # the rest may follow the leaders of these
            continue
        begin, size = begin + size, min(2 * size, _PART)
        leading = _leading(rows, among, looks, reach)
        for one, other, squared in _joining(leading, everyone, looks, reach):
            nearest.offer(one, other, squared)
            free[other] = False
    nearest.leader[hanging] = nearest.leader[first_there]
    return nearest.leader


def _at_stale_fixes(fix: Numbers) -> tuple[Numbers, Numbers]:
    """Return the photos at a stale fix but the first there, and of each the first.

    Near or not, and wherever they look, they follow whom that one follows.
    """
    rows = np.flatnonzero(fix >= 0)
    _, first, place = np.unique(fix[rows], return_index=True, return_inverse=True)
    others = rows[first][place] != rows
    return rows[others], rows[first][place][others]


def _leading(rows: Numbers, among: "_Among", looks: Looks, reach: float) -> Numbers:
    """Return those of the rows, which no earlier leader reaches, that open a stop."""
    found = [pairs[:2] for pairs in _joining(rows, among, looks, reach)]
    one, other = (
        np.searchsorted(rows, np.concatenate([rows[:0], *each]))
        for each in zip(*found, strict=True)
    )
    leads = np.ones(len(rows), dtype=np.bool_)
    before = 2 * len(one) + 1
    while 2 * len(one) < before:  # else a street driven along: each waits for the one before
        before = len(one)
        sure = np.ones(len(rows), dtype=np.bool_)
        sure[other] = False
        leads[other[sure[one]]] = False
        open_still = leads[one] & leads[other]
        one, other = one[open_still], other[open_still]
    return rows[_one_by_one(leads, one, other)]


def _one_by_one(leads: Flags, one: Numbers, other: Numbers) -> Flags:
    """Return which photos lead, where one of each pair does not if the one before it does."""
    order = np.argsort(other)
    out = bytearray(leads)
    for first, second in zip(one[order].tolist(), other[order].tolist(), strict=True):
        if out[first]:  # known by now: all pairs in which it is the second came before
            out[second] = False
    return np.frombuffer(out, dtype=np.bool_)


class _Nearest:
    """The nearest leader that each photo was offered; of two as near, the earlier."""

    def __init__(self, count: int) -> None:
        self.leader: Numbers = np.arange(count)
        self._least = np.full(count, np.inf)

    def offer(self, one: Numbers, other: Numbers, squared: Floats) -> None:
        """Offer each `other` a leader at a distance; leaders come in order of time."""
        nearer = squared < self._least[other]
        one, other, squared = one[nearer], other[nearer], squared[nearer]
        np.minimum.at(self._least, other, squared)
        best = np.flatnonzero(squared == self._least[other])[::-1]  # what is set last remains
        self.leader[other[best]] = one[best]


class _Cells(NamedTuple):
    """The cell of each photo and those around it.

    Only cells with a photo are numbered, in order of band and column: the three around a photo in
    one band are a slice of them.
    """

    used: int  # cells
    cell: Numbers
    start: Numbers  # of the slice in each of three bands, one row for each photo
    stop: Numbers


class _Among:
    """Some photos by their cells, to find those around a photo."""

    def __init__(self, around: _Cells, rows: Numbers) -> None:
        cell = around.cell[rows]
        self._around = around
        self._rows = rows[np.argsort(cell, kind="stable")]
        many = np.bincount(cell, minlength=around.used)
        self._first = np.append(0, np.cumsum(many))  # in `_rows`, of each cell

    def number(self, rows: Numbers) -> Numbers:
        """Return how many of them are in each of the bands around each of these photos."""
        start, stop = self._around.start[rows], self._around.stop[rows]
        number: Numbers = self._first[stop] - self._first[start]
        return number

    def pairs(self, rows: Numbers) -> tuple[Numbers, Numbers]:
        """Return each of these photos with each of those around it."""
        number = self.number(rows)
        first = self._first[self._around.start[rows]]
        return np.repeat(rows, number.sum(axis=1)), self._rows[runs(first.ravel(), number.ravel())]


def _joining(
    rows: Numbers, among: _Among, looks: Looks, reach: float
) -> Iterator[tuple[Numbers, Numbers, Floats]]:
    """Yield pairs of photos of which the later could join the earlier, one of `rows`.

    With the square of their distance in metres. Many pairs come in several parts, in the order of
    `rows`.
    """
    total = np.cumsum(among.number(rows).sum(axis=1))
    parts = np.flatnonzero(np.diff(total // _PAIRS)) + 1
    for some in np.split(rows, parts):
        one, other = among.pairs(some)
        later = other > one
        one, other = one[later], other[later]
        squared = _squared(looks, one, other)
        joins = (squared <= reach**2) & ~_turned(looks, one, other)
        yield one[joins], other[joins], squared[joins]


def _squared(looks: Looks, one: Numbers, other: Numbers) -> Floats:
    """Return the square of the distance in metres, by the degrees where the other is."""
    east_m, north_m = metres_per_degree(looks.lat[other])
    east = (looks.lon[other] - looks.lon[one]) * east_m
    north = (looks.lat[other] - looks.lat[one]) * north_m
    squared: Floats = east * east + north * north
    return squared


def _turned(looks: Looks, one: Numbers, other: Numbers) -> Flags:
    turn = np.abs(looks.heading[other] - looks.heading[one]) % 360
    turned: Flags = np.minimum(turn, 360 - turn) > STOP_TURN  # never where a heading is NaN
    return turned


def _cells(looks: Looks, reach: float) -> _Cells:
    band = cells.bands(looks.lat, reach)
    number = cells.numbers(looks.lon, band, reach)
    order = np.argsort(number)  # what is looked up in order is found in the cache
    used, cell = np.unique(number[order], return_inverse=True)
    lon, band = looks.lon[order], band[order]
    ahead = [cells.numbers(lon, band + step, reach) for step in (-1, 0, 1)]
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    start = np.column_stack([np.searchsorted(used, number - 1) for number in ahead])
    stop = np.column_stack([np.searchsorted(used, number + 2) for number in ahead])
    return _Cells(len(used), cell[rank], start[rank], stop[rank])
