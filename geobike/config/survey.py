"""All options of a survey, group by group."""

from dataclasses import dataclass
from typing import ClassVar

from geobike.config.areas import AreaFileSettings
from geobike.config.counting import CountingSettings
from geobike.config.hand_counts import HandCountSettings
from geobike.config.parking import ParkingSettings
from geobike.config.photos import PhotoSettings, TrackSettings
from geobike.config.placing import PlacingSettings


@dataclass(frozen=True, kw_only=True)
class SurveySettings(  # a dataclass takes the fields of its last base first, as `--help` has them
    AreaFileSettings,
    HandCountSettings,
    ParkingSettings,
    PlacingSettings,
    CountingSettings,
    TrackSettings,
    PhotoSettings,
):
    """What to count, where, and how. `geobike.Survey` adds the detector and the page."""

    _table: ClassVar = "survey"
