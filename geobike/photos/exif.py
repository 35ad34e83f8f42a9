"""The EXIF of a photo: where, when and in which direction it was taken.

exifread reads it. It is given the EXIF block of a JPEG, which it does not find itself after several
thousand bytes of other segments (some Huawei phones). Pillow reads where exifread fails or finds
nothing, as after the colour profile of a WebP. Values that cannot be true are rejected with a
reason, never repaired.
"""

import logging
import math
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from io import BytesIO
from typing import Any, BinaryIO, Final, cast

import exifread
from PIL import ExifTags, Image

from geobike.errors import UnreadablePhoto
from geobike.photos import jpeg, png, tiff

# exifread logs every file without EXIF; the reason of the photo says so already.
logging.getLogger("exifread").addHandler(logging.NullHandler())

_MAX_OFFSET: Final = 14 * 60  # minutes of local time from UTC, anywhere on Earth
_YEARS: Final = range(1800, 2200)  # a clock that was never set gives the year 1, which has no UTC
_GPS_CLOCK_SLACK: Final = timedelta(minutes=5)  # a fix may be minutes older than the photo


@dataclass(frozen=True)
class Reading:
    """The EXIF values of one file. Degrees on WGS 84; `reason` is why there is no position."""

    lon: float | None = None
    lat: float | None = None
    taken_local: datetime | None = None  # what the camera's clock showed, without tzinfo
    utc_offset_minutes: int | None = None  # of that clock, where the photo gives it
    heading: float | None = None  # degrees clockwise from north, 0 <= heading < 360
    orientation: int | None = None  # 1 to 8, as EXIF numbers them
    reason: str | None = None

    @property
    def taken_at(self) -> datetime | None:
        """The instant, timezone-aware; None where the photo gives no offset from UTC."""
        if self.taken_local is None or self.utc_offset_minutes is None:
            return None
        offset = timedelta(minutes=self.utc_offset_minutes)
        return self.taken_local.replace(tzinfo=timezone(offset))


def read(file: BinaryIO) -> Reading:
    """Read the EXIF of an image file, opened in binary mode. No exception escapes.

    The offset from UTC is the one that EXIF names, else local time minus the GPS clock.
    """
    try:
        header = jpeg.read_header(file)
        block = png.exif_block(file) if header is None else None
    except UnreadablePhoto as error:
        return Reading(reason=f"EXIF cannot be read ({error})")
    except OSError as error:
        return Reading(reason=_unreadable(error))
    if block:
        return read_block(block)
    if block is not None:  # older programs write it into the text of a PNG
        return _reading(_tags_of_pillow(_loader(file)), "no EXIF")
    if header is not None and (header.size or header.exif):
        reading = read_block(header.exif)
        if reading.orientation is not None or not header.rotated_by_xmp:
            return reading
    return _read_in_full(file, _loader(file))


def read_block(block: bytes) -> Reading:
    """Read an EXIF block as `jpeg.read_header` returns it, which may be empty."""
    block = block.removeprefix(b"Exif\0\0")  # written twice, or into a PNG
    if not block:
        return Reading(reason="no EXIF")
    thinned = tiff.thinned(block, _WANTED)
    if thinned is not None:
        tags, fault = _read_with_exifread(BytesIO(thinned))
        if tags is not None:
            return _reading(tags, fault)
    return _read_in_full(BytesIO(block), _block_loader(block))


_Loader = Callable[[], Image.Exif]


def _read_in_full(file: BinaryIO, load: _Loader) -> Reading:
    """Read a file or block as it is; with Pillow, by `load`, where exifread fails."""
    tags, fault = _read_with_exifread(_metered(file))
    if fault == _TOO_MANY_ENTRIES:  # Pillow rotates the pixels nevertheless
        return Reading(orientation=_orientation_of_pillow(load), reason=fault)
    return _reading(_tags_of_pillow(load) if tags is None else tags, fault)


def _reading(tags: Mapping[str, Any] | None, fault: str) -> Reading:
    if tags is None:
        return Reading(reason=fault)
    lon, lat, reason = _position(tags)
    taken_local, utc_offset_minutes = _taken(tags)
    return Reading(
        lon=lon,
        lat=lat,
        taken_local=taken_local,
        utc_offset_minutes=utc_offset_minutes,
        heading=_heading(tags),
        orientation=_orientation(tags),
        reason=reason,
    )


# Both readers use the names of the EXIF standard, so that the same rules apply to their values.
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


_MAX_STEPS: Final = 100_000
"""Reads that exifread may make; none of 130 real photos took more than 1,026."""
_STEP_BYTES: Final = 1024  # a longer read counts as a step more per so many bytes
_TOO_MANY_ENTRIES: Final = "EXIF cannot be read (too many entries, or directories that form a loop)"


class _TooManySteps(Exception):
    """A reader follows a loop, or does not come to an end."""


def _metered(file: BinaryIO) -> BinaryIO:
    return cast(BinaryIO, _Metered(file))


class _Metered:
    """A file that limits the reads of exifread, which follows every pointer to a directory.

    Raises _TooManySteps beyond the limit.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._read = file.read
        self.seek, self.tell = file.seek, file.tell
        self.steps = 0

    def read(self, size: int = -1) -> bytes:
        self.steps += 1
        if 0 <= size < _STEP_BYTES and self.steps < _MAX_STEPS:
            return self._read(size)
        return self._read_much(size)

    def _read_much(self, size: int) -> bytes:
        most = (_MAX_STEPS - self.steps + 1) * _STEP_BYTES
        data = self._read(size if 0 <= size < most else max(0, most))
        self.steps += len(data) // _STEP_BYTES
        if self.steps > _MAX_STEPS:
            raise _TooManySteps
        return data


def _read_with_exifread(file: BinaryIO) -> tuple[dict[str, Any] | None, str]:
    """Return the tags and an empty text, or None and why there are none."""
    try:
        found = exifread.process_file(file, details=False, extract_thumbnail=False)
    except _TooManySteps:
        return None, _TOO_MANY_ENTRIES
    except Exception as error:  # noqa: BLE001 - exifread raises about six kinds on damaged files
        return None, _unreadable(error)
    if not found:
        return None, "no EXIF"
    tags = {name: found.get(f"EXIF {name}") for name in _TIME_TAGS}
    tags |= {name: found.get(f"GPS {name}") for name in _GPS_TAGS}
    tags["GPSDateStamp"] = found.get("GPS GPSDate")  # exifread's own name for it
    tags["Orientation"] = found.get("Image Orientation")
    return {name: tag.values for name, tag in tags.items() if tag is not None}, ""


def _unreadable(error: Exception) -> str:
    return f"EXIF cannot be read ({type(error).__name__})"


def _loader(file: BinaryIO) -> _Loader:
    def load() -> Image.Exif:
        file.seek(0)
        with Image.open(file) as image:
            return Image.Image.getexif(image)  # that of a PNG decodes all of it

    return load


def _block_loader(block: bytes) -> _Loader:
    def load() -> Image.Exif:
        exif = Image.Exif()
        exif.load_from_fp(_metered(BytesIO(block)))
        return exif

    return load


def _orientation_of_pillow(load: _Loader) -> int | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _orientation({"Orientation": load().get(tiff.ORIENTATION)})
    except Exception:  # noqa: BLE001 - a damaged file may raise anything
        return None


def _tags_of_pillow(load: _Loader) -> dict[str, Any] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns about what the reason says
            exif = load()
            gps, sub = exif.get_ifd(ExifTags.IFD.GPSInfo), exif.get_ifd(ExifTags.IFD.Exif)
    except Exception:  # noqa: BLE001 - a damaged file may raise anything
        return None
    if not exif:
        return None
    tags = {name: sub.get(ExifTags.Base[name]) for name in _TIME_TAGS}
    tags |= {name: gps.get(ExifTags.GPS[name]) for name in _GPS_TAGS}
    tags["Orientation"] = exif.get(tiff.ORIENTATION)
    return {name: value for name, value in tags.items() if value is not None}


_WANTED: Final = tiff.Wanted(
    main=frozenset({tiff.ORIENTATION, tiff.SUB, tiff.GPS}),
    sub=frozenset(int(ExifTags.Base[name]) for name in _TIME_TAGS) | {tiff.GPS},
    gps=frozenset(int(ExifTags.GPS[name]) for name in _GPS_TAGS),
)


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
        raise ValueError(f"GPS {axis} {_quote(tags[name])} is not a valid angle")
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


def _taken(tags: Mapping[str, Any]) -> tuple[datetime | None, int | None]:
    """Return the local time of exposure, and its offset from UTC in minutes where it is known."""
    for kind in ("Original", "Digitized"):
        local = _local_time(tags.get(f"DateTime{kind}"))
        if local is None:
            continue
        for name in (f"OffsetTime{kind}", "OffsetTime"):
            offset = _offset(tags.get(name))
            if offset is not None:
                return local, offset
        return local, _offset_by_gps_clock(tags, local)
    return None, None


def _local_time(value: Any) -> datetime | None:
    try:
        time = datetime.strptime(_text(value)[:19], "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None
    return time if time.year in _YEARS else None


def _offset(value: Any) -> int | None:
    """Return minutes ahead of UTC."""
    text = _text(value)
    if text == "Z":
        return 0
    match = re.fullmatch(r"([+-])(\d\d):?([0-5]\d)", text)
    if match is None:
        return None
    minutes = 60 * int(match[2]) + int(match[3])
    if minutes > _MAX_OFFSET:
        return None
    return -minutes if match[1] == "-" else minutes


def _offset_by_gps_clock(tags: Mapping[str, Any], local: datetime) -> int | None:
    """Return local time minus GPS time (UTC) in minutes, if it is near a multiple of 15."""
    clock = [_number(part) for part in _sequence(tags.get("GPSTimeStamp"))]
    day = _local_time(f"{_text(tags.get('GPSDateStamp'))[:10]} 00:00:00")
    if day is None or len(clock) != 3 or None in clock:
        return None
    hours, minutes, seconds = (part or 0.0 for part in clock)
    try:
        gap = local - (day + timedelta(hours=hours, minutes=minutes, seconds=seconds))
    except OverflowError:
        return None
    offset = 15 * round(gap / timedelta(minutes=15))
    off_by = abs(gap - timedelta(minutes=offset))
    return offset if abs(offset) <= _MAX_OFFSET and off_by <= _GPS_CLOCK_SLACK else None


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
