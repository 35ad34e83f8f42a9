"""A survey whose model does not answer with boxes: photos fail, or the run stops; no zeros."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import geobike
from geobike.detections.store.sqlite import Store
from geobike.detectors.protocol import Box, Detection
from geobike.errors import ModelUnavailable
from tests.support.making import handed, photo, squares
from tests.support.tiny_onnx import answering

WIDTHS = (30, 40, 50, 60, 70, 80, 90)


class Sometimes:
    """Answers NaN for photos of some widths, and one bicycle for the others."""

    name, version, together = "sometimes", "1", 1

    def __init__(self, *broken: int) -> None:
        self.broken = broken
        self.asked: list[int] = []

    def detect(self, image: Image.Image) -> list[Detection]:
        self.asked.append(image.width)
        score = float("nan") if image.width in self.broken else 0.9
        return [Detection("bicycle", score, Box(0, 0, 9, 9))]


def survey(folder: Path, widths: tuple[int, ...] = WIDTHS, **options: Any) -> geobike.Survey:
    for place, width in enumerate(widths):
        name = f"{place}-{width}.jpg"
        photo(folder / "photos" / name, lon_lat=(4.005, 52.005), size=(width, 20))
    areas = squares(folder / "areas.geojson", ["west"])
    return geobike.Survey(photos=folder / "photos", areas=areas, **options)


def run(folder: Path, widths: tuple[int, ...] = WIDTHS, **options: Any) -> geobike.SurveyResult:
    return geobike.run(survey(folder, widths, **options), store=folder / "store.sqlite")


def kept(folder: Path) -> list[int]:
    with Store(folder / "store.sqlite", read_only=True) as store:
        return list(store.models().values())


def test_photos_with_such_an_answer_are_failed_and_the_others_count(tmp_path: Path) -> None:
    result = run(tmp_path, detector=Sometimes(*WIDTHS[1:]))
    assert result.photos["status"].tolist() == ["counted"] + ["failed"] * 6
    assert result.photos["bicycle_count"].fillna(-1).tolist() == [1] + [-1] * 6
    assert "a score of nan, not from 0 to 1" in result.photos["reason"].iloc[1]
    assert result.areas["photo_count"].tolist() == [1]
    assert kept(tmp_path) == [1]


@pytest.mark.parametrize(("widths", "asked"), [(WIDTHS, 5), (WIDTHS[:2], 2)])
def test_the_run_stops_where_no_photo_has_another_answer(
    tmp_path: Path, widths: tuple[int, ...], asked: int
) -> None:
    detector = Sometimes(*WIDTHS)
    said = rf"sometimes gives no usable answer \(photos tried: {asked}\).* score of nan.*; name"
    with pytest.raises(ModelUnavailable, match=said) as stopped:
        run(tmp_path, widths, detector=detector, workers=1)
    assert stopped.value.exit_code == 3
    assert asked <= len(detector.asked) <= asked + 1
    assert kept(tmp_path) == []


def test_a_later_run_does_not_stop_at_the_photos_that_fail_again(tmp_path: Path) -> None:
    for _ in range(2):
        result = run(tmp_path, detector=Sometimes(*WIDTHS[1:]), workers=1)
        assert result.photos["status"].tolist() == ["counted"] + ["failed"] * 6


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("logits", np.nan),
        ("logits", np.inf),
        ("logits", -np.inf),
        ("pred_boxes", np.nan),
        ("scores", np.nan),
        ("scores", 7.0),
        ("scores", -7.0),
        ("boxes", np.inf),
        ("labels", np.inf),
        ("labels", np.nan),
    ],
)
def test_a_model_that_answers_so_for_every_photo_stops_the_run(
    tmp_path: Path, name: str, value: float
) -> None:
    pytest.importorskip("onnxruntime", reason="needs the extra `local`: onnxruntime")
    chosen = geobike.DetectorChoice(
        kind="onnx", model=str(broken_model(tmp_path, name, value)), classes="coco80"
    )
    with pytest.raises(ModelUnavailable, match=r"model\.onnx gives no usable answer.*name another"):
        run(tmp_path, detector=chosen)
    assert kept(tmp_path) == []


def test_the_command_then_ends_with_3_and_one_line_and_without_a_map(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="needs the extra `local`: onnxruntime")
    done = command(tmp_path, broken_model(tmp_path, "logits", np.nan))
    assert done.returncode == 3
    assert "model.onnx gives no usable answer" in done.stderr
    assert "Traceback" not in done.stderr
    assert kept(tmp_path) == []
    assert not (tmp_path / "out" / "map.html").exists()


def test_the_handed_model_that_answers_nan_ends_the_command_with_3(
    tmp_path: Path, shared: Path
) -> None:
    pytest.importorskip("onnxruntime", reason="needs the extra `local`: onnxruntime")
    done = command(tmp_path, handed(shared, "model-answers-nan.onnx"))
    assert done.returncode == 3
    assert "not finite, such as nan; name another model" in " ".join(done.stderr.split())


def broken_model(folder: Path, name: str, value: float) -> Path:
    """Write a model of which one output is `value` throughout, for every photo."""
    box, half = np.full((1, 1, 4), 0.5), np.full((1, 1), 0.5)
    outputs = {"logits": np.zeros((1, 1, 80)), "pred_boxes": box}
    if name not in outputs:
        outputs = {"labels": half * 2, "boxes": box * [0, 0, 9, 9], "scores": half}
    outputs[name] = np.full_like(outputs[name], value)
    inputs = {"pixel_values": ("float32", (1, 3, 32, 32))}
    path = folder / "model.onnx"
    single = {key: array.astype(np.float32) for key, array in outputs.items()}
    path.write_bytes(answering(inputs, **single))
    return path


def command(folder: Path, model: Path) -> "subprocess.CompletedProcess[str]":
    plan = survey(folder)
    given = [plan.photos, "--areas", plan.areas, "--out", folder / "out"]
    given += ["--store", folder / "store.sqlite", "--detector", "onnx"]
    given += ["--model", model, "--classes", "coco80"]
    return subprocess.run(
        [sys.executable, "-m", "geobike", "map", *map(str, given)],
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
