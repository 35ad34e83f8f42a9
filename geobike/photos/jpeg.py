"""The header of a JPEG, which is everything before the pixels: its size and its EXIF block.

A JPEG is a sequence of segments: a marker (FF and one byte), a length, the content. Most contents
are skipped, so that a few kB of a photo of 5 MB are read. Source: ITU-T T.81, annex B.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final, NamedTuple

from geobike.errors import UnreadablePhoto

HEADER_BYTES: Final = 65_536
"""Bytes to read first: they hold EXIF and size in the photos of nearly every camera."""

SOI: Final = b"\xff\xd8"
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15
_SCAN: Final = 0xDA
_ALONE: Final = frozenset({0x00, 0x01, 0xC8, 0xFF, *range(0xD0, 0xDA), *range(0xF0, 0xFE)})
"""Markers without a length; after C8 and F0 to FD, which no photo has, Pillow reads none either."""
_STRAY: Final = 0x00
_APP1: Final = 0xE1
_SEGMENT: Final = struct.Struct(">BBH")
_EXIF: Final = b"Exif\0\0"
_XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
_TIFF: Final = (b"II*\0", b"MM\0*")

MAX_EXIF: Final = 128 * HEADER_BYTES
"""Limit on EXIF, 8 MB: Pillow copies all of it at each segment of 64 kB."""
_MAX_STEPS: Final = 65_536  # segments and bytes between them; a photo has ten to hundreds


class Header(NamedTuple):
    """What the segments before the first scan give."""

    size: tuple[int, int] | None
    """Width and height as stored; None where the segments are irregular."""
    exif: bytes
    """The EXIF block, a TIFF structure; empty where there is none."""
    rotated_by_xmp: bool
    """Whether XMP, another kind of metadata, gives an orientation."""
    xmp: bytes = b""
    """Its first packet, an XML text; empty where there is none."""


def read_header(file: BinaryIO) -> Header | None:
    """Return the header; None where the file is not a JPEG.

    OSError may escape. Raises UnreadablePhoto for more segments, bytes between them or EXIF than
    any photo has: Pillow would take minutes to read them.
    """
    file.seek(0)
    window = _Window(file)
    if window.get(0, 2) != SOI:
        return None
    size, rotated_by_xmp, regular, xmp = None, False, True, b""
    exif: list[bytes] = []
    for marker, at, length in _segments(window):
        if marker == _SCAN:
            return Header(size if regular else None, _first_block(exif), rotated_by_xmp, xmp)
        if marker == _STRAY:
            regular = False  # left to readers that are more lenient
        elif marker in _FRAMES:
            size = _size(window.get(at, 6))
        elif marker == _APP1:
            content = window.get(at, length)
            if content.startswith(_EXIF):
                exif.append(content[len(_EXIF) :])
                check_exif_size(len(exif) * HEADER_BYTES)
            elif b"tiff:Orientation" in content:
                rotated_by_xmp = True
            if not xmp and content.startswith(_XMP):
                xmp = content[len(_XMP) :]
    return Header(None, _first_block(exif), rotated_by_xmp, xmp)


def check_exif_size(size: int) -> None:
    """Raise UnreadablePhoto for EXIF of more than MAX_EXIF bytes."""
    if size > MAX_EXIF:
        raise UnreadablePhoto(f"the photo's EXIF is over the limit of {MAX_EXIF / 1e6:.0f} MB")


def _segments(window: "_Window") -> Iterator[tuple[int, int, int]]:
    """Yield marker, offset of the content and its size for each segment.

    Bytes of FF may fill the space before a marker. Other stray bytes are skipped as Pillow skips
    them, so that nothing that Pillow reads is missed, and yielded as _STRAY.
    """
    at, get, unpack = 2, window.get, _SEGMENT.unpack  # a million photos have ten million segments
    for _ in range(_MAX_STEPS):
        start = get(at, 4)
        if len(start) < 4:
            return
        mark, marker, length = unpack(start)
        if mark == 0xFF and marker not in _ALONE and length >= 2:
            yield marker, at + 4, length - 2
            at += 2 + length
        elif mark == marker == 0xFF:
            at += 1
        else:
            yield _STRAY, at, 0
            at += 1 if mark != 0xFF else 2 if marker in _ALONE else 4
    raise UnreadablePhoto(
        f"the JPEG has over {_MAX_STEPS:,} segments or stray bytes before its pixels"
    )


def _first_block(parts: Sequence[bytes]) -> bytes:
    """Return the EXIF block, which is split over several segments if it is over 64 kB.

    A part that begins like a TIFF file is a second block, as for exiftool; Pillow reads none.
    """
    ends = (n for n, part in enumerate(parts) if n and part.startswith(_TIFF))
    return b"".join(parts[: next(ends, len(parts))])


def _size(frame: bytes) -> tuple[int, int] | None:
    """Return width and height of a frame of 8 bits per sample in 1, 3 or 4 components."""
    if len(frame) < 6:
        return None
    bits, height, width, components = struct.unpack(">BHHB", frame)
    known = bits == 8 and components in (1, 3, 4) and width and height
    return (width, height) if known else None


class _Window:
    """The part of a file that was read last. Each next part is larger: a request may be slow."""

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
