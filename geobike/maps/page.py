"""Our element on Folium's map: style, scripts, and the data as a JSON block."""

import json
import re
from collections.abc import Mapping
from typing import Any

from branca.element import JavascriptLink, MacroElement

from geobike.maps import assets
from geobike.maps.figure import Raw

_SCRIPTS = (
    "page.js",
    "words.js",
    "data.js",
    "classes.js",
    "background.js",
    "basemap.js",
    "certainty.js",
    "hatches.js",
    "areas.js",
    "hexbins.js",
    "places.js",
    "streets.js",
    "names.js",
    "cone.js",
    "racks.js",
    "legend.js",
    "layers.js",
    "bars.js",
    "table.js",
    "parking.js",
    "panel.js",
    "period.js",
    "detail.js",
    "strip.js",
    "lightbox.js",
    "notes.js",
    "downloads.js",
    "picture.js",
    "tools.js",
    "paper.js",
    "address.js",
)
# The figure knows it by name; the URL is never used.
_LIBRARY = "leaflet-heat.js"


class Page(MacroElement):
    """Draws the areas, the places, the legend and the panel from one JSON block.

    Text reaches the page only as JSON and is shown through textContent, so it is never parsed as
    markup, script or template.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca left this one untyped
        self._name = "Page"
        self._data = data

    def render(self, **_: Any) -> str:
        """Add our parts to the figure. branca's own way would compile the data as a template."""
        figure: Any = self.get_root()
        parent: Any = self._parent
        name = self.get_name()
        figure.header.add_child(JavascriptLink("bundled"), name=_LIBRARY)
        script = _lean("\n".join(assets.page(file) for file in _SCRIPTS))
        figure.header.add_child(
            Raw(
                f"<style>{assets.page('page.css')}</style>\n<script>{assets.closed(script)}</script>"
            ),
            name="geobike",
        )
        figure.html.add_child(
            Raw(f'<script type="application/json" id="{name}">{_block(self._data)}</script>'),
            name=name,
        )
        start = f"geobike.start({parent.get_name()}, {json.dumps(name)});"
        figure.script.add_child(Raw(start), name=name)
        return ""  # nothing here: the parts are in the figure


def _lean(script: str) -> str:
    """Return our script without indentation and lines of comment, a sixth of it.

    A text that runs over several lines would change; our scripts have none, as a test checks.
    """
    return re.sub(r"^[ \t]*(//.*\n)?", "", script, flags=re.MULTILINE)


def _block(data: Mapping[str, Any]) -> str:
    """Return JSON that no HTML parser reads as markup."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")
