"""What a file says of its racks, in the words of OpenStreetMap, of France, or of a city.

Nothing is guessed: a capacity is a whole number or not known, and a rack whose access nobody knows
by name is left out rather than taken for public.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from geobike import schema
from geobike.reporting import one_line

MOST: Final = 20_000
"""Places in one rack; the largest bicycle garage on Earth has some 12,500."""

PRIVATE: Final = "private"
CUSTOMERS: Final = "customers"
OTHER: Final = "other access"
INDOOR: Final = "indoor"
TWICE: Final = "twice"

_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "rack_id": ("rack_id", "id_local", "@id", "id"),
    "capacity": ("capacity", "capacite"),
    "kind": ("bicycle_parking", "mobilier", "kind"),
    "access": ("access", "acces"),
    "capacity_date": ("check_date:capacity", "date_maj", "date"),
}
"""Columns of the frame, and those of a file that say the same, in small letters; the first counts:
those of OpenStreetMap, of the French national file, and of geobike's own."""

_ACCESS: Final = {
    **dict.fromkeys(("", "yes", "public", "permissive", "designated", "libre acces")),
    **dict.fromkeys(("private", "no", "residents", "employees", "prive"), PRIVATE),
    **dict.fromkeys(
        ("customers", "members", "permit", "abonnement ou inscription prealable"), CUSTOMERS
    ),
}
"""Why a rack is left out, by what is said of its access; None: it is for everybody."""

_CLOSED: Final[Mapping[str, frozenset[str]]] = {
    "indoor": frozenset(("yes", "room", "area", "true", "1")),
    "location": frozenset(("indoor", "underground", "rooftop")),
    "bicycle_parking": frozenset(("building", "shed", "lockers")),
    "protection": frozenset(("consigne collective fermee", "box individuel ferme")),
}
_OPEN: Final[Mapping[str, frozenset[str]]] = {
    "indoor": frozenset(("no", "false", "0")),
    "location": frozenset(("outdoor", "overground", "surface")),
    "protection": frozenset(("stationnement non ferme",)),
}
"""Columns, and what they say of racks into which no photo of the street sees, and of others."""


def texts(column: "pd.Series[Any]") -> "pd.Series[str]":
    """Return what a file says as text without blanks around it, NA where it says nothing.

    Whole numbers are written as such, also where an empty cell made them floating-point numbers.
    """
    if isinstance(column.dtype, pd.DatetimeTZDtype) or column.dtype.kind == "M":
        found: pd.Series[Any] = column.dt.strftime("%Y-%m-%d")
    elif pd.api.types.is_float_dtype(column.dtype):
        found = column.map(
            lambda value: f"{value:.0f}" if value % 1 == 0 else repr(value), "ignore"
        )
    else:
        found = column
    text = found.astype("object").where(column.notna(), None).astype(schema.TEXT).str.strip()
    return text.map(one_line, na_action="ignore").astype(schema.TEXT).mask(text == "")


def find(table: pd.DataFrame, wanted: str) -> str | None:
    """Return the column of a file that says what the frame's column `wanted` does, or None."""
    lowered = {str(column).lower(): str(column) for column in reversed(list(table))}
    return next((lowered[name] for name in _NAMES[wanted] if name in lowered), None)


def said(table: pd.DataFrame, wanted: str) -> "pd.Series[str]":
    """Return what the file says under one of the names of a column of the frame."""
    name = find(table, wanted)
    if name is None:
        return pd.Series(None, index=table.index, dtype=schema.TEXT)
    return texts(table[name])


def capacity(said: "pd.Series[str]") -> "pd.Series[Any]":
    """Return whole numbers from 1 to MOST, NA for everything else.

    `10;20`, `~30` and `yes` may mean something, but nobody knows what; a rack of no places is none.

    >>> capacity(pd.Series(["12", "10;20", "yes", "~30", "-1", "1000000000", "0", None])).tolist()
    [12, <NA>, <NA>, <NA>, <NA>, <NA>, <NA>, <NA>]
    """
    whole = said.where(said.str.fullmatch(r"\+?[0-9]{1,9}", na=False))
    number = pd.to_numeric(whole).astype(schema.FLOAT)
    found: pd.Series[Any] = number.where(number.between(1, MOST)).astype(schema.COUNT)
    return found


def indoor(table: pd.DataFrame) -> "pd.Series[Any]":
    """Return whether no photo of the street sees into a rack; NA where the file does not say.

    Racks in lockers, sheds and buildings, and those on another level than the street's, are such.
    """
    words = {name: _lowered(table, name) for name in ("level", *_CLOSED)}
    level = pd.to_numeric(words["level"], errors="coerce")
    closed = level.notna() & (level != 0)
    open_ = level == 0
    for name in _CLOSED:
        closed |= words[name].isin(_CLOSED[name])
        open_ |= words[name].isin(_OPEN.get(name, frozenset()))
    flags = np.where(closed, 1.0, np.where(open_, 0.0, np.nan))
    return pd.Series(flags, index=table.index).astype(schema.MAYBE)


def left_out(access: "pd.Series[str]", indoor: "pd.Series[Any]") -> "pd.Series[str]":
    """Return why a rack is not a place for everybody that photos see, NA where it is one."""
    words = access.fillna("").str.casefold()
    reason = words.map(lambda word: _ACCESS.get(word, OTHER)).astype(schema.TEXT)
    return reason.where(reason.notna(), indoor.map({True: INDOOR}).astype(schema.TEXT))


def dates(said: "pd.Series[str]", default: str | None) -> "pd.Series[str]":
    """Return days as in 2026-05-12, else the default; other texts are not dates."""
    day = said.str.slice(0, 10)
    valid = day.str.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", na=False)
    valid &= pd.to_datetime(day, format="%Y-%m-%d", errors="coerce").notna()
    return day.where(valid, default).astype(schema.TEXT)


def hstore(tags: "pd.Series[str]") -> pd.DataFrame:
    r"""Return the tags of OpenStreetMap that GDAL leaves in one text, each as a column.

    >>> hstore(pd.Series(['"capacity"=>"12","note"=>"by \\"De Kroeg\\""', None])).to_dict("list")
    {'capacity': ['12', nan], 'note': ['by "De Kroeg"', nan]}
    """
    rows = [dict(map(_unescaped, _PAIR.findall(text or ""))) for text in tags.fillna("")]
    return pd.DataFrame(rows, index=tags.index, dtype=schema.TEXT)


_PAIR: Final = re.compile(r'"((?:[^"\\]|\\.)*)"=>"((?:[^"\\]|\\.)*)"', re.DOTALL)


def _unescaped(pair: tuple[str, str]) -> tuple[str, str]:
    name, value = (re.sub(r"\\(.)", r"\1", part, flags=re.DOTALL) for part in pair)
    return name, value


def _lowered(table: pd.DataFrame, name: str) -> "pd.Series[str]":
    columns = [column for column in table if str(column).lower() == name]
    if not columns:
        return pd.Series(None, index=table.index, dtype=schema.TEXT)
    return texts(table[columns[0]]).str.casefold()
