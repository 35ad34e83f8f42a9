"""What stands before the pixels of a JPEG: its size, and the EXIF block wherever it stands.

A JPEG is a row of segments: a marker (FF and one byte), a length, the content. Only their heads are
looked at, so that of a photo of 5 MB a few kB are read. Source: ITU-T T.81, annex B.
"""

import struct
from typing import BinaryIO, Final, NamedTuple

HEADER_BYTES: Final = 65_536
"""Bytes that are read at first: EXIF and size of nearly every camera's photos lie in them."""

_SOI: Final = b"\xff\xd8"
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15
_SCAN: Final = 0xDA
_ALONE: Final = frozenset({0x00, 0x01, 0xFF, *range(0xD0, 0xDA)})  # no length follows these
_APP1: Final = 0xE1
_EXIF: Final = b"Exif\0\0"


class Header(NamedTuple):
    """What the segments before the first scan say."""

    size: tuple[int, int] | None
    """Width and height as stored; None where the segments are not as they should be."""
    exif: bytes
    """The EXIF block, a TIFF structure; empty where there is none."""
    turned_by_xmp: bool
    """Whether XMP, a second place for such things, names an orientation."""


def read_header(file: BinaryIO) -> Header | None:
    """Return what stands before the pixels; None where the file is no JPEG. OSError may escape."""
    file.seek(0)
    window = _Window(file)
    if window.get(0, 2) != _SOI:
        return None
    size, exif, turned_by_xmp = None, b"", False
    at = 2
    while len(start := window.get(at, 4)) == 4:
        mark, marker, length = struct.unpack(">BBH", start)
        if mark != 0xFF or marker in _ALONE or length < 2:
            break  # whoever reads more leniently may look for himself
        if marker == _SCAN:
            return Header(size, exif, turned_by_xmp)
        if marker in _FRAMES:
            size = _size(window.get(at + 4, 6))
        elif marker == _APP1:
            content = window.get(at + 4, length - 2)
            if content.startswith(_EXIF):
                exif += content[len(_EXIF) :]  # one of over 64 kB is spread over several
            elif b"tiff:Orientation" in content:
                turned_by_xmp = True
        at += 2 + length
    return Header(None, exif, turned_by_xmp)


def _size(frame: bytes) -> tuple[int, int] | None:
    """Return width and height of a frame of 8 bits a sample in 1, 3 or 4 layers."""
    if len(frame) < 6:
        return None
    bits, height, width, layers = struct.unpack(">BHHB", frame)
    known = bits == 8 and layers in (1, 3, 4) and width and height
    return (width, height) if known else None


class _Window:
    """The part of a file that was read last. Each next part is larger: a request may be dear."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._start = 0
        self._data = file.read(HEADER_BYTES)
        self._next = 2 * HEADER_BYTES

    def get(self, at: int, size: int) -> bytes:
        """Return these bytes of the file; fewer at its end."""
        if at + size > self._start + len(self._data) and len(self._data):
            self._file.seek(at)
            self._start, self._data = at, self._file.read(max(self._next, size))
            self._next = min(2 * self._next, 64 * HEADER_BYTES)
        return self._data[at - self._start : at - self._start + size]
