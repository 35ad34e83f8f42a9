"""Options: how the map page looks and what it carries."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal

from geobike.options import Option

Pictures = Literal["inline", "folder", "none"]

TITLE: Final = "Where bicycles stand"
"""The title of a map whose author gives none; the page says it in its own language."""


@dataclass(frozen=True, kw_only=True)
class PageSettings:
    """How the map page looks and what it carries. `geobike.PageOptions` adds the checks."""

    _table: ClassVar = "page"
    _panel: ClassVar = "The page"

    title: Annotated[str, Option("Title of the map.", metavar="TEXT")] = TITLE
    language: Annotated[
        str | Path, Option("en, nl, or the path of a catalogue (.json).", metavar="L", path=".json")
    ] = "en"
    min_photos: Annotated[
        int, Option("Areas with fewer photos are dotted, not coloured.", metavar="N")
    ] = 1
    source: Annotated[
        str, Option("Where photos and areas come from, in words.", metavar="TEXT")
    ] = ""
    context: Annotated[
        tuple[str | Path, ...],
        Option("Water, streets or borders to draw; may be repeated.", metavar="FILE", path=""),
    ] = ()
    basemap: Annotated[
        str | Path | None,
        Option(
            "Background from a file of yours, drawn below the areas: water, green, rail, streets "
            "and names of an OpenStreetMap extract (.osm.pbf) or GeoPackage.",
            metavar="FILE",
            path="",
        ),
    ] = None
    tiles: Annotated[
        str | None,
        Option(
            "Background from a server: XYZ with {z}, {x}, {y}, or WMS with layers=. The page then "
            "asks this host, and no other, for pictures.",
            metavar="URL",
        ),
    ] = None
    attribution: Annotated[
        str, Option("Attribution required by the tile provider.", metavar="TEXT")
    ] = ""
    pictures: Annotated[
        Pictures,
        Option(
            "Pictures of photos. inline: small ones in the page, of at most 500 photos drawn from "
            "every area; folder: 960 pixels wide, of all counted photos, in photos/ beside the "
            "page."
        ),
    ] = "inline"
    show_people: Annotated[bool, Option("Whether people on pictures stay recognisable.")] = False
    show_vehicles: Annotated[
        bool,
        Option(
            "Whether cars, buses, trucks and motorcycles on pictures stay recognisable, with their "
            "number plates and whoever is behind the glass."
        ),
    ] = False
    blur: Annotated[
        tuple[str, ...],
        Option("Label to anonymize as well, such as dog; may be repeated.", metavar="L"),
    ] = ()
