"""Many photos through one detector: what is kept, what is given up, what is never begun."""

import threading
import time
from collections.abc import Generator, Iterable
from typing import Any

import pytest
from PIL import Image

from geobike.detectors import concurrency
from geobike.detectors.concurrency import Answer, Photo, detect_many
from geobike.detectors.protocol import Box, Detection
from geobike.errors import CreditsExhausted, DetectionFailed, UnreadablePhoto

FOUND = [Detection("bicycle", 0.9, Box(1, 2, 3, 4))]

PATIENCE = 60
"""Seconds within which the slowest machine comes to what takes this one none."""


class Detector:
    """Waits a moment, then does what was said for the photo that is so many pixels wide.

    The first `begin` photos wait until all of them are with it, however slow the machine is.
    """

    name = version = "slow"

    def __init__(self, *, seconds: float = 0.0, begin: int = 1, **faults: Exception) -> None:
        self.seconds = seconds
        self.faults = faults
        self.begin, self.all_begun = begin, threading.Barrier(begin)
        self.asked: list[int] = []
        self.together = self.most_together = 0
        self._lock = threading.Lock()

    def detect(self, image: Image.Image) -> list[Detection]:
        with self._lock:
            self.asked.append(image.width)
            self.together += 1
            self.most_together = max(self.together, self.most_together)
            first = len(self.asked) <= self.begin
        try:
            if first:
                self.all_begun.wait(PATIENCE)
            time.sleep(self.seconds)
            if fault := self.faults.get(f"at_{image.width}"):
                raise fault
            return FOUND
        finally:
            with self._lock:
                self.together -= 1


def load(key: str) -> Photo:
    if key == "bad":
        raise UnreadablePhoto("cut short")
    image = Image.new("RGB", (int(key), 4))
    return Photo(image, image.size)


def keys(number: int) -> list[str]:
    return [str(width) for width in range(1, number + 1)]


def ended() -> None:
    """Wait until no thread is left that could begin another photo."""
    for thread in threading.enumerate():
        if thread.name == "geobike-photo":
            thread.join(PATIENCE)
            assert not thread.is_alive()


def run(
    photos: Iterable[str], detector: Detector, *, workers: int, **options: Any
) -> tuple[list[Answer], Generator[Answer, None, None]]:
    """Return what is kept, and the run that fills it as it is gone through."""
    kept: list[Answer] = []
    given = {"load": load, "keep": kept.append, "grace": PATIENCE} | options
    return kept, detect_many(photos, detector, workers=workers, **given)


def test_every_photo_gets_its_answer_and_no_more_than_workers_are_detected_at_once() -> None:
    detector = Detector(seconds=0.01, begin=3, at_7=DetectionFailed("refused"))
    answers, running = run([*keys(20), "bad"], detector, workers=3, ahead=5)
    assert list(running) == answers
    assert sorted(answer.key for answer in answers) == sorted([*keys(20), "bad"])
    failed = {answer.key: str(answer.error) for answer in answers if answer.detections is None}
    assert failed == {"7": "refused", "bad": "cut short"}
    assert detector.most_together == 3


def test_boxes_come_back_in_pixels_of_the_original() -> None:
    def shrunk(_: str) -> Photo:
        return Photo(Image.new("RGB", (100, 50)), (400, 100))

    _, running = run(["a"], Detector(), load=shrunk, workers=1)
    (answer,) = running
    assert answer.detections == [Detection("bicycle", 0.9, Box(4, 4, 12, 8))]


def test_an_answer_of_whichever_detector_that_is_not_made_of_boxes_fails_its_photo() -> None:
    class Broken(Detector):
        def detect(self, image: Image.Image) -> list[Detection]:
            score = float("nan") if image.width == 2 else 0.9
            return [*super().detect(image), Detection("bicycle", score, Box(1, 2, 3, 4))]

    kept, running = run(keys(3), Broken(), workers=1)
    assert list(running) == kept
    errors = {answer.key: answer.error for answer in kept if answer.detections is None}
    assert list(errors) == ["2"]
    assert isinstance(errors["2"], DetectionFailed)
    assert "a score of nan" in str(errors["2"])


def test_a_run_that_is_left_begins_no_further_photo_and_keeps_what_is_under_way() -> None:
    detector = Detector(seconds=0.05)
    kept, running = run(keys(100), detector, workers=2, ahead=4)
    for _ in range(3):
        next(running)
    running.close()
    ended()
    assert len(detector.asked) <= 3 + 2
    assert sorted(int(answer.key) for answer in kept) == sorted(detector.asked)


def test_no_more_photos_are_detected_than_are_kept_and_pending() -> None:
    detector = Detector()
    lost: list[int] = []

    def keep(_: Answer) -> None:
        time.sleep(0.005)  # time enough to ask for too many
        lost.append(len(detector.asked) - len(lost))

    _, running = run(keys(40), detector, keep=keep, workers=2, ahead=4)
    assert len(list(running)) == 40
    assert max(lost) <= 2


def test_ctrl_c_while_an_answer_is_kept_loses_none() -> None:
    detector = Detector(seconds=0.05)
    kept: list[str] = []

    def keep(answer: Answer) -> None:
        if len(kept) == 5 and answer.key not in kept:
            kept.append("interrupted")
            raise KeyboardInterrupt
        kept.append(answer.key)

    _, running = run(keys(50), detector, keep=keep, workers=3, ahead=3)
    with pytest.raises(KeyboardInterrupt):
        list(running)
    kept.remove("interrupted")
    assert sorted(map(int, kept)) == sorted(detector.asked)


def test_a_stop_keeps_what_is_under_way_and_begins_nothing_else() -> None:
    detector = Detector(seconds=0.1, at_1=CreditsExhausted("no credit"))
    kept, running = run(keys(1000), detector, workers=4, ahead=4)
    with pytest.raises(CreditsExhausted, match="no credit"):
        list(running)
    asked = len(detector.asked)
    ended()
    assert len(detector.asked) == asked < 1000
    assert sorted(int(answer.key) for answer in kept) == sorted(detector.asked)[1:]


def test_an_answer_that_does_not_come_holds_a_stop_no_longer_than_the_grace() -> None:
    answered = threading.Event()

    class Stuck(Detector):
        def detect(self, image: Image.Image) -> list[Detection]:
            super().detect(image)
            answered.wait(PATIENCE)
            return FOUND

    stuck = Stuck(begin=3, at_1=CreditsExhausted("no credit"))
    kept, running = run(keys(3), stuck, workers=3, grace=0.2)
    begun = time.monotonic()
    with pytest.raises(CreditsExhausted):
        list(running)
    assert time.monotonic() - begun >= 0.2
    assert kept == []  # the other two have no answer yet, and nobody waits for it
    answered.set()


def test_a_fault_of_the_detector_itself_is_not_hidden() -> None:
    _, running = run(keys(9), Detector(at_3=ZeroDivisionError()), workers=2)
    with pytest.raises(ZeroDivisionError):
        list(running)


def test_ctrl_c_just_as_an_answer_arrives_loses_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    arrive = concurrency._Crew.next
    calls = 0

    def interrupted(crew: Any) -> Any:
        nonlocal calls
        found, calls = arrive(crew), calls + 1
        if calls == 3:
            raise KeyboardInterrupt  # as a signal may, before the answer has a name
        return found

    monkeypatch.setattr(concurrency._Crew, "next", interrupted)
    detector, kept = Detector(), list[str]()
    answers = detect_many(
        [str(number) for number in range(1, 21)],
        detector,
        load=load,
        keep=lambda one: kept.append(one.key),
        workers=2,
        grace=PATIENCE,
    )
    with pytest.raises(KeyboardInterrupt):
        list(answers)
    assert {str(width) for width in detector.asked} == set(kept)
