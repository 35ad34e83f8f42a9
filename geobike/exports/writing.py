"""Writing a survey's tables into its folder, and one table to a path."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from geobike.errors import GeobikeError
from geobike.exports import formats
from geobike.exports.protocol import TABLES, Files, Frames, Table
from geobike.io.files import Transaction, atomic_path, join, read_bytes, same
from geobike.io.redaction import redact

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

_OTHER_FILES: Final = ("map.html", "summary.json")


@dataclass(frozen=True)
class Written:
    """The files that the tables of a survey were written to."""

    by_format: Mapping[str, Files]
    """For each format the names of its files by table."""

    @property
    def files(self) -> dict[Table, str]:
        """One file for each table, which geobike can read again."""
        readable = [f for name, f in self.by_format.items() if formats.FORMATS[name].readable]
        return {
            table: next(files[table] for files in readable if table in files) for table in TABLES
        }

    @property
    def names(self) -> list[str]:
        """The names of all files: areas first, then photos, then detections."""
        by_table = (files[t] for t in TABLES for files in self.by_format.values() if t in files)
        return list(dict.fromkeys(by_table))


def write_tables(
    frames: Frames, out: Transaction, *, names: Sequence[str] = (formats.AUTO,)
) -> Written:
    """Write all tables of a survey in the formats of these names (see `formats.assign`).

    A file in another format is removed where `summary.json` says that an earlier run wrote it, for
    it would contradict this run.
    """
    from geobike.exports.frames import select

    formats.check(names)
    selected = select(frames)
    by_format = {
        name: formats.FORMATS[name].write(selected.only(tables), out.staging)
        for name, tables in formats.assign(names, selected).items()
    }
    written = Written(by_format)
    for name in sorted(_written_before(out.folder).difference(written.names)):
        out.discard(name)
    return written


def _written_before(folder: str | Path) -> set[str]:
    """Return the table files that an earlier run says it wrote into a folder."""
    try:
        summary = json.loads(read_bytes(join(folder, "summary.json")))
        files, exports = summary["files"], summary.get("exports", {})
        if "geobike" in summary and "areas" not in files:  # once always written, but not listed
            files = files | {"areas": "areas.geojson"}
        return formats.file_names().intersection(
            chain(files.values(), *(by_table.values() for by_table in exports.values()))
        )
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return set()  # no run, or none that left its account


def replaces(folder: str | Path, path: str | Path) -> bool:
    """Tell whether a survey that is written into a folder may replace or remove this very file."""
    ours = (*_OTHER_FILES, *formats.file_names())
    return any(same(path, join(folder, file)) for file in ours)


def check_path(path: str | Path, table: Table) -> None:
    """Raise InputError, or MissingPackageError, where a path's ending is no use for a table."""
    formats.for_path(path, table)


def write_areas(areas: "gpd.GeoDataFrame", path: str | Path) -> None:
    """Write an area counts frame in the format of the path's ending: .geojson or .parquet.

    Raises InputError for another ending, or where the file cannot be written, SchemaError for
    another frame, and MissingPackageError where Parquet is not installed.
    """
    _write_one("areas", Frames(areas=areas), path)


def write_photos(photos: "gpd.GeoDataFrame", path: str | Path) -> None:
    """Write every photo, also those without a position (null geometry): .geojson or .parquet.

    Takes a photos or a counts frame; the `bicycle_count` of a photos frame is null. A path that
    ends in `.parquet` becomes GeoParquet 1.1, which needs an extra. Raises as `write_areas` does.
    """
    _write_one("photos", Frames(photos=photos), path)


def write_detections(detections: "pd.DataFrame", path: str | Path) -> None:
    """Write a detections frame in the format of the path's ending: .csv or .parquet.

    Scores and pixels are written in full: a score of 0.30004 is above 0.3, also when it is read
    again. Text in the CSV is escaped against CSV formula injection. Raises as `write_areas` does.
    """
    _write_one("detections", Frames(detections=detections), path)


def _write_one(table: Table, frames: Frames, path: str | Path) -> None:
    from geobike.exports.frames import select

    chosen, selected = formats.for_path(path, table), select(frames)
    with atomic_path(path) as part, _folder_beside(part) as folder:
        file = folder / chosen.files[table]
        try:
            chosen.write(selected, folder)
        except GeobikeError as error:  # the user knows the path, not where we write meanwhile
            error.args = (str(error).replace(str(file), redact(path)),)
            raise
        file.replace(part)


@contextmanager
def _folder_beside(file: Path) -> Iterator[Path]:
    with TemporaryDirectory(prefix=".part-", dir=file.parent) as folder:
        yield Path(folder)
