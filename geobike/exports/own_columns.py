"""The columns of the user's areas file beside those of geobike, in files of any format."""

import json
import re
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pandas as pd

from geobike import schema
from geobike.reporting import report

PREFIX: Final = "geobike_"
"""Prefix of a column of geobike's if the user's file has a column of that name."""

_OF_GEOPARQUET: Final = ("geometry", "bbox")

_MOST: Final = 2.0**53  # above, floating-point numbers no longer have all whole numbers


def joined(ours: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """Return geobike's columns and then the user's.

    Names that differ only in case are the same, as in a GeoPackage. A column of the user's that
    holds what geobike's of that name does is left out; where it differs, it keeps its name, and
    geobike's is prefixed, which is reported.
    """
    theirs = {name: plain(own[column]) for name, column in zip(_names(own), own, strict=True)}
    taken = {name.lower(): name for name in theirs}
    renamed, same = {}, []
    for column in map(str, ours):
        if (name := taken.get(column.lower())) is None:
            continue
        if _is_same(ours[column], theirs[name]):
            same.append(name)
        else:
            renamed[column] = _free(column, taken)
    if renamed:
        pairs = [f"{column} as {new}" for column, new in renamed.items()]
        report("the areas' file has columns with names of geobike's, which are written", pairs)
    kept = pd.DataFrame(theirs, index=ours.index).drop(columns=same)
    return ours.rename(columns=renamed).join(kept)


def _names(columns: Iterable[Any]) -> list[str]:
    """Return the names in a file: those that GeoParquet needs itself get an underscore."""
    names = [str(column).removeprefix(schema.OWN) for column in columns]
    taken = set(names)
    for number, name in enumerate(names):
        if name in _OF_GEOPARQUET:
            while name in taken:
                name += "_"
            taken.add(name)
            names[number] = name
    return names


def _free(column: str, taken: dict[str, str]) -> str:
    name = PREFIX + column
    while name.lower() in taken:
        name = PREFIX + name
    return name


def _is_same(ours: "pd.Series[Any]", own: "pd.Series[Any]") -> bool:
    """Tell whether the user's column has the same content as geobike's."""
    known = own.notna()
    one = ours[known].astype(schema.TEXT)
    return bool((one == own[known].astype(schema.TEXT).str.strip()).all())


def names(columns: Iterable[Any], ours: Iterable[str]) -> dict[str, str]:
    """Return the names in a file of those of geobike's columns that are in it.

    Where the user's file has a column of the same name, geobike's is the prefixed one: it comes
    before all of the user's.

    Examples:
        >>> names(["area_id", "geobike_status", "status"], ["area_id", "status", "name"])
        {'area_id': 'area_id', 'status': 'geobike_status'}
    """
    found: dict[str, str] = {}
    for column in map(str, columns):
        found.setdefault(re.sub(f"^({PREFIX})+", "", column), column)
    return {name: found[name] for name in ours if name in found}


def plain(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return a column as text, numbers, flags or times in UTC, which every format holds."""
    kind = column.dtype
    if pd.api.types.is_bool_dtype(kind) or pd.api.types.is_integer_dtype(kind):
        return column
    if pd.api.types.is_float_dtype(kind):
        return _numbers(column.astype(schema.FLOAT))
    if isinstance(kind, pd.DatetimeTZDtype):
        utc: pd.Series[Any] = column.dt.tz_convert("UTC").astype(schema.TIME)
        return utc
    if pd.api.types.is_datetime64_dtype(kind):
        text: pd.Series[Any] = column.dt.strftime("%Y-%m-%dT%H:%M:%S").astype(schema.TEXT)
        return text
    known = column.dropna()
    if len(known) and known.map(type).isin((bool,)).all():  # gaps made them objects
        return column.astype(schema.MAYBE)
    if len(known) and known.map(type).isin((int, float)).all() and known.abs().max() < _MOST:
        return _numbers(pd.to_numeric(column).astype(schema.FLOAT))
    texts = [None if _is_missing(value) else _text(value) for value in column]
    return pd.Series(texts, index=column.index, dtype=schema.TEXT)


def _numbers(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return whole numbers as such: one empty cell of the file made them floating-point numbers."""
    known = column.dropna()
    is_whole = bool((known.mod(1) == 0).all() and (known.abs() < _MOST).all())
    return column.astype(schema.COUNT) if is_whole and len(known) else column


def _is_missing(value: Any) -> bool:
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | dict | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
