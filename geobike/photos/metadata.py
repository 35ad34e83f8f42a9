"""Metadata from the header of each photo: size, position, time. The rest may be truncated.

Works on a part of the photos at a time, in this process; `reading` distributes the parts.
"""

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from io import BufferedReader, BytesIO, RawIOBase
from itertools import chain
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from geobike.errors import UnreadablePhoto
from geobike.io import remote
from geobike.photos import decoding, exif, images, jpeg, opening, orientation, panoramas
from geobike.photos.discovery import PhotoFile

_REMOTE_BATCH: Final = 64
"""Remote files whose first bytes are fetched together, which takes 4 MB."""

_PLAIN: Final = panoramas.Panorama()


class Metadata(NamedTuple):
    """Metadata of several photos: in each column a value per photo."""

    width: npt.NDArray[np.int32]
    """Upright pixels; 0 for a photo that cannot be read."""
    height: npt.NDArray[np.int32]
    lon: npt.NDArray[np.float64]
    """Degrees on WGS 84; NaN without a position."""
    lat: npt.NDArray[np.float64]
    heading: npt.NDArray[np.float64]
    camera: npt.NDArray[np.object_]
    """Make and model, None where EXIF does not give them."""
    focal_length_35mm: npt.NDArray[np.float64]
    """Millimetres for a frame 36 mm wide, NaN where EXIF does not give it."""
    taken_at: npt.NDArray[np.datetime64]
    """Microseconds, UTC; NaT where no offset from UTC is known."""
    taken_local: npt.NDArray[np.datetime64]
    """Microseconds; what the camera's clock showed."""
    utc_offset_minutes: npt.NDArray[np.float64]
    """Of that clock, NaN where the photo does not give it."""
    clock_gap: npt.NDArray[np.float64]
    """Minutes that the GPS clock is behind the user's time zone, which is used; else NaN."""
    position_error_m: npt.NDArray[np.float64]
    """Likely error of the position, NaN where EXIF does not give it."""
    panorama: npt.NDArray[np.bool_]
    """Whether its XMP calls a photo a panorama."""
    turn_px: npt.NDArray[np.float64]
    """Pixels of 360 degrees, in an equirectangular panorama; else NaN."""
    horizon_px: npt.NDArray[np.float64]
    """Row of the horizon, in an equirectangular panorama; else NaN."""
    quality: npt.NDArray[np.object_]
    """position_quality.Quality of each photo."""
    reason: list[str | None]
    """Why the photo cannot be read, or has no position."""


def read(
    files: Sequence[PhotoFile],
    *,
    timezone: tzinfo | None = None,
    max_pixels: int = decoding.MAX_PIXELS,
) -> Metadata:
    """Read the metadata of photos. One that cannot be read has a `reason`, and size 0."""
    rows: list[_Row] = []
    for start in range(0, len(files), _REMOTE_BATCH):
        part = files[start : start + _REMOTE_BATCH]
        first = _fetch_starts(part)
        rows += [_row(file, first.get(file.path, b""), max_pixels) for file in part]
    return Metadata(
        np.array([row.size[0] for row in rows], dtype=np.int32),
        np.array([row.size[1] for row in rows], dtype=np.int32),
        np.array([row.said.lon for row in rows], dtype=np.float64),
        np.array([row.said.lat for row in rows], dtype=np.float64),
        np.array([_heading(row) for row in rows], dtype=np.float64),
        _objects([row.said.camera.name for row in rows]),
        np.array([row.said.camera.focal_length_35mm for row in rows], dtype=np.float64),
        np.array([_utc(row.said, timezone) for row in rows], dtype="datetime64[us]"),
        np.array([row.said.taken_local for row in rows], dtype="datetime64[us]"),
        np.array([_offset(row.said, timezone) for row in rows], dtype=np.float64),
        np.array([_clock_gap(row.said, timezone) for row in rows], dtype=np.float64),
        np.array([row.said.quality.error_m for row in rows], dtype=np.float64),
        np.array([row.panorama is not None for row in rows], dtype=np.bool_),
        np.array([(row.panorama or _PLAIN).turn_px for row in rows], dtype=np.float64),
        np.array([(row.panorama or _PLAIN).horizon_px for row in rows], dtype=np.float64),
        _objects([row.said.quality for row in rows]),
        [row.said.reason for row in rows],
    )


def read_panorama(
    data: bytes, *, max_pixels: int = decoding.MAX_PIXELS
) -> tuple[tuple[int, int], panoramas.Panorama | None]:
    """Return the upright (width, height) of a photo in memory, and what it says as a panorama.

    Raises UnreadablePhoto.
    """
    row = _read(BytesIO(data), max_pixels)
    return row.size, row.panorama


def concatenate(parts: Iterable[Metadata]) -> Metadata:
    """Return the metadata of several parts as one."""
    given = list(parts) or [read([])]
    arrays = Metadata._fields[:-1]
    columns = {name: np.concatenate([getattr(part, name) for part in given]) for name in arrays}
    return Metadata(**columns, reason=list(chain(*(part.reason for part in given))))


class _Row(NamedTuple):
    size: tuple[int, int]
    said: exif.Reading
    panorama: panoramas.Panorama | None = None


def _row(file: PhotoFile, first: bytes | OSError, max_pixels: int) -> _Row:
    try:
        with _open(file, first) as opened:
            decoding.check_file_size(_size(file, opened))
            return _read(opened, max_pixels)
    except UnreadablePhoto as error:
        fault = str(error)
    except OSError as error:
        fault = f"cannot be read: {error.strerror or error}"
    return _Row((0, 0), exif.Reading(reason=fault))


def _read(file: BinaryIO, max_pixels: int) -> _Row:
    header = jpeg.read_header(file)
    if header is not None and header.size is not None:
        said = exif.read_block(header.exif)
        if said.orientation is not None or not header.rotated_by_xmp:
            images.check_pixels(*header.size, max_pixels)
            size = orientation.upright(header.size, said.orientation or 1)
            return _Row(size, _by_xmp(said, header.xmp), panoramas.read(header.xmp, size))
    # Another format, or an irregular JPEG: Pillow reads it.
    size, xmp = decoding.read_header(file, max_pixels)
    return _Row(size, _by_xmp(exif.read(file), xmp), panoramas.read(xmp, size))


def _by_xmp(said: exif.Reading, xmp: bytes) -> exif.Reading:
    """Return the reading; its reason says where XMP has the position that EXIF has not."""
    if said.reason is None or b"GPSLatitude" not in xmp:
        return said
    remedy = "copy it into EXIF, as exiftool does with xmp2gps.args, or list it in a manifest"
    where = "its XMP has a position, which is not read"
    return replace(said, reason=f"{said.reason}; {where}: {remedy}")


def _heading(row: _Row) -> float | None:
    """Return the heading of the middle of a photo: the panorama's own, else that of EXIF."""
    own = (row.panorama or _PLAIN).heading
    return row.said.heading if math.isnan(own) else own


def _utc(said: exif.Reading, zone: tzinfo | None) -> datetime | None:
    """Return the time in UTC, without tzinfo.

    By the offset that the photo names, else in the user's zone, else by the GPS clock. A time that
    the clocks showed twice is the first of the two (PEP 495, fold 0).
    """
    local, minutes = said.taken_local, _offset(said, zone)
    if local is None:
        return None
    if minutes is not None:
        return local - timedelta(minutes=minutes)
    return None if zone is None else local.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)


def _offset(said: exif.Reading, zone: tzinfo | None) -> int | None:
    """Return the offset from UTC that counts: the user's zone wins over a GPS clock."""
    return None if said.offset_by_gps and zone is not None else said.utc_offset_minutes


def _clock_gap(said: exif.Reading, zone: tzinfo | None) -> float | None:
    """Return the minutes that the GPS clock is behind the time in the user's zone."""
    if zone is None or said.gps_clock is None:
        return None
    taken = _utc(said, zone)
    return None if taken is None else (taken - said.gps_clock) / timedelta(minutes=1)


def _objects(values: Sequence[Any]) -> npt.NDArray[np.object_]:
    """Return an array of one object per value, also of tuples."""
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


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
