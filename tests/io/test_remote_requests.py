"""How often a bucket is asked for a photo: each request takes time, and costs money."""

from pathlib import Path

import pytest

from geobike.detections.store.parquet import Shards
from geobike.photos import reading
from tests.support.hosted_runs import town
from tests.support.hosted_scenarios import TOKEN
from tests.support.hosted_service import FakeService
from tests.support.object_store import Bucket
from tests.support.program import geobike

pytest.importorskip("fsspec")

PHOTOS = 5


@pytest.fixture
def street(bucket: Bucket, tmp_path: Path) -> str:
    """The address of a folder of photos in a bucket."""
    town(tmp_path / "here", PHOTOS)
    bucket.put(tmp_path / "here")
    bucket.requests.clear()
    return f"{bucket.address}/photos"


def asked(bucket: Bucket) -> list[str]:
    """Return the methods of the requests for photos since the last time."""
    found = [method for method, path in bucket.requests if ".jpg" in path]
    bucket.requests.clear()
    return found


def test_a_photo_is_requested_once_for_its_header_and_all_of_it(
    bucket: Bucket, street: str
) -> None:
    assert reading.read(reading.find(street))["status"].isna().all()
    assert asked(bucket) == ["GET"] * PHOTOS


def test_photos_that_the_store_remembers_are_not_requested_again_by_any_command(
    bucket: Bucket, street: str, tmp_path: Path
) -> None:
    areas, sqlite = tmp_path / "here" / "areas.geojson", tmp_path / "store.sqlite"
    with FakeService() as service:

        def run(*command: object) -> tuple[str, int]:
            options = ("--detector", "huggingface", "--endpoint", service.url(), "--store", sqlite)
            done = geobike(*command, *options, env={"HF_TOKEN": TOKEN})
            assert done.returncode == 0, done.stderr
            return done.stdout, len(asked(bucket))

        assert run("detect", street)[1] == 2 * PHOTOS  # to read it, and to detect in it
        assert run("detect", street)[1] == 0
        for command in (["detect", street], ["map", street, "--areas", areas]):
            said, requests = run(*command, "--dry-run")
            assert "0 photos would go to" in said
            assert requests == 0


def test_a_dry_run_looks_into_shards_and_leaves_them_as_they_are(
    bucket: Bucket, street: str, tmp_path: Path
) -> None:
    command = ["map", street, "--areas", tmp_path / "here" / "areas.geojson"]
    command += ["--engine", "dask", "--out", f"{bucket.address}/out", "--dry-run"]
    command += ["--detector", "huggingface", "--endpoint", "http://127.0.0.1:1/"]
    before = bucket.all_keys()
    first = geobike(*command, env={"HF_TOKEN": TOKEN})
    assert f"{PHOTOS} photos would go to" in first.stdout, first.stderr
    assert bucket.all_keys() == before
    files = reading.find(street)
    reading.read(files, known=Shards(f"{bucket.address}/out/shards"))
    filled = bucket.all_keys()
    asked(bucket)
    again = geobike(*command, env={"HF_TOKEN": TOKEN})
    assert again.stdout == first.stdout
    assert len(asked(bucket)) == 2 * PHOTOS  # the head, and as a sample of what would be sent
    assert bucket.all_keys() == filled


def test_a_dry_run_that_sends_nothing_reads_no_photo(bucket: Bucket, street: str) -> None:
    done = geobike("detect", street, "--detector", "onnx", "--dry-run")
    assert "no photo leaves this machine" in done.stdout, done.stderr
    assert asked(bucket) == []
