"""The short copy of EXIF against the untouched block, as exifread and exiftool read it."""

import csv
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Any
from unittest import mock

import exifread
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from geobike.photos import decoding, discovery, exif, metadata, tiff
from geobike.photos import jpeg as jpeg_header
from tests.support.exif_blocks import (
    DATE_TIME_ORIGINAL,
    GPS,
    LATITUDE,
    MAKE,
    ORIENTATION,
    RATIONAL,
    SUB,
    Directory,
    Layout,
    block,
    in_jpeg,
    in_png,
    in_tiff,
    loop,
    photo_directories,
    pointer,
    rationals,
    short,
    text,
)
from tests.support.making import jpeg

PARTS = ("main", "main=", "sub", "sub=", "gps", "gps=", "next", "next=")
TAKEN_AT = datetime(2022, 1, 19, 16, 33, 4, tzinfo=UTC)


def untouched(data: bytes) -> exif.Reading:
    """Return what exifread reads of the block as it is."""
    with mock.patch.object(tiff, "thinned", return_value=None):
        return exif.read_block(data)


def test_degrees_right_after_their_directory_are_read_as_they_are() -> None:
    # As a real photo has it: no pointer to a next directory, where the first degrees then are.
    for order in "<>":
        directories = photo_directories(order, without_pointer=("main", "sub", "gps"))
        data = block(directories, Layout(order))
        reading = exif.read_block(data)
        assert reading.lat == pytest.approx(48.08)
        assert reading.lon == pytest.approx(11.58)
        assert reading.taken_at == TAKEN_AT
        assert reading.heading == 275.5
        assert reading.orientation == 6


def test_degrees_as_signed_fractions_are_read() -> None:
    # As older phones write them, with a type that allows a sign (TIFF 6.0, SRATIONAL).
    signed = 10
    for order in "<>":
        directories = photo_directories(order)
        gps = directories["gps"]
        gps.entries = [
            (tag, (signed, *value[1:]) if value[0] == RATIONAL else value)
            for tag, value in gps.entries
        ]
        assert any(value[0] == signed for _, value in gps.entries)
        reading = exif.read_block(block(directories, Layout(order)))
        assert (reading.lat, reading.lon) == pytest.approx((48.08, 11.58))


def test_the_short_copy_is_taken_where_nothing_is_odd_and_no_value_is_changed() -> None:
    for order in "<>":
        more = {"main": [(ExifTags.Base.Software, text("a program"))]}
        data = block(photo_directories(order, thumbnail=True, more=more), Layout(order))
        assert b"a program" in data
        copy = tiff.thinned(data, exif._WANTED)
        assert copy is not None
        assert copy[8 : len(data)] == data[8:]
        found = exifread.process_file(BytesIO(copy), details=False)
        assert "Image Software" not in found
        assert str(found["Image Make"]) == "A maker of phones"
        assert str(found["GPS GPSLatitude"]) == "[48, 4, 48]"


def more_entries(order: str) -> dict[str, list[tuple[int, Any]]]:
    """Return entries that a photo may have a second time."""
    return {
        "main": [(MAKE, text("another maker"))],
        "sub": [(DATE_TIME_ORIGINAL, text("2023:02:20 18:34:05"))],
        "gps": [(LATITUDE, rationals(order, (50, 1), (30, 1), (0, 1)))],
    }


@st.composite
def blocks(draw: st.DrawFn) -> bytes:
    order = draw(st.sampled_from("<>"))
    doubled = draw(st.sets(st.sampled_from(["main", "sub", "gps"])))
    more = {name: entries for name, entries in more_entries(order).items() if name in doubled}
    places = draw(st.sets(st.sampled_from(["main", "sub", "next"])))
    for name in places:  # a second GPS directory, named from anywhere
        more[name] = [*more.get(name, []), (GPS, pointer("other"))]
    directories = photo_directories(
        order,
        more=more,
        without_pointer=sorted(draw(st.sets(st.sampled_from(["main", "sub", "gps"])))),
        thumbnail=draw(st.booleans()) or "next" in places,
    )
    if places:
        other = rationals(order, (51, 1), (0, 1), (0, 1))
        directories["other"] = Directory([(LATITUDE, other)])
    parts = draw(st.permutations([*PARTS, "other", "other="]))
    gaps = draw(st.dictionaries(st.sampled_from(parts), st.integers(1, 9), max_size=3))
    data = bytearray(block(directories, Layout(order, parts, gaps)))
    for at, value in draw(
        st.dictionaries(st.integers(8, 400), st.integers(0, 255), max_size=2)
    ).items():
        data[at % len(data) if at % len(data) >= 8 else 8] = value
    return bytes(data[: len(data) - draw(st.sampled_from([0, 0, 0, 1, 2, 4, 11, 40, 100]))])


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # damaged EXIF is what is tested
@settings(max_examples=600, deadline=None)
@given(data=blocks())
def test_any_layout_is_read_as_exifread_reads_the_untouched_block(data: bytes) -> None:
    try:
        exifread.process_file(BytesIO(data), details=False, extract_thumbnail=False)
    except Exception:  # noqa: BLE001 - a block that it cannot read says nothing about the copy
        return
    reading, expected = exif.read_block(data), untouched(data)
    if reading.orientation != expected.orientation:  # of two the first, as Pillow turns the pixels
        expected = replace(expected, orientation=orientation_for_pillow(data))
    assert reading == expected


def orientation_for_pillow(data: bytes) -> int | None:
    found = Image.Exif()
    found.load(data)
    value = found.get(ORIENTATION)
    return value if value in range(1, 9) else None


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
def test_every_layout_is_read_as_exiftool_reads_it(tmp_path: Path) -> None:
    plain = jpeg()
    orders: Sequence[Sequence[str]] = (
        PARTS,
        PARTS[::-1],  # values before their directory
        ("main", "sub", "gps", "next", "gps=", "sub=", "main=", "next="),
    )
    cases = product("<>", orders, [(), ("gps",), ("sub", "gps")], [False, True], [False, True])
    readings: dict[str, exif.Reading] = {}
    for number, (order, parts, without, thumbnail, doubled) in enumerate(cases):
        directories = photo_directories(
            order,
            more=doubly(order) if doubled else {},
            without_pointer=without,
            thumbnail=thumbnail,
        )
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(in_jpeg(plain, block(directories, Layout(order, parts))))
        with path.open("rb") as file:
            readings[str(path)] = exif.read(file)
    told = as_exiftool_says(tmp_path)
    assert len(told) == len(readings) == 72
    for name, row in told.items():
        reading = readings[name]
        assert reading.lat == pytest.approx(float(row["GPSLatitude"])), name
        assert reading.lon == pytest.approx(float(row["GPSLongitude"])), name
        assert reading.heading == float(row["GPSImgDirection"]), name
        assert reading.orientation == int(row["Orientation"]), name
        written = row["DateTimeOriginal"] + row["OffsetTimeOriginal"]
        assert reading.taken_at == datetime.strptime(written, "%Y:%m:%d %H:%M:%S%z"), name


def doubly(order: str) -> Mapping[str, list[tuple[int, Any]]]:
    more = more_entries(order)
    return {**more, "main": [*more["main"], (ORIENTATION, short(order, 3))]}


def as_exiftool_says(folder: Path) -> dict[str, dict[str, str]]:
    tags = ["GPSLatitude", "GPSLongitude", "GPSImgDirection", "Orientation"]
    tags += ["DateTimeOriginal", "OffsetTimeOriginal"]
    command = ["exiftool", "-n", "-csv", *(f"-{tag}" for tag in tags), str(folder)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {row["SourceFile"]: row for row in csv.DictReader(out.splitlines())}


def loops() -> dict[str, bytes]:
    """Return files whose EXIF takes minutes when every pointer is followed."""
    png = jpeg(format="PNG")
    files = {f"gps-{number}.jpg": in_jpeg(jpeg(), loop(number)) for number in (1_000, 65_535)}
    files["exif-65535.jpg"] = in_jpeg(jpeg(), loop(65_535, SUB))
    files |= {f"gps-{number}.png": in_png(png, loop(number)) for number in (1_000, 65_535)}
    files |= {
        f"gps-{number}.tif": in_tiff(jpeg(format="TIFF"), GPS, number) for number in (1_000, 65_000)
    }
    return files


@pytest.mark.parametrize("name", loops())
def test_a_loop_of_pointers_ends_with_a_reason_in_bounded_time(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(loops()[name])
    start = time.monotonic()
    said = metadata.read(discovery.find(path))
    assert time.monotonic() - start < 5  # 47 s for 1,000 when each was followed
    assert "EXIF cannot be read (too many entries" in str(said.reason[0])
    assert (said.width[0], said.height[0]) == decoding.upright_size(path.read_bytes())


def test_a_directory_of_thousands_of_entries_is_read() -> None:
    filler = [(tag, short("<", 1)) for tag in range(0x9300, 0x9300 + 5_000)]
    data = block(photo_directories("<", more={"main": filler}), Layout("<"))
    assert exif.read_block(data).lat == pytest.approx(48.08)


class Counting(BytesIO):
    """Knows how often it was read."""

    asked = 0

    def read(self, size: int | None = -1) -> bytes:
        self.asked += 1
        return super().read(size)


@pytest.mark.parametrize("number", [400, 4_000, 40_000])
def test_reads_of_a_file_do_not_grow_with_its_pointers(number: int) -> None:
    file = Counting(in_tiff(jpeg(format="TIFF"), GPS, number))
    assert exif.read(file).reason
    assert file.asked < 110_000 + 3 * number


@pytest.mark.parametrize(
    ("taken", "offset"),
    [
        ("2022:01:19 17:33:04", "+01:00"),
        ("2022:13:19 17:33:04", "+01:00"),
        ("2022:01:19 17:33:60", "+01:00"),
        ("2022: 1:19 17:33:04", "+01:00"),
        ("2022:01:19 17:33:04", "+25:00"),
        ("2022:01:19 17:33:04", "      "),
        ("    :  :     :  :  ", "+01:00"),
        ("0000:00:00 00:00:00", "+01:00"),
    ],
)
def test_other_clocks_are_read_where_the_time_of_exposure_or_its_offset_is_not_valid(
    taken: str, offset: str
) -> None:
    base, gps = ExifTags.Base, ExifTags.GPS
    times = {
        base.DateTimeOriginal: taken,
        base.OffsetTimeOriginal: offset,
        base.DateTimeDigitized: "2022:01:19 18:40:00",
        base.OffsetTimeDigitized: "+02:00",
    }
    clock = {gps.GPSDateStamp: "2022:01:19", gps.GPSTimeStamp: (16.0, 33.0, 4.0)}
    data = jpeg(lon_lat=(4.3571, 52.0116), times=times, gps=clock)
    header = jpeg_header.read_header(BytesIO(data))
    assert header is not None
    reading = exif.read_block(header.exif)
    assert reading == untouched(header.exif)
    assert reading.taken_local is not None
    assert reading.utc_offset_minutes in (60, 120)
    copy = tiff.thinned(header.exif, exif._WANTED)
    assert copy is not None
    found = exifread.process_file(BytesIO(copy), details=False)
    assert ("GPS GPSTimeStamp" in found) == ((taken, offset) != ("2022:01:19 17:33:04", "+01:00"))
