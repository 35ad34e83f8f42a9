"""How many pixels all threads may decode together, so that memory suffices."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from PIL import Image

_COPIES: Final = {"WEBP": 4}
"""Format -> how many copies of the pixels its decoder holds, if more than one."""


class PixelBudget:
    """Limits the pixels that all threads decode together; a photo above the limit is decoded alone.

    Threads are served in the order in which they ask, so that a large photo is not kept waiting.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used = 0
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def held(self) -> Iterator[Callable[[Image.Image], None]]:
        """Yield what holds the pixels of an image until the end; it waits until there is room.

        Enter it before the image is opened: its memory is free only after it is closed.
        """
        held: list[int] = []

        def hold(image: Image.Image) -> None:
            pixels = image.width * image.height * _COPIES.get(image.format or "", 1)
            self._take(pixels)
            held.append(pixels)

        try:
            yield hold
        finally:
            with self._changed:
                self._used -= sum(held)
                self._changed.notify_all()

    def _take(self, pixels: int) -> None:
        turn = object()
        with self._changed:
            self._waiting.append(turn)
            try:
                self._changed.wait_for(lambda: self._waiting[0] is turn and self._fits(pixels))
                self._used += pixels
            finally:
                self._waiting.remove(turn)
                self._changed.notify_all()

    def _fits(self, pixels: int) -> bool:
        return self._used == 0 or self._used + pixels <= self._limit
