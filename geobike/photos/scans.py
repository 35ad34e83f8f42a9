"""The scans of a JPEG: how many there are, whether some are missing, whether any ends early.

A scan holds the pixels, or some frequencies and bits of all of them, coded without a length. Its
end is the next marker. Source: ITU-T T.81, annexes B and G.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from geobike.errors import UnreadablePhoto
from geobike.photos.jpeg import SOI

MAX_SCANS: Final = 100
"""Progressive encoders write about ten; libtiff has the same limit."""
_MARKER: Final = re.compile(rb"\xff([\x02-\xcf\xd8-\xfe])")
_SCAN: Final = 0xDA
_END: Final = 0xD9
_ALL: Final = bytes((0, 63, 0))
"""How the parameters of a scan with all frequencies and bits end."""
_INTERVAL: Final = 0xDD  # restart markers divide the pixels
_PROGRESSIVE: Final = 0xC2
_HUFFMAN: Final = (0xC0, 0xC1, _PROGRESSIVE)
"""Frames of baseline, extended and progressive JPEGs; all other kinds tell nothing."""
_MORE: Final = bytes(range(1, 255)) * 8
"""Pixel data of no particular picture, without a marker."""

_NEVER_SENT: Final = 16
"""More bits than a scan can leave to later ones."""


class Scan(NamedTuple):
    """One scan: offsets of its parameters, of its data and of the marker that ends it."""

    header: int
    start: int
    end: int
    intervals: bool
    """Whether restart markers divide it."""


def check_number(data: bytes) -> None:
    """Raise UnreadablePhoto for a JPEG of more scans than any encoder writes.

    Each scan passes over all pixels: 8,000 empty ones, in 88 kB, take minutes. Inside a scan every
    FF is followed by 00 or a restart marker, so that other markers end it. Call it after
    `jpeg.read_header`, which bounds the number of segments.
    """
    if not data.startswith(SOI) or is_whole(data) or _pairs(data, b"\xff\xda") <= MAX_SCANS:
        return  # mostly; thumbnails and videos in the file may have some as well
    scans = 0
    for marker, _, _ in _markers(data):
        scans += marker == _SCAN
        if scans > MAX_SCANS:
            raise UnreadablePhoto(f"the JPEG has over {MAX_SCANS} scans, more than any photo has")


def find(data: bytes) -> list[Scan]:
    """Return the scans of the first picture; none where their ends tell nothing."""
    found: list[Scan] = []
    header: int | None = None
    frame, intervals, start = 0, False, 0
    for marker, at, after in _markers(data):
        if header is not None:
            found.append(Scan(header, start, at, intervals))
            header = None
        if marker == _SCAN:
            header, start = at + 4, after
        intervals |= marker == _INTERVAL
        frame = marker if _is_frame(marker) else frame
    return found if header is None and frame in _HUFFMAN else []


def is_whole(data: bytes) -> bool:
    """Tell whether the first scan of a JPEG has all of the picture, so that no other is read.

    It is that of nearly every camera, and known without a look at the pixels' data.
    """
    frames, components = bytearray(), b""
    for marker, at, after in _markers(data):
        if marker == _SCAN:
            sequential = bytes(frames) in (b"\xc0", b"\xc1")
            return (
                sequential
                and data[after - 3 : after] == _ALL
                and data[at + 5 : after - 3 : 2] == components
            )
        if _is_frame(marker):
            frames.append(marker)
            components = _of_frame(data, at)
    return False


def lacks_some(data: bytes, scans: Sequence[Scan]) -> bool:
    """Tell whether a frequency or a last bit of a component comes in none of the scans.

    The standard does not demand all of them, but every camera and encoder writes them.
    """
    if not scans:
        return False
    left = {component: [_NEVER_SENT] * 64 for component in _components(data)}
    # In other frames than progressive ones these bytes say nothing, and some encoders write zeros.
    progressive = any(marker == _PROGRESSIVE for marker, _, _ in _markers(data))
    for scan in scans:
        first, last, bits = data[scan.start - 3 : scan.start] if progressive else _ALL
        before, after = bits >> 4, bits & 0x0F
        for component in data[scan.header + 1 : scan.start - 3 : 2]:
            for frequency in range(first, last + 1):
                if before in (0, left[component][frequency]):
                    left[component][frequency] = after
    return any(any(frequencies) for frequencies in left.values())


def lengthened(data: bytes, scans: Sequence[Scan]) -> bytes:
    """Return the JPEG with more data behind those of each scan.

    A decoder passes over what it does not need. It draws another picture where it does, since the
    scan's own data end early.
    """
    parts, at = [], 0
    for scan in scans:
        more = _restart(data[scan.start : scan.end]) + _MORE if scan.intervals else b""
        parts += [data[at : scan.end], _MORE, more]
        at = scan.end
    return b"".join([*parts, data[at:]])


def _markers(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield each marker of the first picture, its offset, and where its segment ends."""
    at = len(SOI)
    while (found := _MARKER.search(data, at)) is not None:
        marker = found[1][0]
        at = found.end() + int.from_bytes(data[found.end() : found.end() + 2])
        yield marker, found.start(), at
        if marker == _END:
            return


def _is_frame(marker: int) -> bool:
    return 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)


def _components(data: bytes) -> bytes:
    """Return the numbers of the components that the frame declares."""
    frames = (at for marker, at, _ in _markers(data) if marker in _HUFFMAN)
    return _of_frame(data, next(frames))


def _of_frame(data: bytes, at: int) -> bytes:
    at += 9  # marker, length, bits, height, width
    return data[at + 1 : at + 1 + 3 * data[at] : 3] if at < len(data) else b""


def _restart(pixels: bytes) -> bytes:
    """Return the restart marker that follows the last one."""
    last = max((pixels.rfind(bytes((0xFF, 0xD0 + one))), one) for one in range(8))
    return bytes((0xFF, 0xD0 + (last[1] + 1) % 8 if last[0] >= 0 else 0xD0))


def _pairs(data: bytes, pair: bytes) -> int:
    """Return how often two different bytes follow each other: ten times as fast as bytes.count."""
    wanted = np.frombuffer(pair, np.uint16)[0]
    even, odd = (np.frombuffer(data, np.uint16, (len(data) - at) // 2, at) for at in (0, 1))
    return int(np.count_nonzero(even == wanted) + np.count_nonzero(odd == wanted))
