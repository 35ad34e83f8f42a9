"""The rows of a CSV file in UTF-8, parted by comma, semicolon or tab."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO


def open_text(path: Path) -> TextIO:
    """Open a CSV file, to be closed by the caller. Raises OSError, csv.Error for a workbook."""
    with path.open("rb") as file:
        if file.read(4) == b"PK\x03\x04":
            raise csv.Error("an Excel workbook; save it as CSV UTF-8")
    return path.open(encoding="utf-8-sig", newline="")


def sniff(file: TextIO) -> tuple[str, int]:
    """Return what parts the cells, and how many lines come before the header; go back to the start.

    One line comes before it where Excel is told, as in `sep=;`, what parts the cells.
    """
    first = file.readline()
    file.seek(0)
    return max(",;\t", key=first.count), int(first.lower().startswith("sep="))


def read_rows(file: TextIO, delimiter: str, *, skip: int = 0) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each row that is not blank, with the number of its last line.

    `file` is as `open_text` gives it; its first `skip` lines are skipped. Raises csv.Error.
    """
    reader = csv.reader(file, delimiter=delimiter)
    rows = ((reader.line_num, cells) for cells in reader)
    return ((line, cells) for line, cells in rows if line > skip and "".join(cells).strip())


def width_fault(cells: int, header: int) -> str | None:
    """Tell what is wrong with a row of so many cells below a header of so many, if anything."""
    if cells == header:
        return None
    hint = "; put a number with a decimal comma in quotes" if cells > header else ""
    return f"{cells} cell{'s' * (cells != 1)} where the header has {header}{hint}"
