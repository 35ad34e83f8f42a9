"""Free corrections: boxes struck out and added on any photo, kept in `corrections.csv`."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from geobike.detections import corrections
from geobike.detections.corrections import Correction
from geobike.errors import InputError
from geobike.io import delimited
from geobike.review import table
from geobike.review.album import Album, Photo
from geobike.review.count import Count

_MOST: Final = 1000
"""Most corrections of one photo."""


class Boxes:
    """The boxes of a survey's photos, with what people corrected. Used from several threads."""

    def __init__(self, folder: Path, album: Album, *, labels: Sequence[str]) -> None:
        self._path = folder / corrections.NAME
        self._album = album
        self._label = labels[0]
        self._lock = threading.Lock()
        self._made: dict[str, list[Correction]] = {}
        if self._path.exists():
            for one in corrections.read(self._path):
                self._made.setdefault(one.photo_id, []).append(one)

    def of(self, number: int) -> dict[str, Any]:
        """Return the boxes of a photo, what the survey made of each, and the corrections."""
        photo = self._album.photo(number)
        found = self._album.boxes(number)
        return {
            "n": number,
            "file": photo.photo_id,
            "size": photo.size,
            "boxes": [_shown(row) for row in found.to_dict("records")],
            "corrections": [
                {"action": one.action, "box": one.box, "reviewer": one.reviewer}
                for one in self._made.get(photo.photo_id, ())
            ],
        }

    def correct(self, reviewer: str, number: int, given: Mapping[str, Any]) -> dict[str, Any]:
        """Keep the corrections of a photo instead of those before.

        Raises InputError for what is no box on the photo.
        """
        photo = self._album.photo(number)
        wanted = [
            self._correction(photo, reviewer, action, box)
            for action in ("strike", "add")
            for box in _list(given.get(action))
        ]
        with self._lock:
            earlier = {(one.action, one.box): one for one in self._made.get(photo.photo_id, ())}
            # Who corrected a box first stays its reviewer.
            self._made[photo.photo_id] = [earlier.get((one.action, one.box), one) for one in wanted]
            every = [one for made in self._made.values() for one in made]
            rows = [
                {name: delimited.escape_formula(cell) for name, cell in row.items()}
                for row in corrections.rows(every)
            ]
            table.write(table.Table(list(corrections.COLUMNS), rows), self._path)
        return self.of(number)

    def find(
        self, text: str, *, threshold: float, counted: Mapping[int, Count], most: int
    ) -> list[dict[str, Any]]:
        """Return photos whose name holds this text, the worst first.

        First those on which survey and hand count differ most, then those with most boxes that
        nearly counted, or nearly did not.
        """
        names = self._album.photo_ids
        hit = names.str.contains(text.strip(), case=False, regex=False).to_numpy()
        counts = self._album.counts()
        difference = np.full(len(names), -1.0)
        for number, said in counted.items():
            if said.low is not None and pd.notna(counts.iloc[number]):
                difference[number] = _apart(float(counts.iloc[number]), said)
        doubts = self._album.doubts(threshold)
        order = np.lexsort((np.arange(len(names)), -doubts, -difference))
        chosen = order[hit[order]][:most]
        return [
            {
                "n": int(number),
                "file": str(names.iloc[number]),
                "detected": None if pd.isna(counts.iloc[number]) else int(counts.iloc[number]),
                "counted": counted[number].cells() if number in counted else None,
                "doubts": int(doubts[number]),
                "corrected": bool(self._made.get(str(names.iloc[number]))),
            }
            for number in chosen
        ]

    def _correction(
        self, photo: Photo, reviewer: str, action: corrections.Action, given: Any
    ) -> Correction:
        try:
            xmin, ymin, xmax, ymax = (round(float(side), 1) for side in _list(given))
        except (TypeError, ValueError, OverflowError):
            raise InputError("a corrected box is not four numbers") from None
        width, height = photo.size or (1e9, 1e9)
        # On a panorama a box that was found over the seam goes on beyond the right edge.
        right = 2 * width if action == "strike" else width
        if not (0 <= xmin < xmax <= right and 0 <= ymin < ymax <= height):
            raise InputError(f"the box {xmin}, {ymin}, {xmax}, {ymax} is not on the photo")
        return Correction(
            photo.photo_id, photo.sha256 or "", action, self._label,
            (xmin, ymin, xmax, ymax), reviewer,
        )  # fmt: skip


def _shown(row: Mapping[Any, Any]) -> dict[str, Any]:
    rule = row["dropped_by"]
    return {
        "label": str(row["label"]),
        "score": float(row["score"]),
        "box": [float(row[side]) for side in ("xmin", "ymin", "xmax", "ymax")],
        "kept": bool(row["kept"]),
        "dropped_by": rule if isinstance(rule, str) else None,
        "model": str(row["model"]),
    }


def _apart(detected: float, said: Count) -> float:
    low = float(said.low or 0) - said.ridden
    high = float(said.high if said.high is not None else said.low or 0) - said.ridden
    return max(low - detected, detected - high, 0.0)


def _list(given: Any) -> list[Any]:
    if given is None:
        return []
    if not isinstance(given, list) or len(given) > _MOST:
        raise InputError(f"corrections are no list of at most {_MOST} boxes")
    return given
