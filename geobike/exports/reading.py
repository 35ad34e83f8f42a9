"""Tables as formats wrote them, read with the types that they were written with."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geobike import schema
from geobike.errors import InputError
from geobike.exports import own_columns
from geobike.exports.protocol import Table
from geobike.io import delimited

KINDS: Final[dict[Table, schema.Frame]] = {
    "areas": schema.AREA_COUNTS,
    "streets": schema.STREETS,
    "racks": schema.RACKS,
    "stops": schema.STOPS,
    "bicycles": schema.BICYCLES,
    "photos": schema.COUNTS,
    "detections": schema.DETECTIONS,
}
"""The kind of frame of which each table holds the columns."""

ROWS_AT_A_TIME: Final = 50_000


@dataclass(frozen=True)
class Parts:
    """A table in parts, so that a million rows are never in memory together."""

    rows: int
    frames: Iterator[Any]


def read(table: Table, path: Path) -> Any:
    """Return a table of a survey as `frames.select` gives it: the columns of the file.

    Those of geobike's have their types whatever the format, the user's own what they look like.
    Raises InputError for a file that is not such a table.
    """
    with _refusing(table, path):
        if table == "detections":
            return _typed(_boxes(path), table)
        shaped = gpd.read_parquet(path) if path.suffix == ".parquet" else _features(path)
        typed = _typed(pd.DataFrame(shaped.drop(columns=shaped.geometry.name)), table)
        geometry = gpd.GeoSeries(shaped.geometry.array, index=typed.index, crs=schema.CRS)
        return gpd.GeoDataFrame(typed, geometry=geometry)


def read_parts(table: Table, path: Path) -> Parts:
    """Return a table as `read` does, but one of many rows in parts, in the order of the file.

    Text is read at once: many rows are in Parquet. Raises InputError, also on the way.
    """
    if path.suffix != ".parquet" or table == "areas":  # whose own columns have one type each
        whole = read(table, path)
        return Parts(len(whole), iter([whole]))
    with _refusing(table, path):
        import pyarrow.parquet as pq

        return Parts(pq.read_metadata(path).num_rows, _batches(table, path))


def _batches(table: Table, path: Path) -> Iterator[Any]:
    import pyarrow.parquet as pq

    with _refusing(table, path), pq.ParquetFile(path) as file:
        wanted = [name for name in file.schema_arrow.names if name != "bbox"]
        for batch in file.iter_batches(ROWS_AT_A_TIME, columns=wanted):
            rows = batch.to_pandas()
            typed = _typed(rows.drop(columns="geometry", errors="ignore"), table)
            if "geometry" in rows:
                shapes = shapely.from_wkb(rows["geometry"].to_numpy())
                typed = gpd.GeoDataFrame(typed, geometry=shapes, crs=schema.CRS)
            yield typed


@contextmanager
def _refusing(table: Table, path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, ImportError, shapely.GEOSException) as error:
        raise InputError(f"{path}: is not the {table} of a survey ({error})") from None


def _features(path: Path) -> gpd.GeoDataFrame:
    features = json.loads(path.read_text("utf-8"))["features"]
    rows = pd.DataFrame([feature["properties"] for feature in features])
    shapes = [json.dumps(feature["geometry"]) for feature in features]
    known = np.array([shape != "null" for shape in shapes], dtype=bool)
    geometry = np.full(len(shapes), None, dtype=object)
    geometry[known] = shapely.from_geojson(np.array(shapes, dtype=object)[known])
    return gpd.GeoDataFrame(rows, geometry=geometry, crs=schema.CRS)


def _boxes(path: Path) -> pd.DataFrame:
    if path.suffix == ".parquet":
        return pd.read_parquet(path).rename(columns=schema.IN_FILES)
    texts = [name for name, kind in schema.DETECTIONS.columns.items() if kind == schema.CODED]
    types = dict.fromkeys(texts, schema.TEXT)
    rows = pd.read_csv(path, dtype=types, keep_default_na=False, na_values=[""])
    return rows.assign(**{name: delimited.unescape(rows[name]) for name in texts}).rename(
        columns=schema.IN_FILES
    )


def _typed(rows: pd.DataFrame, table: Table) -> pd.DataFrame:
    kind = KINDS[table]
    wanted = dict(kind.columns) | dict(kind.optional)
    in_file = {schema.IN_FILES.get(name, name): dtype for name, dtype in wanted.items()}
    names = own_columns.names(rows, in_file)
    ours = {names[name]: dtype for name, dtype in in_file.items() if name in names}
    if kind.name != schema.DETECTIONS.name:  # whose text alone recurs so often
        ours |= {name: schema.TEXT for name, dtype in ours.items() if dtype == schema.CODED}
    return rows.assign(
        **{
            str(name): _as(rows[name], ours[name])
            if name in ours
            else own_columns.plain(rows[name])
            for name in rows
        }
    )


def _as(column: "pd.Series[Any]", dtype: Any) -> "pd.Series[Any]":
    """Return a column of geobike's with its type in files."""
    if dtype == schema.TIME:
        return pd.to_datetime(column, utc=True, format="ISO8601").astype(schema.TIME)
    if dtype in (schema.TEXT, schema.LOCAL_TIME):
        return column.astype(schema.TEXT)
    if dtype == schema.COUNT:
        return pd.to_numeric(column).astype(schema.COUNT)
    return column.astype(dtype)
