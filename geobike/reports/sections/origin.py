"""Where the report comes from: when it was made, by which geobike, with which options."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any, Final

import pandas as pd

from geobike import config
from geobike.io.redaction import redact
from geobike.reports.survey_tables import SurveyTables
from geobike.reports.words import Speech
from geobike.version import __version__

_PATHS: Final = frozenset(
    one.name for one in config.all_declared() if one.option.path is not None or one.name == "photos"
)
"""Options of which a report says the name of the file, and not where it is on one machine."""


def made(tables: SurveyTables, speech: Speech) -> str:
    """Return when report and survey were made, and by which versions."""
    started = pd.to_datetime(str(tables.summary.get("started_at")), utc=True, errors="coerce")
    return speech.say(
        "made",
        date=speech.day(pd.Timestamp(datetime.now(UTC))),
        version=__version__,
        survey=speech.say("none") if pd.isna(started) else speech.day(started),
        survey_version=str(tables.summary.get("geobike", speech.say("none"))),
    )


def settings(tables: SurveyTables, speech: Speech) -> list[tuple[str, str]]:
    """Return the options of the survey; files by their name alone."""
    survey = tables.summary.get("settings", {}).get("survey", {})
    said = {str(name): _setting(value, name in _PATHS, speech) for name, value in survey.items()}
    lines = [(name, text) for name, text in said.items() if text]
    inputs = tables.summary.get("inputs", {})
    for name, file in inputs.items():
        if isinstance(file, Mapping) and file.get("sha256"):
            lines.append((f"{name}: SHA-256", str(file["sha256"])[:16]))
    return lines


def _setting(value: Any, is_path: bool, speech: Speech) -> str:
    if isinstance(value, bool):
        return speech.say("yes" if value else "no")
    if isinstance(value, list):
        return ", ".join(_setting(one, is_path, speech) for one in value)
    return PurePosixPath(redact(str(value))).name if is_path else str(value)
