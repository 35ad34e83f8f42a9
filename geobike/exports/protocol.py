"""The interface of an export format, and the tables that it writes."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from geobike.errors import MissingPackageError

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

Table = Literal["areas", "streets", "racks", "stops", "bicycles", "photos", "detections"]

TABLES: Final[tuple[Table, ...]] = (
    "areas",
    "streets",
    "racks",
    "stops",
    "bicycles",
    "photos",
    "detections",
)

Files = Mapping[Table, str]
"""Names of files by table. Tables in one file, such as layers of a GeoPackage, share a name."""


@dataclass(frozen=True, kw_only=True)
class OnPage:
    """What the page says and shows, for formats that do too."""

    words: Mapping[str, Any] = field(default_factory=dict)
    """Its catalogue, in its language."""
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    """Its JPEGs by `photo_id`: people on them are as unrecognisable."""


@dataclass(frozen=True, kw_only=True)
class About:
    """What is known of a survey beside its tables, for the formats that say it."""

    summary: Mapping[str, Any] = field(default_factory=dict)
    """What `summary.json` holds, but for the files."""
    timezone: str | None = None
    """IANA name of the survey's zone; None where the user named none."""
    min_photos: int = 1
    """Areas with fewer photos are dotted on the page, not coloured."""
    page: Callable[[], OnPage] = OnPage
    """Reads the page, which may be large."""


@dataclass(frozen=True, kw_only=True)
class Frames:
    """The tables to write, with exactly the columns that files have; None is not written.

    `geobike.exports.frames.select` makes them, so that all formats hold the same values.
    """

    areas: "gpd.GeoDataFrame | None" = None
    """Polygons in EPSG:4326, with the columns of an area counts frame."""
    streets: "gpd.GeoDataFrame | None" = None
    """Lines in EPSG:4326, with the columns of a streets frame."""
    racks: "gpd.GeoDataFrame | None" = None
    """Points in EPSG:4326, with the columns of a racks frame."""
    stops: "gpd.GeoDataFrame | None" = None
    """Points in EPSG:4326, with the columns of a stops frame."""
    bicycles: "pd.DataFrame | gpd.GeoDataFrame | None" = None
    """A bicycles frame; points in EPSG:4326 once its columns were selected."""
    photos: "gpd.GeoDataFrame | None" = None
    """Points in EPSG:4326, or no geometry for photos without a position."""
    detections: "pd.DataFrame | None" = None
    """Boxes in pixels; no geometry."""
    about: About = field(default_factory=About)

    def only(self, tables: Collection[Table]) -> "Frames":
        """Return the frames without the other tables."""
        others: dict[str, Any] = {table: None for table in TABLES if table not in tables}
        return replace(self, **others)

    def items(self) -> Iterator[tuple[Table, Any]]:
        """Yield each table to write, with its name."""
        for table in TABLES:
            if (frame := getattr(self, table)) is not None:
                yield table, frame


@dataclass(frozen=True, kw_only=True)
class Format:
    """An export format. `geobike.exports.formats` lists them all."""

    name: str
    """As in `--format`."""
    help: str
    """One line for `--help`: what the format holds."""
    files: Files
    """The tables that it can hold, with the names of their files in a survey's folder."""
    suffixes: tuple[str, ...]
    """Endings of a path that choose this format, in lower case: .geojson."""
    write: Callable[[Frames, Path], Files]
    """Write the tables that the format can hold into an empty local folder, under the names of
    `files`; return the names of those written."""
    extra: str | None = None
    """The extra of geobike that it needs,"""
    package: str | None = None
    """and the package that this extra installs."""
    needs: tuple[Table, ...] = ()
    """Tables without any of which it cannot be written; none where each makes a file."""
    readable: bool = True
    """Whether `geobike evaluate` and `--manifest` can read its photos, `--detections` its boxes."""

    @property
    def one_by_one(self) -> bool:
        """Whether each table is a file that needs no other table."""
        return not self.needs and len(set(self.files.values())) == len(self.files)

    def is_installed(self) -> bool:
        """Tell whether the package is there that the format needs."""
        return self.package is None or find_spec(self.package) is not None

    def check_installed(self) -> None:
        """Raise MissingPackageError where it is not."""
        if self.extra is not None and not self.is_installed():
            raise MissingPackageError(f"Writing {self.name}", self.extra)


def one_file_per_table(
    files: Files, write_table: Callable[[Table, Any, Path], None]
) -> Callable[[Frames, Path], Files]:
    """Return `Format.write` for a format that has one file per table."""

    def write(frames: Frames, folder: Path) -> Files:
        held = {table: frame for table, frame in frames.items() if table in files}
        for table, frame in held.items():
            write_table(table, frame, folder / files[table])
        return {table: files[table] for table in held}

    return write
