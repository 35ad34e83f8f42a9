import hashlib
import warnings
import zipfile
from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from geobike.detections.store.sqlite import Store
from geobike.errors import GeobikeWarning, PhotosError, UnreadablePhoto
from geobike.photos import decoding, hashing, reading
from tests.support.making import DELFT, jpeg, photo
from tests.support.raw import dng


def ids(source: str | Path | list[str]) -> list[str]:
    return [file.photo_id for file in reading.find(source)]


def test_photos_are_found_in_all_folders_and_spellings_of_the_suffix(tmp_path: Path) -> None:
    for name in (
        "a.jpg",
        "B.JPG",
        "deep/er/c.JpEg",
        "d.png",
        "e.WEBP",
        "f.tif",
        "g.tiff",
        "h.HEIC",
    ):
        photo(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no photo")
    assert ids(tmp_path) == [
        "B.JPG",
        "a.jpg",
        "d.png",
        "deep/er/c.JpEg",
        "e.WEBP",
        "f.tif",
        "g.tiff",
        "h.HEIC",
    ]


def test_hidden_files_and_what_macos_leaves_in_zips_are_left_out(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for name in ("a.jpg", ".thumbnails/a.jpg", "__MACOSX/._a.jpg", "._b.jpg"):
            archive.writestr(name, jpeg())
        archive.extractall(tmp_path)
    assert ids(tmp_path) == ["a.jpg"]


def test_a_single_file_a_glob_and_several_folders_are_taken(tmp_path: Path) -> None:
    for name in ("mon/a.jpg", "mon/b.png", "tue/c.jpg"):
        photo(tmp_path / name)
    assert ids(tmp_path / "mon" / "a.jpg") == ["a.jpg"]
    assert ids(f"{tmp_path}/*/*.jpg") == ["mon/a.jpg", "tue/c.jpg"]
    assert ids(f"{tmp_path}/**/*.jpg") == ["mon/a.jpg", "tue/c.jpg"]
    assert ids([f"{tmp_path}/mon", f"{tmp_path}/tue"]) == ["mon/a.jpg", "mon/b.png", "tue/c.jpg"]


def test_no_photo_is_an_error_that_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(PhotosError, match=r"no photo in .*looked for files ending in .*\.jpg"):
        reading.find(tmp_path)
    with pytest.raises(PhotosError, match="nowhere: no such file or folder"):
        reading.find(tmp_path / "nowhere")


def test_links_out_of_the_folder_are_not_followed_but_reported(tmp_path: Path) -> None:
    secret = photo(tmp_path / "private" / "secret.jpg", lon_lat=DELFT)
    folder = photo(tmp_path / "photos" / "mine.jpg").parent
    (folder / "leak.jpg").symlink_to(secret)
    (folder / "inside.jpg").symlink_to(folder / "mine.jpg")
    (folder / "all").symlink_to(secret.parent)
    with pytest.warns(GeobikeWarning, match="links to folders are not followed: all$"):
        files = reading.find(folder)
    frame = reading.read(files).set_index("photo_id")
    assert list(frame.index) == ["inside.jpg", "leak.jpg", "mine.jpg"]
    assert frame.at["leak.jpg", "status"] == "unreadable"
    assert "leads out of the photo folder" in frame.at["leak.jpg", "reason"]
    assert frame.loc["leak.jpg", ["sha256", "path"]].isna().all()
    assert frame.at["mine.jpg", "status"] == "duplicate"


def test_links_must_stay_inside_the_source_that_holds_them(tmp_path: Path) -> None:
    secret = photo(tmp_path / "secret" / "secret.jpg")
    for name in ("one", "two"):
        photo(tmp_path / name / "mine.jpg")
    (tmp_path / "one" / "leak.jpg").symlink_to(secret)
    (tmp_path / "one" / "folder").symlink_to(secret.parent)
    sources = [tmp_path / "one", tmp_path / "two"]
    with pytest.warns(GeobikeWarning, match="links to folders are not followed: folder$"):
        files = reading.find(sources)
    assert [file.photo_id for file in files] == ["one/leak.jpg", "one/mine.jpg", "two/mine.jpg"]
    assert "leads out of" in str(files[0].fault)
    by_glob = reading.find(f"{tmp_path}/one/*/*.jpg")
    assert [file.fault is None for file in by_glob] == [False]
    with pytest.raises(UnreadablePhoto, match="leads out of"):
        reading.load(files[0])


def test_many_linked_folders_are_reported_in_one_line(tmp_path: Path) -> None:
    folder = photo(tmp_path / "photos" / "mine.jpg").parent
    for number in range(500):
        (folder / f"{number:03d}").symlink_to(tmp_path)
    with pytest.warns(GeobikeWarning) as said:
        reading.find(folder)
    assert [str(one.message) for one in said] == [
        "symbolic links to folders are not followed: 000, 001, 002, and 497 more"
    ]


def test_a_loop_of_links_is_a_row_with_a_reason(tmp_path: Path) -> None:
    photo(tmp_path / "a.jpg")
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    frame = reading.read(reading.find(tmp_path)).set_index("photo_id")
    assert frame.at["loop.jpg", "status"] == "unreadable"
    assert frame.at["loop.jpg", "reason"]


@pytest.mark.parametrize("source", ["x" * 5000, "***/*.jpg", "\0"])
def test_a_source_that_cannot_be_listed_is_named(source: str, tmp_path: Path) -> None:
    with pytest.raises(PhotosError, match=r"cannot be listed|no such file|no photo in"):
        reading.find(f"{tmp_path}/{source}")


def test_a_glob_that_matches_folders_takes_what_is_inside(tmp_path: Path) -> None:
    photo(tmp_path / "mon" / "deep" / "a.jpg")
    assert ids(f"{tmp_path}/m*") == ["mon/deep/a.jpg"]


def test_a_time_without_an_offset_keeps_its_clock_and_is_an_instant_only_in_a_zone(
    tmp_path: Path,
) -> None:
    photo(tmp_path / "a.jpg", times={0x9003: "2022:07:19 12:00:00"})
    photo(tmp_path / "b.jpg", times={0x9003: "2022:07:19 12:00:00", 0x9011: "-03:30"})
    photo(tmp_path / "c.jpg")
    frame = reading.read(reading.find(tmp_path))
    noon = datetime(2022, 7, 19, 12, 0)
    assert frame["taken_at"].isna().tolist() == [True, False, True]
    assert frame["taken_local"].fillna(pd.Timestamp(0)).tolist() == [noon, noon, pd.Timestamp(0)]
    assert frame["utc_offset_minutes"].fillna(999).tolist() == [999, -210, 999]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        placed = reading.read(reading.find(tmp_path), timezone=ZoneInfo("Europe/Amsterdam"))
    assert placed["taken_at"].iloc[0] == datetime(2022, 7, 19, 10, 0, tzinfo=UTC)
    assert placed["taken_at"].iloc[1] == datetime(2022, 7, 19, 15, 30, tzinfo=UTC)
    # The zone is the user's word, so what the photo says stays as it was.
    assert placed["taken_local"].equals(frame["taken_local"])
    assert placed["utc_offset_minutes"].equals(frame["utc_offset_minutes"])


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("2024:10:27 02:30:00", datetime(2024, 10, 27, 0, 30, tzinfo=UTC)),  # shown twice
        ("2024:03:31 02:30:00", datetime(2024, 3, 31, 1, 30, tzinfo=UTC)),  # never shown
    ],
)
def test_a_time_that_the_clocks_showed_twice_or_never_is_the_one_by_the_earlier_offset(
    tmp_path: Path, local: str, utc: datetime
) -> None:
    photo(tmp_path / "a.jpg", times={0x9003: local})
    frame = reading.read(reading.find(tmp_path), timezone=ZoneInfo("Europe/Amsterdam"))
    assert frame["taken_at"].tolist() == [utc]


def test_files_of_the_same_bytes_are_one_photo_the_first_by_name(tmp_path: Path) -> None:
    for name in ("b.jpg", "a.jpg", "z/a.jpg"):
        photo(tmp_path / name, description="the same", lon_lat=DELFT)
    frame = reading.read(reading.find(tmp_path)).set_index("photo_id")
    assert frame["status"].isna().to_dict() == {"a.jpg": True, "b.jpg": False, "z/a.jpg": False}
    assert frame.at["b.jpg", "reason"] == "same bytes as a.jpg"


def test_a_frame_holds_what_the_file_is(tmp_path: Path) -> None:
    path = photo(tmp_path / "a.jpg", size=(60, 40), orientation=6, lon_lat=DELFT)
    row = reading.read(reading.find(tmp_path)).iloc[0]
    assert row["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (row["width"], row["height"]) == (40, 60)
    assert row["position_source"] == "exif"
    assert (row.geometry.x, row.geometry.y) == pytest.approx(DELFT, abs=1e-6)


def test_broken_files_become_unreadable_rows_and_the_rest_goes_on(tmp_path: Path) -> None:
    photo(tmp_path / "good.jpg", lon_lat=DELFT)
    (tmp_path / "cut.jpg").write_bytes(jpeg(size=(800, 600))[:-2000])
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "fake.png").write_text("<html>not found</html>")
    (tmp_path / "folder.jpg").mkdir()
    frame = reading.read(reading.find(tmp_path)).set_index("photo_id")
    assert frame["status"].fillna("").to_dict() == {
        "cut.jpg": "unreadable",
        "empty.jpg": "unreadable",
        "fake.png": "unreadable",
        "good.jpg": "",
    }
    assert frame["reason"].drop("good.jpg").notna().all()


def test_a_truncated_photo_is_found_though_its_preview_is_complete(tmp_path: Path) -> None:
    # A JPEG inside the EXIF, as phones write for previews, ends with an end marker of its own.
    whole = jpeg(size=(800, 600))
    preview = jpeg(size=(16, 16))
    segment = b"\xff\xe2" + (len(preview) + 2).to_bytes(2, "big") + preview
    (tmp_path / "cut.jpg").write_bytes((whole[:2] + segment + whole[2:])[:-1000])
    assert reading.read(reading.find(tmp_path))["status"].tolist() == ["unreadable"]


def test_a_name_that_is_not_utf8_is_accounted_for(tmp_path: Path) -> None:
    name = b"caf\xe9.jpg"
    try:
        Path(str(tmp_path), name.decode("utf-8", "surrogateescape")).write_bytes(jpeg())
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    frame = reading.read(reading.find(tmp_path))
    assert frame["photo_id"].tolist() == ["caf\\xe9.jpg"]
    assert "not UTF-8" in frame["reason"].iloc[0]


def test_a_second_run_reads_only_headers_until_a_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.jpg", "b.jpg", "copy.jpg"):
        photo(tmp_path / "photos" / name, description=name[0].replace("c", "a"), lon_lat=DELFT)
    (tmp_path / "photos" / "cut.jpg").write_bytes(jpeg(size=(800, 600))[:-2000])
    read_whole: list[str] = []
    plain = decoding.read_bytes

    def counted(path: str, **options: str) -> bytes:
        read_whole.append(Path(path).name)
        return plain(path, **options)

    monkeypatch.setattr(decoding, "read_bytes", counted)

    def run() -> tuple[pd.DataFrame, list[str]]:
        read_whole.clear()
        with Store(tmp_path / "store.sqlite") as store:
            frame = reading.read(reading.find(tmp_path / "photos"), known=store)
        return frame, sorted(read_whole)

    first, names = run()
    assert names == ["a.jpg", "b.jpg", "copy.jpg", "cut.jpg"]
    assert first["status"].fillna("").tolist() == ["", "", "duplicate", "unreadable"]
    again, names = run()
    assert names == ["cut.jpg"]  # a bad file may have been repaired meanwhile
    assert first.equals(again)
    photo(tmp_path / "photos" / "b.jpg", description="another", lon_lat=DELFT)
    changed, names = run()
    assert names == ["b.jpg", "cut.jpg"]
    assert (first["sha256"] != changed["sha256"]).tolist() == [False, True, False, False]


class Backwards:
    """Hashes files from the last to the first, as workers may; stops before the first."""

    batch, save_every = 100, 2

    def keys(self, files: Sequence[reading.PhotoFile]) -> list[str | None]:
        return [file.photo_id for file in files]

    def read(
        self, files: Sequence[reading.PhotoFile]
    ) -> Generator[tuple[int, hashing.FileHash], None, None]:
        for index in range(len(files) - 1, 0, -1):
            yield index, hashing.FileHash(f"hash of {files[index].photo_id}")
        raise KeyboardInterrupt


def test_hashes_that_come_in_any_order_are_kept_when_the_run_is_stopped(tmp_path: Path) -> None:
    names = ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    for name in names:
        photo(tmp_path / name, description=name)
    files = reading.find(tmp_path)
    frame = reading.read_metadata(files)
    with Store(tmp_path / "store.sqlite") as store:
        with pytest.raises(KeyboardInterrupt):
            reading.hash_files(frame, files, known=store, hasher=Backwards())
        assert store.hashes(names) == {name: f"hash of {name}" for name in names[1:]}
        store.keep_hashes({"a.jpg": "hash of a.jpg"})
        assert reading.hash_files(frame, files, known=store, hasher=Nothing())[
            "sha256"
        ].tolist() == [f"hash of {name}" for name in names]


class Nothing(Backwards):
    """Has nothing left to read."""

    def read(
        self, files: Sequence[reading.PhotoFile]
    ) -> Generator[tuple[int, hashing.FileHash], None, None]:
        assert not files
        yield from ()


def test_the_store_reveals_no_path_of_the_photos(tmp_path: Path) -> None:
    photo(tmp_path / "very private" / "a.jpg")
    with Store(tmp_path / "store.sqlite") as store:
        reading.read(reading.find(tmp_path / "very private"), known=store)
    assert b"private" not in (tmp_path / "store.sqlite").read_bytes()


def test_headers_give_everything_but_duplicates_and_truncation(tmp_path: Path) -> None:
    photo(tmp_path / "a.jpg", lon_lat=DELFT, description="same", size=(60, 40), orientation=6)
    photo(tmp_path / "b.jpg", lon_lat=DELFT, description="same", size=(60, 40), orientation=6)
    (tmp_path / "empty.jpg").write_bytes(b"")
    headers = reading.read_metadata(reading.find(tmp_path))
    assert headers["sha256"].isna().all()
    assert headers["status"].fillna("").tolist() == ["", "", "unreadable"]
    whole = reading.read(reading.find(tmp_path))
    assert whole["status"].fillna("").tolist() == ["", "duplicate", "unreadable"]
    same = ["photo_id", "path", "width", "height", "taken_at", "heading", "position_source"]
    pd.testing.assert_frame_equal(pd.DataFrame(headers[same]), pd.DataFrame(whole[same]))
    assert headers.geometry[:2].geom_equals(whole.geometry[:2]).all()


def test_no_photo_at_all_is_an_empty_frame() -> None:
    assert len(reading.read([])) == 0


def test_files_that_are_not_read_are_reported_by_kind(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.dng", "deep/c.MP4", "deep/d.mp4", "e", ".hidden.mp4"):
        photo(tmp_path / name, format="JPEG")
    with pytest.warns(GeobikeWarning, match=r"^4 files are not read: 1 .dng, 2 .mp4, 1 without"):
        assert ids(tmp_path) == ["a.jpg"]


def test_a_raw_photo_is_not_counted_by_the_preview_in_it(tmp_path: Path) -> None:
    """Pillow opens the preview of 16 x 12 pixels, on which no detector finds a bicycle."""
    raw = dng(photo(tmp_path / "a.jpg").read_bytes(), (64, 48))
    (tmp_path / "b.dng").write_bytes(raw)
    with pytest.warns(GeobikeWarning, match=r"^1 file is not read: 1 .dng"):
        assert ids(tmp_path) == ["a.jpg"]
    for name, version in (("c.tif", True), ("d.tiff", False)):
        data = dng((tmp_path / "a.jpg").read_bytes(), (64, 48), version=version)
        (tmp_path / name).write_bytes(data)
    frame = reading.read(reading.find([str(tmp_path / name) for name in ("c.tif", "d.tiff")]))
    assert frame["status"].tolist() == ["unreadable"] * 2
    assert frame["reason"].str.startswith("raw data of a camera").all()


def test_every_file_of_several_sources_is_counted_once(tmp_path: Path) -> None:
    for name in ("a/1.jpg", "a/1.mov", "a/1.aae", "b/2.jpg", "b/1.mov", "b/2.jpg.json", "b/3.xmp"):
        photo(tmp_path / name, format="JPEG")
    found = reading.search([tmp_path / "a", tmp_path / "b", tmp_path / "b" / "2.jpg"])
    assert found.not_read == {".aae": 1, ".json": 1, ".mov": 2, ".xmp": 1}
    assert (len(found.files), found.given) == (2, 7)
    assert found == reading.search([tmp_path, tmp_path / "a"])
    only = reading.search(str(tmp_path / "*" / "*.jpg"))
    assert (only.not_read, only.given) == ({}, 2)


def test_endless_kinds_of_files_make_no_endless_list(tmp_path: Path) -> None:
    photo(tmp_path / "a.jpg")
    for number in range(200):
        (tmp_path / f"part.{number:04}").write_bytes(b"")
        (tmp_path / f"x.{'y' * 30}{number}").write_bytes(b"")
    found = reading.search(tmp_path)
    assert len(found.not_read) <= 51
    assert sum(found.not_read.values()) == 400 == found.given - 1
    assert found.not_read["other suffixes"] >= 200 + 150 - 1


def test_avif_is_read_with_its_position(tmp_path: Path) -> None:
    photo(tmp_path / "a.avif", lon_lat=DELFT, format="AVIF", size=(64, 48))
    frame = reading.read(reading.find(tmp_path))
    assert frame["status"].isna().all()
    assert frame.at[0, "width"] == 64
    assert frame.geometry[0].x == pytest.approx(DELFT[0], abs=1e-5)
