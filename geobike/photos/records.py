"""What the header of one photo says, as a record of bytes; and the columns of many records.

Processes hand records over and a store keeps them, so that a header that was read in an earlier run
becomes columns by the same code as one that was read just now. A record does not depend on the
options of a run: the time zone comes in with the columns.
"""

import json
import math
import struct
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import chain
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from geobike.photos import exif, images, panoramas, position_quality


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


class Row(NamedTuple):
    """What the header of one photo says."""

    size: tuple[int, int]
    """Upright (width, height); 0 where the photo cannot be read."""
    said: exif.Reading
    panorama: panoramas.Panorama | None = None


_PLAIN: Final = panoramas.Panorama()
_EPOCH: Final = datetime(1970, 1, 1)
_MICROSECOND: Final = timedelta(microseconds=1)
_NOT_A_TIME: Final = -(2**63)  # NaT, as numpy writes it
_LONGEST: Final = 1_000  # characters of a text

_FIELDS: Final = (
    *(("width", "i4"), ("height", "i4"), ("lon", "f8"), ("lat", "f8"), ("heading", "f8")),
    *(("focal_length_35mm", "f8"), ("taken_local", "M8[us]"), ("gps_clock", "M8[us]")),
    *(("utc_offset_minutes", "f8"), ("error_m", "f8"), ("poor_dop", "f8")),
    *(("turn_px", "f8"), ("horizon_px", "f8")),
)
_FLAGS: Final = ("offset_by_gps", "no_fix", "magnetic", "by_cell", "panorama")
_NUMBERS: Final = np.dtype(
    [(name, "<" + kind) for name, kind in _FIELDS] + [(name, "u1") for name in _FLAGS]
)
_PACK: Final = struct.Struct("<2i4d2q5d5?")


class _Texts(NamedTuple):
    reason: str | None
    camera: str | None
    other_datum: str | None


def packed(row: Row) -> bytes:
    """Return the record of a photo: its numbers, then its texts as JSON."""
    (width, height), said, quality = row.size, row.said, row.said.quality
    panorama = row.panorama or _PLAIN
    numbers = _PACK.pack(
        width,
        height,
        _or_nan(said.lon),
        _or_nan(said.lat),
        # Of the middle of a photo: the panorama's own, else that of EXIF.
        _or_nan(said.heading) if math.isnan(panorama.heading) else panorama.heading,
        _or_nan(said.camera.focal_length_35mm),
        _microseconds(said.taken_local),
        _microseconds(said.gps_clock),
        _or_nan(said.utc_offset_minutes),
        _or_nan(quality.error_m),
        _or_nan(quality.poor_dop),
        panorama.turn_px,
        panorama.horizon_px,
        said.offset_by_gps,
        quality.no_fix,
        quality.magnetic,
        quality.by_cell,
        row.panorama is not None,
    )
    return numbers + _written(said.reason, said.camera.name, quality.other_datum)


def columns(records: Sequence[bytes], timezone: tzinfo | None) -> Metadata:
    """Return the columns of many records; `timezone` is that of times without an offset."""
    size = _PACK.size
    found = np.frombuffer(b"".join([one[:size] for one in records]), _NUMBERS)
    texts = [_texts(one[size:]) for one in records]
    own = {name: found[name].copy() for name, _ in _FIELDS if name in Metadata._fields}
    offset = own["utc_offset_minutes"]
    if timezone is not None:  # the user's zone wins over a GPS clock
        offset[_flags(found, "offset_by_gps")] = np.nan
    taken_at = _utc(own["taken_local"], offset, timezone)
    return Metadata(
        **own,
        panorama=_flags(found, "panorama"),
        camera=_objects([one.camera for one in texts]),
        taken_at=taken_at,
        clock_gap=_clock_gap(taken_at, found["gps_clock"], timezone),
        position_error_m=found["error_m"].copy(),
        quality=_quality(found, texts),
        reason=[one.reason for one in texts],
    )


def concatenate(parts: Iterable[Metadata]) -> Metadata:
    """Return the metadata of several parts as one."""
    given = list(parts) or [columns([], None)]
    arrays = Metadata._fields[:-1]
    joined = {name: np.concatenate([getattr(part, name) for part in given]) for name in arrays}
    return Metadata(**joined, reason=list(chain(*(part.reason for part in given))))


def in_order(found: Metadata, rows: Sequence[int]) -> Metadata:
    """Return the metadata of photos by their rows, which are those of `found` in any order."""
    order = np.argsort(np.asarray(rows, dtype=np.intp), kind="stable")
    arrays = {name: getattr(found, name)[order] for name in Metadata._fields[:-1]}
    return Metadata(**arrays, reason=[found.reason[row] for row in order.tolist()])


def usable(records: Sequence[bytes], *, max_pixels: int) -> npt.NDArray[np.bool_]:
    """Tell which records are of photos that can be read, and hold values that headers may have.

    Only such records are kept, and only such are believed when they come from a store, which
    somebody else may have made.
    """
    size = _PACK.size
    whole = np.array([len(one) >= size and _is_text(one[size:]) for one in records], np.bool_)
    empty = bytes(size)
    found = np.frombuffer(
        b"".join([one[:size] if ok else empty for one, ok in zip(records, whole, strict=True)]),
        _NUMBERS,
    )
    width, height = (found[name].astype(np.int64) for name in ("width", "height"))
    whole &= (width > 0) & (height > 0) & (np.maximum(width, height) <= images.MAX_SIDE)
    whole &= width * height <= max_pixels
    for name in _FLAGS:
        whole &= found[name] <= 1
    whole &= np.isnan(found["lon"]) == np.isnan(found["lat"])
    for name, (low, high) in _RANGES.items():
        value = found[name]
        whole &= np.isnan(value) | ((value >= low) & (value <= high))
    minutes = found["utc_offset_minutes"]
    whole &= np.isnan(minutes) | (minutes % 1 == 0)
    for name in ("taken_local", "gps_clock"):
        whole &= np.isnat(found[name]) | ((found[name] >= _FIRST) & (found[name] < _END))
    return whole


_RANGES: Final = {
    "lon": (-180, 180),
    "lat": (-90, 90),
    "heading": (0, math.nextafter(360, 0)),
    "focal_length_35mm": (0, 1e6),
    "utc_offset_minutes": (-1440, 1440),
    "error_m": (0, sys.float_info.max),
    "poor_dop": (0, sys.float_info.max),
    "turn_px": (1, 1e9),
    "horizon_px": (-1e9, 1e9),
}
_FIRST: Final = np.datetime64("1800-01-01", "us")
_END: Final = np.datetime64("2201-01-01", "us")


def _flags(found: npt.NDArray[Any], name: str) -> npt.NDArray[np.bool_]:
    flags: npt.NDArray[np.bool_] = found[name] != 0
    return flags


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def _microseconds(time: datetime | None) -> int:
    return _NOT_A_TIME if time is None else (time - _EPOCH) // _MICROSECOND


@lru_cache(maxsize=1024)  # a survey has few cameras, and mostly no reasons
def _written(*texts: str | None) -> bytes:
    return json.dumps(texts).encode()


@lru_cache(maxsize=1024)
def _texts(written: bytes) -> _Texts:
    return _Texts(*json.loads(written))


@lru_cache(maxsize=1024)
def _is_text(written: bytes) -> bool:
    try:
        found = json.loads(written)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, list) and len(found) == len(_Texts._fields) and all(map(_fits, found))


def _fits(text: object) -> bool:
    if isinstance(text, str):
        return text.isprintable() and len(text) <= _LONGEST
    return text is None


def _utc(
    local: npt.NDArray[np.datetime64], offset: npt.NDArray[np.float64], zone: tzinfo | None
) -> npt.NDArray[np.datetime64]:
    """Return times in UTC: by the offset where there is one, else in the user's zone.

    A time that the clocks showed twice is the first of the two (PEP 495, fold 0).
    """
    known = ~np.isnan(offset)
    out = np.full(len(local), np.datetime64("NaT", "us"))
    out[known] = local[known] - offset[known].astype("timedelta64[m]")
    if zone is not None:
        rows = np.flatnonzero(~known & ~np.isnat(local))
        clocks = local[rows].tolist()
        at = [one.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None) for one in clocks]
        out[rows] = np.array(at, dtype="datetime64[us]")
    return out


def _clock_gap(
    taken: npt.NDArray[np.datetime64], gps: npt.NDArray[np.datetime64], zone: tzinfo | None
) -> npt.NDArray[np.float64]:
    """Return the minutes that the GPS clock is behind the time in the user's zone."""
    out = np.full(len(taken), np.nan)
    if zone is not None:
        rows = np.flatnonzero(~np.isnat(taken) & ~np.isnat(gps))
        gaps = (taken[rows] - gps[rows]).tolist()
        out[rows] = [gap / timedelta(minutes=1) for gap in gaps]
    return out


def _quality(found: npt.NDArray[Any], texts: Sequence[_Texts]) -> npt.NDArray[np.object_]:
    """Return the quality of each position: one object for all of which nothing is said."""
    out = _objects([position_quality.PLAIN] * len(found))
    said = ~np.isnan(found["error_m"]) | ~np.isnan(found["poor_dop"])
    said |= np.any([_flags(found, name) for name in ("no_fix", "magnetic", "by_cell")], axis=0)
    said |= np.array([one.other_datum is not None for one in texts], np.bool_)
    rows = np.flatnonzero(said)
    names = ("error_m", "no_fix", "poor_dop", "magnetic", "by_cell")
    values = (found[name][rows].tolist() for name in names)
    for row, error, no_fix, dop, magnetic, by_cell in zip(rows.tolist(), *values, strict=True):
        out[row] = position_quality.Quality(
            _or_none(error),
            no_fix != 0,
            _or_none(dop),
            texts[row].other_datum,
            magnetic != 0,
            by_cell != 0,
        )
    return out


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value


def _objects(values: Sequence[Any]) -> npt.NDArray[np.object_]:
    """Return an array of one object per value, also of tuples."""
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out
