"""The options of the page."""

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
from geobike.io import files
from geobike.maps import assets
from geobike.options import check_choices


@dataclass(frozen=True, kw_only=True)
class PageOptions(PageSettings):
    """How the map page looks and what it carries: what `geobike.config.PageSettings` declares."""

    def __post_init__(self) -> None:
        check_choices(PageSettings, self)
        words(self.language)
        if self.min_photos < 1:
            raise InputError(f"min_photos {self.min_photos!r} is not 1 or more")
        if self.tiles is not None:
            tile_sources(self.tiles)
            if not self.attribution.strip():
                raise InputError("tiles need an attribution: name their provider (--attribution)")

    @property
    def hidden(self) -> tuple[str, ...]:
        """Labels that are anonymized on the pictures; `vehicle` stands for every motor vehicle."""
        people = () if self.show_people else ("person",)
        vehicles = () if self.show_vehicles else ("vehicle",)
        return people + vehicles + self.blur


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
    files.refuse_special(path)
    try:
        given = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"language {path}: cannot be read: {error}") from None
    _check_catalogue(given, english, path)
    return {key: given[key] for key in english}


_ALWAYS: Final = {"n", "thing", "things", "Things"}
"""Placeholders that the page fills in any text."""


def languages() -> list[str]:
    """Return the bundled languages."""
    files = (resources.files(__package__) / "page").iterdir()
    found = (re.fullmatch(r"words-(\w+)\.json", file.name) for file in files)
    return sorted(match[1] for match in found if match)


def _check_catalogue(given: Any, english: Mapping[str, Any], path: Path) -> None:
    if not isinstance(given, dict):
        raise InputError(f"language {path}: is not a JSON object of words")
    missing = [key for key in english if key not in given]
    if missing:
        raise InputError(f"language {path}: has no words for {', '.join(missing)}")
    for key, expected in english.items():
        forms = given[key].values() if isinstance(given[key], dict) else [given[key]]
        plural = isinstance(expected, dict) or "{n}" in expected
        if not all(isinstance(form, str) for form in forms) or (
            isinstance(given[key], dict) and not (plural and "other" in given[key])
        ):
            raise InputError(
                f"language {path}: {key} is neither text nor plural forms with 'other'"
            )
        strange = (
            _placeholders(*forms)
            - _placeholders(*(expected.values() if isinstance(expected, dict) else [expected]))
            - _ALWAYS
        )
        if strange:
            raise InputError(
                f"language {path}: {key} has an unknown placeholder {{{min(strange)}}}"
            )
    if not _LANGUAGE_TAG.fullmatch(given["language"]):
        raise InputError(
            f"language {path}: language {given['language']!r} is not a language tag; "
            "write one such as fr or pt-BR"
        )


_LANGUAGE_TAG: Final = re.compile(
    r"[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?", re.ASCII
)
"""Language, script and region, as BCP 47 has them. A browser refuses every other tag, and shows
no page."""


def _placeholders(*forms: str) -> set[str]:
    return {name for form in forms for name in re.findall(r"\{(\w+)\}", form)}


_SUBDOMAINS: Final = "abc"  # what Leaflet puts in place of {s}


def tile_sources(tiles: str) -> list[str]:
    """Return the origins of a tile URL, for the page's policy. Raises InputError."""
    example = re.sub(r"\{[^{}]*\}", "0", tiles.replace("{s}", "a"))
    try:
        parts = urlsplit(example)
        # The host must not contain anything that ends the policy's list of sources.
        usable = re.fullmatch(r"[\w.-]+(:\d+)?|\[[0-9a-f:]+\](:\d+)?", parts.netloc, re.IGNORECASE)
    except ValueError:
        usable = None
    if usable is None or parts.scheme not in ("http", "https"):
        raise InputError(f"tiles {tiles!r} is not an http or https URL without user and password")
    if not is_wms(tiles) and not all(f"{{{axis}}}" in tiles for axis in "zxy"):
        raise InputError(
            f"tiles {tiles!r} has no {{z}}, {{x}} and {{y}}, and no layers= as a WMS has"
        )
    host = tiles.split("/")[2].split("?")[0]
    if re.search(r"\{(?!s\})", host):
        raise InputError(f"tiles {tiles!r} has an invalid host; only {{s}} may vary in it")
    letters = _SUBDOMAINS if "{s}" in host else "a"
    return [f"{parts.scheme}://{host.replace('{s}', letter)}" for letter in letters]


def is_wms(tiles: str) -> bool:
    """Tell a WMS URL, which names its layers, from one with placeholders for z, x, y."""
    return re.search(r"[?&]layers=", tiles, re.IGNORECASE) is not None
