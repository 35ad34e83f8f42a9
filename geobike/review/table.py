"""Tables of text that people and spreadsheets edit too: nothing that we do not know is lost."""

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


def read(path: Path, *, known: Sequence[str], needed: Sequence[str] = ()) -> Table:
    """Read a table; `known` columns are in lower case, however the file writes them.

    Raises InputError where it cannot be read, lacks a needed column, or has a column twice.
    """
    found = delimited.read_cells(path, str(path))
    columns = [name.lower() if name.lower() in known else name for name in found.header]
    if twice := [name for name in columns if columns.count(name) > 1 and name]:
        raise InputError(f"{path}: has the column {twice[0]} twice; remove or rename all but one")
    if missing := [name for name in needed if name not in columns]:
        raise InputError(
            f"{path}: has no column {', '.join(missing)}; it has {', '.join(columns)[:200]}"
        )
    rows = [dict(zip(columns, cells, strict=True)) for cells in found.rows.values()]
    return Table(columns, rows, found.delimiter, found.marked)


def write(table: Table, path: Path) -> None:
    """Write a table, which takes its place at once. Raises OutputError."""
    with atomic_open(path) as file:
        if table.marked:
            file.write("\ufeff")
        rows = [[row.get(name, "") for name in table.columns] for row in table.rows]
        delimited.write_cells(file, [table.columns, *rows], delimiter=table.delimiter)


def plain(cells: Mapping[str, str], name: str) -> str:
    """Return the text of a cell as it was before it was escaped against formulas."""
    return delimited.unescape_formula(cells.get(name, "").strip())
