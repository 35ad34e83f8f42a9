"""Racks in QGIS as on the page: the larger, the more places."""

from typing import Final

from geobike.exports import qml
from geobike.exports.expressions import column, figure, plain, shown, text
from geobike.exports.qgis_words import Words

_VIOLET, _PALE, _GREY = "#6d28d9", "#a78bfa73", "#6b7280"
_SIZE: Final = '2 * min(4 + 1.3 * sqrt("capacity"), 22)'
"""Diameter in pixels, as on the page."""
_WHY: Final = {
    reason: f"rack_left_{reason.replace(' ', '_')}"
    for reason in ("private", "customers", "other access", "indoor", "twice")
}
"""Why a rack does not count, as `left_out` has it, and the words for that."""


def style(words: Words, *, walk: float) -> qml.Style:
    """Return the style of the racks; `walk` is the metres within which bicycles are near one."""
    counts, known = '"left_out" IS NULL', '"capacity" IS NOT NULL'
    places = qml.circle(_PALE, size=10, border=_VIOLET, border_width=2, sized_by=_SIZE)
    unknown = qml.circle(None, size=12, border=_VIOLET, border_width=2, dashed=True)
    left = qml.circle(None, size=12, border=_GREY, border_width=2)
    rules = [
        qml.Rule(f"{counts} AND {known}", words.say("rack_key_places"), [places]),
        qml.Rule(f"{counts} AND NOT ({known})", words.say("rack_key_unknown"), [unknown]),
        qml.Rule(f"NOT ({counts})", words.say("rack_key_left"), [left]),
    ]
    return qml.Style("marker", rules, _tip(words, walk), '"rack_id"')


def _tip(words: Words, walk: float) -> str:
    """Return what the page says of a rack."""
    unknown = text(plain(words.say("rack_unknown")))
    places = words.counted("rack_places", '"capacity"')
    places = f'CASE WHEN "capacity" IS NULL THEN {unknown} ELSE {places} END'
    said = text("<br>" + plain(words.say("rack_date")))
    date = f"replace({said}, '{{date}}', {column('capacity_date')})"
    return (
        f"<b>[% {places} %]</b>[% coalesce({date}, '') %]<br>[% {_near(words, walk)} %]"
        f"<br>{shown(column('rack_id'))}"
    )


def _near(words: Words, walk: float) -> str:
    """Return an expression that says why a rack does not count, or how many stand near it."""
    why = "".join(
        f" WHEN {column('left_out')} = {text(reason)} THEN {text(plain(words.say(key)))}"
        for reason, key in _WHY.items()
    )
    metres = figure(f"{walk:g}", digits=0, language=words.language)
    said = f"replace({text(plain(words.say('rack_near')))}, '{{walk}}', {metres})"
    bicycles = words.things(f"round({column('detected_near')})")
    near = f"replace({said}, '{{bicycles}}', {bicycles})"
    unseen = text(plain(words.say("rack_unseen")))
    return f'CASE{why} WHEN "detected_near" IS NULL THEN {unseen} ELSE {near} END'
