"""What is sent of a real photo: how much, and what a detector still sees in it."""

import base64
import io
import json
from pathlib import Path

import pytest
from PIL import Image

from geobike.detectors.hosted.detector import HostedDetector
from geobike.detectors.protocol import Box, Detection
from geobike.photos import decoding

HOSTED = HostedDetector(token=None)
MODEL = "models/deimv2_hgnetv2_femto_coco.onnx"


def phone_photos(shared: Path) -> list[Path]:
    return sorted(
        path for path in (shared / "photos").rglob("*") if path.suffix in {".jpg", ".jpeg"}
    )


def body(path: Path) -> bytes:
    """Return what a run sends of a photo."""
    return HOSTED.upload(decoding.read_upright(path, target_size=HOSTED.input_size))


def test_a_12_megapixel_photo_sends_less_than_a_tenth_of_its_bytes(shared: Path) -> None:
    large = [
        path
        for path in phone_photos(shared)
        if max(decoding.upright_size(path.read_bytes())) > 4000
    ]
    assert len(large) == 3
    sent, files = sum(len(body(path)) for path in large), sum(path.stat().st_size for path in large)
    assert sent <= files / 10


def test_all_shared_photos_together_send_less_than_a_quarter(shared: Path) -> None:
    paths = phone_photos(shared)  # most have 3 megapixels or fewer, and are squeezed already
    sent, files = sum(len(body(path)) for path in paths), sum(path.stat().st_size for path in paths)
    assert sent <= files / 4


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_what_is_sent_shows_a_detector_what_the_original_shows(shared: Path) -> None:
    pytest.importorskip("onnxruntime", reason="needs the extra `local`: onnxruntime")
    from geobike.detectors.onnx.detector import OnnxDetector

    detector = OnnxDetector(shared / MODEL, classes="coco80")
    counted = []
    for path in phone_photos(shared):
        upright = decoding.read_upright(path)
        upload = base64.b64decode(json.loads(body(path))["inputs"])
        with Image.open(io.BytesIO(upload)) as picture:
            seen = in_pixels_of(upright.size, picture.size, detector.detect(picture.convert("RGB")))
        original = detector.detect(upright)
        for one in original:
            if one.score > 0.35:  # what scores just above 0.3 comes and goes with any change
                assert any(same(one, other) for other in seen), (path.name, one)
        before, after = count(original), count(seen)
        assert before > 0 or after == 0, path.name
        counted.append((before, after))
    total, after = (sum(column) for column in zip(*counted, strict=True))
    assert after == pytest.approx(total, rel=0.08)  # 89 and 84


def same(one: Detection, other: Detection) -> bool:
    return one.label == other.label and other.score > 0.3 and overlap(one.box, other.box) > 0.7


def overlap(one: Box, other: Box) -> float:
    width = min(one.xmax, other.xmax) - max(one.xmin, other.xmin)
    height = min(one.ymax, other.ymax) - max(one.ymin, other.ymin)
    both = max(width, 0.0) * max(height, 0.0)
    areas = [(box.xmax - box.xmin) * (box.ymax - box.ymin) for box in (one, other)]
    return both / (sum(areas) - both)


def count(found: list[Detection]) -> int:
    """Count bicycles above 0.3; two boxes that overlap by more than half are one."""
    kept: list[Box] = []
    for one in found:  # the highest score first
        if one.label == "bicycle" and one.score > 0.3:
            kept += [one.box] if all(overlap(one.box, box) <= 0.5 for box in kept) else []
    return len(kept)


def in_pixels_of(
    full: tuple[int, int], small: tuple[int, int], found: list[Detection]
) -> list[Detection]:
    x, y = full[0] / small[0], full[1] / small[1]
    return [
        Detection(
            one.label, one.score, Box(*(edge * (x, y)[i % 2] for i, edge in enumerate(one.box)))
        )
        for one in found
    ]
