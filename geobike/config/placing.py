"""Options: where bicycles stand, and which photos are one look at a place."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal

from geobike.options import Option

Placing = Literal["auto", "no"]

STOP_DISTANCE: Final = 20.0
"""Metres from the first photo of a stop. Less makes several stops of a busy place with many photos;
more makes one stop of several places."""

STOP_TURN: Final = 45.0
"""Degrees up to which the headings of two photos, or of two stops, look the same way."""

POSITION_ERROR: Final = 5.0
"""Metres: the likely error of a good phone in a street."""

HEADING_ERROR: Final = 10.0
"""Degrees: the likely error of the compass of a good phone."""


@dataclass(frozen=True, kw_only=True)
class PlacingSettings:
    """Where bicycles stand, and which photos are one look at a place."""

    _panel: ClassVar[str | None] = "Where bicycles stand"

    stop_distance: Annotated[
        float,
        Option(
            "Photos within this distance that look the same way are one stop, counted on its "
            "first photo; metres, 1 to 100.",
            metavar="M",
        ),
    ] = STOP_DISTANCE
    place: Annotated[
        Placing,
        Option(
            "auto: each bicycle counts where it stands, as heading, lens and box show; no: where "
            "the camera stood.",
        ),
    ] = "auto"
    field_of_view: Annotated[
        float | None,
        Option(
            "Angle of view along the longer side of photos whose focal length is not known, 5 to "
            "150 degrees.",
            metavar="DEGREES",
            default_text="that of 27 mm, 67.4",
        ),
    ] = None
    heading_offset: Annotated[
        float,
        Option(
            "Added to every heading, -360 to 360 degrees, such as 90 where a camera looks to the "
            "right and its headings are those of the car.",
            metavar="DEGREES",
        ),
    ] = 0.0
    position_error: Annotated[
        float,
        Option(
            "Likely error of positions that do not come with their own, 0 to 100 metres.",
            metavar="METRES",
        ),
    ] = POSITION_ERROR
    heading_error: Annotated[
        float,
        Option(
            "Likely error of headings, 0 to 180 degrees.",
            metavar="DEGREES",
        ),
    ] = HEADING_ERROR
