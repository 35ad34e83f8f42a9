"""The photos of a survey, by number: what is shown of them, and the boxes found on them.

A photo is asked for by its number in this list, never by a name or path.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike import saved, schema
from geobike.detections import filtering
from geobike.errors import InputError, UnreadablePhoto
from geobike.photos import hiding, reading
from geobike.photos.anonymizing import PERSON, Box, is_hidden
from geobike.reporting import collect_warnings

_DOUBT: Final = 0.1
"""A box whose score is nearer to the threshold than this may well be wrong."""


@dataclass(frozen=True)
class Photo:
    """A photo of the survey."""

    number: int
    photo_id: str
    path: str | None
    """Where the file is; None where it is no longer in the photo folder."""
    sha256: str | None
    size: tuple[int, int] | None
    """Upright (width, height) in pixels, where the survey knows it."""


class Album:
    """The photos and detections of a finished survey."""

    def __init__(
        self, photos: pd.DataFrame, detections: pd.DataFrame, paths: dict[str, str]
    ) -> None:
        self._photos = photos.reset_index(drop=True)
        self._paths = paths
        self.photo_ids: pd.Series[str] = self._photos["photo_id"]
        self._number = dict(zip(self.photo_ids, range(len(self.photo_ids)), strict=True))
        # Boxes in the order of their photos, so that those of one photo are a slice.
        rows = schema.rows_of(detections["photo_id"], self.photo_ids)
        order = np.argsort(rows, kind="stable")
        self._boxes = detections.iloc[order]
        self._starts: npt.NDArray[np.intp] = np.searchsorted(
            rows[order], np.arange(len(self.photo_ids) + 1)
        )

    def __len__(self) -> int:
        return len(self.photo_ids)

    def photo(self, number: int) -> Photo:
        """Return a photo. Raises InputError for a number that is none."""
        if not 0 <= number < len(self):
            raise InputError(f"there is no photo {number}; the survey has {len(self)}")
        row = self._photos.iloc[number]
        return Photo(
            number,
            str(row["photo_id"]),
            self._paths.get(str(row["photo_id"])),
            _text(row.get("sha256")),
            _size(row.get("width"), row.get("height")),
        )

    def number(self, photo_id: str) -> int | None:
        """Return the number of a photo, None where the survey has no such photo."""
        return self._number.get(photo_id)

    def boxes(self, number: int) -> pd.DataFrame:
        """Return the rows of the detections frame of a photo, the highest score first."""
        found = self._boxes.iloc[self._starts[number] : self._starts[number + 1]]
        return found.sort_values("score", ascending=False, kind="stable")

    def people(self, number: int) -> list[Box]:
        """Return the boxes of a photo that may show a person."""
        boxes = self.boxes(number)
        names = boxes["photo_id"].astype(schema.TEXT)
        found = hiding.regions(boxes, (PERSON,), names)
        return found[names.iloc[0]] if found else []

    def is_detected(self, number: int) -> bool:
        """Tell whether the detector looked at a photo: not where it is outside all areas."""
        return bool(self._photos["status"].iloc[number] == schema.COUNTED)

    def has_people(self) -> bool:
        """Tell whether any box is a person: else the detector may know none, and hides none."""
        labels = schema.coded(self._boxes["label"]).categories
        return any(is_hidden(str(label), (PERSON,)) for label in labels)

    def doubts(self, threshold: float) -> npt.NDArray[np.int64]:
        """Return for each photo the number of its boxes that nearly counted, or nearly did not."""
        score = self._boxes["score"].to_numpy(dtype=float)
        rule = self._boxes["dropped_by"].astype(schema.TEXT)
        near = (rule.isna() | (rule == "threshold")).to_numpy()
        near = near & (np.abs(score - threshold) < _DOUBT)
        total = np.concatenate(([0], np.cumsum(near)))
        return np.asarray(total[self._starts[1:]] - total[self._starts[:-1]], dtype=np.int64)

    def counts(self) -> "pd.Series[Any]":
        """Return what the survey counted on each photo, NA where it did not."""
        return self._photos["bicycle_count"].astype(schema.COUNT)


def read(survey: saved.SavedSurvey, sources: str | Path | Sequence[str | Path]) -> Album:
    """Return the photos of a survey and where they are. Raises InputError, PhotosError."""
    with collect_warnings():  # what a listing says was said when the survey was made
        files = reading.find(sources)
        boxes = filtering.filter_detections(survey.detections(), **asdict(survey.rules))
    paths = {file.photo_id: file.path for file in files if file.fault is None}
    return Album(survey.photos(), boxes, paths)


def check_people(album: Album, *, show_people: bool) -> None:
    """Raise InputError where people are to be hidden, and no detector has looked for them."""
    if not show_people and not album.has_people():
        raise InputError(
            "no box of this survey is labelled 'person', so people on the photos would not be "
            "hidden; where you may see them, add --show-people"
        )


def path_of(photo: Photo) -> str:
    """Return the path of a photo's file. Raises UnreadablePhoto where it is gone."""
    if photo.path is None:
        raise UnreadablePhoto("is not in the photo folder any more, or leads out of it")
    return photo.path


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _size(width: Any, height: Any) -> tuple[int, int] | None:
    return None if pd.isna(width) or pd.isna(height) else (int(width), int(height))
