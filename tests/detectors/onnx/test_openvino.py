"""OpenVINO, held against onnxruntime on the same models."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import geobike
from geobike import doctor
from geobike.detectors.onnx import openvino
from geobike.detectors.onnx.detector import OnnxClassifier, OnnxDetector
from geobike.errors import InputError, MissingPackageError, ModelUnavailable
from tests.support.making import photo
from tests.support.tiny_onnx import answering, coloured, model, node
from tests.survey.test_survey import MODEL, town

pytest.importorskip("onnxruntime", reason="needs the extra `local`: onnxruntime")
pytest.importorskip("openvino", reason="needs the extra `openvino`")

COLOURS = ("red", "green", "blue", "white", "navy", "olive")
HALF = 2**-7  # bfloat16 has 8 bits: what one sum may be off, of its size


@pytest.fixture
def colours(tmp_path: Path) -> Path:
    path = tmp_path / "model.onnx"
    path.write_bytes(coloured("N"))
    return path


def seen(path: Path, runtime: str) -> list[tuple[str, float]]:
    """The best label of a photo of each colour with its score, from several threads at once."""
    detector = OnnxDetector(path, threads=1, runtime=runtime)
    photos = [Image.new("RGB", (40 + i, 30), colour) for i, colour in enumerate(COLOURS * 5)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(detector.detect, photos))
    best = [max(one, key=lambda box: box.score) for one in found]
    return [(one.label, one.score) for one in best]


def test_both_see_the_same_from_several_threads(colours: Path) -> None:
    labels, scores = zip(*seen(colours, "openvino"), strict=True)
    same, nearly = zip(*seen(colours, "onnxruntime"), strict=True)
    assert labels == same
    assert scores == pytest.approx(nearly, abs=5 * HALF)


def test_no_count_of_a_real_photo_is_off_by_more_than_one(shared: Path) -> None:
    counts = {}
    for kind in ("onnx", "openvino"):
        survey = geobike.Survey(
            photos=shared / "photos",
            manifest=shared / "photos" / "manifest.csv",
            areas=shared / "areas" / "delft_neighbourhoods.geojson",
            detector=geobike.DetectorChoice(kind=kind, model=str(shared / MODEL), classes="coco80"),
        )
        counts[kind] = geobike.run(survey).photos.set_index("photo_id")["bicycle_count"]
    difference = (counts["openvino"] - counts["onnx"]).abs()
    assert counts["onnx"].sum() > 10
    assert difference.max() <= 1


def test_a_model_that_takes_any_shape_is_given_each_photo_in_its_own(tmp_path: Path) -> None:
    content = model(
        inputs={"pixel_values": ("float32", ("n", 3, "h", "w"))},
        outputs={"logits": ("float32", ("n", 3, 1, 1))},
        nodes=[node("GlobalAveragePool", ["pixel_values"], "logits")],
    )
    path = tmp_path / "means.onnx"
    path.write_bytes(content)
    (tmp_path / "preprocessor_config.json").write_text(
        '{"do_resize": true, "size": {"shortest_edge": 20, "longest_edge": 90}, '
        '"do_rescale": true, "do_normalize": false}'
    )
    classifier = OnnxClassifier(path, runtime="openvino")
    for size in ((40, 20), (20, 80), (90, 30)):
        (best, *_) = classifier.classify(Image.new("RGB", size, (0, 255, 0)))
        assert best.label == "LABEL_1"


def test_the_classes_that_a_file_names_are_read(tmp_path: Path) -> None:
    path = tmp_path / "named.onnx"
    path.write_bytes(
        model(
            inputs={"pixel_values": ("float32", ("n", 3, 8, 8))},
            outputs={"logits": ("float32", ("n", 3, 1, 1))},
            nodes=[node("GlobalAveragePool", ["pixel_values"], "logits")],
            metadata={"names": "{0: 'tandem', 1: 'cargo bike', 2: 'unicycle'}"},
        )
    )
    (best, *_) = OnnxClassifier(path, runtime="openvino").classify(Image.new("RGB", (9, 9), "blue"))
    assert best.label == "unicycle"


def test_its_detections_are_kept_apart_and_found_by_name(tmp_path: Path, colours: Path) -> None:
    folders = town(tmp_path)
    store = tmp_path / "store.sqlite"
    models = []
    for kind in ("onnx", "openvino"):
        choice = geobike.DetectorChoice(kind=kind, model=str(colours))
        result = geobike.run(geobike.Survey(**folders, detector=choice), store=store)
        assert result.detected_now > 0
        models.append(result.model.name)
    assert models[0] == "model.onnx"
    assert models[1] == f"model.onnx (OpenVINO {openvino.precision()})"
    choice = geobike.DetectorChoice(kind="cached", model=models[1])
    again = geobike.run(geobike.Survey(**folders, detector=choice), store=store)
    pd.testing.assert_frame_equal(again.detections, result.detections)


def test_a_file_that_is_not_a_model_is_refused_and_nothing_is_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"no model")
    with pytest.raises(ModelUnavailable, match=r"broken\.onnx is not an ONNX model that can"):
        OnnxDetector(path, runtime="openvino").open()
    assert capfd.readouterr() == ("", "")


def test_a_model_of_another_kind_is_refused_with_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "other.onnx"
    path.write_bytes(
        answering({"pixel_values": ("float32", (1, 3, 8, 8))}, sums=np.zeros((1, 4), np.float32))
    )
    with pytest.raises(
        ModelUnavailable, match=r"inputs are pixel_values float32, its outputs sums"
    ):
        OnnxDetector(path, runtime="openvino").open()


def test_without_the_package_the_extra_is_named(
    colours: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geobike.detectors.onnx.detector.is_installed", lambda _: False)
    with pytest.raises(MissingPackageError, match=r"pip install 'geobike\[openvino\]'"):
        OnnxDetector(colours, runtime="openvino")


def test_a_runtime_that_is_none_is_refused_with_those_there_are(colours: Path) -> None:
    with pytest.raises(InputError, match="'tensorrt' is none of onnxruntime, openvino"):
        OnnxDetector(colours, runtime="tensorrt")


def test_doctor_says_in_which_precision_it_computes() -> None:
    (found,) = [one for one in doctor.examine({}) if one.what == "--detector openvino runs on"]
    assert found.ok
    assert found.found.endswith(f"as OpenVINO {openvino.precision()}")


def test_no_import_is_reported_to_its_makers(colours: Path, tmp_path: Path) -> None:
    """OpenVINO, left to itself, sends a note over the network at each import."""
    photo(tmp_path / "a.jpg")
    program = f"""
import socket, sys
def refuse(*_): raise AssertionError("a connection was opened")
socket.socket.connect = socket.getaddrinfo = refuse
from PIL import Image
from geobike.detectors.onnx.detector import OnnxDetector
OnnxDetector({str(colours)!r}, runtime="openvino").detect(Image.open({str(tmp_path / "a.jpg")!r}))
import threading
print([name for name in sys.modules if "openvino_telemetry" in name], threading.active_count())
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True, text=True, check=True,
        env={"HOME": str(tmp_path)},  # no sign of CI, where it keeps silent by itself
    )  # fmt: skip
    assert done.stdout.strip() == "[] 1"
    assert not [path for path in tmp_path.iterdir() if "intel" in path.name.lower()]


def test_several_threads_may_be_the_first_to_open_a_model(colours: Path) -> None:
    program = f"""
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from geobike.detectors.onnx.openvino import OpenVinoSession
with ThreadPoolExecutor(4) as pool:
    opened = list(pool.map(OpenVinoSession, [Path({str(colours)!r})] * 4))
print(len(opened))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "4", done.stderr
