"""Sums of a tallies frame, by area and by period: what metrics are computed from."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike import metrics, schema


def by_area(tallies: pd.DataFrame, area_ids: "pd.Series[str]") -> pd.DataFrame:
    """Return the sums of each area, in the order of `area_ids`; 0 where nothing is added."""
    schema.check(tallies, schema.TALLIES)
    row = schema.rows_of(tallies["area_id"], area_ids)
    sums = tallies[list(metrics.SUMS)].groupby(row).sum()
    return sums.reindex(range(len(area_ids)), fill_value=0.0).set_axis(pd.Index(area_ids))


def by_period(tallies: pd.DataFrame, period: "pd.Series[int]") -> pd.DataFrame:
    """Return the sums by `area_id` and period, as if each period were all there is.

    `period` gives the number of the period of each `photo_id`; photos without one are left out. A
    stop that was visited in several periods weighs one in each of them. Areas that add nothing in
    a period have no row.
    """
    schema.check(tallies, schema.TALLIES)
    # By numbers: to group millions of rows by text takes seconds.
    photo, stop, area = (schema.coded(tallies[name]) for name in ("photo_id", "stop_id", "area_id"))
    place = schema.rows_of(tallies["photo_id"], period.index)
    when = np.append(period.to_numpy(dtype=float), np.nan)[place]
    factor = _of_a_period(photo, stop, when)
    rows = tallies[list(metrics.SUMS)].reset_index(drop=True)
    for name in (metrics.STOPS, metrics.ON_STOPS):
        rows[name] = rows[name] * factor
    known = ~np.isnan(when) & (area.codes >= 0)
    names = area.categories.sort_values()
    order = names.get_indexer(area.categories)[area.codes[known]]
    sums: pd.DataFrame = rows[known].groupby([order, when[known].astype(int)]).sum()
    found, periods = (sums.index.get_level_values(level) for level in range(2))
    sums.index = pd.MultiIndex.from_arrays([names[found], periods], names=["area_id", "period"])
    return sums[(sums != 0).any(axis=1)]


def _of_a_period(
    photo: "pd.Categorical[str]", stop: "pd.Categorical[str]", when: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return how many looks there were at the stop of each row for one in the row's period."""
    rows = pd.DataFrame({"photo": photo.codes, "stop": stop.codes, "period": when})
    rows = rows[rows["stop"] >= 0]
    looks = rows[~rows["photo"].duplicated()]  # one that shows several areas has several rows
    here = looks.groupby(["stop", "period"])["photo"].transform("size")
    everywhere = looks.groupby("stop")["photo"].transform("size")
    times = np.ones(len(photo.categories) + 1)
    times[looks["photo"]] = (everywhere / here).fillna(1.0)
    return np.where(stop.codes >= 0, times[photo.codes], 1.0)
