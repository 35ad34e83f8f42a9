"""The processor that onnxruntime uses. No GPU is needed: a build for GPUs is made believe."""

import numpy as np
import pytest
from PIL import Image

from geobike import doctor
from geobike.detectors.onnx import onnxruntime as session
from geobike.detectors.onnx.detector import OnnxDetector
from geobike.errors import GeobikeWarning
from tests.support.tiny_onnx import coloured

onnxruntime = pytest.importorskip("onnxruntime", reason="needs the extra `local`: onnxruntime")


@pytest.fixture
def build_for_gpus(monkeypatch):
    """An onnxruntime that offers CUDA, and whose CUDA works as far as it says so itself."""
    working = {"gpu": True}
    opened = onnxruntime.InferenceSession
    given = []

    def open_on_processor(model, options, *, providers, enable_fallback):
        given.append(providers)
        found = opened(
            model, options, providers=["CPUExecutionProvider"], enable_fallback=enable_fallback
        )
        if working["gpu"]:
            found.get_providers = lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"]
        return found

    offered = ["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: offered)
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: None)
    monkeypatch.setattr(onnxruntime, "InferenceSession", open_on_processor)
    working["given"] = given
    return working


def found(tmp_path, photos):
    path = tmp_path / "model.onnx"
    path.write_bytes(coloured(photos))
    detector = OnnxDetector(path)
    assert detector.detect(Image.new("RGB", (40, 30), "red"))
    return detector


def used():
    return next(one for one in doctor.examine({}) if one.what == "--detector onnx runs on")


def test_on_a_processor_one_photo_goes_at_a_time_and_one_for_each_core(tmp_path, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 6)
    assert found(tmp_path, "N").concurrency == 6
    assert used().found == "the processor, 6 photos at once"


def test_a_gpu_is_taken_where_there_is_one_with_photos_enough_for_the_next_batch(
    tmp_path, build_for_gpus
):
    detector = found(tmp_path, "N")
    (first, last) = build_for_gpus["given"][0]
    assert first[0] == "CUDAExecutionProvider"
    assert last == "CPUExecutionProvider"
    assert detector.concurrency >= 2 * session.GPU_BATCH
    assert used().ok
    assert "GPU (CUDA)" in used().found


@pytest.mark.usefixtures("build_for_gpus")
def test_a_model_of_one_photo_gets_one_on_a_gpu_too(tmp_path, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert found(tmp_path, 1).concurrency == 2


def test_a_gpu_that_cannot_be_used_is_reported_and_the_processor_taken(tmp_path, build_for_gpus):
    build_for_gpus["gpu"] = False
    with pytest.warns(GeobikeWarning, match=r"no GPU can be used, so model\.onnx runs on"):
        found(tmp_path, "N")
    assert not used().ok
    assert "geobike[gpu]" in used().remedy


def test_the_smallest_model_is_one():
    (answer,) = session._opened(session._SMALLEST, 1).run(None, {"x": np.array([7], np.float32)})
    assert answer == [7]
