"""Which detector a run uses, and what it is asked for."""

import json
from pathlib import Path

import numpy as np
import pytest

import geobike
from geobike.errors import InputError
from tests.support.making import photo, squares
from tests.support.tiny_onnx import answering

pytestmark = pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")


def test_a_label_that_the_model_does_not_know_stops_the_run_before_a_photo_is_detected(
    tmp_path: Path,
) -> None:
    pytest.importorskip("onnxruntime", reason="needs the extra `local`: onnxruntime")
    sure, middle = np.array([[[-8, 8]]], np.float32), np.full((1, 1, 4), 0.5, np.float32)
    pixels = {"pixel_values": ("float32", (1, 3, 32, 32))}
    model = tmp_path / "model.onnx"
    model.write_bytes(answering(pixels, logits=sure, pred_boxes=middle))
    (tmp_path / "config.json").write_text(json.dumps({"id2label": {"0": "car", "1": "bicycle"}}))
    photo(tmp_path / "photos" / "a.jpg", lon_lat=(4.005, 52.005))
    areas = squares(tmp_path / "areas.geojson", ["a"])
    choice = geobike.DetectorChoice(kind="onnx", model=str(model))

    def run(*labels: str) -> geobike.SurveyResult:
        plan = geobike.Survey(
            photos=tmp_path / "photos", areas=areas, detector=choice, labels=labels
        )
        return geobike.run(plan, store=tmp_path / "store.sqlite")

    with pytest.raises(InputError, match=r"knows no 'bike'; name with --label .*: car, bicycle"):
        run("bike")
    with geobike.Store(tmp_path / "store.sqlite") as store:
        assert not store.models()
    assert run("Bicycle", "bike").ledger.bicycles_counted == 1
