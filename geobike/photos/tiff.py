"""The directories of a TIFF structure, such as an EXIF block, and a copy that is faster to read.

Source: TIFF 6.0, section 2; Exif 2.32, section 4.6.
"""

import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from geobike.photos import clock, position_quality

ORIENTATION, SUB, GPS = 0x0112, 0x8769, 0x8825
"""Tags: the orientation, and the offsets of the Exif and the GPS directory."""

_ORDERS: Final = {b"II*\0": "<", b"MM\0*": ">"}
_COUNT: Final = {order: struct.Struct(order + "H") for order in "<>"}
_PLACE: Final = {order: struct.Struct(order + "I") for order in "<>"}
_ENTRY: Final = {order: struct.Struct(order + "HHI4s") for order in "<>"}  # tag, type, count, value
_VALUE_SIZES: Final = dict(enumerate((1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4), start=1))
"""Bytes of one value of each type. Source: TIFF 6.0, section 2, and its supplement 1 for 13."""
_ASCII: Final = 2
_TIME, _OFFSET = 0x9003, 0x9011  # DateTimeOriginal, OffsetTimeOriginal
_ABSENT: Final = (0, 0, 0, b"")
_PROCESSING_METHOD: Final = 0x001B  # of the GPS directory; no such tag is read from the others
_LONG_METHOD: Final = 256  # bytes
_POINTER_TYPES: Final = (4, 13)
_MAX_CHAIN: Final = 8  # directories in a row: a camera writes two

_Entry = tuple[int, int, int, bytes]


class Wanted(NamedTuple):
    """Tags that are read, including those of the directories."""

    main: frozenset[int]
    """In the first directory."""
    sub: frozenset[int]
    """In the Exif directory, to which the first points."""
    gps: frozenset[int]
    """In the GPS directory, to which the first points."""
    other_clocks: frozenset[int]
    """Of those, the ones that matter only where the time of exposure or its offset is not valid."""


class _Unusual(Exception):
    """A block whose short copy might be read differently."""


def thinned(block: bytes, wanted: Wanted) -> bytes | None:
    """Return a copy of the block whose directories hold only the wanted entries.

    exifread reads every entry, and spends two thirds of its time on those that are not wanted. The
    new directories follow the end of the block, and the header points to them. No other byte
    changes and every value is inside the block, so that the values read are those of the block.
    None where that is not certain.
    """
    order = _ORDERS.get(block[:4])
    try:
        return None if order is None else _with_short_directories(block, order, wanted)
    except (struct.error, _Unusual):
        return None


def _with_short_directories(block: bytes, order: str, wanted: Wanted) -> bytes | None:
    (first,) = _PLACE[order].unpack_from(block, 4)
    main = _entries(block, order, first, wanted.main)
    if not main or _gps_in_next_directories(block, order, first):
        return None
    parts = [block[:4], b"", block[8:]]
    end, timed = len(block), False
    for tag, tags in ((SUB, wanted.sub), (GPS, wanted.gps)):
        if tag in main:
            found = _entries(block, order, _pointer(main[tag], order), tags)
            if tag == SUB and GPS in found:  # a second pointer to a GPS directory
                return None
            timed = timed or (tag == SUB and _gives_time(block, order, found))
            if timed:
                others = wanted.other_clocks
                found = {one: entry for one, entry in found.items() if one not in others}
            main[tag] = (*main[tag][:3], _PLACE[order].pack(end))
            parts.append(_directory(found, order))
            end += len(parts[-1])
    parts[1] = _PLACE[order].pack(end)
    return b"".join((*parts, _directory(main, order)))


def _entries(block: bytes, order: str, at: int, wanted: frozenset[int]) -> dict[int, _Entry]:
    """Return the wanted entries of the directory at `at`. Raises _Unusual.

    A directory is a count, as many entries of 12 bytes, and the offset of the next directory. Of
    entries with the same tag exiftool and exifread take the last; of orientations exiftool and
    Pillow, which rotates the pixels, take the first.
    """
    found: dict[int, _Entry] = {}
    place, end = _PLACE[order].unpack, len(block)
    for entry in [entry for entry in _all_entries(block, order, at) if entry[0] in wanted]:
        tag, kind, count, value = entry
        if kind not in _VALUE_SIZES:
            continue  # no reader has a value for it
        if kind == _ASCII and count <= 4 and value in position_quality.USUAL:
            continue  # a usual text; a longer one is at the offset `value`
        size = count * _VALUE_SIZES[kind]
        if size > 4 and not 8 <= place(value)[0] <= end - size:
            raise _Unusual
        if tag == _PROCESSING_METHOD and not _names_a_cell(block, size, value, place):
            continue
        if tag in found and tag in (SUB, GPS):
            raise _Unusual
        if tag != ORIENTATION or tag not in found:
            found[tag] = entry
    return found


def _gives_time(block: bytes, order: str, found: Mapping[int, _Entry]) -> bool:
    """Tell whether the Exif directory holds a valid time of exposure with its offset."""
    texts = []
    for tag, size in ((_TIME, 20), (_OFFSET, 7)):
        _, kind, count, value = found.get(tag, _ABSENT)
        if kind != _ASCII or count != size:
            return False
        at = _PLACE[order].unpack(value)[0]
        texts.append(block[at : at + size])
    return clock.is_complete(*texts)


def _names_a_cell(
    block: bytes, size: int, value: bytes, place: Callable[[bytes], tuple[int]]
) -> bool:
    """Tell whether this value of GPSProcessingMethod is the one that matters."""
    (at,) = place(value)
    return size > 4 and position_quality.is_cell(block[at : at + min(size, _LONG_METHOD)])


def _all_entries(block: bytes, order: str, at: int) -> Iterator[_Entry]:
    (count,) = _COUNT[order].unpack_from(block, at)
    end = at + 2 + 12 * count
    if end > len(block):
        raise _Unusual
    return _ENTRY[order].iter_unpack(block[at + 2 : end])


def _pointer(entry: _Entry, order: str) -> int:
    _, kind, count, value = entry
    if kind not in _POINTER_TYPES or count != 1:
        raise _Unusual
    place: int = _PLACE[order].unpack(value)[0]
    return place


def _directory(entries: Mapping[int, _Entry], order: str) -> bytes:
    """Return a directory without a next one."""
    packed = [_ENTRY[order].pack(*entry) for entry in entries.values()]
    return b"".join((_COUNT[order].pack(len(packed)), *packed, bytes(4)))


def _gps_in_next_directories(block: bytes, order: str, at: int) -> bool:
    """Return whether a directory after the first, which is for the thumbnail, points to GPS.

    exifread follows that pointer too. Raises _Unusual.
    """
    seen: set[int] = set()
    while at not in seen and len(block) >= at + 2:
        if seen and GPS in [entry[0] for entry in _all_entries(block, order, at)]:
            return True
        seen.add(at)
        if len(seen) > _MAX_CHAIN:
            raise _Unusual
        place = at + 2 + 12 * _COUNT[order].unpack_from(block, at)[0]
        at = _PLACE[order].unpack_from(block, place)[0] if len(block) >= place + 4 else 0
        if at == 0:
            break
    return False
