"""The tables of surveys in PostGIS, made of `geobike.schema` with the names of files."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from geobike import schema
from geobike.exports import frames, reading
from geobike.exports.protocol import TABLES, Table

SCHEMA: Final = "geobike"

VERSION: Final = 2
"""Raised with every change of a table: what an older geobike made is not written to."""

GEOMETRY: Final = "geom"

_TYPES: Final = {
    schema.TEXT: "text",
    schema.CODED: "text",
    schema.FLOAT: "double precision",
    schema.COUNT: "bigint",
    schema.TIME: "timestamptz",
    schema.LOCAL_TIME: "timestamp",  # what the camera's clock showed: no program converts it
    schema.FLAG: "boolean",
    schema.MAYBE: "boolean",
}

SHAPES: Final[Mapping[Table, str]] = {
    "areas": "MultiPolygon",
    "streets": "MultiLineString",
    "racks": "Point",
    "stops": "Point",
    "bicycles": "Point",
    "photos": "Point",
}
"""Types of geometry; detections have none."""

NUMBER: Final = "number"
"""Key of tables whose rows have none: their place in the file, from 1."""

_INDEXED: Final[Mapping[Table, tuple[str, ...]]] = {
    "streets": ("area_id",),
    "racks": ("area_id",),
    "stops": ("street_id",),
    "bicycles": ("photo_id", "area_id"),
    "photos": ("area_id",),
    "detections": ("photo_id",),
}

OWN: Final = "own"
"""Column of areas with the columns of the user's file, which no two surveys need to share."""

_NOT_NEGATIVE: Final = "{0} >= 0"
_SHARE: Final = "{0} BETWEEN 0 AND 1"
_DIRECTION: Final = "{0} BETWEEN 0 AND 360"  # 359.996 is rounded


def _one_of(values: Iterable[str]) -> str:
    return f"{{0}} IN ({', '.join(repr(value) for value in values)})"


_CHECKS: Final[Mapping[tuple[Table, str], str]] = {
    ("areas", "status"): _one_of(schema.SEEN),
    ("areas", "covered_share"): _SHARE,
    ("areas", "kerb_seen_share"): _SHARE,
    ("streets", "parking"): _one_of(schema.PARKING),
    ("streets", "covered_share"): _SHARE,
    ("streets", "kerb_seen_share"): _SHARE,
    ("streets", "length_m"): _NOT_NEGATIVE,
    ("racks", "capacity"): _NOT_NEGATIVE,
    ("stops", "heading"): _DIRECTION,
    ("bicycles", "bearing"): _DIRECTION,
    ("bicycles", "weight"): _SHARE,
    ("photos", "status"): _one_of(schema.STATUSES),
    ("photos", "heading"): _DIRECTION,
    ("photos", "bicycle_count"): "{0} IS NULL OR ({0} >= 0 AND status = 'counted')",
    ("detections", "score"): _SHARE,
}
"""What holds of a column; NULL fits all."""

_OF_SURVEYS: Final = """
    survey text PRIMARY KEY, survey_id text NOT NULL, geobike text, started_at timestamptz,
    finished_at timestamptz, model text, model_version text, labels text, count text,
    threshold double precision, max_overlap double precision, photos_given bigint,
    photos_counted bigint, photos_outside bigint, photos_unlocated bigint, photos_duplicate bigint,
    photos_unreadable bigint, photos_failed bigint, stops bigint, detected bigint,
    detected_in_areas bigint, detected_elsewhere bigint, detected_once double precision,
    detected_at_least bigint, summary jsonb NOT NULL, written_at timestamptz NOT NULL DEFAULT now()
"""


def statements(extension: str = "public") -> list[str]:
    """Return the statements that make the tables; `extension` is the schema of PostGIS.

    Examples:
        >>> statements()[0]
        'CREATE TABLE geobike.version (version integer NOT NULL)'
    """
    out = [
        f"CREATE TABLE {SCHEMA}.version (version integer NOT NULL)",
        f"INSERT INTO {SCHEMA}.version VALUES ({VERSION})",  # noqa: S608 - constants
        f"CREATE TABLE {SCHEMA}.surveys ({_OF_SURVEYS})",
    ]
    for table in TABLES:
        out.append(f"CREATE TABLE {SCHEMA}.{table} ({', '.join(_definitions(table, extension))})")
        out += [
            f"CREATE INDEX {table}_{name} ON {SCHEMA}.{table} (survey, {name})"
            for name in _INDEXED.get(table, ())
        ]
        if table in SHAPES:
            out.append(
                f"CREATE INDEX {table}_{GEOMETRY} ON {SCHEMA}.{table} USING gist ({GEOMETRY})"
            )
    return out


def _definitions(table: Table, extension: str) -> Iterator[str]:
    """Yield the columns and the key of a table."""
    yield f"survey text NOT NULL REFERENCES {SCHEMA}.surveys ON DELETE CASCADE"
    if key(table) == NUMBER:
        yield f"{NUMBER} bigint NOT NULL"
    for name, dtype in columns(table).items():
        column = f'"{name}"'
        check = _CHECKS.get((table, name), "").format(column)
        required = dtype == schema.FLAG and name in reading.KINDS[table].columns
        yield (
            f"{column} {_TYPES[dtype]}{' NOT NULL' if required else ''}"
            f"{f' CHECK ({check})' if check else ''}"
        )
    if table == "areas":
        yield f"{OWN} jsonb NOT NULL"
    if table in SHAPES:
        yield f'{GEOMETRY} "{extension}".geometry({SHAPES[table]}, 4326)'
    yield f"PRIMARY KEY (survey, {key(table)})"


def columns(table: Table) -> dict[str, str]:
    """Return the columns that geobike's files have of a table, with their types in frames."""
    kind = reading.KINDS[table]
    known: dict[str, Any] = {**kind.columns, **kind.optional}
    if table == "photos":
        known = {name: known[name] for name in frames.PHOTO_COLUMNS}
    if table == "bicycles":  # which have a geometry in files
        del known["lon"], known["lat"]
    return {schema.IN_FILES.get(name, name): str(dtype) for name, dtype in known.items()}


def key(table: Table) -> str:
    """Return the column that tells the rows of a survey apart."""
    return reading.KINDS[table].key or NUMBER
