"""Writing all tables of a survey into a folder, and one table to a path."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from geobike.errors import GeobikeError, InputError
from geobike.exports import formats
from geobike.exports.protocol import TABLES, Files, Frames, Table
from geobike.io.files import atomic_path
from geobike.io.redaction import redact

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd


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
            table: next(files[table] for files in readable if table in files)
            for table in TABLES
            if any(table in files for files in readable)
        }

    @property
    def names(self) -> list[str]:
        """The names of all files, in the order of the tables."""
        by_table = (files[t] for t in TABLES for files in self.by_format.values() if t in files)
        return list(dict.fromkeys(by_table))


def write_tables(
    frames: Frames, folder: Path, *, names: Sequence[str] = (formats.AUTO,)
) -> Written:
    """Write all tables of a survey into a folder, in the formats of these names.

    Which table goes into which format, `formats.assign` says. Raises InputError.
    """
    from geobike.exports.frames import select

    formats.check(names)
    return _write(frames, folder, formats.assign(names, frames), select)


def write_again(frames: Frames, folder: Path, *, names: Sequence[str]) -> Written:
    """Write tables that were read from a survey's files, in these formats and no other.

    Raises InputError where a format can hold none of them.
    """
    formats.check(names)
    assigned = formats.assign_only(names, frames)
    for form in map(formats.named, [name for name in names if name != formats.AUTO]):
        if form.name not in assigned:
            needed = " and ".join(form.needs or form.files)
            raise InputError(f"--format {form.name} holds {needed}, which this survey has not")
    return _write(frames, folder, assigned, lambda some: some)


def _write(
    frames: Frames,
    folder: Path,
    assigned: Mapping[str, Sequence[Table]],
    select: Callable[[Frames], Frames],
) -> Written:
    """Write what `select` makes of the frames: one table after the other, as they may be large."""
    written: dict[str, dict[Table, str]] = {name: {} for name in assigned}
    for name, tables in assigned.items():
        form = formats.FORMATS[name]
        for some in [[table] for table in tables] if form.one_by_one else [tables]:
            written[name] |= form.write(select(frames.only(some)), folder)
    return Written(written)


def check_path(path: str | Path, table: Table) -> None:
    """Raise InputError, or MissingPackageError, if the table cannot be written to such a path."""
    formats.for_path(path, table)


def write_areas(areas: "gpd.GeoDataFrame", path: str | Path) -> None:
    """Write an area counts frame in the format of the path's ending: .geojson, .gpkg or .parquet.

    Raises InputError for another ending, or where the file cannot be written, SchemaError for
    another frame, and MissingPackageError where Parquet is not installed.

    Examples:
        >>> import geobike
        >>> import geopandas
        >>> survey = geobike.Survey(
        ...     photos="sample/photos/day1",
        ...     areas="sample/areas.geojson",
        ...     detector=geobike.DetectorChoice(kind="cached"),
        ... )
        >>> result = geobike.run(survey, store="sample/detections.sqlite")
        >>> geobike.write_areas(result.areas, "areas.geojson")
        >>> len(geopandas.read_file("areas.geojson"))
        13
    """
    _write_one("areas", Frames(areas=areas), path)


def write_photos(photos: "gpd.GeoDataFrame", path: str | Path) -> None:
    """Write every photo, also those without a position (null geometry): .geojson, .gpkg, .parquet.

    Takes a photos or a counts frame; the `bicycle_count` of a photos frame is null. A path that
    ends in `.parquet` becomes GeoParquet 1.1, which needs an extra. Raises as `write_areas` does.

    Examples:
        >>> import geobike
        >>> import geopandas
        >>> photos = geobike.locate(geobike.read_photos(geobike.find_photos("sample/photos")))
        >>> geobike.write_photos(photos, "photos.geojson")
        >>> int(geopandas.read_file("photos.geojson").geometry.notna().sum())
        176
    """
    _write_one("photos", Frames(photos=photos), path)


def write_detections(detections: "pd.DataFrame", path: str | Path) -> None:
    """Write a detections frame in the format of the path's ending: .csv, .gpkg or .parquet.

    Scores and pixels are written in full: a score of 0.30004 is above 0.3, also when it is read
    again. Text in the CSV is escaped against CSV formula injection. Raises as `write_areas` does.

    Examples:
        >>> from pathlib import Path
        >>> import geobike
        >>> from geobike import schema
        >>> boxes = {"photo_id": ["a.jpg"], "label": ["=cmd"], "score": [0.9], "kept": [True]}
        >>> geobike.write_detections(schema.table(schema.DETECTIONS, boxes), "detections.csv")
        >>> print(Path("detections.csv").read_text())
        photo_id,label,score,x_min,y_min,x_max,y_max,model,kept,dropped_by
        a.jpg,'=cmd,0.9,,,,,,True,
        <BLANKLINE>
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
            error.args = (str(error.args[0]).replace(str(file), redact(path)),)
            raise
        file.replace(part)


@contextmanager
def _folder_beside(file: Path) -> Iterator[Path]:
    with TemporaryDirectory(prefix=".part-", dir=file.parent) as folder:
        yield Path(folder)
