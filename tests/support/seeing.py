"""Detectors that see what is drawn, so that what a wrapper shows them can be held to the truth."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from geobike.detectors.protocol import Box, Detection, DetectorBase


def addressed(width: int, height: int) -> Image.Image:
    """Return a picture in which each pixel says where it is: of a part, the first says its place.

    At most 65,536 pixels wide and 255 high, as colours have no more to say.
    """
    column = np.broadcast_to(np.arange(width), (height, width))
    row = np.broadcast_to(np.arange(height)[:, None], (height, width))
    return Image.fromarray(np.stack([column // 256, column % 256, row], axis=2).astype(np.uint8))


class Addressed(DetectorBase):
    """Knows where objects are in an `addressed` picture, and finds what a part shows of them."""

    name, version = "addressed", "1"

    def __init__(self, objects: Sequence[Box], *, least: float = 0.2) -> None:
        self.objects = objects
        self._least = least
        """Share of an object that is enough to find it."""

    def detect(self, image: Image.Image) -> list[Detection]:
        first = np.asarray(image)[0, 0].astype(int)
        left, top = int(first[0] * 256 + first[1]), int(first[2])
        found = []
        for number, one in enumerate(self.objects):
            xmin, ymin, xmax, ymax = (
                max(one.xmin - left, 0),
                max(one.ymin - top, 0),
                min(one.xmax - left, image.width),
                min(one.ymax - top, image.height),
            )
            area = (one.xmax - one.xmin) * (one.ymax - one.ymin)
            if xmin < xmax and ymin < ymax and (xmax - xmin) * (ymax - ymin) > self._least * area:
                score = 0.9 - number / 1000
                found.append(Detection("bicycle", score, Box(xmin, ymin, xmax, ymax)))
        return found


class Red(DetectorBase):
    """Finds each red thing, as wide as it is."""

    name, version = "red", "1"

    def detect(self, image: Image.Image) -> list[Detection]:
        pixels = np.asarray(image).astype(int)
        red = (pixels[..., 0] > 128) & (pixels[..., 1] < 128)
        columns = np.flatnonzero(red.any(axis=0))
        found = []
        for some in np.split(columns, np.flatnonzero(np.diff(columns) > 3) + 1):
            if len(some):
                rows = np.flatnonzero(red[:, some].any(axis=1))
                box = Box(some[0], rows[0], some[-1] + 1, rows[-1] + 1)
                found.append(Detection("bicycle", 0.9, Box(*map(float, box))))
        return found
