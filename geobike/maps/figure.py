"""A self-contained branca Figure: every library inlined, nothing fetched."""

import base64
import hashlib
import html
import json
import re
from collections.abc import Sequence
from typing import Any

from branca.element import CssLink, Element, Figure, JavascriptLink, Link

from geobike.errors import InputError
from geobike.maps import assets


class UnknownLibrary(InputError):
    """A layer needs a browser library that the page does not carry."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"a layer on the map needs the browser library {name!r}, which the page does not "
            "carry; leave the layer out: the page fetches nothing from the network"
        )


class Raw(Element):
    """Text that goes into the page unchanged. branca would read an Element's text as a template."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def render(self, **_: Any) -> str:
        """Return the text."""
        return self._text


class OfflineFigure(Figure):
    """One HTML page without a network request.

    Folium layers name their libraries as links; the ones we bundle are inlined, the ones that
    nothing on the page uses are dropped, and any other raises UnknownLibrary.
    """

    def __init__(self, title: str, language: str, image_sources: Sequence[str] = ()) -> None:
        super().__init__(title=title)
        self.language = language
        self.image_sources = image_sources

    def render(self, **kwargs: Any) -> str:
        """Return the page. Rendering twice gives the same page."""
        for child in self._children.values():
            child.render(**kwargs)
        head = "\n".join(
            _inlined(name, child) if isinstance(child, Link) else _own_head(child.render(**kwargs))
            for name, child in self.header._children.items()
        )
        script = assets.closed(self.script.render(**kwargs))
        if "L.AwesomeMarkers" in script:
            raise UnknownLibrary("awesome_markers (folium.Icon; folium.DivIcon needs none)")
        return _PAGE.format(
            language=html.escape(self.language),
            policy=_policy([*_SCRIPT.findall(head), script], self.image_sources),
            title=html.escape(self.title or ""),
            head=head,
            body=self.html.render(**kwargs),
            script=script,
        )


_PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{head}
</head>
<body>
{body}
<script>{script}</script>
</body>
</html>
"""

# Every folium map names these; only folium.Icon uses one of them, and `render` refuses it.
_UNUSED = {
    "bootstrap",
    "bootstrap_css",
    "glyphicons_css",
    "awesome_markers",
    "awesome_markers_css",
    "awesome_markers_font_css",
    "awesome_rotate_css",
}

_STYLES = {
    "leaflet_css": "leaflet/leaflet.css",
    "markerclustercss": "leaflet.markercluster/MarkerCluster.css",
    "markerclusterdefaultcss": "leaflet.markercluster/MarkerCluster.Default.css",
}

_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def _inlined(name: str, link: Link) -> str:
    if name in _UNUSED:
        return ""
    if isinstance(link, CssLink) and name in _STYLES:
        return f"<style>{assets.style(_STYLES[name])}</style>"
    if isinstance(link, JavascriptLink):
        return f"<script>{_library(name)}</script>"
    raise UnknownLibrary(name)


def _library(name: str) -> str:
    match name:
        case "leaflet":
            return assets.script("leaflet/leaflet.js") + _default_icon()
        case "markerclusterjs":
            return assets.script("leaflet.markercluster/leaflet.markercluster.js")
        case "leaflet-heat.js":
            return assets.heat_script()
        case "jquery":
            return assets.page("folium.js")
    raise UnknownLibrary(name)


def _default_icon() -> str:
    """Leaflet looks for its marker images beside its style sheet, which is inlined here."""
    images = {
        option: assets.image(f"leaflet/images/{file}.png")
        for option, file in {
            "iconUrl": "marker-icon",
            "iconRetinaUrl": "marker-icon-2x",
            "shadowUrl": "marker-shadow",
        }.items()
    }
    return f"\nL.Icon.Default.imagePath='';L.Icon.Default.mergeOptions({json.dumps(images)});"


def _own_head(text: str) -> str:
    """Remove folium's viewport, which forbids pinch zoom, and its repeated content type."""
    text = re.sub(r"<meta\b[^>]*>", "", text)
    if address := re.search(
        r"<(?:script|link)\b[^>]*\b(?:src|href)\s*=\s*[\"']?([^\"'\s>]+)", text
    ):
        raise UnknownLibrary(address[1])
    return text


def _policy(scripts: list[str], image_sources: Sequence[str]) -> str:
    """Allow only our scripts and folium's, by their hashes, and pictures only from the sources.

    The hashes are taken from the scripts that are added, never from the finished page: markup
    injected through a name is not among them. Leaflet sets styles, so inline styles are allowed.
    """
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in scripts
    )
    images = html.escape(" ".join(["data:", *image_sources]), quote=False)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src {images}; "
        "base-uri 'none'; form-action 'none'"
    )
