"""Text that recurs, kept once: columns of categories, and looking rows up by their text."""

from typing import Any

import numpy as np
import pandas as pd

from geobike.io.lookup import rows_among
from geobike.schema.frame import CODED, TEXT


def coded(values: "pd.Series[Any]") -> "pd.Categorical[Any]":
    """Return a column of recurring text as categories, which are text."""
    if not is_coded(values):
        # astype("category") would sort the text, and a million names take a second.
        return pd.Categorical.from_codes(*pd.factorize(values.astype(TEXT)))
    out: pd.Categorical[Any] = values.array
    return out


def rows_of(
    values: "pd.Series[Any]", among: "pd.Series[str] | pd.Index[str]"
) -> "np.ndarray[Any, np.dtype[np.intp]]":
    """Return for each text of a column its row in `among`, -1 for NA and for what is not there.

    Text that recurs is looked up once.
    """
    codes = coded(values)
    rows = np.append(rows_among(codes.categories, among), -1)
    return np.asarray(rows[codes.codes], dtype=np.intp)


def is_coded(values: "pd.Series[Any]") -> bool:
    """Return whether a column is categories of text."""
    return bool(values.dtype == CODED and values.cat.categories.dtype == TEXT)
