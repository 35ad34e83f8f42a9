"""The rows of a CSV file in UTF-8, separated by comma, semicolon, tab or vertical bar."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Literal, TextIO

from geobike.errors import InputError
from geobike.reporting import one_line

if TYPE_CHECKING:
    import pandas as pd

_SAVE: Final = "save it as CSV UTF-8"
_OTHERS: Final = (
    (b"PK\x03\x04", f"an Excel or OpenDocument workbook; {_SAVE}"),
    (b"\xd0\xcf\x11\xe0", f"an Excel workbook; {_SAVE}"),
    (b"\xff\xfe", f"UTF-16 text; {_SAVE}"),
    (b"\xfe\xff", f"UTF-16 text; {_SAVE}"),
    (b"SQLite format 3\0", "a GeoPackage or another SQLite file; give it the ending .gpkg"),
    (b"PAR1", "Parquet; give it the ending .parquet"),
    (b"{", "JSON, not CSV; GeoJSON has the ending .geojson"),
    (b"[", f"JSON, not CSV; {_SAVE}"),
    (b"<", "XML or HTML, not CSV; GPX and KML have the endings .gpx and .kml"),
    (b"%PDF", f"a PDF; {_SAVE}"),
    (b"\xff\xd8\xff", "a JPEG photo, not a table"),
)
"""What is often given instead of CSV, by its first bytes."""


FORMULA: Final = r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
"""How a cell begins that a spreadsheet may take for a formula (CSV injection): the signs, the
blanks before them that some skip, and the wide signs that some read as these."""

_RISKY: Final = re.compile(f"'*{FORMULA}")
_ESCAPED: Final = re.compile(f"^'(?='*{FORMULA})")


def escape_formula(text: str) -> str:
    """Return text that no spreadsheet takes for a formula.

    >>> escape_formula("=1.jpg"), escape_formula("1.jpg")
    ("'=1.jpg", '1.jpg')
    """
    return f"'{text}" if _RISKY.match(text) else text


def unescape_formula(text: str) -> str:
    """Return what `escape_formula` was given."""
    return text[1:] if text.startswith("'") and _RISKY.match(text) else text


def unescape(column: "pd.Series[str]") -> "pd.Series[str]":
    """Undo `escape_formula` in a column, unless a text in it shows that it was not done."""
    if column.str.match(FORMULA).any():
        return column
    return column.str.replace(_ESCAPED, "", regex=True)


def open_text(path: Path) -> TextIO:
    """Open a CSV file, to be closed by the caller.

    Raises OSError, and csv.Error for what is plainly not CSV: a workbook, UTF-16, another format.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for mark, what in _OTHERS:
        if start.startswith(mark):
            raise csv.Error(what)
    if b"\0" in head:
        raise csv.Error(f"UTF-16 text or not text at all; {_SAVE}")
    return path.open(encoding="utf-8-sig", newline="")


def sniff(file: TextIO) -> tuple[str, int]:
    """Return what separates the cells, and how many lines precede the header; seek to the start.

    One line precedes it where it names the separator for Excel, as in `sep=;`.
    """
    first = file.readline()
    file.seek(0)
    return max(",;\t|", key=first.count), int(first.lower().startswith("sep="))


def read_rows(file: TextIO, delimiter: str, *, skip: int = 0) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each row that is not blank, with the number of its last line.

    `file` is as `open_text` gives it; its first `skip` lines are skipped. Raises csv.Error, also
    where a quotation mark that is not closed makes one cell of the rows below it.
    """
    taken: list[str] = []  # lines of the row that is read
    reader = csv.reader(_noted(file, taken), delimiter=delimiter)
    for cells in reader:
        if len(taken) > 1:
            _check_closed(taken, delimiter, reader.line_num)
        taken.clear()
        if reader.line_num > skip and "".join(cells).strip():
            yield reader.line_num, cells


def _noted(lines: Iterable[str], taken: list[str]) -> Iterator[str]:
    for line in lines:
        taken.append(line)
        yield line


def _check_closed(lines: list[str], delimiter: str, last: int) -> None:
    """Raise csv.Error for a row of several lines whose quotation marks are not in pairs."""
    try:
        list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        raise csv.Error(
            f"line {last - len(lines) + 1}: a quotation mark is opened there, and not closed "
            'before the next cell; close it, or write "" for one within a cell'
        ) from None


def reason(error: Exception) -> str:
    r"""Return why a file could not be opened or read as text, of what `open_text` may raise.

    >>> reason(UnicodeDecodeError("utf-8", b"caf\xe9", 3, 4, "unexpected end of data"))
    'not UTF-8 text (byte 0xe9); save it as CSV UTF-8'
    """
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8 text (byte 0x{error.object[error.start]:02x}); {_SAVE}"
    return str(getattr(error, "strerror", None) or error)


def number(text: str) -> float:
    """Return a number of a cell, whose decimal sign may be a comma. Raises ValueError.

    >>> number("10,5"), number("10.5")
    (10.5, 10.5)
    """
    return float(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)


def refuse_thousands(cells: Iterable[str], where: str) -> None:
    """Raise InputError where every comma in these cells may separate thousands.

    A number of a table such as 0,9 or 10,5 shows that commas are decimal signs.
    """
    with_comma = [cell.strip() for cell in cells if "," in cell]
    if with_comma and all(_THOUSANDS.fullmatch(cell) for cell in with_comma):
        raise InputError(
            f"{where}: {one_line(with_comma[0], limit=20)!r} may be thousands or have decimals; "
            "write numbers without separators of thousands, and with decimal points"
        )


_THOUSANDS: Final = re.compile(r"-?[1-9][0-9]{0,2}(,[0-9]{3})+")


def width_fault(cells: int, header: int) -> str | None:
    """Return what is wrong with a row of so many cells below a header of so many, or None."""
    if cells == header:
        return None
    hint = "; put a number with a decimal comma in quotes" if cells > header else ""
    return f"{cells} cell{'s' * (cells != 1)} where the header has {header}{hint}"


@dataclass(frozen=True)
class Cells:
    """A CSV file as it is: every cell as text."""

    header: list[str]
    """Without blanks around the names."""
    rows: dict[int, list[str]]
    """By the number of their line, each as wide as the header."""
    delimiter: str
    marked: bool
    """Whether it begins with a byte order mark, without which Excel takes UTF-8 for another code.
    """


def read_cells(path: Path, name: str) -> Cells:
    """Return the cells of a CSV file that people edit.

    Raises InputError, which calls it `name`, where it cannot be read, and for a row that is wider
    or narrower than the header.
    """
    try:
        with path.open("rb") as start:
            marked = start.read(3) == b"\xef\xbb\xbf"
        with open_text(path) as file:
            delimiter, skip = sniff(file)
            rows = read_rows(file, delimiter, skip=skip)
            _, header = next(rows, (1, []))
            lines = dict(rows)
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"{name}: cannot be read: {reason(error)}") from None
    for line, cells in lines.items():
        if fault := width_fault(len(cells), len(header)):
            raise InputError(f"{name} line {line}: {fault}")
    return Cells([column.strip() for column in header], lines, delimiter, marked)


def write_cells(file: IO[str], cells: Sequence[Sequence[str]], *, delimiter: str = ",") -> None:
    """Write rows as CSV, the header first. Text is escaped against formulas by the caller."""
    # Before Python 3.13, csv does not quote a carriage return, which ends a row for every reader.
    returns = any("\r" in text for row in cells for text in row)
    quoting: Literal[0, 1] = csv.QUOTE_ALL if returns else csv.QUOTE_MINIMAL
    csv.writer(file, delimiter=delimiter, lineterminator="\n", quoting=quoting).writerows(cells)
