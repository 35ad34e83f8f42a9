"""Pressure and shortage of the bicycles that a person would count, with their 95 % ranges.

The figures are those of `ratios`, of every draw of the parked bicycles. They are known where
pressure and shortage of the detected bicycles are, and never change those.

A pressure is that of the best estimate, and its range holds it: parked bicycles are whole in the
draws, and of an estimate of 0.01 they are none in nearly all. A shortage is the median of the
draws: it never falls below 0, so the shortages of estimates add up to less than most draws say,
even to less than their range.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike.parking import ratios

_Floats = npt.NDArray[np.float64]

_ENDS: Final = (0.025, 0.975)
_NAMES: Final = ("by_hand", "low", "high")


class Parked(NamedTuple):
    """Parked bicycles by groups, such as streets."""

    groups: "pd.Index[Any]"
    estimate: _Floats
    low: _Floats
    """Draws by groups, of which the lower end and the median are read."""
    high: _Floats
    """Draws by groups, of which the upper end is read."""


def of_groups(frame: pd.DataFrame, parked: Parked, key: str) -> pd.DataFrame:
    """Return the columns of streets, or of areas with their pressure alone, on the frame's index.

    Examples:
        >>> street = {"street_id": ["a"], "pressure": [0.8], "rack_capacity": [5], "shortage": [0]}
        >>> draws = np.array([[5.0], [6.0], [7.0]])
        >>> parked = Parked(pd.Index(["a"]), np.array([6.0]), draws, draws)
        >>> found = of_groups(pd.DataFrame(street), parked, "street_id")
        >>> found[["pressure_by_hand", "shortage_by_hand"]].to_dict("list")
        {'pressure_by_hand': [1.2], 'shortage_by_hand': [2.0]}
    """
    middle, low, high = _ends(parked.low, parked.high)
    places = frame["rack_capacity"].to_numpy(dtype=float, na_value=np.nan)
    row = parked.groups.get_indexer(pd.Index(frame[key]))
    out = {}
    with np.errstate(divide="ignore", invalid="ignore"):
        for figure, numbers, formula in (
            ("pressure", _around(parked.estimate, low, high), np.divide),
            ("shortage", (middle, low, high), ratios.shortage),
        ):
            known = frame[figure].notna().to_numpy() & (row >= 0)
            for name, number in zip(_NAMES, numbers, strict=True):
                of_row = np.append(number, np.nan)[row]  # the last is that of -1
                out[f"{figure}_{name}"] = np.where(known, formula(of_row, places), np.nan)
    return pd.DataFrame(out, index=frame.index)


def summed_shortage(streets: pd.DataFrame, parked: Parked, key: str) -> pd.DataFrame:
    """Return the shortages of streets added up by a column of theirs, on its sorted values.

    Each draw is added up by itself: streets that lack places do not all do so in the same draw.
    """
    rows = streets.set_index("street_id").loc[parked.groups]
    places = rows["rack_capacity"].to_numpy(dtype=float, na_value=np.nan)
    lacking = [ratios.shortage(number, places) for number in (parked.low, parked.high)]
    found = {
        label: _summed(lacking, (rows[key] == label).to_numpy(dtype=bool, na_value=False))
        for label in sorted(rows[key].dropna().unique())
    }
    columns = [f"shortage_{name}" for name in _NAMES]
    return pd.DataFrame.from_dict(found, orient="index", columns=columns)


def _summed(lacking: list[_Floats], chosen: npt.NDArray[np.bool_]) -> list[float]:
    """Return the median of the sums and the ends of their range, whole as every shortage is."""
    middle, low, high = _ends(*(each[:, chosen].sum(axis=1, keepdims=True) for each in lacking))
    return [float(middle[0]), float(np.floor(low[0])), float(np.ceil(high[0]))]


def pressure_of_all(parked: Parked, places: float) -> dict[str, float]:
    """Return the pressure of the one group that all together are, and the ends of its range."""
    _, low, high = _ends(parked.low, parked.high)
    figures = zip(_NAMES, _around(parked.estimate, low, high), strict=True)
    return {f"pressure_{name}": float(number[0]) / places for name, number in figures}


def _around(best: _Floats, low: _Floats, high: _Floats) -> tuple[_Floats, _Floats, _Floats]:
    return best, np.minimum(low, best), np.maximum(high, best)


def _ends(low: _Floats, high: _Floats) -> tuple[_Floats, _Floats, _Floats]:
    """Return median, lower and upper end by group; the median is one of the draws."""
    middle = np.quantile(low, 0.5, axis=0, method="lower")
    least = np.quantile(low, _ENDS[0], axis=0)
    return middle, least, np.maximum(np.quantile(high, _ENDS[1], axis=0), least)
