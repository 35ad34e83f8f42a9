"""Every option of a survey, its page and its detector, declared once.

A field of a class in this room is an option; a module is a group of them, with its heading in
`--help`. From it follow the option of the command line with its help
(`geobike.cli.declared`), the key of a survey file and the entry in the `settings` of
`summary.json` (`geobike.survey.settings`), and the attribute of `Survey`, `PageOptions` and
`Choice`, which inherit these classes. A new option is a field here and its use in a stage.

Nothing heavy is imported here: `geobike --help` reads this room.
"""

from typing import Any, Final

from geobike.config.counting import (
    FORMATS,
    MAX_MEGAPIXELS,
    MAX_OVERLAP,
    PERSONS,
    THRESHOLD,
    Panoramas,
    SameShot,
)
from geobike.config.detector import DetectorSettings
from geobike.config.hand_counts import AREA_SPREAD
from geobike.config.page import TITLE, PageSettings
from geobike.config.parking import WALK
from geobike.config.photos import POSITIONS
from geobike.config.placing import HEADING_ERROR, POSITION_ERROR, STOP_DISTANCE, STOP_TURN
from geobike.config.run import RunSettings
from geobike.config.survey import SurveySettings
from geobike.options import Declared, declared

__all__ = [
    "AREA_SPREAD",
    "FORMATS",
    "HEADING_ERROR",
    "MAX_MEGAPIXELS",
    "MAX_OVERLAP",
    "PERSONS",
    "POSITIONS",
    "POSITION_ERROR",
    "SECTIONS",
    "STOP_DISTANCE",
    "STOP_TURN",
    "THRESHOLD",
    "TITLE",
    "WALK",
    "DetectorSettings",
    "PageSettings",
    "Panoramas",
    "RunSettings",
    "SameShot",
    "SurveySettings",
    "all_declared",
]

SECTIONS: Final[tuple[type[Any], ...]] = (
    SurveySettings,
    RunSettings,
    DetectorSettings,
    PageSettings,
)


def all_declared() -> tuple[Declared, ...]:
    """Return every option of `geobike map`."""
    return tuple(one for section in SECTIONS for one in declared(section))
