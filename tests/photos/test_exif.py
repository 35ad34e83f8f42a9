import csv
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from geobike.photos import exif, reading
from tests.support.making import DELFT, jpeg

GPS, BASE = ExifTags.GPS, ExifTags.Base


def read(data: bytes) -> exif.Reading:
    return exif.read(BytesIO(data))


def expected(shared: Path) -> list[dict[str, str]]:
    with (shared / "exif" / "expected.csv").open() as file:
        return list(csv.DictReader(file))


def metres(reading: exif.Reading, lon: float, lat: float) -> float:
    return pyproj.Geod(ellps="WGS84").inv(reading.lon, reading.lat, lon, lat)[2]


def test_the_awkward_files_are_read_as_exiftool_reads_them(shared: Path) -> None:
    rows = expected(shared)
    assert len(rows) == 47
    for row in rows:
        with (shared / "exif" / row["file"]).open("rb") as file:
            reading = exif.read(file)
        if row["latitude"] in ("", "0.0"):  # (0, 0) is what devices write for none
            assert reading.lat is None, row["file"]
            assert reading.lon is None, row["file"]
            assert reading.reason, row["file"]
        else:
            far = metres(reading, float(row["longitude"]), float(row["latitude"]))
            assert far < 1, row["file"]
            assert reading.reason is None, row["file"]


def test_orientation_is_that_of_exiftool(shared: Path) -> None:
    for row in expected(shared):
        if row["orientation"]:
            with (shared / "exif" / row["file"]).open("rb") as file:
                assert exif.read(file).orientation == float(row["orientation"]), row["file"]


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
def test_times_and_headings_are_those_of_exiftool(shared: Path) -> None:
    files = sorted((shared / "photos" / "street").iterdir())
    tags = ["-DateTimeOriginal", "-SubSecTimeOriginal", "-OffsetTimeOriginal", "-GPSImgDirection"]
    tags += ["-n", "-csv"]
    out = subprocess.run(["exiftool", *tags, *files], capture_output=True, text=True, check=True)
    told = list(csv.DictReader(out.stdout.splitlines()))
    assert len(told) == 25
    for row in told:
        with Path(row["SourceFile"]).open("rb") as file:
            reading = exif.read(file)
        assert reading.taken_at is not None
        told_time = f"{row['DateTimeOriginal']}.{row['SubSecTimeOriginal'] or '0'}"
        told_time += row["OffsetTimeOriginal"]
        assert reading.taken_at == datetime.strptime(told_time, "%Y:%m:%d %H:%M:%S.%f%z")
        assert reading.heading == pytest.approx(float(row["GPSImgDirection"]) % 360)


@pytest.mark.parametrize(
    ("gps", "said"),
    [
        ({GPS.GPSLatitude: (91.0, 0.0, 0.0)}, "latitude 91 is beyond"),
        ({GPS.GPSLongitude: (213.64, 0.0, 0.0)}, "longitude 213.64 is beyond"),
        ({GPS.GPSLatitudeRef: "X"}, "reference 'X' is neither N nor S"),
        ({GPS.GPSLongitudeRef: "\0"}, "reference '' is neither E nor W"),
        (
            {GPS.GPSLatitude: (IFDRational(52), IFDRational(0, 0), IFDRational(0))},
            "is not a valid latitude",
        ),
        ({GPS.GPSLatitude: (0.0, 0.0, 0.0), GPS.GPSLongitude: (0.0, 0.0, 0.0)}, "(0, 0)"),
    ],
)
def test_an_invalid_position_is_rejected_with_its_reason(gps: dict, said: str) -> None:
    reading = read(jpeg(lon_lat=DELFT, gps=gps))
    assert (reading.lon, reading.lat) == (None, None)
    assert said in reading.reason


@pytest.mark.parametrize("lon_lat", [(4.36, 52.01), (-4.36, 52.01), (4.36, -52.01), (-0.1, -0.2)])
def test_all_quarters_of_the_earth_are_read(lon_lat: tuple[float, float]) -> None:
    assert metres(read(jpeg(lon_lat=lon_lat)), *lon_lat) < 0.1


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_every_format_that_carries_exif_gives_its_position(format: str) -> None:
    assert metres(read(jpeg(lon_lat=DELFT, format=format)), *DELFT) < 0.1


def test_a_webp_with_a_colour_profile_gives_its_position() -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    with Image.open(BytesIO(jpeg(lon_lat=DELFT))) as image:
        out = BytesIO()
        image.save(out, "WEBP", exif=image.getexif(), icc_profile=profile)
    assert metres(read(out.getvalue()), *DELFT) < 0.1


def test_a_time_with_an_offset_is_that_instant() -> None:
    times = {BASE.DateTimeOriginal: "2022:01:19 17:33:04", BASE.OffsetTimeOriginal: "+01:00"}
    assert read(jpeg(times=times)).taken_at == datetime(2022, 1, 19, 16, 33, 4, tzinfo=UTC)


def test_a_time_without_an_offset_is_placed_by_the_gps_clock() -> None:
    times = {BASE.DateTimeOriginal: "2021:04:17 18:13:49"}
    gps = {GPS.GPSDateStamp: "2021:04:17", GPS.GPSTimeStamp: (16.0, 12.0, 30.0)}
    taken_at = read(jpeg(times=times, gps=gps)).taken_at
    assert taken_at is not None
    assert taken_at.utcoffset() == timedelta(hours=2)


def test_a_gps_clock_that_contradicts_the_camera_is_not_believed() -> None:
    times = {BASE.DateTimeOriginal: "2008:10:22 16:46:53"}
    gps = {GPS.GPSDateStamp: "2008:10:23", GPS.GPSTimeStamp: (14.0, 27.0, 7.0)}
    assert read(jpeg(times=times, gps=gps)).taken_at is None


def test_a_gps_clock_at_the_start_of_its_calendar_gives_no_time() -> None:
    times = {BASE.DateTimeOriginal: "2022:07:19 12:00:00"}
    gps = {GPS.GPSDateStamp: "1970:01:01", GPS.GPSTimeStamp: (0.0, 0.0, 0.0)}
    assert read(jpeg(times=times, gps=gps)).taken_at is None


def test_a_time_without_any_offset_keeps_what_the_clock_showed() -> None:
    reading = read(jpeg(times={BASE.DateTimeOriginal: "2022:07:19 12:00:00"}))
    assert reading.taken_local == datetime(2022, 7, 19, 12, 0)
    assert reading.utc_offset_minutes is None
    assert reading.taken_at is None


@pytest.mark.parametrize(
    ("offset", "minutes"), [("Z", 0), ("+00:00", 0), ("+05:45", 345), ("-03:30", -210)]
)
def test_the_offset_that_exif_names_is_kept_beside_the_local_time(
    offset: str, minutes: int
) -> None:
    times = {BASE.DateTimeOriginal: "2022:07:19 12:00:00", BASE.OffsetTimeOriginal: offset}
    # EXIF's own word counts, though the GPS clock says two hours.
    gps = {GPS.GPSDateStamp: "2022:07:19", GPS.GPSTimeStamp: (10.0, 0.0, 0.0)}
    reading = read(jpeg(times=times, gps=gps))
    assert reading.taken_local == datetime(2022, 7, 19, 12, 0)
    assert reading.utc_offset_minutes == minutes


@pytest.mark.parametrize(
    "time", ["1999:99:99 99:99:99", "0000:00:00 00:00:00", "    ", "yesterday"]
)
def test_an_impossible_time_is_none(time: str) -> None:
    assert read(jpeg(times={BASE.DateTimeOriginal: time})).taken_at is None


@pytest.mark.parametrize(
    ("time", "offset"),
    [
        ("0001:01:01 00:00:00", "+10:00"),
        ("9999:12:31 23:59:00", "-10:00"),
        ("0001:01:01 00:00:00", ""),
    ],
)
def test_a_year_without_photographs_is_not_a_time_and_does_not_end_the_run(
    time: str, offset: str, tmp_path: Path
) -> None:
    times = {BASE.DateTimeOriginal: time, BASE.OffsetTimeOriginal: offset}
    (tmp_path / "a.jpg").write_bytes(jpeg(lon_lat=DELFT, times=times))
    frame = reading.read(reading.find(tmp_path), timezone=ZoneInfo("Europe/Amsterdam"))
    assert frame["taken_at"].isna().all()
    assert frame.geometry.notna().all()


@pytest.mark.parametrize(("written", "heading"), [(360.0, 0.0), (17.5, 17.5), (361.0, None)])
def test_headings_are_from_0_to_below_360(written: float, heading: float | None) -> None:
    assert read(jpeg(lon_lat=DELFT, gps={GPS.GPSImgDirection: written})).heading == heading


@settings(max_examples=150, deadline=None)
@given(cut=st.integers(0, 2000), junk=st.binary(min_size=1, max_size=40), at=st.integers(0, 900))
def test_no_exception_escapes_from_damaged_files(cut: int, junk: bytes, at: int) -> None:
    data = bytearray(jpeg(lon_lat=DELFT, times={BASE.DateTimeOriginal: "2022:01:19 17:33:04"}))
    data[at : at + len(junk)] = junk
    reading = read(bytes(data[: len(data) - cut]))
    assert (reading.lat is None) == (reading.reason is not None)


@pytest.mark.parametrize("clock", [(25.0, 33.0, 3.0), (16.0, 75.0, 3.0), (16.0, 33.0, 99.0)])
def test_a_gps_clock_that_shows_no_time_of_day_gives_no_offset(clock: tuple) -> None:
    times = {BASE.DateTimeOriginal: "2022:01:19 17:33:03"}
    gps = {GPS.GPSDateStamp: "2022:01:19", GPS.GPSTimeStamp: clock}
    reading = read(jpeg(times=times, gps=gps))
    assert (reading.utc_offset_minutes, reading.gps_clock) == (None, None)
