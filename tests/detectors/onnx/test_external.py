"""Weights that a model keeps in other files: which are read, and that its version knows them."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from geobike.detectors.onnx import external
from geobike.detectors.onnx.detector import OnnxDetector
from geobike.detectors.onnx.runtime import RUNTIMES, Runtime, is_installed
from geobike.errors import ModelUnavailable
from tests.support.tiny_onnx import coloured, kept_outside, model, node

pytest.importorskip("onnxruntime", reason="needs the extra `local`: onnxruntime")

PHOTO = Image.new("RGB", (200, 100), "red")


def weights(number: int) -> bytes:
    """Logits of one query that is nearly sure of one class."""
    logits = np.full(80, -8, np.float32)
    logits[number] = 8
    return logits.tobytes()


def write(folder: Path, location: str, number: int = 1) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "weights.bin").write_bytes(weights(number))
    (folder.parent / "outside.bin").write_bytes(weights(number))
    whole = model(
        inputs={"pixel_values": ("float32", (1, 3, 32, 32))},
        outputs={"logits": ("float32", (1, 1, 80)), "pred_boxes": ("float32", (1, 1, 4))},
        nodes=[node("Identity", ["kept"], "logits"), node("Identity", ["box"], "pred_boxes")],
        constants={"box": np.full((1, 1, 4), 0.5, np.float32)},
    )
    path = folder / "model.onnx"
    path.write_bytes(whole + kept_outside("kept", (1, 1, 80), location))
    return path


def test_other_weights_are_another_model_in_a_store(tmp_path: Path) -> None:
    """The file that is named as the model is the same; what it answers is not."""
    models = [write(tmp_path / str(number), "weights.bin", number) for number in (1, 2)]
    assert models[0].read_bytes() == models[1].read_bytes()
    first, second = (OnnxDetector(path, classes="coco80") for path in models)
    assert first.version != second.version
    assert [one.label for one in first.detect(PHOTO)] == ["bicycle"]
    assert [one.label for one in second.detect(PHOTO)] == ["car"]


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize(
    "location",
    [
        "../outside.bin", "/etc/passwd", "/dev/zero", "http://127.0.0.1:9/x", "link.bin", "", ".",
        "loop", "linked/outside.bin", "missing.bin", "*/_ORT_MEM_ADDR_/*", "wei\0ghts.bin",
    ],
)  # fmt: skip
def test_no_other_file_or_memory_is_read_as_weights(
    tmp_path: Path, location: str, runtime: Runtime
) -> None:
    if not is_installed(runtime):
        pytest.skip(f"needs {runtime}")
    path = write(tmp_path / "model", location)
    (path.parent / "link.bin").symlink_to(tmp_path / "outside.bin")
    (path.parent / "linked").symlink_to(tmp_path)
    (path.parent / "loop").symlink_to(path.parent / "loop")
    with pytest.raises(ModelUnavailable, match="is no file below the model's folder"):
        OnnxDetector(path, classes="coco80", runtime=runtime).detect(PHOTO)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = write(tmp_path / "model", "pipe")
    os.mkfifo(path.parent / "pipe")
    with pytest.raises(ModelUnavailable, match="is no file below"):
        OnnxDetector(path)


def test_a_model_in_one_file_names_no_other(tmp_path: Path) -> None:
    (path := tmp_path / "model.onnx").write_bytes(coloured(1) + b"location")
    assert external.files(path) == []


@given(data=st.data())
def test_what_is_damaged_ends_in_an_error_or_names_files_below_the_folder(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    content = bytearray(write(folder / "model", "weights.bin").read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = folder / "model" / "model.onnx"
    path.write_bytes(content)
    try:
        found = external.files(path)
    except ModelUnavailable:
        return
    assert all(file.is_relative_to(folder / "model") for file in found)
