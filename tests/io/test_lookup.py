"""Texts looked up among others, against a search from the first on."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geobike.io.lookup import is_unique, rows_among

TEXTS = st.lists(st.sampled_from(["", "a", "b", "é", "a.jpg", None]), max_size=8)
STORAGES = pytest.mark.parametrize("storage", ["python", "pyarrow"])


@STORAGES
@given(asked=TEXTS, known=TEXTS)
def test_each_text_is_found_in_the_first_row_that_has_it(
    storage: str, asked: list[str | None], known: list[str | None]
) -> None:
    rows = rows_among(column(asked, storage), column(known, storage))
    found = [known.index(one) if one is not None and one in known else -1 for one in asked]
    assert rows.tolist() == found


@STORAGES
def test_a_frame_that_changed_since_is_looked_through_again(storage: str) -> None:
    names = column(["a", "b"], storage)
    assert is_unique(names)
    assert is_unique(names)
    names[1] = "a"
    assert not is_unique(names)


def column(texts: list[str | None], storage: str) -> "pd.Series[str]":
    return pd.Series(texts, dtype=pd.StringDtype(storage, na_value=float("nan")))
