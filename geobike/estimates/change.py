"""What changed between two surveys on the stops that both saw.

In bicycles, a change is read from the draws of both surveys' hand counts, which know what each
detector missed. Without them only detected bicycles can be compared, as if the detector had been
equally good both times: another season changes what it sees, and 14 % fewer detected can be no
change at all.

Areas are named as changed where the expected share of false ones among them is 10 %.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from geobike.errors import InputError
from geobike.estimates import ranking
from geobike.estimates.donors import Floats
from geobike.estimates.draws import Draws, Sums

MORE: Final = "more"
FEWER: Final = "fewer"
ALIKE: Final = ranking.ALIKE

STREETS: Final = 3
"""Streets (squares where no streets are given) that a group needs before it can be named."""

_POWER: Final = 2.8  # standard errors: what a test at 5 % finds in four of five cases
_ENDS: Final = (0.025, 0.975)


@dataclass(frozen=True)
class Seen:
    """The matched stops of one survey; rows are parts of looks, as `parts.share_out` gives."""

    parts: pd.DataFrame
    """With the columns `group`, such as an area, and `unit`, the street or square; parts with NA
    in `group` are left out."""
    draws: Draws | None = None
    """Of its hand counts; changes in bicycles need them."""

    def stops(self) -> "pd.Series[float]":
        """Return the stops by group."""
        return self.parts.groupby("group")["stops"].sum()

    def sums(self) -> Sums:
        """Return the bicycles by group. Raises InputError without draws."""
        if self.draws is None:
            raise InputError("a change in bicycles needs the hand counts of both surveys")
        return self.draws.sums(self.parts["group"])


def in_bicycles(before: Seen, after: Seen) -> pd.DataFrame:
    """Return the change in bicycles per stop by group, with 95 % ranges.

    Columns: `bicycles_per_stop_before` and `_after`, `bicycles_change`, each with `_low` and
    `_high`; `bicycles_change_percent` with them; `told`: more, fewer, or not told apart;
    `least_percent`, the smallest change that would have been found in four of five cases.
    """
    groups = _common(before, after)
    rates = [_rates(side, groups) for side in (before, after)]
    change = rates[1].low - rates[0].low
    table = pd.DataFrame(index=groups)
    for name, rate in zip(("before", "after"), rates, strict=True):
        _fill(table, f"bicycles_per_stop_{name}", rate.estimate, rate.ends())
    estimate = rates[1].estimate - rates[0].estimate
    _fill(table, "bicycles_change", estimate, np.quantile(change, _ENDS, axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(rates[0].low > 0, rates[1].low / rates[0].low, np.inf)
        shares = 100 * (np.quantile(share, _ENDS, axis=0, method="inverted_cdf") - 1)
        percent = 100 * estimate / rates[0].estimate
        least = 100 * _POWER * change.std(axis=0) / rates[0].estimate
    _fill(table, "bicycles_change_percent", percent, shares)
    below, above = (change <= 0).mean(axis=0), (change >= 0).mean(axis=0)
    chance = np.minimum(1, 2 * (np.minimum(below, above) + 1 / len(change)))
    return _told(table, before, after, estimate, chance, least)


def in_detected(before: Seen, after: Seen) -> pd.DataFrame:
    """Return the change of detected bicycles per stop by group, as if the detector were the same.

    The range is of Student's t over streets (squares where none are given): a ratio of sums over
    streets, with the variance of its residuals (Cochran 1977, chapter 6). Columns as in
    `in_bicycles`, but named `detected_`, and before and after are plain sums without a range. The
    range is NA for a group with less than 3 streets.
    """
    groups = _common(before, after)
    cells = _cells(before, after)
    sums = cells.groupby("group")[["stops", "before", "after", "change"]].sum().reindex(groups)
    number = sums["stops"].to_numpy()
    rates = (sums[name].to_numpy() / number for name in ("before", "after", "change"))
    here, there, estimate = rates
    known = cells["group"].map(pd.Series(estimate, index=groups))
    squares = ((cells["change"] - known * cells["stops"]) ** 2).groupby(cells["group"]).sum()
    count = cells.groupby("group").size().reindex(groups).to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(count >= STREETS, count / (count - 1), np.nan)
        error = np.sqrt(squares.reindex(groups).to_numpy() * scale) / number
        statistic = np.where(estimate == 0, 0.0, estimate / error)
        percent, least = 100 * estimate / here, 100 * _POWER * error / here
    chance = np.array([_tail(*one) for one in zip(statistic, count, strict=True)])
    width = error * np.array([_quantile(k - 1) if k >= STREETS else np.nan for k in count])
    table = pd.DataFrame(index=groups)
    table["detected_per_stop_before"], table["detected_per_stop_after"] = here, there
    _fill(table, "detected_change", estimate, np.array([estimate - width, estimate + width]))
    table["detected_change_percent"] = percent
    return _told(table, before, after, estimate, chance, least)


def _common(before: Seen, after: Seen) -> "pd.Index[Any]":
    """Return the groups in which both surveys have stops, in order."""
    here, there = before.stops(), after.stops()
    return here[here > 0].index.intersection(there[there > 0].index).sort_values()


def _rates(side: Seen, groups: "pd.Index[Any]") -> Sums:
    sums = side.sums()
    row = sums.groups.get_indexer(groups)
    stops = side.stops().reindex(groups).to_numpy(dtype=float)
    return Sums(
        groups, sums.estimate[row] / stops, sums.low[:, row] / stops, sums.high[:, row] / stops
    )


def _fill(table: pd.DataFrame, name: str, value: Floats, ends: Any) -> None:
    low, high = (np.where(np.isfinite(end), end, np.nan) for end in ends)
    table[name] = np.where(np.isfinite(value), value, np.nan)
    table[f"{name}_low"], table[f"{name}_high"] = low, high


def _told(
    table: pd.DataFrame,
    before: Seen,
    after: Seen,
    estimate: Floats,
    chance: Floats,
    least: Floats,
) -> pd.DataFrame:
    """Add what the changes of the groups that saw enough streets may be called."""
    streets = _cells(before, after).groupby("group").size().reindex(table.index).to_numpy()
    enough = streets >= STREETS
    found = np.zeros(len(table), dtype=bool)
    found[enough] = ranking.discoveries(chance[enough])
    side = np.where(estimate > 0, MORE, FEWER).astype(object)
    table["told"] = np.where(found & (estimate != 0), side, ALIKE)
    table["least_percent"] = np.where(np.isfinite(least), least, np.nan)
    table.insert(0, "streets_matched", streets)
    return table


def _cells(before: Seen, after: Seen) -> pd.DataFrame:
    """Return what each group shows on each street: stops, detected before and after, and change."""
    keys = ["group", "unit"]
    one, other = (side.parts.groupby(keys)[["stops", "detected"]].sum() for side in (before, after))
    both = one.add_suffix("_before").join(other.add_suffix("_after"), how="outer").fillna(0.0)
    table = pd.DataFrame(
        {
            "stops": (both["stops_before"] + both["stops_after"]) / 2,
            "before": both["detected_before"],
            "after": both["detected_after"],
            "change": both["detected_after"] - both["detected_before"],
        }
    )
    return table[table["stops"] > 0].reset_index()


def _tail(statistic: float, count: float) -> float:
    if count < STREETS or np.isnan(statistic):
        return 1.0
    return ranking.student_tail(statistic, int(count) - 1)


def _quantile(freedom: int) -> float:
    """Return Student's t of which 2.5 % are above, by halving the interval."""
    low, high = 1.0, 20.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (
            (middle, high) if ranking.student_tail(middle, freedom) > 0.05 else (low, middle)
        )
    return high
