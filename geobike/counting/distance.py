"""How far ahead of the camera a bicycle stands, by the height of its box and by its lower edge.

Two measures with errors of their own. By height: what looks half as high is twice as far; the
error is that bicycles, and what hides part of them, differ. By the lower edge: the wheels stand on
the ground, so the angle below the horizon gives the distance; the error is that the camera tilts,
and that one degree is much at 20 m and nothing at 4 m. Both are combined in log space, weighted by
the inverse of their variances, which were measured on rendered photos of bicycles in known places.
"""

from typing import Final, NamedTuple

import numpy as np

from geobike.counting.arrays import Flags, Floats, Numbers

HEIGHT: Final = 1.12
"""Metres from the lower edge of a box, at the nearest wheel, to the upper, at the handlebar."""

CAMERA_HEIGHT: Final = 1.6
"""Metres above the ground. Where it is wrong, the pitch that is learnt makes up for it."""

HEIGHT_ERROR: Final = 0.15  # standard deviation of ln(distance) by height
_NEAR_WHEEL: Final = 0.3  # metres that the wheel lowest in the box stands before the middle
_GROUND_ERROR: Final = 0.08  # of ln(distance) by the lower edge, were the pitch known
_CUT_ERROR: Final = 0.2  # of a bicycle that the lower edge of the photo cuts off
_CONTRADICTION: Final = 0.5  # of ln(distance): a kerb, a slope, or its wheels are hidden
_HORIZON: Final = 0.03  # radians: the ground is not measured nearer to the horizon
_EDGE: Final = 0.01  # of the height of a photo: a box so near to an edge is cut off by it


class Boxes(NamedTuple):
    """Boxes in the upright photo, as one value per box."""

    photo: Numbers
    """Row of its photo."""
    focal: Floats
    """Focal length of the photo in pixels, NaN where not known."""
    across: Floats
    """Pixels that its middle is right of the photo's."""
    tall: Floats
    """Pixels from its upper to its lower edge."""
    below: Floats
    """Pixels that its lower edge is below the middle of the photo."""
    half_height: Floats
    """Pixels from the middle to the lower edge of the photo."""

    def chosen(self, rows: Flags) -> "Boxes":
        """Return some of the boxes."""
        return Boxes(self.photo[rows], *(values[rows] for values in self[1:]))

    @property
    def cut_below(self) -> Flags:
        """Whether the lower edge of the photo cuts it off."""
        cut: Flags = self.below >= (1 - 2 * _EDGE) * self.half_height
        return cut

    @property
    def cut_above(self) -> Flags:
        """Whether the upper edge of the photo cuts it off."""
        cut: Flags = self.below - self.tall <= (2 * _EDGE - 1) * self.half_height
        return cut


class Distances(NamedTuple):
    """How far ahead of the camera, along its axis, as one value per box."""

    ahead: Floats
    """Metres."""
    error: Floats
    """Standard deviation of ln(distance)."""


def by_height(boxes: Boxes) -> Floats:
    """Return the metres ahead at which a bicycle looks as high as its box (pin-hole camera).

    >>> import numpy as np
    >>> one = [np.array([value]) for value in (0, 533.0, 0.0, 74.6, 80.0, 240.0)]
    >>> by_height(Boxes(*one)).round(2).tolist()
    [8.0]
    """
    return boxes.focal * HEIGHT / boxes.tall


def angle_below(boxes: Boxes) -> Floats:
    """Return the radians that the lower edge of each box is below the optical axis."""
    return np.arctan(boxes.below / boxes.focal)


def distances(boxes: Boxes, pitch: Floats, pitch_error: Floats) -> Distances:
    """Return how far ahead each box stands.

    `pitch` is how far down the camera looks, with its standard deviation, in radians per box.
    Where the two measures contradict each other, the height alone counts.
    """
    tall = by_height(boxes)
    ground = _on_ground(angle_below(boxes) + pitch) + _NEAR_WHEEL
    tall_weight = 1 / HEIGHT_ERROR**2
    ground_weight = 1 / ((pitch_error * ground / CAMERA_HEIGHT) ** 2 + _GROUND_ERROR**2)
    gap = np.log(ground / tall)
    weight = np.where(np.abs(gap) > _CONTRADICTION, 0, ground_weight)
    ahead = tall * np.exp(gap * weight / (tall_weight + weight))
    error = 1 / np.sqrt(tall_weight + weight)
    # Cut off, it looks less high than it is: farther. But it is not beyond the edge that cuts it.
    edge = _on_ground(np.arctan(boxes.half_height / boxes.focal) + pitch)
    return Distances(
        np.where(boxes.cut_below, np.minimum(tall, edge), ahead),
        np.where(boxes.cut_below, _CUT_ERROR, error),
    )


def _on_ground(angle: Floats) -> Floats:
    """Return the metres ahead of the ground at an angle below the horizon, in radians."""
    return CAMERA_HEIGHT / np.tan(np.maximum(angle, _HORIZON))
