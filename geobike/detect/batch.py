"""Many photos through one detector: several at a time, never more in memory than needed."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from geobike.detect import Detection, Detector
from geobike.errors import DetectorStopped, PhotoError

if TYPE_CHECKING:
    from PIL.Image import Image


class Answer(NamedTuple):
    """What became of one photo: its detections, or why there are none."""

    key: str
    detections: list[Detection] | None
    error: PhotoError | None = None


def detect_many(
    keys: Iterable[str],
    detector: Detector,
    *,
    load: Callable[[str], "Image"],
    workers: int,
) -> Iterator[Answer]:
    """Yield an answer for each key, in the order in which they come.

    `load` gives a key's upright RGB image and runs, like the detector, in `workers` threads.
    After DetectorStopped no further photo is begun; the answers of those under way are still
    yielded before it is raised, so that what was paid for can be kept.
    """

    def answer(key: str) -> Answer:
        try:
            return Answer(key, detector.detect(load(key)))
        except PhotoError as error:
            return Answer(key, None, error)

    waiting = iter(keys)
    stopped: DetectorStopped | None = None
    pool = ThreadPoolExecutor(workers, thread_name_prefix="detect")
    try:
        # One photo more than workers is under way, so that no worker waits for the next.
        running = {pool.submit(answer, key) for key in islice(waiting, workers + 1)}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                try:
                    yield future.result()
                except DetectorStopped as error:
                    stopped = stopped or error
            if stopped is None:
                running |= {pool.submit(answer, key) for key in islice(waiting, len(done))}
            else:
                running = {future for future in running if not future.cancel()}
        if stopped is not None:
            raise stopped
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
