"""The local detector on real photos, held against counts by eye.

The model is DEIMv2-Femto, as small as detectors get: it shows that the way through is right, not
what geobike's default model can do.
"""

import csv

import pytest
from PIL import Image, ImageOps

from geobike.detectors.onnx.detector import OnnxDetector
from geobike.detectors.protocol import FLOOR
from geobike.photos import decoding

pytest.importorskip("onnxruntime", reason="needs the extra `local`: onnxruntime")

# Photos of different kinds and sizes, small enough a set to stay quick. Counted by eye.
COUNTED = [
    "bike/20220119_174030.jpg",
    "bike/271758547_496887881809012_1375450742634622577_n.jpg",
    "bike/271857113_333593128676494_8863037980467972314_n.jpg",
    "bike/272024630_671585877365972_5120027493120867237_n.jpg",
    "bike/272384376_1077482279492620_6369767020612947096_n.jpg",
    "street/PXL_20220119_122425145.jpg",
]


@pytest.fixture(scope="module")
def femto(shared):
    return OnnxDetector(shared / "models" / "deimv2_hgnetv2_femto_coco.onnx", classes="coco80")


def hand_counts(shared):
    lines = (shared / "photos" / "hand_counts.csv").read_text().splitlines()
    return {row["file"]: int(row["bicycles"]) for row in csv.DictReader(lines)}


def iou(one, other):
    """Overlap of two boxes over their union."""
    width = min(one.xmax, other.xmax) - max(one.xmin, other.xmin)
    height = min(one.ymax, other.ymax) - max(one.ymin, other.ymin)
    both = max(width, 0) * max(height, 0)
    areas = [(box.xmax - box.xmin) * (box.ymax - box.ymin) for box in (one, other)]
    return both / (sum(areas) - both)


def bicycles(found, image):
    """Count as the model's makers advise: above 0.3, duplicates above an IoU of 0.5 dropped."""
    kept = []
    for one in found.detect(image):  # the highest score first
        if one.label == "bicycle" and one.score > 0.3:
            kept += [one] if all(iou(one.box, other.box) <= 0.5 for other in kept) else []
    return len(kept)


def shrunk(path, found):
    """Decode as a run does: to the size that the detector is shown."""
    return decoding.read_upright(path, target_size=found.input_size)


def upright(path):
    with Image.open(path) as image:
        return ImageOps.exif_transpose(image).convert("RGB")


def test_bicycles_are_counted_nearly_as_by_eye(femto, shared):
    truth = hand_counts(shared)
    off = [bicycles(femto, upright(shared / "photos" / name)) - truth[name] for name in COUNTED]
    assert sum(map(abs, off)) / len(off) <= 2  # 2.4 over all twelve photos with bicycles


def test_a_street_without_bicycles_counts_none(femto, shared):
    empty = [name for name, bicycles in hand_counts(shared).items() if bicycles == 0]
    assert len(empty) == 23
    for name in empty[::4]:
        assert bicycles(femto, upright(shared / "photos" / name)) == 0, name


def test_a_photo_decoded_small_shows_as_many_bicycles(femto, shared):
    for name in hand_counts(shared):
        path = shared / "photos" / name
        small = shrunk(path, femto)
        assert small.size == (416, 416)
        assert bicycles(femto, small) == bicycles(femto, upright(path)), name


def test_detections_of_a_real_photo_keep_the_promises_of_the_protocol(femto, shared):
    image = upright(shared / "photos" / COUNTED[1])
    found = femto.detect(image)
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    assert FLOOR < scores[-1] <= scores[0] <= 1
    for one in found:
        assert 0 <= one.box.xmin < one.box.xmax <= image.width
        assert 0 <= one.box.ymin < one.box.ymax <= image.height
    assert {"bicycle", "car", "person"} <= {one.label for one in found}
