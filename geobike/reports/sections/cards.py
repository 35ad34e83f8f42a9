"""The fullest streets and places, each with the photo that shows it."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from geobike import schema
from geobike.reports.survey_tables import SurveyTables, rows
from geobike.reports.words import Speech


def photo_ids(tables: SurveyTables) -> list[str]:
    """Return the photos that the fullest streets and places are shown by."""
    streets = [] if tables.fullest_streets is None else tables.fullest_streets["photo_id"].tolist()
    places = tables.fullest_places["photo_id"].astype(schema.TEXT).tolist()
    return [one for one in (*streets, *places) if isinstance(one, str)]


def streets(
    tables: SurveyTables, speech: Speech, found: Mapping[str, bytes]
) -> list[dict[str, Any]] | None:
    """Return a card for each of the fullest streets; None for a survey without streets."""
    if tables.fullest_streets is None:
        return None
    return [
        {
            "name": row.name if pd.notna(row.name) else speech.say("no_name"),
            "where": tables.name_of(row.area_id),
            "figure": speech.say("street_figure", rate=speech.figure(row.detected_per_100m)),
            "more": speech.say(
                "street_seen",
                detected=speech.say("about", n=speech.count(row.detected_once)),
                metres=round(row.covered_m),
                stops=speech.say("stops", n=int(row.stop_count)),
            ),
            "picture": found.get(row.photo_id or ""),
            "photo": row.photo_id,
        }
        for row in rows(tables.fullest_streets)
    ]


def places(
    tables: SurveyTables, speech: Speech, found: Mapping[str, bytes]
) -> list[dict[str, Any]]:
    """Return a card for each of the fullest places."""
    return [
        {
            "name": row.street or row.area or f"{row.geometry.y:.5f}, {row.geometry.x:.5f}",
            "where": row.area if row.street else None,
            "figure": speech.say(
                "place_figure", once=speech.say("about", n=speech.count(row.detected_once))
            ),
            "more": speech.say(
                "place_range",
                least=int(row.detected_at_least),
                photos=speech.say("photos", n=int(row.photo_count)),
            ),
            "picture": found.get(str(row.photo_id)),
            "photo": str(row.photo_id),
        }
        for row in rows(tables.fullest_places)
    ]


def picture_note(tables: SurveyTables, speech: Speech, found: Mapping[str, bytes]) -> str:
    """Return whether people and vehicles are hidden on the pictures, or that there are none."""
    if not found:
        return speech.say("no_pictures")
    page = tables.summary.get("settings", {}).get("page", {})
    shown = page.get("show_people") or page.get("show_vehicles")
    return speech.say("picture_note_shown" if shown else "picture_note")
