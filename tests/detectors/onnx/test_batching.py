"""Several photos in one run of a model: each gets its own answer, whoever it ran with."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from geobike.detectors.onnx.batching import Batcher, Inputs, Outputs
from geobike.detectors.onnx.detector import OnnxDetector
from geobike.errors import DetectionFailed
from tests.support.tiny_onnx import coloured


class Model:
    """Doubles what it is given. Its first run lasts until it is let go, so that others wait."""

    def __init__(self, fault: Callable[[int], bool] = lambda _: False) -> None:
        self.go, self.begun = threading.Event(), threading.Event()
        self.fault = fault
        self.batches: list[int] = []

    def __call__(self, feeds: Inputs) -> Outputs:
        given = feeds["pixels"]
        self.batches.append(len(given))
        self.begun.set()
        assert self.go.wait(60)
        if self.fault(len(given)):
            raise DetectionFailed("too much at once")
        return [given * 2, given.sum(axis=1)]


def ask(
    model: Callable[[Inputs], Outputs], photos: list[np.ndarray], *, most: int
) -> list[Outputs]:
    """Ask for the first photo, and for the others while it is with the model."""
    gathered = Batcher(model, most)
    with ThreadPoolExecutor(len(photos)) as pool:
        answers = [pool.submit(gathered, {"pixels": photos[0]})]
        assert model.begun.wait(60)
        answers += [pool.submit(gathered, {"pixels": photo}) for photo in photos[1:]]
        while len(gathered._waiting) < len(photos) - 1:  # all of them wait for their turn
            time.sleep(0.001)
        model.go.set()
        return [answer.result(60) for answer in answers]


def photos(number: int, width: int = 3) -> list[np.ndarray]:
    return [np.full((1, width), float(n)) for n in range(number)]


def held(answers: list[Outputs], given: list[np.ndarray]) -> None:
    for (doubled, summed), photo in zip(answers, given, strict=True):
        np.testing.assert_array_equal(doubled, photo * 2)
        np.testing.assert_array_equal(summed, photo.sum(axis=1))


def test_photos_that_wait_go_together_and_the_first_waits_for_nobody() -> None:
    model, given = Model(), photos(8)
    held(ask(model, given, most=4), given)
    assert model.batches == [1, 4, 3]


def test_photos_of_another_shape_go_apart() -> None:
    model, given = Model(), photos(3) + photos(2, width=5)
    held(ask(model, given, most=4), given)
    assert sorted(model.batches) == [1, 2, 2]


def test_a_batch_that_fails_is_tried_in_smaller_ones() -> None:
    model, given = Model(fault=lambda photos: photos > 2), photos(9)
    held(ask(model, given, most=8), given)
    assert max(model.batches[-3:]) <= 2


def test_a_photo_that_fails_alone_takes_no_other_along() -> None:
    def run(feeds: Inputs) -> Outputs:
        if 3.0 in feeds["pixels"]:
            raise DetectionFailed("this one")
        return [feeds["pixels"]]

    gathered = Batcher(run, 4)
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(gathered, {"pixels": photo}) for photo in photos(8)]
    failed = [n for n, answer in enumerate(answers) if answer.exception()]
    assert failed == [3]


def test_a_model_that_answers_for_one_whatever_it_is_given_gets_one_at_a_time() -> None:
    class One(Model):
        def __call__(self, feeds: Inputs) -> Outputs:
            return [answer[:1] for answer in super().__call__(feeds)]

    model, given = One(), photos(5)
    held(ask(model, given, most=4), given)
    assert model.batches[:2] == [1, 4]


@pytest.mark.parametrize("fixed", [1, "N"])
def test_a_detector_finds_the_same_in_batches_as_one_by_one(tmp_path, fixed) -> None:
    pytest.importorskip("onnxruntime", reason="needs the extra `local`: onnxruntime")
    path = tmp_path / "model.onnx"
    path.write_bytes(coloured(fixed))
    colours = np.random.default_rng(6).integers(0, 256, (40, 3)).tolist()
    pictures = [Image.new("RGB", (50, 40), tuple(colour)) for colour in colours]
    together = OnnxDetector(path, batch=4)
    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(together.detect, pictures))
    alone = OnnxDetector(path, batch=1)
    assert found == [alone.detect(picture) for picture in pictures]
    assert len({one.label for (one, *_) in found}) > 3
