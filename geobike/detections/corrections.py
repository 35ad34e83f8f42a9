"""Boxes that a person struck out or added: kept in a table, applied after filtering."""

from collections.abc import Iterable, Mapping, Sequence
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


@dataclass(frozen=True)
class Correction:
    """One box that a person struck out or added."""

    photo_id: str
    sha256: str
    """Of the photo's file, so that a renamed photo keeps its corrections; empty if not known."""
    action: Action
    label: str
    box: tuple[float, float, float, float]
    """xmin, ymin, xmax, ymax in upright pixels of the photo."""
    reviewer: str


def read(path: str | Path) -> list[Correction]:
    """Read a table of corrections. Raises InputError, naming line and value."""
    found = delimited.read_cells(Path(path), f"corrections {path}")
    of_others = dict(zip(_SIDES, _IN_FILES, strict=True))
    names = [of_others.get(name, name) for name in found.header]
    if wrong := [name for name in COLUMNS if names.count(name) != 1]:
        raise InputError(
            f"corrections {path}: does not have one column {', '.join(wrong)}; give the file that "
            f"`geobike review` wrote ({NAME} in the survey's folder)"
        )
    return [
        _correction(dict(zip(names, cells, strict=True)), f"corrections {path} line {line}")
        for line, cells in found.rows.items()
    ]


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
    place = _photos(corrections, photos)
    known = [one for one, at in zip(corrections, place, strict=True) if at is not None]
    report_number(
        "correction is of a photo that is not counted, or that has changed since",
        "corrections are of photos that are not counted, or that have changed since",
        sorted({one.photo_id for one, at in zip(corrections, place, strict=True) if at is None}),
        number=len(corrections) - len(known),
    )
    if not known:
        return detections
    names = [str(photos["photo_id"].iloc[at]) for at in place if at is not None]
    struck = _struck(known, names, detections)
    out = detections.copy(deep=False)
    kept = detections["kept"].to_numpy().copy()
    kept[struck] = False
    rule = detections["dropped_by"].astype(schema.TEXT).to_numpy(dtype=object, copy=True)
    rule[struck] = REVIEW
    out["kept"] = kept
    out["dropped_by"] = schema.coded(pd.Series(rule, index=out.index, dtype=schema.TEXT))
    added = _added(known, names, out, labels)
    return out if added.empty else _joined(out, added)


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


def _photos(corrections: Sequence[Correction], photos: pd.DataFrame) -> list[int | None]:
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
    by_photo = _kept_rows(detections, names)
    sides = detections[_SIDES].to_numpy(dtype=float)
    struck: dict[int, None] = {}
    lost = []
    for one, name in zip(corrections, names, strict=True):
        if one.action != "strike":
            continue
        rows_left = [row for row in by_photo.get(name, ()) if row not in struck]
        found = _nearest(np.array(one.box), sides, rows_left)
        if found is None:
            lost.append(name)
        else:
            struck[found] = None
    report_number(
        "box that was struck out is not found now", "boxes that were struck out are not found now",
        sorted(set(lost)), number=len(lost),
    )  # fmt: skip
    return list(struck)


def _added(
    corrections: Sequence[Correction],
    names: Sequence[str],
    detections: pd.DataFrame,
    labels: Iterable[str] | None,
) -> pd.DataFrame:
    """Return the boxes to add, as rows of a detections frame."""
    by_photo = _kept_rows(detections, names)
    sides = detections[_SIDES].to_numpy(dtype=float)
    there = {name: list(sides[rows_]) for name, rows_ in by_photo.items()}
    added = []
    for one, name in _counting(corrections, names, labels):
        boxes_there = there.setdefault(name, [])
        if _nearest(np.array(one.box), np.array(boxes_there), range(len(boxes_there))) is None:
            boxes_there.append(np.array(one.box))
            added.append((name, one))
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


def _kept_rows(detections: pd.DataFrame, names: Sequence[str]) -> dict[str, list[int]]:
    wanted = detections["kept"].to_numpy() & detections["photo_id"].isin(set(names)).to_numpy()
    found: dict[str, list[int]] = {}
    for row in np.flatnonzero(wanted):
        found.setdefault(str(detections["photo_id"].iloc[row]), []).append(int(row))
    return found


def _nearest(
    box: npt.NDArray[np.float64], sides: npt.NDArray[np.float64], rows_left: Sequence[int]
) -> int | None:
    """Return which of the boxes overlaps this one most, None where none does by over half."""
    if not len(rows_left):
        return None
    overlap = overlaps(box[None], sides[list(rows_left)])[0]
    best = int(overlap.argmax())
    return int(rows_left[best]) if overlap[best] > SAME else None


def overlaps(
    boxes: npt.NDArray[np.float64], others: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the intersection over union of each box with each other; a box is its four sides."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=2)
    area, other_area = (np.prod(each[:, 2:] - each[:, :2], axis=1) for each in (boxes, others))
    found: npt.NDArray[np.float64] = shared / (area[:, None] + other_area[None] - shared)
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
