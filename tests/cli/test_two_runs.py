"""Two runs at once: on one folder the second is refused; on one store both find what one does."""

import signal
from pathlib import Path

import geopandas as gpd

from tests.support.hosted_scenarios import TOKEN
from tests.support.hosted_service import FakeService
from tests.support.making import photo, squares
from tests.support.program import geobike
from tests.support.running import started, tables, until


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def hosted(folder: Path, service: FakeService, photos: int) -> list[object]:
    for number in range(photos):
        photo(folder / "photos" / f"{number}.jpg", lon_lat=(4.005, 52.005), size=(64, 48))
    return [
        "map", folder / "photos", "--areas", squares(folder / "areas.geojson", ["a"]),
        "--detector", "huggingface", "--endpoint", service.url("facebook/detr-resnet-50"),
        "--workers", "2",
    ]  # fmt: skip


def test_the_second_run_on_a_folder_is_told_of_the_first_and_writes_nothing(tmp_path: Path) -> None:
    out, second = tmp_path / "out", tables(tmp_path / "tables")
    with FakeService(delay=2) as service:
        arguments = [*hosted(tmp_path, service, 90), "--out", out]
        with started(*arguments, env={"HF_TOKEN": TOKEN}) as first:
            until(lambda: len(service.requests) > 1, first)
            before = {path.name for path in out.iterdir()}
            done = geobike(*second, "--out", out)
            assert done.returncode == 2
            assert f"{out}: another run is writing into this folder; wait until" in done.stderr
            assert done.stdout == ""
            assert {path.name for path in out.iterdir()} == before
            first.send_signal(signal.SIGKILL)
            first.wait()
        done = geobike(*second, "--out", out)  # the lock ended with its run
    assert done.returncode == 0, done.stderr
    assert "summary.json" in contents(out)
    assert ".geobike.lock" not in contents(out)


def test_two_runs_on_one_store_find_what_one_run_finds(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    with FakeService(delay=0.05) as service:
        arguments = [*hosted(tmp_path, service, 12), "--store", store]
        env = {"HF_TOKEN": TOKEN}
        with (
            started(*arguments, "--out", tmp_path / "a", env=env) as one,
            started(*arguments, "--out", tmp_path / "b", env=env) as other,
        ):
            said = [process.communicate(timeout=400)[1] for process in (one, other)]
            assert (one.returncode, other.returncode) == (0, 0), said
        alone = geobike(*arguments, "--out", tmp_path / "c", env=env)
    assert alone.returncode == 0
    assert "Detected now: 0 photos" in alone.stdout
    counts = [gpd.read_file(tmp_path / name / "photos.geojson") for name in "abc"]
    assert counts[0].equals(counts[2])
    assert counts[1].equals(counts[2])
