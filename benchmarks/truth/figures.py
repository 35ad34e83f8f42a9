"""How far an estimate is from the truth."""

from typing import NamedTuple

import pandas as pd

from benchmarks.truth.estimates import Estimate


class Found(NamedTuple):
    """Estimate and truth side by side."""

    estimate: Estimate
    truth: pd.DataFrame
    """For each box of a parked bicycle, on the index of the boxes: its `bicycle_id`, `area`."""

    @property
    def boxes(self) -> pd.DataFrame:
        """What the estimate says of these boxes."""
        return self.estimate.bicycles.loc[self.truth.index]


def in_the_right_area(given: Found) -> float:
    """Return the share of boxes of parked bicycles that count in the area where these stand."""
    return float((given.boxes["area_id"] == given.truth["area"]).mean())


def by_area(given: Found) -> pd.DataFrame:
    """Return for each area the `estimated` number, and the `true` one: distinct bicycles found."""
    boxes = given.estimate.bicycles
    estimated = boxes.groupby("area_id")["weight"].sum()
    true = given.truth.groupby("area")["bicycle_id"].nunique()
    return pd.DataFrame({"estimated": estimated, "true": true}).fillna(0)


def total(given: Found) -> "pd.Series[float]":
    """Return the `estimated` number of bicycles, and the `true` one: distinct bicycles found."""
    weights = given.estimate.bicycles["weight"]
    return pd.Series({"estimated": weights.sum(), "true": given.truth["bicycle_id"].nunique()})


def error(numbers: "pd.Series[float]") -> float | None:
    """Return how far `estimated` is from `true`, in percent of it; None where that is 0."""
    if not numbers["true"]:
        return None
    return round(100 * float(numbers["estimated"] / numbers["true"] - 1), 1)
