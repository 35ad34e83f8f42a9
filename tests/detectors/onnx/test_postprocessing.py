"""Raw answers with a known meaning, and sizes that DETR's own processor gives."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from geobike.detectors.onnx import labels, postprocessing, preprocessing
from geobike.detectors.protocol import Box
from geobike.errors import DetectionFailed, GeobikeError, ModelUnavailable

NAMES = {0: "person", 1: "bicycle"}
MIDDLE = (0.5, 0.5, 0.2, 0.4)  # of 100 x 200 pixels: from (40, 60) to (60, 140)


def softmax_answer(*chances, boxes=None):
    """Logits whose softmax is `chances`: their logarithms, shifted, which softmax cannot see."""
    logits = np.log(np.array(chances, np.float32)) + 3
    boxes = [MIDDLE] * len(chances) if boxes is None else boxes
    return {"logits": logits[None], "pred_boxes": np.array([boxes], np.float32)}


def sigmoid_answer(*chances):
    p = np.array(chances, np.float32)
    boxes = np.array([[MIDDLE] * len(chances)], np.float32)
    return {"logits": np.log(p / (1 - p))[None], "pred_boxes": boxes}


def deployed_answer(scores, boxes, classes=None):
    classes = [1] * len(scores) if classes is None else classes
    return {
        "labels": np.array([classes]),
        "boxes": np.array([boxes], np.float32),
        "scores": np.array([scores], np.float32),
    }


def read(answers):
    return postprocessing.read(answers, names=NAMES, width=100, height=200)


def found(answers):
    return [(one.label, round(one.score, 5)) for one in read(answers)]


def test_no_object_is_no_detection():
    assert found(softmax_answer((0.2, 0.7, 0.1), (0.02, 0.03, 0.95))) == [("bicycle", 0.7)]


def test_a_softmax_query_has_one_label_and_the_best_comes_first():
    answers = softmax_answer((0.3, 0.2, 0.5), (0.05, 0.9, 0.05))
    assert found(answers) == [("bicycle", 0.9), ("person", 0.3)]


def test_a_sigmoid_query_may_have_two_labels():
    answers = sigmoid_answer((0.6, 0.8), (0.1, 0.2))
    assert found(answers) == [("bicycle", 0.8), ("person", 0.6)]  # as many pairs as queries


def test_a_very_unlikely_class_scores_nothing():
    answers = sigmoid_answer((0.5, 0.5))
    answers["logits"][:] = -1e4  # exp overflows in float32
    assert found(answers) == []


def test_a_box_is_in_pixels_of_the_photo():
    (one,) = read(softmax_answer((0.0001, 0.9, 0.0999)))
    assert one.box == pytest.approx((40, 60, 60, 140))
    assert isinstance(one.box, Box)


def test_a_box_that_leaves_the_photo_is_clipped():
    (one,) = read(deployed_answer([0.9], [(-5, -0.5, 130, 250)]))
    assert one.box == (0, 0, 100, 200)


@pytest.mark.parametrize("box", [(10, 10, 10, 50), (120, 10, 150, 50), (10, -9, 20, 0)])
def test_a_box_without_an_inside_is_left_out(box):
    assert read(deployed_answer([0.9, 0.8], [box, (0, 0, 10, 10)])) == read(
        deployed_answer([0.8], [(0, 0, 10, 10)])
    )


def test_only_scores_above_the_floor_are_kept():
    boxes = [(0, 0, 10, 10)] * 3
    assert found(deployed_answer([0.049, 0.051, 0], boxes)) == [("bicycle", 0.051)]


def test_a_class_without_a_name_keeps_its_number():
    assert found(deployed_answer([0.5], [(0, 0, 1, 1)], [7])) == [("LABEL_7", 0.5)]


NOT_FINITE = [np.nan, np.inf, -np.inf]


@pytest.mark.parametrize("value", NOT_FINITE)
@pytest.mark.parametrize("where", [0, 1])  # above the floor, and below it
@pytest.mark.parametrize("name", ["labels", "boxes", "scores"])
def test_an_answer_that_is_not_finite_fails_the_photo(name, where, value):
    answers = deployed_answer([0.9, 0.01], [(0, 0, 10, 10)] * 2, [1.0, 1.0])
    answers[name][0, where] = value
    with pytest.raises(DetectionFailed, match=f"in its output {name} are not finite, such as"):
        read(answers)


@pytest.mark.parametrize("value", NOT_FINITE)
@pytest.mark.parametrize("answer", [softmax_answer, sigmoid_answer])
@pytest.mark.parametrize("name", ["logits", "pred_boxes"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_logits_that_overflowed_fail_the_photo(dtype, name, answer, value):
    chances = (0.3, 0.6, 0.1) if answer is softmax_answer else (0.3, 0.6)
    answers = {key: array.astype(dtype) for key, array in answer(chances).items()}
    answers[name][0, 0, 1] = value
    with pytest.raises(DetectionFailed, match=f"in its output {name} are not finite"):
        read(answers)


@pytest.mark.parametrize(
    ("scores", "boxes", "classes", "said"),
    [
        ([12.0], [(0, 0, 1, 1)], [1], "a score of 12, not from 0 to 1"),
        ([-0.1], [(0, 0, 1, 1)], [1], "a score of -0.1"),  # a logit of what is not there
        ([1.01], [(0, 0, 1, 1)], [1], "a score of 1.01"),
        ([0.5], [(50, 10, 20, 50)], [1], "corners that are not pixels in order: xmin 50"),
        ([0.5], [(0, 10, 1, 9)], [1], "corners that are not pixels in order"),
        ([0.5], [(0, 0, 1e30, 1)], [1], "corners that are not pixels in order"),
        ([0.5], [(0, 0, 1, 1)], [1.5], "a class 1.5"),
        ([0.5], [(0, 0, 1, 1)], [-1], "a class -1"),
        ([0.5], [(0, 0, 1, 1)], [1e30], r"a class 1e\+30"),
    ],
)
def test_an_invalid_score_box_or_class_fails_the_photo(scores, boxes, classes, said):
    with pytest.raises(DetectionFailed, match=said):
        read(deployed_answer(scores, boxes, classes))


@pytest.mark.parametrize(("score", "taken"), [(1.0009765625, 1), (1, 1), (-0.0005, None)])
def test_a_score_that_half_precision_rounds_past_the_end_is_clipped(score, taken):
    answers = deployed_answer([score], [(0, 0, 1, 1)])
    answers["scores"] = answers["scores"].astype(np.float16)
    assert [one.score for one in read(answers)] == ([] if taken is None else [taken])


@pytest.mark.parametrize(
    ("boxes", "said"),
    [
        ([(0.1, 0.2, 0.5, 0.9), (0, 0, 1, 1)], "are shares of the photo, from 0 to 1, not pixels"),
        ([(10, 10, 50, 50), (9000, 10, 9040, 50)], "far outside the photo of 100 x 200 pixels"),
        ([(10, 10, 50, 50), (10, -900, 50, -850)], "far outside the photo of 100 x 200 pixels"),
    ],
)
def test_boxes_in_other_units_are_not_a_photo_without_bicycles(boxes, said):
    with pytest.raises(DetectionFailed, match=said):
        read(deployed_answer([0.9, 0.9], boxes))


def test_a_faint_speck_in_the_corner_is_a_photo_without_bicycles_and_no_failure():
    speck = [(0.1, 0.2, 0.5, 0.9)]
    assert len(read(deployed_answer([0.06], speck))) == 1
    with pytest.raises(DetectionFailed, match="are shares of the photo"):
        read(deployed_answer([0.06, 0.3], speck * 2))


def test_a_faint_box_far_outside_alone_is_a_photo_without_bicycles_and_no_failure():
    assert read(deployed_answer([0.06], [(9000, 10, 9040, 50)])) == []


def test_boxes_in_pixels_where_shares_are_wanted_are_not_a_photo_without_bicycles():
    with pytest.raises(DetectionFailed, match="far outside the photo of 100 x 200 pixels"):
        read(softmax_answer((0.1, 0.8, 0.1), boxes=[(320, 200, 40, 40)]))


def test_a_box_below_the_floor_whose_sides_crossed_does_not_matter():
    answers = deployed_answer([0.9, 0.04], [(0, 0, 10, 10), (20, 0, 10, 10)])
    assert found(answers) == [("bicycle", 0.9)]


@pytest.mark.parametrize("name", ["labels", "boxes", "scores"])
@pytest.mark.parametrize("dtype", [bool, object, "U3", complex])
def test_an_output_that_is_not_of_numbers_stops_the_run(name, dtype):
    answers = deployed_answer([0.5], [(0, 0, 1, 1)])
    answers[name] = answers[name].astype(dtype)
    with pytest.raises(ModelUnavailable, match=f"output {name} is of .* not of numbers"):
        read(answers)


def test_classes_may_be_numbered_by_floats():
    assert found(deployed_answer([0.5], [(0, 0, 1, 1)], [0.0])) == [("person", 0.5)]


anything = st.floats(width=32) | st.sampled_from([0.0, 0.04, 0.5, 1.0, 50.0, 150.0])
chance = st.floats(0, 1, width=32) | st.sampled_from([0.04, 0.06])
pixel = st.floats(-100, 300, width=32)


def rows_of(scores, sides):
    row = st.tuples(scores, sides, sides, sides, sides)
    return st.lists(row, max_size=6)


@given(rows_of(anything, anything) | rows_of(chance, pixel))
def test_no_row_of_a_deploy_export_is_dropped_in_silence(rows):
    table = np.array(rows, np.float32).reshape(-1, 5)
    try:
        boxes = read(deployed_answer(table[:, 0], table[:, 1:]))
    except GeobikeError:
        return
    assert all(map(math.isfinite, table.ravel()))
    seen = 0
    for score, xmin, ymin, xmax, ymax in table.tolist():
        inside = xmin < xmax and ymin < ymax and xmin < 100 and ymin < 200 and min(xmax, ymax) > 0
        seen += score > 0.05 and inside
    assert len(boxes) == seen
    for one in boxes:
        assert 0.05 < one.score <= 1
        assert 0 <= one.box.xmin < one.box.xmax <= 100
        assert 0 <= one.box.ymin < one.box.ymax <= 200


@given(st.data(), st.integers(0, 4), st.sampled_from([2, 3]))
def test_logits_give_boxes_or_an_error_and_nothing_between(data, queries, columns):
    floats = st.floats(width=32) | st.sampled_from([-8.0, 0.0, 8.0, 3e38, -3e38])
    draw = [arrays.arrays(np.float32, (1, queries, n), elements=floats) for n in (columns, 4)]
    logits, boxes = map(data.draw, draw)
    try:
        detections = read({"logits": logits, "pred_boxes": boxes})
    except GeobikeError:
        return
    assert np.isfinite(logits).all()
    assert np.isfinite(boxes).all()
    for one in detections:
        assert 0.05 < one.score <= 1
        assert 0 <= one.box.xmin < one.box.xmax <= 100
        assert 0 <= one.box.ymin < one.box.ymax <= 200


def test_columns_that_fit_no_table_of_names_stop_the_run():
    with pytest.raises(ModelUnavailable, match="4 classes, but 2 are named"):
        read(softmax_answer((0.1, 0.2, 0.3, 0.4)))


@pytest.mark.parametrize(
    ("name", "shape"),
    [("boxes", (1, 2, 5)), ("boxes", (2, 4)), ("scores", (1, 3)), ("labels", (1, 2, 1))],
)
def test_outputs_that_do_not_belong_together_stop_the_run(name, shape):
    answers = deployed_answer([0.5, 0.5], [(0, 0, 1, 1)] * 2)
    answers[name] = np.zeros(shape)
    with pytest.raises(ModelUnavailable, match="do not belong together"):
        read(answers)


def test_a_photo_with_nothing_in_it_gives_no_detection():
    assert read(deployed_answer([], np.zeros((0, 4)))) == []


# Numbers from COCO's own category list.
@pytest.mark.parametrize(
    ("table", "number", "name"),
    [
        (labels.COCO_91, 2, "bicycle"),
        (labels.COCO_91, 90, "toothbrush"),
        (labels.COCO_91, 44, "bottle"),
        (labels.COCO_80, 1, "bicycle"),
        (labels.COCO_80, 3, "motorcycle"),
        (labels.COCO_80, 79, "toothbrush"),
    ],
)
def test_coco_numbers_its_classes_so(table, number, name):
    assert len(table) in (80, 91)
    assert table[number] == name


@pytest.mark.parametrize("text", ['{"1": "bicycle"}', "{1: 'bicycle'}"])
def test_a_model_may_carry_its_names_as_json_or_as_python(text):
    assert labels.from_metadata({"names": text}, "x.onnx") == {1: "bicycle"}


@pytest.mark.parametrize(
    "given",
    ["bicycle", {"one": "bicycle"}, {}, {"-1": "bicycle"}, 3, {float("inf"): "bicycle"}],
)
def test_a_table_of_names_that_is_none_is_named_with_its_place(given):
    with pytest.raises(ModelUnavailable, match=r"id2label of here/config\.json"):
        labels.from_config({"id2label": given}, "here/config.json")


@pytest.mark.parametrize("text", [r'{"0": "bi\ud800"}', r"{0: 'bi\ud800'}", r'["bi\ud800"]'])
def test_a_name_that_no_file_can_hold_is_refused_where_it_comes_in(text):
    with pytest.raises(ModelUnavailable, match=r"x\.onnx: class 0 has .* not valid Unicode"):
        labels.from_metadata({"names": text}, "x.onnx")


def test_a_class_whose_name_is_blank_is_called_by_its_number():
    given = {"id2label": {"0": "", "1": "bicycle", "2": " "}}
    assert labels.from_config(given, "x") == {0: "LABEL_0", 1: "bicycle", 2: "LABEL_2"}


# Width, height; and what transformers' DetrImageProcessor makes of them, held again in test_parity.
@pytest.mark.parametrize(
    ("photo", "seen"),
    [
        ((640, 480), (1066, 800)),
        ((3024, 4032), (800, 1066)),
        ((1920, 1080), (1333, 750)),
        ((800, 800), (800, 800)),
        ((4000, 1000), (1333, 333)),
    ],
)
def test_detr_sees_a_photo_at_this_size(photo, seen):
    assert preprocessing.pixels(Image.new("RGB", photo), preprocessing.DETR).shape == (
        1,
        3,
        *seen[::-1],
    )


def test_colours_are_scaled_as_the_model_was_trained():
    image = Image.new("RGB", (4, 4), (255, 51, 0))
    plain = preprocessing.pixels(image, preprocessing.Preprocessing(resize=(2, 2)))
    assert plain[0, :, 0, 0] == pytest.approx([1, 0.2, 0])
    imagenet = preprocessing.pixels(image, preprocessing.DETR)
    wanted = [(1 - 0.485) / 0.229, (0.2 - 0.456) / 0.224, (0 - 0.406) / 0.225]
    assert imagenet[0, :, 0, 0] == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("usual", [preprocessing.RESIZE, preprocessing.RF_DETR])
def test_every_level_is_scaled_to_the_same_bits(usual):
    """Detections are kept for years: nothing that makes this quicker may change what is seen."""
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    seen = preprocessing.pixels(
        Image.merge("RGB", [Image.fromarray(levels)] * 3), replace(usual, resize=(16, 16))
    )
    for band, mean, std in zip(seen[0], usual.mean, usual.std, strict=True):
        wanted = levels.astype(np.float32) * np.float32(1 / 255 / std) - np.float32(mean / std)
        assert band.tobytes() == wanted.tobytes()


def test_older_files_write_the_edges_apart():
    read = preprocessing.from_config({"size": 800, "max_size": 1333, "do_normalize": True}, "x")
    assert read == preprocessing.DETR


def test_the_middle_is_cut_out_for_a_classifier():
    config = {
        "size": {"shortest_edge": 4},
        "do_center_crop": True,
        "crop_size": {"height": 2, "width": 2},
        "do_normalize": False,
    }
    image = Image.new("RGB", (8, 4))
    image.paste((255, 255, 255), (3, 1, 5, 3))
    assert (preprocessing.pixels(image, preprocessing.from_config(config, "x")) == 1).all()


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"size": {"shortest_edge": 10**6}},
        {"size": {"max_height": 3, "max_width": 4}},
        {"size": "large"},
        {"size": 8, "resample": 99},
        {"size": True},
        {"size": {"height": 8}},
        {"size": 8, "image_std": [1, 0, 1]},
        {"size": 8, "image_std": [1, math.inf, 1]},
        {"size": 8, "image_std": [1e-300] * 3},
        {"size": 8, "image_mean": [1]},
        {"size": 8, "image_mean": [0, math.nan, 0]},
        {"size": 8, "image_mean": "0.5"},
        {"size": 8, "rescale_factor": 10**400},
        {"size": 8, "rescale_factor": 0},
        {"size": 8, "do_rescale": "false"},
        {"size": 8, "do_pad": True, "pad_size": {"height": 9, "width": 9}},
    ],
)
def test_a_preparation_that_is_not_understood_is_named_with_its_place(config):
    with pytest.raises(ModelUnavailable, match="here requires what geobike does not support"):
        preprocessing.from_config(config, "here")


def test_a_photo_like_a_thread_fails_alone():
    with pytest.raises(DetectionFailed, match="30000 x 1 pixels"):
        preprocessing.pixels(
            Image.new("RGB", (30_000, 1)), preprocessing.Preprocessing(shortest=800)
        )


@given(
    values=arrays.arrays(np.float32, st.integers(0, 60), elements=st.sampled_from([-2.5, 0, 1, 7])),
    number=st.integers(0, 20),
)
def test_of_equal_scores_the_first_is_taken_as_by_sorting_all(values: Any, number: int) -> None:
    expected = sorted(range(len(values)), key=lambda place: (-values[place], place))[:number]
    assert postprocessing._largest(values, number).tolist() == expected
