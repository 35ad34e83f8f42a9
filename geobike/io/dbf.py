"""The text encoding of a dBASE table, the attributes of a shapefile."""

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from geobike.reporting import report

_MOST: Final = 64 << 20  # bytes of a table that are checked
_MANY_BYTES: Final = ("gb", "936", "big5", "950", "jis", "932", "euc", "949", "johab")
"""Parts of the names of encodings whose text may look like UTF-8 by chance."""


def encoding(shapefile: Path) -> str | None:
    """Return UTF-8 where a shapefile's text is in it, None to read as the file says.

    Text beyond ASCII that is valid UTF-8 is in no other encoding of one byte per character, so
    that a missing or wrong .cpg is overruled; the latter is reported.
    """
    table = shapefile.with_suffix(".dbf")
    if shapefile.suffix != ".shp" or not table.is_file():
        return None
    said = _said(shapefile.with_suffix(".cpg"))
    named = said.lower().replace("-", "").replace("_", "")
    if named in ("utf8", "65001") or any(part in named for part in _MANY_BYTES):
        return None
    head, texts = _texts(table)
    if not texts:
        return None
    if all(map(_is_utf8, texts)):
        if said:
            report(f"{shapefile.name}: its text is UTF-8, though its .cpg says {said}")
        return "UTF-8"
    if not said and head[29:30] == b"\0":
        report(
            f"{shapefile.name}: does not say the encoding of its text, which is read as "
            "ISO-8859-1; if names look wrong, pass --encoding"
        )
    return None


def _said(cpg: Path) -> str:
    if not cpg.is_file():
        return ""
    with cpg.open("rb") as file:
        return file.read(40).decode("ascii", "replace").strip()


def _texts(table: Path) -> tuple[bytes, list[bytes]]:
    """Return the header, and the text fields that hold more than ASCII."""
    with table.open("rb") as file:
        head = file.read(65536)
        start, width = (int.from_bytes(head[i : i + 2], "little") for i in (8, 10))
        file.seek(start)
        rows = file.read(_MOST)
    if width == 0 or rows.isascii():
        return head, []
    fields = list(_fields(head[:start]))
    records = (rows[i : i + width] for i in range(0, len(rows), width))
    strange = (record for record in records if not record.isascii())
    texts = [record[begin:end] for record in strange for begin, end in fields]
    return head, [text for text in texts if not text.isascii()]


def _fields(head: bytes) -> Iterator[tuple[int, int]]:
    """Yield where in a record each text field begins and ends."""
    place = 1  # after the mark of deleted records
    for i in range(32, len(head) - 31, 32):
        if head[i] == 0x0D:
            return
        width = head[i + 16]
        if head[i + 11 : i + 12] == b"C":
            width += head[i + 17] << 8  # long text fields
            yield place, place + width
        place += width


def _is_utf8(text: bytes) -> bool:
    """Tell whether a text is UTF-8, also where its field ends within a character."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(text.rstrip(b" \0"))
    except UnicodeDecodeError:
        return False
    return True
