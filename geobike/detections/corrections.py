"""Boxes that a person struck out or added: kept in a table, applied after filtering."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike import schema
from geobike.detectors.check import clean_label
from geobike.errors import InputError
from geobike.io import delimited
from geobike.reporting import report_number

REVIEW: Final = "review"
"""In `dropped_by`: a person struck the box out."""

NAME: Final = "corrections.csv"
"""The file that `geobike review` writes into a survey's folder."""

COLUMNS: Final = (
    "photo_id", "sha256", "action", "label", "x_min", "y_min", "x_max", "y_max", "reviewer",
)  # fmt: skip

Action = Literal["strike", "add"]
_ACTIONS: Final[dict[str, Action]] = {"strike": "strike", "add": "add"}
_TEXTS: Final = ("photo_id", "sha256", "label", "reviewer")
_SIDES: Final = ["xmin", "ymin", "xmax", "ymax"]
_IN_FILES: Final = ["x_min", "y_min", "x_max", "y_max"]
SAME: Final = 0.5
"""Intersection over union above which a box is the one that a person meant."""
_PAIRS: Final = 1_000_000
"""Pairs of boxes that are compared at a time."""

_Sides = tuple[float, float, float, float]
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Correction:
    """One box that a person struck out or added."""

    photo_id: str
    sha256: str
    """Of the photo's file, so that a renamed photo keeps its corrections; empty if not known."""
    action: Action
    label: str
    box: _Sides
    """xmin, ymin, xmax, ymax in upright pixels of the photo."""
    reviewer: str


def read(path: str | Path) -> list[Correction]:
    """Read a table of corrections. Raises InputError, naming line and value."""
    table = delimited.read_cells(Path(path), f"corrections {path}")
    of_others = dict(zip(_SIDES, _IN_FILES, strict=True))
    names = [of_others.get(name, name) for name in table.header]
    if wrong := [name for name in COLUMNS if names.count(name) != 1]:
        raise InputError(
            f"corrections {path}: does not have one column {', '.join(wrong)}; give the file that "
            f"`geobike review` wrote ({NAME} in the survey's folder)"
        )
    of_line = {line: dict(zip(names, cells, strict=True)) for line, cells in table.rows.items()}
    sides = (row[name] for row in of_line.values() for name in _IN_FILES)
    delimited.refuse_thousands(sides, f"corrections {path}")
    found = [_correction(row, f"corrections {path} line {line}") for line, row in of_line.items()]
    if found and all(max(one.box) <= 1 for one in found):
        raise InputError(
            f"corrections {path}: all boxes are from 0 to 1; give their sides in pixels"
        )
    return found


def rows(corrections: Iterable[Correction]) -> list[dict[str, str]]:
    """Return corrections as cells of a table with the columns `COLUMNS`."""
    return [
        {
            "photo_id": one.photo_id,
            "sha256": one.sha256,
            "action": one.action,
            "label": one.label,
            **{name: f"{value:.1f}" for name, value in zip(_IN_FILES, one.box, strict=True)},
            "reviewer": one.reviewer,
        }
        for one in corrections
    ]


def apply(
    corrections: Sequence[Correction],
    detections: pd.DataFrame,
    photos: pd.DataFrame,
    *,
    labels: Iterable[str] | None = None,
) -> pd.DataFrame:
    """Return the filtered detections frame with corrections applied, the added boxes last.

    A box struck out is not kept, and `dropped_by` is `review`; it is the kept box of that photo
    that overlaps the correction most, by over half. An added box is kept with the reviewer as
    `model` and score 1, unless a kept box lies there already, or one that was added before. A photo
    is known by its SHA-256, else by its name. What meets no photo to be counted, or no box, is
    reported; so is an added box whose label is none of `labels`, those that count, and it is left
    out.
    """
    schema.check(detections, schema.DETECTIONS)
    place = photo_rows(corrections, photos)
    known = [one for one, at in zip(corrections, place, strict=True) if at is not None]
    report_number(
        "correction is of a photo that is not counted, or that has changed since",
        "corrections are of photos that are not counted, or that have changed since",
        sorted({one.photo_id for one, at in zip(corrections, place, strict=True) if at is None}),
        number=len(corrections) - len(known),
    )
    if not known:
        return detections
    ids = photos["photo_id"].to_numpy(dtype=object)
    names = [str(ids[at]) for at in place if at is not None]
    struck = _struck(known, names, detections)
    out = strike(detections, struck)
    added = _added(known, names, out, labels)
    return out if added.empty else _joined(out, added)


def strike(detections: pd.DataFrame, rows: Sequence[int] | npt.NDArray[np.intp]) -> pd.DataFrame:
    """Return the filtered detections frame with the boxes of these rows struck out."""
    kept = detections["kept"].to_numpy().copy()
    kept[rows] = False
    rule = detections["dropped_by"].astype(schema.TEXT).to_numpy(dtype=object, copy=True)
    rule[rows] = REVIEW
    coded = schema.coded(pd.Series(rule, index=detections.index, dtype=schema.TEXT))
    return detections.assign(kept=kept, dropped_by=pd.Series(coded, index=detections.index))


def _correction(row: Mapping[str, str], where: str) -> Correction:
    action = _ACTIONS.get(row["action"])
    if action is None:
        raise InputError(f"{where}: action {row['action']!r} is none of {', '.join(_ACTIONS)}")
    try:
        xmin, ymin, xmax, ymax = (delimited.number(row[name]) for name in _IN_FILES)
    except ValueError as error:
        raise InputError(f"{where}: a side of the box is no number ({error})") from None
    if not (0 <= xmin < xmax < 1e9 and 0 <= ymin < ymax < 1e9):
        raise InputError(f"{where}: the box {xmin:g}, {ymin:g}, {xmax:g}, {ymax:g} is none")
    if not row["label"].strip() or not row["reviewer"].strip() or not row["photo_id"]:
        raise InputError(f"{where}: photo_id, label and reviewer must not be empty")
    names = {name: delimited.unescape_formula(row[name]) for name in _TEXTS}
    return Correction(**names, action=action, box=(xmin, ymin, xmax, ymax))


def photo_rows(corrections: Sequence[Correction], photos: pd.DataFrame) -> list[int | None]:
    """Return for each correction the row of the photo to be counted that it is of."""
    open_rows = np.flatnonzero(photos["status"].isna().to_numpy())
    names = dict(zip(photos["photo_id"].to_numpy()[open_rows], open_rows, strict=True))
    digest = photos["sha256"].to_numpy(dtype=object)
    digests = dict(zip(digest[open_rows], open_rows, strict=True))

    def row(one: Correction) -> int | None:
        named = names.get(one.photo_id)
        if not one.sha256:
            return named
        if named is not None and (digest[named] == one.sha256 or pd.isna(digest[named])):
            return int(named)
        found = digests.get(one.sha256)
        return None if found is None else int(found)

    return [row(one) for one in corrections]


def _struck(
    corrections: Sequence[Correction], names: Sequence[str], detections: pd.DataFrame
) -> list[int]:
    """Return the rows of the boxes that were struck out, each by one correction."""
    wanted = [(one, name) for one, name in zip(corrections, names, strict=True) if _strikes(one)]
    strikes, of = [one for one, _ in wanted], [name for _, name in wanted]
    meant = _meant(strikes, of, detections)
    struck: dict[int, None] = {}
    lost = []
    for place, name in enumerate(of):
        found = next((row for row in meant.get(place, ()) if row not in struck), None)
        if found is None:
            lost.append(name)
        else:
            struck[found] = None
    report_number(
        "box that was struck out is not found now", "boxes that were struck out are not found now",
        sorted(set(lost)), number=len(lost),
    )  # fmt: skip
    return list(struck)


def _strikes(one: Correction) -> bool:
    return one.action == "strike"


def _added(
    corrections: Sequence[Correction],
    names: Sequence[str],
    detections: pd.DataFrame,
    labels: Iterable[str] | None,
) -> pd.DataFrame:
    """Return the boxes to add, as rows of a detections frame."""
    first: dict[tuple[str, _Sides], Correction] = {}
    for one, name in _counting(corrections, names, labels):
        first.setdefault((name, one.box), one)
    adds, of = list(first.values()), [name for name, _ in first]
    there = _meant(adds, of, detections)
    codes, sides = pd.factorize(np.array(of, dtype=object))[0], _boxes(adds)
    alike = _overlapping(codes, sides, codes, sides)
    taken: set[int] = set()
    for place in range(len(adds)):
        if place not in there and taken.isdisjoint(alike.get(place, ())):
            taken.add(place)
    added = [(of[place], adds[place]) for place in sorted(taken)]
    boxes = np.array([one.box for _, one in added]).reshape(-1, 4)
    return pd.DataFrame(
        {
            "photo_id": [name for name, _ in added],
            "label": [one.label for _, one in added],
            "score": np.ones(len(added)),
            **{side: boxes[:, column] for column, side in enumerate(_SIDES)},
            "model": [one.reviewer for _, one in added],
            "kept": np.ones(len(added), dtype=bool),
            "dropped_by": pd.array([None] * len(added), dtype=schema.TEXT),
            "ridden": pd.array([pd.NA] * len(added), dtype=schema.MAYBE),
        }
    )


def _counting(
    corrections: Sequence[Correction], names: Sequence[str], labels: Iterable[str] | None
) -> list[tuple[Correction, str]]:
    """Return the boxes to add whose label is one of `labels`, with the names of their photos."""
    adding = [pair for pair in zip(corrections, names, strict=True) if pair[0].action == "add"]
    if labels is None:
        return adding
    counted = {_fold(label) for label in labels}
    others = [one.label for one, _ in adding if _fold(one.label) not in counted]
    report_number(
        "added box is left out, as its label does not count; name it with --label",
        "added boxes are left out, as their labels do not count; name them with --label",
        sorted(set(others)), number=len(others),
    )  # fmt: skip
    return [pair for pair in adding if _fold(pair[0].label) in counted]


def _fold(label: str) -> str:
    return clean_label(label).casefold()


def _meant(
    corrections: Sequence[Correction], names: Sequence[str], detections: pd.DataFrame
) -> dict[int, list[int]]:
    """Return the rows of kept boxes that a correction may mean, the likeliest first, by its place.

    A correction that means none is not in it.
    """
    of_corrected = detections["photo_id"].isin(set(names)).to_numpy()
    rows_ = np.flatnonzero(detections["kept"].to_numpy() & of_corrected)
    its_photo = detections["photo_id"].iloc[rows_].to_numpy(dtype=object)
    codes, _ = pd.factorize(np.concatenate([np.array(names, dtype=object), its_photo]))
    found = _overlapping(
        codes[: len(names)], _boxes(corrections),
        codes[len(names) :], detections[_SIDES].to_numpy(dtype=float)[rows_],
    )  # fmt: skip
    return {place: [int(rows_[one]) for one in others] for place, others in found.items()}


def _boxes(corrections: Sequence[Correction]) -> _Floats:
    return np.array([one.box for one in corrections], dtype=float).reshape(-1, 4)


def _overlapping(
    photos: npt.NDArray[np.intp],
    boxes: _Floats,
    other_photos: npt.NDArray[np.intp],
    others: _Floats,
) -> dict[int, list[int]]:
    """Return for each box the others of its photo that it overlaps by over half, most first."""
    order = np.argsort(other_photos, kind="stable")
    start = np.searchsorted(other_photos[order], photos, "left")
    number = np.searchsorted(other_photos[order], photos, "right") - start
    found: dict[int, list[int]] = {}
    for part in _parts(number):
        box = np.repeat(part, number[part])
        behind = np.arange(len(box)) - np.repeat(
            np.cumsum(number[part]) - number[part], number[part]
        )
        other = order[start[box] + behind]
        overlap = _overlap(boxes[box], others[other])
        near = np.flatnonzero(overlap > SAME)
        for pair in near[np.lexsort((other[near], -overlap[near], box[near]))]:
            found.setdefault(int(box[pair]), []).append(int(other[pair]))
    return found


def _parts(number: npt.NDArray[np.intp]) -> Iterator[npt.NDArray[np.intp]]:
    """Yield places in turn, so many that their pairs fill no memory."""
    part = np.cumsum(number) // _PAIRS
    for one in np.unique(part):
        yield np.flatnonzero(part == one)


def overlaps(boxes: _Floats, others: _Floats) -> _Floats:
    """Return the intersection over union of each box with each other; a box is its four sides."""
    return _overlap(boxes[:, None], others[None])


def _overlap(boxes: _Floats, others: _Floats) -> _Floats:
    low = np.maximum(boxes[..., :2], others[..., :2])
    high = np.minimum(boxes[..., 2:], others[..., 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=-1)
    area, other_area = (np.prod(each[..., 2:] - each[..., :2], axis=-1) for each in (boxes, others))
    found: _Floats = shared / (area + other_area - shared)
    return found


def _joined(detections: pd.DataFrame, added: pd.DataFrame) -> pd.DataFrame:
    """Return both frames as one detections frame; text stays coded."""
    columns = {
        name: _coded(detections[name], added[name])
        if schema.DETECTIONS.columns.get(name) == schema.CODED
        else pd.concat([detections[name], added[name]], ignore_index=True).array
        for name in detections.columns
    }
    return schema.table(schema.DETECTIONS, pd.DataFrame(columns))


def _coded(first: "pd.Series[Any]", second: "pd.Series[Any]") -> "pd.Categorical[Any]":
    return pd.api.types.union_categoricals(
        [pd.Categorical(schema.coded(first)), pd.Categorical(schema.coded(second))]
    )
