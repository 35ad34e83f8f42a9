"""Photos looked at in each way, and boxes held against true ones."""

import time
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from geobike.detectors.merging import Look, merge
from geobike.detectors.onnx.detector import OnnxDetector
from geobike.detectors.protocol import Box, Detection, DetectorBase
from geobike.detectors.suppression import intersection_over_union, non_max_suppression
from geobike.detectors.windows import layout
from geobike.photos.decoding import read_upright, upright_size

MODEL = "models/deimv2_hgnetv2_femto_coco.onnx"
THRESHOLD = 0.3  # as in the map of the sample
LEAST_OVERLAP = 0.3  # intersection over union of a box and the true one


class Seen(NamedTuple):
    """What a detector says of a photo, in its pixels, and what that took."""

    boxes: list[Detection]
    seconds: float
    """Of the processor: others may be at work on the machine."""


@cache
def detector(shared: Path) -> OnnxDetector:
    return OnnxDetector(shared / MODEL, threads=1, classes="coco80")


def look(path: Path, eye: DetectorBase) -> Seen:
    """Look at a photo as a run does: decoded no larger than the detector needs."""
    size = upright_size(path.read_bytes())
    start = time.process_time()
    image = read_upright(path, target_size=eye.input_size)
    found = eye.detect(image)
    spent = time.process_time() - start
    scale = size[0] / image.width, size[1] / image.height
    return Seen([_scaled(one, *scale) for one in found], spent)


def _scaled(one: Detection, across: float, down: float) -> Detection:
    xmin, ymin, xmax, ymax = one.box
    box = Box(xmin * across, ymin * down, xmax * across, ymax * down)
    return Detection(one.label, one.score, box)


def counted(found: Iterable[Detection], threshold: float = THRESHOLD) -> list[Box]:
    """Return the boxes of bicycles that count: above the threshold, once each."""
    kept = [one for one in found if one.label == "bicycle" and one.score > threshold]
    table = pd.DataFrame([(0, 0, one.score, *one.box) for one in kept], columns=_COLUMNS)
    if table.empty:
        return []
    repeat = non_max_suppression(table, 0.5)
    return [one.box for one, gone in zip(kept, repeat, strict=True) if not gone]


_COLUMNS = ["photo", "label", "score", "xmin", "ymin", "xmax", "ymax"]


def hits(boxes: Sequence[Box], true: np.ndarray, *, turn: float = np.inf) -> np.ndarray:
    """Tell which true boxes are found: one to one, those that overlap most first.

    `true` has a row for each: xmin, ymin, xmax, ymax. Columns repeat after `turn`.
    """
    found = np.zeros(len(true), dtype=bool)
    if not boxes or not len(true):
        return found
    one, other = (grid.ravel() for grid in np.indices((len(boxes), len(true))))
    ours, theirs = np.array(boxes)[one], true[other].astype(float)
    if np.isfinite(turn):
        move = turn * np.round((ours[:, [0, 2]].sum(1) - theirs[:, [0, 2]].sum(1)) / 2 / turn)
        theirs[:, [0, 2]] += move[:, None]
    overlap = intersection_over_union(ours, theirs)
    taken: set[int] = set()
    for row in np.argsort(-overlap, kind="stable"):
        if overlap[row] <= LEAST_OVERLAP:
            break
        if one[row] not in taken and not found[other[row]]:
            taken.add(one[row])
            found[other[row]] = True
    return found


def by_rule(path: Path, inner: DetectorBase, number: int) -> dict[str, list[Detection]]:
    """Return what three ways of merging make of the same windows and the same whole photo."""
    image = read_upright(path)
    whole = Box(0, 0, *image.size)
    looks = []
    for part in layout(image.size, number):
        left, top = part[:2]
        found = [
            Detection(one.label, one.score, _at(one.box, left, top))
            for one in inner.detect(image.crop(part))
        ]
        looks.append(Look(Box(*part), found))
    looks.append(Look(whole, inner.detect(image)))
    every = [one for each in looks for one in each.found]
    return {
        "non-maximum suppression": every,  # `counted` does it
        "merging by containment": _contained(every),
        "edges left out, one to one": merge(looks, whole),
    }


def _at(box: Box, left: float, top: float) -> Box:
    return Box(box.xmin + left, box.ymin + top, box.xmax + left, box.ymax + top)


def _contained(found: Iterable[Detection], limit: float = 0.7) -> list[Detection]:
    """Leave out boxes of which a better one shares more than a limit of the smaller of the two."""
    kept: list[Detection] = []
    for one in sorted(found, key=lambda each: -each.score):
        if all(each.label != one.label or _share(each.box, one.box) <= limit for each in kept):
            kept.append(one)
    return kept


def _share(one: Box, other: Box) -> float:
    wide = min(one.xmax, other.xmax) - max(one.xmin, other.xmin)
    high = min(one.ymax, other.ymax) - max(one.ymin, other.ymin)
    areas = [(box.xmax - box.xmin) * (box.ymax - box.ymin) for box in (one, other)]
    return max(wide, 0) * max(high, 0) / max(min(areas), 1e-9)
