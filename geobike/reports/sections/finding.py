"""The finding: how many bicycles, how much was seen, and which areas differ."""

from typing import Final

import pandas as pd

from geobike import certainty, schema
from geobike.reports import sheet
from geobike.reports.sections import accuracy, coverage
from geobike.reports.survey_tables import SurveyTables
from geobike.reports.words import Speech

_SIDES: Final = (certainty.ABOVE, certainty.BELOW, certainty.ALIKE)


def section(tables: SurveyTables, speech: Speech) -> list[str]:
    """Return the finding; its first line is the one in large type."""
    counting = tables.summary["counting"]
    counted = tables.photos[tables.photos["status"] == schema.COUNTED]
    if counted.empty:
        return [speech.say("nothing_found")]
    once = counting.get("detected_once")
    lines = []
    if once is not None:
        lines.append(
            speech.say(
                "found",
                once=speech.say("about", n=speech.count(once)),
                photos=speech.say("photos", n=len(counted)),
                stops=speech.say("stops", n=len(tables.stops)),
                least=int(counting["detected_at_least"]),
            )
        )
    by_hand = accuracy.by_hand(tables, speech)
    mean = by_hand or _on_average(tables, speech)
    return [*mean, *lines, coverage.seen(tables, speech), *_compared(tables, speech)]


def _on_average(tables: SurveyTables, speech: Speech) -> list[str]:
    """Return the average of what was detected, as the heading of the page has it."""
    if pd.isna(tables.average):
        return []
    name = sheet.name_of(tables.metric, speech)
    said = speech.say(
        "on_average",
        stops=speech.say("stops", n=len(tables.stops)),
        figure=speech.figure(tables.average),
        metric=name[:1].lower() + name[1:],
    )
    return [f"{said[:1].upper()}{said[1:]}."]


def _compared(tables: SurveyTables, speech: Speech) -> list[str]:
    areas = tables.areas[tables.areas["status"] == schema.COMPARED]
    if areas.empty:
        return [speech.say("none_comparable")]
    lines = [speech.say("comparable", n=len(areas))]
    if tables.has_ranges:
        return [" ".join([*lines, *_differing(tables, speech)])]
    figures = areas[tables.metric.name].dropna().sort_values(ascending=False)
    if len(figures) < 4:
        return lines
    named = tables.names
    top = [f"{named[row]} ({speech.figure(value)})" for row, value in figures.head(2).items()]
    return [
        *lines,
        speech.say(
            "highest",
            metric=sheet.name_of(tables.metric, speech),
            names=speech.listed(top),
            last=named[figures.index[-1]],
            low=speech.figure(figures.iloc[-1]),
        ),
    ]


def _differing(tables: SurveyTables, speech: Speech) -> list[str]:
    """Return which areas differ clearly from the average, in the words of the page."""
    sides = tables.groups
    if len(sides) < 2:
        return []
    more, fewer, alike = (list(tables.names[sides.index[sides == side]]) for side in _SIDES)
    if not more and not fewer:
        return [speech.say("none_differ", n=len(sides))]
    lines = []
    if more:
        key = "more_in" if tables.is_counted_by_hand else "detected_more_in"
        lines.append(speech.say(key, names=speech.listed(more)))
    if fewer:
        lines.append(speech.say("fewer_in", names=speech.listed(fewer)))
    if alike:
        lines.append(speech.say("same_in", n=len(alike)))
    return [" ".join(lines)]
