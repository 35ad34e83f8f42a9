"""How far the figures can be trusted: hand counts, and a comparison with manual counts."""

from typing import TYPE_CHECKING

import pandas as pd

from geobike import certainty
from geobike.reports.survey_tables import SurveyTables
from geobike.reports.words import Speech

if TYPE_CHECKING:
    from geobike.evaluation.agreement import Evaluation


def trust(tables: SurveyTables, speech: Speech, accuracy: "Evaluation | None") -> str:
    """Return how far the figures can be trusted, in one sentence or two."""
    if tables.is_counted_by_hand:
        return " ".join([speech.say("by_hand"), *_ranges(tables, speech)])
    if accuracy is None:
        known = "by_detector" if not tables.has_ranges else "by_detector_ranges"
        return f"{_uncounted(tables, speech)} {speech.say(known)}"
    return _against_truth(speech, accuracy)


def _ranges(tables: SurveyTables, speech: Speech) -> list[str]:
    """Return what the two ranges mean that stand side by side; nothing where there are none."""
    alike = speech.say(f"group_{certainty.ALIKE}")
    return [speech.say("by_hand_ranges", alike=alike)] if tables.has_ranges else []


def _uncounted(tables: SurveyTables, speech: Speech) -> str:
    """Return that nobody counted by hand, or too little to tell what the detector missed."""
    if counted := _hand_counted(tables):
        return speech.say("too_few_counted", counted=speech.say("photos", n=counted))
    return speech.say("nobody_counted")


def _hand_counted(tables: SurveyTables) -> int:
    return int(tables.estimates.get("hand_counted") or 0)


def section(
    tables: SurveyTables, speech: Speech, accuracy: "Evaluation | None"
) -> list[str] | None:
    """Return what is known of it; None where nothing is."""
    lines = []
    if counted := _hand_counted(tables):
        key = "accuracy_estimates" if tables.is_counted_by_hand else "too_few_counted"
        lines.append(speech.say(key, counted=speech.say("photos", n=counted)))
        lines += by_hand(tables, speech)
    if accuracy is not None:
        at = accuracy.agreement
        lines.append(_against_truth(speech, accuracy))
        lines.append(
            speech.say(
                "accuracy_error",
                error=speech.figure(at.mean_absolute_error),
                exact=speech.percent(at.share_exact),
                near=speech.percent(at.share_within_one),
            )
        )
        if abs(at.bias) >= 0.005:
            key = "accuracy_bias_low" if at.bias < 0 else "accuracy_bias_high"
            lines.append(speech.say(key, bias=speech.figure(abs(at.bias))))
    return lines or None


def by_hand(tables: SurveyTables, speech: Speech) -> list[str]:
    """Return what hand counts say of the whole survey, with its range."""
    known = tables.estimates
    ends = [known.get(f"bicycles_per_stop{end}") for end in ("", "_low", "_high")]
    if any(end is None for end in ends):
        return []
    figure, low, high = (speech.figure(end) for end in ends)
    key = "found_all_by_eye" if ends[1] == ends[2] else "found_by_hand"
    lines = [speech.say(key, figure=figure, low=low, high=high)]
    if (found := known.get("found_of_100")) is not None:
        lines.append(speech.say("found_of_100", found=speech.count(found)))
    return [" ".join(lines)]


def _against_truth(speech: Speech, accuracy: "Evaluation") -> str:
    counted, true = int(accuracy.photos["counted"].sum()), int(accuracy.photos["true"].sum())
    return speech.say(
        "with_truth",
        photos=speech.say("photos", n=accuracy.agreement.photos),
        counted=counted,
        true=true,
        share=speech.percent(counted / true if true else pd.NA),
    )
