"""What a survey counts, where and how: its options, checked once and passed down."""

from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from geobike import maps, parking, saved
from geobike.config import SurveySettings
from geobike.counting import placing, stops
from geobike.detections import choice, filtering
from geobike.detections.looking import Looking
from geobike.detectors.protocol import Detector
from geobike.errors import InputError
from geobike.exports import formats as export_formats
from geobike.io import files
from geobike.io.redaction import redact
from geobike.options import check_choices
from geobike.positions import sources, track


@dataclass(frozen=True, kw_only=True)
class Survey(SurveySettings):
    """What to count, where, and how. Made once, passed down, never changed.

    Its other attributes are those that `geobike.config.SurveySettings` declares.
    """

    detector: choice.Choice | Detector = field(default_factory=choice.Choice)
    page: maps.PageOptions = field(default_factory=maps.PageOptions)
    """How the map looks and what it carries."""

    def __post_init__(self) -> None:
        if self.photos is None and (self.manifest is None or self.detections is None):
            raise InputError(
                "no photos named; without them a survey needs a manifest and a table of detections"
            )
        check_choices(SurveySettings, self)
        export_formats.check(self.formats, streets=self.streets is not None)
        given = {"manifest": self.manifest, "track": self.track or None}
        sources.check(
            self.positions, given=[name for name, file in given.items() if file is not None]
        )
        if isinstance(self.track, str | Path):
            raise InputError(f"track is {str(self.track)!r}; give a tuple of files")
        track.check(offset=self.track_offset, max_gap=self.track_max_gap)
        if self.track and self.photos is None:
            raise InputError("--track places the photos themselves; name them, or leave it out")
        if self.photos is None and "manifest" not in self.positions:
            raise InputError("without photos the manifest gives the positions; add it to positions")
        filtering.check(threshold=self.threshold, max_overlap=self.max_overlap)
        if isinstance(self.labels, str):
            raise InputError(f"labels is the text {self.labels!r}; give a tuple of labels")
        if not self.labels:
            raise InputError("no label to count; name one, such as bicycle")
        pixels(self.max_megapixels)
        Looking(self.windows, self.panoramas)
        placing.check(
            self.field_of_view, self.heading_offset, self.position_error, self.heading_error
        )
        if not 0 <= self.area_spread <= 1:
            raise InputError(f"--area-spread {self.area_spread:g} is not from 0 to 1")
        stops.check(self.stop_distance)
        if self.workers is not None and self.workers < 1:
            raise InputError(f"workers is {self.workers}; give 1 or more")
        zone(self.timezone)
        parking.check(
            racks=self.racks,
            capacity_column=self.capacity_column,
            date=self.racks_date,
            walk=self.walk,
        )

    @property
    def looking(self) -> Looking:
        """How photos are looked at: `windows` and `panoramas`."""
        return Looking(self.windows, self.panoramas)

    @property
    def max_pixels(self) -> int:
        """Pixels above which a photo is not decoded."""
        return pixels(self.max_megapixels)

    def check_out(self, folder: str | Path) -> None:
        """Raise InputError for a folder that cannot be written, or that contains an input file.

        So too for one with other files where the survey's files, or the map's pictures, go.
        """
        files.check_folder(folder)
        if self.page.pictures == "folder":
            saved.check_pictures(folder)
        ours = (
            self.areas,
            self.streets,
            self.racks,
            self.manifest,
            self.detections,
            self.hand_counts,
            self.corrections,
            self.page.basemap,
        )
        for given in (*ours, *self.track, *self.page.context):
            if given is not None and saved.replaces(folder, given):
                raise InputError(
                    f"{redact(given)} would be replaced; write into another folder (--out)"
                )
        saved.check_files(folder, self.formats)


def pixels(megapixels: float) -> int:
    """Return megapixels as pixels. Raises InputError for a number that is not above 0."""
    if not 0 < megapixels < 1e6:
        raise InputError(f"--max-megapixels {megapixels:g} is not above 0 and below a million")
    return max(1, round(megapixels * 1e6))


def zone(name: str | None) -> tzinfo | None:
    """Return the zone of an IANA name. Raises InputError for an unknown one."""
    try:
        return None if name is None else ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InputError(
            f"timezone {name!r} is not known; give one such as Europe/Amsterdam"
        ) from None
