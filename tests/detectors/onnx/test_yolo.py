"""YOLO and RF-DETR as their makers export them, on tiny models whose answers are known."""

import json

import numpy as np
import pytest
from PIL import Image

from geobike.detectors.onnx import preprocessing, yolo
from geobike.detectors.onnx.detector import OnnxDetector
from geobike.errors import DetectionFailed, ModelUnavailable
from tests.support.tiny_onnx import answering, metadata_entry, model, node

pytest.importorskip("onnxruntime", reason="needs the extra `local`: onnxruntime")

PHOTO = Image.new("RGB", (400, 200), (255, 51, 0))
NAMES = "{0: 'person', 1: 'bicycle'}"  # ultralytics writes Python's literals

# 64 x 64 for a photo of 400 x 200: 64 x 32 pixels with 16 rows of grey above and below.
# A box from (8, 24) to (24, 40) there is one from (50, 50) to (150, 150) on the photo.
CENTRE = [16, 32, 16, 16]
FOUND = (50, 50, 150, 150)


def raw(*boxes):
    """The output without suppression inside: a column for each box of centre, size and scores."""
    return np.array(boxes, np.float32).T[None]


def write(folder, output, shape=(1, 3, 64, 64), others=None, **metadata):
    content = answering({"images": ("float32", shape)}, output0=output, **(others or {}))
    content += b"".join(metadata_entry(key, value) for key, value in metadata.items())
    (folder / "yolo.onnx").write_bytes(content)
    return folder / "yolo.onnx"


def seen(path, photo=PHOTO, **options):
    return [
        (one.label, round(one.score, 4), tuple(round(side, 3) for side in one.box))
        for one in OnnxDetector(path, **options).detect(photo)
    ]


def test_a_yolo_without_suppression_gives_the_best_box_of_each_object(tmp_path):
    shifted = [17, *CENTRE[1:]]  # IoU 15 / 17 with the first
    output = raw([*CENTRE, 0.1, 0.9], [*shifted, 0, 0.8], [*shifted, 0.7, 0.2], [*CENTRE, 0, 0.04])
    assert seen(write(tmp_path, output, names=NAMES, task="detect")) == [
        ("bicycle", 0.9, FOUND),
        ("person", 0.7, (56.25, 50, 156.25, 150)),  # another class: it hides nothing
    ]


def test_a_yolo_keeps_boxes_that_overlap_by_less_than_its_own_limit(tmp_path):
    beside = [20, *CENTRE[1:]]  # IoU 12 / 20, under ultralytics' 0.7
    output = raw([*CENTRE, 0, 0.9], [*beside, 0, 0.8])
    assert [score for _, score, _ in seen(write(tmp_path, output, names=NAMES))] == [0.9, 0.8]


def test_a_yolo_with_suppression_inside_gives_its_rows(tmp_path):
    rows = [[8, 24, 24, 40, 0.9, 1], [0, 16, 64, 48, 0.5, 0], [0, 0, 0, 0, 0, 0]]
    path = write(tmp_path, np.array([rows], np.float32), names=NAMES)
    assert seen(path) == [("bicycle", 0.9, FOUND), ("person", 0.5, (0, 0, 400, 200))]


@pytest.mark.parametrize("size", [(4000, 800), (800, 4000)])
def test_a_box_in_the_grey_beside_a_wide_photo_is_left_out_and_no_failure(tmp_path, size):
    grey = [2, 2, 2, 2]
    output = raw([32, 32, 8, 8, 0, 0.9], [*grey, 0, 0.06])
    found = seen(write(tmp_path, output, names=NAMES), Image.new("RGB", size))
    assert [score for _, score, _ in found] == [0.9]


def test_two_classes_are_not_taken_for_six_columns(tmp_path):
    names = "{0: 'person', 1: 'bicycle'}"
    output = raw(*[[*CENTRE, 0, 0.9]] * 9)  # [1, 6, 9]
    assert seen(write(tmp_path, output, names=names)) == [("bicycle", 0.9, FOUND)]


@pytest.mark.parametrize(
    ("size", "stride", "shown", "left", "top"),
    [
        # ultralytics' LetterBox: gain 0.16, 64 x 32; the rest is halved, 0.1 less for odd ones.
        ((400, 200), None, (64, 64), 0, 16),
        ((400, 200), 32, (64, 32), 0, 0),
        ((200, 400), None, (64, 64), 16, 0),
        ((64, 63), None, (64, 64), 0, 0),
        ((64, 61), None, (64, 64), 0, 1),
        ((64, 61), 32, (64, 64), 0, 1),
        ((10, 10), None, (64, 64), 0, 0),  # enlarged
    ],
)
def test_a_photo_is_put_on_grey_in_its_own_shape(size, stride, shown, left, top):
    preparation = preprocessing.Preprocessing(letterbox=(64, 64), stride=stride)
    pixels = preprocessing.pixels(Image.new("RGB", size, (255, 51, 0)), preparation)
    assert pixels.shape == (1, 3, *shown[::-1])
    photo = preprocessing.letterbox(size, preparation)
    assert (photo.left, photo.top) == (left, top)
    assert pixels[0, :, top, left].tolist() == pytest.approx([1, 0.2, 0])
    if top or left:
        assert pixels[0, :, 0, 0].tolist() == pytest.approx([114 / 255] * 3)
        assert pixels[0, :, -1, -1].tolist() == pytest.approx([114 / 255] * 3)


def test_an_open_size_follows_the_metadata_and_the_photo(tmp_path):
    content = model(
        inputs={"images": ("float32", ("batch", 3, "height", "width"))},
        outputs={"output0": ("float32", (1, 1, 6))},
        nodes=[
            node("Shape", ["images"], "shape"),
            node("Gather", ["shape", "which"], "sides"),  # width, height
            node("Cast", ["sides"], "corner", to=1),
            node("Concat", ["zeros", "corner", "rest"], "row", axis=0),
            node("Reshape", ["row", "one"], "output0"),
        ],
        constants={
            "which": np.array([3, 2]),
            "zeros": np.zeros(2, np.float32),
            "rest": np.array([0.9, 1], np.float32),
            "one": np.array([1, 1, 6]),
        },
        metadata={"names": NAMES, "imgsz": "[128, 128]", "stride": "32"},
    )
    (tmp_path / "yolo.onnx").write_bytes(content)
    # 400 x 180 becomes 128 x 58, and 6 rows of grey make it 64 high: 3 above.
    assert seen(tmp_path / "yolo.onnx", Image.new("RGB", (400, 180))) == [
        ("bicycle", 0.9, (0, 0, 400, 180))
    ]


@pytest.mark.parametrize("key", ["imgsz", "stride"])
@pytest.mark.parametrize("value", ["", "x", "[640]", "[0, 0]", "1e9", "True", "[" * 100_000])
def test_a_size_in_the_metadata_that_is_none_is_named(key, value):
    with pytest.raises(ModelUnavailable, match=r"imgsz and stride in the metadata of y\.onnx"):
        yolo.preparation({key: value}, "y.onnx")


@pytest.mark.parametrize(
    ("output", "names"),
    [
        (np.zeros((1, 9, 20)), NAMES),  # two classes named, five told apart
        (np.zeros((1, 25200, 7)), NAMES),  # YOLOv5 as it was: objectness beside the classes
        (np.zeros((2, 6, 20)), NAMES),
        (np.zeros((1, 6)), NAMES),
    ],
)
def test_a_yolo_of_another_shape_is_refused_with_the_way_out(tmp_path, output, names):
    with pytest.raises(ModelUnavailable, match=r"neither \[1, 6, N\].*export it anew"):
        seen(write(tmp_path, output.astype(np.float32), names=names))


@pytest.mark.parametrize("task", ["segment", "pose", "obb", "classify"])
def test_a_yolo_for_another_task_is_refused_by_name(tmp_path, task):
    path = write(tmp_path, raw([*CENTRE, 0, 0.9]), names=NAMES, task=task)
    with pytest.raises(ModelUnavailable, match=f"it is a YOLO for {task}.*--detections FILE"):
        seen(path)


def test_a_yolo_with_masks_is_refused_without_metadata_too(tmp_path):
    path = write(
        tmp_path, raw([*CENTRE, 0, 0.9]), others={"output1": np.zeros((1, 32), np.float32)}
    )
    with pytest.raises(ModelUnavailable, match="a YOLO for another task"):
        seen(path, classes="coco80")


def test_a_yolo_without_names_is_not_guessed_at(tmp_path):
    path = write(tmp_path, raw([*CENTRE, *[0] * 79, 0.9]))
    with pytest.raises(ModelUnavailable, match="does not name its classes"):
        seen(path)
    assert seen(path, classes="coco80") == [("toothbrush", 0.9, FOUND)]


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0, 7.0])
@pytest.mark.parametrize("inside", [False, True])
def test_a_yolo_whose_answer_is_not_of_scores_fails_the_photo(tmp_path, value, inside):
    row = [8, 24, 24, 40, value, 1] if inside else [*CENTRE, 0, value]
    output = np.array([[row]], np.float32) if inside else raw(row)
    with pytest.raises(DetectionFailed, match="cannot be used"):
        seen(write(tmp_path, np.repeat(output, 1 if inside else 20, axis=-1 - inside), names=NAMES))


def rf_detr(folder, columns, number):
    """Write RF-DETR's own export that is sure of one class of one box."""
    logits = np.full((1, 2, columns), -8, np.float32)
    logits[0, 1, number] = 8
    boxes = np.array([[[0, 0, 0, 0], [0.5, 0.5, 0.5, 0.5]]], np.float32)
    content = answering({"input": ("float32", (1, 3, 56, 56))}, dets=boxes, labels=logits)
    (folder / "rf-detr.onnx").write_bytes(content)
    return folder / "rf-detr.onnx"


def test_rf_detrs_own_export_is_read_with_cocos_numbers(tmp_path):
    path = rf_detr(tmp_path, 91, 2)
    with pytest.raises(ModelUnavailable, match="does not name its classes"):
        seen(path)
    assert seen(path, classes="coco91") == [("bicycle", 0.9997, (100, 50, 300, 150))]
    with pytest.raises(ModelUnavailable, match="has 91 classes, but 80 are named"):
        seen(path, classes="coco80")


def test_rf_detr_of_ones_own_takes_each_column_for_a_class(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"id2label": {"0": "rack", "1": "bicycle"}}))
    assert [one[:2] for one in seen(rf_detr(tmp_path, 3, 1))] == [("bicycle", 0.9997)]
