"""The directories of a TIFF structure, such as an EXIF block: some of their entries.

Source: TIFF 6.0, section 2; Exif 2.32, section 4.6.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from geobike.photos import clock

ORIENTATION, SUB, GPS = 0x0112, 0x8769, 0x8825
"""Tags: the orientation, and the offsets of the Exif and the GPS directory."""
MAIN: Final = 0
"""The first directory, as SUB and GPS are those of the others."""

_ORDERS: Final = {b"II*\0": "<", b"MM\0*": ">"}
_MARKS: Final = {order: mark for mark, order in _ORDERS.items()}
_COUNT: Final = {order: struct.Struct(order + "H") for order in "<>"}
_PLACE: Final = {order: struct.Struct(order + "I") for order in "<>"}
_ENTRY: Final = {order: struct.Struct(order + "HHI4s") for order in "<>"}  # tag, type, count, value
_VALUE_SIZES: Final = dict(enumerate((1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4), start=1))
"""Bytes of one value of each type. Source: TIFF 6.0, section 2, and its supplement 1 for 13."""
_ASCII, _LONG = 2, 4
_TIME, _OFFSET = 0x9003, 0x9011  # DateTimeOriginal, OffsetTimeOriginal
_POINTER_TYPES: Final = (_LONG, 13)
_DIRECTORIES: Final = (MAIN, SUB, GPS)
_NO_NEXT: Final = bytes(4)
_LONGEST: Final = 1024  # bytes of a value
_MAX_CHAIN: Final = 8  # directories in a row: a camera writes two


class Entry(NamedTuple):
    """An entry of a directory with its value, wherever in the block that stands."""

    order: str
    """Byte order of the value, as `struct` writes it."""
    directory: int
    """MAIN, SUB or GPS."""
    tag: int
    kind: int
    """Type of the values, as TIFF numbers them."""
    number: int
    """Of the values."""
    value: bytes
    """All of them."""


class Wanted(NamedTuple):
    """Tags that are read."""

    main: frozenset[int]
    """In the first directory."""
    sub: frozenset[int]
    """In the Exif directory, to which the first points."""
    gps: frozenset[int]
    """In the GPS directory, to which the first points."""
    other_clocks: frozenset[int]
    """Of those, the ones that matter only where the time of exposure or its offset is not valid."""


class _Unusual(Exception):
    """A block that a reader of all of it might read differently."""


def entries(block: bytes, wanted: Wanted) -> list[Entry] | None:
    """Return the wanted entries of a block, each tag of a directory once.

    None where a reader that follows every pointer of the block might find others, where a part is
    missing, and where a value is longer than any of a camera. Of entries with the same tag exiftool
    and exifread take the last; of orientations exiftool and Pillow, which rotates the pixels, take
    the first.
    """
    order = _ORDERS.get(block[:4])
    try:
        return None if order is None else _of_all_directories(block, order, wanted)
    except (struct.error, _Unusual):
        return None


def block_of(found: Sequence[Entry]) -> bytes:
    """Return a block that holds these entries and nothing else; their byte order is that of one.

    Each value keeps its type, count and bytes, so that it is read as where it stood before.
    """
    order = found[0].order
    by_directory = {one: [each for each in found if each.directory == one] for one in _DIRECTORIES}
    pointed = [one for one in (SUB, GPS) if by_directory[one]]
    starts, end = {MAIN: 8}, 8 + _size(len(by_directory[MAIN]) + len(pointed))
    for one in pointed:
        starts[one], end = end, end + _size(len(by_directory[one]))
    place, pack = _PLACE[order].pack, _ENTRY[order].pack
    pointers = [pack(one, _LONG, 1, place(starts[one])) for one in pointed]
    parts, values = [_MARKS[order], place(8)], list[bytes]()
    for directory in starts:
        packed = pointers if directory == MAIN else []
        for _, _, tag, kind, count, value in by_directory[directory]:
            if len(value) <= 4:
                packed.append(pack(tag, kind, count, value))
            else:
                packed.append(pack(tag, kind, count, place(end)))
                values.append(value)
                end += len(value)
        parts += [_COUNT[order].pack(len(packed)), *packed, _NO_NEXT]
    return b"".join(parts + values)


def _size(number: int) -> int:
    """Return the bytes of a directory of so many entries."""
    return 2 + 12 * number + len(_NO_NEXT)


def _of_all_directories(block: bytes, order: str, wanted: Wanted) -> list[Entry] | None:
    (first,) = _PLACE[order].unpack_from(block, 4)
    main = _entries(block, order, first, MAIN, wanted.main)
    if not main or _gps_in_next_directories(block, order, first):
        return None
    found, timed = list[Entry](), False
    for directory, tags in ((SUB, wanted.sub), (GPS, wanted.gps)):
        pointer = main.pop(directory, None)
        if pointer is not None:
            some = _entries(block, order, _target(pointer), directory, tags)
            if directory == SUB and GPS in some:  # a second pointer to a GPS directory
                return None
            timed = timed or (directory == SUB and _gives_time(some))
            others = wanted.other_clocks if timed else ()
            found += [entry for tag, entry in some.items() if tag not in others]
    return [*main.values(), *found]


def _entries(
    block: bytes, order: str, at: int, directory: int, wanted: frozenset[int]
) -> dict[int, Entry]:
    """Return the wanted entries of the directory at `at`. Raises _Unusual.

    A directory is a count, as many entries of 12 bytes, and the offset of the next directory.
    """
    found: dict[int, Entry] = {}
    for entry in [entry for entry in _all_entries(block, order, at) if entry[0] in wanted]:
        tag, kind, count, value = entry
        if kind not in _VALUE_SIZES:
            continue  # no reader has a value for it
        size = count * _VALUE_SIZES[kind]
        if size > 4:
            (place,) = _PLACE[order].unpack(value)
            if size > _LONGEST or not 8 <= place <= len(block) - size:
                raise _Unusual
            value = block[place : place + size]
        if tag in found and tag in (SUB, GPS):
            raise _Unusual
        if tag != ORIENTATION or tag not in found:
            # Entry() takes three times as long, and a million photos have fifteen each.
            found[tag] = tuple.__new__(Entry, (order, directory, tag, kind, count, value[:size]))
    return found


def _gives_time(found: Mapping[int, Entry]) -> bool:
    """Tell whether the Exif directory holds a valid time of exposure with its offset."""
    time, offset = found.get(_TIME), found.get(_OFFSET)
    if time is None or offset is None or (time.kind, offset.kind) != (_ASCII, _ASCII):
        return False
    return clock.is_complete(time.value, offset.value)


def _all_entries(block: bytes, order: str, at: int) -> list[tuple[int, int, int, bytes]]:
    (count,) = _COUNT[order].unpack_from(block, at)
    end = at + 2 + 12 * count
    if end > len(block):
        raise _Unusual
    return list(_ENTRY[order].iter_unpack(block[at + 2 : end]))


def _target(pointer: Entry) -> int:
    """Return the offset of the directory that an entry points to. Raises _Unusual."""
    if pointer.kind not in _POINTER_TYPES or pointer.number != 1:
        raise _Unusual
    place: int = _PLACE[pointer.order].unpack(pointer.value)[0]
    return place


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
