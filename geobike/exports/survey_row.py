"""One row of typed figures on a survey, to compare surveys in SQL."""

import json
from collections.abc import Mapping
from typing import Any

from geobike.exports.survey_id import survey_id


def survey_row(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Return what tables hold of a survey, from its summary; times and JSON as text."""
    ledger, counting = summary.get("ledger", {}), summary.get("counting", {})
    detector, photos = summary.get("detector", {}), ledger.get("photos", {})
    statuses = ("counted", "outside", "unlocated", "duplicate", "unreadable", "failed")
    return {
        "survey_id": survey_id(summary),
        "geobike": summary.get("geobike"),
        "started_at": summary.get("started_at"),
        "finished_at": summary.get("finished_at"),
        "model": detector.get("model"),
        "model_version": detector.get("version"),
        "labels": ", ".join(counting.get("labels", ())),
        "count": counting.get("count"),
        "threshold": counting.get("threshold"),
        "max_overlap": counting.get("max_overlap"),
        "photos_given": ledger.get("photos_given"),
        **{f"photos_{status}": photos.get(status) for status in statuses},
        "stops": counting.get("stops"),
        "detected": ledger.get("bicycles_counted"),
        "detected_in_areas": ledger.get("bicycles_in_areas"),
        "detected_elsewhere": ledger.get("bicycles_elsewhere"),
        "detected_once": counting.get("detected_once"),
        "detected_at_least": counting.get("detected_at_least"),
        "summary": json.dumps(summary, ensure_ascii=False),
    }
