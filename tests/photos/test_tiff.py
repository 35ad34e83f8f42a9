"""Some entries of EXIF against the untouched block, as exifread and exiftool read it."""

import csv
import shutil
import struct
import subprocess
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
from hypothesis import Phase, event, given, seed, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from geobike.photos import decoding, discovery, entry_values, exif, exif_values, metadata, tiff
from geobike.photos import jpeg as jpeg_header
from geobike.photos.entry_values import EntryValues
from tests.support.bounded import processor_seconds
from tests.support.exif_blocks import (
    DATE_TIME_ORIGINAL,
    DIRECTION,
    GPS,
    LATITUDE,
    LATITUDE_REF,
    LONG,
    LONGITUDE,
    LONGITUDE_REF,
    MAKE,
    OFFSET_TIME_ORIGINAL,
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
SIGNED_RATIONAL = 10
TAKEN_AT = datetime(2022, 1, 19, 16, 33, 4, tzinfo=UTC)


def untouched(data: bytes) -> exif.Reading:
    """Return what exifread reads of the block as it is."""
    with mock.patch.object(tiff, "entries", return_value=None):
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
    for order in "<>":
        directories = photo_directories(order)
        gps = directories["gps"]
        gps.entries = [
            (tag, (SIGNED_RATIONAL, *value[1:]) if value[0] == RATIONAL else value)
            for tag, value in gps.entries
        ]
        assert any(value[0] == SIGNED_RATIONAL for _, value in gps.entries)
        reading = exif.read_block(block(directories, Layout(order)))
        assert (reading.lat, reading.lon) == pytest.approx((48.08, 11.58))


def test_where_nothing_is_odd_only_wanted_entries_are_read_and_each_once() -> None:
    for order in "<>":
        more = {"main": [(ExifTags.Base.Software, text("a program"))]}
        data = block(photo_directories(order, thumbnail=True, more=more), Layout(order))
        assert b"a program" in data
        entries = tiff.entries(data, exif._WANTED)
        assert entries is not None
        copy = tiff.block_of(entries)
        assert b"a program" not in copy
        found = exifread.process_file(BytesIO(copy), details=False)
        assert str(found["Image Make"]) == "A maker of phones"
        assert str(found["GPS GPSLatitude"]) == "[48, 4, 48]"
        with mock.patch.object(exifread, "process_file", wraps=exifread.process_file) as reader:
            values = EntryValues(exif._values_of_block, exif._NAMES)
            first = values.tags(entries)
            assert values.tags(entries) == first
            assert reader.call_count == 1


def test_entries_are_remembered_without_end_in_bounded_memory() -> None:
    values = EntryValues(exif._values_of_block, exif._NAMES)
    make = tiff.Entry("<", tiff.MAIN, MAKE, 2, 6, b"Maker\0")
    for number in range(3 * entry_values._MOST):
        latitude = struct.pack("<6i", number, 1, 0, 1, 0, 1)
        own = tiff.Entry("<", tiff.GPS, LATITUDE, SIGNED_RATIONAL, 3, latitude)
        tags = values.tags([make, own])
        assert tags is not None
        assert (tags["Make"], tags["GPSLatitude"]) == ("Maker", [number, 0, 0])
        assert len(values._known) <= entry_values._MOST + 2


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


TAGS = {
    place: [tag for directory, tag in exif._NAMES if directory == place]
    for place in (tiff.MAIN, tiff.SUB, tiff.GPS)
}
USUAL = {  # type, count and value, as cameras write them: a number is that of a piece
    MAKE: (2, 6, 2),
    ORIENTATION: (3, 1, b"\6\0\6\0"),
    DATE_TIME_ORIGINAL: (2, 20, 0),
    OFFSET_TIME_ORIGINAL: (2, 7, 1),
    LATITUDE_REF: (2, 2, b"N\0\0\0"),
    LATITUDE: (5, 3, 3),
    LONGITUDE_REF: (2, 2, b"W\0\0\0"),
    LONGITUDE: (5, 3, 3),
    DIRECTION: (5, 1, 3),
}


def pieces(order: str) -> list[bytes]:
    """Return values: a time, an offset, a name, an angle, and what is none."""
    angle = rationals(order, (48, 1), (4, 1), (48, 1))[2]
    assert isinstance(angle, bytes)
    return [b"2022:01:19 17:33:04\0", b"+01:00\0", b"Maker\0", angle, bytes(8), b"\xff" * 6]


@st.composite
def tangles(draw: st.DrawFn) -> bytes:
    """Return blocks whose directories and values lie anywhere: over each other or beyond the end.

    Several entries share a value, directories a place; values come before their directory.
    """
    order = draw(st.sampled_from("<>"))
    data, anchors = bytearray(8), dict[int, int]()
    for number in draw(st.permutations(range(6))):
        anchors[number] = len(data)
        data += pieces(order)[number]
    between = st.integers(8, len(data) + 4)
    behind = st.sampled_from([len(data) + 90 * number for number in range(3)])
    starts = {place: draw(between | behind | behind) for place in TAGS}
    for place in draw(st.permutations([*TAGS])):
        usual = [tag for tag in TAGS[place] if tag in USUAL]
        others = st.sampled_from([*TAGS[place], 0x0131, 0xA005, tiff.GPS])
        tags = draw(st.permutations(usual + draw(st.lists(others, max_size=2))))
        entries = [draw(entries_of(order, tag, anchors)) for tag in tags]
        if place == tiff.MAIN:
            targets = [(tag, starts[tag]) for tag in (tiff.SUB, tiff.GPS)]
            pointers = [struct.pack(order + "HHII", tag, LONG, 1, at) for tag, at in targets]
            entries = draw(st.permutations(entries + pointers))
        following = draw(st.sampled_from([0, 0, 0, 0, starts[tiff.SUB], 9_999]))
        packed = struct.pack(order + "H", len(entries)) + b"".join(entries)
        packed += struct.pack(order + "I", following)
        data += bytes(max(0, starts[place] - len(data)))
        data[starts[place] : starts[place] + len(packed)] = packed
    data[:8] = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", starts[0])
    return bytes(data[: len(data) - draw(st.sampled_from([0, 0, 0, 0, 3, 30]))])


@st.composite
def entries_of(draw: st.DrawFn, order: str, tag: int, anchors: Mapping[int, int]) -> bytes:
    kind, count, value = USUAL.get(tag, (2, 6, 2))
    if isinstance(value, int):
        value = struct.pack(order + "I", anchors[value])
    odd = draw(st.sampled_from([""] * 12 + ["kind", "count", "value"]))
    if odd == "kind":
        kind = draw(st.integers(0, 14))
    if odd == "count":
        count = draw(st.sampled_from([0, 1, 2, 3, 7, 20]))
    if odd == "value":
        value = struct.pack(order + "I", draw(st.integers(0, max(anchors.values()) + 40)))
    return struct.pack(order + "HHI", tag, kind, count) + value


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # damaged EXIF is what is tested
@settings(max_examples=500, deadline=None)
@given(data=tangles() | blocks())
def test_parts_that_overlap_or_are_missing_change_no_value_that_exifread_reads(data: bytes) -> None:
    entries = tiff.entries(data, exif._WANTED)
    event("read in part" if entries else "read as it is")
    try:
        found = exifread.process_file(BytesIO(data), details=False, extract_thumbnail=False)
    except Exception:  # noqa: BLE001 - a block that it cannot read says nothing about its parts
        return
    if entries is not None:
        tags = exif._VALUES.tags(entries)
        if tags is not None:
            names = {ours: theirs for theirs, ours in exif._OF_EXIFREAD.items() if theirs in found}
            whole = {ours: found[theirs].values for ours, theirs in names.items()}
            for name in tags.keys() - {"Orientation"}:  # of two the first
                assert shown(tags[name]) == shown(whole[name]), name
    reading, expected = exif.read_block(data), untouched(data)
    if reading.orientation != expected.orientation:
        expected = replace(expected, orientation=orientation_for_pillow(data))
    assert reading == expected


def shown(value: Any) -> str:
    """Return a tag's value as text; fractions, which exifread does not divide, as numbers."""
    if not isinstance(value, list):
        return repr(value)
    return repr([one if isinstance(one, int | tuple) else exif_values.number(one) for one in value])


@st.composite
def plain_entries(draw: st.DrawFn) -> tiff.Entry:
    """Return one entry of text or of fractions, as odd as can be."""
    order = draw(st.sampled_from("<>"))
    directory, tag = draw(st.sampled_from(sorted(exif._NAMES)))
    kind = draw(st.sampled_from([2, RATIONAL]))
    if kind == 2:
        text = draw(st.binary(max_size=30) | st.text(max_size=20).map(str.encode))
        return tiff.Entry(order, directory, tag, kind, len(text), text)
    parts = draw(st.lists(st.integers(0, 3) | st.integers(0, 2**32 - 1), max_size=8))
    parts = parts[: len(parts) // 2 * 2]
    value = struct.pack(f"{order}{len(parts)}I", *parts)
    return tiff.Entry(order, directory, tag, kind, len(parts) // 2, value)


@settings(max_examples=1000, deadline=None)
@given(entry=plain_entries())
def test_text_and_fractions_have_the_values_that_exifread_gives_them(entry: tiff.Entry) -> None:
    tags = EntryValues(exif._values_of_block, exif._NAMES).tags([entry])
    expected = exif._values_of_block(tiff.block_of([entry]))
    assert (tags is None) == (expected is None)
    if tags is not None and expected is not None:
        assert tags.keys() == expected.keys()
        assert [*map(shown, tags.values())] == [*map(shown, expected.values())]


def test_many_of_the_tangled_blocks_are_read_in_part() -> None:
    taken: list[bool] = []

    @seed(1)
    @settings(max_examples=300, deadline=None, database=None, phases=[Phase.generate])
    @given(data=tangles())
    def draw(data: bytes) -> None:
        taken.append(bool(tiff.entries(data, exif._WANTED)))

    draw()
    assert 0.1 < sum(taken) / len(taken) < 0.9


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
    with processor_seconds(5):  # 47 s for 1,000 when each was followed
        said = metadata.read(discovery.find(path))
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
    entries = tiff.entries(header.exif, exif._WANTED)
    assert entries is not None
    read = {exif._NAMES[entry.directory, entry.tag] for entry in entries}
    assert ("GPSTimeStamp" in read) == ((taken, offset) != ("2022:01:19 17:33:04", "+01:00"))
