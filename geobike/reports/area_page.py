"""The page of one area: its figures, its map, its streets and its fullest stops."""

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from geobike.reports import sheet
from geobike.reports.survey_tables import SurveyTables, rows
from geobike.reports.words import Speech

_PICTURES: Final = 3
_STREETS: Final = 12


def photo_ids(tables: SurveyTables, row: Any) -> list[str]:
    """Return the photos of the area's fullest stops."""
    stops = _fullest(tables, row)
    return [str(one) for one in stops["stop_id"]]


def context(
    tables: SurveyTables, speech: Speech, found: Mapping[str, bytes], row: Any
) -> dict[str, Any]:
    """Return what the template says of one area."""
    area = tables.area(row)
    status = str(area["status"])
    shown = tables.metrics("popup")
    return {
        "name": tables.names[row],
        "status": speech.say(f"area_status_{status}"),
        "figures": [
            (sheet.name_of(metric, speech), sheet.cell(tables, row, metric, speech))
            for metric in shown
        ],
        "map": sheet.map_of(tables, speech, only=row),
        "streets": _streets(tables, speech, area["area_id"]),
        "stops": [
            {
                "picture": found[str(stop.stop_id)],
                "text": speech.say("area_stop", n=round(float(stop.bicycle_count))),
                "photo": str(stop.stop_id),
            }
            for stop in rows(_fullest(tables, row))
            if str(stop.stop_id) in found
        ],
    }


def _fullest(tables: SurveyTables, row: Any) -> pd.DataFrame:
    """Return the stops with most bicycles whose camera stood in the area."""
    shape = tables.areas.geometry.loc[row]
    inside = tables.stops[tables.stops.within(shape) & (tables.stops["bicycle_count"] > 0)]
    fullest: pd.DataFrame = inside.nlargest(_PICTURES, "bicycle_count")
    return fullest


def _streets(tables: SurveyTables, speech: Speech, area_id: str) -> list[list[str]]:
    if tables.by_street is None:
        return []
    here = tables.by_street[tables.by_street["area_id"] == area_id]
    seen = here[here["covered_m"] > 0].head(_STREETS)
    return [
        [
            str(street.name) if pd.notna(street.name) else speech.say("no_name"),
            speech.say("m", n=round(street.length_m)),
            speech.percent(street.covered_m / street.length_m if street.length_m else pd.NA),
            speech.count(street.detected_once),
            speech.figure(street.detected_per_100m),
        ]
        for street in rows(seen)
    ]
