"""The report as one HTML document: what it says, and the template that says it."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from geobike.errors import InputError
from geobike.io.files import atomic_open, join
from geobike.progress import Track, silent
from geobike.reports import area_page, overview, pictures, words
from geobike.reports.html import render
from geobike.reports.sections import cards
from geobike.reports.survey_tables import SurveyTables, read_tables
from geobike.saved import GENERATOR, REPORT, SavedSurvey

if TYPE_CHECKING:
    from geobike.evaluation.agreement import Evaluation

_ALL: Final = "all"


@dataclass(frozen=True, kw_only=True)
class ReportOptions:
    """What a report holds."""

    language: str | None = None
    """None: that of the survey's map, if a report can be in it."""
    areas: Sequence[str] = ()
    """Names or ids of areas that get a page each; `all` for each one that was seen."""
    photos: str | Path | None = None
    """Folder of the photos, where they are no longer where the survey found them."""


def build(
    survey: SavedSurvey,
    options: ReportOptions | None = None,
    *,
    accuracy: "Evaluation | None" = None,
    track: Track = silent,
) -> str:
    """Return the report of a finished survey as HTML, without a script and without a request.

    `accuracy` is what comparing the survey with manual counts gave. Raises InputError for a survey
    without the tables that a report needs, for a language that there are no words for, and for an
    area that the survey does not have.

    Examples:
        >>> import geobike
        >>> survey = geobike.Survey(
        ...     photos="sample/photos/day1",
        ...     areas="sample/areas.geojson",
        ...     threshold=0.3,
        ...     detector=geobike.DetectorChoice(kind="cached"),
        ... )
        >>> _ = geobike.run(survey, store="sample/detections.sqlite").write("out")
        >>> from geobike import reports, saved
        >>> reports.build(saved.read("out"))[:15]
        '<!DOCTYPE html>'
    """
    chosen = options or ReportOptions()
    tables = read_tables(survey)
    speech = words.speech(_language(survey, chosen.language), survey.labels)
    rows = [_row(tables, name) for name in _named(tables, chosen.areas)]
    wanted = set(cards.photo_ids(tables))
    wanted.update(*(area_page.photo_ids(tables, row) for row in rows))
    found = pictures.make(survey, tables.photos, wanted, folder=chosen.photos, track=track)
    context = overview.context(tables, speech, found, accuracy)
    pages = [area_page.context(tables, speech, found, row) for row in rows]
    return render(
        __package__,
        "report.html.jinja",
        css="report.css",
        **context,
        pages=pages,
        t=speech.say,
        language=speech.words["language"],
        generator=GENERATOR,
        has_pictures=bool(found),
    )


def save(html: str, survey: SavedSurvey) -> str | Path:
    """Write a report into its survey's folder; return its path. Raises OutputError."""
    path = join(survey.folder, REPORT)
    with atomic_open(path) as file:
        file.write(html)
    return path


def _language(survey: SavedSurvey, language: str | None) -> str:
    if language is not None:
        return language
    used = survey.summary.get("settings", {}).get("page", {}).get("language")
    return used if used in words.languages() else "en"


def _named(tables: SurveyTables, names: Sequence[str]) -> list[str]:
    if _ALL in names and _ALL not in set(tables.areas["name"]):
        seen = tables.areas[tables.areas["status"] != "unseen"]
        return list(seen["area_id"])
    return list(dict.fromkeys(names))


def _row(tables: SurveyTables, name: str) -> Any:
    """Return the one area of a name or id. Raises InputError."""
    areas = tables.areas
    folded = name.strip().casefold()
    for column in ("area_id", "name"):
        found = areas.index[areas[column].str.strip().str.casefold() == folded]
        if len(found) == 1:
            return found[0]
        if len(found) > 1:
            ids = ", ".join(areas.loc[found, "area_id"])
            raise InputError(f"--area {name!r} is the name of several areas; give an id: {ids}")
    names = tables.names.tolist()
    if near := [one for one in names if folded in one.casefold()] or get_close_matches(name, names):
        raise InputError(f"--area {name!r} is not an area of the survey; {' or '.join(near[:3])}?")
    raise InputError(
        f"--area {name!r} is not an area of the survey; they are {', '.join(names[:5])}, ..."
    )
