"""How many bicycles a photo shows, counted from the masks that the renderer made."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Masks = Iterable[tuple[NDArray[np.bool_], NDArray[np.bool_]]]
"""Of each bicycle: the pixels that it shows, and those that it would show alone."""

# In pixels of a photo of 640 x 480; the masks are half that size each way, whatever size the photo
# is kept in, so a mask's pixel is four of these.
LEAST_IN_VIEW = 60
"""Visible pixels from which a bicycle is in view: seen whole and side on, 18 pixels long."""
LEAST_SEEN = 240
"""Visible pixels from which it is large enough to be counted: side on, 35 pixels long."""
HALF = 0.5
_PER_MASK_PIXEL = 4


@dataclass(frozen=True)
class Look:
    """What one photo shows of one bicycle."""

    visible: int  # pixels
    whole: int  # with nothing in front of it, and the frame wider
    box: tuple[float, float, float, float]  # shares of the photo: left, top, right, bottom

    @property
    def in_view(self) -> bool:
        """Whether it shows at all."""
        return self.visible >= LEAST_IN_VIEW

    @property
    def half_visible(self) -> bool:
        """Whether a person would count it."""
        return self.visible >= max(LEAST_SEEN, HALF * self.whole)


@dataclass(frozen=True)
class Sight:
    """The bicycles that one photo shows."""

    in_view: int
    half_visible: int


def looks(masks: Masks) -> list[Look]:
    """Measure each bicycle's masks: as it is, and as it would be with nothing in front of it."""
    return [
        Look(
            int(shown.sum()) * _PER_MASK_PIXEL,
            int(alone.sum()) * _PER_MASK_PIXEL,
            _box(shown),
        )
        for shown, alone in masks
    ]


def count(masks: Masks) -> Sight:
    """Count the bicycles that are in view, and those that a person would count."""
    seen = looks(masks)
    return Sight(sum(look.in_view for look in seen), sum(look.half_visible for look in seen))


def _box(shown: NDArray[np.bool_]) -> tuple[float, float, float, float]:
    """Return the box about what shows; all 0 where nothing does."""
    if not shown.any():
        return (0.0, 0.0, 0.0, 0.0)
    high, wide = shown.shape
    rows, columns = (np.flatnonzero(shown.any(axis=axis)) for axis in (1, 0))
    edges: tuple[Any, ...] = (
        columns[0] / wide,
        rows[0] / high,
        (columns[-1] + 1) / wide,
        (rows[-1] + 1) / high,
    )
    left, top, right, bottom = (round(float(edge), 4) for edge in edges)
    return (left, top, right, bottom)


RIDDEN = "ridden"
"""Stands in place of its name where somebody rides the bicycle."""


def named(names: Sequence[str], seen: Sequence[Look]) -> list[dict[str, Any]]:
    """Return the bicycles that show at all, to be kept as JSON."""
    return [
        {"bicycle": name} | asdict(look)
        for name, look in zip(names, seen, strict=True)
        if look.visible
    ]


def look(kept: Mapping[str, Any]) -> Look:
    """Return what was kept of one bicycle."""
    return Look(kept["visible"], kept["whole"], tuple(kept["box"]))
