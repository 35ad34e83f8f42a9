"""Run one detector on many photos, several at a time, with a bounded number in memory."""

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

from geobike.detectors import check
from geobike.detectors.protocol import Detection, Detector
from geobike.errors import DetectorStopped, PhotoError

if TYPE_CHECKING:
    from PIL.Image import Image

Key = TypeVar("Key")
"""What identifies a photo for the caller."""

GRACE: Final = 1.0
"""Seconds that a stopped run waits for pending answers."""

PAID_GRACE: Final = 5.0
"""The same where answers are paid for. DETR takes 1 to 3."""


class Photo(NamedTuple):
    """An upright RGB image, and the (width, height) of its original, which may be larger."""

    image: "Image"
    size: tuple[int, int]
    detect: "Callable[[Image], list[Detection]] | None" = None
    """What detects in it, where that is not the same for all photos."""

    @property
    def scale(self) -> tuple[float, float]:
        """Pixels of the original for one of the image, across and down."""
        return self.size[0] / self.image.width, self.size[1] / self.image.height


class Answer(NamedTuple, Generic[Key]):
    """Outcome for one photo: its detections in pixels of the original, or why there are none."""

    key: Key
    detections: list[Detection] | None
    error: PhotoError | None = None


def detect_many(
    keys: Iterable[Key],
    detector: Detector,
    *,
    load: Callable[[Key], Photo],
    keep: Callable[[Answer[Key]], None],
    workers: int,
    ahead: int = 1,
    grace: float = GRACE,
) -> Generator[Answer[Key], None, None]:
    """Pass the answer for each key to `keep`, in the order in which they arrive, then yield it.

    At most `workers` photos are with the detector. One counts until its answer is kept, so that a
    run that is killed loses no more answers than that. `ahead` further photos are loaded meanwhile.

    After DetectorStopped or Ctrl-C, and where the caller stops iterating, no further photo is
    started; pending answers that arrive within `grace` seconds are still kept. A second Ctrl-C ends
    that too. `keep` may get an answer twice, if Ctrl-C came while it ran.
    """
    waiting = iter(keys)
    places = threading.Semaphore(workers)
    loading = threading.Semaphore(os.cpu_count() or 1)  # more at once would only finish later
    closing = threading.Event()

    def answer(key: Key) -> Answer[Key] | None:
        with loading:
            try:
                photo: Photo | PhotoError = load(key)
            except PhotoError as error:
                photo = error
        places.acquire()
        if closing.is_set():
            return None
        if isinstance(photo, PhotoError):
            return Answer(key, None, photo)
        try:
            found = (photo.detect or detector.detect)(photo.image)
            return Answer(key, check.detections(found, scale=photo.scale))
        except PhotoError as error:
            return Answer(key, None, error)
        except DetectorStopped:
            closing.set()
            raise

    crew = _Crew(answer)

    def begin(number: int) -> None:
        for key in islice(waiting, number):
            crew.begin(key)

    def close() -> None:
        closing.set()
        places.release(workers + ahead)  # whoever waits for a place learns that there is no need
        crew.dismiss()

    try:
        begin(workers + ahead)
        while crew.busy:
            found = crew.next()
            if found is not None:
                keep(found)
            crew.drop()
            if found is not None:
                places.release()
                begin(1)
                yield found
    except (DetectorStopped, KeyboardInterrupt, GeneratorExit):  # the last: Ctrl-C met the caller
        close()
        for last in crew.last(grace):
            keep(last)
        raise
    finally:
        close()


class _Crew(Generic[Key]):
    """Daemon threads, for which the end of the program does not wait; each works on photos in turn.

    A thread for each photo would take a third of the time that the caller has for small ones.
    """

    def __init__(self, work: Callable[[Key], Answer[Key] | None]) -> None:
        self.busy = 0
        """Photos that were begun and not dropped."""
        self._work = work
        self._threads = 0
        self._keys: SimpleQueue[tuple[Key] | None] = SimpleQueue()
        self._ended: deque[tuple[Answer[Key] | None, BaseException | None]] = deque()
        self._bell: SimpleQueue[None] = SimpleQueue()  # rung for each that ended

    def begin(self, key: Key) -> None:
        """Start work on a photo at once, in a thread of its own for the time being."""
        self.busy += 1
        self._keys.put((key,))
        if self.busy > self._threads:
            threading.Thread(target=self._run, name="geobike-photo", daemon=True).start()
            self._threads += 1

    def next(self) -> Answer[Key] | None:
        """Wait for a photo that ended, which stays the next one; raise what its work raised."""
        self._bell.get()
        found, error = self._ended[0]
        if error is not None:
            raise error
        return found

    def drop(self) -> None:
        """Drop the photo that `next` gave. Until then no Ctrl-C can lose it, wherever it comes."""
        self._ended.popleft()
        self.busy -= 1

    def last(self, seconds: float) -> Iterator[Answer[Key]]:
        """Yield the answers that were not dropped, or arrive within so many seconds."""
        end = time.monotonic() + seconds
        with suppress(Empty):
            while self.busy > 0:
                while not self._ended:
                    self._bell.get(timeout=max(0.0, end - time.monotonic()))
                found, error = self._ended[0]
                self.drop()
                if error is None and found is not None:
                    yield found

    def dismiss(self) -> None:
        """Let every thread end once it has ended its work."""
        for _ in range(self._threads):
            self._keys.put(None)
        self._threads = 0

    def _run(self) -> None:
        while (task := self._keys.get()) is not None:
            try:
                self._ended.append((self._work(*task), None))
            except BaseException as error:  # noqa: BLE001 - handed to the caller, who raises it
                self._ended.append((None, error))
            self._bell.put(None)
