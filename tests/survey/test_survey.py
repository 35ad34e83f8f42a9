"""Whole surveys: from files to map and GIS files, the sums closed."""

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from PIL import Image

import geobike
from geobike.detectors import backends
from geobike.detectors.protocol import Detection
from geobike.errors import (
    CreditsExhausted,
    DetectionFailed,
    GeobikeWarning,
    InputError,
    StoreError,
)
from geobike.photos import thumbnails
from geobike.survey.locating import locate as locate_files
from tests.support.making import FakeDetector, photo, squares, town

pytestmark = pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
MODEL = "models/deimv2_hgnetv2_femto_coco.onnx"


def run(folder: Path, detector: object, **options: object) -> geobike.SurveyResult:
    plan = geobike.Survey(**town(folder), detector=detector, **options)
    return geobike.run(plan, store=folder / "store.sqlite")


def test_every_photo_ends_in_one_status_and_every_bicycle_in_one_place(tmp_path: Path) -> None:
    result = run(tmp_path, FakeDetector())
    statuses = dict(zip(result.photos["photo_id"], result.photos["status"], strict=True))
    assert statuses == {
        "cut.jpg": "unreadable",
        "east.jpg": "counted",
        "nowhere.jpg": "unlocated",
        "outside.jpg": "outside",
        "west.jpg": "counted",
        "west_empty.jpg": "counted",
        "z_copy.jpg": "duplicate",
    }
    counts = result.areas.set_index("name")
    assert counts["bicycle_count"].dropna().to_dict() == {"west": 3, "east": 5}
    seen = {"west": "too_thin", "east": "too_thin", "far": "unseen"}
    assert counts["status"].to_dict() == seen
    assert counts["photo_count"].to_dict() == {"west": 2, "east": 1, "far": 0}
    assert counts["bicycles_per_photo"].fillna(-1).to_dict() == {"west": 1.5, "east": 5, "far": -1}
    assert result.ledger.in_words() == (
        "7 photos: 3 counted, 1 outside, 1 unlocated, 1 duplicate, 1 unreadable"
    )


def test_only_photos_that_count_are_detected_and_none_twice(tmp_path: Path) -> None:
    detector = FakeDetector()
    first = run(tmp_path, detector)
    assert (detector.asked, first.detected_now) == (3, 3)
    again = run(tmp_path, detector)
    assert (detector.asked, again.detected_now) == (3, 0)
    pd.testing.assert_frame_equal(first.areas, again.areas)


def test_another_threshold_costs_no_detection(tmp_path: Path) -> None:
    detector = FakeDetector()
    run(tmp_path, detector)
    strict = run(tmp_path, detector, threshold=0.95)
    assert detector.asked == 3
    assert strict.ledger.bicycles_counted == 0
    assert (strict.detections["dropped_by"] == "threshold").all()


class Unlucky(FakeDetector):
    """Fails on the photo that is 50 pixels wide, and stops after as many answers as it is given."""

    def __init__(self, stop_after: int = 99) -> None:
        super().__init__()
        self.left = stop_after

    def detect(self, image) -> list[Detection]:
        if image.width == 50:
            raise DetectionFailed("the service refused it: <b>bad</b>")
        if self.left == 0:
            raise CreditsExhausted("no credit left; buy some")
        self.left -= 1
        return super().detect(image)


def test_a_failed_photo_is_failed_never_zero_and_tried_again_next_time(tmp_path: Path) -> None:
    result = run(tmp_path, Unlucky())
    row = result.photos.set_index("photo_id").loc["east.jpg"]
    assert (row["status"], row["reason"]) == ("failed", "the service refused it: <b>bad</b>")
    assert pd.isna(row["bicycle_count"])
    east = result.areas.set_index("name").loc["east"]
    assert east["photo_count"] == 0
    assert pd.isna(east["bicycles_per_photo"])
    assert run(tmp_path, FakeDetector()).detected_now == 1


def test_a_stopped_run_keeps_what_it_has_and_goes_on(tmp_path: Path) -> None:
    with pytest.raises(CreditsExhausted):
        run(tmp_path, Unlucky(stop_after=1), workers=1)
    with geobike.Store(tmp_path / "store.sqlite") as store:
        assert sum(store.models().values()) == 1
    detector = FakeDetector()
    assert run(tmp_path, detector).detected_now == 2


def test_a_run_opens_its_store_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    connect = sqlite3.connect

    def counted(path: object, *rest: object, **options: object) -> object:
        opened.append(path)
        return connect(path, *rest, **options)

    monkeypatch.setattr(sqlite3, "connect", counted)
    assert run(tmp_path, FakeDetector()).detected_now == 3
    assert opened == [tmp_path / "store.sqlite"]


def test_a_mistake_in_the_areas_makes_no_store(tmp_path: Path) -> None:
    inputs = town(tmp_path)
    inputs["areas"].write_text("{}")
    with pytest.raises(InputError, match="areas"):
        geobike.run(
            geobike.Survey(**inputs, detector=FakeDetector()), store=tmp_path / "store.sqlite"
        )
    assert not (tmp_path / "store.sqlite").exists()


def test_the_store_alone_is_enough_and_what_it_lacks_is_failed(tmp_path: Path) -> None:
    run(tmp_path, FakeDetector())
    recorded = geobike.DetectorChoice(kind="cached")
    result = run(tmp_path, recorded)
    assert (result.model.name, result.detected_now) == ("fake", 0)
    assert result.ledger.bicycles_counted == 8
    photo(tmp_path / "photos" / "new.jpg", lon_lat=(4.005, 52.005))
    row = (
        geobike.run(
            geobike.Survey(
                photos=tmp_path / "photos", areas=tmp_path / "areas.geojson", detector=recorded
            ),
            store=tmp_path / "store.sqlite",
        )
        .photos.set_index("photo_id")
        .loc["new.jpg"]
    )
    assert row["status"] == "failed"
    assert "not among the detections recorded" in row["reason"]


def test_auto_takes_what_the_store_has(tmp_path: Path) -> None:
    run(tmp_path, FakeDetector())
    assert run(tmp_path, geobike.DetectorChoice()).model.name == "fake"


def test_auto_without_any_detector_names_the_two_ways(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geobike.detectors.onnx.runtime.is_installed", lambda _="": False)
    with pytest.raises(InputError) as caught:
        run(tmp_path, geobike.DetectorChoice())
    assert "pip install 'geobike[local]'" in str(caught.value)
    assert "--detector huggingface" in str(caught.value)


class Local(FakeDetector):
    """Stands for the model on this machine."""

    name = "local"


def test_auto_says_when_another_detector_replaces_what_the_store_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path, FakeDetector())
    photo(tmp_path / "photos" / "new.jpg", lon_lat=(4.005, 52.005))
    local = replace(backends.BACKENDS["onnx"], create=lambda _: Local())
    monkeypatch.setitem(backends.BACKENDS, "onnx", local)
    plan = geobike.Survey(photos=tmp_path / "photos", areas=tmp_path / "areas.geojson")
    result = geobike.run(plan, store=tmp_path / "store.sqlite")
    assert (result.model.name, result.detected_now) == ("local", 4)
    assert any("fake for 3 of 4 photos, which is not all" in note for note in result.warnings)


def test_what_was_reported_is_not_lost_when_the_run_stops(tmp_path: Path) -> None:
    folder = town(tmp_path)
    (tmp_path / "m.csv").write_text("file,lat,lon\nwest.jpg,999,4\n")
    plan = geobike.Survey(**folder, manifest=tmp_path / "m.csv", detector=Unlucky(stop_after=0))
    with (
        pytest.warns(GeobikeWarning, match="latitude '999' is beyond"),
        pytest.raises(CreditsExhausted),
    ):
        geobike.run(plan, store=tmp_path / "store.sqlite")


def test_what_is_reported_while_writing_is_in_the_summary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(thumbnails.make.__kwdefaults__, "limit", 1)
    page = geobike.PageOptions(show_people=True, show_vehicles=True, blur=("carr",))
    written = run(tmp_path, FakeDetector(), page=page).write(tmp_path / "out")
    notes = json.loads(written["summary.json"].read_text())["warnings"]
    assert any("pictures of 1 of 3 photos" in note for note in notes)
    assert any("labelled 'carr'; there are: bicycle" in note for note in notes)


def test_a_detector_that_knows_no_people_and_vehicles_gives_a_map_without_pictures(
    tmp_path: Path,
) -> None:
    written = run(tmp_path, FakeDetector()).write(tmp_path / "out")
    assert "data:image/jpeg" not in written["map.html"].read_text("utf-8")
    notes = json.loads(written["summary.json"].read_text())["warnings"]
    assert any("the map has no pictures" in note for note in notes)


def test_a_photo_that_was_exchanged_on_the_way_is_not_detected_under_its_old_name(
    tmp_path: Path,
) -> None:
    folder = town(tmp_path)
    frame = locate_files(geobike.find_photos(folder["photos"]))
    photo(folder["photos"] / "west.jpg", size=(300, 20), description="another photo")
    detected = geobike.detect_photos(frame, detector=FakeDetector())
    row = detected.photos.set_index("photo_id").loc["west.jpg"]
    assert (row["status"], row["reason"]) == (
        "unreadable",
        "the file has changed since it was first read",
    )


def test_a_store_of_several_detectors_asks_which(tmp_path: Path) -> None:
    run(tmp_path, FakeDetector())
    other = FakeDetector()
    other.name = "other"
    run(tmp_path, other)
    with pytest.raises(StoreError, match=r"several detectors; name one with --model: fake.*other"):
        run(tmp_path, geobike.DetectorChoice(kind="cached"))
    named = run(tmp_path, geobike.DetectorChoice(kind="cached", model="other"))
    assert named.model.name == "other"


def test_outside_photos_keep_their_recorded_boxes_apart(tmp_path: Path) -> None:
    folder = town(tmp_path)
    whole = squares(tmp_path / "whole.geojson", ["a"], west=4.995, south=52.995)
    options = {"photos": folder["photos"], "detector": FakeDetector()}
    store = tmp_path / "store.sqlite"
    geobike.run(geobike.Survey(areas=whole, **options), store=store)
    result = geobike.run(geobike.Survey(areas=folder["areas"], **options), store=store)
    assert result.ledger.bicycles_elsewhere == 7
    assert result.ledger.bicycles_in_areas == 8
    assert (result.detections["photo_id"] == "outside.jpg").sum() == 7


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"threshold": 0.01}, "threshold 0.01 is not from 0.05"),
        ({"threshold": 1.0}, "threshold 1 is not"),
        ({"labels": ()}, "no label to count"),
        ({"labels": "bicycle"}, "labels is the text 'bicycle'"),
        ({"max_megapixels": 0}, "--max-megapixels 0 is not above 0"),
        ({"place": "yes"}, "--place 'yes' is none of auto, no"),
        ({"field_of_view": 180}, "--field-of-view 180 is not from 5 to 150 degrees"),
        ({"heading_offset": float("nan")}, "--heading-offset nan is not from -360 to 360 degrees"),
        ({"position_error": -1}, "--position-error -1 is not from 0 to 100 m"),
        ({"heading_error": 200}, "--heading-error 200 is not from 0 to 180 degrees"),
        ({"timezone": "Mars/Olympus"}, "timezone 'Mars/Olympus' is not known"),
        ({"workers": 0}, "workers is 0"),
        ({"positions": ("exif", "exif")}, "names exif more than once"),
        ({"positions": ("manifest",)}, "add --manifest FILE, or exif"),
        (
            {"photos": None, "manifest": "m", "detections": "d", "positions": ("exif",)},
            "without photos the manifest gives the positions",
        ),
        ({"max_overlap": 0.0}, "max_overlap 0"),
    ],
)
def test_a_senseless_configuration_is_refused_before_anything_runs(
    options: dict, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        geobike.Survey(**{"photos": "photos", "areas": "areas.geojson"} | options)


@pytest.mark.parametrize(
    ("name", "said"), [("no.gpkg", "no such file"), ("m.csv", "m.csv: a table without geometry")]
)
def test_a_context_that_cannot_be_drawn_stops_the_run_before_anything_is_detected(
    tmp_path: Path, name: str, said: str
) -> None:
    (tmp_path / "m.csv").write_text("file,lat,lon\n")
    detector = FakeDetector()
    with pytest.raises(InputError, match=said):
        run(tmp_path, detector, page=geobike.PageOptions(context=(tmp_path / name,)))
    assert detector.asked == 0


def test_a_folder_that_cannot_be_written_is_named_and_one_that_can_is_not_made(
    tmp_path: Path,
) -> None:
    plan = geobike.Survey(**town(tmp_path))
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match=r"file/out: cannot be written: Not a directory"):
        plan.check_out(tmp_path / "file" / "out")
    plan.check_out(tmp_path / "new" / "out")
    assert not (tmp_path / "new").exists()


def test_photos_leave_the_machine_only_where_it_is_said() -> None:
    with pytest.raises(
        InputError, match="photos leave the machine only with --detector huggingface"
    ):
        geobike.DetectorChoice(kind="auto", endpoint="https://example.org")


def test_the_token_is_in_no_result(tmp_path: Path) -> None:
    choice = geobike.DetectorChoice(kind="huggingface", token="hf_very_secret")
    assert "hf_very_secret" not in repr(geobike.Survey(**town(tmp_path), detector=choice))


def test_the_same_numbers_are_in_all_files(tmp_path: Path) -> None:
    result = run(tmp_path, FakeDetector())
    written = result.write(tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(written)
    areas = gpd.read_file(written["areas.geojson"])
    photos = gpd.read_file(written["photos.geojson"])
    detections = pd.read_csv(written["detections.csv"])
    summary = json.loads(written["summary.json"].read_text())
    assert len(photos) == summary["ledger"]["photos_given"] == 7
    assert photos["status"].value_counts().to_dict() == {
        status: n for status, n in summary["ledger"]["photos"].items() if n
    }
    bicycles = summary["ledger"]["bicycles_counted"]
    assert areas["bicycle_count"].sum() == photos["bicycle_count"].sum() == bicycles == 8
    assert detections["kept"].sum() == bicycles + summary["ledger"]["bicycles_elsewhere"]
    assert summary["detector"]["model"] == "fake"
    counting = summary["counting"]
    rules = {"labels": ["bicycle"], "threshold": 0.5, "max_overlap": 0.5, "count": "parked"}
    assert rules.items() <= counting.items()
    assert counting["detected_at_least"] <= counting["detected_once"] <= bicycles
    assert counting["stops"] == areas["stop_count"].sum() == 3


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_run_that_fails_while_writing_leaves_the_earlier_survey_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyarrow")
    run(tmp_path, FakeDetector()).write(tmp_path / "out")
    before = contents(tmp_path / "out")
    strict = run(tmp_path, FakeDetector(), threshold=0.95, formats=("parquet",))

    def full(*_: object) -> None:
        raise InputError("no space left on device")

    monkeypatch.setattr("geobike.saved.writing.write_summary", full)  # the last of all
    with pytest.raises(InputError, match="no space left"):
        strict.write(tmp_path / "out")
    assert contents(tmp_path / "out") == before
    monkeypatch.undo()
    assert sorted(strict.write(tmp_path / "out")) == sorted(contents(tmp_path / "out"))


@pytest.mark.parametrize("role", ["areas", "manifest", "context"])
def test_the_summary_names_the_bytes_that_were_read_whatever_the_file_holds_later(
    tmp_path: Path, role: str
) -> None:
    files = town(tmp_path)
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("file,latitude,longitude\nwest.jpg,52.005,4.006\n")
    streets = shutil.copy(files["areas"], tmp_path / "streets.geojson")
    read = {"areas": files["areas"], "manifest": manifest, "context": Path(streets)}[role]
    used = hashlib.sha256(read.read_bytes()).hexdigest()

    class Changing(FakeDetector):
        """A detector during whose work the user saves the file again."""

        def detect(self, image: Image.Image) -> list[Detection]:
            read.write_bytes(read.read_bytes() + b" ")
            return super().detect(image)

    page = geobike.PageOptions(context=(streets,))
    plan = geobike.Survey(**files, manifest=manifest, detector=Changing(), page=page)
    result = geobike.run(plan)
    assert hashlib.sha256(read.read_bytes()).hexdigest() != used
    named = {"file": read.name, "sha256": used}
    assert result.summary()["inputs"][role] == ([named] if role == "context" else named)
    read.unlink()  # and the map is drawn from what was read, not read again
    assert "streets" in result.map().get_root().render()


def test_where_the_map_cannot_be_made_no_older_map_is_left_beside_the_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path, FakeDetector()).write(tmp_path / "out")
    monkeypatch.setattr("geobike.maps._TOO_HEAVY", 1)
    with pytest.raises(InputError, match=r"map\.html: the map would be"):
        run(tmp_path, FakeDetector(), threshold=0.95).write(tmp_path / "out")
    left = contents(tmp_path / "out")
    assert sorted(left) == [
        "areas.geojson",
        "bicycles.geojson",
        "detections.csv",
        "photos.geojson",
        "stops.geojson",
        "summary.json",
    ]
    assert json.loads(left["summary.json"])["counting"]["threshold"] == 0.95
    assert b'"bicycle_count": 3' not in left["photos.geojson"]


def test_the_real_survey_closes_and_falls_where_it_was_worked_out_to_fall(
    shared: Path, tmp_path: Path
) -> None:
    pytest.importorskip("onnxruntime")
    plan = geobike.Survey(
        photos=shared / "photos",
        areas=shared / "areas" / "delft_neighbourhoods.geojson",
        manifest=shared / "photos" / "manifest.csv",
        name_column="BU_NAAM",
        threshold=0.3,
        detector=geobike.DetectorChoice(kind="onnx", model=str(shared / MODEL), classes="coco80"),
    )
    result = geobike.run(plan, store=tmp_path / "store.sqlite")
    assert result.ledger.in_words() == "35 photos: 34 counted, 1 outside"
    photo_count = result.areas.set_index("name")["photo_count"]
    assert photo_count["TU-Campus"] == 13
    assert photo_count["Schoemakerplantage"] == 9
    assert photo_count["Professorenbuurt"] == 3

    # Against manual counts: no bicycle where there is none, and a bounded error where there are.
    by_hand = pd.read_csv(shared / "photos" / "hand_counts.csv").set_index("file")["bicycles"]
    counted = result.photos.set_index("photo_id")["bicycle_count"].dropna()
    error = (counted - by_hand[counted.index]).abs()
    assert error[by_hand[counted.index] == 0].sum() == 0
    assert error[by_hand[counted.index] > 0].mean() < 3

    again = geobike.run(plan, store=tmp_path / "store.sqlite")
    assert again.detected_now == 0


def test_a_killed_run_detects_only_the_rest(shared: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    store = tmp_path / "store.sqlite"
    command = [
        sys.executable, "-m", "geobike", "map", str(shared / "photos"),
        "--areas", str(shared / "areas" / "delft_neighbourhoods.geojson"),
        "--manifest", str(shared / "photos" / "manifest.csv"),
        "--detector", "onnx", "--model", str(shared / MODEL), "--classes", "coco80",
        "--workers", "1", "--out", str(tmp_path / "out"), "--store", str(store),
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    answered = 0
    while answered < 5 and process.poll() is None:
        time.sleep(0.01)
        answered = answers_in(store)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept = answers_in(store)
    assert 5 <= kept < 34
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"Detected now: {34 - kept} photos" in done.stdout
    assert answers_in(store) == 34


def answers_in(store: Path) -> int:
    if not store.exists():
        return 0
    connection = sqlite3.connect(store, timeout=10)
    try:
        return connection.execute("SELECT count(*) FROM answers").fetchone()[0]
    except sqlite3.OperationalError:
        return 0  # the table is just being made
    finally:
        connection.close()


def test_a_survey_uses_the_sources_that_are_named_and_reads_no_other(tmp_path: Path) -> None:
    folder = town(tmp_path)
    table = tmp_path / "m.csv"
    table.write_text("file,lat,lon\nwest.jpg,52.005,4.015\n")  # which is in the east

    def counts(manifest: Path, *positions: str) -> dict[str, int]:
        plan = geobike.Survey(
            **folder, manifest=manifest, positions=positions, detector=FakeDetector()
        )
        return geobike.run(plan).areas.set_index("name")["photo_count"].to_dict()

    assert counts(table, "manifest", "exif") == {"west": 1, "east": 2, "far": 0}
    assert counts(table, "exif", "manifest") == {"west": 2, "east": 1, "far": 0}
    assert counts(table, "manifest") == {"west": 0, "east": 1, "far": 0}
    assert counts(tmp_path / "no such file", "exif") == {"west": 2, "east": 1, "far": 0}


def test_locating_alone_gives_the_same_positions_as_a_survey(tmp_path: Path) -> None:
    folder = town(tmp_path)
    alone = locate_files(geobike.find_photos(folder["photos"]))
    whole = run(tmp_path, FakeDetector()).photos
    assert alone.geometry.to_wkt().tolist() == whole.geometry.to_wkt().tolist()
