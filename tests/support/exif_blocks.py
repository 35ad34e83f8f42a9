"""EXIF blocks in layouts that Pillow does not write: directories and values in any order."""

import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

ASCII, SHORT, LONG, RATIONAL = 2, 3, 4, 5
ORIENTATION, MAKE, SUB, GPS = 0x0112, 0x010F, 0x8769, 0x8825
DATE_TIME_ORIGINAL, OFFSET_TIME_ORIGINAL = 0x9003, 0x9011
LATITUDE_REF, LATITUDE, LONGITUDE_REF, LONGITUDE, DIRECTION = 1, 2, 3, 4, 17

Value = tuple[int, int, bytes | str]
"""Type, count and bytes; or the directory that a pointer points to."""


@dataclass
class Directory:
    """A directory to be written."""

    entries: list[tuple[int, Value]]
    next: str | None = None
    """The directory after it."""
    ends_with_pointer: bool = True
    """False: values or another directory begin where the pointer to a next one should be."""


@dataclass
class Layout:
    """Where the parts of a block lie: directories by name, their values by name + "="."""

    order: str = "<"
    parts: Sequence[str] = ("main", "main=", "sub", "sub=", "gps", "gps=", "next", "next=")
    gaps: Mapping[str, int] = field(default_factory=dict)
    """Bytes of rubbish in front of a part."""


def text(value: str) -> Value:
    return ASCII, len(value) + 1, value.encode() + b"\0"


def short(order: str, value: int) -> Value:
    return SHORT, 1, struct.pack(order + "H", value)


def rationals(order: str, *values: tuple[int, int]) -> Value:
    packed = b"".join(struct.pack(order + "II", *value) for value in values)
    return RATIONAL, len(values), packed


def pointer(name: str) -> Value:
    return LONG, 1, name


def block(directories: Mapping[str, Directory], layout: Layout) -> bytes:
    """Write the directories as laid out; those that are not laid out are left out."""
    sizes = {}
    for name, directory in directories.items():
        sizes[name] = 2 + 12 * len(directory.entries) + 4 * directory.ends_with_pointer
        sizes[name + "="] = sum(len(data) for data in _far(directory))
    places, at = {}, 8
    for part in layout.parts:
        if part in sizes:
            at += layout.gaps.get(part, 0)
            places[part] = at
            at += sizes[part]
    out = bytearray(b"\xa5" * at)
    head = b"II*\0" if layout.order == "<" else b"MM\0*"
    out[:8] = head + struct.pack(layout.order + "I", places["main"])
    for name, directory in directories.items():
        written = _written(directory, layout.order, places, places[name + "="])
        out[places[name] : places[name] + sizes[name]] = written
        values = b"".join(_far(directory))
        out[places[name + "="] : places[name + "="] + len(values)] = values
    return bytes(out)


def _far(directory: Directory) -> list[bytes]:
    values = [value[2] for _, value in directory.entries]
    return [data for data in values if isinstance(data, bytes) and len(data) > 4]


def _written(directory: Directory, order: str, places: Mapping[str, int], far: int) -> bytes:
    out = struct.pack(order + "H", len(directory.entries))
    for tag, (kind, count, data) in directory.entries:
        if isinstance(data, str):
            shown = struct.pack(order + "I", places[data])
        elif len(data) > 4:
            shown = struct.pack(order + "I", far)
            far += len(data)
        else:
            shown = data.ljust(4, b"\0")
        out += struct.pack(order + "HHI", tag, kind, count) + shown
    if directory.ends_with_pointer:
        out += struct.pack(order + "I", places[directory.next] if directory.next else 0)
    return out


def photo_directories(
    order: str,
    *,
    latitude: Sequence[tuple[int, int]] = ((48, 1), (4, 1), (48, 1)),
    more: Mapping[str, Sequence[tuple[int, Value]]] | None = None,
    without_pointer: Sequence[str] = (),
    thumbnail: bool = False,
) -> dict[str, Directory]:
    """Return what a phone says: 48.08 N, 11.58 E, a time with offset, a heading, orientation 6.

    `more` are entries that follow in a directory.
    """
    more = more or {}
    directories = {
        "main": Directory(
            [
                (MAKE, text("A maker of phones")),
                (ORIENTATION, short(order, 6)),
                (SUB, pointer("sub")),
                (GPS, pointer("gps")),
                *more.get("main", ()),
            ],
            next="next" if thumbnail else None,
        ),
        "sub": Directory(
            [
                (DATE_TIME_ORIGINAL, text("2022:01:19 17:33:04")),
                (OFFSET_TIME_ORIGINAL, text("+01:00")),
                *more.get("sub", ()),
            ]
        ),
        "gps": Directory(
            [
                (LATITUDE_REF, text("N")),
                (LATITUDE, rationals(order, *latitude)),
                (LONGITUDE_REF, text("E")),
                (LONGITUDE, rationals(order, (11, 1), (34, 1), (48, 1))),
                (DIRECTION, rationals(order, (27550, 100))),
                *more.get("gps", ()),
            ]
        ),
    }
    if thumbnail:
        directories["next"] = Directory([(ORIENTATION, short(order, 1)), *more.get("next", ())])
    for name in without_pointer:
        directories[name].ends_with_pointer = False
    return directories


def in_jpeg(jpeg: bytes, *blocks: bytes) -> bytes:
    """Put EXIF blocks before all that a JPEG has, each in as many segments as it needs."""
    segments = b""
    for one in blocks:
        for at in range(0, len(one), 65_000):
            content = b"Exif\0\0" + one[at : at + 65_000]
            segments += b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content
    return jpeg[:2] + segments + jpeg[2:]


def in_png(png: bytes, block: bytes) -> bytes:
    """Put an EXIF block behind the header of a PNG, before what it has."""
    chunk = struct.pack(">I", len(block)) + b"eXIf" + block
    chunk += struct.pack(">I", zlib.crc32(chunk[4:]))
    return png[:33] + chunk + png[33:]


def in_tiff(tiff: bytes, tag: int, number: int) -> bytes:
    """Give the first directory of a little-endian TIFF so many pointers that point to it."""
    (at,) = struct.unpack_from("<I", tiff, 4)
    (count,) = struct.unpack_from("<H", tiff, at)
    entries = tiff[at + 2 : at + 2 + 12 * count]
    loops = struct.pack("<HHII", tag, LONG, 1, len(tiff)) * number
    directory = struct.pack("<H", count + number) + entries + loops + bytes(4)
    return tiff[:4] + struct.pack("<I", len(tiff)) + tiff[8:] + directory


def loop(number: int, tag: int = GPS) -> bytes:
    """Return a block of one directory whose entries all point to it."""
    entries = struct.pack("<HHII", tag, LONG, 1, 8) * number
    return b"II*\0\x08\0\0\0" + struct.pack("<H", number) + entries + bytes(4)
