"""Visits: the looks at one place, an hour or more apart."""

from typing import Final

import numpy as np
import pandas as pd

from geobike.counting.arrays import Flags, Floats, Numbers

REVISIT: Final = pd.Timedelta(hours=1)  # after the first photo of a visit: another look


def number(leader: Numbers, hours: Floats) -> tuple[Numbers, Flags]:
    """Return the visit of each photo, from 1, and whether it opens that visit.

    Photos come in order of time, those without a time last, and each after its leader. A visit ends
    an hour after its first photo. Photos without a time belong to the first visit.

    >>> number(np.array([0, 0, 0]), np.array([9.0, 9.5, 10.2]))
    (array([1, 1, 2]), array([ True, False,  True]))
    """
    first: Flags = leader == np.arange(len(leader))
    visit = np.ones(len(leader), dtype=np.int64)
    timed = np.flatnonzero(~np.isnan(hours))
    rows = timed[np.argsort(leader[timed], kind="stable")]
    start = np.flatnonzero(first[rows])
    size = np.diff(np.append(start, len(rows)))
    opens = first[rows]
    following = _following(hours[rows], np.repeat(start + size, size))
    at = start
    while len(at):  # the next visit of every place that has one
        opens[at] = True
        at = following[at]
        at = at[at < len(rows)]
    passed = np.cumsum(opens)
    visit[rows] = 1 + passed - passed[np.repeat(start, size)]
    first[rows] = opens
    return visit, first


def _following(hours: Floats, end: Numbers) -> Numbers:
    """Return for each photo the next one that opens a visit after it; `len(hours)` for none.

    The photos of a place lie together in order of time; its last one is before `end`.
    """
    low, high = np.arange(1, len(hours) + 1), end.copy()
    while len(some := np.flatnonzero(low < high)):
        middle = (low[some] + high[some]) // 2
        later = hours[middle] - hours[some] >= REVISIT / pd.Timedelta(hours=1)
        high[some[later]] = middle[later]
        low[some[~later]] = middle[~later] + 1
    return np.where(low < end, low, len(hours))
