"""The sample in data/sample: what its README promises."""

import json
import math
import shutil
from hashlib import sha256
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from PIL import ExifTags, Image
from shapely import Point
from shapely.ops import unary_union

import geobike
from data import recorded
from tests.conftest import ROOT

SAMPLE = ROOT / "data" / "sample"
AUTUMN = SAMPLE / "autumn"
SURVEYS = {"spring": SAMPLE, "autumn": AUTUMN}
PHOTOS = sorted((SAMPLE / "photos").rglob("*.jpg"))
ALL_PHOTOS = [*PHOTOS, *sorted((AUTUMN / "photos").rglob("*.jpg"))]
KB = 1000
UTM = "EPSG:32631"  # metres; 0.04 % short here

each_survey = pytest.mark.parametrize("folder", SURVEYS.values(), ids=SURVEYS)


@each_survey
def test_every_file_is_what_the_checksums_say(folder: Path) -> None:
    lines = [line.split("  ") for line in (folder / "SHA256SUMS").read_text().splitlines()]
    listed = {name: digest for digest, name in lines}
    found = {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
        and path.name not in ("SHA256SUMS", "README.md")
        and (folder == AUTUMN or AUTUMN not in path.parents)
    }
    assert listed == found


def test_the_sample_stays_small() -> None:
    assert sum(path.stat().st_size for path in SAMPLE.rglob("*") if path.is_file()) < 12_000 * KB
    assert max(path.stat().st_size for path in ALL_PHOTOS) < 35 * KB


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


@each_survey
def test_the_truth_names_every_photo_that_can_be_read_once(folder: Path) -> None:
    truth = pd.read_csv(folder / "truth.csv")
    photos = folder / "photos"
    names = {path.relative_to(photos).as_posix() for path in photos.rglob("*.jpg")}
    copies = {"day1/0906_stationsplein_copy.jpg", "day2/1610_cut_short.jpg"}
    assert set(truth["file"]) == names - (copies if folder == SAMPLE else set())
    assert not truth["file"].duplicated().any()
    assert (truth["half_visible"] <= truth["in_view"]).all()
    assert truth["bicycles"].equals(truth["half_visible"])
    assert (truth["ridden"] <= truth["bicycles"]).all()
    assert 3 <= truth["ridden"].sum() <= 20


@each_survey
def test_the_bicycles_seen_are_those_that_the_truth_counts(folder: Path) -> None:
    truth = pd.read_csv(folder / "truth.csv", index_col="file")
    seen = pd.read_csv(folder / "seen.csv")
    half = seen[seen["half_visible"] == 1]
    counts = pd.DataFrame(
        {
            "in_view": seen.groupby("file").size(),
            "half_visible": half.groupby("file").size(),
            "ridden": half[half["bicycle"] == "ridden"].groupby("file").size(),
        }
    )
    counts = counts.reindex(truth.index).fillna(0).astype(int)
    pd.testing.assert_frame_equal(counts, truth[counts.columns], check_names=False)
    assert (seen["visible"] <= seen["whole"]).all()
    assert ((seen["x_min"] < seen["x_max"]) & (seen["y_min"] < seen["y_max"])).all()


@each_survey
def test_no_photo_shows_more_bicycles_than_stand_in_its_place(folder: Path) -> None:
    truth = pd.read_csv(folder / "truth.csv")
    places = pd.read_csv(folder / "places.csv", index_col="place_id")["bicycles"]
    inside = truth[truth["place_id"].isin(places.index)]
    standing = inside["place_id"].map(places)
    assert (inside["bicycles"] - inside["ridden"] <= standing).all()


@each_survey
def test_bicycles_by_place_add_up_to_bicycles_by_neighbourhood(folder: Path) -> None:
    places = pd.read_csv(folder / "places.csv")
    truth = pd.read_csv(folder / "areas_truth.csv", index_col="name")
    areas = gpd.read_file(SAMPLE / "areas.geojson")
    points = gpd.points_from_xy(places["lon"], places["lat"], crs="EPSG:4326")
    stand_in = gpd.GeoDataFrame(places, geometry=points).sjoin(areas, predicate="within")
    assert len(stand_in) == len(places)
    assert stand_in["name"].equals(stand_in["area"])
    assert stand_in.groupby("name")["bicycles"].sum().to_dict() == truth["bicycles"].to_dict()
    seen = stand_in[stand_in["photos"] > 0].groupby("name")["bicycles"].sum()
    assert seen.reindex(truth.index).fillna(0).equals(truth["seen_bicycles"].astype(float))
    streets = gpd.read_file(SAMPLE / "streets.geojson")["length_m"].sum()
    assert truth["street_km"].sum() == pytest.approx(streets / 1000, rel=0.002)
    assert truth["bicycles_per_100m"].to_list() == pytest.approx(
        (truth["bicycles"] / truth["street_km"] / 10).to_list(), abs=0.01
    )


def sections() -> gpd.GeoSeries:
    """The streets between junctions, cut where any two cross, in metres."""
    streets = gpd.read_file(SAMPLE / "streets.geojson").to_crs(UTM)
    lines = list(unary_union(streets.geometry.to_list()).geoms)
    return gpd.GeoSeries([line for line in lines if line.length > 1], crs=UTM)


def covered(folder: Path) -> pd.DataFrame:
    """What share of its streets, and how many of them, were seen in each neighbourhood."""
    truth = pd.read_csv(folder / "truth.csv")
    unlocated = truth["file"].str.contains("position_0_0|no_position|outside")
    truth = truth[~unlocated]
    spots = gpd.GeoSeries.from_xy(truth["lon_true"], truth["lat_true"], crs="EPSG:4326").to_crs(UTM)
    lines = sections()
    looks: dict[object, list[tuple[Point, float]]] = {}
    for spot, heading in zip(spots, truth["heading_true"], strict=True):
        looks.setdefault(lines.distance(spot).idxmin(), []).append((spot, heading))
    areas = gpd.read_file(SAMPLE / "areas.geojson").to_crs(UTM).set_index("name").geometry
    rows = []
    for number, line in lines.items():
        steps = max(1, round(line.length / 5))  # of 5 m
        for at in range(steps):
            (x0, y0), (x1, y1) = (
                line.interpolate((at + end) / steps, normalized=True).coords[0] for end in (0, 1)
            )
            middle = Point((x0 + x1) / 2, (y0 + y1) / 2)
            along = math.degrees(math.atan2(x1 - x0, y1 - y0))
            for side in (90, -90):
                towards = math.radians(along + side)
                beside = Point(middle.x + 6 * math.sin(towards), middle.y + 6 * math.cos(towards))
                names = areas.index[areas.contains(beside)]
                # Both sides are seen, but by a camera that looks across, at the other one.
                seen = any(
                    spot.distance(middle) <= 25
                    and abs((heading - along + side + 180) % 360 - 180) > 30
                    for spot, heading in looks.get(number, [])
                )
                length = line.length / steps / 2
                rows += [(name, number, length, length * seen) for name in names]
    table = pd.DataFrame(rows, columns=["name", "line", "length", "seen"])
    sums = table.groupby("name")[["length", "seen"]].sum()
    streets = table[table["seen"] > 0].groupby("name")["line"].nunique()
    return pd.DataFrame({"share": sums["seen"] / sums["length"], "streets": streets}).fillna(0)


def test_the_spring_survey_sees_enough_of_most_neighbourhoods_too_little_of_some() -> None:
    table = covered(SAMPLE)
    above = table[(table["share"] >= 0.30) & (table["streets"] >= 6)].index
    between = table[(table["share"] >= 0.15) & (table["share"] < 0.30)].index
    assert len(above) >= 7
    assert set(between) == {"Ketelhuis", "Meeuwenhoek"}
    assert 0 < table["share"]["Aan de Dijk"] < 0.15
    assert table["share"]["Werfkwartier"] == 0


@each_survey
def test_the_covered_share_is_what_a_walk_along_the_streets_finds(folder: Path) -> None:
    truth = pd.read_csv(folder / "areas_truth.csv", index_col="name")["covered_share"]
    walked = covered(folder)["share"]
    # A photo near a junction may belong to either street, a step near a border to either side.
    assert (walked - truth).abs().max() < 0.02


def test_change_is_a_third_more_in_two_neighbourhoods_and_half_in_one() -> None:
    change = pd.read_csv(AUTUMN / "change.csv", index_col="name")
    for survey, folder in SURVEYS.items():
        truth = pd.read_csv(folder / "areas_truth.csv", index_col="name")
        assert change[survey].equals(truth["bicycles"])
    for before, after in (("spring", "autumn"), ("both_spring", "both_autumn")):
        moved = change[change[before] != change[after]]
        ratio = moved[after] / moved[before]
        assert sorted(round(float(one), 1) for one in ratio) == [0.5, 1.3, 1.3]


def test_most_places_show_no_bicycle_and_a_few_a_full_rack() -> None:
    truth = pd.read_csv(SAMPLE / "truth.csv").drop_duplicates("place_id")
    assert (truth["bicycles"] == 0).mean() > 0.5
    places = pd.read_csv(SAMPLE / "places.csv")
    racks = places[(places["photos"] > 0) & (places["bicycles"] >= 15)]
    assert 4 <= len(racks) <= 10
    assert racks["bicycles"].max() == 40
    looks = places[places["photos"] >= 4]
    assert len(looks) == 3
    assert looks["photos"].max() <= 8


def test_racks_say_how_much_they_hold_where_it_is_known() -> None:
    racks = gpd.read_file(SAMPLE / "racks.geojson")
    assert racks["capacity"].isna().sum() == 3
    assert racks["capacity"].max() == 64
    assert pd.to_datetime(racks["date"]).dt.year.between(2009, 2024).all()
    town = gpd.read_file(SAMPLE / "areas.geojson").union_all()
    assert racks.within(town).all()


def recorded_pose(path: Path) -> tuple[float, float, float, float]:
    """Longitude, latitude, heading and error, as EXIF has them."""
    with Image.open(path) as photo:
        gps = photo.getexif().get_ifd(ExifTags.IFD.GPSInfo)
    lat, lon = (
        sum(float(part) / 60**power for power, part in enumerate(gps[tag]))
        for tag in (ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLongitude)
    )
    heading, error = (
        float(gps[tag]) for tag in (ExifTags.GPS.GPSImgDirection, ExifTags.GPS.GPSHPositioningError)
    )
    return lon, lat, heading, error


@each_survey
def test_positions_are_off_by_what_they_say(folder: Path) -> None:
    truth = pd.read_csv(folder / "truth.csv")
    truth = truth[~truth["file"].str.contains("no_gps|no_position|position_0_0")]
    poses = pd.DataFrame(
        [recorded_pose(folder / "photos" / file) for file in truth["file"]],
        columns=["lon", "lat", "heading", "error"],
        index=truth.index,
    )
    east = (poses["lon"] - truth["lon_true"]) * 111_320 * math.cos(math.radians(52.58))
    north = (poses["lat"] - truth["lat_true"]) * 111_320
    turned = (poses["heading"] - truth["heading_true"] + 180) % 360 - 180
    for off, error in ((east, 3), (north, 3), (turned, 5)):
        # Three standard errors, of the mean and of the standard deviation.
        assert abs(off.mean()) < 3 * error / math.sqrt(len(off))
        assert off.std() == pytest.approx(error, rel=3 / math.sqrt(2 * len(off)))
    assert (poses["error"] == 3).all()


def test_every_photo_names_its_device_and_lens() -> None:
    found = set()
    for path in ALL_PHOTOS:
        with Image.open(path) as photo:
            exif = photo.getexif()
            lens = exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.FocalLengthIn35mmFilm]
            found.add((path.parent.name, exif[ExifTags.Base.Model], lens, max(photo.size)))
    assert found == {("day1", "P1", 27, 480), ("day2", "Scan car 2", 30, 480)}


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


@each_survey
def test_a_run_that_finds_every_photo_answered_leaves_the_store_as_it_was(
    folder: Path, tmp_path: Path
) -> None:
    store = Path(shutil.copy(folder / "detections.sqlite", tmp_path))
    plan = geobike.Survey(
        photos=folder / "photos",
        areas=SAMPLE / "areas.geojson",
        manifest=SAMPLE / "manifest.csv" if folder == SAMPLE else None,
    )
    counted = {SAMPLE: 176, AUTUMN: 130}
    assert geobike.run(plan, store=store).ledger.photos["counted"] == counted[folder]
    assert store.read_bytes() == (folder / "detections.sqlite").read_bytes()


def said_time(path: Path) -> tuple[str, str]:
    with Image.open(path) as photo:
        details = photo.getexif().get_ifd(ExifTags.IFD.Exif)
    return (
        details[ExifTags.Base.DateTimeOriginal][:10],
        details[ExifTags.Base.OffsetTimeOriginal],
    )


def test_every_photo_says_when_it_was_taken_and_in_which_zone() -> None:
    days = {(day, "+02:00") for day in ("2026:05:12", "2026:05:13", "2026:10:07", "2026:10:08")}
    wrong = {path.name: said_time(path) for path in ALL_PHOTOS if said_time(path) not in days}
    assert len(PHOTOS) == 181
    assert not wrong
