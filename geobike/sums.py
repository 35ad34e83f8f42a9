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
    rows = tallies.assign(period=tallies["photo_id"].map(period)).dropna(subset=["period"])
    looks = rows.dropna(subset=["stop_id"])
    visits = looks.groupby(["stop_id", "period"])["photo_id"].transform("nunique")
    everywhere = tallies.groupby("stop_id")["photo_id"].nunique()
    factor = (
        (looks["stop_id"].map(everywhere).astype(schema.FLOAT) / visits)
        .reindex(rows.index)
        .fillna(1.0)
    )
    for name in (metrics.STOPS, metrics.ON_STOPS):
        rows[name] = rows[name] * factor
    out = rows.groupby(["area_id", "period"])[list(metrics.SUMS)].sum()
    return out[(out != 0).any(axis=1)]
