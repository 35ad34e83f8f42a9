"""Classes of values: round numbers, without gaps, light to dark.

The report, the comparison and the GeoPackage cut by this rule. The page cuts what its reader
chooses to see, so its `classes.js` has the rule too; a test holds the two together.
"""

import math
import sys
from collections.abc import Sequence
from typing import Final, NamedTuple

ZERO: Final = "#fbfbf3"
COLOURS: Final = ("#d6efb3", "#73c8bd", "#2498c1", "#234da0", "#081d58")
"""Light to dark, distinguishable with the common colour blindnesses: after ColorBrewer's YlGnBu."""

_STEPS: Final = (0.1, 0.2, 0.25, 0.5, 1, 2, 2.5, 5)
_ROUND: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
_EQUAL: Final = 0.1
"""What equal steps are worth in evenness: they are easier to read."""


class Class(NamedTuple):
    """Values from `low` up to, but not with, `high`; the class of zero alone has both 0."""

    low: float
    high: float
    colour: str

    @property
    def is_open(self) -> bool:
        """Whether it is the last one."""
        return math.isinf(self.high)


def classify(values: Sequence[float], *, whole: bool = False) -> list[Class]:
    """Cut values of 0 and more into classes: zero, where it occurs, and three to five others.

    Of the rows of round numbers, that is taken which the values fill most evenly, rather one of
    equal steps. With `whole`, as for counts, all edges are whole numbers. NaN is in no class.

    Examples:
        >>> [(one.low, one.high) for one in classify([0.0, 0.4, 1.2, 2.6, 3.1, 5.9])]
        [(0, 0), (0.0, 2.0), (2.0, 4.0), (4.0, inf)]
    """
    positive = [value for value in values if value > 0]
    zero = [Class(0, 0, ZERO)] if any(value <= 0 for value in values) else []
    if not positive:
        return zero
    rows = [row for row in _rows(max(positive)) if not whole or all(map(_is_whole, row[0]))]
    edges, _ = max(
        rows or [([0.0], 0.0)],
        key=lambda row: round(_evenness(positive, row[0]) + row[1], 9),
    )
    ends = [*edges[1:], math.inf]
    return zero + [
        Class(low, high, spread(k, len(edges)))
        for k, (low, high) in enumerate(zip(edges, ends, strict=True))
    ]


def class_of(classes: Sequence[Class], value: float) -> Class | None:
    """Return the class that a value is in."""
    if value == 0:
        return Class(0, 0, ZERO)
    return next((one for one in reversed(classes) if one.high > 0 and one.low <= value), None)


def _rows(top: float) -> list[tuple[list[float], float]]:
    """Return rows of lower edges up to the highest value; equal steps come first, with a bonus."""
    power = 10.0 ** math.floor(math.log10(top))
    rows: list[tuple[list[float], float]] = []
    if power * _ROUND[0] < sys.float_info.min:
        return rows  # so small that steps of it are 0 or not exact
    for step in (_tidy(one * power) for one in _STEPS):
        count = math.floor(_tidy(top / step)) + 1
        if 3 <= count <= 5:
            rows.append(([_tidy(k * step) for k in range(count)], _EQUAL))
    below = [edge for edge in (_tidy(one * power) for one in _ROUND) if edge <= top]
    for count in (3, 4):
        ends = range(count, len(below) + 1)
        rows += [([0.0, *below[end - count : end]], 0.0) for end in ends]
    return rows


def _evenness(values: Sequence[float], edges: Sequence[float]) -> float:
    """Return the entropy of the values over the classes, 1 where each holds as many."""
    counts = [0] * len(edges)
    for value in values:
        counts[max(k for k, low in enumerate(edges) if low <= value)] += 1
    if len(edges) == 1:
        return 0.0
    shares = [count / len(values) for count in counts if count]
    return -sum(share * math.log(share) for share in shares) / math.log(len(edges))


def _is_whole(edge: float) -> bool:
    return edge == math.floor(edge)


def _tidy(value: float) -> float:
    """Return a number without the dust of binary fractions: 0.30000000000000004 is 0.3."""
    return float(f"{value:.12g}")


def spread(k: int, count: int) -> str:
    """Return the k-th of `count` colours over the whole scale; of one, the middle."""
    last = len(COLOURS) - 1
    return COLOURS[last // 2 if count == 1 else math.floor(k * last / (count - 1) + 0.5)]


def pale(colour: str) -> str:
    """Return a colour as pale as the page has it where the value may well be the average.

    >>> pale("#234da0")
    '#bac5dc'
    """
    parts = (round(0.27 * int(colour[at : at + 2], 16) + 0.73 * 242) for at in (1, 3, 5))
    return "#" + "".join(f"{part:02x}" for part in parts)
