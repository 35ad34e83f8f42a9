"""A second run, whose answers all come from the store, says of its model what the first said."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import geobike
from geobike.detectors.protocol import Box, Detection
from tests.support.making import photo, squares
from tests.support.tiny_onnx import answering


class Odd:
    """Gives every photo the same labels, and counts how often it was asked."""

    name, version, together = "odd", "1", 1

    def __init__(self, *labels: str) -> None:
        self.labels_, self.asked = labels, 0

    def detect(self, image: Image.Image) -> list[Detection]:
        self.asked += 1
        box = Box(0, 0, image.width / 4, 9)
        return [Detection(label, 0.9, box) for label in self.labels_]


def survey(folder: Path, **options: Any) -> geobike.Survey:
    for number in range(3):
        photo(folder / "photos" / f"{number}.jpg", lon_lat=(4.005, 52.005), size=(90 + number, 60))
    areas = squares(folder / "areas.geojson", ["west"])
    return geobike.Survey(photos=folder / "photos", areas=areas, **options)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ((), "no box at all"),
        (("car",), "no box at all is labelled 'bicycle'"),
        (("bicycle", "Bike"), "some boxes do not count"),
    ],
)
def test_what_a_model_leaves_doubtful_is_said_again(
    tmp_path: Path, labels: tuple[str, ...], said: str
) -> None:
    detector = Odd(*labels)
    plan = survey(tmp_path, detector=detector)
    first, second = (geobike.run(plan, store=tmp_path / "s.sqlite") for _ in range(2))
    assert (first.detected_now, second.detected_now, detector.asked) == (3, 0, 3)
    assert second.warnings == first.warnings
    assert any(said in one for one in first.warnings) or not labels


def test_a_model_in_a_file_that_is_not_opened_again_has_the_same_caveats(tmp_path: Path) -> None:
    model = tmp_path / "m.onnx"
    answers = {
        "labels": np.array([[2]], np.int64),
        "boxes": np.array([[[10, 10, 40, 40]]], np.float32),
        "scores": np.array([[0.9]], np.float32),
    }
    inputs = {"images": ("float32", (1, 3, 32, 32)), "orig_target_sizes": ("int64", (1, 2))}
    model.write_bytes(answering(inputs, **answers))
    choice = geobike.DetectorChoice(kind="onnx", model=str(model), classes="coco80")
    plan = survey(tmp_path, detector=choice)
    first, second = (geobike.run(plan, store=tmp_path / "s.sqlite") for _ in range(2))
    assert (first.detected_now, second.detected_now) == (3, 0)
    assert any("no box at all is labelled 'bicycle'" in one for one in first.warnings)
    assert second.warnings == first.warnings
