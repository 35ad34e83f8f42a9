"""A new draw with what people have counted of an earlier one: no count is ever lost."""

from pathlib import Path

import pandas as pd

from geobike.errors import InputError
from geobike.estimates import entries, hand_counts
from geobike.io.redaction import redact

_ALIKE = ("seed", *hand_counts.FROZEN)


def as_cells(drawn: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a draw as the text of a file, with all its columns."""
    rows = drawn.reindex(columns=list(hand_counts.COLUMNS)).astype(object)
    return rows.where(rows.notna(), "").astype("str")


def is_counted(rows: pd.DataFrame) -> "pd.Series[bool]":
    """Tell which photos people have looked at: a row is filled in, or its page is done."""
    return hand_counts.is_filled_in(rows) | _on_done_pages(rows)


def with_counts(drawn: pd.DataFrame, earlier: pd.DataFrame, path: str | Path) -> pd.DataFrame:
    """Return the rows of a new draw with what was filled in of an earlier one, and own rows.

    Both are as `hand_counts.read_drawn` gives them; `path` is where the earlier ones stand. Raises
    InputError where photos that were counted are not in the new draw, or the draws differ in seed
    or settings: put together they would be no sample.
    """
    rows = as_cells(drawn)
    counted = earlier[is_counted(earlier)]
    if counted.empty:
        return rows
    is_own = ~counted["origin"].str.lower().isin(hand_counts.DRAWN)
    _check_alike(rows, counted[~is_own], path)
    kept = _closed(counted[~is_own], earlier, rows).set_index("file")
    extra = [name for name in earlier if name not in hand_counts.COLUMNS]
    for name in [*hand_counts.FILLED_IN, *extra]:
        rows[name] = rows["file"].map(kept[name]).fillna("")
    return pd.concat([rows, counted[is_own]], ignore_index=True).fillna("")


def _check_alike(rows: pd.DataFrame, counted: pd.DataFrame, path: str | Path) -> None:
    now = rows.iloc[0]
    for name in _ALIKE:
        other = [cell for cell in counted[name] if not hand_counts.is_same(cell, now[name])]
        if other:
            raise InputError(
                f"{redact(path)}: holds counts of {len(counted)} photos that were drawn with "
                f"{name} {other[0] or 'not given'}, and not with {now[name]}; {_REMEDY}"
            )
    lost = counted["file"][~counted["file"].isin(rows["file"])]
    if len(lost):
        raise InputError(
            f"{redact(path)}: holds counts of {len(lost)} photos that would not be drawn any more, "
            f"such as {lost.iloc[0]}; {_REMEDY}"
        )


_REMEDY = "draw as before or more (--seed, --list, --sheets), or move the file away"


def _done(rows: pd.DataFrame) -> "pd.Series[bool]":
    return rows["page_done"].map(entries.is_yes).astype(bool)


def _on_done_pages(rows: pd.DataFrame) -> "pd.Series[bool]":
    sheet = rows["origin"].str.lower() == "sheet"
    return sheet & rows["page"].isin(rows.loc[sheet & _done(rows), "page"])


def _closed(counted: pd.DataFrame, earlier: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Write zeros on pages that are done, and now hold other photos: empty would be not counted."""
    out = counted.copy()
    on_done = _on_done_pages(counted)
    for page in counted.loc[on_done, "page"].unique():
        before = earlier.loc[earlier["page"] == page, "file"]
        if set(before) != set(rows.loc[rows["page"] == page, "file"]):
            here = on_done & (counted["page"] == page)
            out.loc[here & (counted["bicycles"] == ""), "bicycles"] = "0"
            out.loc[here, "page_done"] = ""
    return out
