"""Metadata from the header of each photo: size, position, time. The rest may be truncated.

Works on a part of the photos at a time, in this process; `reading` distributes the parts.
"""

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo
from io import BufferedReader, BytesIO, RawIOBase
from typing import Any, BinaryIO, Final

from geobike.errors import UnreadablePhoto
from geobike.io import remote
from geobike.photos import decoding, exif, images, jpeg, opening, orientation, panoramas
from geobike.photos.discovery import PhotoFile
from geobike.photos.records import Metadata, Row, columns, packed

_REMOTE_BATCH: Final = 64
"""Remote files whose first bytes are fetched together, which takes 4 MB."""


def read(
    files: Sequence[PhotoFile],
    *,
    timezone: tzinfo | None = None,
    max_pixels: int = decoding.MAX_PIXELS,
) -> Metadata:
    """Read the metadata of photos. One that cannot be read has a `reason`, and size 0."""
    return columns(read_records(files, max_pixels=max_pixels), timezone)


def read_records(
    files: Sequence[PhotoFile], *, max_pixels: int = decoding.MAX_PIXELS
) -> list[bytes]:
    """Return the record of each photo, as `records.columns` takes it."""
    found: list[bytes] = []
    for start in range(0, len(files), _REMOTE_BATCH):
        part = files[start : start + _REMOTE_BATCH]
        first = _fetch_starts(part)
        found += [packed(_row(file, first.get(file.path, b""), max_pixels)) for file in part]
    return found


def record_of(
    file: PhotoFile, data: bytes | None, *, max_pixels: int = decoding.MAX_PIXELS
) -> bytes:
    """Return the record of a photo whose bytes were read, if they could be.

    Where its header is not that of a regular JPEG, the file itself is opened: readers of other
    formats may name their faults otherwise where they get bytes in memory.
    """
    try:
        row = None if data is None else _read_regular(BytesIO(data), max_pixels)
    except UnreadablePhoto as error:
        row = _unreadable(str(error))
    return read_records([file], max_pixels=max_pixels)[0] if row is None else packed(row)


def read_panorama(
    data: bytes, *, max_pixels: int = decoding.MAX_PIXELS
) -> tuple[tuple[int, int], panoramas.Panorama | None]:
    """Return the upright (width, height) of a photo in memory, and what it says as a panorama.

    Raises UnreadablePhoto.
    """
    row = _read(BytesIO(data), max_pixels)
    return row.size, row.panorama


def _row(file: PhotoFile, first: bytes | OSError, max_pixels: int) -> Row:
    try:
        with _open(file, first) as opened:
            decoding.check_file_size(_size(file, opened))
            return _read(opened, max_pixels)
    except UnreadablePhoto as error:
        fault = str(error)
    except OSError as error:
        fault = f"cannot be read: {error.strerror or error}"
    return _unreadable(fault)


def _unreadable(fault: str) -> Row:
    return Row((0, 0), exif.Reading(reason=fault))


def _read(file: BinaryIO, max_pixels: int) -> Row:
    regular = _read_regular(file, max_pixels)
    if regular is not None:
        return regular
    # Another format, or an irregular JPEG: Pillow reads it.
    size, xmp = decoding.read_header(file, max_pixels)
    return Row(size, _by_xmp(exif.read(file), xmp), panoramas.read(xmp, size))


def _read_regular(file: BinaryIO, max_pixels: int) -> Row | None:
    header = jpeg.read_header(file)
    if header is None or header.size is None:
        return None
    said = exif.read_block(header.exif)
    if said.orientation is None and header.rotated_by_xmp:
        return None
    images.check_pixels(*header.size, max_pixels)
    size = orientation.upright(header.size, said.orientation or 1)
    return Row(size, _by_xmp(said, header.xmp), panoramas.read(header.xmp, size))


def _by_xmp(said: exif.Reading, xmp: bytes) -> exif.Reading:
    """Return the reading; its reason says where XMP has the position that EXIF has not."""
    if said.reason is None or b"GPSLatitude" not in xmp:
        return said
    remedy = "copy it into EXIF, as exiftool does with xmp2gps.args, or list it in a manifest"
    where = "its XMP has a position, which is not read"
    return replace(said, reason=f"{said.reason}; {where}: {remedy}")


def _open(file: PhotoFile, first: bytes | OSError) -> BinaryIO:
    if file.fault is not None:
        raise UnreadablePhoto(file.fault)
    if isinstance(first, OSError):
        raise first
    if remote.is_remote(file.path):
        return BufferedReader(_RemoteFile(file.path, first), jpeg.HEADER_BYTES)
    return opening.open_regular(file.path, follow_links=False)


def _size(file: PhotoFile, opened: BinaryIO) -> int:
    """Return the size of the file in bytes; 0 where its store does not give it."""
    if remote.is_remote(file.path):
        return file.size or 0
    return os.fstat(opened.fileno()).st_size


def _fetch_starts(files: Sequence[PhotoFile]) -> dict[str, bytes | OSError]:
    """Return the first bytes of the remote files that are not empty, or the error, by path."""
    paths = [
        file.path
        for file in files
        if file.fault is None and file.size != 0 and remote.is_remote(file.path)
    ]
    try:
        found = remote.read_starts(paths, jpeg.HEADER_BYTES)
    except OSError as error:  # one for all of them
        return dict.fromkeys(paths, error)
    return dict(zip(paths, found, strict=True))


class _RemoteFile(RawIOBase):
    """A remote file, its first bytes in memory. The rest is opened when it is needed."""

    def __init__(self, url: str, start: bytes) -> None:
        self._url = url
        self._start = BytesIO(start)
        self._is_all = len(start) != jpeg.HEADER_BYTES
        self._rest: BinaryIO | None = None
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if whence == os.SEEK_SET:
            self._at = offset
        elif whence == os.SEEK_CUR:
            self._at += offset
        else:
            self._at = self._source(all_of_it=True).seek(offset, whence)
        return self._at

    def readinto(self, buffer: Any) -> int:
        source = self._source(all_of_it=False)
        source.seek(self._at)
        data = source.read(len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def _source(self, *, all_of_it: bool) -> BinaryIO:
        """Return the file that holds the bytes at the present position."""
        if self._is_all or (self._at < jpeg.HEADER_BYTES and not all_of_it):
            return self._start
        if self._rest is None:
            self._rest = remote.opened(self._url)
        return self._rest

    def close(self) -> None:
        if self._rest is not None:
            self._rest.close()
        super().close()
