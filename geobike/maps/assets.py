"""The browser libraries and our own page files, as text for one HTML file."""

import base64
import mimetypes
import re
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from geobike.errors import InputError


class MapAssetsMissing(InputError):
    """The browser libraries were not bundled: a source tree that was never built."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the map needs the bundled browser library {name}, which is missing; in the "
            "source tree run once: pip install --editable ."
        )


@cache
def script(name: str) -> str:
    """Return a bundled JavaScript file as text that is safe between script tags."""
    text = re.sub(r"^//# sourceMappingURL=.*$", "", _bundled(name), flags=re.MULTILINE)
    return closed(text)


@cache
def style(name: str) -> str:
    """Return a bundled style sheet with its images as data URLs."""
    folder = name.rpartition("/")[0]

    def inlined(match: re.Match[str]) -> str:
        address = match[1]
        return match[0] if address.startswith("#") else f"url({image(f'{folder}/{address}')})"

    return re.sub(r"url\(([^)]*)\)", inlined, _bundled(name))


@cache
def image(name: str) -> str:
    """Return a bundled image as a data URL."""
    kind = mimetypes.guess_type(name)[0]
    return f"data:{kind};base64,{base64.b64encode(_file(name).read_bytes()).decode()}"


@cache
def page(name: str) -> str:
    """Return a file of geobike/maps/page."""
    return (resources.files(__package__) / "page" / name).read_text("utf-8")


@cache
def heat_script() -> str:
    """Return folium's own copy of leaflet.heat: the npm package carries no licence."""
    return closed(
        (resources.files("folium") / "templates" / "leaflet_heat.min.js").read_text("utf-8")
    )


def closed(script: str) -> str:
    """Escape what would end the script tag; inside a JavaScript string the meaning is unchanged."""
    return re.sub(r"<(?=/script|!--|script)", r"\\x3c", script, flags=re.IGNORECASE)


def _bundled(name: str) -> str:
    return _file(name).read_text("utf-8")


def _file(name: str) -> Traversable:
    file = resources.files(__package__) / "assets" / name
    if not file.is_file():
        raise MapAssetsMissing(name)
    return file
