"""What a photo says of itself: where, when and in which direction it was taken.

exifread reads; Pillow is asked where exifread fails or finds nothing, as it does when the EXIF of
a JPEG stands behind several thousand bytes of other segments (some Huawei phones) or behind the
colour profile of a WebP. Values that cannot be true are refused with a reason, never repaired.
"""

import logging
import math
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any, BinaryIO, Final

import exifread
from PIL import ExifTags, Image

# exifread reports every file without EXIF; a photo's reason says it better.
logging.getLogger("exifread").addHandler(logging.NullHandler())

_MAX_OFFSET: Final = timedelta(hours=14)  # of local time from UTC, anywhere on Earth
_GPS_CLOCK_SLACK: Final = timedelta(minutes=5)  # a fix may be minutes older than the photo


@dataclass(frozen=True)
class Reading:
    """What one file says. Degrees on WGS 84; `reason` says why there is no position."""

    lon: float | None = None
    lat: float | None = None
    taken_at: datetime | None = None  # timezone-aware
    no_zone: bool = False  # there is a time, but nothing places it
    heading: float | None = None  # degrees clockwise from north, 0 <= heading < 360
    orientation: int | None = None  # 1 to 8, as EXIF numbers them
    reason: str | None = None


def read(file: BinaryIO, *, timezone: tzinfo | None = None) -> Reading:
    """Read the EXIF of an image file, opened in binary mode. No exception escapes.

    A time without an offset is placed by the GPS clock, else in `timezone`, else left out.
    """
    tags, fault = _read_with_exifread(file)
    if tags is None:
        tags = _read_with_pillow(file)
    if tags is None:
        return Reading(reason=fault)
    lon, lat, reason = _position(tags)
    taken_at = _taken_at(tags, timezone)
    return Reading(
        lon=lon,
        lat=lat,
        taken_at=None if taken_at is None or taken_at.tzinfo is None else taken_at,
        no_zone=taken_at is not None and taken_at.tzinfo is None,
        heading=_heading(tags),
        orientation=_orientation(tags),
        reason=reason,
    )


# Both readers fill the same names, EXIF's own, so that one set of rules judges them.
_GPS_TAGS: Final = (
    "GPSLatitude",
    "GPSLatitudeRef",
    "GPSLongitude",
    "GPSLongitudeRef",
    "GPSImgDirection",
    "GPSDateStamp",
    "GPSTimeStamp",
)
_TIME_TAGS: Final = (
    "DateTimeOriginal",
    "DateTimeDigitized",
    "OffsetTimeOriginal",
    "OffsetTimeDigitized",
    "OffsetTime",
)


def _read_with_exifread(file: BinaryIO) -> tuple[dict[str, Any] | None, str]:
    """Return the tags and "", or None and why there are none."""
    try:
        found = exifread.process_file(file, details=False, extract_thumbnail=False)
    except Exception as error:  # noqa: BLE001 - exifread lets about six kinds escape on broken files
        return None, f"EXIF cannot be read ({type(error).__name__})"
    if not found:
        return None, "no EXIF"
    tags = {name: found.get(f"EXIF {name}") for name in _TIME_TAGS}
    tags |= {name: found.get(f"GPS {name}") for name in _GPS_TAGS}
    tags["GPSDateStamp"] = found.get("GPS GPSDate")  # exifread's own name for it
    tags["Orientation"] = found.get("Image Orientation")
    return {name: tag.values for name, tag in tags.items() if tag is not None}, ""


def _read_with_pillow(file: BinaryIO) -> dict[str, Any] | None:
    try:
        file.seek(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of what the reason says
            with Image.open(file) as image:
                exif = image.getexif()
                gps, sub = exif.get_ifd(ExifTags.IFD.GPSInfo), exif.get_ifd(ExifTags.IFD.Exif)
    except Exception:  # noqa: BLE001 - a broken file may raise anything
        return None
    if not exif:
        return None
    tags = {name: sub.get(ExifTags.Base[name]) for name in _TIME_TAGS}
    tags |= {name: gps.get(ExifTags.GPS[name]) for name in _GPS_TAGS}
    tags["Orientation"] = exif.get(ExifTags.Base.Orientation)
    return {name: value for name, value in tags.items() if value is not None}


def _position(tags: Mapping[str, Any]) -> tuple[float | None, float | None, str | None]:
    """Return lon, lat and None, or None, None and the reason."""
    if "GPSLatitude" not in tags or "GPSLongitude" not in tags:
        return None, None, "no GPS position in EXIF"
    try:
        lat = _degrees(tags, "latitude", positive="N", negative="S", limit=90)
        lon = _degrees(tags, "longitude", positive="E", negative="W", limit=180)
    except ValueError as error:
        return None, None, str(error)
    if lat == 0 and lon == 0:
        return None, None, "GPS position is (0, 0), which cameras write for none"
    return lon, lat, None


def _degrees(
    tags: Mapping[str, Any], axis: str, *, positive: str, negative: str, limit: float
) -> float:
    name = f"GPS{axis.capitalize()}"
    parts = [_number(part) for part in _sequence(tags[name])]
    if not 1 <= len(parts) <= 3 or any(part is None or part < 0 for part in parts):
        raise ValueError(f"GPS {axis} {_quote(tags[name])} is no angle")
    reference = _text(tags.get(f"{name}Ref")).upper()
    if reference not in (positive, negative):
        wanted = f"neither {positive} nor {negative}"
        raise ValueError(f"GPS {axis} reference {_quote(reference)} is {wanted}")
    # An angle is degrees + minutes/60 + seconds/3600.
    angle = math.fsum(part / 60**power for power, part in enumerate(parts) if part is not None)
    if angle > limit:
        raise ValueError(f"GPS {axis} {angle:.6g} is beyond ±{limit:g}")
    return angle if reference == positive else -angle


def _heading(tags: Mapping[str, Any]) -> float | None:
    values = _sequence(tags.get("GPSImgDirection"))
    angle = _number(values[0]) if values else None
    return angle % 360 if angle is not None and 0 <= angle <= 360 else None


def _orientation(tags: Mapping[str, Any]) -> int | None:
    values = _sequence(tags.get("Orientation"))
    return values[0] if values and values[0] in range(1, 9) else None


def _taken_at(tags: Mapping[str, Any], assumed: tzinfo | None) -> datetime | None:
    """Return the time of exposure; without tzinfo where nothing says the offset."""
    for kind in ("Original", "Digitized"):
        local = _local_time(tags.get(f"DateTime{kind}"))
        if local is None:
            continue
        offset = _offset(tags.get(f"OffsetTime{kind}")) or _offset(tags.get("OffsetTime"))
        zone = offset or _offset_by_gps_clock(tags, local) or assumed
        return local.replace(tzinfo=zone)
    return None


def _local_time(value: Any) -> datetime | None:
    try:
        return datetime.strptime(_text(value)[:19], "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None


def _offset(value: Any) -> tzinfo | None:
    text = _text(value)
    if text == "Z":
        return UTC
    match = re.fullmatch(r"([+-])(\d\d):?([0-5]\d)", text)
    if match is None:
        return None
    size = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(-size if match[1] == "-" else size) if size <= _MAX_OFFSET else None


def _offset_by_gps_clock(tags: Mapping[str, Any], local: datetime) -> tzinfo | None:
    """Return local time minus GPS time (UTC), if that is a whole number of quarters of an hour."""
    clock = [_number(part) for part in _sequence(tags.get("GPSTimeStamp"))]
    day = _local_time(f"{_text(tags.get('GPSDateStamp'))[:10]} 00:00:00")
    if day is None or len(clock) != 3 or None in clock:
        return None
    hours, minutes, seconds = (part or 0.0 for part in clock)
    try:
        gap = local - (day + timedelta(hours=hours, minutes=minutes, seconds=seconds))
    except OverflowError:
        return None
    quarter = timedelta(minutes=15)
    offset = round(gap / quarter) * quarter
    plausible = abs(offset) <= _MAX_OFFSET and abs(gap - offset) <= _GPS_CLOCK_SLACK
    return timezone(offset) if plausible else None


def _sequence(value: Any) -> list[Any]:
    if value is None or isinstance(value, str | bytes):
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _number(value: Any) -> float | None:
    try:
        number = float(value)  # of exifread's and Pillow's fractions, 0/0 and n/0 among them
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    return value.strip(" \t\r\n\0") if isinstance(value, str) else ""


def _quote(value: Any) -> str:
    return repr(str(value)[:60])
