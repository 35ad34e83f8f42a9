"""QGIS's style files (QML): rules with their symbols, map tips and names of columns."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring

_DOCTYPE: Final = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>"
_WRITTEN_FOR: Final = "3.22.16"  # later ones read it alike
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
PIXEL: Final = 0.2646  # millimetres


class Part(NamedTuple):
    """A layer of a symbol: its class, its options, the symbol inside it."""

    kind: str
    options: Mapping[str, object]
    inside: "tuple[str, Part] | None" = None
    """Type and layer of the symbol that it repeats."""
    expressions: Mapping[str, str] = {}
    """Options that follow from the feature, by QGIS's name of the property."""


class Rule(NamedTuple):
    """What is drawn how, with its line in the legend."""

    where: str
    label: str
    symbol: Sequence[Part]


class Style(NamedTuple):
    """The style of a layer."""

    kind: str
    """Of its symbols: fill, line or marker."""
    rules: Sequence[Rule]
    tip: str
    """HTML with expressions in [% %]."""
    title: str
    """Expression that names a feature."""
    aliases: Mapping[str, str] = {}
    """Names of columns for people."""


def fill(colour: str) -> Part:
    """Return the fill of an area with its border."""
    border = {
        "outline_color": rgba("#5b6470"),
        "outline_style": "solid",
        "outline_width": 0.8 * PIXEL,
        "outline_width_unit": "MM",
    }
    return Part("SimpleFill", {"color": rgba(colour), "style": "solid", **border})


def lines(colour: str, *, width: float, angle: int, distance: float = 7) -> Part:
    """Return parallel lines; width and distance in pixels of the page."""
    line = Part(
        "SimpleLine",
        {"line_color": rgba(colour), "line_width": width * PIXEL, "line_width_unit": "MM"},
    )
    options = {"angle": angle, "distance": distance * PIXEL, "distance_unit": "MM"}
    return Part("LinePatternFill", options, ("line", line))


def dots(colour: str, *, size: float, distance: float = 7) -> Part:
    """Return dots on a grid; size and distance in pixels of the page."""
    dot = circle(colour, size=size)
    step = distance * PIXEL
    options = {"distance_x": step, "distance_y": step}
    units = {"distance_x_unit": "MM", "distance_y_unit": "MM"}
    return Part("PointPatternFill", {**options, **units}, ("marker", dot))


def circle(
    colour: str | None,
    *,
    size: float,
    border: str | None = None,
    border_width: float = 1,
    dashed: bool = False,
    sized_by: str | None = None,
) -> Part:
    """Return a circle: its diameter and border in pixels of the page, or its diameter by a rule."""
    options = {
        "name": "circle",
        "color": rgba(colour) if colour else "255,255,255,0",
        "size": size * PIXEL,
        "size_unit": "MM",
        "outline_style": ("dash" if dashed else "solid") if border else "no",
        "outline_color": rgba(border or "#000000"),
        "outline_width": border_width * PIXEL,
        "outline_width_unit": "MM",
    }
    expressions = {} if sized_by is None else {"size": f"({sized_by}) * {PIXEL}"}
    return Part("SimpleMarker", options, expressions=expressions)


def line(colour: str, *, width: float, dashed: bool = False, sized_by: str | None = None) -> Part:
    """Return a line; its width in pixels of the page, or by a rule."""
    options = {
        "line_color": rgba(colour),
        "line_width": width * PIXEL,
        "line_width_unit": "MM",
        "line_style": "dash" if dashed else "solid",
        "capstyle": "round",
        "joinstyle": "round",
    }
    expressions = {} if sized_by is None else {"outlineWidth": f"({sized_by}) * {PIXEL}"}
    return Part("SimpleLine", options, expressions=expressions)


def rgba(colour: str) -> str:
    """Return a colour like #5b6470, or #5b647080 where it shows through, as QGIS writes it."""
    return ",".join(str(int(f"{colour}ff"[at : at + 2], 16)) for at in (1, 3, 5, 7))


def document(style: Style) -> str:
    """Return a style as QML."""
    root = Element(
        "qgis",
        version=_WRITTEN_FOR,
        styleCategories="Symbology|Fields|MapTips|AttributeTable",
    )
    root.append(_renderer(style))
    aliases = SubElement(root, "aliases")
    for place, (column, name) in enumerate(style.aliases.items()):
        SubElement(aliases, "alias", field=_text(column), index=str(place), name=_text(name))
    SubElement(root, "previewExpression").text = _text(style.title)
    SubElement(root, "mapTip").text = _text(style.tip)
    return _DOCTYPE + tostring(root, encoding="unicode")


def _renderer(style: Style) -> Element:
    options = {"symbollevels": "0", "enableorderby": "0", "forceraster": "0"}
    renderer = Element("renderer-v2", {"type": "RuleRenderer", **options})
    rules, symbols = SubElement(renderer, "rules", key="root"), SubElement(renderer, "symbols")
    for place, rule in enumerate(style.rules):
        name = str(place)
        drawn = {"filter": _text(rule.where), "label": _text(rule.label), "symbol": name}
        SubElement(rules, "rule", {"key": f"rule-{name}", **drawn})
        symbols.append(_symbol(name, style.kind, rule.symbol))
    return renderer


def _symbol(name: str, kind: str, parts: Sequence[Part]) -> Element:
    symbol = Element("symbol", name=name, type=kind, alpha="1", clip_to_extent="1", force_rhr="0")
    for place, part in enumerate(parts):
        layer = SubElement(
            symbol, "layer", {"class": part.kind, "enabled": "1", "locked": "0", "pass": "0"}
        )
        options = SubElement(layer, "Option", type="Map")
        for option, value in part.options.items():
            SubElement(options, "Option", type="QString", name=option, value=_value(value))
        if part.expressions:
            layer.append(_expressions(part.expressions))
        if part.inside is not None:
            inner, of = part.inside
            layer.append(_symbol(f"@{name}@{place}", inner, [of]))
    return symbol


def _expressions(expressions: Mapping[str, str]) -> Element:
    """Return properties of a symbol that follow from the feature."""
    properties = Element("data_defined_properties")
    whole = SubElement(properties, "Option", type="Map")
    SubElement(whole, "Option", type="QString", name="name", value="")
    each = SubElement(whole, "Option", type="Map", name="properties")
    for name, expression in expressions.items():
        one = SubElement(each, "Option", type="Map", name=name)
        SubElement(one, "Option", type="bool", name="active", value="true")
        SubElement(one, "Option", type="QString", name="expression", value=_text(expression))
        SubElement(one, "Option", type="int", name="type", value="3")
    SubElement(whole, "Option", type="QString", name="type", value="collection")
    return properties


def _value(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else _text(str(value))


def _text(text: str) -> str:
    """Return a text without the characters that XML does not have."""
    return _NO_XML.sub("", text)
