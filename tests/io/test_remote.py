"""Photos, tables and outputs that stand elsewhere: in a bucket, in memory."""

import json
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import pandas as pd
import pytest

import geobike
from geobike.errors import InputError, PhotosError, StoreError
from geobike.io import remote
from geobike.io.redaction import redact
from geobike.photos import reading
from geobike.positions import manifest
from tests.support.making import DELFT, FakeDetector, jpeg, photo, squares
from tests.support.object_store import Bucket

pytest.importorskip("fsspec")


def survey_files(folder: Path) -> Path:
    """Write photos of every kind, areas and a manifest."""
    photo(folder / "photos" / "mon" / "a.jpg", lon_lat=(4.005, 52.005), size=(30, 20))
    photo(folder / "photos" / "mon" / "b é.jpg", lon_lat=(4.015, 52.005), size=(20, 20))
    photo(folder / "photos" / "tue" / "c.webp", lon_lat=(4.005, 52.006), format="WEBP")
    photo(folder / "photos" / "tue" / "d.jpg", size=(10, 10))
    cut = jpeg(size=(640, 480), lon_lat=(4.005, 52.005))[:-900]
    (folder / "photos" / "tue" / "cut.jpg").write_bytes(cut)
    (folder / "photos" / "tue" / "empty.jpg").write_bytes(b"")
    (folder / "photos" / "tue" / "copy.jpg").write_bytes(
        (folder / "photos" / "mon" / "a.jpg").read_bytes()
    )
    (folder / "photos" / "notes.txt").write_text("no photo")
    (folder / "photos" / ".hidden.jpg").write_bytes(jpeg())
    squares(folder / "areas.geojson", ["west", "east"])
    (folder / "manifest.csv").write_text("file,lat,lon\ntue/d.jpg,52.005,4.005\n")
    return folder


def comparable(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(frame.drop(columns=["path", "geometry"]))


def test_a_bucket_gives_the_same_frame_as_the_disk(bucket: Bucket, tmp_path: Path) -> None:
    here = survey_files(tmp_path) / "photos"
    bucket.put(tmp_path)
    ours, theirs = (
        reading.read(reading.find(source)) for source in (here, f"{bucket.address}/photos")
    )
    pd.testing.assert_frame_equal(comparable(ours), comparable(theirs))
    assert ours.geometry.geom_equals(theirs.geometry).tolist() == ours.geometry.notna().tolist()
    assert theirs["path"].str.startswith("s3://").all()


def test_names_are_taken_as_they_are_written(bucket: Bucket, tmp_path: Path) -> None:
    names = [
        "a b.jpg", "half%.jpg", "per%20cent.jpg", "no#1.jpg", "what?.jpg", "why?x=1.jpg", "50*.jpg",
        "sq[1].jpg", "brace{1}.jpg", "plus+&=.jpg", "a;b,c.jpg", "quote'\".jpg", "caf\u00e9.jpg",
        "\u65e5\u672c.jpg", "day #1/100%/\u00fc.jpg",
    ]  # fmt: skip
    for name in names:
        photo(tmp_path / "photos" / name, lon_lat=DELFT)
    bucket.put(tmp_path)
    ours, theirs = (
        reading.read(reading.find(source))
        for source in (tmp_path / "photos", f"{bucket.address}/photos")
    )
    assert theirs["photo_id"].tolist() == sorted(names)
    pd.testing.assert_frame_equal(comparable(ours), comparable(theirs))
    deep = reading.find(f"{bucket.address}/photos/day #1")
    assert [file.photo_id for file in deep] == ["100%/\u00fc.jpg"]


def test_heads_alone_are_asked_for_where_heads_are_enough(bucket: Bucket, tmp_path: Path) -> None:
    for number in range(3):
        path = photo(tmp_path / f"{number}.jpg", lon_lat=DELFT)
        path.write_bytes(path.read_bytes() + bytes(1_000_000))
    bucket.put(tmp_path)
    bucket.requests.clear()
    frame = reading.read_metadata(reading.find(bucket.address))
    assert frame.geometry.notna().all()
    assert [method for method, _ in bucket.requests].count("GET") == 1 + 3  # the listing, the heads
    assert len(bucket.requests) == 4


def test_thousands_of_objects_are_listed_a_thousand_at_a_time(bucket: Bucket) -> None:
    bucket._files.pipe({f"{bucket._path}/{i // 500}/{i:04d}.jpg": b"x" for i in range(1_100)})
    bucket.requests.clear()
    found = reading.find(bucket.address)
    assert len(found) == 1_100
    assert len(bucket.requests) <= 3
    assert found[0].size == 1
    assert found[0].state


def test_what_is_known_is_not_read_again_until_it_changes(bucket: Bucket, tmp_path: Path) -> None:
    for name in ("a", "b"):
        photo(tmp_path / "photos" / f"{name}.jpg", lon_lat=DELFT)
    bucket.put(tmp_path / "photos")

    def read() -> tuple[pd.DataFrame, int]:
        with geobike.Store(tmp_path / "store.sqlite") as store:
            found = reading.find(bucket.address)
            frame = reading.read_metadata(found)
            bucket.requests.clear()
            return reading.hash_files(frame, found, known=store), len(bucket.requests)

    first, asked = read()
    assert asked >= 2
    again, asked = read()
    assert asked == 0
    pd.testing.assert_frame_equal(comparable(first), comparable(again))
    photo(tmp_path / "photos" / "a.jpg", lon_lat=DELFT, description="another photo")
    bucket.put(tmp_path / "photos")
    changed, asked = read()
    assert asked >= 1
    assert (changed["sha256"] != first["sha256"]).tolist() == [True, False]


def test_a_survey_of_a_bucket_into_a_bucket(bucket: Bucket, tmp_path: Path) -> None:
    survey_files(tmp_path)
    bucket.put(tmp_path)
    results = [
        geobike.run(
            geobike.Survey(
                photos=f"{place}/photos",
                areas=f"{place}/areas.geojson",
                manifest=f"{place}/manifest.csv",
                detector=FakeDetector(),
                page=geobike.PageOptions(show_people=True, show_vehicles=True),
            ),
            store=tmp_path / f"{number}.sqlite",
        )
        for number, place in enumerate((tmp_path, bucket.address))
    ]
    here, there = results
    assert there.ledger == here.ledger
    pd.testing.assert_frame_equal(there.detections, here.detections)
    bucket.requests.clear()
    written = there.write(f"{bucket.address}/out")
    asked = [(method, path.partition("?")[0]) for method, path in bucket.requests]
    sent = [path for method, path in asked if method == "PUT"]
    assert len(sent) == len(written)
    assert sent[-1].endswith("/out/summary.json")  # it says that the others are there
    pictures = [place for place, (_, path) in enumerate(asked) if "/photos/" in path]
    assert max(pictures) < asked.index(("PUT", sent[0]))  # all is written before any is sent
    assert [str(path) for path in written.values()] == [
        f"{bucket.address}/out/{name}" for name in written
    ]
    assert [key for key in bucket.all_keys() if key.startswith("out/")] == sorted(
        f"out/{name}" for name in written
    )
    here.write(tmp_path / "out")
    assert bucket.read("out/areas.geojson") == (tmp_path / "out" / "areas.geojson").read_bytes()
    summary = json.loads(bucket.read("out/summary.json"))
    assert summary["inputs"]["areas"] == here.summary()["inputs"]["areas"]
    assert b"data:image/jpeg" in bucket.read("out/map.html")  # the pictures were fetched too


def test_the_command_line_takes_addresses(bucket: Bucket, tmp_path: Path) -> None:
    survey_files(tmp_path)
    bucket.put(tmp_path)
    here, there = (
        subprocess.run(
            [
                sys.executable,
                "-m",
                "geobike",
                "locate",
                f"{place}/photos",
                "--manifest",
                f"{place}/manifest.csv",
                "--out",
                f"{place}/located.geojson",
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        for place in (tmp_path, bucket.address)
    )
    assert f"Written: {bucket.address}/located.geojson" in there.stdout
    assert there.stdout.splitlines()[:-1] == here.stdout.splitlines()[:-1]
    ours = json.loads((tmp_path / "located.geojson").read_text())
    assert json.loads(bucket.read("located.geojson")) == ours


def test_the_store_stays_on_this_machine(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"s3://b/x\.sqlite: one SQLite file, which stays"):
        geobike.Store("s3://b/x.sqlite")
    done = subprocess.run(
        [sys.executable, "-m", "geobike", "map", str(tmp_path), "--areas", "a", "--out", "s3://b/o"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert "say where: --store detections.sqlite" in done.stderr


def test_user_and_password_are_not_shown() -> None:
    assert redact("sftp://me:pw@host/photos") == "sftp://host/photos"
    azure = "abfs://container@account.dfs.core.windows.net/photos"
    assert redact(f"no {azure}") == f"no {azure}"
    assert remote.name("https://host/a/b%20c.csv?sig=x") == "b c.csv"


def test_a_table_elsewhere_is_named_by_its_address() -> None:
    import fsspec

    fsspec.filesystem("memory").pipe("/no#1 what?/m.csv", b"x,y\n1,2\n")
    said = r"manifest memory://no#1 what\?/m\.csv: no column named file"
    with pytest.raises(InputError, match=said):
        manifest.read("memory://no#1 what?/m.csv")


@pytest.mark.parametrize("place", ["days", "days/", "da*", "days/mon/a.jpg"])
def test_photos_are_read_where_they_were_found_though_fsspec_forgets_the_host(place: str) -> None:
    from fsspec import register_implementation, url_to_fs
    from fsspec.implementations.memory import MemoryFileSystem
    from fsspec.utils import infer_storage_options

    class Hosts(MemoryFileSystem):
        """As sftp://, or abfs://container@account: a path in it does not say on which host."""

        protocol = "hosts"
        each: ClassVar[dict[str, dict[str, object]]] = {"one": {}, "two": {}}

        def __init__(self, host: str, **options: object) -> None:
            super().__init__(**options)
            self.store = self.each[host]

        @classmethod
        def _strip_protocol(cls, path: str) -> str:
            below = infer_storage_options(path)["path"] if "://" in path else path
            return super()._strip_protocol(below)

        @staticmethod
        def _get_kwargs_from_urls(address: str) -> dict[str, str]:
            return {"host": infer_storage_options(address)["host"]}

    register_implementation("hosts", Hosts, clobber=True)
    widths = []
    for number, host in enumerate(("one", "me:pw@two")):
        system, _ = url_to_fs(f"hosts://{host}/")
        system.pipe("/days/mon/a.jpg", jpeg(size=(20 + number, 10)))
        (found,) = reading.find(f"hosts://{host}/{place}")
        widths += reading.read([found])["width"].tolist()
    assert widths == [20, 21]


def test_an_address_of_a_folder_may_hold_a_name_that_is_no_utf8(tmp_path: Path) -> None:
    try:
        Path(str(tmp_path), b"caf\xe9.jpg".decode("utf-8", "surrogateescape")).write_bytes(jpeg())
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    frame = reading.read(reading.find(tmp_path.as_uri()))
    assert frame["photo_id"].tolist() == ["caf\\xe9.jpg"]
    assert "not UTF-8" in frame["reason"].iloc[0]


def test_several_buckets_and_patterns_are_taken() -> None:
    import fsspec

    store = fsspec.filesystem("memory")
    for path in ("/one/mon/a.jpg", "/one/tue/b.jpg", "/two/c.jpg", "/two/c.txt"):
        store.pipe(path, jpeg())
    both = reading.find(["memory://one", "memory://two"])
    assert [file.photo_id for file in both] == ["one/mon/a.jpg", "one/tue/b.jpg", "two/c.jpg"]
    some = reading.find("memory://one/*/*.jpg")
    assert [file.photo_id for file in some] == ["mon/a.jpg", "tue/b.jpg"]
    assert [file.photo_id for file in reading.find("memory://one/m*")] == ["mon/a.jpg"]
    with pytest.raises(PhotosError, match="no photo in memory://one/x"):
        reading.find("memory://one/x")
