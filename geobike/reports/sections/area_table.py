"""The table of areas, and those that nobody saw."""

from typing import Any

import pandas as pd

from geobike import schema
from geobike.reports import sheet
from geobike.reports.survey_tables import SurveyTables
from geobike.reports.words import Speech


def ranked(tables: SurveyTables) -> list[Any]:
    """Return the areas that were seen: compared ones, the fullest first, then the others."""
    areas = tables.areas[tables.areas["status"] != schema.UNSEEN]
    figure = pd.Series([tables.figure(row, tables.metric) for row in areas.index], areas.index)
    keys = pd.DataFrame(
        {
            "state": areas["status"].map(list(schema.SEEN).index),
            "figure": -figure,
            "name": areas["name"],
        }
    )
    return keys.sort_values(["state", "figure", "name"], na_position="last").index.tolist()


def section(tables: SurveyTables, speech: Speech, order: list[Any]) -> dict[str, Any]:
    """Return heads and rows; `order` is that of `ranked`."""
    shown = _columns(tables)
    texts = [name for name in ("rank", "group") if name in _extra(tables)]
    top = max(
        (tables.figure(row, shown[0]) for row in order if _is_known(tables, row)),
        default=0.0,
    )
    lines = []
    for number, row in enumerate(order):
        area = tables.area(row)
        value = tables.figure(row, shown[0])
        lines.append(
            {
                "number": number + 1,
                "name": tables.names[row],
                "thin": area["status"] != schema.COMPARED,
                "cells": [sheet.cell(tables, row, metric, speech) for metric in shown]
                + [_text(area, name, speech, tables) for name in texts],
                "bar": round(100 * float(value) / top, 1) if top and pd.notna(value) else 0,
            }
        )
    # The first is what areas are compared by; a short name would not say whose figure it is.
    heads = [sheet.name_of(metric, speech, short=metric != shown[0]) for metric in shown]
    heads += [speech.say(name) for name in texts]
    return {"heads": heads, "rows": lines}


def _is_known(tables: SurveyTables, row: Any) -> bool:
    return bool(pd.notna(tables.figure(row, tables.metric)))


def _columns(tables: SurveyTables) -> list[Any]:
    """Return the metrics of the table, the one that areas are compared by first."""
    others = [one for one in tables.metrics("table") if one != tables.metric]
    return [tables.metric, *others]


def _extra(tables: SurveyTables) -> list[str]:
    areas = tables.areas
    has_rank = {"rank_low", "rank_high"} <= set(areas) and areas["rank_low"].notna().any()
    has_group = "group" in areas and areas["group"].notna().any()
    return [name for name, there in (("rank", has_rank), ("group", has_group)) if there]


def _text(area: Any, name: str, speech: Speech, tables: SurveyTables) -> str:
    if name == "rank":
        low, high = area["rank_low"], area["rank_high"]
        if pd.isna(low) or pd.isna(high):
            return speech.say("none")
        of = int((tables.areas["status"] == schema.COMPARED).sum())
        rank = str(int(low)) if low == high else speech.say("span", low=int(low), high=int(high))
        return speech.say("rank_of", rank=rank, n=of)
    group = area["group"]
    return speech.say(f"group_{group}") if speech.has(f"group_{group}") else speech.say("none")


def unseen(tables: SurveyTables, speech: Speech) -> str:
    """Return the line that names the areas which no photo shows; empty without one."""
    names = tables.names[tables.areas["status"] == schema.UNSEEN]
    return speech.say("unseen", n=len(names), names=speech.listed(names)) if len(names) else ""
