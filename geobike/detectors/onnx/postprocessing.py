"""From a model's raw answer to detections, in numpy alone.

Three conventions, distinguished by the names of the outputs:

`logits` + `pred_boxes`         Hugging Face. Boxes are centre, width and height from 0 to 1.
                                One column more than there are classes: softmax, and the last
                                column means "no object" (DETR, YOLOS). As many columns as
                                classes: sigmoid (RT-DETR, D-FINE, RF-DETR).
`labels` + `boxes` + `scores`   the deploy export of RT-DETR, D-FINE and DEIM. Boxes are corners
                                in pixels of the original.
`dets` + `labels`               RF-DETR's own export: `pred_boxes` and `logits` by other names,
                                sigmoid always.

YOLO is read in `yolo`. The rules are those of `post_process_object_detection` in transformers 5
(models/detr and models/rt_detr); tests/detectors/onnx/test_parity.py compares them.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geobike.detectors import check
from geobike.detectors.protocol import FLOOR, Box, Detection
from geobike.errors import ModelUnavailable

HUGGING_FACE: Final = ("logits", "pred_boxes")
DEPLOYED: Final = ("labels", "boxes", "scores")
RF_DETR: Final = ("dets", "labels")

_LAST_CLASS: Final = 2**31 - 1  # far more classes than any model has

Floats = NDArray[np.floating[Any]]


class Found(NamedTuple):
    """What a model found: one row a detection, boxes as corners in pixels of the original."""

    scores: Floats  # [N]
    classes: NDArray[Any]  # [N], whole numbers of any type
    boxes: Floats  # [N, 4]


def convention(outputs: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the names of the outputs to request, None if they follow no convention."""
    return next(
        (names for names in (HUGGING_FACE, DEPLOYED, RF_DETR) if {*names} <= {*outputs}), None
    )


def read(
    answers: Mapping[str, NDArray[Any]], *, names: Mapping[int, str], width: int, height: int
) -> list[Detection]:
    """Return the detections in a model's answer for one photo of `width` x `height` pixels.

    `answers` holds the outputs of one convention by name, each with a batch of one. Raises
    ModelUnavailable where their shapes do not belong together, do not fit `names`, or are not of
    numbers; and UnusableAnswer where this answer breaks a rule of `check`, also in a value that
    would be ignored: a model that overflows in one place cannot be trusted in others.
    """
    _check_shapes(answers)
    single = {name: numbers(name, answer[0]) for name, answer in answers.items()}
    if {*HUGGING_FACE} <= {*single}:
        logits, boxes = (single[name] for name in HUGGING_FACE)
        softmax = with_no_object(logits.shape[1], names)
        found = (_best_class if softmax else _best_pairs)(logits, _corners(boxes, width, height))
    elif {*RF_DETR} == {*single}:
        boxes, logits = (single[name] for name in RF_DETR)
        with_no_object(logits.shape[1], names)  # the numbers of columns and names fit
        found = _best_pairs(logits, _corners(boxes, width, height))
    else:
        classes, boxes, scores = (single[name] for name in DEPLOYED)
        found = Found(scores, classes, boxes)
        require_pixels(found)
    return detections(found, names=names, width=width, height=height)


def numbers(name: str, answer: NDArray[Any]) -> NDArray[Any]:
    """Return what an output holds, in single precision where it is not in whole numbers.

    Raises ModelUnavailable for what is not of numbers, UnusableAnswer for NaN and infinities.
    """
    if answer.dtype.kind not in "fiu":
        raise ModelUnavailable(
            f"the model's output {name} is of {answer.dtype}, not of numbers; name another model"
        )
    if answer.dtype.kind == "f" and answer.dtype != np.float32:
        # Half precision is too coarse for pixels: at 4000 its steps are 2.
        with np.errstate(over="ignore"):  # of double precision; it shows as infinity
            answer = answer.astype(np.float32)
    check.require_finite(answer, f"its output {name}")
    return answer


def check_named(answers: Mapping[str, NDArray[Any]], names: Mapping[int, str]) -> None:
    """Raise ModelUnavailable for a class beyond those named, which proves that the names are wrong.

    `answers` are as for `read`. Only class numbers that the model gives itself can be beyond.
    """
    if not {*DEPLOYED} <= {*answers}:
        return
    classes, _, scores = (answers[name] for name in DEPLOYED)
    beyond = (scores > FLOOR) & (classes > max(names))
    if beyond.any():
        raise ModelUnavailable(
            f"the model found class {classes[beyond][0]:.6g}, but its classes are named from "
            f"{min(names)} to {max(names)}: the names belong to another model. Give its own with "
            "--classes FILE, or in a config.json with id2label beside it"
        )


def with_no_object(columns: int, names: Mapping[int, str]) -> bool:
    """Say whether the last column of the logits means "no object".

    Raises ModelUnavailable where the names fit neither reading.
    """
    classes = max(names) + 1  # not len(): some tables leave numbers out
    if columns not in (classes, classes + 1):
        raise ModelUnavailable(
            f"the model has {columns} classes, but {classes} are named; "
            "put the config.json that belongs to the model beside it"
        )
    return columns == classes + 1


def softmax(logits: Floats) -> Floats:
    """Return probabilities along the last axis."""
    with np.errstate(over="ignore"):  # a difference beyond any number: the chance is then 0
        powers: Floats = np.exp(logits - logits.max(axis=-1, keepdims=True))
    total: Floats = powers.sum(axis=-1, keepdims=True)
    return powers / total


def _best_class(logits: Floats, boxes: Floats) -> Found:
    """Give every query its best class; the last column, "no object", is left out."""
    chances = softmax(logits)[:, :-1]
    return Found(chances.max(axis=1), chances.argmax(axis=1), boxes)


def _best_pairs(logits: Floats, boxes: Floats) -> Found:
    """Take the best pairs of query and class, as many as there are queries.

    One query may appear with two classes.
    """
    queries, columns = logits.shape
    best = _largest(logits.ravel(), queries)
    with np.errstate(over="ignore"):  # exp of a very unlikely class: the score is then 0
        scores = 1 / (1 + np.exp(-logits.ravel()[best]))
    return Found(scores, best % columns, boxes[best // columns])


def _largest(values: Floats, number: int) -> NDArray[np.intp]:
    """Return the places of the largest values in order, of equal ones the first first."""
    places = np.arange(len(values))
    if 0 < number < len(values):  # to sort all takes ten times as long
        places = places[values >= np.partition(values, -number)[-number]]
    return places[np.argsort(-values[places], kind="stable")[:number]]


def detections(
    found: Found,
    *,
    names: Mapping[int, str],
    width: int,
    height: int,
    floor: float = FLOOR,
    bars: tuple[float, float] = (0, 0),
) -> list[Detection]:
    """Return what scores above `floor`, the highest first.

    Boxes are clipped to the photo of `width` x `height` pixels; those that then enclose nothing are
    left out. `bars` are pixels that the model saw beside and above the photo. Raises UnusableAnswer
    for scores outside 0 to 1 and corners that are not finite in any
    row, corners that are not in order above `floor`, and classes without a number.
    """
    scores, corners = check.within_rounding(found.scores), found.boxes.astype(np.float64)
    _require_classes(found.classes)
    check.require_finite(corners, "its boxes in pixels")
    # Below the floor the sides of a box may well have crossed: that box is not returned.
    rows = np.flatnonzero(~((scores >= 0) & (scores <= floor)))
    scores, corners = scores[rows], corners[rows]
    if fault := check.first_fault(scores, *corners.T):
        raise check.unusable(f"it has {fault.what}")
    _require_near(scores, corners, width, height, bars)
    boxes = np.clip(corners, 0, [width, height, width, height])
    kept = np.flatnonzero((boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1]))
    order = kept[np.argsort(-scores[kept], kind="stable")]
    classes = map(int, found.classes[rows[order]].tolist())  # some models give them as floats
    labels = [names.get(number, f"LABEL_{number}") for number in classes]
    return list(map(Detection, labels, scores[order].tolist(), map(Box, *boxes[order].T.tolist())))


def require_pixels(found: Found) -> None:
    """Raise UnusableAnswer where the boxes that are returned are shares, not pixels."""
    kept = found.scores > FLOOR
    if check.are_shares(found.scores[kept], found.boxes[kept]):
        raise check.unusable("its boxes are shares of the photo, from 0 to 1, not pixels")


_BEYOND: Final = 1.5
"""How many widths and heights from the middle of what the model saw a box's middle may be."""


def _require_near(
    scores: Floats, corners: Floats, width: int, height: int, bars: tuple[float, float]
) -> None:
    """Raise UnusableAnswer where half of the boxes lie far outside: their units are others.

    Clipped to the photo they would be nothing, and the photo one without bicycles. A stray one
    among others, or a faint one, is left out, as by the models' own post-processing.
    """
    photo = np.array([width, height])
    away = (corners[:, :2] + corners[:, 2:] - photo) / 2 / (photo + 2 * np.array(bars))
    far = (np.abs(away) > _BEYOND).any(axis=1)
    if len(far) and far.mean() >= 0.5 and scores[far].max() >= check.FAINT:
        sides = ", ".join(f"{side:.6g}" for side in corners[far][0])
        raise check.unusable(
            f"it has a box far outside the photo of {width} x {height} pixels: {sides}"
        )


def _require_classes(classes: NDArray[Any]) -> None:
    """Raise UnusableAnswer where one of the classes is not a class number."""
    wrong = (classes < 0) | (classes > _LAST_CLASS)
    if classes.dtype.kind == "f":
        wrong |= classes != np.floor(classes)
    if wrong.any():
        raise check.unusable(f"it has a class {classes[wrong][0]:.6g}, which is not a class number")


def _corners(boxes: Floats, width: int, height: int) -> Floats:
    """Turn centre, width and height from 0 to 1 into corners in pixels."""
    centre, half = boxes[:, :2], boxes[:, 2:] / 2
    with np.errstate(over="ignore"):  # it shows as infinity
        corners: Floats = np.concatenate([centre - half, centre + half], axis=1)
        return corners * np.array([width, height, width, height], dtype=corners.dtype)


def _check_shapes(answers: Mapping[str, NDArray[Any]]) -> None:
    flat = () if "dets" in answers else ("labels", "scores")
    boxes = next(answers[name] for name in ("pred_boxes", "dets", "boxes") if name in answers)
    fits = boxes.shape[::2] == (1, 4) and all(
        answer.shape[:2] == boxes.shape[:2] and answer.ndim == (2 if name in flat else 3)
        for name, answer in answers.items()
    )
    if not fits:
        given = ", ".join(f"{name} {answer.shape}" for name, answer in answers.items())
        raise ModelUnavailable(f"the shapes of the model's answer do not belong together: {given}")
