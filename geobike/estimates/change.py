"""What changed between two surveys on the stops that both saw.

In bicycles, a change is read from the draws of both surveys' hand counts, which know what each
detector missed. Without them only detected bicycles can be compared, as if the detector had been
equally good both times: another season changes what it sees, and 14 % fewer detected can be no
change at all.

Either way a change is one of the group, not of the few places that were seen: bicycles come and go
everywhere. So ranges hold how much the change differs from street to street.

Areas are named as changed where the expected share of false ones among them is 10 %.
"""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from geobike import certainty
from geobike.errors import InputError
from geobike.estimates import ranking
from geobike.estimates.donors import Floats, Rows
from geobike.estimates.draws import Draws, Sums

MORE: Final = "more"
FEWER: Final = "fewer"
ALIKE: Final = certainty.ALIKE

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

    def measured(self, what: str) -> pd.DataFrame:
        """Return the parts with `found`: detected bicycles, or what is expected by hand counts."""
        if what == "detected" or self.draws is None:
            return self.parts.assign(found=self.parts["detected"])
        expected = self.draws.expected[self.parts["look"].to_numpy()]
        return self.parts.assign(found=self.parts["part"] * expected)

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
    stops = _stops(before, after, groups)
    rates = [_rates(side, groups, stops) for side in (before, after)]
    units = _over_units(before, after, groups, "bicycles")
    table = pd.DataFrame({"streets_matched": units.streets}, index=groups)
    for name, rate in zip(("before", "after"), rates, strict=True):
        _fill(table, f"bicycles_per_stop_{name}", rate.estimate, rate.ends())
    estimate = rates[1].estimate - rates[0].estimate
    change = rates[1].low - rates[0].low + _noise(units, len(rates[0].low))
    _fill(table, "bicycles_change", estimate, _ends(change))
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = _ends(change / rates[0].low)
        percent = 100 * estimate / rates[0].estimate
        least = 100 * _POWER * change.std(axis=0) / rates[0].estimate
    _fill(table, "bicycles_change_percent", percent, 100 * shares)
    return _told(table, estimate, ranking.chance(change), least)


def in_detected(before: Seen, after: Seen) -> pd.DataFrame:
    """Return the change of detected bicycles per stop by group, as if the detector were the same.

    The range is of Student's t over streets (squares where none are given): a ratio of sums over
    streets, with the variance of its residuals (Cochran 1977, chapter 6). Columns as in
    `in_bicycles`, but named `detected_`, and before and after are plain sums without a range. The
    range is NA for a group with less than 3 streets, and where no street differs.
    """
    groups = _common(before, after)
    units = _over_units(before, after, groups, "detected")
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(units.change == 0, 0.0, units.change / units.error)
        percent, least = (100 * one / units.before for one in (units.change, _POWER * units.error))
    freedom = units.streets - 1
    known = units.streets >= STREETS
    chance = np.ones(len(groups))
    chance[known] = [
        ranking.student_tail(float(t), int(f))
        for t, f in zip(statistic[known], freedom[known], strict=True)
    ]
    width = units.error * np.array([_quantile(f) if f > 1 else np.nan for f in freedom.tolist()])
    width[units.error == 0] = np.nan
    table = pd.DataFrame({"streets_matched": units.streets}, index=groups)
    table["detected_per_stop_before"], table["detected_per_stop_after"] = units.before, units.after
    _fill(table, "detected_change", units.change, (units.change - width, units.change + width))
    table["detected_change_percent"] = np.where(np.isfinite(percent), percent, np.nan)
    return _told(table, units.change, chance, least)


def _common(before: Seen, after: Seen) -> "pd.Index[Any]":
    """Return the groups in which both surveys have stops, in order."""
    here, there = before.stops(), after.stops()
    return here[here > 0].index.intersection(there[there > 0].index).sort_values()


def _stops(before: Seen, after: Seen, groups: "pd.Index[Any]") -> Floats:
    """Return the stops by group: the mean of both, whose headings differ by what compasses err."""
    both = (before.stops().reindex(groups) + after.stops().reindex(groups)) / 2
    return np.asarray(both, dtype=float)


def _rates(side: Seen, groups: "pd.Index[Any]", stops: Floats) -> Sums:
    sums = side.sums()
    row = sums.groups.get_indexer(groups)
    return Sums(
        groups, sums.estimate[row] / stops, sums.low[:, row] / stops, sums.high[:, row] / stops
    )


def _fill(table: pd.DataFrame, name: str, value: Floats, ends: Any) -> None:
    low, high = (np.where(np.isfinite(end), end, np.nan) for end in ends)
    table[name] = np.where(np.isfinite(value), value, np.nan)
    table[f"{name}_low"], table[f"{name}_high"] = low, high


def _ends(draws: Floats) -> Floats:
    """Return the ends of the range of draws, NaN where all are equal: nothing tells how far off."""
    ends: Floats = np.quantile(draws, _ENDS, axis=0)
    return np.where(np.ptp(draws, axis=0) > 0, ends, np.nan)


def _told(table: pd.DataFrame, estimate: Floats, chance: Floats, least: Floats) -> pd.DataFrame:
    """Add what the changes of the groups that saw enough streets may be called."""
    enough = (table["streets_matched"] >= STREETS).to_numpy()
    found = np.zeros(len(table), dtype=bool)
    found[enough] = certainty.discoveries(chance[enough])
    side = np.where(estimate > 0, MORE, FEWER).astype(object)
    table["told"] = np.where(found & (estimate != 0), side, ALIKE)
    table["least_percent"] = np.where(np.isfinite(least) & (least > 0), least, np.nan)
    return table


class _Units(NamedTuple):
    """Per stop by group, and how much the change differs from street to street."""

    before: Floats
    after: Floats
    change: Floats
    error: Floats
    """Standard error of the change; NaN below 3 streets."""
    streets: Rows


def _over_units(before: Seen, after: Seen, groups: "pd.Index[Any]", what: str) -> _Units:
    keys = ["group", "unit"]
    one, other = (
        side.measured(what).groupby(keys)[["stops", "found"]].sum() for side in (before, after)
    )
    both = one.add_suffix("_before").join(other.add_suffix("_after"), how="outer").fillna(0.0)
    stops = (both["stops_before"] + both["stops_after"]) / 2
    both = both.assign(stops=stops, change=both["found_after"] - both["found_before"])[stops > 0]
    group = both.index.get_level_values("group")
    sums = both.groupby(group).sum().reindex(groups)
    number = sums["stops"].to_numpy()
    rates = sums[["found_before", "found_after", "change"]].to_numpy().T / number
    known = pd.Series(rates[2], index=groups).reindex(group).to_numpy()
    squares = ((both["change"] - known * both["stops"]) ** 2).groupby(group).sum()
    count: Rows = np.asarray(both.groupby(group).size().reindex(groups), dtype=np.intp)
    with np.errstate(divide="ignore"):
        scale = np.where(count >= STREETS, count / (count - 1), np.nan)
    error = np.sqrt(squares.reindex(groups).to_numpy() * scale) / number
    # Less than one bicycle is how the ground in view is shared out, not a change.
    least = np.where(np.abs(rates[2]) * number < 1, np.abs(rates[2]), 0.0)
    return _Units(rates[0], rates[1], rates[2], np.maximum(error, least), count)


def _noise(units: _Units, draws: int) -> Floats:
    """Return draws by groups of how other streets would move the change: Student's t by street."""
    rng = np.random.default_rng(0)
    freedom = np.maximum(units.streets - 1, 1)
    return rng.standard_t(freedom, (draws, len(freedom))) * units.error


def _quantile(freedom: int) -> float:
    """Return Student's t of which 2.5 % are above, by halving the interval."""
    low, high = 1.0, 20.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (
            (middle, high) if ranking.student_tail(middle, freedom) > 0.05 else (low, middle)
        )
    return high
