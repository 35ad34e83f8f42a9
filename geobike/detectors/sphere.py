"""Panoramas all around: equirectangular pictures, and level views cut out of them.

Columns of such a picture are equal angles of bearing, rows equal angles above the horizon. A view
is what a camera with a lens would have seen: lines are straight in it, as in the photos on which
models were trained.
"""

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from geobike.detectors.protocol import Box, Size

if TYPE_CHECKING:  # Pillow takes time to import, and a type needs only its name
    from PIL.Image import Image

_ROUNDING: Final = 1.0  # pixel: a picture as wide as a turn, but for this, goes on over its edge

Floats = npt.NDArray[np.float64]


class Sphere(NamedTuple):
    """Where the directions are in a picture: the projection, whatever was cropped from it."""

    turn: float
    """Pixels of 360 degrees."""
    horizon: float
    """Row of what is as high as the camera, from the upper edge; it may be outside the picture."""
    width: float
    """Pixels of the picture."""

    @classmethod
    def of(cls, size: Size) -> "Sphere":
        """Return the projection of a picture that shows everything, poles included."""
        return cls(float(size[0]), size[1] / 2, float(size[0]))

    def resized(self, width: float) -> "Sphere":
        """Return the projection of the picture in another size."""
        scale = width / self.width
        return Sphere(self.turn * scale, self.horizon * scale, width)

    @property
    def closed(self) -> bool:
        """Whether the picture goes all around, so that its edges are a seam."""
        return self.width >= self.turn - _ROUNDING

    @property
    def radian(self) -> float:
        """Pixels of an angle of one radian, across or down."""
        return self.turn / (2 * math.pi)


class View(NamedTuple):
    """A square picture by a level camera, in the middle of a panorama."""

    middle: float
    """Column of the panorama at which the camera looks."""
    half: float
    """Half of its angle of view, in radians."""
    side: int
    """Pixels."""


def cut(image: "Image", sphere: Sphere, view: View) -> "Image":
    """Return a view as an RGB image, by bilinear interpolation; black where nothing is known.

    Source of the projection: J. P. Snyder, Map Projections: A Working Manual, USGS Professional
    Paper 1395, 1987: equidistant cylindrical (12) from gnomonic (22), for a level axis.
    """
    from PIL import Image

    bearing, height = _directions(view.half, view.side)
    column = view.middle + bearing * sphere.radian - 0.5  # of pixel middles
    row = sphere.horizon - height * sphere.radian - 0.5
    pixels = np.asarray(image)
    sampled = _sampled(pixels, column, row, closed=sphere.closed)
    return Image.fromarray(sampled)


def to_panorama(box: Box, sphere: Sphere, view: View) -> Box:
    """Return the box of the panorama that a box of a view is.

    Left and right are exact, as upright lines of a level view are meridians; above and below hold
    for the middle of the box.
    """
    edge = math.tan(view.half)
    left, top, right, bottom = (edge * (2 * side / view.side - 1) for side in box)
    slant = math.hypot(1, (left + right) / 2)
    return Box(
        view.middle + sphere.radian * math.atan(left),
        sphere.horizon + sphere.radian * math.atan(top / slant),
        view.middle + sphere.radian * math.atan(right),
        sphere.horizon + sphere.radian * math.atan(bottom / slant),
    )


@lru_cache(maxsize=4)
def _directions(half: float, side: int) -> tuple[Floats, Floats]:
    """Return bearing from the axis and height above the horizon, in radians, of each pixel."""
    edge = np.tan(half) * (2 * (np.arange(side) + 0.5) / side - 1)
    right, down = np.meshgrid(edge, edge)
    return np.arctan(right), -np.arctan(down / np.hypot(1, right))


def _sampled(
    pixels: npt.NDArray[np.uint8], column: Floats, row: Floats, *, closed: bool
) -> npt.NDArray[np.uint8]:
    """Return the colours at fractions of columns and rows; columns go on over a closed edge."""
    high, wide = pixels.shape[:2]
    left, above = np.floor(column).astype(np.int64), np.floor(row).astype(np.int64)
    right_share = (column - left)[..., None].astype(np.float32)
    below_share = (row - above)[..., None].astype(np.float32)
    columns = [(left + k) % wide if closed else np.clip(left + k, 0, wide - 1) for k in (0, 1)]
    rows = [np.clip(above + k, 0, high - 1) for k in (0, 1)]
    upper, lower = (
        pixels[y, columns[0]] * (1 - right_share) + pixels[y, columns[1]] * right_share
        for y in rows
    )
    out: npt.NDArray[np.uint8] = np.rint(upper * (1 - below_share) + lower * below_share).astype(
        np.uint8
    )
    outside = (row < -1) | (row > high)
    if not closed:
        outside |= (column < -1) | (column > wide)
    out[outside] = 0
    return out
