"""Classes of values, as the page's `classes.js` cuts them: the same edges, the same colours."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

ZERO: Final = "#fbfbf3"
COLOURS: Final = ("#d6efb3", "#73c8bd", "#2498c1", "#234da0", "#081d58")
"""Light to dark, distinguishable with the common colour blindnesses: after ColorBrewer's YlGnBu."""


class Class(NamedTuple):
    """A range of values that one colour means, both ends included; they occur among the values."""

    low: float
    high: float
    colour: str


def classify(values: Sequence[float], digits: int) -> list[Class]:
    """Cut values, as shown with `digits` decimals, at quantiles of the positive ones; zero apart.

    The quantiles are of the inverted empirical distribution (Hyndman & Fan 1996, type 1), so that
    every edge is a value that occurs, and equal values share a class.

    Examples:
        >>> [(one.low, one.high) for one in classify([0, 0.5, 2, 7], 2)]
        [(0.0, 0.0), (0.5, 0.5), (2.0, 2.0), (7.0, 7.0)]
    """
    scale = 10**digits
    shown = [_steps(value, scale) for value in values]
    positive = sorted(step for step in shown if step > 0)
    n, steps = len(positive), len(COLOURS)
    cuts = [positive[-(-(k + 1) * n // steps) - 1] for k in range(steps)] if n else []
    edges = list(dict.fromkeys(cuts))
    found = [Class(0.0, 0.0, ZERO)] if 0 in shown else []
    for k, high in enumerate(edges):
        low = next(step for step in positive if not k or step > edges[k - 1])
        found.append(Class(low / scale, high / scale, _spread(k, len(edges))))
    return found


def _steps(value: float, scale: int) -> int:
    """Return a value in steps of its last decimal; a small one never becomes zero."""
    return max(1, math.floor(value * scale + 0.5)) if value > 0 else 0


def _spread(k: int, count: int) -> str:
    """Return the k-th of `count` colours over the whole scale; of one, the middle."""
    last = len(COLOURS) - 1
    return COLOURS[last // 2 if count == 1 else math.floor(k * last / (count - 1) + 0.5)]
