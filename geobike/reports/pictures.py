"""The pictures of a report: small, anonymized as on the survey's map, of photos still there."""

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from geobike import schema
from geobike.config import PageSettings
from geobike.detections import extent, filtering
from geobike.io.matching import isin
from geobike.io.remote import is_remote
from geobike.maps.options import PageOptions
from geobike.photos import thumbnails
from geobike.progress import Track, silent
from geobike.saved import SavedSurvey

_SETTINGS: Final = ("show_people", "show_vehicles", "blur")


def hidden(survey: SavedSurvey) -> tuple[str, ...]:
    """Return the labels that are pixelated, as the survey's map has it."""
    page = survey.summary.get("settings", {}).get("page", {})
    known = {name: page[name] for name in _SETTINGS if name in page}
    known["blur"] = tuple(known.get("blur", PageSettings.blur))
    return PageOptions(**known).hidden


def make(
    survey: SavedSurvey,
    photos: pd.DataFrame,
    wanted: Collection[str],
    *,
    folder: str | Path | None = None,
    hide: Collection[str] | None = None,
    limit: int = thumbnails.LIMIT,
    side: int = thumbnails.SIDE,
    place: str = "the map",
    track: Track = silent,
) -> dict[str, bytes]:
    """Return small JPEG files by `photo_id`, of photos that are where the survey found them.

    `folder` is where they are now, else the summary says it. A file that is not, byte for byte, the
    photo that the survey counted is not shown, nor one outside of the folder. No address is asked.
    `hide` are the labels that are pixelated, by default those of the survey's map; `limit`, `side`
    and `place` are those of `geobike.photos.thumbnails.make`.
    """
    rows = photos[photos["photo_id"].isin(list(wanted))].reset_index(drop=True)
    found = find(survey, rows["photo_id"], folder=folder)
    paths = [found.get(photo_id) for photo_id in rows["photo_id"]]
    there = np.array([path is not None for path in paths], dtype=bool)
    if not there.any():
        return {}
    known = rows.assign(path=pd.Series(paths, index=rows.index, dtype=schema.TEXT))[there]
    times = pd.to_datetime(known["taken_at"], utc=True)
    nowhere = np.full(len(known), None, dtype=object)
    counts = schema.geotable(schema.COUNTS, known.assign(taken_at=times), nowhere)
    boxes = _kept(survey, survey.detections(), counts["photo_id"])
    if survey.summary.get("settings", {}).get("survey", {}).get("detections"):
        counts = extent.anonymizable(boxes, counts)
    return thumbnails.make(
        counts,
        boxes,
        hide=hidden(survey) if hide is None else hide,
        limit=limit,
        side=side,
        place=place,
        track=track,
    )


def find(
    survey: SavedSurvey, photo_ids: Iterable[str], *, folder: str | Path | None = None
) -> dict[str, str]:
    """Return the paths of photos by `photo_id`, of those that are on this machine."""
    roots = [Path(folder)] if folder is not None else _roots(survey)
    if not roots:
        return {}
    paths = {photo_id: _path(roots, photo_id) for photo_id in photo_ids}
    return {photo_id: path for photo_id, path in paths.items() if path is not None}


def _kept(survey: SavedSurvey, boxes: pd.DataFrame, photo_ids: "pd.Series[str]") -> pd.DataFrame:
    """Return the boxes, with those of these photos marked that the survey counted.

    A file of detections says what was found; what counts follows from the survey's rules.
    """
    here = isin(boxes["photo_id"], photo_ids)
    counted = filtering.filter_detections(boxes[here], **asdict(survey.rules))
    others = boxes[~here]
    return schema.table(schema.DETECTIONS, pd.concat([counted, others], ignore_index=True))


def _roots(survey: SavedSurvey) -> list[Path]:
    """Return the local folders that the photos were given in."""
    settings: Mapping[str, Any] = survey.summary.get("settings", {}).get("survey", {})
    photos = settings.get("photos") or ()
    given = [photos] if isinstance(photos, str) else [str(name) for name in photos]
    if is_remote(survey.folder) or not given or any(is_remote(name) for name in given):
        return []
    paths = [Path(survey.folder, name).resolve() for name in given]
    # Names of photos are relative to the folder that holds all that were given.
    return [Path(os.path.commonpath(paths)), *paths]


def _path(roots: Collection[Path], photo_id: str) -> str | None:
    """Return the path of a photo below one of the folders, None where it is in none of them."""
    for root in roots:
        place = root if root.is_dir() else root.parent
        path = place / photo_id
        if path.is_file() and path.resolve().is_relative_to(place.resolve()):
            return str(path)
    return None
