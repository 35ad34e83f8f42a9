"""What people corrected in a survey's own table of boxes, so that it holds when the table is read.

Of the reasons in `dropped_by`, `label`, `threshold`, `duplicate` and `ridden` follow from the boxes
and the settings: they are found anew, so that other settings can be tried. That a person struck a
box out, or added one, follows from nothing else in the table, and holds.
"""

from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Sequence
from typing import Final

import numpy as np
import pandas as pd

from geobike import schema
from geobike.detections import corrections
from geobike.detections.corrections import REVIEW, Action, Correction
from geobike.detectors.protocol import Box

COLUMNS: Final = ("kept", "dropped_by")
"""Columns that a survey's own table has."""

_Key = tuple[object, ...]


def is_ours(columns: Collection[Hashable]) -> bool:
    """Tell whether a table with these columns is one that a survey wrote."""
    return set(COLUMNS) <= set(columns)


def marked(table: pd.DataFrame) -> pd.DataFrame:
    """Return a survey's own table, unfiltered but for `review` in `dropped_by`: boxes struck out.

    None is `kept`: `with_added` marks those that people added.
    """
    rule = schema.coded(table["dropped_by"])
    struck = np.array([name.strip().casefold() == REVIEW for name in rule.categories] + [False])
    review = pd.Index([REVIEW], dtype=schema.TEXT)
    return table.assign(
        kept=np.zeros(len(table), dtype=bool),
        dropped_by=pd.Categorical.from_codes(np.where(struck[rule.codes], 0, -1), review),
    )


def with_added(boxes: pd.DataFrame, reviewers: Collection[str]) -> pd.DataFrame:
    """Return boxes that were `marked`, `kept` where one of the reviewers added them.

    An added box has its reviewer as `model` and a score of 1. So has each box of a detector without
    scores, so that only the survey can say who its reviewers were. An added box that was struck out
    is left out: no detector found it.
    """
    added = (boxes["model"].isin(reviewers) & (boxes["score"] == 1)).to_numpy()
    gone = added & (boxes["dropped_by"] == REVIEW).to_numpy()
    return boxes.assign(kept=added)[~gone].reset_index(drop=True)


def split(boxes: pd.DataFrame, *, reviewer: str) -> tuple[pd.DataFrame, list[Correction]]:
    """Return what the detector found, of boxes `with_added`, and what people corrected.

    The table does not say who struck a box out: `reviewer` stands for them.
    """
    struck = (boxes["dropped_by"] == REVIEW).to_numpy()
    added = boxes["kept"].to_numpy()
    if not (struck | added).any():
        return boxes, []
    strikes = list(_corrections(boxes[struck].assign(model=reviewer), "strike"))
    left = boxes[~added].reset_index(drop=True).drop(columns=list(COLUMNS))
    return schema.table(schema.DETECTIONS, left), [*strikes, *_corrections(boxes[added], "add")]


def new(
    given: Sequence[Correction], known: Sequence[Correction], photos: pd.DataFrame
) -> list[Correction]:
    """Return the corrections that are not known already, as where a file is given once more.

    They are of one photo of the photos frame, also where a file calls it otherwise.
    """
    left = Counter(_keys(known, photos))
    keys = _keys(given, photos)
    return [one for one, key in zip(given, keys, strict=True) if not _taken(left, key)]


def _corrections(boxes: pd.DataFrame, action: Action) -> Iterator[Correction]:
    for row in boxes[["photo_id", "label", "model", *Box._fields]].itertuples(index=False):
        photo, label, name, *sides = row
        yield Correction(photo, "", action, label, Box(*sides), str(name))


def _keys(found: Sequence[Correction], photos: pd.DataFrame) -> list[_Key]:
    """Return what is the same of two corrections that mean one; sides as in a file."""
    rows = corrections.photo_rows(found, photos)
    return [
        (one.action, one.photo_id if row is None else row, *(round(side, 1) for side in one.box))
        for one, row in zip(found, rows, strict=True)
    ]


def _taken(left: Counter[_Key], key: _Key) -> bool:
    left[key] -= 1
    return left[key] >= 0
