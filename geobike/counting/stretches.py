"""Stretches: which pieces of each street were seen, and in which area."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike import schema
from geobike.counting.arrays import Flags
from geobike.streets import Network

_Rows = npt.NDArray[np.intp]


def find(
    network: Network,
    left: Flags,
    right: Flags,
    listed: "pd.Series[bool]",
    area_ids: "pd.Series[str]",
) -> pd.DataFrame:
    """Return a stretches frame, in the order of the streets.

    `left` and `right` say which side of each step of the network was seen. `listed` says whether a
    street is one of those seen in an area, by the rows of both. Sides in one area are one stretch
    where both were seen.
    """
    steps = network.steps
    street = np.tile(steps["street"].to_numpy(), 2)
    area = np.concatenate([steps["left"], steps["right"]])
    begin, end = _runs(np.concatenate([left, right]), street, area)
    first, count = _numbering(steps["street"].to_numpy())
    at, until = (_along(row, first, count) for row in (begin, end))
    size = 1 / count[begin % len(steps)] if len(steps) else 0.0
    rows = {"street": street[begin], "area": area[begin], "begin": at, "end": until + size}
    found = pd.DataFrame(rows).drop_duplicates().sort_values(["street", "begin", "area"])
    keys = pd.MultiIndex.from_arrays([found["street"], found["area"]])
    return schema.table(
        schema.STRETCHES,
        {
            "street_id": network.streets["street_id"].array.take(found["street"].to_numpy()),
            "area_id": area_ids.array.take(found["area"].to_numpy(), allow_fill=True),
            "begin": found["begin"].to_numpy(),
            "end": found["end"].clip(upper=1.0).to_numpy(),
            "listed": listed.reindex(keys).to_numpy(),
        },
    )


def _runs(seen: Flags, street: _Rows, area: _Rows) -> tuple[_Rows, _Rows]:
    """Return the first and the last row of each run of seen steps of one side, street and area."""
    row = np.flatnonzero(seen)
    side = row >= len(seen) // 2
    breaks = np.diff(row, prepend=-2) > 1
    for key in (side.astype(int), street[row], area[row]):
        breaks |= np.diff(key, prepend=key[:1]) != 0
    start = np.flatnonzero(breaks)
    last = np.append(start[1:], len(row))[: len(start)] - 1
    return row[start], row[last]


def _numbering(street: _Rows) -> tuple[_Rows, _Rows]:
    """Return for each step the row of the first step of its street, and how many that has."""
    first = np.searchsorted(street, street)
    return first, np.searchsorted(street, street, side="right") - first


def _along(row: _Rows, first: _Rows, count: _Rows) -> npt.NDArray[np.float64]:
    """Return where along its street a step begins, as a share of the street's length."""
    step = row % max(len(first), 1)
    return np.asarray((step - first[step]) / count[step])
