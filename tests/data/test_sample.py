"""The sample in data/sample: what its README promises."""

import json
import shutil
from hashlib import sha256
from pathlib import Path

import geopandas as gpd
import pandas as pd
from PIL import ExifTags, Image

import geobike
from data import recorded
from tests.conftest import ROOT

SAMPLE = ROOT / "data" / "sample"
PHOTOS = sorted((SAMPLE / "photos").rglob("*.jpg"))
KB = 1000


def test_every_file_is_what_the_checksums_say() -> None:
    lines = [line.split("  ") for line in (SAMPLE / "SHA256SUMS").read_text().splitlines()]
    listed = {name: digest for digest, name in lines}
    found = {
        path.relative_to(SAMPLE).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in SAMPLE.rglob("*")
        if path.is_file() and path.name not in ("SHA256SUMS", "README.md")
    }
    assert listed == found


def test_the_sample_stays_small() -> None:
    assert sum(path.stat().st_size for path in SAMPLE.rglob("*") if path.is_file()) < 8000 * KB
    assert max(path.stat().st_size for path in PHOTOS) < 100 * KB


def test_neighbourhoods_share_their_borders_exactly() -> None:
    areas = gpd.read_file(SAMPLE / "areas.geojson")
    assert areas.is_valid.all()
    flat = areas.to_crs("EPSG:32631")
    overlap = flat.area.sum() - flat.union_all().area
    assert abs(overlap) < 1  # square metre, of five million
    assert flat.union_all().geom_type == "Polygon"
    assert not flat.union_all().interiors  # nobody's land between them


def test_streets_are_as_long_as_they_say_and_run_in_the_town() -> None:
    streets = gpd.read_file(SAMPLE / "streets.geojson")
    length = streets.to_crs("EPSG:32631").length
    assert (length - streets["length_m"]).abs().max() < 2  # metres: UTM shrinks, metres are whole
    town = gpd.read_file(SAMPLE / "areas.geojson").to_crs("EPSG:32631").union_all()
    assert streets.to_crs("EPSG:32631").within(town.buffer(1)).all()


def test_the_truth_names_every_photo_that_can_be_read_once() -> None:
    truth = pd.read_csv(SAMPLE / "truth.csv")
    names = {path.relative_to(SAMPLE / "photos").as_posix() for path in PHOTOS}
    copies = {"day1/0906_stationsplein_copy.jpg", "day2/1610_cut_short.jpg"}
    assert set(truth["file"]) == names - copies
    assert not truth["file"].duplicated().any()
    assert (truth["half_visible"] <= truth["in_view"]).all()
    assert truth["bicycles"].equals(truth["half_visible"])


def test_the_answers_for_the_tutorial_are_of_its_photo_as_it_is_now() -> None:
    kept = json.loads((SAMPLE / "recorded.json").read_text())
    digest = sha256((SAMPLE / "photos" / kept["photo"]).read_bytes()).hexdigest()
    assert kept["sha256"] == digest
    assert kept["answers"]["facebook/detr-resnet-50"] == recorded.boxes(digest)
    labels = kept["answers"]["google/vit-base-patch16-224"]["answer"]
    scores = [one["score"] for one in labels]
    assert len(labels) == 5
    assert scores == sorted(scores, reverse=True)
    assert 0 < sum(scores) <= 1


def test_a_run_that_finds_every_photo_answered_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    store = Path(shutil.copy(SAMPLE / "detections.sqlite", tmp_path))
    plan = geobike.Survey(
        photos=SAMPLE / "photos",
        areas=SAMPLE / "areas.geojson",
        manifest=SAMPLE / "manifest.csv",
    )
    assert geobike.run(plan, store=store).ledger.photos["counted"] == 61
    assert store.read_bytes() == (SAMPLE / "detections.sqlite").read_bytes()


def said_time(path: Path) -> tuple[str, str]:
    with Image.open(path) as photo:
        details = photo.getexif().get_ifd(ExifTags.IFD.Exif)
    return (
        details[ExifTags.Base.DateTimeOriginal][:10],
        details[ExifTags.Base.OffsetTimeOriginal],
    )


def test_every_photo_says_when_it_was_taken_and_in_which_zone() -> None:
    days = {("2026:05:12", "+02:00"), ("2026:10:08", "+02:00")}
    wrong = {path.name: said_time(path) for path in PHOTOS if said_time(path) not in days}
    assert len(PHOTOS) == 66
    assert not wrong
