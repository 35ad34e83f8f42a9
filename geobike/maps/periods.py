"""Days, months or years: the periods that a reader chooses from, and what is known of each."""

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from geobike import schema

_PERIODS: Final = ("D", "M", "Y")  # days, months, years: the first of which there are not too many
_MOST_PERIODS: Final = 62  # two months of days, five years of months


def periods(taken: pd.DataFrame, timezone: str) -> tuple["pd.Series[int]", list[str]]:
    """Return the period of each photo of a counts frame, -1 for none, and the periods' names.

    They are those in which counted photos were taken, on the clock of `timezone`; where all were
    taken in one, none. A photo that is not counted has the period in which it was taken, if any.
    """
    local = taken["taken_at"].dt.tz_convert(timezone).dt.tz_localize(None)
    counted = (taken["status"] == schema.COUNTED) & ~taken.geometry.isna()
    for unit in _PERIODS:
        each = local.dt.to_period(unit)
        found = sorted(each[counted].dropna().unique())
        if len(found) <= _MOST_PERIODS:
            break
    numbers = pd.Series(pd.Index(found).get_indexer(pd.Index(each)), index=taken.index)
    return numbers, [str(period) for period in found] if len(found) > 1 else []


def ledger(taken: pd.DataFrame, period: "pd.Series[int]", count: int) -> Mapping[str, Any]:
    """Return the number of photos of each status in each of `count` periods."""
    rows = taken.loc[period >= 0, "status"]
    table = pd.crosstab(rows, period[period >= 0]).reindex(columns=range(count), fill_value=0)
    present = [status for status in schema.STATUSES if status in table.index]
    counts = table.loc[present].to_numpy()
    return {status: row.tolist() for status, row in zip(present, counts, strict=True)}
