"""Colour classes of one figure over the areas."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

ZERO_COLOUR: Final = "#fbfbf3"
COLOURS: Final = ("#d6efb3", "#73c8bd", "#2498c1", "#234da0", "#081d58")
"""Light to dark, told apart with every common colour blindness: after ColorBrewer's YlGnBu."""

DIGITS: Final = 2
"""Decimals shown. Figures that look the same are coloured the same."""


@dataclass(frozen=True)
class Class:
    """The areas whose figure lies from `low` to `high`, both seen in the data."""

    low: float
    high: float
    colour: str


def classify(values: Sequence[float]) -> tuple[list[Class], npt.NDArray[np.intp]]:
    """Put finite values >= 0 into classes; return the classes and each value's class number.

    Zero is a class of its own where it occurs. The positive values are cut at their quantiles
    (inverted empirical distribution, Hyndman & Fan 1996, type 1), so that every edge is a value
    that occurs, and equal values share a class: ties leave fewer than five classes.
    """
    shown = np.round(np.asarray(values, dtype=float), DIGITS)
    shown[(shown == 0) & (np.asarray(values) > 0)] = 10.0**-DIGITS  # little is not nothing
    positive = shown[shown > 0]
    edges = _edges(positive)
    zero = [Class(0, 0, ZERO_COLOUR)] if (shown == 0).any() else []
    numbers = np.where(shown > 0, np.searchsorted(edges, shown) + len(zero), 0)
    within = np.searchsorted(edges, positive)
    ranges = [
        Class(float(members.min()), float(members.max()), colour)
        for members, colour in zip(
            (positive[within == number] for number in range(len(edges))),
            _spread(len(edges)),
            strict=True,
        )
    ]
    return zero + ranges, numbers


def _edges(positive: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the upper edge of each class, ascending and distinct."""
    if not positive.size:
        return positive
    shares = np.arange(1, len(COLOURS) + 1) / len(COLOURS)
    return np.unique(np.quantile(positive, shares, method="inverted_cdf"))


def _spread(count: int) -> list[str]:
    """Take `count` colours, over the whole scale; a single class takes the middle one."""
    if count == 1:
        return [COLOURS[len(COLOURS) // 2]]
    return [COLOURS[i] for i in np.linspace(0, len(COLOURS) - 1, count).round().astype(int)]
