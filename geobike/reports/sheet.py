"""What overview and pages of areas share: the map with its legend, and cells of tables."""

from collections.abc import Sequence
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import shapely

from geobike import certainty, classes, schema
from geobike.maps.shapes import simplified
from geobike.metrics import Metric
from geobike.reports import drawing
from geobike.reports.survey_tables import SurveyTables
from geobike.reports.words import Speech

BLANK: Final = "#ffffff"
_LOW: Final = 500.0  # units: the map of one area leaves room for its streets
CHOSEN: Final = "#fdf3e3"


def map_of(
    tables: SurveyTables,
    speech: Speech,
    *,
    only: Any = None,
    numbers: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the drawing and its legend; `only` is the row of the one area to look at."""
    areas, metric = tables.areas, tables.metric
    figures = [tables.figure(row, metric) for row in areas.index]
    compared = certainty.is_compared(areas, tables.min_photos)
    known = [
        float(value)
        for value, is_compared in zip(figures, compared, strict=True)
        if pd.notna(value) and is_compared
    ]
    found = classes.classify(known, whole=metric.digits == 0)
    shapes, shifted = simplified(areas)
    around = None if only is None else shapes[areas.index.get_loc(only)]
    hatches = [_hatch(status) for status in areas["status"]]
    sides = [tables.groups.get(row) for row in areas.index]
    fills = [_fill(found, value, side) for value, side in zip(figures, sides, strict=True)]
    if only is not None:
        fills = [CHOSEN if row == only else BLANK for row in areas.index]
    drawn = drawing.draw(
        shapes,
        fills,
        hatches,
        tables.names.tolist(),
        numbers=list(numbers) or [""] * len(areas),
        around=around,
        tallest=drawing.TALLEST if only is None else _LOW,
        streets=None if shifted else tables.streets,
        stops=None if only is None or shifted else _stops(tables, only),
    )
    return {
        "drawing": drawn,
        "classes": [] if only is not None else _legend(found, speech),
        "states": [
            (state, speech.say(f"legend_{state}"))
            for state in (schema.THIN, schema.TOO_THIN, schema.UNSEEN)
            if (areas["status"] == state).any()
        ],
        "pale": _pale(tables, speech) if only is None and certainty.ALIKE in sides else "",
        "numbered": any(label.text in numbers for label in drawn.labels),
        "alt": speech.say("map_alt", metric=name_of(metric, speech)),
        "only": None if only is None else drawing_of_one(drawn, areas.index.get_loc(only)),
    }


def drawing_of_one(drawn: drawing.Drawing, row: Any) -> str:
    """Return the outline of one area, to draw it bold."""
    return str(drawn.areas[row]["path"])


def _stops(tables: SurveyTables, row: Any) -> gpd.GeoDataFrame:
    near = shapely.prepared.prep(tables.areas.geometry.loc[row].buffer(0.001))
    inside = [near.contains(point) for point in tables.stops.geometry]
    return tables.stops[inside]


def _fill(found: Sequence[classes.Class], value: float, side: str | None) -> str:
    one = None if pd.isna(value) else classes.class_of(found, value)
    if one is None:
        return BLANK
    return classes.pale(one.colour) if side == certainty.ALIKE else one.colour


def _pale(tables: SurveyTables, speech: Speech) -> str:
    return speech.say("pale_meaning", average=speech.figure(tables.average))


def _hatch(status: str) -> str:
    return "" if status == schema.COMPARED else status


def _legend(found: Sequence[classes.Class], speech: Speech) -> list[tuple[str, str]]:
    rows = []
    for one in found:
        low, high = (speech.edge(side) for side in (one.low, 0 if one.is_open else one.high))
        text = low if one.high == 0 else speech.say("span", low=low, high=high)
        rows.append((one.colour, speech.say("or_more", low=low) if one.is_open else text))
    return rows


def name_of(metric: Metric, speech: Speech, *, short: bool = False) -> str:
    """Return what a metric is called; its column's name where there are no words for it."""
    key = f"short_{metric.name}" if short else metric.name
    return speech.say(key) if speech.has(key) else metric.name.replace("_", " ")


def cell(tables: SurveyTables, row: Any, metric: Metric, speech: Speech) -> str:
    """Return a figure as the table shows it, with its range where there is one."""
    value = tables.figure(row, metric)
    if pd.isna(value):
        return speech.figure(value)
    if metric.percent:
        return speech.percent(value)
    text = speech.number(float(value)) if metric.digits == 0 else speech.figure(value)
    return text + range_of(tables, row, metric, speech)


def range_of(tables: SurveyTables, row: Any, metric: Metric, speech: Speech) -> str:
    """Return the range of a figure in brackets, or nothing.

    Both ends are the figure where people counted all that it is of, or all streets were seen.
    """
    ends = [tables.area(row).get(name) for name in metric.ranges]
    if len(ends) < 2 or any(pd.isna(end) for end in ends):
        return ""
    low, high = (speech.figure(end) for end in ends)
    if ends[0] == ends[1]:
        return f" ({speech.say('all_by_eye')})" if metric.name == certainty.BY_HAND else ""
    return f" ({speech.say('span', low=low, high=high)})" if low != high else ""
