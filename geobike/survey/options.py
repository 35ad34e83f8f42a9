"""What a survey counts, where and how: its configuration, made once and handed down."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from geobike import maps, saved
from geobike.detections import choice, filtering
from geobike.detectors.protocol import Detector
from geobike.errors import InputError
from geobike.exports import formats as export_formats
from geobike.io import files
from geobike.io.redaction import redact
from geobike.photos import decoding
from geobike.positions import sources

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What to count, where, and how. Made once, handed down, never changed."""

    photos: str | Path | Sequence[str | Path] | None = None
    """Folders, files or glob patterns; addresses such as s3://bucket/photos too. None: the photos
    that the manifest names, unopened."""
    areas: str | Path
    manifest: str | Path | None = None
    detections: str | Path | None = None
    """Table of boxes from elsewhere (see `geobike.detections.imported`), instead of a detector."""
    positions: tuple[str, ...] = sources.DEFAULT
    """Position sources in order: the first valid position wins; one left out is not used."""
    name_column: str | None = None
    id_column: str | None = None
    layer: str | None = None
    """Layer of the areas' file, where it has several."""
    crs: str | None = None
    """CRS of the areas' file where it declares none, or a wrong one."""
    timezone: str | None = None
    """IANA name: places photo times that name no offset, else left out, and is the clock of the
    map, else UTC."""
    labels: tuple[str, ...] = ("bicycle",)
    threshold: float = filtering.THRESHOLD
    """Boxes with a score above this count, 0 to 1."""
    max_overlap: float = filtering.MAX_OVERLAP
    """Intersection over union above which two boxes of one label are one object."""
    max_pixels: int = decoding.MAX_PIXELS
    """Larger photos are not decoded."""
    detector: choice.Choice | Detector = field(default_factory=choice.Choice)
    workers: int | None = None
    """Photos detected at once; None: 4 if hosted, else one for each core."""
    population_column: str | None = None
    """Column of the areas' file with inhabitants; adds bicycles per 1,000 of them."""
    page: maps.PageOptions = field(default_factory=maps.PageOptions)
    """How the map looks and what it carries."""
    formats: tuple[str, ...] = (export_formats.AUTO,)
    """Export formats, by their names in `geobike.exports.formats`; auto: GeoJSON and CSV, but
    Parquet for many rows."""

    def __post_init__(self) -> None:
        if self.photos is None and (self.manifest is None or self.detections is None):
            raise InputError(
                "no photos named; without them a survey needs a manifest and a table of detections"
            )
        export_formats.check(self.formats)
        sources.check(self.positions, given=() if self.manifest is None else ("manifest",))
        if self.photos is None and "manifest" not in self.positions:
            raise InputError("without photos the manifest gives the positions; add it to positions")
        filtering.check(threshold=self.threshold, max_overlap=self.max_overlap)
        if isinstance(self.labels, str):
            raise InputError(f"labels is the text {self.labels!r}; give a tuple of labels")
        if not self.labels:
            raise InputError("no label to count; name one, such as bicycle")
        if self.max_pixels < 1:
            raise InputError(f"max_pixels is {self.max_pixels}; give 1 or more")
        if self.workers is not None and self.workers < 1:
            raise InputError(f"workers is {self.workers}; give 1 or more")
        zone(self.timezone)

    def check_out(self, folder: str | Path) -> None:
        """Raise InputError for a folder that cannot be written, or that holds what is read."""
        files.check_folder(folder)
        for given in (self.areas, self.manifest, self.detections, *self.page.context):
            if given is not None and saved.replaces(folder, given):
                raise InputError(
                    f"{redact(given)} would be replaced; write into another folder (--out)"
                )


def zone(name: str | None) -> tzinfo | None:
    """Return the zone of an IANA name. Raises InputError for one that is not known."""
    try:
        return None if name is None else ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InputError(
            f"timezone {name!r} is not known; give one such as Europe/Amsterdam"
        ) from None
