"""A detector around a detector: it looks at a photo in windows that overlap.

A model is shown a photo at its own size, some 640 pixels. In a strip, or far away, too few of them
are left for a bicycle. Windows show it parts of the photo, each at that size; the whole photo is
shown as well, for what is larger than a window.
"""

from typing import TYPE_CHECKING, Final

from geobike.detectors.merging import Look, merge, shown_whole
from geobike.detectors.protocol import Box, Detection, Detector, DetectorBase, Size, Wrapper
from geobike.errors import InputError

if TYPE_CHECKING:  # Pillow takes time to import, and a type needs only its name
    from PIL.Image import Image

MOST: Final = 16
"""Windows along the longer side: with as many, a model sees every pixel of a large photo."""

OVERLAP: Final = 0.25
"""Share of a window that the next one shows too: what is smaller is whole in one of them."""

SHAPE: Final = 4 / 3
"""Width over height of the windows along a strip: the shape of most photos."""

RULES: Final = 1
"""Number of the rules of layout and merging; detections by others are not mixed with these."""


class Windows(Wrapper):
    """Looks at windows of a photo and at the whole, and returns each object once.

    `number` is that of windows along the longer side; the shorter side has as many as keep them as
    square. None: as many as give a strip windows of 4 : 3. It is part of `name` and `version`.
    """

    def __init__(self, inner: Detector | DetectorBase, number: int | None = None) -> None:
        said = "auto" if number is None else number
        super().__init__(inner, parameters=f"windows {said}, rules {RULES}")
        self._number = number

    def input_size(self, size: Size) -> Size:
        """Return the (width, height) of a photo at which its windows have the model's size."""
        if self.inner.input_size is None:
            return size
        left, top, right, bottom = layout(size, self._number)[0]
        window = right - left, bottom - top
        wanted = self.inner.input_size(window)
        scale = max(new / old for new, old in zip(wanted, window, strict=True))
        if scale >= 1:
            return size
        return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))

    def requests(self, size: Size) -> int:
        """Return how many pictures the inner detector is shown of a photo of this size."""
        return len(layout(size, self._number)) + 1

    def upload(self, image: "Image") -> bytes | None:
        """Return what the inner detector sends of all windows and the whole."""
        sent = [self.inner.upload(part) for part in (image, *self._parts(image))]
        return None if None in sent else b"".join(filter(None, sent))

    def detect(self, image: "Image") -> list[Detection]:
        """Return what the inner detector finds in the windows and in the whole, each once."""
        whole = Box(0, 0, *image.size)
        windows = [Box(*window) for window in layout(image.size, self._number)]
        looks = [
            Look(window, [_moved(one, window) for one in self.inner.detect(part)])
            for window, part in zip(windows, self._parts(image), strict=True)
        ]
        found = self.inner.detect(image)
        if self._number is None:  # squeezed: good for no more than what no window shows
            found = [one for one in found if not shown_whole(one.box, windows, whole)]
        return merge([*looks, Look(whole, found)], whole)

    def _parts(self, image: "Image") -> "list[Image]":
        return [image.crop(window) for window in layout(image.size, self._number)]


def layout(size: Size, number: int | None = None) -> list[tuple[int, int, int, int]]:
    """Return the windows of a photo of this (width, height): left, top, right, bottom.

    `number` is that of windows along the longer side, as for `Windows`.

    >>> layout((600, 100))
    [(0, 0, 133, 100), (93, 0, 226, 100), (187, 0, 320, 100), (280, 0, 413, 100), \
(374, 0, 507, 100), (467, 0, 600, 100)]
    >>> len(layout((4000, 3000), 2))
    4
    """
    longer, shorter = max(size), min(size)
    if number is None:
        long_window = min(float(longer), SHAPE * shorter)
        number = _count(longer, long_window)
    else:
        long_window = longer / (number - (number - 1) * OVERLAP)
    across = _count(shorter, long_window)
    short_window = shorter / (across - (across - 1) * OVERLAP)
    along = _spans(longer, long_window, number)
    beside = _spans(shorter, short_window, across)
    wide = size[0] >= size[1]
    return [(a, b, c, d) if wide else (b, a, d, c) for b, d in beside for a, c in along]


def _count(length: int, window: float) -> int:
    """Return how many windows of a length cover another, overlapping by `OVERLAP` or more."""
    if window >= length:
        return 1
    return -int(-(length - OVERLAP * window) // ((1 - OVERLAP) * window))


def _spans(length: int, window: float, count: int) -> list[tuple[int, int]]:
    """Return where the windows begin and end, spread evenly."""
    width = min(length, round(window))
    gaps = max(1, count - 1)
    return [
        (round((length - width) * k / gaps), round((length - width) * k / gaps) + width)
        for k in range(count)
    ]


def _moved(one: Detection, window: Box) -> Detection:
    left, top = window.xmin, window.ymin
    xmin, ymin, xmax, ymax = one.box
    return Detection(one.label, one.score, Box(xmin + left, ymin + top, xmax + left, ymax + top))


def number(text: str) -> int | None:
    """Return the number of windows of `--windows N`. Raises InputError."""
    if not (text.isascii() and text.isdigit() and 2 <= int(text) <= MOST):
        raise InputError(
            f"--windows {text!r} is not auto, no or a number of windows along the longer side from "
            f"2 to {MOST}"
        )
    return int(text)
