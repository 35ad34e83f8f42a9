"""Draw photos of a finished survey to be counted by hand, and write what people fill in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from geobike import saved
from geobike.estimates import contact_sheets, hand_counts, redraw, sampling
from geobike.io import files
from geobike.io.transaction import exclusive
from geobike.photos.anonymizing import PERSON
from geobike.progress import Track, silent
from geobike.reporting import report
from geobike.reports import pictures

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
        is_counted = redraw.is_counted(rows)
        shown = _pictures(finished, photos, rows, show_people=show_people, track=track)
        hand_counts.write(rows, path)
        written = {hand_counts.FILE_NAME: path, **_write_sheets(folder, rows, shown)}
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
    folder: str | Path, rows: pd.DataFrame, shown: Mapping[str, bytes]
) -> dict[str, str | Path]:
    path = files.join(folder, contact_sheets.FILE_NAME)
    if not shown:
        files.remove(path)  # of an earlier draw
        return {}
    with files.atomic_open(path) as file:
        file.write(contact_sheets.write_html(rows, shown))
    return {contact_sheets.FILE_NAME: path}


def _pictures(
    finished: saved.SavedSurvey,
    photos: pd.DataFrame,
    rows: pd.DataFrame,
    *,
    show_people: bool,
    track: Track,
) -> dict[str, bytes]:
    """Return the thumbnails of the contact sheets, none where the photos are not here.

    Vehicles are shown: bicycles stand in front of them, and would be pixelated with them.
    """
    wanted = rows.loc[rows["origin"] == "sheet", "file"].tolist()
    page = finished.summary.get("settings", {}).get("page", {})
    _report_gone(finished, wanted)
    return pictures.make(
        finished,
        photos,
        wanted,
        hide=(*(() if show_people else (PERSON,)), *page.get("blur", ())),
        limit=len(wanted),
        side=SIDE,
        place="the contact sheet",
        track=track,
    )


def _report_gone(finished: saved.SavedSurvey, wanted: Sequence[str]) -> None:
    """Report photos that are not where the survey found them; one of tables alone had none."""
    if not finished.summary.get("settings", {}).get("survey", {}).get("photos"):
        return
    found = pictures.find(finished, wanted)
    gone = [name for name in wanted if name not in found]
    if gone and not found:
        report("no contact sheets to look at or print: the photos are not where they were counted")
    elif gone:
        report("photos that are not in their folder any more have no thumbnail", gone)
