"""Filter boxes: the labels to count, above the threshold, each object once.

The rules are applied when counting, not when detecting, so that changing them costs nothing.
"""

import difflib
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike import schema
from geobike.config import MAX_OVERLAP, PERSONS, THRESHOLD
from geobike.detections import corrections, extent, lookalikes, riding
from geobike.detectors import check as detect_check
from geobike.detectors.onnx.labels import COCO_91
from geobike.detectors.protocol import FLOOR, Box
from geobike.detectors.suppression import non_max_suppression
from geobike.errors import InputError, SchemaError
from geobike.reporting import report

OTHER_LABEL, BELOW_THRESHOLD, DUPLICATE, RIDDEN = REJECTIONS = (
    "label",
    "threshold",
    "duplicate",
    "ridden",
)
"""Why a box does not count, as `dropped_by` says it."""


@dataclass(frozen=True)
class Filter:
    """Which boxes count: see `filter_detections`."""

    labels: tuple[str, ...]
    threshold: float = THRESHOLD
    max_overlap: float = MAX_OVERLAP
    count: Literal["parked", "all"] = "parked"


def check(*, threshold: float, max_overlap: float) -> None:
    """Raise InputError for an invalid threshold or overlap."""
    if not FLOOR <= threshold < 1:
        raise InputError(
            f"threshold {threshold:g} is not from {FLOOR:g} to below 1; "
            f"detections that score under {FLOOR:g} are not kept"
        )
    if not 0 < max_overlap <= 1:
        raise InputError(f"max_overlap {max_overlap:g} is not above 0 and at most 1")


def filter_detections(
    detections: pd.DataFrame,
    *,
    labels: Iterable[str],
    threshold: float = THRESHOLD,
    max_overlap: float = MAX_OVERLAP,
    count: Literal["parked", "all"] = "parked",
) -> pd.DataFrame:
    """Return the detections frame with `kept`, `dropped_by` and `ridden` set.

    A box is kept if its label is one of `labels` (ignoring case and blanks around it), its score is
    above `threshold`, and no box of the same photo and label with a higher score overlaps it by
    more than `max_overlap` (greedy non-maximum suppression; of equal scores the earlier row stays).
    A box that a person struck out (`dropped_by` is `review`) stays out.
    Bicycles and motorcycles that a person rides are left out unless `count` is "all". `ridden` is
    NA for other boxes, and for all where there is no person among all boxes: the detector may not
    know persons.
    Labels are checked by `check_labels`. Raises InputError, also for boxes in 0 to 1, and
    SchemaError for a box that breaks a rule of `geobike.detectors.check`.

    Examples:
        >>> import geobike
        >>> from geobike import schema
        >>> boxes = schema.table(
        ...     schema.DETECTIONS,
        ...     {
        ...         "photo_id": ["a.jpg"] * 4,
        ...         "label": ["bicycle", "bicycle", "bicycle", "car"],
        ...         "score": [0.9, 0.8, 0.4, 0.9],
        ...         "xmin": [10, 12, 70, 10],
        ...         "ymin": [20, 20, 20, 0],
        ...         "xmax": [60, 62, 99, 40],
        ...         "ymax": [80, 80, 80, 80],
        ...     },
        ... )
        >>> geobike.filter_detections(boxes, labels=["bicycle"])[["kept", "dropped_by"]]
            kept dropped_by
        0   True        NaN
        1  False  duplicate
        2  False  threshold
        3  False      label
    """
    check(threshold=threshold, max_overlap=max_overlap)
    schema.check(detections, schema.DETECTIONS)
    _check_values(detections)
    extent.check_not_normalized(detections)
    label = detect_check.clean_labels(schema.coded(detections["label"]))
    detections = detections.assign(label=pd.Series(label, index=detections.index))
    rules = Filter(tuple(labels), threshold, max_overlap, count)
    check_labels(rules.labels, detections["label"])
    photo = schema.coded(detections["photo_id"]).codes
    found = apply_rejections(detections, rejection_codes(detections, rules, photo=photo), rules)
    struck = np.flatnonzero((detections["dropped_by"] == corrections.REVIEW) & found["kept"])
    return corrections.strike(found, struck) if len(struck) else found


def _check_values(detections: pd.DataFrame) -> None:
    """Raise SchemaError for the first invalid box; rows without a label are not boxes."""
    label = schema.coded(detections["label"])
    box = np.flatnonzero(label.codes >= 0)
    columns = (detections[name].to_numpy()[box] for name in ("score", *Box._fields))
    fault = detect_check.first_wrong_label(label.codes[box], label.categories)
    if fault := fault or detect_check.first_fault(*columns):
        row = detections.index[box[fault.row]]
        raise SchemaError(
            f"row {row!r} of the detections frame has {fault.what}; leave it out or correct it"
        )


def rejection_codes(
    found: pd.DataFrame, rules: Filter, *, photo: npt.NDArray[Any]
) -> npt.NDArray[np.int8]:
    """Return for each box the index in `REJECTIONS` of why it does not count, -1 where it does.

    `photo` is the same for the boxes of one photo, of which all must be there.
    """
    # Labels are few, and numbers are quick to compare.
    label = schema.coded(found["label"])
    folded = pd.Series([_fold(name) for name in label.categories], dtype="str")
    wanted = np.append(folded.isin(_folded(rules.labels)), False)[label.codes]
    high = (found["score"] > rules.threshold).to_numpy()
    out = np.full(len(found), -1, dtype=np.int8)
    out[~high] = REJECTIONS.index(BELOW_THRESHOLD)
    out[~wanted] = REJECTIONS.index(OTHER_LABEL)
    left = np.flatnonzero(wanted & high)
    number = pd.factorize(folded)[0][label.codes[left]]
    candidates = found.iloc[left].assign(photo=photo[left], label=number)
    out[left[non_max_suppression(candidates, rules.max_overlap)]] = REJECTIONS.index(DUPLICATE)
    can_be_ridden = np.append(folded.isin(_RIDEABLE), False)[label.codes]
    bicycle = np.flatnonzero((out < 0) & can_be_ridden)
    is_person = np.append(folded.isin(PERSONS), False)[label.codes]
    person = np.flatnonzero(is_person & (found["score"] >= riding.PERSON_SCORE).to_numpy())
    boxes = found[["xmin", "ymin", "xmax", "ymax"]].assign(photo=photo)
    rides = riding.ridden(boxes.iloc[bicycle], boxes.iloc[person])
    out[bicycle[rides]] = REJECTIONS.index(RIDDEN)
    return out


_SYNONYMS: Final = (
    (
        "bicycle bike cycle pushbike velocipede ebike fiets rijwiel bakfiets fahrrad rad vélo velo "
        "bicyclette bicicleta bici bicicletta bicikl bicykl cykel sykkel rower kolo polkupyörä "
        "pyörä kerékpár bicikli bisiklet jalgratas dviratis велосипед ποδήλατο 自行车 自転車"
    ),
    "motorcycle motorbike moped scooter bromfiets motorfiets motorrad moto motocicleta",
)
"""Synonyms, also in other languages, of the objects that are counted most often."""

_RIDEABLE: Final = (*" ".join(_SYNONYMS).split(), "cargo bike")


def apply_rejections(
    detections: pd.DataFrame, reason: npt.NDArray[np.int8], rules: Filter
) -> pd.DataFrame:
    """Return the detections frame with `kept`, `dropped_by`, `ridden` as `rejection_codes` says."""
    out = detections.copy(deep=False)
    rides = reason == REJECTIONS.index(RIDDEN)
    if rules.count == "all":
        reason = np.where(rides, -1, reason).astype(np.int8)
    out["dropped_by"] = pd.Categorical.from_codes(reason, pd.Index(REJECTIONS, dtype=schema.TEXT))
    out["kept"] = reason < 0
    seen = _folded(_commonest(detections["label"]))
    known = (out["kept"] | rides) & (not seen.isdisjoint(PERSONS))
    out["ridden"] = pd.Series(rides, index=out.index, dtype=schema.MAYBE).where(known)
    return out


def check_labels(labels: Sequence[str], seen: "pd.Series[str]") -> None:
    """Report each label to count that no box has. Raises InputError where no box has any of them.

    That would be a map of zeros. It is accepted only where all labels are COCO's, for then the
    detector knows what to count, and found none.
    """
    report_missing_labels(labels, seen)
    report_near_labels(labels, seen)
    found, wanted = _folded(_commonest(seen)), _folded(labels)
    if found and found.isdisjoint(wanted) and (found - _COCO or wanted.isdisjoint(_COCO)):
        raise InputError(
            f"no box at all is labelled {' or '.join(map(repr, labels))}, so nothing would be "
            f"counted; {_meant(wanted, found)}name with --label one of "
            f"{', '.join(_commonest(seen)[:12])}"
        )


def _meant(wanted: Iterable[str], there: Iterable[str]) -> str:
    """Return a question where a label is spelt almost like one that boxes have."""
    for name in wanted:
        for close in difflib.get_close_matches(name, list(there), n=1, cutoff=0.7):
            return f"did you mean {close!r}? Or "
    return ""


def _folded(names: Iterable[str]) -> set[str]:
    return {_fold(name) for name in names}


def _fold(name: str) -> str:
    return detect_check.clean_label(name).casefold()


_COCO: Final = _folded(COCO_91)


def report_missing_labels(labels: Iterable[str], seen: "pd.Series[str]") -> None:
    """Report each label to count that no box has, unless there are no boxes at all."""
    there = _commonest(seen)
    known = _folded(there)
    for name in labels:
        if there and _fold(name) not in known:
            report(f"no box at all is labelled {name!r}; there are", there, shown=12)


def report_near_labels(labels: Iterable[str], seen: "pd.Series[str]") -> None:
    """Report labels of boxes that are not counted, but may mean the same as one that is."""
    wanted = list(labels)
    folded = _folded(wanted)
    number = seen.value_counts()
    near = [
        name
        for name in _commonest(seen)
        if _fold(name) not in folded
        and (any(_is_near(name, one) for one in folded) or _letters(name, folded))
    ]
    if near:
        options = " ".join(f"--label {shlex.quote(name)}" for name in [*wanted, *near][:12])
        report(
            f"some boxes do not count, though their labels may mean {' or '.join(wanted)}; if they "
            f"do, count with {options}. The labels are",
            [f"{name} ({number[name]} boxes{_letters(name, folded)})" for name in near],
            shown=12,
        )


def _letters(name: str, folded: Iterable[str]) -> str:
    """Return which letters make a label another one than what it looks like; '' for none."""
    meant = [word for one in sorted(folded) for word in (one, *one.split(), *_synonyms(one))]
    pairs = ((word, one) for word in (_fold(name), *_words(name)) for one in meant)
    letters = next(filter(None, (lookalikes.found(*pair) for pair in pairs)), [])
    return f", written with {', '.join(letters)}" if letters else ""


def _is_near(name: str, wanted: str) -> bool:
    """Tell whether a label contains the words of a counted one, or a synonym, or plurals."""
    words = _words(name)
    if wanted == "bicycle" and "motor" in words:
        return False
    return set(wanted.split()) <= set(words) or not set(_synonyms(wanted)).isdisjoint(words)


def _synonyms(wanted: str) -> list[str]:
    return next((each for each in map(str.split, _SYNONYMS) if wanted in each), [])


def _words(name: str) -> list[str]:
    """Return the words of a label in lower case, plurals also in the singular."""
    words = re.findall(r"[^\W_]+", _fold(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)))
    singular = [word.removesuffix(end) for word in words for end in ("s", "es", "en", "er")]
    # fiets -> fietsen, fahrrad -> fahrräder
    return [*words, *singular, *(word.replace("ä", "a") for word in singular)]


def _commonest(seen: "pd.Series[str]") -> list[str]:
    """Return the labels of the boxes, the most frequent first."""
    number = seen.value_counts()
    return number[number > 0].index.tolist()
