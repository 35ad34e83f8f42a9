"""Text that recurs, kept once: columns of categories, and looking rows up by their text."""

from typing import Any, Final
from weakref import WeakValueDictionary

import numpy as np
import pandas as pd

from geobike.io.lookup import in_arrow, rows_among
from geobike.schema.frame import CODED, TEXT

_TYPES: Final[WeakValueDictionary[int, Any]] = WeakValueDictionary()  # by the texts' id


def coded(values: "pd.Series[Any]") -> "pd.Categorical[Any]":
    """Return a column of recurring text as categories, which are text."""
    if not is_coded(values):
        # astype("category") would sort the text, and a million names take a second.
        return pd.Categorical.from_codes(*pd.factorize(values.astype(TEXT)))
    out: pd.Categorical[Any] = values.array
    return out


def as_codes(
    rows: "np.ndarray[Any, np.dtype[np.intp]]", of: "pd.Series[str]"
) -> "pd.Categorical[Any]":
    """Return text as categories: that of rows of a column that does not repeat, NA for -1.

    The same texts give the same type, so that pandas looks through them once.
    """
    texts: Any = of.array
    kept = in_arrow(of)
    known = _TYPES.get(id(kept))
    if known is None or in_arrow(known.categories) is not kept:
        known = pd.CategoricalDtype(pd.Index(texts, dtype=TEXT))
        if kept is not None:
            _TYPES[id(kept)] = known
    out: pd.Categorical[Any] = pd.Categorical.from_codes(rows, dtype=known)
    return out


def text(values: "pd.Series[Any]") -> "pd.Series[str]":
    """Return a column of categories as plain text: a twentieth of the time of `astype`."""
    if not is_coded(values):
        return values
    texts = values.cat.categories.array.take(values.array.codes, allow_fill=True)
    return pd.Series(texts, index=values.index)


def looked_up(values: "pd.Series[Any]", known: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return what is known of each text by its name, NA where nothing is: `map` for millions."""
    found = known.array.take(rows_of(values, known.index), allow_fill=True)
    return pd.Series(found, index=values.index)


def rows_of(
    values: "pd.Series[Any]",
    among: "pd.Series[str] | pd.Index[str]",
    *,
    chosen: "np.ndarray[Any, np.dtype[np.bool_]] | None" = None,
) -> "np.ndarray[Any, np.dtype[np.intp]]":
    """Return for each text of a column its row in `among`, -1 for NA and for what is not there.

    Text that is kept once is looked up once. With `chosen` rows it is the row in `among[chosen]`:
    codes that stand for `among` are not looked up at all, where they would be in a frame of some
    rows.

    >>> names = pd.Series(["a", "b", "c"], dtype="str")
    >>> rows_of(pd.Series(["c", "b", None], dtype="str"), names)
    array([ 2,  1, -1])
    >>> rows_of(pd.Series(["c", "b", None], dtype="str"), names, chosen=np.array([1, 0, 1]) == 1)
    array([ 1, -1, -1])
    """
    recurs = is_coded(values)
    rows = rows_among(values.cat.categories if recurs else values, among)
    if chosen is not None:
        rows = np.append(np.where(chosen, np.cumsum(chosen) - 1, -1), -1)[rows]
    return np.asarray(np.append(rows, -1)[values.cat.codes], dtype=np.intp) if recurs else rows


def is_coded(values: "pd.Series[Any]") -> bool:
    """Return whether a column is categories of text."""
    return bool(values.dtype == CODED and values.cat.categories.dtype == TEXT)
