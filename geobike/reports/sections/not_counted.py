"""What was not counted, and why."""

from typing import Final

from geobike import schema
from geobike.reports.survey_tables import SurveyTables
from geobike.reports.words import Speech

_LEFT_OUT: Final = (
    schema.OUTSIDE,
    schema.UNLOCATED,
    schema.DUPLICATE,
    schema.UNREADABLE,
    schema.FAILED,
)


def section(tables: SurveyTables, speech: Speech) -> list[str]:
    """Return the ledger of photos in words, and what a survey by photo misses."""
    ledger = tables.summary.get("ledger", {})
    photos = ledger.get("photos", tables.photos["status"].value_counts().to_dict())
    total = sum(int(n) for n in photos.values())
    first = speech.say(
        "ledger",
        photos=speech.say("photos", n=total),
        counted=int(photos.get(schema.COUNTED, 0)),
    )
    parts = [speech.say(name, n=int(photos[name])) for name in _LEFT_OUT if photos.get(name)]
    rest = f"{speech.listed(parts)}." if parts else ""
    lines = [f"{first} {rest[:1].upper()}{rest[1:]}".strip()]
    if beside := int(ledger.get("bicycles_beside_areas", 0)):
        lines.append(speech.say("beside", n=beside))
    return [*lines, speech.say("misses"), speech.say("coverage_rest")]
