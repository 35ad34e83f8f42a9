"""What a user may choose about the page."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from geobike.config import PageSettings
from geobike.errors import InputError
from geobike.maps import assets


@dataclass(frozen=True, kw_only=True)
class PageOptions(PageSettings):
    """How the map page looks and what it carries: what `geobike.config.PageSettings` declares."""

    def __post_init__(self) -> None:
        words(self.language)
        if self.min_photos < 1:
            raise InputError(f"min_photos {self.min_photos!r} is not 1 or more")
        if self.tiles is not None:
            tile_sources(self.tiles)
            if not self.attribution.strip():
                raise InputError("tiles need an attribution: say whose they are (--attribution)")

    @property
    def hidden(self) -> tuple[str, ...]:
        """Labels that are made unrecognisable on the pictures."""
        return (() if self.show_people else ("person",)) + self.blur


def words(language: str | Path) -> dict[str, Any]:
    """Return the catalogue of a language. Raises InputError naming what is wrong with it."""
    english: dict[str, Any] = json.loads(assets.page("words-en.json"))
    if language in languages():
        found: dict[str, Any] = json.loads(assets.page(f"words-{language}.json"))
        return found
    path = Path(language)
    if path.suffix != ".json":
        raise InputError(
            f"language {str(language)!r} has no words for the map; choose from "
            f"{', '.join(languages())}, or give the path of a catalogue (.json)"
        )
    try:
        given = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"language {path}: cannot be read: {error}") from None
    _check_catalogue(given, english, path)
    return {key: given[key] for key in english}


def languages() -> list[str]:
    """Return the languages that geobike brings."""
    files = (resources.files(__package__) / "page").iterdir()
    found = (re.fullmatch(r"words-(\w+)\.json", file.name) for file in files)
    return sorted(match[1] for match in found if match)


def _check_catalogue(given: Any, english: Mapping[str, Any], path: Path) -> None:
    if not isinstance(given, dict):
        raise InputError(f"language {path}: is no JSON object of words")
    missing = [key for key in english if key not in given]
    if missing:
        raise InputError(f"language {path}: has no words for {', '.join(missing)}")
    for key, expected in english.items():
        forms = given[key].values() if isinstance(given[key], dict) else [given[key]]
        plural = isinstance(expected, dict) or "{n}" in expected
        if not all(isinstance(form, str) for form in forms) or (
            isinstance(given[key], dict) and not (plural and "other" in given[key])
        ):
            raise InputError(f"language {path}: {key} is no text, nor plural forms with 'other'")
        strange = (
            _places(*forms)
            - _places(*(expected.values() if isinstance(expected, dict) else [expected]))
            - {"n"}
        )
        if strange:
            raise InputError(f"language {path}: {key} has an unknown place {{{min(strange)}}}")
    if not re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", given["language"]):
        raise InputError(
            f"language {path}: language {given['language']!r} is no tag such as fr or pt-BR"
        )


def _places(*forms: str) -> set[str]:
    return {place for form in forms for place in re.findall(r"\{(\w+)\}", form)}


_SUBDOMAINS: Final = "abc"  # what Leaflet puts in the place of {s}


def tile_sources(tiles: str) -> list[str]:
    """Return the origins that a tile address needs, for the page's policy; raise InputError."""
    example = re.sub(r"\{[^{}]*\}", "0", tiles.replace("{s}", "a"))
    try:
        parts = urlsplit(example)
        # Nothing may stand in the host that would end the policy's list of sources.
        usable = re.fullmatch(r"[\w.-]+(:\d+)?|\[[0-9a-f:]+\](:\d+)?", parts.netloc, re.IGNORECASE)
    except ValueError:
        usable = None
    if usable is None or parts.scheme not in ("http", "https"):
        raise InputError(f"tiles {tiles!r} is no http or https address without user and password")
    if not is_wms(tiles) and not all(f"{{{axis}}}" in tiles for axis in "zxy"):
        raise InputError(
            f"tiles {tiles!r} has no {{z}}, {{x}} and {{y}}, and no layers= as a WMS has"
        )
    host = tiles.split("/")[2].split("?")[0]
    if re.search(r"\{(?!s\})", host):
        raise InputError(f"tiles {tiles!r} names a host that is not one; only {{s}} may vary in it")
    letters = _SUBDOMAINS if "{s}" in host else "a"
    return [f"{parts.scheme}://{host.replace('{s}', letter)}" for letter in letters]


def is_wms(tiles: str) -> bool:
    """Tell a WMS address, which names its layers, from one with places for z, x, y."""
    return re.search(r"[?&]layers=", tiles, re.IGNORECASE) is not None
