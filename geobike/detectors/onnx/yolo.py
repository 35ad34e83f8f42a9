"""YOLO as ultralytics exports it: one output, `output0`, for a letterboxed photo.

[1, 4 + classes, N]   YOLOv8, 11 and 12: centre, width and height in pixels of what the model sees,
                      then a score per class. One object has many boxes; the best one stays.
[1, N, 6]             with suppression inside (YOLOv10, YOLO26, `nms=True`): corners in pixels of
                      what the model sees, score, class; rows that are left over are zero.

The names of the classes, the size and the task are in the file's metadata. The rules are those of
`non_max_suppression` and `scale_boxes` in ultralytics 8 (utils/nms.py, utils/ops.py) with their
defaults; tests/detectors/onnx/test_yolo_parity.py holds this module against them.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geobike.detectors import check
from geobike.detectors.onnx import labels, postprocessing
from geobike.detectors.onnx.postprocessing import Floats, Found
from geobike.detectors.onnx.preprocessing import Letterbox, Preprocessing
from geobike.detectors.protocol import FLOOR, Detection
from geobike.detectors.suppression import non_max_suppression
from geobike.errors import ModelUnavailable

OUTPUTS: Final = ("output0",)

_MAX_OVERLAP: Final = 0.7  # ultralytics' `iou`
_MOST: Final = 300  # ultralytics' `max_det`
_END_TO_END: Final = 6  # columns
_SIDE: Final = 640  # pixels; ultralytics' `imgsz`
_LARGEST_SIDE: Final = 4096  # pixels


def is_export(outputs: tuple[str, ...]) -> bool:
    """Tell by the names of its outputs whether a model is one. Those of segmentation have more."""
    return OUTPUTS[0] in outputs


def unread(outputs: tuple[str, ...], metadata: Mapping[str, str]) -> str:
    """Return why a model is not read, for the end of "of no kind that geobike reads"; or ''."""
    task = metadata.get("task", "detect")
    if task != "detect" or outputs != OUTPUTS:
        task = task if task != "detect" else "another task"
        return f"; it is a YOLO for {task}. Export one for detection (task detect)"
    return ""


def preparation(metadata: Mapping[str, str], place: str) -> Preprocessing:
    """Return how photos are prepared; a size that the model declares wins later.

    Raises ModelUnavailable, naming `place`, for a size in the metadata that is none.
    """
    given = labels.literal(metadata.get("imgsz", str(_SIDE)))
    size = tuple(given) if isinstance(given, list | tuple) else (given, given)
    stride = labels.literal(metadata.get("stride", "32"))
    numbers = (*size, stride)
    if len(numbers) != 3 or not all(
        type(one) is int and 1 <= one <= _LARGEST_SIDE for one in numbers
    ):
        raise ModelUnavailable(
            f"imgsz and stride in the metadata of {place} are {str(given)[:50]} and "
            f"{str(stride)[:50]}, not pixels; export it anew"
        )
    return Preprocessing(letterbox=(size[0], size[1]), stride=stride)


def read(
    answer: NDArray[Any],
    *,
    names: Mapping[int, str],
    size: tuple[int, int],
    letterbox: Letterbox,
) -> list[Detection]:
    """Return the detections in `output0` for one photo of `size`, its (width, height) in pixels.

    Raises ModelUnavailable where the shape fits no kind or not the `names`, and UnusableAnswer as
    `postprocessing.read` does.
    """
    shape, classes = answer.shape, max(names) + 1
    raw = answer.ndim == 3 and shape[:2] == (1, 4 + classes)
    if not raw and not (answer.ndim == 3 and shape[::2] == (1, _END_TO_END)):
        raise ModelUnavailable(
            f"the model's output {OUTPUTS[0]} of {shape} is neither [1, {4 + classes}, N], as "
            f"{classes} named classes have it, nor [1, N, {_END_TO_END}]; name its own classes, or "
            "export it anew with ultralytics 8.1 or later"
        )
    single = postprocessing.numbers(OUTPUTS[0], answer[0])
    found = _best(single.T) if raw else _rows(single)
    postprocessing.require_pixels(found)
    scale = np.array([letterbox.left, letterbox.top] * 2)
    boxes = (found.boxes - scale) / letterbox.gain
    width, height = size
    return postprocessing.detections(
        found._replace(boxes=boxes), names=names, width=width, height=height
    )


def _rows(single: Floats) -> Found:
    return Found(single[:, 4], single[:, 5], single[:, :4])


def _best(single: Floats) -> Found:
    """Return the best boxes: of those that overlap and have one class, the one that scores most."""
    every = check.within_rounding(single[:, 4:])
    if (wrong := ~check.right_scores(every)).any():
        raise check.unusable(f"it has a score of {every[wrong][0]:.3g}, not from 0 to 1")
    scores = every.max(axis=1)
    rows = np.flatnonzero(scores > FLOOR)
    centre, half = single[rows, :2], single[rows, 2:4] / 2
    boxes = np.concatenate([centre - half, centre + half], axis=1)
    classes = single[rows, 4:].argmax(axis=1)
    order = np.argsort(-scores[rows], kind="stable")
    candidates = pd.DataFrame(
        boxes[order].astype(np.float64), columns=["xmin", "ymin", "xmax", "ymax"]
    )
    candidates = candidates.assign(photo=0, label=classes[order], score=scores[rows][order])
    best = order[~non_max_suppression(candidates, _MAX_OVERLAP)][:_MOST]
    return Found(scores[rows][best], classes[best], boxes[best])
