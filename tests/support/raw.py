"""A raw photo as cameras write it, small: a DNG with a preview and a whole JPEG in it."""

import struct

BYTE, SHORT, LONG = 1, 3, 4
_SIZE = {BYTE: 1, SHORT: 2, LONG: 4}
_PREVIEW = (16, 12)


def dng(jpeg: bytes, size: tuple[int, int], *, version: bool = True) -> bytes:
    """Return a TIFF whose first directory is a preview and whose second, below it, is the photo.

    The layout is that of TIFF/EP (ISO 12234-2) and of Adobe's DNG specification 1.4; without
    `version` it is a TIFF/EP alone.
    """
    pixels = bytes(3 * _PREVIEW[0] * _PREVIEW[1])
    first = _picture(_PREVIEW, LONG, 1, compression=1, length=len(pixels))
    first |= {330: (LONG, (0,))}
    if version:
        first |= {50706: (BYTE, (1, 4, 0, 0))}
    second = _picture(size, LONG, 0, compression=7, length=len(jpeg))
    at = {"second": 8 + _length(first)}
    at["pixels"] = at["second"] + _length(second)
    at["jpeg"] = at["pixels"] + len(pixels)
    first |= {273: (LONG, (at["pixels"],)), 330: (LONG, (at["second"],))}
    second |= {273: (LONG, (at["jpeg"],))}
    start = b"II*\0" + struct.pack("<I", 8)
    return start + _written(first, 8) + _written(second, at["second"]) + pixels + jpeg


Tags = dict[int, tuple[int, tuple[int, ...]]]


def _picture(
    size: tuple[int, int], kind: int, subfile: int, *, compression: int, length: int
) -> Tags:
    return {
        254: (LONG, (subfile,)), 256: (kind, (size[0],)), 257: (kind, (size[1],)),
        258: (SHORT, (8, 8, 8)), 259: (SHORT, (compression,)),
        262: (SHORT, (6 if compression == 7 else 2,)), 273: (LONG, (0,)), 277: (SHORT, (3,)),
        278: (LONG, (size[1],)), 279: (LONG, (length,)),
    }  # fmt: skip


def _length(tags: Tags) -> int:
    far = (len(values) * _SIZE[kind] for kind, values in tags.values())
    return 2 + 12 * len(tags) + 4 + sum(size for size in far if size > 4)


def _written(tags: Tags, at: int) -> bytes:
    """Return a directory that begins at this offset, its longer values behind it."""
    entries, far = struct.pack("<H", len(tags)), b""
    behind = at + 2 + 12 * len(tags) + 4
    for number, (kind, values) in sorted(tags.items()):
        data = struct.pack("<" + {BYTE: "B", SHORT: "H", LONG: "I"}[kind] * len(values), *values)
        if len(data) > 4:
            data, far = struct.pack("<I", behind + len(far)), far + data
        entries += struct.pack("<HHI", number, kind, len(values)) + data.ljust(4, b"\0")
    return entries + bytes(4) + far
