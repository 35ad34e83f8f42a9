import warnings
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from PIL import ExifTags

from geobike import areas, schema
from geobike.errors import GeobikeWarning
from geobike.photos import clock, exif, reading
from geobike.positions import resolve
from tests.support.making import DELFT, handed, jpeg, squares

GPS, BASE = ExifTags.GPS, ExifTags.Base
TAKEN = {BASE.DateTimeOriginal: "2022:01:19 17:33:03"}


def located(folder: Path, data: bytes, **options: Any) -> tuple[Any, list[str]]:
    (folder / "a.jpg").write_bytes(data)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        frame = reading.read(reading.find(folder), **options)
    return frame, [str(one.message) for one in caught if one.category is GeobikeWarning]


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("angle", [(52.0, 0.0, 545.7), (52.0, 75.0, 0.0), (52.0, 0.0, 60.5)])
def test_minutes_and_seconds_over_60_are_not_a_position(
    angle: tuple[float, ...], format: str
) -> None:
    data = jpeg(lon_lat=DELFT, gps={GPS.GPSLatitude: angle}, format=format)
    said = exif.read(BytesIO(data))
    assert said.lat is None
    assert "is not a valid latitude" in str(said.reason)


def test_60_seconds_are_a_minute_as_rounding_writes_them() -> None:
    said = exif.read(BytesIO(jpeg(lon_lat=DELFT, gps={GPS.GPSLatitude: (52.0, 0.0, 60.0)})))
    assert said.lat == pytest.approx(52 + 1 / 60)


def test_the_handed_seconds_of_545_are_refused(shared: Path) -> None:
    said = exif.read(BytesIO(handed(shared, "exif-gps-seconds-545.jpg").read_bytes()))
    assert "(52, 0, 545.7)' is not a valid latitude" in str(said.reason)


@pytest.mark.parametrize(
    ("gps", "words"),
    [
        ({GPS.GPSHPositioningError: 4600.0}, "4600 m"),
        ({GPS.GPSStatus: "V"}, "no fix"),
        ({GPS.GPSProcessingMethod: b"ASCII\0\0\0CELLID"}, "a phone mast's cell"),
        ({GPS.GPSDOP: 50.0}, "DOP 50"),
        ({GPS.GPSMapDatum: "TOKYO"}, "TOKYO"),
        ({GPS.GPSImgDirection: 10.0, GPS.GPSImgDirectionRef: "M"}, "magnetic north"),
    ],
)
def test_what_a_photo_says_against_its_position_is_reported(
    tmp_path: Path, gps: dict[int, Any], words: str
) -> None:
    frame, notes = located(tmp_path, jpeg(lon_lat=DELFT, gps=gps))
    assert frame.geometry.notna().all()
    assert len(notes) == 1
    assert words in notes[0]


def test_nothing_is_reported_of_a_usual_position(tmp_path: Path) -> None:
    usual = {
        GPS.GPSHPositioningError: 4.7,
        GPS.GPSStatus: "A",
        GPS.GPSMeasureMode: "2",
        GPS.GPSProcessingMethod: b"ASCII\0\0\0GPS",
        GPS.GPSDOP: 1.2,
        GPS.GPSMapDatum: "WGS-84",
        GPS.GPSImgDirectionRef: "T",
    }
    assert located(tmp_path, jpeg(lon_lat=DELFT, gps=usual))[1] == []


def test_a_position_that_may_be_off_by_more_than_the_areas_is_refused(tmp_path: Path) -> None:
    squares(tmp_path / "areas.geojson", ["one"], west=4.355, south=52.005)
    polygons = areas.read(tmp_path / "areas.geojson")  # about 690 m x 1110 m, so 870 m
    statuses = []
    for error in (800.0, 1000.0):
        data = jpeg(lon_lat=DELFT, gps={GPS.GPSHPositioningError: error})
        placed = areas.assign(resolve.locate(located(tmp_path, data)[0]), polygons)
        statuses.append(placed.at[0, "status"])
    assert statuses[1] == schema.UNLOCATED
    assert schema.OUTSIDE != statuses[0] != schema.UNLOCATED
    assert "may be off by 1000 m, more than the size of the areas" in placed.at[0, "reason"]
    assert placed.geometry.isna().all()


@pytest.mark.parametrize("fix", [(16.0, 18.0, 10.0), (15.0, 34.0, 10.0)])
def test_the_users_time_zone_wins_over_an_old_gps_clock(
    tmp_path: Path, fix: tuple[float, ...]
) -> None:
    gps = {GPS.GPSDateStamp: "2022:01:19", GPS.GPSTimeStamp: fix}
    data = jpeg(lon_lat=DELFT, times=TAKEN, gps=gps)
    frame, notes = located(tmp_path, data, timezone=ZoneInfo("Europe/Amsterdam"))
    assert frame.at[0, "taken_at"] == datetime(2022, 1, 19, 16, 33, 3, tzinfo=UTC)
    assert "a GPS clock that disagrees with --timezone" in notes[0]


def test_no_offset_that_no_country_has_is_inferred(tmp_path: Path) -> None:
    gps = {GPS.GPSDateStamp: "2022:01:19", GPS.GPSTimeStamp: (16.0, 18.0, 10.0)}
    frame, notes = located(tmp_path, jpeg(lon_lat=DELFT, times=TAKEN, gps=gps))
    assert frame["taken_at"].isna().all()
    assert notes == []


def test_the_offsets_are_those_of_the_iana_zones() -> None:
    days = [datetime(year, month, 15) for year in range(2000, 2026) for month in (1, 4, 7, 10)]
    zones = [ZoneInfo(name) for name in available_timezones() if "/" in name]
    offsets = {day.replace(tzinfo=zone).utcoffset() for zone in zones for day in days}
    minutes = {offset.total_seconds() / 60 for offset in offsets if offset is not None}
    assert {one for one in minutes if one <= 14 * 60} == clock.OFFSETS


def test_broken_files_with_the_same_bytes_are_unreadable_not_duplicates(tmp_path: Path) -> None:
    for name in ("b.jpg", "c.jpg"):
        (tmp_path / name).touch()
    frame, _ = located(tmp_path, b"")
    assert frame["status"].tolist() == [schema.UNREADABLE] * 3
    assert frame["reason"].str.contains("empty").all()


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize(
    "method", [b"ASCII\0\0\0CELLID", b"UNICODE\0" + "CELLID".encode("utf-16-le")]
)
def test_a_position_by_phone_masts_is_known_in_every_format(method: bytes, format: str) -> None:
    gps = {GPS.GPSProcessingMethod: method}
    said = exif.read(BytesIO(jpeg(lon_lat=DELFT, gps=gps, format=format)))
    assert said.lat == pytest.approx(DELFT[1])
    assert said.quality.by_cell
