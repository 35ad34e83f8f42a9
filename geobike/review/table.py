"""Tables of text that people and spreadsheets edit too: nothing that we do not know is lost."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from geobike.errors import InputError
from geobike.io import delimited
from geobike.io.files import atomic_open


@dataclass
class Table:
    """A CSV file in memory: every cell as text, in the order of the file."""

    columns: list[str]
    rows: list[dict[str, str]] = field(default_factory=list)
    delimiter: str = ","
    marked: bool = False
    """Whether it begins with a byte order mark, without which Excel takes UTF-8 for another code.
    """

    def need(self, columns: Sequence[str]) -> None:
        """Add the columns that are missing."""
        self.columns += [name for name in columns if name not in self.columns]


def read(path: Path, *, needed: Sequence[str] = ()) -> Table:
    """Read a table. Raises InputError where it cannot be read, or lacks a needed column."""
    try:
        with path.open("rb") as start:
            marked = start.read(3) == b"\xef\xbb\xbf"
        with delimited.open_text(path) as file:
            delimiter, skip = delimited.sniff(file)
            rows = [cells for _, cells in delimited.read_rows(file, delimiter, skip=skip)]
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"{path}: {delimited.reason(error)}") from None
    columns = [name.strip() for name in rows[0]] if rows else []
    if missing := [name for name in needed if name not in columns]:
        raise InputError(
            f"{path}: has no column {', '.join(missing)}; it has {', '.join(columns)[:200]}"
        )
    return Table(columns, [_row(columns, cells) for cells in rows[1:]], delimiter, marked)


def write(table: Table, path: Path) -> None:
    """Write a table, which takes its place at once. Raises OutputError."""
    with atomic_open(path) as file:
        if table.marked:
            file.write("\ufeff")
        writer = csv.writer(file, delimiter=table.delimiter, lineterminator="\n")
        writer.writerow(table.columns)
        writer.writerows([row.get(name, "") for name in table.columns] for row in table.rows)


def plain(cells: Mapping[str, str], name: str) -> str:
    """Return the text of a cell as it was before it was escaped against formulas."""
    return delimited.unescape_formula(cells.get(name, "").strip())


def _row(columns: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    return {name: cells[place] if place < len(cells) else "" for place, name in enumerate(columns)}
