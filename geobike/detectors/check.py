"""What a box must be, wherever it comes from: a model, a service, a store, a shard or a table.

A failure is never a zero. NaN is above no threshold and overlaps nothing, so that a faulty answer
would pass for a photo without bicycles. What breaks these rules is rejected as a whole:

score     from 0 to 1
corners   numbers of pixels, xmin <= xmax and ymin <= ymax
label     text that is not blank and that UTF-8 can hold

Labels are compared and stored as `clean_label` returns them: a trailing blank makes no difference.

A box without area passes: clipping to the photo may leave one, and its sides are in order.
The rules look at whole columns, since a store may hold a hundred million boxes.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geobike.detectors.protocol import FLOOR, Box, Detection
from geobike.errors import DetectionFailed

ROUNDING: Final = 1e-3
"""How far a model's score may be outside 0 to 1, and is clipped. Half precision counts in steps of
0.00098 at 1. Stored scores were clipped before, and must be in range exactly."""

LARGEST: Final = 1e9
"""Pixels. No photo is as wide or high, so that no corner of a box is farther out."""

LONGEST_LABEL: Final = 1_000
"""Characters. A label is a word or a few."""

FAINT: Final = 2 * FLOOR
"""A box that scores less is noise, and proves nothing of the units that boxes are in: a model that
sees nothing may answer with a speck in a corner. No common threshold counts it."""

_WITHIN_ONE: Final = 1.1

_ROWS: Final = 1_000_000  # checked at a time: masks for all boxes of a survey would fill memory

_REMEDY: Final = "name another model, or export this one anew in float32"


class UnusableAnswer(DetectionFailed):
    """The detector answered for this photo, and the answer is not made of boxes."""


class Fault(NamedTuple):
    """The first of many boxes that breaks a rule."""

    row: int
    what: str
    """Completes "it has ..."."""


def right_scores(score: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which scores are from 0 to 1; NaN is not."""
    return (score >= 0) & (score <= 1)


def right_corners(
    xmin: NDArray[Any], ymin: NDArray[Any], xmax: NDArray[Any], ymax: NDArray[Any]
) -> NDArray[np.bool_]:
    """Return which boxes have their corners in order and within `LARGEST`; NaN is neither."""
    across = (xmin >= -LARGEST) & (xmin <= xmax) & (xmax <= LARGEST)
    down = (ymin >= -LARGEST) & (ymin <= ymax) & (ymax <= LARGEST)
    return across & down


_NOTHING: Final = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
"""Characters that are invisible: soft hyphen, zero-width space, word joiner, byte order mark."""

_BLANKS: Final = "\u115f\u1160\u2800\u3164\uffa0"  # letters and symbols that show nothing


def clean_label(label: str) -> str:
    r"""Return a label without blanks and invisible characters around it, and in Unicode's NFC.

    Blanks within, no-break spaces included, become single spaces.

    >>> clean_label("\u00a0stop\u00a0 sign\u200b ")
    'stop sign'
    """
    return (_cleaned if len(label) <= _SHORT else _clean)(label)


def _clean(label: str) -> str:
    line = " ".join(unicodedata.normalize("NFC", label).translate(_NOTHING).split())
    start, end = 0, len(line)
    while start < end and _invisible(line[start]):
        start += 1
    while end > start and _invisible(line[end - 1]):
        end -= 1
    return line[start:end]


_SHORT: Final = 100  # characters: labels of models are words, and the same for each photo
_cleaned: Final = lru_cache(maxsize=4096)(_clean)


def _invisible(sign: str) -> bool:
    return sign.isspace() or sign in _BLANKS or unicodedata.category(sign) in ("Cc", "Cf")


def clean_labels(labels: "pd.Categorical[str]") -> "pd.Categorical[str]":
    """Return coded labels, each as `clean_label` leaves it."""
    codes, names = pd.factorize(
        pd.Index([clean_label(name) for name in labels.categories], dtype="str")
    )
    if len(names) == len(labels.categories) and names.equals(labels.categories):
        return labels
    return pd.Categorical.from_codes(np.append(codes, -1)[labels.codes], names)


def wrong_label(label: object) -> str | None:
    """Return what is wrong with a label, None where nothing is."""
    if not isinstance(label, str):
        return f"a label that is not text: {ascii(label)[:50]}"
    if not clean_label(label):
        return "a blank label"
    if len(label) > LONGEST_LABEL:
        return f"a label of {len(label):,} characters, where {LONGEST_LABEL:,} are allowed"
    if not label.isascii() and any("\ud800" <= sign <= "\udfff" for sign in label):
        return f"a label that is not valid Unicode: {ascii(label)[:50]}"
    return None


def first_wrong_label(codes: NDArray[np.integer[Any]], labels: Iterable[object]) -> Fault | None:
    """Return the first box with a wrong label; `codes` are places in `labels`, box by box."""
    for code, label in enumerate(labels):
        if (what := wrong_label(label)) and (there := codes == code).any():
            return Fault(int(there.argmax()), what)
    return None


def first_fault(score: NDArray[Any], *corners: NDArray[Any]) -> Fault | None:
    """Return the first box with a wrong score or corner: columns score, xmin, ymin, xmax, ymax."""
    for start in range(0, len(score), _ROWS):
        scores, *sides = (column[start : start + _ROWS] for column in (score, *corners))
        right = right_scores(scores) & right_corners(*sides)
        if not right.all():
            row = int(right.argmin())
            return Fault(start + row, _what(float(scores[row]), [float(one[row]) for one in sides]))
    return None


def _what(score: float, corners: Sequence[float]) -> str:
    if not 0 <= score <= 1:
        return f"a score of {score:.3g}, not from 0 to 1"
    sides = ", ".join(f"{name} {side:.6g}" for name, side in zip(Box._fields, corners, strict=True))
    return f"corners that are not pixels in order: {sides}"


def are_shares(score: NDArray[Any], corners: NDArray[Any]) -> bool:
    """Tell whether the boxes of a photo, a row of four corners each, are shares of it, not pixels.

    All corners are then from 0 to 1, and of one box at least that is not `FAINT`.

    >>> [are_shares(np.array([score]), np.array([[0.1, 0.2, 0.5, 0.9]])) for score in (0.06, 0.6)]
    [False, True]
    """
    if not (score >= FAINT).any() or not (corners % 1 > 0).any():
        return False
    return bool(np.abs(corners).max() <= _WITHIN_ONE)


def within_rounding(score: NDArray[Any]) -> NDArray[Any]:
    """Return the scores, clipped to 0 to 1 where they are outside by `ROUNDING` or less."""
    if right_scores(score).all():  # mostly
        return score
    clipped = np.clip(score, 0, 1)
    with np.errstate(invalid="ignore"):  # infinity less itself
        return np.where(np.abs(score - clipped) <= ROUNDING, clipped, score)


def require_finite(values: NDArray[Any], where: str) -> None:
    """Raise UnusableAnswer where one of the values of a model's answer is NaN or infinite."""
    finite = np.isfinite(values)
    if not finite.all():
        bad = ~finite
        first = values[bad].flat[0]
        raise unusable(
            f"{bad.sum()} of {bad.size} values in {where} are not finite, such as {first}"
        )


def unusable(what: str) -> UnusableAnswer:
    """Return the error of a model's answer; `what` says what is wrong with it."""
    return UnusableAnswer(f"the model's answer cannot be used: {what}; {_REMEDY}")


def detections(
    found: Sequence[Detection], *, scale: tuple[float, float] = (1, 1)
) -> list[Detection]:
    """Return a detector's answer for one photo, its numbers as Python's own.

    `scale` is the pixels of the photo for one that the detector saw, across and down. Raises
    UnusableAnswer where one of the boxes breaks a rule.

    >>> detections([Detection("bicycle", 0.5, Box(1, 2, 3, 4))], scale=(2, 10))
    [Detection(label='bicycle', score=0.5, box=Box(xmin=2.0, ymin=20.0, xmax=6.0, ymax=40.0))]
    """
    try:
        numbers = np.array([(one.score, *one.box) for one in found], np.float64).reshape(-1, 5)
    except (TypeError, ValueError, OverflowError) as error:
        raise unusable(f"a score or box is not made of numbers ({error})") from None
    if fault := first_fault(*numbers.T):
        raise unusable(f"it has {fault.what}")
    if wrong := next(filter(None, (wrong_label(one.label) for one in found)), None):
        raise unusable(f"it has {wrong}")
    numbers[:, 1:] *= scale * 2
    scores, *corners = numbers.T.tolist()
    labels = (clean_label(one.label) for one in found)
    return list(map(Detection, labels, scores, map(Box, *corners)))
