"""The report of a whole survey: what it says, in the order of its parts."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import pandas as pd

from geobike import certainty, config, schema
from geobike.io.redaction import redact
from geobike.reports import fullest, parking, sheet
from geobike.reports.survey_tables import SurveyTables, rows
from geobike.reports.words import Speech
from geobike.version import __version__

if TYPE_CHECKING:
    from geobike.evaluation.agreement import Evaluation

_LEFT_OUT: Final = (
    schema.OUTSIDE,
    schema.UNLOCATED,
    schema.DUPLICATE,
    schema.UNREADABLE,
    schema.FAILED,
)
_SIDES: Final = (certainty.ABOVE, certainty.BELOW, certainty.ALIKE)
_PATHS: Final = frozenset(
    one.name for one in config.all_declared() if one.option.path is not None or one.name == "photos"
)
"""Options of which a report says the name of the file, and not where it is on one machine."""


def photo_ids(tables: SurveyTables) -> list[str]:
    """Return the photos that the fullest streets and places are shown by."""
    streets = [] if tables.fullest_streets is None else tables.fullest_streets["photo_id"].tolist()
    places = tables.fullest_places["photo_id"].astype(schema.TEXT).tolist()
    return [one for one in (*streets, *places) if isinstance(one, str)]


def context(
    tables: SurveyTables,
    speech: Speech,
    found: Mapping[str, bytes],
    accuracy: "Evaluation | None",
) -> dict[str, Any]:
    """Return the values of the template, but for the pages of single areas."""
    order = table_rows(tables)
    place = {row: str(number + 1) for number, row in enumerate(order)}
    return {
        "title": page_setting(tables, "title") or speech.say("report"),
        "period": period(tables, speech),
        "finding": _finding(tables, speech),
        "trust": trust(tables, speech, accuracy),
        "method": _method(tables, speech),
        "metric": sheet.name_of(tables.metric, speech),
        "map": sheet.map_of(
            tables, speech, numbers=[place.get(row, "") for row in tables.areas.index]
        ),
        "table": _table(tables, speech, order),
        "unseen": _unseen(tables, speech),
        "streets": _streets(tables, speech, found),
        "street_floor": speech.say(
            "street_floor",
            metres=int(fullest.LEAST_M),
            stops=speech.say("stops", n=fullest.LEAST_STOPS),
        ),
        "parking": parking.section(tables, speech),
        "places": _places(tables, speech, found),
        "place_floor": speech.say("place_floor", metres=round(tables.place_size)),
        "picture_note": _picture_note(tables, speech, found),
        "coverage": _coverage(tables, speech),
        "accuracy": _accuracy(tables, speech, accuracy),
        "not_counted": _not_counted(tables, speech),
        "warnings": [str(one) for one in tables.summary.get("warnings", ())],
        "made": _made(tables, speech),
        "source": page_setting(tables, "source"),
        "settings": _settings(tables, speech),
    }


def page_setting(tables: SurveyTables, name: str) -> str:
    """Return an option of the map's page, as text."""
    return str(tables.summary.get("settings", {}).get("page", {}).get(name) or "")


def table_rows(tables: SurveyTables) -> list[Any]:
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


def _finding(tables: SurveyTables, speech: Speech) -> list[str]:
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
    by_hand = _by_hand(tables, speech)
    mean = by_hand or _on_average(tables, speech)
    return [*mean, *lines, _seen(tables, speech), *_compared(tables, speech)]


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


def _by_hand(tables: SurveyTables, speech: Speech) -> list[str]:
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


def _seen(tables: SurveyTables, speech: Speech) -> str:
    seen = int((tables.areas["status"] != schema.UNSEEN).sum())
    given = {"areas": seen, "total": len(tables.areas)}
    if "street_km" not in tables.areas:
        return speech.say("seen_areas", **given)
    all_km, seen_km = (float(tables.areas[name].sum()) for name in ("street_km", "covered_km"))
    share = speech.percent(seen_km / all_km if all_km else pd.NA)
    return speech.say(
        "seen_streets",
        seen=speech.figure(seen_km),
        all=speech.figure(all_km),
        share=share,
        **given,
    )


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
    named = areas["name"].fillna(areas["area_id"])
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
    names = tables.areas["name"].fillna(tables.areas["area_id"])
    more, fewer, alike = (list(names[sides.index[sides == side]]) for side in _SIDES)
    if not more and not fewer:
        return [speech.say("none_differ", n=len(sides))]
    lines = []
    if more:
        key = "more_in" if tables.estimates else "detected_more_in"
        lines.append(speech.say(key, names=speech.listed(more)))
    if fewer:
        lines.append(speech.say("fewer_in", names=speech.listed(fewer)))
    if alike:
        lines.append(speech.say("same_in", n=len(alike)))
    return [" ".join(lines)]


def trust(tables: SurveyTables, speech: Speech, accuracy: "Evaluation | None") -> str:
    """Return how far the figures can be trusted, in one sentence or two."""
    if tables.is_counted_by_hand:
        return speech.say("by_hand")
    if accuracy is None:
        known = "by_detector" if not tables.has_ranges else "by_detector_ranges"
        return f"{speech.say('nobody_counted')} {speech.say(known)}"
    return _against_truth(speech, accuracy)


def _against_truth(speech: Speech, accuracy: "Evaluation") -> str:
    counted, true = int(accuracy.photos["counted"].sum()), int(accuracy.photos["true"].sum())
    return speech.say(
        "with_truth",
        photos=speech.say("photos", n=accuracy.agreement.photos),
        counted=counted,
        true=true,
        share=speech.percent(counted / true if true else pd.NA),
    )


def _method(tables: SurveyTables, speech: Speech) -> list[str]:
    survey = tables.summary.get("settings", {}).get("survey", {})
    counting = tables.summary["counting"]
    return [
        speech.say(
            "method_stops", metres=speech.figure(survey.get("stop_distance", config.STOP_DISTANCE))
        ),
        speech.say("method_places"),
        speech.say("method_streets" if tables.streets is not None else "method_squares"),
        speech.say(
            "method_model",
            model=tables.summary.get("detector", {}).get("model", speech.say("none")),
            threshold=speech.figure(counting["threshold"]),
        ),
        *_riders(counting, speech),
    ]


def _riders(counting: Mapping[str, Any], speech: Speech) -> list[str]:
    if "ridden" not in counting:  # written by an older geobike
        return []
    if counting["ridden"] is None:
        return [speech.say("method_riders_unknown")]
    parked = counting.get("count") == "parked"
    return [speech.say("method_parked" if parked else "method_all", n=counting["ridden"])]


def _table(tables: SurveyTables, speech: Speech, order: list[Any]) -> dict[str, Any]:
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
                "name": area["name"] if pd.notna(area["name"]) else area["area_id"],
                "thin": area["status"] != schema.COMPARED,
                "cells": [sheet.cell(tables, row, metric, speech) for metric in shown]
                + [_text(area, name, speech, tables) for name in texts],
                "bar": round(100 * float(value) / top, 1) if top and pd.notna(value) else 0,
            }
        )
    heads = [sheet.name_of(metric, speech, short=True) for metric in shown]
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


def _unseen(tables: SurveyTables, speech: Speech) -> str:
    areas = tables.areas[tables.areas["status"] == schema.UNSEEN]
    if areas.empty:
        return ""
    names = areas["name"].fillna(areas["area_id"])
    return speech.say("unseen", n=len(areas), names=speech.listed(names))


def _streets(
    tables: SurveyTables, speech: Speech, found: Mapping[str, bytes]
) -> list[dict[str, Any]] | None:
    if tables.fullest_streets is None:
        return None
    return [
        {
            "name": row.name if pd.notna(row.name) else speech.say("no_name"),
            "where": _area_name(tables, row.area_id),
            "figure": speech.say("street_figure", rate=speech.figure(row.detected_per_100m)),
            "more": speech.say(
                "street_seen",
                detected=speech.say("about", n=speech.count(row.detected_once)),
                metres=round(row.covered_m),
                stops=speech.say("stops", n=int(row.stop_count)),
            ),
            "picture": found.get(row.photo_id or ""),
            "photo": row.photo_id,
        }
        for row in rows(tables.fullest_streets)
    ]


def _places(
    tables: SurveyTables, speech: Speech, found: Mapping[str, bytes]
) -> list[dict[str, Any]]:
    return [
        {
            "name": row.street or row.area or f"{row.geometry.y:.5f}, {row.geometry.x:.5f}",
            "where": row.area if row.street else None,
            "figure": speech.say(
                "place_figure", once=speech.say("about", n=speech.count(row.detected_once))
            ),
            "more": speech.say(
                "place_range",
                least=int(row.detected_at_least),
                photos=speech.say("photos", n=int(row.photo_count)),
            ),
            "picture": found.get(str(row.photo_id)),
            "photo": str(row.photo_id),
        }
        for row in rows(tables.fullest_places)
    ]


def _area_name(tables: SurveyTables, area_id: Any) -> str | None:
    here = tables.areas[tables.areas["area_id"] == area_id]
    if here.empty:
        return None
    name = here["name"].iloc[0]
    return str(name if pd.notna(name) else area_id)


def _picture_note(tables: SurveyTables, speech: Speech, found: Mapping[str, bytes]) -> str:
    if not found:
        return speech.say("no_pictures")
    page = tables.summary.get("settings", {}).get("page", {})
    shown = page.get("show_people") or page.get("show_vehicles")
    return speech.say("picture_note_shown" if shown else "picture_note")


def _coverage(tables: SurveyTables, speech: Speech) -> list[str]:
    areas = tables.areas
    states = {state: int((areas["status"] == state).sum()) for state in schema.SEEN}
    return [
        _taken(tables, speech),
        _seen(tables, speech),
        speech.say("coverage_status", total=len(areas), **states),
    ]


def period(tables: SurveyTables, speech: Speech) -> str:
    """Return the first and the last day, or nothing."""
    days = _days(tables)
    if not len(days):
        return ""
    first, last = speech.day(days[0]), speech.day(days[-1])
    return first if first == last else speech.say("span", low=first, high=last)


def _taken(tables: SurveyTables, speech: Speech) -> str:
    days = _days(tables)
    if not len(days):
        return speech.say("coverage_no_time")
    if len(days) == 1:
        return speech.say("coverage_day", first=speech.day(days[0]))
    return speech.say(
        "coverage_days",
        first=speech.day(days[0]),
        last=speech.day(days[-1]),
        days=speech.say("days", n=len(days)),
    )


def _days(tables: SurveyTables) -> Any:
    """Return the days of the counted photos, in the zone of the survey."""
    survey = tables.summary.get("settings", {}).get("survey", {})
    counted = tables.photos.loc[tables.photos["status"] == schema.COUNTED, "taken_at"]
    times = pd.to_datetime(counted.dropna(), utc=True).dt.tz_convert(_zone(survey.get("timezone")))
    return times.dt.normalize().drop_duplicates().sort_values().tolist()


def _zone(name: Any) -> ZoneInfo:
    try:
        return ZoneInfo(str(name or "UTC"))
    except (ValueError, OSError, KeyError):
        return ZoneInfo("UTC")


def _accuracy(
    tables: SurveyTables, speech: Speech, accuracy: "Evaluation | None"
) -> list[str] | None:
    """Return what is known of it; None where nothing is."""
    lines = []
    if counted := int(tables.estimates.get("hand_counted") or 0):
        lines.append(speech.say("accuracy_estimates", counted=speech.say("photos", n=counted)))
        lines += _by_hand(tables, speech)
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


def _not_counted(tables: SurveyTables, speech: Speech) -> list[str]:
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


def _made(tables: SurveyTables, speech: Speech) -> str:
    started = pd.to_datetime(str(tables.summary.get("started_at")), utc=True, errors="coerce")
    return speech.say(
        "made",
        date=speech.day(pd.Timestamp(datetime.now(UTC))),
        version=__version__,
        survey=speech.say("none") if pd.isna(started) else speech.day(started),
        survey_version=str(tables.summary.get("geobike", speech.say("none"))),
    )


def _settings(tables: SurveyTables, speech: Speech) -> list[tuple[str, str]]:
    """Return the options of the survey; files by their name alone."""
    survey = tables.summary.get("settings", {}).get("survey", {})
    lines = [(str(name), _setting(value, name in _PATHS, speech)) for name, value in survey.items()]
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
