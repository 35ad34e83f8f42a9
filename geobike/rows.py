"""The rows of a CSV file, parted by comma, semicolon or tab."""

import csv
from collections.abc import Iterator
from typing import TextIO


def delimiter(file: TextIO) -> str:
    """Return what parts the cells of the first row, and go back to the start of the file."""
    header = file.readline()
    file.seek(0)
    return max(",;\t", key=header.count)


def read(file: TextIO, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each row that is not blank, with the number of its last line.

    `file` is opened with `newline=""`. Raises csv.Error.
    """
    reader = csv.reader(file, delimiter=delimiter)
    return ((reader.line_num, cells) for cells in reader if "".join(cells).strip())


def wrong_length(cells: int, header: int) -> str | None:
    """Tell what is wrong with a row of so many cells below a header of so many, if anything."""
    if cells == header:
        return None
    hint = "; put a number with a decimal comma in quotes" if cells > header else ""
    return f"{cells} cells where the header has {header}{hint}"
