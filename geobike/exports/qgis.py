"""How QGIS shows the layers of a survey by itself."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from geobike import metrics
from geobike.config import WALK
from geobike.exports import qgis_areas, qgis_racks, qml
from geobike.exports.expressions import DASH, column, figure, plain, shown, text
from geobike.exports.protocol import Frames, Table
from geobike.exports.qgis_words import Words

PICTURE: Final = "thumbnail"
"""Column of the photos with the JPEG that the page shows."""

_CIRCLE: Final = "2 * min(4 + 2.2 * sqrt({number}), 18)"
"""Diameter in pixels, as on the page: twice the bicycles look like twice as many."""

_PARKING: Final = [
    metric
    for metric in metrics.METRICS
    if metric.name in ("rack_capacity", metrics.KERB, "pressure", "shortage")
]
"""What the tip of a street says of its racks, where some are given."""


def styles(frames: Frames, words: Words, *, pictures: bool) -> Mapping[Table, list[qml.Style]]:
    """Return the styles of each layer that has any; a layer's first is the one it opens with."""
    drawn: dict[Table, Callable[[Any], list[qml.Style]]] = {
        "areas": lambda areas: list(
            qgis_areas.styles(areas, min_photos=frames.about.min_photos, words=words).values()
        ),
        "streets": lambda streets: [_streets(words, streets)],
        "racks": lambda _: [qgis_racks.style(words, walk=_walk(frames))],
        "stops": lambda _: [_stops(words)],
        "bicycles": lambda _: [_bicycles(words)],
        "photos": lambda _: [_photos(words, pictures=pictures)],
    }
    return {table: drawn[table](frame) for table, frame in frames.items() if table in drawn}


def _walk(frames: Frames) -> float:
    """Return the metres from a rack within which bicycles were counted."""
    return float(frames.about.summary.get("racks", {}).get("walk_m", WALK))


def _streets(words: Words, streets: Any) -> qml.Style:
    seen, per_100m = '"covered_m" > 0', '"detected_per_100m"'
    width = f"1.5 + min(sqrt(coalesce({per_100m}, 0)) * 1.5, 8)"
    share = figure('"covered_share"', digits=0, language=words.language, percent=True)
    found = figure(per_100m, digits=1, language=words.language)
    tip = (
        f"<b>{shown(_or_dash('name'))}</b><br>{plain(words.say('covered_share'))}: [% {share} %]"
        f"<br>{plain(words.say('per_100m'))}: [% {found} %]"
    ) + "".join(_parking(words, metric) for metric in _PARKING if metric.name in streets)
    rules = [
        qml.Rule(
            f"NOT coalesce({seen}, FALSE)",
            words.say("not_seen"),
            [qml.line("#8a93a0", width=1, dashed=True)],
        ),
        qml.Rule(
            seen,
            words.say("seen"),
            [
                qml.line("#ffffff", width=4, sized_by=f"{width} + 2.5"),  # apart from dark areas
                qml.line("#374151", width=2, sized_by=width),
            ],
        ),
    ]
    return qml.Style("line", rules, tip, '"name"')


def _parking(words: Words, metric: metrics.Metric) -> str:
    value = figure(
        column(metric.name),
        digits=metric.digits,
        language=words.language,
        percent=metric.percent,
    )
    return f"<br>{plain(words.say(metric.name))}: [% {value} %]"


def _stops(words: Words) -> qml.Style:
    number = '"bicycle_count"'
    size = _CIRCLE.format(number=number)

    tip = (
        f"<b>[% {words.things(f'round({number}, 1)')} %]</b><br>"
        f'[% {words.photos("""coalesce("photo_count", 0)""")} %]'
        f"<br>{shown(column('stop_id'))}"
    )
    some = qml.circle("#f58a1f", size=10, border="#4a1c00", border_width=1.2, sized_by=size)
    none = qml.circle("#ffffff", size=10, border="#d95f0e", border_width=2)
    rules = [
        qml.Rule(f"{number} > 0", words.say("stop"), [some]),
        qml.Rule(f"NOT coalesce({number} > 0, FALSE)", words.say("stop_none"), [none]),
    ]
    return qml.Style("marker", rules, tip, column("stop_id"), _times(words))


def _bicycles(words: Words) -> qml.Style:
    error = figure('"placed_error_m"', digits=0, language=words.language)
    tip = (
        f"{plain(words.say('placed'))}<br>"
        f"[% replace({text(words.say('place_error'))}, '{{n}}', {error}) %]"
        f"<br>{shown(column('photo_id'))}"
    )
    rules = [
        qml.Rule('"placed"', words.say("placed"), [qml.circle("#4a1c00", size=4)]),
        qml.Rule(
            'NOT "placed"',
            words.say("not_placed"),
            [qml.circle(None, size=4, border="#4a1c00", border_width=0.8)],
        ),
    ]
    return qml.Style("marker", rules, tip, column("photo_id"))


def _photos(words: Words, *, pictures: bool) -> qml.Style:
    counted, number = "\"status\" = 'counted'", '"bicycle_count"'
    source = f"'<img src=\"data:image/jpeg;base64,' || to_base64({column(PICTURE)}) || '\"><br>'"
    picture = f"[% if({column(PICTURE)} IS NULL, '', {source}) %]" if pictures else ""
    why = "".join(
        f" WHEN \"status\" = '{status}' THEN {text(plain(words.say(f'status_{status}')))}"
        for status in ("outside", "unlocated", "duplicate", "unreadable", "failed")
    )
    tip = (
        f"{picture}<b>[% CASE WHEN {counted} THEN {words.things(number)}{why} END %]</b>"
        f"<br>{shown(_or_dash('taken_local'))}<br>{shown(column('photo_id'))}"
    )
    rules = [
        qml.Rule(counted, words.say("photo"), [qml.circle("#ffffff", size=5, border="#374151")]),
        qml.Rule(
            f"NOT ({counted})",
            words.say("photo_key_other"),
            [qml.circle(None, size=5, border="#6b7280", border_width=1.5)],
        ),
    ]
    aliases = {**_times(words), "taken_local": words.say("taken_local")}
    return qml.Style("marker", rules, tip, column("photo_id"), aliases)


def _times(words: Words) -> dict[str, str]:
    """Old versions show times in UTC without saying so."""
    return {"taken_at": words.say("taken_at")}


def _or_dash(name: str) -> str:
    return f"coalesce({column(name)}, '{DASH}')"
