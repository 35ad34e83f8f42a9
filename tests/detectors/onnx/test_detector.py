"""The local detector and classifier, on tiny models whose answers are known."""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from geobike.detectors.onnx import preprocessing
from geobike.detectors.onnx.detector import OnnxClassifier, OnnxDetector, is_available
from geobike.errors import (
    DetectionFailed,
    InputError,
    MissingPackageError,
    ModelUnavailable,
)
from tests.support.making import handed
from tests.support.tiny_onnx import answering, metadata_entry, model, node

pytest.importorskip("onnxruntime", reason="needs the extra `local`: onnxruntime")

PHOTO = Image.new("RGB", (200, 100), (255, 51, 0))
OPEN = ("float32", (1, 3, "height", "width"))
CENTRE = np.array([[[0.5, 0.5, 0.5, 0.5]]], np.float32)
SUMS = 1e-5  # what adding up some ten thousand float32 may lose
BICYCLE = {80: 1, 91: 2, 92: 2}  # number of bicycle by columns of logits, as COCO has it
NAMING = {80: "coco80", 91: "coco91", 92: "coco91"}


def logits(columns, number, value=8.0):
    """One query that is nearly sure of one class."""
    row = np.full((1, 1, columns), -8, np.float32)
    row[0, 0, number] = value
    return row


def write(folder, content, name="model.onnx", **tables):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    for table, value in tables.items():
        (folder / f"{table}.json").write_text(json.dumps(value))
    return folder / name


def detector(folder, inputs=None, columns=80, **tables):
    """A detector that sees one bicycle in the middle of everything."""
    content = answering(
        inputs or {"pixel_values": OPEN},
        logits=logits(columns, BICYCLE[columns]),
        pred_boxes=CENTRE,
    )
    classes = None if "config" in tables else NAMING[columns]
    return OnnxDetector(write(folder, content, **tables), classes=classes)


def deployed(**metadata):
    """A deploy export whose boxes are the middle half of the size that it is told."""
    return model(
        inputs={
            "images": ("float32", ("N", 3, 32, 32)),
            "orig_target_sizes": ("int64", ("N", 2)),
        },
        outputs={
            "labels": ("int64", (1, 1)),
            "boxes": ("float32", (1, 1, 4)),
            "scores": ("float32", (1, 1)),
        },
        nodes=[
            node("Concat", ["orig_target_sizes", "orig_target_sizes"], "twice", axis=1),
            node("Cast", ["twice"], "edges", to=1),
            node("Mul", ["quarters", "edges"], "boxes"),
            node("Identity", ["number"], "labels"),
            node("ReduceMean", ["images"], "mean", keepdims=0),  # the score: how bright it is
            node("Reshape", ["mean", "one"], "scores"),
        ],
        constants={
            "quarters": np.array([[[0.25, 0.25, 0.75, 0.75]]], np.float32),
            "number": np.array([[1]]),
            "one": np.array([1, 1]),
        },
        metadata=metadata,
    )


@pytest.mark.parametrize("columns", [80, 91, 92])
def test_a_bicycle_is_known_in_both_of_cocos_numberings(tmp_path, columns):
    (one,) = detector(tmp_path, columns=columns).detect(PHOTO)
    assert (one.label, one.score > 0.99) == ("bicycle", True)
    assert one.box == pytest.approx((50, 25, 150, 75))


@pytest.mark.parametrize("folder", [".", "onnx"])
def test_names_are_read_beside_the_model_or_above_it_as_on_the_hub(tmp_path, folder):
    names = {"id2label": {str(n): f"thing {n}" for n in range(80)}}
    found = detector(tmp_path / folder, config=names)
    if folder == "onnx":
        (tmp_path / "onnx" / "config.json").rename(tmp_path / "config.json")
    assert [one.label for one in found.detect(PHOTO)] == ["thing 1"]


@pytest.mark.parametrize("columns", [2, 80, 91, 92])  # one's own model may have COCO's number
def test_a_model_without_names_is_not_guessed_at_by_its_number_of_classes(tmp_path, columns):
    content = answering({"pixel_values": OPEN}, logits=logits(columns, 1), pred_boxes=CENTRE)
    path = write(tmp_path, content)
    with pytest.raises(ModelUnavailable, match="does not name its classes") as refused:
        OnnxDetector(path).detect(PHOTO)
    for way in (str(path), "--classes coco80", "--classes coco91", "config.json", "metadata"):
        assert way in str(refused.value)
    names = {number: f"bike {number}" for number in range(columns)}
    (tmp_path / "config.json").write_text(json.dumps({"id2label": names}))
    assert [one.label for one in OnnxDetector(path).detect(PHOTO)] == ["bike 1"]


def test_names_in_the_metadata_of_logits_are_used(tmp_path):
    content = answering({"pixel_values": OPEN}, logits=logits(2, 1), pred_boxes=CENTRE)
    path = write(tmp_path, content + metadata_entry("names", "{0: 'car', 1: 'cargo bike'}"))
    assert [one.label for one in OnnxDetector(path).detect(PHOTO)] == ["cargo bike"]


def test_a_deploy_export_gets_width_before_height_and_plain_colours(tmp_path):
    names = json.dumps({"1": "bicycle"})
    (one,) = OnnxDetector(write(tmp_path, deployed(id2label=names))).detect(PHOTO)
    assert one.label == "bicycle"
    assert one.box == (50, 25, 150, 75)
    assert one.score == pytest.approx((1 + 0.2 + 0) / 3, abs=SUMS)


def labels_of(path, **options):
    return [one.label for one in OnnxDetector(path, **options).detect(PHOTO)]


def test_a_deploy_export_without_names_is_not_guessed_at(tmp_path):
    path = write(tmp_path, deployed())
    with pytest.raises(ModelUnavailable, match=r"model\.onnx does not name its classes") as refused:
        labels_of(path)
    for way in ("--classes coco80", "--classes FILE", "config.json with id2label", "metadata"):
        assert way in str(refused.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("names.txt", "rack\nbicycle \n\n"),
        ("names.txt", "\ufeffrack\r\nbicycle"),
        ("names.json", '{"0": "rack", "1": "bicycle"}'),
        ("names.json", '["rack", "bicycle"]'),
        ("other.json", '{"model_type": "d_fine", "id2label": {"1": "bicycle"}}'),
    ],
)
def test_the_user_names_the_classes_of_a_model_that_does_not(tmp_path, name, content):
    (tmp_path / name).write_text(content, encoding="utf-8")
    path = write(tmp_path, deployed())
    assert labels_of(path, classes=tmp_path / name) == ["bicycle"]
    assert labels_of(path, classes="coco80") == ["bicycle"]  # COCO's number 1 from 0 on


@pytest.mark.parametrize("content", ["", "{", '{"model_type": "d_fine"}', '{"-1": "x"}', "3"])
def test_a_file_that_names_no_classes_is_refused_at_once(tmp_path, content):
    (tmp_path / "names.json").write_text(content)
    if content == "3":
        (tmp_path / "names.json").unlink()
    with pytest.raises(InputError, match=r"classes .*names\.json"):
        OnnxDetector(write(tmp_path, deployed()), classes=tmp_path / "names.json")


def test_names_of_the_user_that_contradict_the_models_are_refused(tmp_path):
    path = write(tmp_path, deployed(id2label='{"1": "moped"}'))
    with pytest.raises(ModelUnavailable, match="names its classes itself"):
        labels_of(path, classes="coco80")


def test_answers_under_two_namings_are_not_mixed_in_a_store(tmp_path):
    path = write(tmp_path, deployed())
    (tmp_path / "names.txt").write_text("rack\nmoped\n")
    plain, coco = OnnxDetector(path).version, OnnxDetector(path, classes="coco80").version
    own = OnnxDetector(path, classes=tmp_path / "names.txt").version
    assert plain == coco  # as older versions stored it
    assert own.startswith(f"{coco}+classes:")
    (tmp_path / "config.json").write_text('{"id2label": {"0": "rack", "1": "moped"}}')
    assert OnnxDetector(path).version == own
    (tmp_path / "config.json").write_text('{"id2label": {"0": "rack", "1": "bicycle"}}')
    assert OnnxDetector(path).version not in (own, coco)


def test_a_class_beyond_the_names_proves_them_wrong(tmp_path):
    path = write(tmp_path, deployed(id2label='{"0": "bicycle"}'))
    with pytest.raises(ModelUnavailable, match=r"found class 1, but .* named from 0 to 0"):
        labels_of(path)


@pytest.mark.parametrize("name", ["dfine_obj365.onnx", "custom2.onnx"])
def test_the_handed_models_without_names_are_not_guessed_at(shared, name):
    with pytest.raises(ModelUnavailable, match="does not name its classes"):
        labels_of(handed(shared, name))
    if name.startswith("dfine"):
        with pytest.raises(ModelUnavailable, match="found class 200"):
            labels_of(handed(shared, name), classes="coco80")


@pytest.mark.parametrize("dtype", ["int64", "bool", "float32"])
@pytest.mark.parametrize("shape", [(1, 64, 64), (1, "height", "width")])
def test_a_mask_is_given_as_it_is_declared(tmp_path, dtype, shape):
    inputs = {"pixel_values": OPEN, "pixel_mask": (dtype, shape)}
    assert len(detector(tmp_path, inputs, columns=92).detect(PHOTO)) == 1


def test_a_half_precision_model_is_fed_and_read_to_the_pixel(tmp_path):
    box = np.array([[[0.3, 0.5, 0.001, 0.5]]], np.float16)
    content = answering(
        {"pixel_values": ("float16", (1, 3, 64, 64))},
        logits=logits(80, 1).astype(np.float16),
        pred_boxes=box,
    )
    path = write(tmp_path, content)
    (one,) = OnnxDetector(path, classes="coco80").detect(Image.new("RGB", (8000, 10)))
    centre, _, width, _ = map(float, box[0, 0])
    edges = [8000 * (centre - width / 2), 8000 * (centre + width / 2)]
    assert [one.box.xmin, one.box.xmax] == pytest.approx(edges, abs=0.01)


def test_a_detector_that_crops_its_photos_is_refused(tmp_path):
    crop = {"size": {"shortest_edge": 64}, "do_center_crop": True, "crop_size": 32}
    with pytest.raises(ModelUnavailable, match="are to be cropped"):
        detector(tmp_path, preprocessor_config=crop).detect(PHOTO)


def test_the_prepared_size_of_the_repository_is_used(tmp_path):
    inputs = {"pixel_values": ("float32", (1, 3, 48, "width"))}  # refuses every other height
    wanted = {"size": {"shortest_edge": 48, "longest_edge": 200}}
    assert len(detector(tmp_path, inputs, preprocessor_config=wanted).detect(PHOTO)) == 1
    (tmp_path / "preprocessor_config.json").unlink()
    with pytest.raises(ModelUnavailable, match="refuses its input"):
        detector(tmp_path, inputs).detect(PHOTO)


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((4032, 3024), (1066, 800)),  # what transformers' DetrImageProcessor makes of it
        ((3024, 4032), (800, 1066)),
        ((4000, 2250), (1333, 750)),
        ((1280, 2319), (1280, 2319)),  # 736 x 1332, which would be rounded anew to 737 x 1333
    ],
)
def test_a_photo_is_decoded_to_the_size_that_the_model_is_shown(tmp_path, size, shown):
    assert detector(tmp_path, columns=92).input_size(size) == shown


def test_a_fitted_photo_is_shown_as_it_is(tmp_path):
    found = detector(tmp_path, columns=92)
    photo = Image.effect_noise((1066, 800), 60).convert("RGB")
    input_size = photo.resize(found.input_size(photo.size))
    preparation = found._open().preparation
    mean, std = (np.array(three)[:, None, None] for three in (preparation.mean, preparation.std))
    levels = preprocessing.pixels(input_size, preparation) * std + mean
    seen = (levels[0] * 255).round().astype(np.uint8).transpose(1, 2, 0)
    np.testing.assert_array_equal(seen, np.asarray(photo))


def test_a_filter_of_the_models_own_is_used_on_the_whole_photo(tmp_path):
    bicubic = {"size": {"shortest_edge": 48}, "resample": 3}
    assert detector(tmp_path, preprocessor_config=bicubic).input_size((400, 300)) == (400, 300)


def test_the_version_is_the_files_digest(tmp_path):
    path = write(tmp_path, b"abc", "mine.onnx")
    found = OnnxDetector(path)  # not opened yet, so it may be no model
    assert found.name == "mine.onnx"
    # FIPS 180-2, appendix B.1: the digest of "abc"
    assert found.version == (
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )


def test_a_changed_file_has_another_version(tmp_path):
    path = write(tmp_path, b"abc")
    before = OnnxDetector(path).version
    path.write_bytes(b"abcd")
    assert OnnxDetector(path).version != before


@pytest.mark.parametrize("kind", ["a pipe", "a device", "a folder"])
def test_what_is_no_file_is_refused_as_a_model_at_once(tmp_path, kind):
    path = tmp_path / "model.onnx"
    make = {"a pipe": os.mkfifo, "a device": lambda at: at.symlink_to("/dev/zero")}
    make.get(kind, type(path).mkdir)(path)
    with pytest.raises(InputError, match=f"the model {path} is a folder, a pipe or a device"):
        OnnxDetector(path)


NO_MODELS = [
    b"",
    b"no model at all",
    deployed()[:200],
    b"\x80\x04cposix\nsystem\n(S'true'\ntR.",  # a pickle, which runs what it names
    b"PK\x03\x04archive/data.pkl",
    b"\0\0\0\0\0\x01\0\0{}",  # safetensors whose header is of a terabyte
    b"version https://git-lfs.github.com/spec/v1\n",
]


@pytest.mark.parametrize("content", NO_MODELS)
def test_a_file_that_is_not_a_model_is_named(tmp_path, content, capfd):
    path = write(tmp_path, content)
    with pytest.raises(ModelUnavailable, match="not an ONNX model that can be opened") as refused:
        OnnxDetector(path).detect(PHOTO)
    assert str(path) in str(refused.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [
        ({"pixel_values": OPEN}, {"dets": CENTRE, "logits": logits(80, 1)}),
        ({"tokens": ("int64", (1, "n"))}, {"logits": logits(80, 1), "pred_boxes": CENTRE}),
        ({"pixel_values": OPEN, "text": OPEN}, {"logits": logits(80, 1), "pred_boxes": CENTRE}),
    ],
)
def test_a_model_of_another_kind_is_refused_with_what_it_has(tmp_path, inputs, outputs):
    path = write(tmp_path, answering(inputs, **outputs))
    with pytest.raises(ModelUnavailable, match="not of a kind that geobike reads") as refused:
        OnnxDetector(path).detect(PHOTO)
    for name in (*inputs, *outputs, "pred_boxes", "orig_target_sizes"):
        assert name in str(refused.value)


def test_a_config_that_is_not_json_is_named(tmp_path):
    found = detector(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ModelUnavailable, match=r"config\.json cannot be read as JSON"):
        found.detect(PHOTO)


@pytest.mark.parametrize("given", ["nowhere.onnx", "no model", "org/name", "org/name@main"])
def test_a_model_that_cannot_be_meant_is_refused_at_once(given):
    with pytest.raises(InputError, match=given):
        OnnxDetector(given)


def test_no_threads_cannot_work(tmp_path):
    with pytest.raises(InputError, match="threads is 0"):
        OnnxDetector(write(tmp_path, b""), threads=0)


def test_without_onnxruntime_the_remedy_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    path = write(tmp_path, b"abc")
    assert not is_available(path)
    with pytest.raises(MissingPackageError, match=r"this machine.*geobike\[local\]"):
        OnnxDetector(path)


def test_a_file_is_available_where_it_is(tmp_path):
    assert is_available(write(tmp_path, b"abc"))
    assert not is_available(tmp_path / "other.onnx")


def test_several_threads_share_one_detector(tmp_path):
    found = OnnxDetector(write(tmp_path, deployed(id2label='{"1": "bicycle"}')), threads=1)
    levels = [40 + 5 * step for step in range(32)]
    photos = [Image.new("RGB", (40 + level, 30), (level,) * 3) for level in levels]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(found.detect, photos))
    assert [one.score for (one,) in answers] == pytest.approx(
        [level / 255 for level in levels], abs=SUMS
    )
    assert [one.box.xmax for (one,) in answers] == [0.75 * photo.width for photo in photos]


def test_a_class_whose_name_no_file_can_hold_is_refused_with_its_place(tmp_path):
    names = {"id2label": {str(n): "bi\ud800" if n == 7 else f"thing {n}" for n in range(80)}}
    with pytest.raises(ModelUnavailable, match=r"config\.json: class 7 has .* not valid Unicode"):
        detector(tmp_path, config=names).detect(PHOTO)


def test_the_handed_model_with_such_a_name_is_refused(shared):
    with pytest.raises(ModelUnavailable, match="not valid Unicode"):
        OnnxDetector(handed(shared, "model-names-surrogate.onnx")).detect(PHOTO)


def test_the_handed_model_that_answers_nan_finds_nothing_out(shared):
    with pytest.raises(DetectionFailed, match="not finite, such as nan"):
        labels_of(handed(shared, "model-answers-nan.onnx"), classes="coco80")


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
@pytest.mark.parametrize("name", [b"pred_boxes", b"pixel_values", b"bicycle"])
def test_a_model_whose_names_are_not_utf_8_is_named(tmp_path, runtime, name):
    pytest.importorskip(runtime)
    content = answering({"pixel_values": OPEN}, logits=logits(80, 1), pred_boxes=CENTRE)
    content += metadata_entry("names", '["bicycle"]')
    path = write(tmp_path, content.replace(name, name[:-1] + b"\xff"))
    with pytest.raises(ModelUnavailable, match=rf"{path} .*'utf-8' codec can't decode"):
        OnnxDetector(path, runtime=runtime).detect(PHOTO)


def test_a_model_file_whose_name_is_not_text_has_a_name_that_is(tmp_path):
    path = tmp_path / os.fsdecode(b"bicycle-\xff.onnx")
    try:
        path.write_bytes(b"")
    except OSError:
        pytest.skip("this file system takes only names of text")
    assert OnnxDetector(path).name == "bicycle-?.onnx"


@pytest.mark.parametrize("dtype", ["bool", "int64"])
def test_a_detector_whose_logits_are_not_probabilities_of_any_kind_is_no_traceback(tmp_path, dtype):
    content = answering(
        {"pixel_values": OPEN}, logits=logits(80, 1).astype(dtype), pred_boxes=CENTRE
    )
    found = OnnxDetector(write(tmp_path, content), classes="coco80")
    if dtype == "bool":
        with pytest.raises(ModelUnavailable, match="logits is of bool, not of numbers"):
            found.detect(PHOTO)
    else:
        assert [one.label for one in found.detect(PHOTO)] == ["bicycle"]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_classifier_that_answers_no_number_fails_the_photo(tmp_path, value):
    answer = np.array([[0, value, 0]], np.float32)
    found = OnnxClassifier(write(tmp_path, answering({"pixel_values": OPEN}, logits=answer)))
    with pytest.raises(DetectionFailed, match="in its output logits are not finite"):
        found.classify(PHOTO)


def colours(shape=(1, 3, "height", "width")):
    """A classifier whose logits are the mean red, green and blue, as prepared."""
    return model(
        inputs={"pixel_values": ("float32", shape)},
        outputs={"logits": ("float32", (1, 3))},
        nodes=[
            node("GlobalAveragePool", ["pixel_values"], "means"),
            node("Flatten", ["means"], "logits"),
        ],
    )


def test_a_photo_is_classified_by_name_and_probability(tmp_path):
    names = {"id2label": {"0": "red", "1": "green", "2": "blue"}}
    answer = OnnxClassifier(write(tmp_path, colours(), config=names)).classify(PHOTO)
    assert [one.label for one in answer] == ["red", "green", "blue"]
    powers = np.exp([(level / 255 - 0.5) / 0.5 for level in (255, 51, 0)])  # as ViT prepares
    assert [one.score for one in answer] == pytest.approx(list(powers / powers.sum()), abs=SUMS)


def test_a_classifier_without_names_gives_numbers_and_no_more_than_asked(tmp_path):
    found = OnnxClassifier(write(tmp_path, colours((1, 3, 32, 32))))
    assert [one.label for one in found.classify(PHOTO, top=2)] == ["LABEL_0", "LABEL_1"]
    assert found.classify(PHOTO, top=0) == []


def test_a_detector_is_not_a_classifier(tmp_path):
    content = answering({"pixel_values": OPEN}, logits=logits(80, 1), pred_boxes=CENTRE)
    with pytest.raises(ModelUnavailable, match="a classifier has `logits` and no boxes"):
        OnnxClassifier(write(tmp_path, content)).classify(PHOTO)


@pytest.mark.parametrize("edges", [(0, 32), (32, 5000), (3_000_000_000, 1)])
def test_a_model_that_wants_photos_of_no_size_or_of_gigabytes_is_refused(tmp_path, edges):
    with pytest.raises(ModelUnavailable, match="its photos are to be"):
        detector(tmp_path, {"pixel_values": ("float32", (1, 3, *edges))}).detect(PHOTO)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ('{"id2label": {"1": "bicycle", "01": "car"}}', "each once"),
        ('{"id2label": {"1": "bicycle", "1": "car"}}', "'1' is in it twice"),
        ('{"id2label": {"0": "x"}, "id2label": {"0": "bicycle"}}', "'id2label' is in it twice"),
        (json.dumps({"id2label": {"1": "b" * 10_000_000}}), "a label of 10,000,000 characters"),
        (json.dumps({"id2label": dict.fromkeys(range(200_000), "x")}), "names 200,000 classes"),
    ],
)
def test_names_that_contradict_themselves_or_have_no_end_are_refused(tmp_path, config, said):
    path = write(
        tmp_path, answering({"pixel_values": OPEN}, logits=logits(80, 1), pred_boxes=CENTRE)
    )
    (tmp_path / "config.json").write_text(config)
    with pytest.raises(ModelUnavailable, match=said):
        OnnxDetector(path).detect(PHOTO)
