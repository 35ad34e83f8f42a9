"""Columns of an areas file: found by name, and their values as text or whole numbers."""

import json
import math
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from geobike import schema
from geobike.errors import AreasError
from geobike.reporting import one_line, report_number

_MOST: Final = 2.0**53  # above, floating-point numbers no longer have all whole numbers


def find(frame: gpd.GeoDataFrame, path: str | Path, wanted: str, option: str) -> str:
    """Return the column that an option names. Raises AreasError where there is none."""
    if wanted not in frame.columns or wanted == frame.geometry.name:
        raise AreasError(f"areas {path}: no column {wanted!r} ({option}); {listed(frame)}")
    return wanted


def listed(frame: gpd.GeoDataFrame) -> str:
    """Return a clause that lists the first columns."""
    columns = [str(column) for column in frame.columns if column != frame.geometry.name]
    more = f" and {len(columns) - 12} more" if len(columns) > 12 else ""
    return f"its columns are {', '.join(columns[:12])}{more}"


def texts(column: "pd.Series[Any]") -> "pd.Series[str]":
    """Return a column as text without blanks around it, NA where it is empty.

    A whole number is written without a decimal point: one empty cell makes a column of whole
    numbers a column of floating-point numbers. Text such as 101.0 is treated the same way if every
    value of the column ends so. Raises ValueError for a value that is not text.
    """
    found = pd.Series([_text(value) for value in column], index=column.index, dtype=schema.TEXT)
    found = found.str.strip()
    found = found.mask(found == "")
    if found.notna().any() and found.dropna().str.fullmatch(r"[+-]?[0-9]+\.0+").all():
        found = found.str.partition(".")[0].astype(schema.TEXT)
    return found


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping | list | tuple | set | np.ndarray | bytes):
        raise ValueError(f"{one_line(str(value), limit=60)} is not text")
    if pd.isna(value):
        return None
    exact = isinstance(value, Decimal)
    if (exact or isinstance(value, float | np.floating)) and math.isfinite(value):
        number: Any = value
        if not exact and abs(number) >= _MOST:
            raise ValueError(f"{number:.0f} has more digits than are kept of a number")
        if number % 1 == 0:
            return f"{number:.0f}"
    return str(value)


def structure(value: Any) -> Any:
    """Return a value that is a list or dict, possibly written as JSON; else None."""
    if isinstance(value, np.ndarray | tuple):
        # An Arrow map is a list of pairs.
        pairs = all(isinstance(item, tuple) and len(item) == 2 for item in value)
        return dict(value) if pairs and len(value) else list(value)
    if isinstance(value, list | Mapping):
        return value
    if isinstance(value, str) and value.lstrip().startswith(("{", '["', "[ ")):
        try:
            found = json.loads(value)
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, list | Mapping) else None
    return None


def population(frame: gpd.GeoDataFrame, path: str | Path, wanted: str) -> "pd.Series[Any]":
    """Return inhabitants; negative values, which mark withheld statistics, become NA.

    Text such as 1.640 or 2.000 is an error: in half of Europe the point separates thousands.
    """
    column = frame[find(frame, path, wanted, "--population-column")]
    numbers = pd.to_numeric(column, errors="coerce").astype("float64")
    strange = (numbers.isna() & column.notna()) | (numbers % 1 > 0) | (numbers >= _MOST)
    if pd.api.types.is_string_dtype(column):
        strange |= column.str.contains(".", regex=False, na=False)
    if strange.any():
        row = strange.idxmax()
        value = one_line(str(column[row]), limit=60)
        raise AreasError(
            f"areas {path}: --population-column {wanted!r} holds {value!r} at row "
            f"{row}; give whole numbers without separators of thousands"
        )
    unknown = numbers.isna() | ~np.isfinite(numbers) | (numbers < 0)
    report_number(
        f"area has no population in {wanted!r} of {path}",
        f"areas have no population in {wanted!r} of {path}",
        number=int(unknown.sum()),
    )
    inhabitants: pd.Series[Any] = numbers.mask(unknown).astype(schema.COUNT)
    return inhabitants
