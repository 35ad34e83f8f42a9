"""From a hosted model's JSON to detections and classifications, checked value by value.

Nothing in a response is trusted: every number is finite and in range, every text is short, every
list is bounded, or the whole response is rejected with InvalidResponse.
"""

import math
from typing import Any, Final

import numpy as np

from geobike.detectors import check
from geobike.detectors.classify import Classification
from geobike.detectors.hosted.responses import InvalidResponse
from geobike.detectors.protocol import FLOOR, Box, Detection
from geobike.reporting import one_line

MOST_ITEMS: Final = 5000
"""DETR answers with at most 100 boxes, ViT with at most 1000 labels."""

LONGEST_LABEL: Final = 300
"""ImageNet's longest label has about 130 characters."""

FARTHEST: Final = 10.0
"""How far outside the image a box may end, in sides of the image; models do overshoot."""


def parse_detections(
    data: Any, *, sent: tuple[int, int], original: tuple[int, int]
) -> list[Detection]:
    """Read boxes, the highest score first, in pixels of the original and clipped to it.

    `sent` and `original` are (width, height) in pixels of the upload and of the photo. Boxes that
    enclose nothing after clipping, or score no more than FLOOR, are left out; any label is kept,
    "N/A" too, since counting asks for labels by name.
    """
    items = _items(data)
    found = [Detection(_label(item), _score(item), _box(item, sent, original)) for item in items]
    given = np.array([[float(item["box"][side]) for side in Box._fields] for item in items])
    kept = np.array([one.score > FLOOR for one in found], dtype=bool)
    scores = np.array([one.score for one in found])
    if check.are_shares(scores[kept], given.reshape(-1, 4)[kept]):
        raise InvalidResponse("its boxes are shares of the photo, from 0 to 1, not pixels")
    real = [
        one
        for one in found
        if one.score > FLOOR and one.box.xmin < one.box.xmax and one.box.ymin < one.box.ymax
    ]
    return sorted(real, key=lambda one: -one.score)


def parse_classifications(data: Any, *, top: int) -> list[Classification]:
    """Read at most `top` labels, the highest score first."""
    found = [Classification(_label(item), _score(item)) for item in _items(data)]
    return sorted(found, key=lambda one: -one.score)[:top]


def _items(data: Any) -> list[dict[str, Any]]:
    """Return the list of objects, taken out of `{"results": …}` and of one extra list."""
    if isinstance(data, dict):
        data = data.get("results")
    if isinstance(data, list) and len(data) == 1 and isinstance(data[0], list):
        data = data[0]
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise InvalidResponse("it is not a list of objects")
    if len(data) > MOST_ITEMS:
        raise InvalidResponse(f"it lists {len(data):,} objects")
    return data


def _label(item: dict[str, Any]) -> str:
    label = item.get("label")
    if not isinstance(label, str) or len(label) > LONGEST_LABEL or not one_line(label):
        raise InvalidResponse("a label is missing, empty or far too long")
    return one_line(label, limit=LONGEST_LABEL)


def _score(item: dict[str, Any]) -> float:
    score = _number(item.get("score"), "score")
    if not -check.ROUNDING <= score <= 1 + check.ROUNDING:
        raise InvalidResponse(f"a score is {score:g}, not between 0 and 1")
    return min(max(score, 0.0), 1.0)


def _box(item: dict[str, Any], sent: tuple[int, int], original: tuple[int, int]) -> Box:
    box = item.get("box")
    if not isinstance(box, dict):
        raise InvalidResponse("an object has no box")
    xmin, xmax = (_along(box.get(name), name, sent[0], original[0]) for name in ("xmin", "xmax"))
    ymin, ymax = (_along(box.get(name), name, sent[1], original[1]) for name in ("ymin", "ymax"))
    if xmin > xmax or ymin > ymax:
        raise InvalidResponse("the corners of a box are in the wrong order")
    return Box(xmin, ymin, xmax, ymax)


def _along(value: Any, name: str, sent: int, original: int) -> float:
    """Scale one coordinate from the upload to the original, and clip it."""
    place = _number(value, name) / sent
    if abs(place) > FARTHEST:
        raise InvalidResponse(f"{name} is far outside the image")
    return min(max(place, 0.0), 1.0) * original


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidResponse(f"{name} is missing or not a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise InvalidResponse(f"{name} is out of range")
    return number
