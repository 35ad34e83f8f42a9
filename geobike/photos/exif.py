"""The EXIF of a photo: where, when and in which direction it was taken.

exifread reads it. It is given the EXIF block of a JPEG, which it does not find itself after several
thousand bytes of other segments (some Huawei phones). Pillow reads where exifread fails or finds
nothing, as after the colour profile of a WebP. Values that cannot be true are rejected with a
reason, never repaired.
"""

import logging
import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from io import BytesIO
from typing import Any, BinaryIO, Final, cast

import exifread
from PIL import ExifTags, Image

from geobike.errors import UnreadablePhoto
from geobike.photos import cameras, clock, jpeg, png, position_quality, tiff
from geobike.photos.entry_values import EntryValues
from geobike.photos.exif_values import number, quote, sequence, text

# exifread logs every file without EXIF; the reason of the photo says so already.
logging.getLogger("exifread").addHandler(logging.NullHandler())


@dataclass(frozen=True)
class Reading:
    """The EXIF values of one file. Degrees on WGS 84; `reason` is why there is no position."""

    lon: float | None = None
    lat: float | None = None
    taken_local: datetime | None = None  # what the camera's clock showed, without tzinfo
    utc_offset_minutes: int | None = None  # of that clock, where the photo gives it
    offset_by_gps: bool = False  # whether that is the difference from the GPS clock
    gps_clock: datetime | None = None  # UTC without tzinfo, where EXIF names no offset
    heading: float | None = None  # degrees clockwise from north, 0 <= heading < 360
    orientation: int | None = None  # 1 to 8, as EXIF numbers them
    reason: str | None = None
    quality: position_quality.Quality = position_quality.PLAIN
    camera: cameras.Camera = cameras.UNKNOWN

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
    entries = tiff.entries(block, _WANTED)
    tags = None if entries is None else _VALUES.tags(entries)
    if tags is not None:
        return _reading(tags, "")
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
    taken = clock.read(tags)
    return Reading(
        lon=lon,
        lat=lat,
        taken_local=taken.local,
        utc_offset_minutes=taken.offset_minutes,
        offset_by_gps=taken.offset_by_gps,
        gps_clock=taken.gps,
        heading=_heading(tags),
        orientation=_orientation(tags),
        reason=reason,
        quality=position_quality.read(tags) if reason is None else position_quality.PLAIN,
        camera=cameras.read(tags),
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
    *position_quality.TAGS,
)
_TIME_TAGS: Final = (
    "DateTimeOriginal",
    "DateTimeDigitized",
    "OffsetTimeOriginal",
    "OffsetTimeDigitized",
    "OffsetTime",
    "SubSecTimeOriginal",
    "SubSecTimeDigitized",
)
_NUMBERS: Final = {name.lower(): int(number) for name, number in ExifTags.Base.__members__.items()}
"""Of tags, by their names in small letters: Pillow writes Subsec where the standard has SubSec."""


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
    named = ((_OF_EXIFREAD.get(name), tag) for name, tag in found.items())
    return {name: tag.values for name, tag in named if name is not None}, ""


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
    tags = {name: sub.get(_NUMBERS[name.lower()]) for name in (*_TIME_TAGS, *cameras.SUB_TAGS)}
    tags |= {name: exif.get(ExifTags.Base[name]) for name in cameras.MAIN_TAGS}
    tags |= {name: gps.get(ExifTags.GPS[name]) for name in _GPS_TAGS}
    tags["Orientation"] = exif.get(tiff.ORIENTATION)
    return {name: value for name, value in tags.items() if value is not None}


_SUB_TAGS: Final = (*_TIME_TAGS, *cameras.SUB_TAGS)
_NAMES: Final = (
    {(tiff.MAIN, int(ExifTags.Base[name])): name for name in (*cameras.MAIN_TAGS, "Orientation")}
    | {(tiff.SUB, _NUMBERS[name.lower()]): name for name in _SUB_TAGS}
    | {(tiff.GPS, int(ExifTags.GPS[name])): name for name in _GPS_TAGS}
)
"""The tags that are read: their names by directory and number."""
_OF_EXIFREAD: Final = (
    {f"Image {name}": name for name in (*cameras.MAIN_TAGS, "Orientation")}
    | {f"EXIF {name}": name for name in _SUB_TAGS}
    | {f"GPS {name}": name for name in _GPS_TAGS}
    # Its own names for two.
    | {"GPS GPSDate": "GPSDateStamp", "GPS Tag 0x001F": "GPSHPositioningError"}
)


def _numbers(directory: int) -> frozenset[int]:
    return frozenset(tag for place, tag in _NAMES if place == directory)


_WANTED: Final = tiff.Wanted(
    main=_numbers(tiff.MAIN) | {tiff.SUB, tiff.GPS},
    sub=_numbers(tiff.SUB) | {tiff.GPS},
    gps=_numbers(tiff.GPS),
    other_clocks=frozenset(
        (
            *(_NUMBERS[name.lower()] for name in _TIME_TAGS if not name.endswith("Original")),
            ExifTags.GPS.GPSDateStamp,
            ExifTags.GPS.GPSTimeStamp,
        )
    ),
)


def _values_of_block(block: bytes) -> dict[str, Any] | None:
    return _read_with_exifread(BytesIO(block))[0]


_VALUES: Final = EntryValues(_values_of_block, _NAMES)


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
    parts = [number(part) for part in sequence(tags[name])]
    out_of_range = any(part is None or part < 0 for part in parts)
    # Rounding writes 60 minutes or seconds; what is above, such as 545.7, was never an angle.
    if not 1 <= len(parts) <= 3 or out_of_range or any((part or 0) > 60 for part in parts[1:]):
        raise ValueError(f"GPS {axis} {quote(_shown(tags[name]))} is not a valid {axis}")
    reference = text(tags.get(f"{name}Ref")).upper()
    if reference not in (positive, negative):
        wanted = f"neither {positive} nor {negative}"
        raise ValueError(f"GPS {axis} reference {quote(reference)} is {wanted}")
    # An angle is degrees + minutes/60 + seconds/3600.
    angle = math.fsum(
        part / unit for part, unit in zip(parts, (1, 60, 3600), strict=False) if part is not None
    )
    if angle > limit:
        raise ValueError(f"GPS {axis} {angle:.6g} is beyond ±{limit:g}")
    return angle if reference == positive else -angle


def _shown(value: Any) -> Any:
    """Return an angle as decimal numbers, where it has some: (52, 0, 545.7)."""
    parts = [number(part) for part in sequence(value)]
    if not parts or None in parts:
        return value
    return f"({', '.join(f'{part:.6g}' for part in parts)})"


def _heading(tags: Mapping[str, Any]) -> float | None:
    values = sequence(tags.get("GPSImgDirection"))
    angle = number(values[0]) if values else None
    return angle % 360 if angle is not None and 0 <= angle <= 360 else None


def _orientation(tags: Mapping[str, Any]) -> int | None:
    values = sequence(tags.get("Orientation"))
    return values[0] if values and values[0] in range(1, 9) else None
