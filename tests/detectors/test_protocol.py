"""What a detector may be able to do, and a wrapper around one."""

import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import geobike
from geobike.detectors import backends
from geobike.detectors.protocol import Backend, Detection, DetectorBase, abilities
from geobike.errors import InputError
from tests.support.making import FakeDetector, town
from tests.support.tiled import Halves
from tests.support.tiny_onnx import answering

pytestmark = pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")


class Watched(DetectorBase):
    """Finds one bicycle in each picture, and remembers how it was opened."""

    name, version, labels = "watched", "1", ("car", "bicycle")  # type: ignore[assignment]
    concurrency = 1

    def __init__(self) -> None:
        self.opened: list[Any] = []

    def open(self, *, progress: type[Any] | None = None) -> None:
        self.opened.append(progress)

    def detect(self, image: Image.Image) -> list[Detection]:
        assert self.opened
        return FakeDetector().detect(image.crop((0, 0, 10, image.height)))


def run(folder: Path, detector: Any, **more: Any) -> geobike.SurveyResult:
    plan = geobike.Survey(**town(folder), detector=detector, **more)
    return geobike.run(plan, store=folder / "store.sqlite")


class Bar:
    """Stands for a class like tqdm's."""


def by_choice(monkeypatch: pytest.MonkeyPatch, detector: Any) -> geobike.DetectorChoice:
    entry = Backend(name="halves", help="-", create=lambda _: detector, advice="-")
    monkeypatch.setitem(backends.BACKENDS, "halves", entry)
    return geobike.DetectorChoice(kind="halves", download_progress=Bar)


@pytest.mark.parametrize("named", [False, True])
def test_a_wrapped_detector_is_opened_with_progress_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    inner = Watched()
    wrapper = Halves(inner, overlap=0)
    result = run(tmp_path, by_choice(monkeypatch, wrapper) if named else wrapper)
    assert inner.opened == [Bar if named else None]
    assert result.model == ("watched (halves, overlap 0)", "1 halves, overlap 0")
    assert len(result.detections) == 2 * 3  # one in each half of three photos in areas
    assert run(tmp_path, Halves(inner, overlap=0)).detected_now == 0
    assert run(tmp_path, Halves(inner, overlap=2)).detected_now == 3  # is another detector


@pytest.mark.parametrize("named", [False, True])
def test_a_label_that_the_wrapped_model_does_not_know_stops_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    wrapper = Halves(Watched(), overlap=0)
    with pytest.raises(InputError, match=r"knows no 'bike'; name with --label .*: car, bicycle"):
        run(tmp_path, by_choice(monkeypatch, wrapper) if named else wrapper, labels=("bike",))


def test_any_object_with_three_members_is_a_detector() -> None:
    found = abilities(FakeDetector())
    assert (found.labels, found.concurrency, found.input_size, found.host) == (None,) * 4
    found.open(progress=Bar)
    assert len(found.detect(Image.new("RGB", (30, 20)))) == 3


def test_an_object_may_have_abilities_without_inheriting_anything() -> None:
    class Able(FakeDetector):
        labels, concurrency, host = ["bicycle"], 3, "example.org"

        def input_size(self, size: tuple[int, int]) -> tuple[int, int]:
            return size[0] // 2, size[1] // 2

    found = Halves(Able(), overlap=0)
    assert (found.labels, found.concurrency, found.host) == (["bicycle"], 3, "example.org")
    fit = abilities(Able()).input_size
    assert fit is not None
    assert fit((400, 300)) == (200, 150)


def test_labels_that_are_not_a_list_are_refused_by_name() -> None:
    class Numbered(FakeDetector):
        labels = {1: "bicycle"}  # noqa: RUF012 - as models have it

    with pytest.raises(InputError, match="labels of the detector fake is not a list"):
        abilities(Numbered()).labels  # noqa: B018 - reading it raises


def onnx_model(folder: Path) -> Path:
    sure, middle = np.array([[[8]]], np.float32), np.full((1, 1, 4), 0.5, np.float32)
    pixels = {"pixel_values": ("float32", (1, 3, 32, 32))}
    (folder / "model.onnx").write_bytes(answering(pixels, logits=sure, pred_boxes=middle))
    (folder / "config.json").write_text(json.dumps({"id2label": {"0": "bicycle"}}))
    return folder / "model.onnx"


def test_a_wrapped_local_model_can_be_sent_to_another_process(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="needs the extra `local`: onnxruntime")
    wrapper = Halves(geobike.OnnxDetector(onnx_model(tmp_path), threads=1), overlap=0)
    photo = Image.new("RGB", (64, 32))
    before = wrapper.detect(photo)  # open now: a session cannot be sent
    sent = pickle.loads(pickle.dumps(wrapper))
    assert (sent.name, sent.version, sent.detect(photo)) == (wrapper.name, wrapper.version, before)


def test_another_file_at_the_same_path_is_not_taken_for_the_model_that_was_sent(
    tmp_path: Path,
) -> None:
    pytest.importorskip("onnxruntime", reason="needs the extra `local`: onnxruntime")
    path = onnx_model(tmp_path)
    data = pickle.dumps(geobike.OnnxDetector(path))
    path.write_bytes(b"another")
    with pytest.raises(InputError, match=r"model\.onnx is not the same file here"):
        pickle.loads(data)


@pytest.mark.parametrize("named", [False, True])
def test_a_worker_opens_a_wrapper_and_checks_its_labels(
    monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    pytest.importorskip("distributed", reason="needs the extra `cluster`: distributed")
    from geobike.detections.store.protocol import Model
    from geobike.engines.dask import worker

    wrapper = Halves(Watched(), overlap=0)
    chosen = by_choice(monkeypatch, wrapper) if named else worker.Pickled(pickle.dumps(wrapper))
    run = worker.Run(chosen, Model(wrapper.name, wrapper.version), "shards", 1, 1, "stop")
    detector, _ = worker._detector(run)
    assert isinstance(detector, Halves)
    assert isinstance(detector.inner, Watched)
    assert len(detector.inner.opened) == 1
    with pytest.raises(InputError, match="knows no 'bike'"):
        worker._detector(replace(run, labels=("bike",)))
