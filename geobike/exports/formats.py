"""The registry of export formats, and which of them a table is written in."""

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from geobike.errors import InputError
from geobike.exports import coco, crow, csv, geojson, geopackage, geoparquet
from geobike.exports.protocol import TABLES, Format, Frames, Table
from geobike.io.files import name as file_name
from geobike.io.redaction import redact
from geobike.reporting import report

FORMATS: Final[dict[str, Format]] = {
    form.name: form
    for form in (
        geojson.FORMAT,
        csv.FORMAT,
        geoparquet.FORMAT,
        geopackage.FORMAT,
        coco.FORMAT,
        crow.FORMAT,
    )
}
"""By name, as in `--format`. Their modules import light, for `--help` lists them."""

DATABASE: Final = "postgis"
"""What `geobike export` writes beside formats: rows of a database, and no file."""

AUTO: Final = "auto"
"""A rule, not a format: text, and Parquet for a table of more than MANY rows."""

MANY: Final = 100_000
"""Rows above which a table is better Parquet: GIS programs take minutes to open such a GeoJSON, and
spreadsheets cut off such a CSV."""

_FORMER: Final = {"geoparquet": "parquet"}
"""Names that formats had before, by which survey files may call them."""

_TEXT: Final[Mapping[Table, Format]] = {
    table: csv.FORMAT if table == "detections" else geojson.FORMAT for table in TABLES
}


def describe() -> str:
    """Return what `--format` takes, for the help."""
    return (
        f"{AUTO}: GeoJSON and CSV, but Parquet above {MANY:,} rows; {describe_each()} Tables that "
        f"no named format holds are written as with {AUTO}."
    )


def describe_each() -> str:
    """Return what each format holds, for the help."""
    known = "; ".join(f"{form.name}: {form.help}" for form in FORMATS.values())
    return f"{known}. May be repeated."


def check(names: Sequence[str], *, streets: bool = True) -> None:
    """Raise InputError for formats that are not known, MissingPackageError for a missing extra.

    `streets` tells whether the survey has any: some formats hold nothing else.
    """
    if isinstance(names, str):
        raise InputError(f"formats is the text {names!r}; give a tuple of formats")
    if not names:
        raise InputError(f"no format named; name one, such as {AUTO}")
    for name in names:
        if name == AUTO:
            continue
        named(name).check_installed()
        if not streets and "streets" in named(name).needs:
            raise InputError(f"--format {name} needs streets; name a file of them (--streets)")


def named(name: str) -> Format:
    """Return the format of a name. Raises InputError for one that is not known."""
    try:
        return FORMATS[_FORMER.get(name, name)]
    except KeyError:
        if name == DATABASE:
            raise InputError(
                f"format {DATABASE} is a database; finish the survey, then geobike export OUT "
                f"--format {DATABASE} --survey NAME"
            ) from None
        raise InputError(f"format {name!r} is not known{_nearest(name)}") from None


def _nearest(name: str) -> str:
    known = [AUTO, *FORMATS]
    near = get_close_matches(str(name).lower(), known, n=1)
    listed = f"formats are {', '.join(known)}"
    return f"; did you mean {near[0]}? The {listed}" if near else f"; the {listed}"


def assign(names: Sequence[str], frames: Frames) -> dict[str, list[Table]]:
    """Return the tables that each format is to write.

    A table is written in every named format that can hold it; where geobike could read none of
    them again, also as with AUTO.
    """
    out: dict[str, list[Table]] = {}
    for table, frame in frames.items():
        chosen = _chosen(names, table, frames)
        if not any(FORMATS[name].readable for name in chosen):
            chosen.append(_automatic(table, len(frame)))
        for name in dict.fromkeys(chosen):
            out.setdefault(name, []).append(table)
    return out


def assign_only(names: Sequence[str], frames: Frames) -> dict[str, list[Table]]:
    """Return the tables that each format is to write where nothing else is to be written."""
    out: dict[str, list[Table]] = {}
    for table in dict(frames.items()):
        for name in _chosen(names, table, frames):
            out.setdefault(name, []).append(table)
    return out


def _chosen(names: Sequence[str], table: Table, frames: Frames) -> list[str]:
    """Return the formats of these names that can hold a table, beside the others that are there."""
    there = dict(frames.items())
    able = [
        _automatic(table, len(there[table])) if name == AUTO else named(name).name for name in names
    ]
    return [name for name in dict.fromkeys(able) if _holds(FORMATS[name], table, there)]


def _holds(form: Format, table: Table, there: Collection[Table]) -> bool:
    return table in form.files and all(needed in there for needed in form.needs)


def _automatic(table: Table, rows: int) -> str:
    if table == "areas" or rows <= MANY:
        return _TEXT[table].name
    if geoparquet.FORMAT.is_installed():
        return geoparquet.FORMAT.name
    report(
        f"{rows:,} rows of {table} are written as text; Parquet would take a tenth of the "
        "space and open sooner: pip install 'geobike[parquet]'"
    )
    return _TEXT[table].name


def for_path(path: str | Path, table: Table) -> Format:
    """Return the format that the ending of a path names.

    Raises InputError where no format that can hold the table has this ending, and
    MissingPackageError where the format needs an extra.
    """
    ending = Path(file_name(path)).suffix.lower()
    able = [form for form in FORMATS.values() if table in form.files and not form.needs]
    for form in able:
        if ending in form.suffixes:
            form.check_installed()
            return form
    endings = [suffix for form in able for suffix in form.suffixes]
    raise InputError(
        f"{redact(path)}: {table} cannot be written as {ending or 'a file without an ending'}; "
        f"name a file that ends in {' or '.join(endings)}"
    )


def file_names(names: Sequence[str] | None = None) -> set[str]:
    """Return the names of all files that these formats, or any, may write into a survey's folder.

    Text is among them, in which a table is written that no named format holds.
    """
    forms = [named(name) for name in (FORMATS if names is None else names) if name != AUTO]
    text = {form.files[table] for table, form in _TEXT.items()}
    return text | {file for form in forms for file in form.files.values()}
