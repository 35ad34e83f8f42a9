"""What people corrected in a survey's own table of boxes, so that it holds when the table is read.

Of the reasons in `dropped_by`, `label`, `threshold`, `duplicate` and `ridden` follow from the boxes
and the settings: they are found anew, so that other settings can be tried. That a person struck a
box out, or added one, follows from nothing else in the table, and holds.
"""

from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike import schema
from geobike.detections.corrections import REVIEW, Action, Correction
from geobike.detectors.protocol import Box

COLUMNS: Final = ("kept", "dropped_by")
"""Columns that a survey's own table has."""

_Flags = npt.NDArray[np.bool_]


def is_ours(columns: Collection[Hashable]) -> bool:
    """Tell whether a table with these columns is one that a survey wrote."""
    return set(COLUMNS) <= set(columns)


def marked(table: pd.DataFrame) -> pd.DataFrame:
    """Return a survey's own table, unfiltered but for what people corrected.

    Boxes that were struck out have `review` in `dropped_by`, those that were added are `kept`. An
    added box has its reviewer as `model`: one beside another model, whose boxes all count, and
    have a score of 1.
    """
    code = schema.coded(table["model"]).codes.astype(np.intp)
    sure = _flags(table["kept"]) & (table["score"] == 1).to_numpy()
    others = np.bincount(code + 1, weights=~sure, minlength=code.max(initial=-1) + 2)
    added = others[code + 1] == 0
    rule = schema.coded(table["dropped_by"])
    return table.assign(
        kept=added & (not added.all()),
        dropped_by=rule.set_categories(pd.Index([REVIEW], dtype=schema.TEXT)),
    )


def split(boxes: pd.DataFrame, *, reviewer: str) -> tuple[pd.DataFrame, list[Correction]]:
    """Return what the detector found, of boxes that were `marked`, and what people corrected.

    The table does not say who struck a box out: `reviewer` stands for them.
    """
    struck = (boxes["dropped_by"] == REVIEW).to_numpy()
    added = boxes["kept"].to_numpy()
    if not (struck | added).any():
        return boxes, []
    strikes = list(_corrections(boxes[struck].assign(model=reviewer), "strike"))
    left = boxes[~added].reset_index(drop=True).drop(columns=list(COLUMNS))
    return schema.table(schema.DETECTIONS, left), [*strikes, *_corrections(boxes[added], "add")]


def new(given: Sequence[Correction], known: Sequence[Correction]) -> list[Correction]:
    """Return the corrections that are not known already, as where a file is given once more."""
    left = Counter(map(_key, known))
    return [one for one in given if not _taken(left, _key(one))]


def _flags(column: "pd.Series[Any]") -> _Flags:
    if column.dtype == np.bool_:
        return column.to_numpy()
    said = column.astype(schema.TEXT).str.strip().str.casefold()
    return said.isin(("true", "1")).to_numpy()


def _corrections(boxes: pd.DataFrame, action: Action) -> Iterator[Correction]:
    for row in boxes[["photo_id", "label", "model", *Box._fields]].itertuples(index=False):
        photo, label, name, *sides = row
        yield Correction(photo, "", action, label, Box(*sides), str(name))


def _key(one: Correction) -> tuple[object, ...]:
    return one.action, one.photo_id, *(round(side, 1) for side in one.box)  # as in a file


def _taken(left: Counter[tuple[object, ...]], key: tuple[object, ...]) -> bool:
    left[key] -= 1
    return left[key] >= 0
