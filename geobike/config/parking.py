"""Options: racks, and how far from a bicycle they may be."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Final

from geobike.options import Option

WALK: Final = 50.0
"""Metres: racks further than this from where somebody goes are not used for a short stay, as
Transport for London's guidelines have it."""


@dataclass(frozen=True, kw_only=True)
class ParkingSettings:
    """Racks, and how far from a bicycle they may be."""

    _panel: ClassVar[str | None] = "Places to park"

    racks: Annotated[
        str | Path | None,
        Option(
            "Bicycle racks with their places: OpenStreetMap extract (.osm.pbf), GeoJSON, CSV with "
            "longitude and latitude, and more. With --streets: parking pressure and shortage.",
            metavar="FILE",
            path="",
        ),
    ] = None
    capacity_column: Annotated[
        str | None,
        Option(
            "Column with the racks' places.",
            metavar="C",
            default_text="capacity or capacite",
        ),
    ] = None
    racks_date: Annotated[
        str | None,
        Option(
            "Day of the racks' capacities, such as 2026-05-12, where the file does not say it rack "
            "by rack.",
            metavar="DATE",
        ),
    ] = None
    walk: Annotated[
        float,
        Option(
            "How far from a bicycle a place may be, 1 to 1000 metres.",
            metavar="M",
        ),
    ] = WALK
