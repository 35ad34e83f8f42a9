"""Raw answers with a known meaning, and sizes that DETR's own processor gives."""

import numpy as np
import pytest
from PIL import Image

from geobike.detectors.onnx import labels, postprocessing, preprocessing
from geobike.detectors.protocol import Box
from geobike.errors import DetectionFailed, ModelUnavailable

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


def test_a_box_is_told_in_pixels_of_the_photo():
    (one,) = read(softmax_answer((0.0001, 0.9, 0.0999)))
    assert one.box == pytest.approx((40, 60, 60, 140))
    assert isinstance(one.box, Box)


def test_a_box_that_leaves_the_photo_is_clipped():
    (one,) = read(deployed_answer([0.9], [(-5, -0.5, 130, 250)]))
    assert one.box == (0, 0, 100, 200)


@pytest.mark.parametrize(
    "box", [(10, 10, 10, 50), (50, 10, 20, 50), (120, 10, 150, 50), (np.nan, 0, 10, 10)]
)
def test_a_box_without_an_inside_is_left_out(box):
    assert read(deployed_answer([0.9, 0.8], [box, (0, 0, 10, 10)])) == read(
        deployed_answer([0.8], [(0, 0, 10, 10)])
    )


def test_only_scores_above_the_floor_are_kept():
    boxes = [(0, 0, 10, 10)] * 3
    assert found(deployed_answer([0.049, 0.051, np.nan], boxes)) == [("bicycle", 0.051)]


def test_a_class_without_a_name_keeps_its_number():
    assert found(deployed_answer([0.5], [(0, 0, 1, 1)], [7])) == [("LABEL_7", 0.5)]


def test_scores_that_are_no_probabilities_stop_the_run():
    with pytest.raises(ModelUnavailable, match="score of 12"):
        read(deployed_answer([12.0], [(0, 0, 1, 1)]))


def test_columns_that_fit_no_table_of_names_stop_the_run():
    with pytest.raises(ModelUnavailable, match="4 classes apart, but 2 are named"):
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


@pytest.mark.parametrize("given", ["bicycle", {"one": "bicycle"}, {}, {"-1": "bicycle"}, 3])
def test_a_table_of_names_that_is_none_is_named_with_its_place(given):
    with pytest.raises(ModelUnavailable, match=r"id2label of here/config\.json"):
        labels.from_config({"id2label": given}, "here/config.json")


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
        {"size": 8, "image_std": [1, 0, 1]},
        {"size": 8, "image_mean": [1]},
        {"size": 8, "do_pad": True, "pad_size": {"height": 9, "width": 9}},
    ],
)
def test_a_preparation_that_is_not_understood_is_named_with_its_place(config):
    with pytest.raises(ModelUnavailable, match="here asks for what geobike does not understand"):
        preprocessing.from_config(config, "here")


def test_a_photo_like_a_thread_fails_alone():
    with pytest.raises(DetectionFailed, match="30000 x 1 pixels"):
        preprocessing.pixels(
            Image.new("RGB", (30_000, 1)), preprocessing.Preprocessing(shortest=800)
        )
