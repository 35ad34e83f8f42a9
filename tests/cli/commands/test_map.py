"""`geobike map` as a user meets it: the files, what is printed, what is sent."""

import json
import subprocess
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from tests.cli.commands.conftest import SAMPLE, Mapped
from tests.support.hosted_scenarios import TOKEN
from tests.support.hosted_service import FakeService
from tests.support.making import photo, squares
from tests.support.program import geobike


def test_the_sample_makes_a_map_and_leaves_its_own_files_alone(sample_map: Mapped) -> None:
    statuses = {"counted": 176, "outside": 1, "unlocated": 2, "duplicate": 1, "unreadable": 1}
    for name, number in (statuses | {"photos given": 181}).items():
        line = f"{name:12}  {number:6}"
        assert line in sample_map.printed
    names = {path.name for path in sample_map.out.iterdir()}
    assert names == {
        "map.html",
        "areas.geojson",
        "bicycles.geojson",
        "photos.geojson",
        "detections.csv",
        "stops.geojson",
        "summary.json",
    }
    assert sample_map.changed == set()


def test_a_file_where_pictures_go_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "photos").write_text("mine")
    done = geobike(
        "map", SAMPLE / "photos", "--areas", SAMPLE / "areas.geojson",
        "--manifest", SAMPLE / "manifest.csv", "--detector", "cached",
        "--store", SAMPLE / "detections.sqlite", "--out", tmp_path, "--pictures", "folder",
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert "photos: is there and is no folder; write into another folder (--out)" in line
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]


@pytest.mark.parametrize(
    ("options", "shown", "said"),
    [
        ([], "inline", "people_and_vehicles"),
        (["--pictures", "none"], "none", None),
        (["--pictures", "folder"], "folder", "people_and_vehicles"),
        (["--show-people"], "inline", "vehicles"),
        (["--show-vehicles"], "inline", "people"),
        (["--show-vehicles", "--show-people"], "inline", "nothing"),
    ],
)
def test_the_page_shows_the_pictures_that_were_asked_for(
    tmp_path: Path, options: list[str], shown: str, said: str | None
) -> None:
    done = geobike(
        "map", SAMPLE / "photos", "--areas", SAMPLE / "areas.geojson",
        "--manifest", SAMPLE / "manifest.csv", "--detector", "cached",
        "--store", SAMPLE / "detections.sqlite", "--out", tmp_path, *options,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "map.html").read_text("utf-8")
    count = gpd.read_file(tmp_path / "photos.geojson")["bicycle_count"].dropna()
    assert len(count) == 176
    assert page.count('"data:image/jpeg;base64,') == (176 if shown == "inline" else 0)
    assert page.count('"image":"photos/') == (176 if shown == "folder" else 0)
    beside = sorted(tmp_path.glob("photos/*.jpg"))
    assert len(beside) == (176 if shown == "folder" else 0)
    assert ('"hidden":null' if said is None else f'"hidden":{{"kinds":"{said}"') in page
    settings = json.loads((tmp_path / "summary.json").read_text())["settings"]["page"]
    assert settings["pictures"] == shown
    for name in ("show_people", "show_vehicles"):
        assert settings[name] == (f"--{name.replace('_', '-')}" in options)


def test_the_sample_shows_most_bicycles_at_the_station_and_no_rate_where_nobody_looked(
    sample_map: Mapped,
) -> None:
    rate = gpd.read_file(sample_map.out / "areas.geojson").set_index("name")["bicycles_per_photo"]
    assert rate.astype(float).idxmax() == "Stationskwartier"
    assert rate["Aan de Dijk"] == 0
    assert pd.isna(rate["Werfkwartier"])


def test_the_summary_says_each_place_once_the_ridden_and_how_many_areas_can_be_compared(
    sample_map: Mapped,
) -> None:
    counting = json.loads((sample_map.out / "summary.json").read_text())["counting"]
    boxes = pd.read_csv(sample_map.out / "detections.csv")
    photos = gpd.read_file(sample_map.out / "photos.geojson")
    counted = boxes["photo_id"].isin(photos.loc[photos["status"] == "counted", "photo_id"])
    ridden = (counted & (boxes["dropped_by"] == "ridden")).sum()
    once = f"about {counting['detected_once']:.0f}, at least {counting['detected_at_least']}."
    line = f"Each place counted once: {once} Ridden, so left out: {ridden}."
    assert line in sample_map.printed
    assert counting["ridden"] == ridden
    status = gpd.read_file(sample_map.out / "areas.geojson")["status"].value_counts()
    compared = f"{status.get('compared', 0)} of {status.sum()} areas can be compared; "
    (said,) = (row for row in sample_map.printed.splitlines() if row.startswith(compared))
    words = {"thin": "seen in part", "too_thin": "hardly seen", "unseen": "not seen"}
    parts = [f"{status[name]} {word}" for name, word in words.items() if name in status]
    assert f"{', '.join(parts)}. It takes stops in 6 squares of 150 m; --streets FILE" in said


def test_tables_alone_make_the_same_counts_as_photos(sample_map: Mapped, tmp_path: Path) -> None:
    tables = [
        "--manifest", sample_map.out / "photos.geojson",
        "--detections", sample_map.out / "detections.csv",
    ]  # fmt: skip
    options = ["--areas", SAMPLE / "areas.geojson", "--threshold", "0.3", *tables]
    done = geobike("map", *options, "--out", tmp_path / "again")
    assert done.returncode == 0, done.stderr
    areas = (folder / "areas.geojson" for folder in (sample_map.out, tmp_path / "again"))
    first, again = (path.read_text() for path in areas)
    assert again == first
    for wrong, said in (
        (["--detector", "onnx"], "leave out --detector"),
        (["--dry-run"], "leave out --detector and --dry-run"),
        (["--out", sample_map.out], "would be replaced"),
    ):
        done = geobike("map", *options, *wrong)
        assert done.returncode == 2
        assert said in done.stderr
    done = geobike("map", "--areas", SAMPLE / "areas.geojson")
    assert done.returncode == 2
    assert "no photos named" in done.stderr


def test_a_hosted_run_without_a_token_stops_and_claims_no_detections(tmp_path: Path) -> None:
    with FakeService() as service:
        done = hosted_map(tmp_path, service, env={})
    assert done.returncode == 3
    assert "HF_TOKEN" in done.stderr
    assert "What was detected" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_hosted_run_counts_and_the_token_is_written_nowhere(tmp_path: Path) -> None:
    with FakeService() as service:
        done = hosted_map(tmp_path, service, env={"HF_TOKEN": f"{TOKEN}\n"})
        asked = len(service.requests)
    assert done.returncode == 0, done.stderr
    assert asked == 2
    everything = done.stdout + done.stderr
    for path in (tmp_path / "out").iterdir():
        everything += path.read_bytes().decode("latin-1")
    assert TOKEN not in everything


def test_credit_that_ends_is_exit_3_and_what_is_done_is_kept(tmp_path: Path) -> None:
    with FakeService() as service:
        service.play("credits_402")
        done = hosted_map(tmp_path, service, env={"HF_TOKEN": TOKEN})
        assert done.returncode == 3
        assert "credit" in done.stderr.lower()
        service.play("honest")
        again = hosted_map(tmp_path, service, env={"HF_TOKEN": TOKEN})
    assert again.returncode == 0


def hosted_map(
    folder: Path, service: FakeService, env: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    for name in ("a", "b"):
        photo(folder / "photos" / f"{name}.jpg", lon_lat=(4.005, 52.005), size=(640, 480))
    areas = squares(folder / "areas.geojson", ["a"])
    return geobike(
        "map", folder / "photos", "--areas", areas, "--out", folder / "out",
        "--detector", "huggingface", "--endpoint", service.url("facebook/detr-resnet-50"),
        env=env,
    )  # fmt: skip
