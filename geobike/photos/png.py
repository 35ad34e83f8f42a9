"""The chunks of a PNG, one of which holds its EXIF, perhaps after the pixels.

A PNG is a signature and a sequence of chunks: a length, a name of four letters, content, checksum.
Source: Portable Network Graphics (PNG) Specification, section 5.3, Chunk layout.
"""

import struct
import zlib
from collections.abc import Iterator
from io import SEEK_CUR
from typing import BinaryIO, Final

from geobike.errors import UnreadablePhoto
from geobike.photos import jpeg

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_MAX_CHUNKS: Final = 100_000
"""Encoders write at least 8 kB of pixels into a chunk, so this many hold 800 MB."""
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Colour type -> samples per pixel."""
_PASSES: Final = ((8, 8), (8, 8), (4, 8), (4, 4), (2, 4), (2, 2), (1, 2))
_OFFSETS: Final = ((0, 0), (4, 0), (0, 4), (2, 0), (0, 2), (1, 0), (0, 1))
"""The passes of an interlaced PNG: steps and first pixel across and down (section 8.2, Adam7)."""
_PIECE: Final = 1 << 16


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


def check_complete(file: BinaryIO) -> None:
    """Raise UnreadablePhoto for a PNG whose compressed pixels end before the last row.

    Where the stream itself ends well, Pillow fills up with black and says nothing.
    """
    expected, stream = 0, zlib.decompressobj()
    for name, size in _chunks(file):
        if name == b"IHDR" and size == 13:
            expected = _bytes_of_pixels(file.read(size))
            file.seek(-size, SEEK_CUR)
        if name == b"IDAT" and expected > 0:
            data = file.read(size)
            file.seek(-len(data), SEEK_CUR)
            expected -= _inflated(stream, data, expected)
    if expected > 0:
        raise UnreadablePhoto("truncated: the PNG's pixels end before its last row")


def _inflated(stream: "zlib._Decompress", data: bytes, most: int) -> int:
    """Return how many bytes the data give, counted up to `most` and never held together."""
    got = 0
    while data and not stream.eof and got < most:
        got += len(stream.decompress(data, _PIECE))
        data = stream.unconsumed_tail
    return got


def _bytes_of_pixels(header: bytes) -> int:
    """Return the bytes of all rows, each with its filter, from the content of IHDR."""
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    bits = depth * _CHANNELS.get(colour, 1)
    if not interlaced:
        return int(height * (1 + -(-width * bits // 8)))
    total = 0
    for (across, down), (left, top) in zip(_PASSES, _OFFSETS, strict=True):
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            total += rows * (1 + -(-columns * bits // 8))
    return total


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
