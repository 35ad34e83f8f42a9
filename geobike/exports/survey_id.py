"""The id of a survey, by which tables of several are told apart."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def survey_id(summary: Mapping[str, Any]) -> str:
    """Return what is the same for the same photos, areas, model and rules, and for no others."""
    known = {key: summary.get(key) for key in ("inputs", "counting")}
    detector = summary.get("detector", {})
    known |= {"model": detector.get("model"), "version": detector.get("version")}
    text = json.dumps(known, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
