"""CSV, escaped against CSV formula injection, for tables without geometry."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from geobike.exports.protocol import Files, Format, Table, one_file_per_table
from geobike.io.delimited import FORMULA
from geobike.io.files import atomic_open

if TYPE_CHECKING:
    import pandas as pd


def write_labels(labels: Mapping[str, Sequence[Mapping[str, Any]]], path: str | Path) -> None:
    """Write labels with their scores, by photo, as CSV. Raises InputError."""
    import pandas as pd

    rows = [{"photo_id": photo, **one} for photo, found in labels.items() for one in found]
    out = pd.DataFrame(rows, columns=["photo_id", "label", "score"])
    write(out, ("photo_id", "label"), path)


def _write_table(_: Table, frame: "pd.DataFrame", path: Path) -> None:
    """Write numbers in full: a score of 0.30004 is above 0.3, also when it is read again."""
    from geobike import schema

    texts = [name for name, dtype in schema.DETECTIONS.columns.items() if dtype == schema.CODED]
    write(frame, texts, path)


def write(frame: "pd.DataFrame", texts: Sequence[str], path: str | Path) -> None:
    """Write CSV; the columns `texts` are escaped against CSV formula injection."""
    out = frame.assign(**{text: _escape_formula(frame[text]) for text in texts})
    # Before Python 3.13, csv does not quote a carriage return, which ends a row for every reader.
    returns = any(_has_return(out[text]) for text in texts)
    quoting: Literal[0, 2] = csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL
    with atomic_open(path) as file:
        out.to_csv(file, index=False, quoting=quoting, lineterminator="\n")


def _escape_formula(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return text that no spreadsheet takes for a formula; `unescape` reverses it.

    Of a coded column, such as the label of each box, every text is looked at once.
    """
    if column.dtype == "category":
        escaped = _escape_formula(column.cat.categories.to_series())
        return column.cat.rename_categories(escaped.tolist())
    risky = column.str.match(f"'*{FORMULA}")
    return column.mask(risky, "'" + column)


def _has_return(column: "pd.Series[Any]") -> bool:
    return bool(column.drop_duplicates().astype("str").str.contains("\r", regex=False).any())


_FILES: Final[Files] = {"detections": "detections.csv"}

FORMAT: Final = Format(
    name="csv",
    help="detections",
    files=_FILES,
    suffixes=(".csv",),
    write=one_file_per_table(_FILES, _write_table),
)
