"""The chunks of a PNG, one of which holds its EXIF, perhaps after the pixels.

A PNG is a signature and a sequence of chunks: a length, a name of four letters, content, checksum.
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
"""Encoders write at least 8 kB of pixels into a chunk, so this many hold 800 MB."""


def exif_block(file: BinaryIO) -> bytes | None:
    """Return the first EXIF block of a PNG, empty where there is none; None for other files.

    OSError may escape. Raises UnreadablePhoto as `check_chunks` does, and for EXIF over the limit.
    """
    block, pixels = b"", False
    if not _is_png(file):
        return None
    for name, size in _chunks(file):
        if name == b"eXIf" and not block:
            jpeg.check_exif_size(size)
            block = file.read(size)
            file.seek(-len(block), SEEK_CUR)
        pixels = pixels or name == b"IDAT"
        if block and pixels:
            break  # reading past the first pixels may be slow
    return block


def check_chunks(file: BinaryIO) -> None:
    """Raise UnreadablePhoto for a PNG of more chunks than any encoder writes."""
    for _ in _chunks(file):
        pass


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Yield name and size of each chunk, with the file positioned at its content."""
    if not _is_png(file):
        return
    for _ in range(_MAX_CHUNKS):
        start = file.read(8)
        if len(start) < 8:
            return
        size, name = struct.unpack(">I4s", start)
        yield name, size
        file.seek(size + 4, SEEK_CUR)
    raise UnreadablePhoto(f"the PNG has over {_MAX_CHUNKS:,} chunks, more than any photo has")


def _is_png(file: BinaryIO) -> bool:
    """Return whether a file has the signature of a PNG, and leave it positioned after that."""
    file.seek(0)
    return file.read(len(_SIGNATURE)) == _SIGNATURE
