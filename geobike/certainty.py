"""Which areas differ clearly from the average: one rule, of the page and of the report.

Where people counted by hand, the draws say it (`geobike.estimates.ranking`, column `group`). Else
the ranges do, against the average of all stops, so that about one in ten of the areas that are
named is named by chance (Benjamini & Hochberg 1995).
"""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from geobike import metrics, schema
from geobike.metrics import Metric

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

ABOVE: Final = "above"
BELOW: Final = "below"
ALIKE: Final = "not told apart"

BY_HAND: Final = "bicycles_per_stop"
"""The metric that hand counts bring, also of the whole survey."""

FALSE_SHARE: Final = 0.10
"""Expected share of false ones among the areas that are named."""

_WIDTH: Final = 2 * 1.96
"""Standard errors in a range of 95 %."""


def average(
    areas: "pd.DataFrame", metric: Metric, *, estimates: Mapping[str, Any] | None = None
) -> float:
    """Return the figure of all stops together, also of areas too little seen to compare them.

    `areas` are area counts, `estimates` what hand counts say of the whole survey. NaN where it is
    not known, and for a metric that is no ratio.
    """
    if metric.name == BY_HAND and estimates and estimates.get(BY_HAND) is not None:
        return float(estimates[BY_HAND])
    if metric.denominator is None:
        return math.nan
    figures = areas[metric.name].astype("float64")
    by = areas[metric.denominator].astype("float64")
    known = figures.notna() & (by > 0)
    weight = float(by[known].sum())
    return float((figures * by)[known].sum()) / weight if weight else math.nan


def groups(
    areas: "pd.DataFrame",
    metric: Metric,
    *,
    estimates: Mapping[str, Any] | None = None,
    min_photos: int = 1,
) -> "pd.Series[str]":
    """Return which areas are above, below or not told apart from the average.

    By the index of `areas`, only those of which it can be said: compared, with a range.
    """
    if metric.name == BY_HAND and estimates:
        return (areas["group"] if "group" in areas else areas["status"].iloc[:0]).dropna()
    mean = average(areas, metric, estimates=estimates)
    if math.isnan(mean) or len(metric.ranges) < 2 or not set(metric.ranges) <= set(areas):
        return areas["status"].iloc[:0]
    shown = areas[is_compared(areas, min_photos)].dropna(subset=[metric.name, *metric.ranges])
    low, high = (shown[end].to_numpy(dtype=np.float64) for end in metric.ranges)
    side = np.where(shown[metric.name].to_numpy(dtype=np.float64) > mean, ABOVE, BELOW)
    named = discoveries(chance(low, high, mean))
    return shown["status"].mask(named, side).mask(~named, ALIKE)


def is_compared(areas: "pd.DataFrame", min_photos: int = 1) -> "pd.Series[bool]":
    """Return which areas were seen well enough to compare them.

    An area may be seen from photos beside it; 1 is what everybody asks for.
    """
    enough = (areas[metrics.PHOTOS] >= min_photos) | (min_photos <= 1)
    return (areas["status"] == schema.COMPARED) & enough


def chance(low: Floats, high: Floats, average: float) -> Floats:
    """Return how likely ranges of 95 % lie this far from the average by chance alone.

    Ranges are symmetric on a logarithmic scale; one that begins at 0 says only whether it holds the
    average. One without width, as where all streets were seen, leaves nothing to chance.

    Examples:
        >>> import numpy as np
        >>> from geobike import certainty
        >>> certainty.chance(np.array([1.0, 2.0]), np.array([4.0, 8.0]), 2.0).round(2).tolist()
        [1.0, 0.05]
    """
    outside = (low > average) | (high < average)
    found: Floats = np.where(outside, np.where(low == high, 0.0, 0.05), 1.0)
    usable = (low > 0) & (low < high) & (average > 0)
    error = np.log(high[usable] / low[usable]) / _WIDTH
    distance = np.abs(np.log(low[usable] * high[usable]) / 2 - math.log(average or 1))
    found[usable] = [math.erfc(one / math.sqrt(2)) for one in distance / error]
    return found


def discoveries(chance: Floats, *, share: float = FALSE_SHARE) -> Flags:
    """Return which hypotheses fall, at this expected share of false ones among them.

    `chance` holds p values. Benjamini & Hochberg's step-up procedure (1995).

    Examples:
        >>> import numpy as np
        >>> from geobike import certainty
        >>> certainty.discoveries(np.array([0.001, 0.04, 0.06, 0.5])).tolist()
        [True, True, True, False]
    """
    order = np.argsort(chance)
    passed = np.flatnonzero(chance[order] <= share * np.arange(1, len(chance) + 1) / len(chance))
    out = np.zeros(len(chance), dtype=bool)
    out[order[: passed[-1] + 1 if len(passed) else 0]] = True
    return out
