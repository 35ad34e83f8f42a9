"""Headers that a store has kept give what the files would give, which are not opened again."""

import ast
import os
import random
import shutil
import sqlite3
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import geopandas as gpd
import pandas as pd
import pytest

from benchmarks.broken import WAYS
from geobike.detections.store.sqlite import Store
from geobike.photos import decoding, edition, exif, headers, metadata, opening, reading, records
from geobike.reporting import collect_warnings
from tests.conftest import ROOT
from tests.photos.test_decoded_before import camera_photo, changed
from tests.support.making import DELFT, photo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of awkward photos: of every broken kind, and with changed headers."""
    place = tmp_path_factory.mktemp("awkward")
    whole = camera_photo()
    for number, copy in enumerate((whole, whole, *changed(whole, 80))):
        (place / f"changed{number:03}.jpg").write_bytes(copy)
    for number, (way, _) in enumerate(WAYS.values()):
        (place / f"broken{number:02}.jpg").write_bytes(way(whole))
    for kind in ("PNG", "WEBP", "TIFF", "JPEG"):
        photo(place / f"other.{kind.lower()}", lon_lat=DELFT, size=(60, 40), format=kind)
    return place


def answers(
    files: list[reading.PhotoFile], store: Store | None, **options: object
) -> tuple[gpd.GeoDataFrame, list[str]]:
    with collect_warnings() as notes:
        found = reading.read(files, known=store, **options)  # type: ignore[arg-type]
    return found, list(notes)


def in_two_passes(
    files: list[reading.PhotoFile], *, timezone: ZoneInfo | None, max_pixels: int
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Read headers alone, from the files themselves, and then all bytes."""
    with collect_warnings() as notes:
        frame = reading.read_metadata(files, timezone=timezone, max_pixels=max_pixels)
    return reading.hash_files(frame, files, max_pixels=max_pixels), list(notes)


def assert_same(
    found: tuple[gpd.GeoDataFrame, list[str]], wanted: tuple[gpd.GeoDataFrame, list[str]]
) -> None:
    assert found[1] == wanted[1]
    pd.testing.assert_frame_equal(found[0], wanted[0], check_exact=True)
    assert found[0].geometry.to_wkb().equals(wanted[0].geometry.to_wkb()), "to the last bit"


def same_three_times(
    files: list[reading.PhotoFile],
    path: Path,
    *,
    many: bool = False,
    limits: Sequence[int] = (decoding.MAX_PIXELS, 48 * 36 - 1),
) -> None:
    """Hold the first run, one with all files known, and one of copied files against the files."""
    for timezone in (None, AMSTERDAM):
        for limit in limits:
            wanted = in_two_passes(files, timezone=timezone, max_pixels=limit)
            with Store(path) as store:
                if many:  # an answer, so that what is known is looked up in other processes
                    store.put("0" * 64, ("model", "1"), [])  # type: ignore[arg-type]
                for _ in range(2):
                    found = answers(files, store, timezone=timezone, max_pixels=limit)
                    assert_same(found, wanted)
            with closing(sqlite3.connect(path)) as other, other:
                other.execute("DELETE FROM files")
            with Store(path) as store:
                assert_same(answers(files, store, timezone=timezone, max_pixels=limit), wanted)


@pytest.mark.parametrize("many", [False, True])
def test_awkward_photos_get_what_their_files_say_however_often_they_are_read(
    folder: Path, tmp_path: Path, many: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(headers, "MANY", 10 if many else 10_000)
    same_three_times(reading.find(folder), tmp_path / "store.sqlite", many=many)


def test_real_photos_get_what_their_files_say_however_often_they_are_read(
    shared: Path, tmp_path: Path
) -> None:
    for name in ("photos", "cases", "exif"):
        if (shared / name).is_dir() and reading.search(shared / name).files:
            limits = [decoding.MAX_PIXELS]
            same_three_times(
                reading.find(shared / name), tmp_path / f"{name}.sqlite", limits=limits
            )


def test_a_survey_with_nothing_new_opens_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = tmp_path / "sound"
    sound.mkdir()
    for number in range(5):
        photo(sound / f"{number}.jpg", lon_lat=DELFT, description=str(number))
    files = reading.find(sound)
    with Store(tmp_path / "store.sqlite") as store:
        wanted = answers(files, store)
        monkeypatch.setattr(opening, "open_regular", _no_file)
        assert_same(answers(files, store), wanted)
        os.utime(sound / "3.jpg", (1, 1))  # its time of change is another: it is read again
        with pytest.raises(AssertionError, match=r"3\.jpg"):
            answers(files, store)


def test_a_position_corrected_in_place_is_read_though_size_and_time_are_kept(
    tmp_path: Path,
) -> None:
    """As `exiftool -P` does."""
    path = photo(tmp_path / "a.jpg", lon_lat=(4.35, 52.01))
    before = path.stat()
    with Store(tmp_path / "store.sqlite") as store:
        answers(reading.find(path), store)
        photo(path, lon_lat=(4.36, 52.01))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert path.stat().st_size == before.st_size
        found, _ = answers(reading.find(path), store)
    assert found.geometry.x.tolist() == [pytest.approx(4.36)]


def _no_file(path: str | Path, **_: bool) -> None:
    raise AssertionError(f"{path} was opened")


def test_what_another_edition_of_the_code_read_is_read_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = reading.find(folder)[:30]
    opened: list[str] = []
    plain = metadata.read_records

    def watched(given: list[reading.PhotoFile], *, max_pixels: int) -> list[bytes]:
        opened.extend(file.photo_id for file in given)
        return plain(given, max_pixels=max_pixels)

    with Store(tmp_path / "store.sqlite") as store:
        wanted = answers(files, store)
        monkeypatch.setattr(metadata, "read_records", watched)
        answers(files, store)
        before = len(opened)
        monkeypatch.setattr(edition, "current", lambda: "another")
        assert_same(answers(files, store), wanted)
        usable = wanted[0]["width"].notna().sum()
        assert len(opened) >= before + usable


def spoilt(record: bytes, chance: random.Random) -> Iterator[bytes]:
    """Yield records that somebody else may have written: cut short, or of impossible values."""
    yield from (b"", record[:50], record[:-1], record + b"x", record[:101] + b"[1, null, null]")
    yield record[:101] + b'["\\u001b[2J", null, null]'
    for at, value in ((8, b"\x00" * 6 + b"\xf8\x7f"), (0, b"\xff" * 4), (96, b"\x07")):
        yield record[:at] + value + record[at + len(value) :]
    yield record[:8] + b"\xff" * 6 + b"\xef\x7f" + record[16:]  # longitude 1.8e308
    for _ in range(100):
        at = chance.randrange(len(record))
        yield record[:at] + bytes([chance.randrange(256)]) + record[at + 1 :]


def test_what_of_a_store_cannot_be_true_is_read_from_the_file(tmp_path: Path) -> None:
    photo(tmp_path / "a.jpg", lon_lat=DELFT)
    files = reading.find(tmp_path)
    path = tmp_path / "store.sqlite"
    with Store(path) as store:
        wanted = answers(files, store)
    digest = wanted[0]["sha256"][0]
    with Store(path) as store:
        record = store.headers([digest], edition.current())[digest]
    believed = 0
    for other in spoilt(record, random.Random(1)):
        rows = records.usable([other, record], max_pixels=decoding.MAX_PIXELS)
        assert rows[1]
        believed += bool(rows[0])
        with closing(sqlite3.connect(path)) as store_of_theirs, store_of_theirs:
            of_all = zlib.crc32(other, zlib.crc32(f"{digest} {edition.current()} 1 ".encode()))
            change = "UPDATE headers SET record = ?, crc32 = ?"
            store_of_theirs.execute(change, (other, of_all))
        with Store(path) as store:
            found = answers(files, store)
        if not rows[0]:
            assert_same(found, wanted)
    assert believed < 100


@pytest.mark.parametrize(
    ("at", "value"), [(24, 360.0), (56, 0.5), (64, float("inf")), (72, float("inf")), (80, 0.0)]
)
def test_a_heading_an_offset_or_an_error_that_no_header_gives_is_not_believed(
    tmp_path: Path, at: int, value: float
) -> None:
    photo(tmp_path / "a.jpg", lon_lat=DELFT)
    (record,) = metadata.read_records(reading.find(tmp_path), max_pixels=decoding.MAX_PIXELS)
    other = record[:at] + struct.pack("<d", value) + record[at + 8 :]
    right = records.usable([record, other], max_pixels=decoding.MAX_PIXELS)
    assert right.tolist() == [True, False]


def test_copies_and_photos_that_were_moved_are_known_by_their_bytes(
    folder: Path, tmp_path: Path
) -> None:
    with Store(tmp_path / "store.sqlite") as store:
        answers(reading.find(folder), store)
        moved = shutil.copytree(folder, tmp_path / "moved")
        assert_same(answers(reading.find(moved), store), answers(reading.find(moved), None))


@pytest.mark.parametrize("zone", ["Europe/Amsterdam", "America/St_Johns", "Asia/Kathmandu"])
def test_times_without_an_offset_are_in_the_users_zone_as_python_has_it(zone: str) -> None:
    chance = random.Random(zone)
    clocks = [
        datetime(1971, 1, 1) + timedelta(microseconds=chance.randrange(1_800_000_000_000_000))
        for _ in range(500)
    ]
    clocks += [datetime(2024, 10, 27, 2, minute) for minute in range(60)]  # shown twice
    clocks += [datetime(2024, 3, 31, 2, minute) for minute in range(60)]  # never shown
    offsets = [chance.choice((None, 60, -210)) for _ in clocks]
    rows = [
        exif.Reading(taken_local=clock, utc_offset_minutes=offset, reason="none")
        for clock, offset in zip(clocks, offsets, strict=True)
    ]
    found = records.columns(
        [records.packed(records.Row((1, 1), said)) for said in rows], ZoneInfo(zone)
    )
    assert found.taken_local.tolist() == clocks
    for clock, offset, at in zip(clocks, offsets, found.taken_at.tolist(), strict=True):
        if offset is None:
            wanted = clock.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).replace(tzinfo=None)
        else:
            wanted = clock - timedelta(minutes=offset)
        assert at == wanted


def test_the_edition_covers_every_module_that_a_reading_of_headers_may_run() -> None:
    seen: set[str] = set()
    waiting = ["geobike.photos.metadata"]
    while waiting:
        name = waiting.pop()
        if name in seen or not (path := _path(name)).is_file():
            continue
        seen.add(name)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("geobike"):
                waiting += [str(node.module)]
                waiting += [f"{node.module}.{one.name}" for one in node.names]
    seen = {name.removesuffix(".__init__") for name in seen}
    covered = {name for name in seen if name.rpartition(".")[0] in edition._ROOMS}
    # Values of options, which come in as arguments.
    assert {name for name in seen - covered if not name.startswith("geobike.config")} <= {"geobike"}


def _path(name: str) -> Path:
    path = ROOT.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
