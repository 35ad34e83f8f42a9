"""Surveys in PostGIS: one schema for all of them, each written whole or not at all.

Not a `Format`: it makes no file.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geobike.errors import InputError, OutputError
from geobike.exports import own_columns, reading
from geobike.exports import postgis_tables as tables
from geobike.exports.postgis_tables import SCHEMA
from geobike.exports.protocol import TABLES, Table
from geobike.exports.survey_row import survey_row
from geobike.io import postgres

NAME_LENGTH: Final = 200

MANY: Final = 100_000
"""Boxes above which only those that count are written: they are about one in thirty."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """What is in the database now."""

    where: str
    """As user@host:port/database."""
    survey: str
    rows: Mapping[Table, int]

    def __str__(self) -> str:
        counts = ", ".join(f"{number} {table}" for table, number in self.rows.items())
        return f"survey {self.survey!r} in schema {SCHEMA} of {self.where}: {counts}"


def check_name(survey: str) -> None:
    """Raise InputError for a name that no survey can have."""
    if not survey.strip() or not survey.isprintable() or len(survey) > NAME_LENGTH:
        raise InputError(
            f"--survey {survey!r} is no name; give up to {NAME_LENGTH} printable characters, "
            "such as spring-2026"
        )


def write(
    survey: str,
    summary: Mapping[str, Any],
    parts: Mapping[Table, reading.Parts],
    *,
    dsn: str = "",
) -> Written:
    """Write a survey under a name, in place of the one that has it.

    `parts` hold what `frames.select` gives, in parts. Of more than MANY boxes only those that
    count are written. Raises InputError for a name or `dsn` that cannot be used, OutputError where
    the database is not reached, has no PostGIS, refuses, or has another version's tables; what was
    in it is then as before.
    """
    check_name(survey)
    with postgres.connect(dsn) as database:
        _prepare(database)
        try:
            with database.transaction():
                _replace(database, survey, summary)
                rows = {
                    table: _copy(database, table, survey, parts[table])
                    for table in TABLES
                    if table in parts
                }
        except postgres.Forbidden as error:
            raise OutputError(f"{error}; {_grant(database)}") from None
    return Written(where=database.where, survey=survey, rows=rows)


def _prepare(database: postgres.Database) -> None:
    """Make the schema where there is none; refuse what cannot be written to."""
    ((encoding,),) = database.rows("SHOW server_encoding")
    if encoding != "UTF8":
        raise OutputError(
            f"{database.where}: the database has encoding {encoding}; geobike needs one made with "
            "CREATE DATABASE ... ENCODING 'UTF8'"
        )
    found = database.rows(
        "SELECT nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace "
        "WHERE extname = 'postgis'"
    )
    if not found:
        raise OutputError(
            f"{database.where}: the database has no PostGIS; let its administrator run "
            "CREATE EXTENSION postgis"
        )
    try:
        with database.transaction():
            _lock(database, "schema")
            if not database.rows("SELECT 1 FROM pg_namespace WHERE nspname = %s", [SCHEMA]):
                _create(database, extension=found[0][0])
    except postgres.Forbidden as error:
        grant = f'GRANT CREATE ON DATABASE "{database.name}" TO "{database.user}"'
        raise OutputError(f"{error}; let its owner run {grant}") from None
    _check_version(database)


def _create(database: postgres.Database, *, extension: str) -> None:
    database.rows(f"CREATE SCHEMA {SCHEMA}")
    for statement in tables.statements(extension):
        database.rows(statement)


def _check_version(database: postgres.Database) -> None:
    known = "SELECT 1 FROM pg_tables WHERE schemaname = %s AND tablename = 'version'"
    if not database.rows(known, [SCHEMA]):
        raise OutputError(
            f"{database.where}: the schema {SCHEMA} there was not made by geobike; rename it: "
            f"ALTER SCHEMA {SCHEMA} RENAME TO other"
        )
    try:
        ((version,),) = database.rows(f"SELECT version FROM {SCHEMA}.version")  # noqa: S608 - constant
    except postgres.Forbidden as error:
        raise OutputError(f"{error}; {_grant(database)}") from None
    if version == tables.VERSION:
        return
    remedy = (
        f"write with a newer geobike, whose version {version} is"
        if version > tables.VERSION
        else f"DROP SCHEMA {SCHEMA} CASCADE, and export its surveys from their folders again"
    )
    raise OutputError(
        f"{database.where}: the schema {SCHEMA} has version {version}, and this geobike writes "
        f"{tables.VERSION}; {remedy}"
    )


def _grant(database: postgres.Database) -> str:
    on, to = f"SCHEMA {SCHEMA}", f'TO "{database.user}"'
    return (
        f"let the owner of the schema run GRANT USAGE ON {on} {to}; "
        f"GRANT SELECT, INSERT, DELETE ON ALL TABLES IN {on} {to}"
    )


def _lock(database: postgres.Database, what: str) -> None:
    """Wait, within bounds, until no other export holds this, and hold it to the end."""
    database.rows(f"SET LOCAL lock_timeout = '{postgres.LOCK_WAIT_S}s'")
    database.rows("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{SCHEMA} {what}"])


def _replace(database: postgres.Database, survey: str, summary: Mapping[str, Any]) -> None:
    """Add the survey's row; with the earlier one go the rows of all tables."""
    _lock(database, f"survey {survey}")
    database.rows(f"DELETE FROM {SCHEMA}.surveys WHERE survey = %s", [survey])  # noqa: S608 - constant
    row = {"survey": survey, **survey_row(_without_nul(summary))}
    database.copy(f"{SCHEMA}.surveys", list(row), [list(row.values())])


def _text(value: str | None) -> str | None:
    """Return text that PostgreSQL takes: it has no NUL."""
    return value and value.replace("\0", "\ufffd")


def _without_nul(value: Any) -> Any:
    """Return what JSON holds with all its text as PostgreSQL takes it, names too."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return {_without_nul(name): _without_nul(one) for name, one in value.items()}
    return [_without_nul(one) for one in value] if isinstance(value, list | tuple) else value


def _copy(database: postgres.Database, table: Table, survey: str, parts: reading.Parts) -> int:
    ours = list(tables.columns(table))
    names = ["survey", tables.NUMBER] if tables.key(table) == tables.NUMBER else ["survey"]
    names += [f'"{name}"' for name in ours]
    names += [tables.OWN] if table == "areas" else []
    names += [tables.GEOMETRY] if table in tables.SHAPES else []
    return database.copy(f"{SCHEMA}.{table}", names, _rows(table, survey, ours, parts))


def _rows(
    table: Table, survey: str, ours: list[str], parts: reading.Parts
) -> Iterator[tuple[Any, ...]]:
    number, only_kept = 0, table == "detections" and parts.rows > MANY
    for frame in parts.frames:
        part = frame[frame["kept"]] if only_kept else frame
        values: list[list[Any]] = [[survey] * len(part)]
        if tables.key(table) == tables.NUMBER:
            values.append(list(range(number + 1, number + len(part) + 1)))
        values += _columns(table, part, ours)
        if table in tables.SHAPES:
            values.append(_shapes(part.geometry, tables.SHAPES[table]))
        yield from zip(*values, strict=True)
        number += len(part)


def _columns(table: Table, part: pd.DataFrame, ours: list[str]) -> list[list[Any]]:
    in_file = {name: name for name in ours if name in part}
    if table == "areas":
        in_file = own_columns.names(part, ours)
    nothing = [None] * len(part)
    values = [_values(part[in_file[name]]) if name in in_file else nothing for name in ours]
    if table == "areas":
        known = {*in_file.values(), part.geometry.name}
        values.append(_own(part[[name for name in part if name not in known]]))
    return values


def _values(column: "pd.Series[Any]") -> list[Any]:
    """Return what a column holds as Python values, None where it is missing."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    values: list[Any] = column.astype(object).where(column.notna(), None).tolist()
    is_text = not pd.api.types.is_any_real_numeric_dtype(column) and column.dtype != "boolean"
    return list(map(_text, values)) if is_text and column.dtype != "bool" else values


def _own(own: pd.DataFrame) -> list[str]:
    """Return the user's columns of each area as a JSON object, which knows no infinity."""
    finite = own.apply(lambda column: column.where(~column.isin((np.inf, -np.inf))))
    values = {_text(str(name)): _values(finite[name]) for name in finite}
    return [
        json.dumps({name: values[name][row] for name in values}, ensure_ascii=False)
        for row in range(len(own))
    ]


def _shapes(geometry: gpd.GeoSeries, kind: str) -> list[str | None]:
    """Return shapes as PostGIS reads them, None for a photo without a position."""
    shapes = shapely.force_2d(np.asarray(geometry.array))
    if kind.startswith("Multi"):
        one = shapely.get_type_id(shapes) == shapely.GeometryType[kind[5:].upper()]
        collect = getattr(shapely, f"{kind.lower()}s")
        shapes[one] = [collect([shape]) for shape in shapes[one]]
    marked = shapely.set_srid(shapes, 4326)
    out: list[str | None] = shapely.to_wkb(marked, hex=True, include_srid=True).tolist()
    return out
