"""The rows of a manifest file as they are written: CSV, Parquet, or points of a vector file."""

import csv
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geobike import schema
from geobike.errors import InputError, ManifestError, MissingPackageError
from geobike.io import delimited, plain_csv, vector, vector_kinds
from geobike.io.matching import normalize_names
from geobike.positions import columns
from geobike.reporting import one_line

if TYPE_CHECKING:
    import pyarrow as pa

_CHUNK: Final = 10_000  # rows of a CSV that are held as Python objects at a time

_MOST_ROWS: Final = 5_000_000
_BYTES_PER_ROW: Final = 8
"""A name that no other row has takes more, however well it is compressed."""
_MOST_TEXT: Final = 1 << 30  # bytes of all names in a Parquet file

_LAYERS: Final = ("photos", "waypoints")
"""Layers that are read of a file with several layers of points."""


class Rows(NamedTuple):
    """The rows of a file, before anything in them is checked."""

    table: pd.DataFrame
    """The columns that may be ours, named by their places in the header; `line` and `fault`; of
    points also `lon` and `lat`."""
    header: Sequence[str]
    found: columns.Found


def read(path: Path) -> Rows:
    """Read the rows of a CSV, Parquet or vector file. Raises ManifestError, MissingPackageError."""
    if not path.exists():
        raise ManifestError(f"manifest {path}: no such file")
    name = vector_kinds.format_name(path)
    if name is not None:
        return _read_points(path, name)
    if not path.is_file():
        raise ManifestError(f"manifest {path}: is not a file; name a table in it")
    if path.suffix.lower() in (".parquet", ".geoparquet", ".pq"):
        return _read_parquet(path)
    return _read_csv(path)


def _read_csv(path: Path) -> Rows:
    """Return the cells as text, with `line`, and `fault` for rows of the wrong length."""
    try:
        with delimited.open_text(path) as file:
            delimiter, skip = delimited.sniff(file)
            lines = delimited.read_rows(file, delimiter, skip=skip)
            line, header = next(lines, (1, []))
            found = columns.find(header, f"manifest {path}")
            places = sorted({place for some in found.values() for place in some})
            table = _plain(path, delimiter, line, len(header), places)
            if table is None:
                table = _any(lines, len(header), places)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ManifestError(f"manifest {path}: {delimited.reason(error)}") from None
    for place in found[columns.FILE]:
        table[place] = normalize_names(table[place])
    return Rows(table, header, found)


def _plain(
    path: Path, delimiter: str, line: int, width: int, places: list[int]
) -> pd.DataFrame | None:
    """Return the rows below the header in this line, None where the file takes Python's csv."""
    columns_ = plain_csv.read(path, delimiter, header_line=line, width=width, places=places)
    if columns_ is None:
        return None
    table = pd.DataFrame(columns_)
    table["line"] = np.arange(line + 1, line + 1 + len(table))
    table["fault"] = pd.Series(None, index=table.index, dtype="str")
    return table


def _any(lines: Iterator[tuple[int, list[str]]], width: int, places: list[int]) -> pd.DataFrame:
    chunks = [_chunk([], places, width)]
    while some := list(itertools.islice(lines, _CHUNK)):
        chunks.append(_chunk(some, places, width))
    return pd.concat(chunks, ignore_index=True)


def _chunk(lines: list[tuple[int, list[str]]], places: list[int], width: int) -> pd.DataFrame:
    """Return the columns at `places` in rows of `width` cells."""
    whole = [cells if len(cells) == width else (cells + [""] * width)[:width] for _, cells in lines]
    table: dict[int | str, pd.Series[Any]] = {
        place: pd.Series([cells[place] for cells in whole], dtype="str").str.strip()
        for place in places
    }
    faults = [delimited.width_fault(len(cells), width) for _, cells in lines]
    table["line"] = pd.Series([line for line, _ in lines], dtype="int64")
    table["fault"] = pd.Series(faults, dtype="str")
    return pd.DataFrame(table)


def _read_parquet(path: Path) -> Rows:
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        raise MissingPackageError("A Parquet manifest", "parquet") from None
    try:
        with parquet.ParquetFile(path) as file:
            _check_size(file.metadata.num_rows, path)
            schema_ = file.schema_arrow
        points = b"geo" in (schema_.metadata or {})
        found = columns.find(schema_.names, f"manifest {path}", points=points)
        raw = _arrow_columns(path, schema_, found)
        if points:
            geometry = _geometry(path)
            return _with_geometry(geometry, raw, schema_.names, found, path)
    except ManifestError:
        raise
    except InputError as error:
        raise ManifestError(f"manifest {path}: {error}") from None
    except Exception as error:  # noqa: BLE001 - the errors of pyarrow share no base
        said = one_line(str(error))
        raise ManifestError(f"manifest {path}: cannot be read as Parquet: {said}") from None
    return Rows(_with_lines(raw), schema_.names, found)


def _check_size(rows: int, path: Path) -> None:
    """Raise ManifestError for a table with more rows than photos can have in so few bytes."""
    size = path.stat().st_size
    if rows > max(_MOST_ROWS, size // _BYTES_PER_ROW):
        raise ManifestError(
            f"manifest {path}: holds {rows:,} rows in {size / 1e6:.1f} MB, which cannot name as "
            "many photos; write one row per photo"
        )


def _arrow_columns(path: Path, schema_: "pa.Schema", found: columns.Found) -> pd.DataFrame:
    """Return the columns that may be ours. Raises ManifestError for one that is not text."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    places = sorted({place for some in found.values() for place in some})
    names = [schema_.names[place] for place in places]
    for place in places:
        _check_type(schema_.field(place), path)
    texts = [name for name in names if pa.types.is_string(schema_.field(name).type)]
    raw = parquet.read_table(path, columns=names, read_dictionary=texts)
    raw.validate(full=True)  # pyarrow does not look at the bytes of text before
    for name in names:
        _check_length(raw.column(name), name, path)
    table = pd.DataFrame(index=range(raw.num_rows))
    for place, name in zip(places, names, strict=True):
        column = raw.column(name)
        if pa.types.is_dictionary(column.type):
            column = column.cast(pa.large_string())
        table[place] = column.to_pandas()
    return table


def _check_type(field: "pa.Field", path: Path) -> None:
    from pyarrow import types

    kind = field.type.value_type if types.is_dictionary(field.type) else field.type
    binary = (types.is_binary, types.is_large_binary, types.is_fixed_size_binary)
    if types.is_nested(kind) or any(is_kind(kind) for is_kind in binary):
        raise ManifestError(
            f"manifest {path}: column {one_line(field.name, limit=40)!r} is of "
            f"{one_line(str(kind), limit=40)}, not text or numbers; write it as text (UTF-8)"
        )


def _check_length(column: "pa.ChunkedArray", name: str, path: Path) -> None:
    """Raise ManifestError for more text than memory should hold, as few bytes can stand for."""
    import pyarrow as pa
    import pyarrow.compute as pc

    length = 0
    for chunk in column.chunks:
        if pa.types.is_dictionary(chunk.type):
            sizes = pc.binary_length(chunk.dictionary)
            length += pc.sum(sizes.take(chunk.indices)).as_py() or 0
    if length > _MOST_TEXT:
        raise ManifestError(
            f"manifest {path}: column {one_line(name, limit=40)!r} holds {length / 1e9:.0f} GB of "
            "text; write one row per photo"
        )


def _geometry(path: Path) -> gpd.GeoDataFrame:
    """Return the points of a GeoParquet file alone."""
    import json

    import pyarrow.parquet as parquet

    meta = json.loads(parquet.read_schema(path).metadata[b"geo"])
    frame = gpd.read_parquet(path, columns=[meta["primary_column"]])
    vector.check_grids(frame)
    return frame


def _read_points(path: Path, name: str) -> Rows:
    try:
        with vector.opened(path) as source:
            table = source.read(_layer(source))
    except InputError as error:
        raise ManifestError(f"manifest {path}: cannot be read as {name}: {error}") from None
    if table.empty and name == "GPX":
        raise ManifestError(
            f"manifest {path}: holds no waypoints; give a track that photos are to be placed along "
            "with --track"
        )
    if not isinstance(table, gpd.GeoDataFrame):  # a layer without geometry
        header = [str(column) for column in table.columns]
        found = columns.find(header, f"manifest {path}")
        return Rows(_with_lines(_by_place(table, found)), header, found)
    header = [str(column) for column in table.columns if column != table.geometry.name]
    found = columns.find(header, f"manifest {path}", points=True)
    plain = table.drop(columns=table.geometry.name)
    return _with_geometry(table, _by_place(plain, found), header, found, path)


def _layer(source: vector.Source) -> str:
    """Return the layer of points, or the only one."""
    layers = source.layers()
    if len(layers) == 1:
        return layers[0][0]
    points = [name for name, kind in layers if kind is None or "Point" in kind or kind == "Unknown"]
    usual = [name for name in points if name.lower() in _LAYERS]
    chosen = usual[:1] or points
    if len(chosen) == 1:
        return chosen[0]
    names = one_line(", ".join(name for name, _ in layers))
    some = "several layers of points" if chosen else "no layer of points"
    raise InputError(f"it has {some} ({names}); save one with a point per photo in its own file")


def _by_place(table: pd.DataFrame, found: columns.Found) -> pd.DataFrame:
    places = sorted({place for some in found.values() for place in some})
    return pd.DataFrame({place: table.iloc[:, place].array for place in places})


def _with_geometry(
    table: gpd.GeoDataFrame,
    raw: pd.DataFrame,
    header: Sequence[str],
    found: columns.Found,
    path: Path,
) -> Rows:
    """Return the rows with the coordinates of their points, in degrees."""
    if table.crs is None:
        raise ManifestError(
            f"manifest {path}: its points have no CRS; save it in EPSG:4326, or give it its .prj"
        )
    shapes = np.array(table.geometry.array)
    single = (shapely.get_type_id(shapes) == shapely.GeometryType.MULTIPOINT) & (
        shapely.get_num_geometries(shapes) == 1
    )
    shapes[single] = shapely.get_geometry(shapes[single], 0)
    kinds = gpd.GeoSeries(shapes).geom_type
    no_point = (kinds.notna() & (kinds != "Point")).to_numpy()
    shapes[no_point | shapely.is_empty(shapes)] = None
    points = gpd.GeoSeries(shapes, crs=table.crs).to_crs(schema.CRS)
    fault = ("its geometry is a " + kinds.astype("str") + ", not a Point").where(no_point)
    placed = raw.assign(lon=points.x, lat=points.y, fault=fault)
    return Rows(_with_lines(placed), header, found)


def _with_lines(table: pd.DataFrame) -> pd.DataFrame:
    return table.reset_index(drop=True).assign(line=np.arange(1, len(table) + 1))
