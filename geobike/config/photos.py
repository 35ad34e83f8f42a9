"""Options: which photos, in which areas, and where they were taken."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Final

from geobike.options import Option

POSITIONS: Final = ("manifest", "exif", "track")
"""Position sources, by their names in `geobike.positions.sources`. A manifest is made for one
survey, so that its positions are better than those of the camera."""


@dataclass(frozen=True, kw_only=True)
class PhotoSettings:
    """Photos, areas, and where positions and times come from."""

    _panel: ClassVar[str | None] = None

    photos: Annotated[
        str | Path | Sequence[str | Path] | None,
        Option(
            "Folders, files, glob patterns or URLs (s3://bucket/photos); none: the photos that the "
            "manifest names, not opened.",
            metavar="PHOTOS...",
            path="",
            positional=True,
        ),
    ] = None
    areas: Annotated[
        str | Path,
        Option(
            "Neighbourhood polygons: GeoJSON, GeoPackage, shapefile and more. Required, here or in "
            "the survey file.",
            metavar="FILE",
            path="",
        ),
    ]
    manifest: Annotated[
        str | Path | None,
        Option(
            "CSV, Parquet or vector file (GeoJSON, GeoPackage, GPX and more) with file, latitude, "
            "longitude of the photos.",
            metavar="FILE",
            path="",
        ),
    ] = None
    positions: Annotated[
        tuple[str, ...],
        Option(
            "Position sources in order, separated by commas: the first valid position wins, and a "
            "source left out is not used.",
            metavar="NAMES",
            separator=",",
        ),
    ] = POSITIONS
    timezone: Annotated[
        str | None,
        Option(
            "IANA name, such as Europe/Amsterdam, for photo times without an offset; also the "
            "clock of the map.",
            metavar="NAME",
            default_text="the zone of the place, with the extra timezones; the map shows UTC",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class TrackSettings:
    """Tracks of a logger that was with the camera."""

    _panel: ClassVar[str | None] = "GPX tracks"

    track: Annotated[
        tuple[str | Path, ...],
        Option(
            "GPX track of a logger that was with the camera: places photos by their time. May be "
            "repeated.",
            metavar="FILE",
            path="",
        ),
    ] = ()
    track_offset: Annotated[
        float,
        Option(
            "Seconds that are added to the camera's time, as by exiftool -geosync: -37 for a "
            "camera 37 s fast.",
            metavar="SECONDS",
        ),
    ] = 0.0
    track_max_gap: Annotated[
        float,
        Option(
            "Longest time between two fixes that a photo may lie between, 1 to 3600 seconds.",
            metavar="S",
        ),
    ] = 30.0
