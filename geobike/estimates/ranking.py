"""Ranks, groups and hot spots of areas, none said surer than the draws allow.

A bare rank is right in one of four to ten cases, so that ranks are ranges: the 2.5 and 97.5 %
quantiles of the ranks drawn, which held in 98 of 100 simulated cases. Groups say which areas are
told apart from all of them together; hot spots are areas that with their neighbours are. Both hold
the share of false ones among those named at 10 % (Benjamini & Hochberg 1995).
"""

from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geobike import schema
from geobike.certainty import ABOVE, ALIKE, BELOW, discoveries
from geobike.estimates.draws import Draws, Sums

Floats = npt.NDArray[np.float64]

HOT: Final = "hot"
COLD: Final = "cold"

_STREETS: Final = 6  # that an area and its neighbours must have together


def rank(
    sums: Sums,
    stops: "pd.Series[float]",
    compared: "pd.Index[str]",
    *,
    spread: "pd.Series[float] | None" = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Return `rank_low`, `rank_high` and `group` of the compared areas, by `area_id`.

    `sums` are bicycles by area, `stops` the stops by `area_id`. `spread` is the standard deviation
    of the logarithm of each rate over streets; areas without one vary as the draws alone. Rank 1
    has most bicycles per stop. With one area there are neither ranks nor groups.
    """
    chosen = compared[compared.isin(sums.groups) & (stops.reindex(compared) > 0)]
    empty = {"rank_low": schema.COUNT, "rank_high": schema.COUNT, "group": schema.TEXT}
    if len(chosen) < 2:
        return pd.DataFrame(columns=list(empty), index=chosen[:0]).astype(empty)
    number = stops.loc[chosen].to_numpy(dtype=float)
    rates = sums.low[:, sums.groups.get_indexer(chosen)] / number
    if spread is not None:
        wide = spread.reindex(chosen).fillna(0.0).to_numpy()
        rates = rates * np.random.default_rng([seed, 1]).lognormal(0, wide, rates.shape)
    rates = np.asarray(rates, dtype=np.float64)
    low, high = rank_ranges(rates)
    return pd.DataFrame(
        {"rank_low": low, "rank_high": high, "group": group(rates, np.asarray(number, float))},
        index=chosen,
    ).astype(empty)


def rank_ranges(rates: Floats) -> tuple[Floats, Floats]:
    """Return the first and the last rank of each area, from draws by areas; 1 is the highest."""
    drawn = pd.DataFrame(rates)
    first = drawn.rank(axis=1, method="min", ascending=False).to_numpy()
    last = drawn.rank(axis=1, method="max", ascending=False).to_numpy()
    return (
        np.quantile(first, 0.025, axis=0, method="lower"),
        np.quantile(last, 0.975, axis=0, method="higher"),
    )


def group(rates: Floats, stops: Floats) -> npt.NDArray[np.object_]:
    """Return which areas are above, below or not told apart from all of them together."""
    differences = rates - (rates @ (stops / stops.sum()))[:, None]
    above = (differences >= 0).mean(axis=0) > (differences <= 0).mean(axis=0)
    side = np.where(above, ABOVE, BELOW).astype(object)
    return np.where(discoveries(chance(differences)), side, ALIKE)


def chance(differences: Floats) -> Floats:
    """Return the two-sided p value of each column of draws: that nothing differs.

    One draw more on the rarer side, so that none is 0 (Davison & Hinkley 1997, 4.2).
    """
    rarer = np.minimum((differences <= 0).mean(axis=0), (differences >= 0).mean(axis=0))
    found: Floats = np.minimum(1, 2 * (rarer + 1 / len(differences)))
    return found


def hot_spots(
    areas: gpd.GeoDataFrame,
    draws: Draws,
    street_of_stop: "pd.Series[str]",
    compared: "pd.Index[str]",
) -> "pd.Series[str]":
    """Return by `area_id` which of the compared areas are hot, cold or not told apart.

    Each is pooled with the compared areas that it touches; the rate of the pool is tested against
    that of all, with the variance between streets (between squares where no streets are given).
    Gi* would answer another question, and named a false one in three of four simulated surveys.
    """
    chosen = areas[areas["area_id"].isin(compared)]
    ids = pd.Index(chosen["area_id"])
    cells = _cells(draws, street_of_stop, ids)
    total = cells[["bicycles", "stops"]].sum()
    if len(ids) < 2 or not total["bicycles"] > 0:
        return pd.Series(ALIKE, index=ids[:0], dtype=schema.TEXT)
    rate = total["bicycles"] / total["stops"]
    near = _touching(chosen)
    rows = np.split(np.arange(len(cells)), np.searchsorted(cells["area"], range(1, len(ids))))
    tested = [_test(cells.iloc[np.concatenate([rows[k] for k in some])], rate) for some in near]
    statistic, chance = np.array(tested).T
    side = np.where(statistic > 0, HOT, COLD).astype(object)
    found = np.where(discoveries(chance), side, ALIKE)
    return pd.Series(found, index=ids, dtype=schema.TEXT)


def _cells(draws: Draws, street_of_stop: "pd.Series[str]", ids: "pd.Index[str]") -> pd.DataFrame:
    """Return bicycles and stops of each area on each street, in the order of the areas."""
    parts = draws.parts
    table = pd.DataFrame(
        {
            "area": ids.get_indexer(pd.Index(parts["area_id"])),
            "street": parts["stop_id"].map(street_of_stop).to_numpy(),
            "stops": parts["stops"].to_numpy(),
            "bicycles": parts["part"].to_numpy() * draws.expected[parts["look"].to_numpy()],
        }
    )
    return table[table["area"] >= 0].groupby(["area", "street"]).sum().reset_index()


def _touching(areas: gpd.GeoDataFrame) -> list[npt.NDArray[np.intp]]:
    """Return for each area the rows of those that it touches, itself included."""
    shapes = np.asarray(areas.geometry.array)
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    order = np.lexsort((other, one))
    return np.split(other[order], np.searchsorted(one[order], range(1, len(shapes))))


def _test(pool: pd.DataFrame, rate: float) -> tuple[float, float]:
    """Return Student's t and its p value for the rate of a pool, over its streets."""
    streets = pool.groupby("street")[["bicycles", "stops"]].sum()
    stops, count = float(streets["stops"].sum()), len(streets)
    if count < _STREETS:
        return 0.0, 1.0
    here = float(streets["bicycles"].sum()) / stops
    residual = streets["bicycles"] - here * streets["stops"]
    error = np.sqrt((residual**2).sum() * count / (count - 1)) / stops
    least = max(here, 0.5 / stops)
    error = max(error, np.sqrt(least / stops))  # counts vary by chance, also where all are 0
    statistic = float(np.log(least / rate) * least / error)
    return statistic, student_tail(statistic, count - 1)


def student_tail(statistic: float, freedom: int) -> float:
    """Return the two-sided p value of Student's t with a whole number of degrees of freedom.

    The finite sums of Abramowitz & Stegun, 26.7.3 and 26.7.4.

    Examples:
        >>> from geobike.estimates import ranking
        >>> round(ranking.student_tail(2.228, 10), 3)
        0.05
    """
    angle = np.arctan(abs(statistic) / np.sqrt(freedom))
    cosine = np.cos(angle) ** 2
    if freedom % 2:
        steps = np.arange(2, freedom - 1, 2)
        terms = np.cumprod(np.append(1.0, steps / (steps + 1) * cosine))
        inside = np.sin(angle) * np.cos(angle) * terms.sum() if freedom > 1 else 0.0
        return float(max(0.0, 1 - 2 / np.pi * (angle + inside)))
    steps = np.arange(1, freedom - 2, 2)
    terms = np.cumprod(np.append(1.0, steps / (steps + 1) * cosine))
    return float(max(0.0, 1 - np.sin(angle) * terms.sum()))
