"""The time of a photo: what the camera's clock showed, its offset from UTC, and the GPS clock."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple

from geobike.photos.exif_values import number, sequence, text

_MAX_OFFSET: Final = 14 * 60  # minutes of local time from UTC, anywhere on Earth
_YEARS: Final = range(1800, 2200)  # a clock that was never set gives the year 1, which has no UTC
_FIRST_GPS_YEAR: Final = 1990  # a GPS clock that was never set gives 1970 or 1980
_GPS_CLOCK_SLACK: Final = timedelta(minutes=5)  # a fix may be minutes older than the photo

_TIME: Final = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)", re.ASCII)
_DECIMALS: Final = re.compile(r"\d{1,9}", re.ASCII)
_PLAIN_TIME: Final = re.compile(rb"[\d: ]{19}\0")
_PLAIN_OFFSET: Final = re.compile(rb"[+-]\d\d:\d\d\0")

OFFSETS: Final = frozenset(
    (
        *(60 * hours for hours in range(-12, 15)),
        *(60 * hours + 30 for hours in (3, 4, 5, 6, 8, 9, 10, 11)),
        *(-60 * hours - 30 for hours in (2, 3, 4, 9)),
        *(60 * hours + 45 for hours in (5, 8, 9, 12, 13)),
    )
)
"""Offsets from UTC in minutes that any country has had since 2000, by the IANA time zones."""


class Clock(NamedTuple):
    """The times that EXIF gives."""

    local: datetime | None = None
    """What the camera's clock showed, without tzinfo."""
    offset_minutes: int | None = None
    """Its offset from UTC: the one that EXIF names, else local time minus the GPS clock."""
    offset_by_gps: bool = False
    """Whether the offset is the difference from the GPS clock."""
    gps: datetime | None = None
    """What the GPS clock showed, in UTC without tzinfo, where EXIF names no offset."""


def read(tags: Mapping[str, Any]) -> Clock:
    """Return the time of exposure from EXIF tags by their standard names."""
    for kind in ("Original", "Digitized"):
        local = _local_time(tags.get(f"DateTime{kind}"))
        if local is None:
            continue
        local += _fraction(tags.get(f"SubSecTime{kind}"))
        for name in (f"OffsetTime{kind}", "OffsetTime"):
            offset = _offset(tags.get(name))
            if offset is not None:
                return Clock(local, offset)
        gps = _gps_time(tags)
        offset = None if gps is None else _offset_by_gps(local, gps)
        return Clock(local, offset, offset is not None, gps)
    return Clock()


def is_complete(time: bytes, offset: bytes) -> bool:
    """Tell whether the time of exposure and its offset, as they stand in EXIF, are valid.

    Then `read` looks at no other tag. In doubt it is False.
    """
    return (
        _PLAIN_OFFSET.fullmatch(offset) is not None
        and _offset(offset) is not None
        and _PLAIN_TIME.fullmatch(time) is not None
        and _local_time(time) is not None
    )


def _local_time(value: Any) -> datetime | None:
    return _parsed_time(text(value)[:19])


@lru_cache(maxsize=1024)
def _parsed_time(written: str) -> datetime | None:
    plain = _TIME.fullmatch(written)
    try:  # strptime, which takes ten times as long, also reads single digits
        if plain is not None:
            year, month, day, hour, minute, second = map(int, plain.groups())
            time = datetime(year, month, day, hour, minute, second)
        else:
            time = datetime.strptime(written, "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None
    return time if time.year in _YEARS else None


def _fraction(value: Any) -> timedelta:
    """Return the part of a second that a tag writes as its decimals; none where it is no number."""
    decimals = text(value)
    if not _DECIMALS.fullmatch(decimals):
        return timedelta()
    return timedelta(microseconds=int(decimals[:6].ljust(6, "0")))


def _offset(value: Any) -> int | None:
    """Return minutes ahead of UTC."""
    return _parsed_offset(text(value))


@lru_cache(maxsize=256)
def _parsed_offset(written: str) -> int | None:
    if written == "Z":
        return 0
    match = re.fullmatch(r"([+-])(\d\d):?([0-5]\d)", written)
    if match is None:
        return None
    minutes = 60 * int(match[2]) + int(match[3])
    if minutes > _MAX_OFFSET:
        return None
    return -minutes if match[1] == "-" else minutes


def _gps_time(tags: Mapping[str, Any]) -> datetime | None:
    clock = [number(part) for part in sequence(tags.get("GPSTimeStamp"))]
    day = _local_time(f"{text(tags.get('GPSDateStamp'))[:10]} 00:00:00")
    if day is None or day.year < _FIRST_GPS_YEAR or len(clock) != 3 or None in clock:
        return None
    hours, minutes, seconds = (part or 0.0 for part in clock)
    if not (0 <= hours < 24 and 0 <= minutes < 60 and 0 <= seconds < 61):  # 60 is a leap second
        return None
    return day + timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _offset_by_gps(local: datetime, gps: datetime) -> int | None:
    """Return local time minus GPS time in minutes, if it is near an offset of some country.

    An old fix may be a quarter of an hour off, which would look like an offset of its own.
    """
    gap = local - gps
    offset = 15 * round(gap / timedelta(minutes=15))
    off_by = abs(gap - timedelta(minutes=offset))
    return offset if offset in OFFSETS and off_by <= _GPS_CLOCK_SLACK else None
