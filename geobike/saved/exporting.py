"""How a finished survey is written once more: in other formats, or into a database."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from geobike.exports import formats, writing
from geobike.io import files
from geobike.io.transaction import transaction
from geobike.saved.account import hashes, plain, write_summary
from geobike.saved.layout import SUMMARY
from geobike.saved.reading import read

if TYPE_CHECKING:
    from geobike.exports import postgis


def export(folder: str | Path, names: Sequence[str]) -> dict[str, str | Path]:
    """Write a finished survey in more formats into its folder; return the new files by name.

    Tables and pictures are those of the folder's files; `summary.json` then lists the new ones too.
    All files take their places together. Raises InputError where there is no survey, a format is
    not known or holds none of its tables, or the folder cannot be written.

    Examples:
        >>> import geobike
        >>> survey = geobike.Survey(
        ...     photos="sample/photos/day1",
        ...     areas="sample/areas.geojson",
        ...     detector=geobike.DetectorChoice(kind="cached"),
        ... )
        >>> result = geobike.run(survey, store="sample/detections.sqlite")
        >>> _ = result.write("out")
        >>> list(geobike.export("out", ["parquet"]))[-2:]
        ['detections.parquet', 'summary.json']
    """
    formats.check(names)
    with transaction(folder, last=SUMMARY) as out:
        finished = read(folder)
        written = writing.write_again(finished.tables(), out.staging, names=names)
        account = dict(finished.summary)
        account["exports"] = {**account.get("exports", {}), **written.by_format}
        account["sha256"] = {**account.get("sha256", {}), **hashes(out.staging)}
        write_summary(account, out.staging / SUMMARY)
    return {name: files.join(folder, name) for name in (*written.names, SUMMARY)}


def to_postgis(folder: str | Path, survey: str, *, dsn: str = "") -> "postgis.Written":
    """Write a finished survey into a PostGIS database, in place of the one of that name there.

    `dsn` is a connection string of libpq without a password; empty, libpq's variables and files
    say everything. Raises InputError where there is no survey in the folder, or for a name or
    `dsn` that cannot be used, and OutputError where the database cannot be written to.
    """
    from geobike.exports import postgis

    finished = read(folder)
    with finished.parts() as tables:
        return postgis.write(survey, plain(finished.summary), tables, dsn=dsn)
