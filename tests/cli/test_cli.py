"""The command line as a user meets it: what it prints, where, and how it exits."""

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import pandas as pd
import pytest
from PIL import Image

from geobike.detections.store.protocol import Model
from geobike.detections.store.sqlite import Store
from geobike.detectors.protocol import Box, Detection
from tests.conftest import ROOT
from tests.support.hosted_scenarios import TOKEN
from tests.support.hosted_service import FakeService
from tests.support.making import jpeg, photo, squares
from tests.support.program import geobike

SAMPLE = ROOT / "data" / "sample"


def test_what_packages_log_is_not_printed() -> None:
    program = (
        "import logging, geobike.cli as cli; "
        "cli.app = lambda: logging.getLogger('store').error('trying again'); cli.main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


class Mapped(NamedTuple):
    """The sample as a command has mapped it."""

    out: Path
    printed: str
    changed: set[Path]
    """Files of the sample that are not as they were before."""


@pytest.fixture(scope="module")
def sample_map(tmp_path_factory: pytest.TempPathFactory) -> Mapped:
    """Map the sample once, for all that only look at the result."""
    out = tmp_path_factory.mktemp("sample") / "out"
    before = {path: path.read_bytes() for path in SAMPLE.rglob("*") if path.is_file()}
    done = geobike(
        "map", SAMPLE / "photos", "--areas", SAMPLE / "areas.geojson",
        "--manifest", SAMPLE / "manifest.csv", "--detector", "cached",
        "--store", SAMPLE / "detections.sqlite", "--threshold", "0.3", "--out", out,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    after = {path: path.read_bytes() for path in SAMPLE.rglob("*") if path.is_file()}
    changed = {path for path in before | after if before.get(path) != after.get(path)}
    return Mapped(out, done.stdout, changed)


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
    status = gpd.read_file(sample_map.out / "areas.geojson")["status"].value_counts()
    compared = f"{status.get('compared', 0)} of {status.sum()} areas can be compared; "
    (said,) = (row for row in sample_map.printed.splitlines() if row.startswith(compared))
    words = {"thin": "seen in part", "too_thin": "hardly seen", "unseen": "not seen"}
    parts = [f"{status[name]} {word}" for name, word in words.items() if name in status]
    assert f"{', '.join(parts)}. It takes stops in 6 squares of 150 m; --streets FILE" in said


def test_evaluating_the_sample_tells_how_far_its_detector_is_off(sample_map: Mapped) -> None:
    done = geobike("evaluate", SAMPLE / "truth.csv", "--survey", sample_map.out)
    assert done.returncode == 0, done.stderr
    assert "176" in done.stdout
    photos = gpd.read_file(sample_map.out / "photos.geojson").set_index("photo_id")["bicycle_count"]
    truth = pd.read_csv(SAMPLE / "truth.csv", index_col="file")
    true = truth["bicycles"] - truth["ridden"]  # a survey of parked bicycles
    counted = photos.dropna()
    off = (counted - true[counted.index]).abs().mean()
    assert f"{off:.2f}" in done.stdout
    found, there = int(counted.sum()), int(true[counted.index].sum())
    first = f"Counted {found} of {there} bicycles, {1 - found / there:.0%} missed."
    assert done.stdout.splitlines()[0] == first


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


def test_locate_says_where_photos_lie_and_which_have_no_position(tmp_path: Path) -> None:
    photo(tmp_path / "p" / "west.jpg", lon_lat=(4.125, 52.5))
    photo(tmp_path / "p" / "east.jpg", lon_lat=(4.25, -0.75))
    for number in range(12):
        photo(tmp_path / "p" / f"lost{number:02}.jpg")
    done = geobike("locate", tmp_path / "p")
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert "from 4.12500 to 4.25000 degrees east, -0.75000 to 52.50000 north" in said
    assert "lost00.jpg: no GPS position in EXIF" in said
    assert "lost09.jpg" in said
    assert "lost10.jpg" not in said
    assert "and 2 more" in said
    assert "--manifest FILE.csv with file,latitude,longitude" in said


def test_locate_writes_the_columns_of_a_map_but_those_of_counting(
    sample_map: Mapped, tmp_path: Path
) -> None:
    out = tmp_path / "photos.geojson"
    done = geobike("locate", SAMPLE / "photos", "--manifest", SAMPLE / "manifest.csv", "--out", out)
    assert done.returncode == 0
    # By their headers alone: one more is truncated, which only `map` detects.
    assert "located          178" in done.stdout
    whole = json.loads((sample_map.out / "photos.geojson").read_text())["features"]
    alone = json.loads(out.read_text())["features"]
    counting = {"parked_count", "ridden_count", "stop_id", "stop_photo"}
    columns = [name for name in whole[0]["properties"] if name not in counting]
    assert [list(f["properties"]) for f in alone] == [columns] * len(whole)
    assert [f["geometry"] for f in alone] == [f["geometry"] for f in whole]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["map", "nowhere", "--areas", "{areas}"], "nowhere: no such file or folder"),
        (["map", "{photos}", "--areas", "no.geojson"], "areas no.geojson: no such file"),
        (
            ["map", "{photos}", "--areas", "{areas}", "--threshold", "2"],
            "threshold 2 is not from 0.05",
        ),
        (
            ["map", "{photos}", "--areas", "{areas}", "--name-column", "x"],
            "no column 'x' (--name-column)",
        ),
        (
            ["map", "{photos}", "--areas", "{areas}", "--manifest", "m.csv"],
            "manifest m.csv: no such",
        ),
        (["map", "{photos}", "--areas", "{areas}", "--timezone", "x"], "timezone 'x' is not known"),
        (
            ["map", "{photos}", "--areas", "{areas}", "--endpoint", "http://x"],
            "photos leave the machine",
        ),
        (["map", "{photos}", "--areas", "{areas}", "--detector", "cached"], "no such file"),
        (["map", "{photos}", "--areas", "{areas}", "--model", "no.onnx"], "no.onnx"),
        (["detect", "nowhere.jpg"], "nowhere.jpg: no such file or folder"),
        (["classify", "{photos}"], "name a model"),
        (
            ["detect", "{photos}", "--detector", "cached"],
            "needs the store that holds them: --store",
        ),
        (
            ["map", "{photos}", "--areas", "{areas}", "--positions", "manifest,exfi"],
            "'exfi' is not a position source; the nearest is exif",
        ),
        (["locate", "{photos}", "--positions", "manifest"], "add --manifest FILE, or exif"),
        (["locate", "{photos}", "--max-megapixels", "nan"], "--max-megapixels nan is not above 0"),
        (["locate", "{photos}", "--max-megapixels", "-1"], "--max-megapixels -1 is not above 0"),
    ],
)
def test_a_users_mistake_is_one_message_and_exit_2(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    photo(tmp_path / "photos" / "a.jpg", lon_lat=(4.005, 52.005))
    names = {"photos": tmp_path / "photos", "areas": squares(tmp_path / "areas.geojson", ["a"])}
    filled = [argument.format(**names) for argument in arguments]
    out = ["--out", tmp_path / "out"] if arguments[0] == "map" else []
    done = geobike(*filled, *out)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


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


def test_offline_means_that_nothing_is_sent(tmp_path: Path) -> None:
    path = photo(tmp_path / "a.jpg")
    done = geobike("detect", path, "--detector", "huggingface", env={"HF_HUB_OFFLINE": "1"})
    assert done.returncode == 2
    assert "HF_HUB_OFFLINE is set" in done.stderr


def stored(folder: Path, *photos: Path) -> Path:
    """Return a store in which two bicycles stand on each photo, drawn twice, and a faint car."""
    import hashlib

    found = [
        Detection("bicycle", 0.95, Box(10.7, 20.2, 30.9, 40.0)),
        Detection("bicycle", 0.9, Box(10.7, 20.2, 30.0, 40.0)),
        Detection("car", 0.1, Box(0, 0, 5, 5)),
    ]
    with Store(folder / "store.sqlite") as store:
        for path in photos:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            store.put(digest, Model("drawn", "1"), found)
    return folder / "store.sqlite"


def test_detect_prints_what_the_hosted_service_would_answer(tmp_path: Path) -> None:
    path = photo(tmp_path / "a.jpg")
    done = geobike("detect", path, "--detector", "cached", "--store", stored(tmp_path, path))
    assert done.returncode == 0, done.stderr
    box = {"xmin": 10, "ymin": 20, "xmax": 30, "ymax": 40}
    assert json.loads(done.stdout) == [
        {"score": 0.95, "label": "bicycle", "box": box},
        {"score": 0.9, "label": "bicycle", "box": box},
    ]


def test_detect_on_several_photos_names_each_and_reports_the_bad(tmp_path: Path) -> None:
    paths = [photo(tmp_path / "p" / name) for name in ("a.jpg", "b.jpeg")]
    (tmp_path / "p" / "bad.jpg").write_bytes(b"no photo")
    done = geobike(
        "detect", tmp_path / "p", "--detector", "cached", "--store", stored(tmp_path, *paths),
        "--threshold", "0.05", "--out", tmp_path / "d.csv", "--draw", tmp_path / "drawn",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    assert {name: len(found) for name, found in answers.items()} == {"a.jpg": 3, "b.jpeg": 3}
    assert "bad.jpg: unreadable: not a photo" in done.stderr
    assert len(pd.read_csv(tmp_path / "d.csv")) == 6
    assert {path.name for path in (tmp_path / "drawn").iterdir()} == {"a.jpg", "b.jpeg"}
    with Image.open(tmp_path / "drawn" / "a.jpg") as drawn, Image.open(paths[0]) as plain:
        assert drawn.size == plain.size
        assert drawn.tobytes() != plain.tobytes()


def test_detect_draws_one_photo_to_the_file_that_is_named(tmp_path: Path) -> None:
    path = photo(tmp_path / "a.jpg", size=(300, 200))
    done = geobike(
        "detect", path, "--detector", "cached", "--store", stored(tmp_path, path),
        "--draw", tmp_path / "boxes.png",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "boxes.png") as drawn:
        assert drawn.getpixel((10, 30)) == (255, 212, 0)  # the left edge of the first box


def test_several_photos_are_not_drawn_into_one_picture(tmp_path: Path) -> None:
    paths = [photo(tmp_path / name) for name in ("a.jpg", "b.jpg")]
    done = geobike("detect", *paths, "--detector", "cached", "--draw", tmp_path / "boxes.jpg")
    assert done.returncode == 2
    assert "boxes.jpg names one picture, and there are 2 photos; name a folder" in done.stderr
    assert not (tmp_path / "boxes.jpg").exists()


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        ("p/a.jpg", "would overwrite a.jpg"),
        ("p", "would overwrite a.jpg"),
        ("boxes.xyz", "boxes.xyz: cannot be written as a picture"),
        ("p/a.jpg/boxes.png", "boxes.png: cannot be written"),
    ],
)
def test_drawing_overwrites_no_photo_and_says_what_it_cannot_write(
    tmp_path: Path, draw: str, said: str
) -> None:
    path = photo(tmp_path / "p" / "a.jpg", size=(300, 200))
    before = path.read_bytes()
    store = stored(tmp_path, path)
    done = geobike(
        "detect", path, "--detector", "cached", "--store", store, "--draw", tmp_path / draw
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert path.read_bytes() == before


def test_a_link_out_of_the_folder_is_never_sent(tmp_path: Path) -> None:
    secret = photo(tmp_path / "secret" / "s.jpg")
    folder = photo(tmp_path / "photos" / "a.jpg", size=(300, 200)).parent
    (folder / "link.jpg").symlink_to(secret)
    with FakeService() as service:
        done = geobike(
            "classify", folder, "--classifier", "huggingface",
            "--endpoint", service.url("google/vit-base-patch16-224"), env={"HF_TOKEN": TOKEN},
        )  # fmt: skip
        assert len(service.requests) == 1
    assert "link.jpg: a symbolic link that leads out of the photo folder" in done.stderr


def test_only_bad_photos_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(jpeg()[:100])
    store = stored(tmp_path)
    with Store(store) as opened:
        opened.put("x", Model("drawn", "1"), [])
    done = geobike("detect", tmp_path / "bad.jpg", "--detector", "cached", "--store", store)
    assert done.returncode == 2
    assert "none of the photos has a result" in done.stderr


def test_classify_asks_the_hosted_model_for_the_five_best(tmp_path: Path) -> None:
    path = photo(tmp_path / "a.jpg", size=(300, 200))
    with FakeService() as service:
        done = geobike(
            "classify", path, "--classifier", "huggingface", "--out", tmp_path / "labels.csv",
            "--endpoint", service.url("google/vit-base-patch16-224"), env={"HF_TOKEN": TOKEN},
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert len(answer) == 5
    assert set(answer[0]) == {"label", "score"}
    assert pd.read_csv(tmp_path / "labels.csv")["label"].tolist() == [
        one["label"] for one in answer
    ]


def test_doctor_says_what_is_there_and_never_the_token() -> None:
    done = geobike("doctor", env={"HF_TOKEN": TOKEN})
    assert done.returncode == 0, done.stdout
    assert "Hugging Face token: found" in done.stdout
    assert TOKEN not in done.stdout + done.stderr
    without = geobike("doctor")
    assert "missing  Hugging Face token: none" in without.stdout
    assert "set HF_TOKEN" in without.stdout


def test_reasons_that_look_like_markup_are_printed_as_they_are(tmp_path: Path) -> None:
    photos = photo(tmp_path / "photos" / "a.jpg").parent
    (tmp_path / "m.csv").write_text("file,lat,lon\na.jpg,[red]x[/red],4\n")
    done = geobike("locate", photos, "--manifest", tmp_path / "m.csv")
    assert done.returncode == 0, done.stderr
    assert "[red]x[/red]" in done.stdout


def test_a_file_name_cannot_steer_the_terminal(tmp_path: Path) -> None:
    photo(tmp_path / "\x1b[2Jwiped.jpg").write_bytes(b"no photo")
    (tmp_path / "m.csv").write_text("file,lat,lon\n\x1b[31mred.jpg,52,4\n")
    done = geobike("locate", tmp_path, "--manifest", tmp_path / "m.csv")
    assert "\\x1b[31mred.jpg" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["map", "--help"], ["--version"]])
def test_help_and_version_answer(arguments: list[str]) -> None:
    done = geobike(*arguments)
    assert done.returncode == 0
    assert "geobike" in done.stdout


def test_a_finished_survey_is_exported_without_its_photos(sample_out: Path) -> None:
    pytest.importorskip("pyarrow")
    done = geobike("export", str(sample_out), "--format", "parquet", cwd=sample_out)
    assert done.returncode == 0, done.stderr
    written = [line.split(": ", 1)[1] for line in done.stdout.splitlines()]
    assert written[-1] == str(sample_out / "summary.json")
    assert len(gpd.read_parquet(sample_out / "photos.parquet")) == 181
    wrong = geobike("export", str(sample_out.parent), "--format", "parquet", cwd=sample_out)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "is not the summary of a survey" in wrong.stderr
