"""Sums of a tallies frame, by area and by period: what metrics are computed from."""

import pandas as pd

from geobike import metrics, schema


def by_area(tallies: pd.DataFrame, area_ids: "pd.Series[str]") -> pd.DataFrame:
    """Return the sums of each area, in the order of `area_ids`; 0 where nothing is added."""
    schema.check(tallies, schema.TALLIES)
    sums = tallies.groupby("area_id")[list(metrics.SUMS)].sum()
    return sums.reindex(area_ids, fill_value=0.0)


def by_period(tallies: pd.DataFrame, period: "pd.Series[int]") -> pd.DataFrame:
    """Return the sums by `area_id` and period, as if each period were all there is.

    `period` gives the number of the period of each `photo_id`; photos without one are left out. A
    stop that was visited in several periods weighs one in each of them. Areas that add nothing in
    a period have no row.
    """
    schema.check(tallies, schema.TALLIES)
    # By numbers: to group millions of rows by text takes seconds.
    photo, ids = pd.factorize(tallies["photo_id"])
    when = period.reindex(ids).array.take(photo)
    stop = pd.factorize(tallies["stop_id"])[0]
    coded = pd.DataFrame({"photo": photo, "stop": stop, "period": when}, index=tallies.index)
    rows = tallies.assign(period=when).dropna(subset=["period"])
    looked = coded[coded["stop"] >= 0]
    looks = looked[looked["period"].notna()]
    visits = looks.groupby(["stop", "period"])["photo"].transform("nunique")
    everywhere = looked.groupby("stop")["photo"].nunique()
    factor = (looks["stop"].map(everywhere) / visits).reindex(rows.index).fillna(1.0)
    for name in (metrics.STOPS, metrics.ON_STOPS):
        rows[name] = rows[name] * factor
    out = rows.groupby(["area_id", "period"])[list(metrics.SUMS)].sum()
    return out[(out != 0).any(axis=1)]
