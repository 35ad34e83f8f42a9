"""GeoPackage 1.3: layers written with GDAL, plain tables, pictures and styles with SQLite.

GDAL writes what is easily wrong, such as the triggers of the spatial index. It writes bytes as
text, and a million rows without geometry slowly: those are SQLite's.
"""

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pandas as pd

from geobike.errors import OutputError
from geobike.io import vector

VERSION: Final = "1.3"
"""What Debian's GDAL 3.6 and QGIS 3.22 know; 1.4 has other triggers."""

FID, GEOMETRY = "fid", "geom"

_STYLES: Final = "layer_styles"
_STYLE_COLUMNS: Final = """
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256),
    f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256),
    styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT,
    owner TEXT(30), ui TEXT(30),
    update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now'))
"""
"""As QGIS makes the table."""


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A table of a GeoPackage."""

    name: str
    frame: Any
    """A frame without geometry, or a GeoDataFrame in EPSG:4326."""
    title: str
    description: str
    geometry: str | None = None
    """Type of its geometry, such as MultiPolygon; None for a plain table."""
    key: str | None = None
    """Column whose values are unique."""
    indexed: Sequence[str] = ()
    blobs: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)
    """Columns of bytes, by the key of the row."""
    styles: Sequence[tuple[str, str]] = ()
    """Names and QML; the first is the one it opens with."""


def write(path: Path, layers: Sequence[Layer], *, at: str) -> None:
    """Write a new GeoPackage; the same layers and time give the same bytes.

    `at` is the time of its content, as 2026-05-12T07:02:07.000Z. The file is complete, and no
    journal stays beside it. Raises OutputError where it cannot be written.
    """
    try:
        with vector.configured({"OGR_CURRENT_DATE": at}):
            # One at least, for GDAL makes the file.
            by_gdal = [layer for layer in layers if layer.geometry is not None] or layers[:1]
            for number, layer in enumerate(by_gdal):
                _write_layer(path, layer, append=number > 0)
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            _finish(database, layers, {layer.name for layer in by_gdal}, at)
    except sqlite3.Error as error:
        raise OutputError(f"{path}: cannot be written: {error}") from None


def _write_layer(path: Path, layer: Layer, *, append: bool) -> None:
    import pyogrio
    from pyogrio.errors import DataSourceError

    frame = layer.frame
    if layer.geometry is None:
        coded = frame.select_dtypes("category").columns
        frame = frame.astype(dict.fromkeys(coded, "str"))
    columns = [name for name in frame if layer.geometry is None or name != frame.geometry.name]
    try:
        pyogrio.write_dataframe(
            frame.rename(columns=_distinct(columns, (FID, GEOMETRY))),
            path,
            layer=layer.name,
            driver="GPKG",
            append=append,
            geometry_type=layer.geometry,
            promote_to_multi=str(layer.geometry).startswith("Multi"),
            dataset_options=None if append else {"VERSION": VERSION},
            layer_options={
                "FID": FID,
                "GEOMETRY_NAME": GEOMETRY,
                "IDENTIFIER": layer.title,
                "DESCRIPTION": layer.description,
            },
        )
    except DataSourceError as error:
        raise OutputError(f"{path}: cannot be written: {error}") from None


def _distinct(columns: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """Return new names for columns that SQL takes for another's: it knows no letter case."""
    used = {name.lower() for name in taken}
    renamed = {}
    for column in columns:
        name, number = column, 2
        while name.lower() in used:
            name, number = f"{column}_{number}", number + 1
        used.add(name.lower())
        if name != column:
            renamed[column] = name
    return renamed


def _finish(
    database: sqlite3.Connection, layers: Sequence[Layer], by_gdal: Collection[str], at: str
) -> None:
    """Add what GDAL does not write."""
    database.execute("PRAGMA journal_mode = DELETE")
    database.execute("BEGIN")
    for layer in layers:
        if layer.name not in by_gdal:
            _add_table(database, layer, at)
        _add_blobs(database, layer)
        _add_indexes(database, layer)
    if any(layer.styles for layer in layers):
        _add_styles(database, layers, at)
    database.execute("COMMIT")
    (found,) = database.execute("PRAGMA integrity_check").fetchone()
    if found != "ok":
        raise OutputError(f"the GeoPackage is damaged while it is written: {found}")


def _add_table(database: sqlite3.Connection, layer: Layer, at: str) -> None:
    frame: pd.DataFrame = layer.frame
    names = [_quoted(str(name)) for name in frame]
    kinds = [_kind(frame[name]) for name in frame]
    columns = ", ".join(f"{name} {kind}" for name, kind in zip(names, kinds, strict=True))
    database.execute(
        f"CREATE TABLE {_quoted(layer.name)} "
        f"({FID} INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, {columns})"
    )
    database.executemany(
        f"INSERT INTO {_quoted(layer.name)} ({', '.join(names)}) "  # noqa: S608 - quoted
        f"VALUES ({', '.join('?' * len(names))})",
        zip(*(_values(frame[name]) for name in frame), strict=True),
    )
    _register(database, layer.name, layer.title, layer.description, at)


def _kind(column: "pd.Series[Any]") -> str:
    if pd.api.types.is_bool_dtype(column.dtype):
        return "BOOLEAN"
    if pd.api.types.is_integer_dtype(column.dtype):
        return "INTEGER"
    if pd.api.types.is_float_dtype(column.dtype):
        return "REAL"
    return "DATETIME" if isinstance(column.dtype, pd.DatetimeTZDtype) else "TEXT"


def _values(column: "pd.Series[Any]") -> list[Any]:
    """Return Python values; None for what is missing, times as GeoPackage has them, in UTC."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    if pd.api.types.is_bool_dtype(column.dtype):
        column = column.astype("Int8")
    return column.astype(object).where(column.notna(), None).tolist()


def _add_blobs(database: sqlite3.Connection, layer: Layer) -> None:
    for name, values in layer.blobs.items():
        _quiet_triggers(database)
        table, column, key = _quoted(layer.name), _quoted(name), _quoted(str(layer.key))
        database.execute(f"ALTER TABLE {table} ADD COLUMN {column} BLOB")
        database.executemany(
            f"UPDATE {table} SET {column} = ? WHERE {key} = ?",  # noqa: S608 - quoted
            [(content, of) for of, content in values.items()],
        )


def _quiet_triggers(database: sqlite3.Connection) -> None:
    """Define the functions that the spatial index names: compiled, not run, as no shape changes."""
    for function in ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
        database.create_function(function, 1, lambda _: None)


def _add_indexes(database: sqlite3.Connection, layer: Layer) -> None:
    wanted = dict.fromkeys(layer.indexed, "")
    if layer.key is not None:
        wanted[layer.key] = "UNIQUE "
    for name, unique in wanted.items():
        database.execute(
            f"CREATE {unique}INDEX {_quoted(f'{layer.name}_{name}')} "
            f"ON {_quoted(layer.name)} ({_quoted(name)})"
        )


def _add_styles(database: sqlite3.Connection, layers: Sequence[Layer], at: str) -> None:
    database.execute(f"CREATE TABLE {_STYLES} ({_STYLE_COLUMNS})")
    rows = [
        (layer.name, GEOMETRY, name, qml, number == 0, layer.title, at)
        for layer in layers
        for number, (name, qml) in enumerate(layer.styles)
    ]
    database.executemany(
        f"INSERT INTO {_STYLES} (f_table_catalog, f_table_schema, f_table_name, "  # noqa: S608 - a constant
        "f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, description, owner, "
        "update_time) VALUES ('', '', ?, ?, ?, ?, '', ?, ?, '', ?)",
        rows,
    )
    _register(database, _STYLES, _STYLES, "How QGIS shows the layers", at)


def _register(
    database: sqlite3.Connection, table: str, title: str, description: str, at: str
) -> None:
    """Add a plain table to the GeoPackage's list of contents."""
    database.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change) "
        "VALUES (?, 'attributes', ?, ?, ?)",
        (table, title, description, at),
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
