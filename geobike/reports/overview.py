"""The report of a whole survey: its sections, in their order."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from geobike.reports import fullest, sheet
from geobike.reports.sections import (
    accuracy,
    area_table,
    cards,
    coverage,
    finding,
    method,
    not_counted,
    origin,
    parking,
)
from geobike.reports.survey_tables import SurveyTables
from geobike.reports.words import Speech

if TYPE_CHECKING:
    from geobike.evaluation.agreement import Evaluation


def context(
    tables: SurveyTables,
    speech: Speech,
    found: Mapping[str, bytes],
    evaluation: "Evaluation | None",
) -> dict[str, Any]:
    """Return the values of the template, but for the pages of single areas."""
    order = area_table.ranked(tables)
    place = {row: str(number + 1) for number, row in enumerate(order)}
    return {
        "title": _page_setting(tables, "title") or speech.say("report"),
        "period": coverage.period(tables, speech),
        "finding": finding.section(tables, speech),
        "trust": accuracy.trust(tables, speech, evaluation),
        "method": method.section(tables, speech),
        "metric": sheet.name_of(tables.metric, speech),
        "map": sheet.map_of(
            tables, speech, numbers=[place.get(row, "") for row in tables.areas.index]
        ),
        "table": area_table.section(tables, speech, order),
        "unseen": area_table.unseen(tables, speech),
        "streets": cards.streets(tables, speech, found),
        "street_floor": speech.say(
            "street_floor",
            metres=int(fullest.LEAST_M),
            stops=speech.say("stops", n=fullest.LEAST_STOPS),
        ),
        "parking": parking.section(tables, speech),
        "places": cards.places(tables, speech, found),
        "place_floor": speech.say("place_floor", metres=round(tables.place_size)),
        "picture_note": cards.picture_note(tables, speech, found),
        "coverage": coverage.section(tables, speech),
        "accuracy": accuracy.section(tables, speech, evaluation),
        "not_counted": not_counted.section(tables, speech),
        "warnings": [str(one) for one in tables.summary.get("warnings", ())],
        "made": origin.made(tables, speech),
        "source": _page_setting(tables, "source"),
        "settings": origin.settings(tables, speech),
    }


def _page_setting(tables: SurveyTables, name: str) -> str:
    """Return an option of the map's page, as text."""
    return str(tables.summary.get("settings", {}).get("page", {}).get(name) or "")
