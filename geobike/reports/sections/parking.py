"""Places to park: racks beside bicycles, and the streets that lack places."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pandas as pd

from geobike import schema
from geobike.reports.survey_tables import SurveyTables
from geobike.reports.words import Speech

_ROWS: Final = 10
"""Streets in the table."""

_HIGH: Final = ("pressure_high", "shortage_high")
"""Known where there is a range."""


def section(tables: SurveyTables, speech: Speech) -> dict[str, Any] | None:
    """Return what is said of places to park; None without racks, or where no photo was counted."""
    known = tables.summary.get("racks")
    if not isinstance(known, Mapping) or not (tables.photos["status"] == schema.COUNTED).any():
        return None
    lacking = _lacking(tables)
    shown, left = lacking.head(_ROWS), len(lacking) - _ROWS
    by_hand = "shortage_by_hand" in shown and bool(shown["shortage_by_hand"].notna().any())
    heads = ("parked", "places", "short", *(["counted"] if by_hand else []), "free")
    return {
        "lines": list(_lines(known, speech)),
        "heads": [speech.say(f"parking_{name}") for name in heads],
        "rows": [_row(row, tables, speech, by_hand) for row in shown.to_dict("records")],
        "more": speech.say("parking_more", n=left) if left > 0 else "",
    }


def _lines(known: Mapping[str, Any], speech: Speech) -> Iterator[str]:
    yield speech.say(
        "parking_racks",
        n=known["rack_count"],
        known=known["rack_capacity_known"],
        places=known["rack_capacity"] or 0,
        near=speech.say("about", n=speech.count(known["detected_near_racks"])),
        walk=round(known["walk_m"]),
    )
    by_hand = known.get("by_hand", {})
    if known["pressure"] is not None:
        figure = speech.number(known["pressure"], 2)
        yield speech.say("parking_pressure", figure=figure) + _hand(
            by_hand, "pressure", speech, digits=2
        )
    else:
        yield speech.say("parking_unknown") + _in_view(known, speech)
    judged = known.get("judged_streets", {})
    if judged.get("number"):
        yield speech.say(
            "parking_judged",
            n=judged["number"],
            of=judged["of"],
            shortage=judged["shortage"],
            free=judged["free_within_walk"],
        ) + _hand(by_hand, "shortage", speech, digits=0)
    elif judged.get("of"):
        yield speech.say("parking_unjudged", n=judged["of"])
    if any(by_hand.get(name) is not None for name in _HIGH):
        yield speech.say("parking_range")


def _in_view(known: Mapping[str, Any], speech: Speech) -> str:
    share = known.get("kerb_seen_share")
    if share is None:
        return ""
    return " " + speech.say("parking_in_view", share=speech.percent(share))


def _hand(found: Mapping[str, Any], name: str, speech: Speech, *, digits: int) -> str:
    """Return what hand counts say of a figure, with its range; nothing where nobody counted."""
    middle, low, high = (found.get(f"{name}_{end}") for end in ("by_hand", "low", "high"))
    if middle is None:
        return ""
    if low is None or high is None or low == high:
        return " " + speech.say("parking_by_hand", figure=speech.number(middle, digits))
    return " " + speech.say(
        "parking_by_hand_range",
        figure=speech.number(middle, digits),
        low=speech.number(low, digits),
        high=speech.number(high, digits),
    )


def _lacking(tables: SurveyTables) -> pd.DataFrame:
    """Return the streets in areas that lack places, those that lack most first."""
    streets = tables.streets
    if streets is None or "parking" not in streets:
        return pd.DataFrame()
    lacking = streets["parking"].isin((schema.FULL, schema.NO_RACKS))
    found = pd.DataFrame(streets[lacking & streets["area_id"].notna()])
    return found.sort_values(
        ["shortage", "detected_once"], ascending=False, kind="stable", na_position="last"
    )


def _row(
    street: Mapping[Any, Any], tables: SurveyTables, speech: Speech, by_hand: bool
) -> dict[str, Any]:
    name = street["name"] if pd.notna(street["name"]) else speech.say("no_name")
    bare = street["rack_count"] == 0
    return {
        "name": f"{name}, {tables.name_of(street['area_id'])}",
        "cells": [
            speech.count(street["detected_once"]),
            speech.say("parking_none") if bare else _whole(street["rack_capacity"], speech),
            _whole(street["shortage"], speech),
            *([_counted(street, speech)] if by_hand else []),
            _whole(street["free_within_walk"], speech),
        ],
    }


def _whole(value: Any, speech: Speech) -> str:
    return speech.say("none") if pd.isna(value) else speech.number(float(value))


def _counted(street: Mapping[Any, Any], speech: Speech) -> str:
    """Return the shortage as people count, with its range in brackets."""
    middle = _whole(street["shortage_by_hand"], speech)
    low, high = street["shortage_low"], street["shortage_high"]
    if pd.isna(low) or pd.isna(high) or low == high:
        return middle
    return f"{middle} ({speech.say('span', low=int(low), high=int(high))})"
