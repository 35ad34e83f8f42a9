"""How many bicycles a photo shows, counted from the masks that the renderer made."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# In pixels of the photo; the masks are half its size each way, so a mask's pixel is four of these.
LEAST_IN_VIEW = 60
"""Visible pixels from which a bicycle is in view: seen whole and side on, 18 pixels long."""
LEAST_SEEN = 240
"""Visible pixels from which it is large enough to be counted: side on, 35 pixels long."""
HALF = 0.5
_PER_MASK_PIXEL = 4


@dataclass(frozen=True)
class Sight:
    """The bicycles that one photo shows."""

    in_view: int
    half_visible: int


def count(masks: Iterable[tuple[NDArray[np.bool_], NDArray[np.bool_]]]) -> Sight:
    """Count from each bicycle's mask as it is, and as it would be with nothing in front of it."""
    in_view = half_visible = 0
    for shown, alone in masks:
        visible = int(shown.sum()) * _PER_MASK_PIXEL
        whole = int(alone.sum()) * _PER_MASK_PIXEL
        in_view += visible >= LEAST_IN_VIEW
        half_visible += visible >= max(LEAST_SEEN, HALF * whole)
    return Sight(in_view, half_visible)
