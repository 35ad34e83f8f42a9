"""Names and ids of areas, from the columns of their file."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from geobike import schema
from geobike.areas import columns
from geobike.errors import AreasError
from geobike.reporting import one_line, report

# fmt: off
_NAMES: Final = (
    "name", "naam", "buurtnaam", "bu_naam", "wijknaam", "wk_naam", "gm_naam", "nom", "nombre",
    "bezeichnung", "names", "title", "label",
)
# fmt: on
"""Columns that are used as the name, in this order and in any letter case."""

_PLACES: Final = ("neighbourhood", "neighborhood", "district", "buurt", "wijk", "stadtteil")
"""Used after them, if their values are not codes."""

_OF_NAME: Final = re.compile(
    r"(^|_)(names?|naam|nom|nombre|nome|navn|namn|nimi|nazwa|nev|naziv|bezeichnung|bezeich|libelle"
    r"|denominacion|label|title|titel)(_|\d*$)|(name|naam|bezeichnung)\d*$"
)
"""Words in a column's name that mean that it contains names."""

_OF_PLACE: Final = re.compile(
    r"neigh|district|quart|buurt|wijk|kiez|stadtteil|ortsteil|bezirk|barrio|bairro|borough|ward"
    r"|suburb|commune|gemeente|municipality|area|zone|region"
)
_OF_OTHER: Final = re.compile(
    r"(^|_)(user|file|path|layer|style|font|author|editor|owner|creator|created|edited|url|uri)"
    r"|(user|file|path)_?name"
)
"""Words that mean that it names something else."""

_OF_CODE: Final = re.compile(
    r"(^|_)(id|ids|code|cd|key|hash|sha\d*|md5|uuid|guid|gid|fid|oid|nr|no|number|nummer|objectid"
    r"|globalid|gmlid|version|date|datum|type|source|geom|wkt|geometry|description)(_|$)"
    r"|(id|code|hash)$"
)

_HEX: Final = re.compile(r"(?=.*\d)[0-9a-fA-F-]{6,}")
_MIXED: Final = re.compile(r"\S*[^\W\d_]\d+[^\W\d_]\S*")
_WORD: Final = re.compile(r"[^\W\d_]{3}")
_SHORT: Final = re.compile(r"[A-Z]{1,3}([-_][A-Z]{1,3})?")


def name_column(frame: gpd.GeoDataFrame, path: str | Path, wanted: str | None) -> str | None:
    """Return the column with the names: the one requested, or the most likely one.

    A guess is reported. None where no column seems to hold names. Raises AreasError where the
    wanted one is not there.
    """
    if wanted is not None:
        return columns.find(frame, path, wanted, "--name-column")
    given = [str(column) for column in frame.columns.drop(frame.geometry.name)]
    by_lower = {_words(column): column for column in reversed(given)}
    usual = [by_lower[name] for name in _NAMES if name in by_lower]
    usual += [by_lower[n] for n in _PLACES if n in by_lower and _may_name(frame[by_lower[n]])]
    known = [column for column in usual if frame[column].notna().any()]
    if known:
        return known[0]
    guessed = _guess(frame, given)
    if guessed is not None:
        report(
            f"areas {path}: names are taken from the column {guessed!r}; choose another with "
            f"--name-column ({columns.listed(frame)})"
        )
    return guessed


def _guess(frame: gpd.GeoDataFrame, given: list[str]) -> str | None:
    """Return the first column with a name that fits, with unique values if possible."""
    own = [column for column in given if not _OF_OTHER.search(_words(column))]
    named = [c for c in own if _OF_NAME.search(_words(c)) and _is_text(frame[c])]
    texts = [c for c in own if not _OF_CODE.search(_words(c)) and _may_name(frame[c])]
    places = [column for column in texts if _OF_PLACE.search(_words(column))]
    for found in (named, places, texts):
        unique = [column for column in found if _is_unique(frame[column])]
        if found and (unique or found is not texts):
            return (unique or found)[0]
    return texts[0] if texts else None


def _words(column: str) -> str:
    """Return the words of a column's name in small letters with _ between them."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column.strip())
    return re.sub(r"[\W_]+", "_", apart).lower()


def _is_text(column: "pd.Series[Any]") -> bool:
    """Tell whether a column holds text, or lists or dicts of it, and not all of it codes."""
    if pd.api.types.is_string_dtype(column) and column.notna().any():
        return not _are_codes(column) if len(column) > 1 else True
    values = column.dropna()
    return column.dtype == object and any(columns.structure(one) is not None for one in values)


def _may_name(column: "pd.Series[Any]") -> bool:
    plain = pd.api.types.is_string_dtype(column) and column.notna().any()
    return bool(plain) and not _are_codes(column)


def _are_codes(column: "pd.Series[Any]") -> bool:
    """Tell whether most values are codes, hashes or numbers rather than names."""
    values = column.dropna().astype(schema.TEXT).str.strip().head(1000)
    return sum(map(_is_code, values)) * 2 > len(values)


def _is_code(value: str) -> bool:
    if any(pattern.fullmatch(value) for pattern in (_HEX, _MIXED, _SHORT)) or "://" in value:
        return True
    digits = any(sign.isdigit() for sign in value)
    return not any(map(str.isalpha, value)) or (digits and not _WORD.search(value))


def _is_unique(column: "pd.Series[Any]") -> bool:
    return bool(column.map(str).is_unique)


def names(
    frame: gpd.GeoDataFrame, path: str | Path, column: str | None, *, language: str | None = None
) -> "pd.Series[str]":
    """Return the names as text; an area without one is called by its number, as in "Area 2".

    A list of names is joined with commas. Of several names by language, that of `primary` is
    taken, else that of `language`. Raises AreasError for other values that are not text.
    """
    numbers = pd.Series(range(1, len(frame) + 1), index=frame.index).astype(schema.TEXT)
    if column is None:
        report(
            f"areas {path}: no column seems to hold names, so areas are numbered; name the column "
            f"with --name-column ({columns.listed(frame)})"
        )
        return ("Area " + numbers).astype(schema.TEXT)
    given = frame[column]
    if given.dtype == object or pd.api.types.is_string_dtype(given):
        given = given.map(lambda value: _plain(value, language))
    try:
        found = columns.texts(given)
    except ValueError as error:
        raise AreasError(
            f"areas {path}: names in the column {column!r}: {error}; choose another with "
            f"--name-column ({columns.listed(frame)})"
        ) from None
    return found.fillna("Area " + numbers)


def _plain(value: Any, language: str | None) -> Any:
    """Return the text of a list or dict; of other values, or without text, the value itself."""
    found = columns.structure(value)
    if isinstance(found, Mapping):
        keys = [key for key in ("primary", language) if key is not None]
        known = [found[key] for key in keys if isinstance(found.get(key), str)]
        return known[0] if known else found
    if isinstance(found, list):
        items = [item for item in found if item is not None]
        return ", ".join(items) if all(isinstance(item, str) for item in items) else found
    return value


def ids(
    frame: gpd.GeoDataFrame,
    path: str | Path,
    *,
    column: str | None,
    names: "pd.Series[str] | None",
) -> "pd.Series[str]":
    """Return the ids: of the requested column, else the names if unique, else running numbers.

    Raises AreasError where values of the column are empty, repeated, or neither text nor numbers.
    """
    if column is None:
        if names is not None and names.is_unique:
            return names
        return pd.Series(range(1, len(frame) + 1), index=frame.index).astype(schema.TEXT)
    try:
        found = columns.texts(frame[columns.find(frame, path, column, "--id-column")])
    except ValueError as error:
        raise AreasError(
            f"areas {path}: --id-column {column!r}: {error}; choose a column of text or of "
            "numbers of up to 15 digits"
        ) from None
    if found.isna().any() or not found.is_unique:
        raise AreasError(
            f"areas {path}: --id-column {column!r} has empty or repeated values{_example(found)}"
        )
    return found


def _example(ids: "pd.Series[str]") -> str:
    repeated = ids[ids.duplicated() & ids.notna()]
    return "" if repeated.empty else f", such as {one_line(repeated.iloc[0], limit=60)!r}"
