"""Run one detector on many photos, several at a time, with a bounded number in memory."""

import os
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, as_completed, wait
from contextlib import suppress
from itertools import islice
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

    def begin(number: int) -> set[Future[Answer[Key] | None]]:
        return {_in_thread(answer, key) for key in islice(waiting, number)}

    def close() -> None:
        closing.set()
        places.release(workers + ahead)  # whoever waits for a place learns that there is no need

    found: Answer[Key] | None = None
    done: set[Future[Answer[Key] | None]] = set()
    running = begin(workers + ahead)
    try:
        while running or done:
            if not done:
                done, running = wait(running, return_when=FIRST_COMPLETED)
            found = done.pop().result()
            if found is not None:
                keep(found)
                places.release()
                running |= begin(1)
                answered, found = found, None
                yield answered
    except (DetectorStopped, KeyboardInterrupt, GeneratorExit):  # the last: Ctrl-C met the caller
        close()
        if found is not None:
            keep(found)
        for last in _last_answers(running | done, grace):
            keep(last)
        raise
    finally:
        close()


def _last_answers(
    futures: set[Future[Answer[Key] | None]], seconds: float
) -> Iterator[Answer[Key]]:
    with suppress(TimeoutError):
        for future in as_completed(futures, timeout=seconds):
            if future.exception() is None and (found := future.result()) is not None:
                yield found


def _in_thread(work: Callable[[Key], Answer[Key] | None], key: Key) -> Future[Answer[Key] | None]:
    """Start work on a photo in a daemon thread, for which the end of the program does not wait."""
    future: Future[Answer[Key] | None] = Future()

    def run() -> None:
        try:
            future.set_result(work(key))
        except BaseException as error:  # noqa: BLE001 - handed to the caller, who raises it
            future.set_exception(error)

    threading.Thread(target=run, name="geobike-photo", daemon=True).start()
    return future
