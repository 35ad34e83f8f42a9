"""How much was seen, and when."""

from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from geobike import schema
from geobike.reports.survey_tables import SurveyTables
from geobike.reports.words import Speech


def section(tables: SurveyTables, speech: Speech) -> list[str]:
    """Return when photos were taken, how much they show, and of how many areas enough."""
    areas = tables.areas
    states = {state: int((areas["status"] == state).sum()) for state in schema.SEEN}
    return [
        _taken(tables, speech),
        seen(tables, speech),
        speech.say("coverage_status", total=len(areas), **states),
    ]


def seen(tables: SurveyTables, speech: Speech) -> str:
    """Return how many areas were seen, and with streets, how much of their length."""
    number = int((tables.areas["status"] != schema.UNSEEN).sum())
    given = {"areas": number, "total": len(tables.areas)}
    if "street_km" not in tables.areas:
        return speech.say("seen_areas", **given)
    all_km, seen_km = (float(tables.areas[name].sum()) for name in ("street_km", "covered_km"))
    share = speech.percent(seen_km / all_km if all_km else pd.NA)
    return speech.say(
        "seen_streets",
        seen=speech.figure(seen_km),
        all=speech.figure(all_km),
        share=share,
        **given,
    )


def period(tables: SurveyTables, speech: Speech) -> str:
    """Return the first and the last day, or nothing."""
    days = _days(tables)
    if not len(days):
        return ""
    first, last = speech.day(days[0]), speech.day(days[-1])
    return first if first == last else speech.say("span", low=first, high=last)


def _taken(tables: SurveyTables, speech: Speech) -> str:
    days = _days(tables)
    if not len(days):
        return speech.say("coverage_no_time")
    if len(days) == 1:
        return speech.say("coverage_day", first=speech.day(days[0]))
    return speech.say(
        "coverage_days",
        first=speech.day(days[0]),
        last=speech.day(days[-1]),
        days=speech.say("days", n=len(days)),
    )


def _days(tables: SurveyTables) -> Any:
    """Return the days of the counted photos, in the zone of the survey."""
    survey = tables.summary.get("settings", {}).get("survey", {})
    counted = tables.photos.loc[tables.photos["status"] == schema.COUNTED, "taken_at"]
    times = pd.to_datetime(counted.dropna(), utc=True).dt.tz_convert(_zone(survey.get("timezone")))
    return times.dt.normalize().drop_duplicates().sort_values().tolist()


def _zone(name: Any) -> ZoneInfo:
    try:
        return ZoneInfo(str(name or "UTC"))
    except (ValueError, OSError, KeyError):
        return ZoneInfo("UTC")
