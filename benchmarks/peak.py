"""Detecting in a folder: what a process of its own runs, so it imports nothing that it need not."""

from pathlib import Path
from tempfile import TemporaryDirectory

import geobike
from geobike.detections import stage
from geobike.detectors.onnx.detector import OnnxDetector


def detect_all(folder: Path, model: Path) -> None:
    photos = geobike.read_photos(geobike.find_photos(folder))
    detector = OnnxDetector(model, threads=1)
    with TemporaryDirectory() as kept:
        found = stage.detect(photos, detector=detector, store=Path(kept, "store.sqlite"))
    assert found.newly_detected == len(photos)
