"""How QGIS shows the areas: the page's classes and hatches, and the page's figures in the tip."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geobike import metrics, schema
from geobike.classes import Class, classify
from geobike.exports import own_columns, qml
from geobike.exports.expressions import DASH, all_of, column, figure, plain, shown, text
from geobike.exports.qgis_words import Words

if TYPE_CHECKING:
    import geopandas as gpd


@dataclass(frozen=True)
class _Areas:
    """The areas' columns as expressions; in a file they may be prefixed."""

    frame: "gpd.GeoDataFrame"
    names: Mapping[str, str]
    min_photos: int
    words: Words

    def __getitem__(self, name: str) -> str:
        return column(self.names[name])

    def __contains__(self, name: object) -> bool:
        return name in self.names

    @property
    def looked(self) -> str:
        """The condition that anything was seen of an area."""
        return " OR ".join(f"coalesce({self[name]}, 0) > 0" for name in metrics.LOOKED)

    @property
    def hidden(self) -> str:
        """The condition that no figure is shown but those of looking."""
        return f"NOT ({self.looked}) OR {self[_STATUS]} = '{schema.TOO_THIN}'"

    def has_status(self, status: str) -> str:
        return f"coalesce({self[_STATUS]}, '') = '{status}'"


_STATUS = "status"


def styles(areas: "gpd.GeoDataFrame", *, min_photos: int, words: Words) -> dict[str, qml.Style]:
    """Return a style by metric that colours the map, the one that the page begins with first."""
    ranges = [end for metric in metrics.METRICS for end in metric.ranges]
    wanted = [*schema.AREA_COUNTS.columns, *schema.AREA_COUNTS.optional, *ranges]
    known = _Areas(areas, own_columns.names(areas, wanted), min_photos, words)
    found = [metric for metric in metrics.METRICS if metric.name in known]
    colouring = sorted(
        (one for one in found if "map" in one.shown), key=lambda metric: metric.order
    )
    tip = _tip(known, found)
    aliases = {
        known.names[column_]: name for metric in found for column_, name in _named(metric, words)
    }
    return {
        metric.name: qml.Style(
            "fill", list(_rules(known, metric)), tip, known["name"], _present(aliases, known)
        )
        for metric in colouring
    }


def _named(metric: metrics.Metric, words: Words) -> Iterator[tuple[str, str]]:
    yield metric.name, words.say(metric.name)


def _present(aliases: Mapping[str, str], known: _Areas) -> dict[str, str]:
    return {name: words for name, words in aliases.items() if name in known.frame}


def _rules(areas: _Areas, metric: metrics.Metric) -> Iterator[qml.Rule]:
    """Yield the rules, of which exactly one fits each area: its class, or why it has none."""
    words, least = areas.words, areas.min_photos
    looked = f"({areas.looked})"
    hardly, in_part = (areas.has_status(one) for one in (schema.TOO_THIN, schema.THIN))
    few = f"coalesce({areas[metrics.PHOTOS]}, 0) < {least}" if least > 1 else "FALSE"
    compared = [looked, f"NOT {hardly}", f"NOT ({few})", f"NOT {in_part}"]
    value = areas[metric.name]
    yield from _class_rules(areas, metric, [*compared, f"{value} IS NOT NULL"])
    yield _hatched(all_of([*compared[:3], in_part]), words.say("thin"), *_crossed())
    if least > 1:
        label = words.say("few", n=str(least))
        yield _hatched(all_of([*compared[:2], few]), label, _dotted())
    yield _hatched(all_of([looked, hardly]), words.say("too_thin"), _dotted())
    missing = qml.lines("#b3b9c0", width=2.4, angle=0)
    yield _hatched(all_of([*compared, f"{value} IS NULL"]), words.say("missing"), missing)
    yield _hatched(f"NOT {looked}", words.say("none"), qml.lines("#b3b9c0", width=2.4, angle=45))


def _hatched(where: str, label: str, *patterns: qml.Part) -> qml.Rule:
    return qml.Rule(where, label, [qml.fill("#eceef0"), *patterns])


def _dotted() -> qml.Part:
    return qml.dots("#7c8794", size=3.4)


def _crossed() -> tuple[qml.Part, qml.Part]:
    one, other = (qml.lines("#9aa2ab", width=1.6, angle=angle) for angle in (45, 135))
    return one, other


def _class_rules(areas: _Areas, metric: metrics.Metric, compared: list[str]) -> Iterator[qml.Rule]:
    value = areas[metric.name]
    for one in classify(_compared(areas, metric), whole=metric.digits == 0):
        within = [*compared, _holds(one, value)]
        yield qml.Rule(all_of(within), _label(one, areas.words), [qml.fill(one.colour)])


def _holds(one: Class, value: str) -> str:
    """Return the condition that a class holds a value."""
    if one.high == 0:
        return f"{value} = 0"
    above = f"{value} > 0" if one.low == 0 else f"{value} >= {one.low:.12g}"
    return above if one.is_open else f"{above} AND {value} < {one.high:.12g}"


def _label(one: Class, words: Words) -> str:
    """Return what the page's legend says of a class."""
    low, high = (words.number(end) for end in (one.low, one.high))
    if one.is_open:
        return words.say("or_more", low=low)
    return f"{low} {DASH} {high}" if one.high else low


def _compared(areas: _Areas, metric: metrics.Metric) -> list[float]:
    """Return the values that the page cuts into classes: of areas that are seen and compared."""
    names, frame = areas.names, areas.frame
    ours = frame[[names[one] for one in (*metrics.LOOKED, _STATUS)]]
    seen = metrics.looked(ours.rename(columns={new: old for old, new in names.items()}))
    compared = ~frame[names[_STATUS]].isin([schema.TOO_THIN, schema.THIN])
    enough = frame[names[metrics.PHOTOS]] >= areas.min_photos if areas.min_photos > 1 else True
    values = frame[names[metric.name]].astype(schema.FLOAT)
    return [float(value) for value in values[seen & compared & enough].dropna()]


def _tip(areas: _Areas, found: list[metrics.Metric]) -> str:
    """Return the tip: the figures of the page's popup, with their ranges where there are any."""
    popup = [metric for metric in found if "popup" in metric.shown]
    lines = "".join(_line(areas, metric) for metric in popup)
    state = "".join(
        f"[% if({condition}, {text(f'<i>{plain(areas.words.say(status))}</i><br>')}, '') %]"
        for status, condition in {
            "none": f"NOT ({areas.looked})",
            "too_thin": f"({areas.looked}) AND {areas.has_status(schema.TOO_THIN)}",
            "thin": f"({areas.looked}) AND {areas.has_status(schema.THIN)}",
        }.items()
    )
    return f"<b>{shown(areas['name'])}</b><br>{state}{lines}"


def _line(areas: _Areas, metric: metrics.Metric) -> str:
    value = _said(areas, metric, metric.name)
    by_hand = metric.needs == "hand_counted"  # what a detector found alone has no range
    if by_hand and metric.low in areas and metric.high in areas:
        ends = [_said(areas, metric, str(end)) for end in (metric.low, metric.high)]
        between = f"' (' || ({ends[0]}) || ' {DASH} ' || ({ends[1]}) || ')'"
        # Where all was counted by eye, both ends are the figure.
        none = f"{areas[str(metric.low)]} IS NULL OR ({ends[0]}) = ({ends[1]})"
        value = f"({value}) || if({none}, '', {between})"
    name = text(plain(areas.words.say(metric.name)) + ": ")
    line = f"{name} || ({value}) || '<br>'"
    return f"[% {line if metric.tells_looking else f'if({areas.hidden}, {_NOTHING}, {line})'} %]"


_NOTHING = "''"


def _said(areas: _Areas, metric: metrics.Metric, name: str) -> str:
    language: Any = areas.words.language
    return figure(areas[name], digits=metric.digits, language=language, percent=metric.percent)
