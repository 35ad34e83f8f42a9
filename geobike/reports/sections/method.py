"""The method, in a few sentences."""

from collections.abc import Mapping
from typing import Any

from geobike import config
from geobike.reports.survey_tables import SurveyTables
from geobike.reports.words import Speech


def section(tables: SurveyTables, speech: Speech) -> list[str]:
    """Return how it was counted, with the options of this survey."""
    survey = tables.summary.get("settings", {}).get("survey", {})
    counting = tables.summary["counting"]
    return [
        speech.say(
            "method_stops", metres=speech.figure(survey.get("stop_distance", config.STOP_DISTANCE))
        ),
        speech.say("method_places"),
        speech.say("method_streets" if tables.streets is not None else "method_squares"),
        speech.say(
            "method_model",
            model=tables.summary.get("detector", {}).get("model", speech.say("none")),
            threshold=speech.figure(counting["threshold"]),
        ),
        *_riders(counting, speech),
    ]


def _riders(counting: Mapping[str, Any], speech: Speech) -> list[str]:
    if "ridden" not in counting:  # written by an older geobike
        return []
    if counting["ridden"] is None:
        return [speech.say("method_riders_unknown")]
    parked = counting.get("count") == "parked"
    return [speech.say("method_parked" if parked else "method_all", n=counting["ridden"])]
