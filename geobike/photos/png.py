"""The chunks of a PNG: where its EXIF lies, which may be behind the pixels.

A PNG is a signature and a row of chunks: a length, a name of four letters, the content, a checksum.
Source: Portable Network Graphics (PNG) Specification, section 5.3, Chunk layout.
"""

import struct
from collections.abc import Iterator
from io import SEEK_CUR
from typing import BinaryIO, Final

from geobike.errors import UnreadablePhoto
from geobike.photos import jpeg

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_MAX_CHUNKS: Final = 100_000
"""Encoders write 8 kB of pixels or more into a chunk, so that these hold 800 MB."""


def exif_block(file: BinaryIO) -> bytes | None:
    """Return the first EXIF block of a PNG, empty where there is none; None for other files.

    OSError may escape. Raises UnreadablePhoto as `refuse_many_chunks` does, and for EXIF of more
    bytes than are read.
    """
    block, pixels = b"", False
    if not _is_png(file):
        return None
    for name, size in _chunks(file):
        if name == b"eXIf" and not block:
            jpeg.refuse_long_exif(size)
            block = file.read(size)
            file.seek(-len(block), SEEK_CUR)
        pixels = pixels or name == b"IDAT"
        if block and pixels:
            break  # what is behind the first pixels may be dear to ask for
    return block


def refuse_many_chunks(file: BinaryIO) -> None:
    """Raise UnreadablePhoto for a PNG of more chunks than any encoder writes: each takes time."""
    for _ in _chunks(file):
        pass


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Yield name and size of each chunk, with the file at its content."""
    if not _is_png(file):
        return
    for _ in range(_MAX_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            return
        size, name = struct.unpack(">I4s", head)
        yield name, size
        file.seek(size + 4, SEEK_CUR)
    raise UnreadablePhoto(f"the PNG has over {_MAX_CHUNKS:,} chunks, more than any photo's")


def _is_png(file: BinaryIO) -> bool:
    """Tell, and leave the file behind the signature."""
    file.seek(0)
    return file.read(len(_SIGNATURE)) == _SIGNATURE
