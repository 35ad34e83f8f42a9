"""GeoJSON by RFC 7946: the tables with geometry."""

import json
import math
from collections.abc import Callable, Iterable, Iterator
from json.encoder import encode_basestring
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from geobike.exports.protocol import Files, Format, Table, one_file_per_table
from geobike.io.files import atomic_open

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

_CHUNK: Final = 20_000  # features that are Python objects at a time
_encode: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def _number(value: float) -> str:
    return float.__repr__(value) if math.isfinite(value) else _encode(value)  # which raises


_ENCODERS: Final[dict[type, Callable[[Any], str]]] = {
    str: encode_basestring,
    int: int.__repr__,
    bool: {False: "false", True: "true"}.__getitem__,
    type(None): lambda _: "null",
    float: _number,
}


def _write_table(_: Table, frame: "gpd.GeoDataFrame", path: Path) -> None:
    write_features(frame, path)


def write_features(frame: "gpd.GeoDataFrame", path: Path) -> None:
    """Write one feature per line: valid GeoJSON that `diff` and `grep` can work with."""
    with atomic_open(path) as file:
        file.write('{"type": "FeatureCollection", "features": [')
        for number, feature in enumerate(_features(frame)):
            file.write(f",\n{feature}" if number else f"\n{feature}")
        file.write("\n]}\n")


def _features(frame: "gpd.GeoDataFrame") -> Iterator[str]:
    """Yield feature by feature, in chunks, so that memory stays small.

    Values are encoded column by column, in half the time that an encoder takes for each row.
    """
    names = [name for name in frame.columns if name != frame.geometry.name]
    properties = ", ".join(_encode(name).replace("%", "%%") + ": %s" for name in names)
    form = '{"type": "Feature", "geometry": %s, "properties": {' + properties + "}}"
    for start in range(0, len(frame), _CHUNK):
        chunk = frame.iloc[start : start + _CHUNK]
        columns = [_encoded(_values(chunk[name])) for name in names]
        yield from map(form.__mod__, zip(_geometries(chunk.geometry), *columns, strict=True))


def _encoded(values: list[Any]) -> Iterable[str]:
    """Return values as JSON: those of a column are mostly of one type, which has one encoder."""
    kinds = set(map(type, values))
    if len(kinds) == 1:
        return map(_encoder(*kinds), values)
    if len(kinds) == 2 and type(None) in kinds:
        encode = _encoder(*(kinds - {type(None)}))
        return ["null" if value is None else encode(value) for value in values]
    return [_encoder(type(value))(value) for value in values]


def _encoder(kind: type) -> Callable[[Any], str]:
    """Return what encodes values of a type as an encoder does, but without making one for each."""
    return _ENCODERS.get(kind, _encode)


def _values(column: "pd.Series[Any]") -> list[Any]:
    """Return Python values; NA, NaN and infinity as None, times in ISO 8601 with Z."""
    import numpy as np
    import pandas as pd

    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return _times(column)
    known = np.isfinite(column) if column.dtype == "float64" else column.notna()
    return column.astype(object).where(known, None).tolist()


def _times(column: "pd.Series[Any]") -> list[str | None]:
    """Return times to the second, None for NaT. strftime takes ten times as long."""
    import numpy as np

    clock = column.dt.tz_localize(None).to_numpy()
    written = np.datetime_as_string(clock, unit="s").tolist()
    return [None if text == "NaT" else f"{text}Z" for text in written]


def _geometries(geometry: "gpd.GeoSeries") -> Iterator[str]:
    """Yield the geometries, which are rounded and oriented as RFC 7946 has it."""
    import numpy as np
    import shapely

    for text in shapely.to_geojson(np.asarray(geometry.array)):
        yield "null" if text is None else text


_FILES: Final[Files] = {
    table: f"{table}.geojson"
    for table in ("areas", "streets", "racks", "stops", "bicycles", "photos")
}

FORMAT: Final = Format(
    name="geojson",
    help="all tables but the detections",
    files=_FILES,
    suffixes=(".geojson", ".json"),
    write=one_file_per_table(_FILES, _write_table),
)
