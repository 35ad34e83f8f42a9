"""Pressure and shortage of the bicycles that a person would count, with their 95 % ranges.

The figures are those of `ratios`, of every draw of the parked bicycles. They are known where
pressure and shortage of the detected bicycles are, and never change those.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike.parking import ratios

_Floats = npt.NDArray[np.float64]

_ENDS: Final = (0.025, 0.975)


class Parked(NamedTuple):
    """Parked bicycles by groups, such as streets."""

    groups: "pd.Index[Any]"
    estimate: _Floats
    low: _Floats
    """Draws by groups, of which the lower end is read."""
    high: _Floats
    """Draws by groups, of which the upper end is read."""


def of_groups(frame: pd.DataFrame, parked: Parked, key: str) -> pd.DataFrame:
    """Return the columns of streets, or of areas with their pressure alone, on the frame's index.

    Examples:
        >>> street = {"street_id": ["a"], "pressure": [0.8], "rack_capacity": [5], "shortage": [0]}
        >>> draws = np.array([[5.0], [7.0]])
        >>> parked = Parked(pd.Index(["a"]), np.array([6.0]), draws, draws)
        >>> found = of_groups(pd.DataFrame(street), parked, "street_id")
        >>> found[["pressure_by_hand", "shortage_by_hand"]].to_dict("list")
        {'pressure_by_hand': [1.2], 'shortage_by_hand': [2.0]}
    """
    ends = pd.DataFrame(_ends(*parked[1:]), index=parked.groups).reindex(frame[key].array)
    places = frame["rack_capacity"].to_numpy(dtype=float, na_value=np.nan)
    known = {
        "pressure": frame["pressure"].notna().to_numpy(),
        "shortage": frame["shortage"].notna().to_numpy(),
    }
    out = {}
    with np.errstate(divide="ignore", invalid="ignore"):
        for end in ends:
            number = ends[end].to_numpy(dtype=float)
            out[f"pressure_{end}"] = np.where(known["pressure"], number / places, np.nan)
            lacking = ratios.shortage(number, places)
            out[f"shortage_{end}"] = np.where(known["shortage"], lacking, np.nan)
    return pd.DataFrame(out, index=frame.index)


def summed_shortage(streets: pd.DataFrame, parked: Parked, key: str) -> pd.DataFrame:
    """Return the shortages of streets added up by a column of theirs, on its sorted values.

    Each draw is added up by itself: streets that lack places do not all do so in the same draw.
    """
    rows = streets.set_index("street_id").loc[parked.groups]
    places = rows["rack_capacity"].to_numpy(dtype=float, na_value=np.nan)
    lacking = [ratios.shortage(number, places) for number in parked[1:]]
    found = {
        label: _summed(lacking, (rows[key] == label).to_numpy(dtype=bool, na_value=False))
        for label in sorted(rows[key].dropna().unique())
    }
    columns = [f"shortage_{end}" for end in ("by_hand", "low", "high")]
    return pd.DataFrame.from_dict(found, orient="index", columns=columns)


def _summed(lacking: list[_Floats], chosen: npt.NDArray[np.bool_]) -> list[float]:
    """Return the sum and the ends of its range, whole as every shortage is."""
    sums = (each[..., chosen].sum(axis=-1, keepdims=True) for each in lacking)
    ends = _ends(*sums)
    return [
        float(ends["by_hand"][0]),
        *map(float, (*np.floor(ends["low"]), *np.ceil(ends["high"]))),
    ]


def pressure_of_all(parked: Parked, places: float) -> dict[str, float]:
    """Return the pressure of all groups together, by the ends of its range."""
    sums = (each.sum(axis=-1, keepdims=True) for each in parked[1:])
    return {f"pressure_{end}": float(value[0]) / places for end, value in _ends(*sums).items()}


def _ends(estimate: _Floats, low: _Floats, high: _Floats) -> dict[str, _Floats]:
    least = np.quantile(low, _ENDS[0], axis=0)
    return {
        "by_hand": estimate,
        "low": least,
        "high": np.maximum(np.quantile(high, _ENDS[1], axis=0), least),
    }
