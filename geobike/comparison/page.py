"""A comparison as one HTML document: three maps beside each other, and the table behind them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any, Final

import numpy as np
import pandas as pd

from geobike import classes
from geobike.classes import Class
from geobike.comparison.comparing import Comparison
from geobike.estimates import change
from geobike.reports import drawing, html, words
from geobike.reports.drawing import Drawing
from geobike.reports.words import Speech
from geobike.version import __version__

COLOURS: Final = {change.MORE: "#b35806", change.FEWER: "#542788", change.ALIKE: "#d5d8dd"}
"""After ColorBrewer's PuOr: told apart with the common colour blindnesses, and in grey."""

_UNSEEN: Final = "unseen"  # the pattern of areas that one of the surveys did not see
_TALLEST: Final = 900.0


def speech(comparison: Comparison, language: str) -> Speech:
    """Return the words of a language. Raises InputError for one that there is none of."""
    known = words.speech(language, comparison.labels)
    own = json.loads(html.text(__package__, f"words-{language}.json"))
    return replace(known, words={**known.words, **own})


def sentences(comparison: Comparison, language: str = "en") -> Iterator[str]:
    """Yield what a comparison says, in words; the finding first."""
    said, whole = speech(comparison, language), comparison.whole
    kind = comparison.kind
    yield said.say(f"kind_{kind}") + "."
    yield _finding(comparison, said) + "."
    if comparison.same_photos:
        yield said.say("same_photos", n=comparison.same_photos)
    yield _rates(comparison, said)
    if kind == "detected":
        yield said.say("season")
    named = [
        said.say(
            "named_one", name=row["name"], change=_percent(said, row[f"{kind}_change_percent"])
        )
        for _, row in comparison.named.iterrows()
    ]
    yield said.say("named", areas=said.listed(named)) if named else said.say("named_none")
    if pd.notna(whole["least_percent"]):
        yield said.say("least", least=said.percent(whole["least_percent"] / 100))
    number = len(comparison.pairs)
    yield said.say(
        "pairs",
        pairs=number,
        only_before=comparison.stops_before - number,
        only_after=comparison.stops_after - number,
    )
    yield said.say("few")


def build(comparison: Comparison, *, language: str = "en") -> str:
    """Return the page, which has no script and makes no request.

    Raises InputError for a language that there are no words for.
    """
    said = speech(comparison, language)
    kind, areas = comparison.kind, comparison.areas
    columns = [f"{_PER_STOP[kind]}_{side}" for side in ("before", "after")]
    scale = classes.classify(np.ravel(areas[columns].dropna().to_numpy()).tolist())
    maps = [
        {"title": said.say(side), "drawing": _drawing(comparison, _fills(areas[column], scale))}
        for side, column in zip(("before", "after"), columns, strict=True)
    ]
    told = [COLOURS.get(one, "") for one in areas["told"]]
    maps.append({"title": said.say("change"), "drawing": _drawing(comparison, told)})
    finding, *rest = list(sentences(comparison, language))[1:]
    return html.render(
        __package__,
        "comparison.html.jinja",
        css="comparison.css",
        language=language,
        title=said.say("title", before=_short(comparison.before), after=_short(comparison.after)),
        kind=said.say(f"kind_{kind}"),
        finding=finding,
        sentences=rest,
        maps=maps,
        scale=[(one.colour, _class(said, one)) for one in scale],
        told=[(COLOURS[one], said.say(f"legend_{key}")) for one, key in _TOLD.items()],
        per_stop=said.say(f"per_stop_{kind}"),
        rows=list(_rows(comparison, said)),
        made=said.say("made", version=__version__, date=said.day(pd.Timestamp(datetime.now(UTC)))),
        t=said.say,
    )


_PER_STOP: Final = {"bicycles": "bicycles_per_stop", "detected": "detected_per_stop"}
_TOLD: Final = {change.MORE: "more", change.FEWER: "fewer", change.ALIKE: "alike"}


def _short(folder: str) -> str:
    """Return a folder's name with the one that it is in: many surveys are in a folder `out`."""
    return "/".join(PurePath(folder).parts[-2:])


def _finding(comparison: Comparison, said: Speech) -> str:
    whole = comparison.whole
    key = {change.MORE: "found_more", change.FEWER: "found_fewer"}.get(whole["told"], "found_none")
    return said.say(key, percent=_percent(said, whole[f"{comparison.kind}_change_percent"]))


def _rates(comparison: Comparison, said: Speech) -> str:
    kind, whole = comparison.kind, comparison.whole
    values = {
        "before": said.figure(whole[f"{_PER_STOP[kind]}_before"]),
        "after": said.figure(whole[f"{_PER_STOP[kind]}_after"]),
        "change": _signed(said, whole[f"{kind}_change"]),
        "low": _signed(said, whole[f"{kind}_change_low"]),
        "high": _signed(said, whole[f"{kind}_change_high"]),
    }
    key = f"rates_{kind}"
    if pd.isna(whole[f"{kind}_change_low"]):
        key = "rates_alike" if whole[f"{kind}_change"] == 0 else f"bare_{kind}"
    return said.say(key, **values)


def _rows(comparison: Comparison, said: Speech) -> Iterator[dict[str, Any]]:
    """Yield the rows of the table: areas that both surveys saw, by what was told, then by name."""
    kind = comparison.kind
    seen = comparison.areas[comparison.areas["told"].notna()]
    order = {change.MORE: 0, change.FEWER: 1, change.ALIKE: 2}
    seen = seen.assign(order=seen["told"].map(order)).sort_values(["order", "name"])
    for _, row in seen.iterrows():
        low, high = (row[f"{kind}_change_{end}"] for end in ("low", "high"))
        ends = [_signed(said, end) for end in (low, high)]
        yield {
            "name": row["name"],
            "colour": COLOURS[row["told"]],
            "before": said.figure(row[f"{_PER_STOP[kind]}_before"]),
            "after": said.figure(row[f"{_PER_STOP[kind]}_after"]),
            "change": _signed(said, row[f"{kind}_change"]),
            "range": "" if pd.isna(low) else said.say("range", low=ends[0], high=ends[1]),
            "told": said.say(row["told"]),
            "stops": said.figure(row["stops_matched"]),
            "least": said.percent(row["least_percent"] / 100),
        }


def _signed(said: Speech, value: Any) -> str:
    if pd.isna(value) or value == 0:
        return said.figure(value)
    return ("+" if value > 0 else "\u2212") + said.figure(abs(value))


def _percent(said: Speech, value: Any) -> str:
    if pd.isna(value):
        return said.figure(value)
    sign = "+" if value > 0 else "\u2212" if value < 0 else ""
    return sign + said.percent(abs(value) / 100)


def _class(said: Speech, one: Class) -> str:
    if one.high == 0:
        return "0"
    if one.is_open:
        return f"{said.figure(one.low)}+"
    return f"{said.figure(one.low)} \u2013 {said.figure(one.high)}"


def _fills(values: "pd.Series[float]", scale: Sequence[Class]) -> list[str]:
    found = [None if pd.isna(value) else classes.class_of(scale, value) for value in values]
    return ["" if one is None else one.colour for one in found]


def _drawing(comparison: Comparison, fills: Sequence[str]) -> Drawing:
    areas = comparison.areas
    return drawing.draw(
        list(areas.geometry),
        [fill or "#fff" for fill in fills],
        ["" if fill else _UNSEEN for fill in fills],
        [str(name) for name in areas["name"].fillna(areas["area_id"])],
        numbers=[""] * len(areas),
        tallest=_TALLEST,
    )
