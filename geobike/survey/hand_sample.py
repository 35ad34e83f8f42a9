"""Draw photos of a finished survey to be counted by hand, and write what people fill in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from geobike import config, saved, schema
from geobike.detections import extent
from geobike.errors import InputError
from geobike.estimates import contact_sheets, hand_counts, redraw, sampling
from geobike.io import files
from geobike.io.remote import is_remote
from geobike.io.transaction import exclusive
from geobike.photos import reading, thumbnails
from geobike.photos.anonymizing import PERSON
from geobike.progress import Track, silent
from geobike.reporting import collect_warnings, report
from geobike.survey import settings
from geobike.survey.options import pixels

SIDE: Final = 320
"""Longest side of a thumbnail on a contact sheet, in pixels; 12 kB each."""


@dataclass(frozen=True)
class HandSample:
    """What `draw` returns."""

    rows: pd.DataFrame
    """The rows of `hand_counts.csv`, as text."""
    kept: int
    """Photos whose counts an earlier draw already had."""
    minutes: float
    """That it takes to count those that are not."""
    written: Mapping[str, str | Path]
    """The files, by name."""


def draw(
    folder: str | Path,
    *,
    seed: int = sampling.SEED,
    list_size: int = sampling.LIST,
    sheets: int = sampling.SHEETS,
    show_people: bool = False,
    track: Track = silent,
) -> HandSample:
    """Draw the photos to count by hand, and write `hand_counts.csv` into a survey's folder.

    Where the photos are on this machine, `contact_sheets.html` shows those that take a glance, to
    look at or to print; people on them are pixelated unless `show_people`. Counts that are there
    already are kept where the new draw holds their photos. Raises InputError where it does not, and
    where the folder holds no survey. `geobike.estimates.sampling.draw` says how they are drawn.

    Examples:
        >>> import geobike
        >>> survey = geobike.Survey(
        ...     photos="sample/photos",
        ...     areas="sample/areas.geojson",
        ...     manifest="sample/manifest.csv",
        ...     threshold=0.3,
        ...     detector=geobike.DetectorChoice(kind="cached"),
        ... )
        >>> _ = geobike.run(survey, store="sample/detections.sqlite").write("counted")
        >>> drawn = geobike.draw_sample("counted", sheets=1)
        >>> drawn.rows["origin"].value_counts().to_dict()
        {'sheet': 60, 'list': 35}
        >>> sorted(drawn.written)
        ['contact_sheets.html', 'hand_counts.csv']
    """
    finished = saved.read(folder)
    photos = finished.photos()
    looks = finished.looks(photos)
    drawn = sampling.draw(looks, seed=seed, list_size=list_size, sheets=sheets)
    drawn = drawn.assign(**hand_counts.freeze(finished.count_settings))
    path = files.join(folder, hand_counts.FILE_NAME)
    with exclusive(folder):
        earlier = _earlier(path)
        rows = redraw.as_cells(drawn)
        if earlier is not None:
            rows = redraw.with_counts(drawn, earlier, path)
        is_counted = hand_counts.is_filled_in(rows)
        pictures = _pictures(finished, photos, rows, show_people=show_people, track=track)
        hand_counts.write(rows, path)
        written = {hand_counts.FILE_NAME: path, **_write_sheets(folder, rows, pictures)}
    left = rows[~is_counted & rows["origin"].isin(hand_counts.DRAWN)]
    return HandSample(rows, int(is_counted.sum()), sampling.minutes(left), written)


def _earlier(path: str | Path) -> pd.DataFrame | None:
    """Return the rows of an earlier draw, None where there is none. Raises InputError."""
    try:
        files.read_bytes(path)
    except FileNotFoundError:
        return None
    except OSError:
        pass  # there, and not to be read: which is said below
    return hand_counts.read_drawn(path)


def _write_sheets(
    folder: str | Path, rows: pd.DataFrame, pictures: Mapping[str, bytes]
) -> dict[str, str | Path]:
    path = files.join(folder, contact_sheets.FILE_NAME)
    if not pictures:
        files.remove(path)  # of an earlier draw
        return {}
    with files.atomic_open(path) as file:
        file.write(contact_sheets.write_html(rows, pictures))
    return {contact_sheets.FILE_NAME: path}


def _pictures(
    finished: saved.SavedSurvey,
    photos: pd.DataFrame,
    rows: pd.DataFrame,
    *,
    show_people: bool,
    track: Track,
) -> dict[str, bytes]:
    """Return the thumbnails of the contact sheets, none where the photos are not here."""
    given = _settings(finished)
    paths = _paths(given.get("photos", ()))
    if not paths:
        return {}
    on_sheets = photos[photos["photo_id"].isin(rows.loc[rows["origin"] == "sheet", "file"])]
    names = ["photo_id", "sha256", "width", "height", "status", "bicycle_count"]
    frame = on_sheets[names].assign(path=on_sheets["photo_id"].map(paths)).reset_index(drop=True)
    counts = schema.geotable(schema.COUNTS, frame, np.full(len(frame), None, dtype=object))
    gone = counts.loc[counts["path"].isna(), "photo_id"]
    if len(gone):
        report("photos that are not in their folder any more have no thumbnail", gone.tolist())
    hide = (*(() if show_people else (PERSON,)), *given.get("blur", ()))
    detections = finished.detections()
    if given.get("detections") is not None and hide:
        counts = extent.anonymizable(detections, counts)
    return thumbnails.make(
        counts,
        detections,
        hide=hide,
        empty=True,
        limit=len(counts),
        side=SIDE,
        place="the contact sheet",
        max_pixels=pixels(given.get("max_megapixels", config.MAX_MEGAPIXELS)),
        track=track,
    )


def _settings(finished: saved.SavedSurvey) -> dict[str, Any]:
    """Return the survey's options; none where its folder, to which paths are relative, is a URL."""
    if is_remote(finished.folder):
        return {}
    return settings.read(files.join(finished.folder, saved.SUMMARY))


def _paths(sources: Sequence[str | Path]) -> dict[str, str]:
    """Return where the photos are, by `photo_id`; nothing where they are not on this machine."""
    if not sources:
        return {}
    try:
        with collect_warnings():  # what a listing says was said when the survey was made
            found = reading.find(list(sources))
    except InputError as error:
        report(f"no contact sheets to look at or print: {error}")
        return {}
    return {file.photo_id: file.path for file in found if file.fault is None}
