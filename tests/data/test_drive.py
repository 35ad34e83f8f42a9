"""The drive in data/drive: what its README promises, and the loader that reads it."""

import json
import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pyproj import Geod
from shapely import Point

from benchmarks.truth import drive, estimates, figures, of_drive
from benchmarks.truth.estimates import Estimate
from benchmarks.truth.figures import Found
from benchmarks.truth.matching import match, overlap
from geobike import schema
from tests.conftest import ROOT

DRIVE = ROOT / "data" / "drive"
KB = 1000
GEOD = Geod(ellps="WGS84")
SIDES = ["x_min", "y_min", "x_max", "y_max"]


@pytest.fixture(scope="module")
def looks() -> pd.DataFrame:
    """Each bicycle on each frame, with the frame's pose and the bicycle's place."""
    with_frame = drive.seen().merge(drive.frames(), on="frame")
    places = drive.bicycles().rename(columns={"lon": "stands_lon", "lat": "stands_lat"})
    return with_frame.merge(places, on=["bicycle_id", "day"], how="left", validate="many_to_one")


def test_the_drive_stays_small_and_shows_a_dozen_frames() -> None:
    files = [path for path in DRIVE.rglob("*") if path.is_file()]
    panoramas = [path for path in files if path.is_relative_to(DRIVE / "panoramas")]
    size = {path: path.stat().st_size for path in files}
    assert sum(size.values()) - sum(size[path] for path in panoramas) < 1000 * KB
    assert sum(size[path] for path in panoramas) < 3000 * KB
    photos = sorted((DRIVE / "frames").iterdir())
    sizes = drive.frames().set_index("frame")[["width", "height"]]
    assert len(photos) == 12
    for photo in photos:
        with Image.open(photo) as image:
            assert image.size == tuple(sizes.loc[photo.stem.replace("_", "/")])


def test_every_part_of_the_drive_is_there() -> None:
    frames = drive.frames()
    assert frames["frame"].is_unique
    assert frames["drive"].value_counts().to_dict() == {
        "grenslaan1": 68, "binnenstraat1": 68, "grenslaan2": 68, "scheidweg1": 64, "walk1": 60,
    }  # fmt: skip
    assert frames.groupby("drive")["day"].first()["grenslaan2"] == 2
    parked = drive.bicycles().loc[lambda table: ~table["ridden"]]
    assert parked.groupby("day")["bicycle_id"].nunique().to_dict() == {1: 205, 2: 205}
    assert drive.bicycles()["ridden"].sum() == 13


def test_the_tables_speak_of_the_same_frames_and_bicycles() -> None:
    names = set(drive.frames()["frame"])
    assert set(drive.boxes()["frame"]) <= names
    assert set(drive.seen()["frame"]) <= names
    assert not drive.bicycles().duplicated(["bicycle_id", "day"]).any()
    assert not drive.seen().duplicated(["frame", "bicycle_id"]).any()


def test_every_bicycle_that_is_seen_stands_there_on_that_day(looks: pd.DataFrame) -> None:
    assert looks["ridden"].notna().all()
    assert looks["stands_lon"].notna().equals(~looks["ridden"].astype(bool))


def test_boxes_lie_in_their_photos(looks: pd.DataFrame) -> None:
    found = drive.boxes().merge(drive.frames(), on="frame")
    for table in (looks, found):
        assert (table["x_min"] >= 0).all()
        assert (table["y_min"] >= 0).all()
        assert (table["x_min"] < table["x_max"]).all()
        assert (table["y_min"] < table["y_max"]).all()
        assert (table["x_max"] <= table["width"]).all()
        assert (table["y_max"] <= table["height"]).all()
    assert drive.boxes()["score"].between(0.05, 1).all()
    assert set(drive.boxes()["label"]) == {"bicycle", "person"}


def test_no_bicycle_shows_more_pixels_than_its_box_holds_or_than_it_has(
    looks: pd.DataFrame,
) -> None:
    size = (looks["x_max"] - looks["x_min"]) * (looks["y_max"] - looks["y_min"])
    assert looks["visible_pixels"].between(10, size).all()
    assert looks["share_visible"].dropna().between(0, 1, inclusive="right").all()
    assert looks["share_visible"].isna().mean() < 0.02  # partly beside the camera


def projected(look: pd.DataFrame, high: float) -> tuple[pd.Series, pd.Series]:
    """Pixels of a point so many metres above where the bicycle stands; a pinhole camera."""
    bearing, _, away = GEOD.inv(*(look[n] for n in ("lon", "lat", "stands_lon", "stands_lat")))
    turn = np.radians(np.asarray(bearing) - look["heading"])
    forward, right = away * np.cos(turn), away * np.sin(turn)
    down, pitch = look["camera_height_m"] - high, np.radians(look["pitch_down"])
    depth = forward * np.cos(pitch) + down * np.sin(pitch)
    below = down * np.cos(pitch) - forward * np.sin(pitch)
    focal = look["focal_length_35mm"] / 36 * look[["width", "height"]].max(axis=1)
    return look["width"] / 2 + focal * right / depth, look["height"] / 2 + focal * below / depth


def test_each_bicycle_is_where_its_place_and_the_true_pose_say(looks: pd.DataFrame) -> None:
    whole = looks[(looks["share_visible"] > 0.8) & ~looks["ridden"].astype(bool)]
    x, y = projected(whole, 0.5)
    inside = x.between(whole["x_min"], whole["x_max"]) & y.between(whole["y_min"], whole["y_max"])
    assert len(whole) > 500
    assert inside.mean() > 0.995, whole[~inside]
    _, ground = projected(whole, 0.0)
    # The box ends where the nearest wheel touches the ground, less than a metre from the middle.
    assert (whole["y_max"] - ground).between(-3, 0.09 * whole["height"]).mean() > 0.98


@pytest.mark.parametrize("noise", drive.NOISES[1:], ids=lambda noise: noise.column)
def test_recorded_poses_are_off_by_what_they_say(noise: drive.Noise) -> None:
    frames, end = drive.frames(), noise.column
    true = (frames["lon"], frames["lat"])
    bearing, _, off = GEOD.inv(*true, frames[f"lon{end}"], frames[f"lat{end}"])
    each_way = math.sqrt(np.square(off).mean() / 2)
    turn = (frames[f"heading{end}"] - frames["heading"] + 180) % 360 - 180
    assert each_way == pytest.approx(noise.position_m, rel=0.2)
    assert math.sqrt((turn**2).mean()) == pytest.approx(noise.heading, rel=0.2)
    assert len(np.unique(np.round(bearing))) > 50  # in every direction, not in one
    for column in ("lon", "lat"):  # two cameras of one car are at one place
        pairs = frames[frames["camera"] != "phone"].groupby(["drive", "taken_at", "lon"])
        assert (pairs[f"{column}{end}"].nunique() == 1).all()


def test_a_third_of_one_street_stands_elsewhere_on_the_second_day() -> None:
    parked = drive.bicycles().loc[lambda table: ~table["ridden"]]
    first, second = (parked[parked["day"] == day].set_index("bicycle_id") for day in (1, 2))
    moved = (first[["lon", "lat"]] != second[["lon", "lat"]]).any(axis=1)
    street = first["street"] == "Grenslaan"
    assert moved[street].sum() == round(street.sum() / 3) == 23
    assert not moved[~street].any()
    assert (first["make"] == second["make"]).all()


def test_no_two_bicycles_stand_in_one_place() -> None:
    for _, day in drive.bicycles().loc[lambda table: ~table["ridden"]].groupby("day"):
        points = gpd.GeoSeries.from_xy(day["lon"], day["lat"], crs="EPSG:4326").to_crs("EPSG:32631")
        nearest = [points.drop(i).distance(point).min() for i, point in points.items()]
        assert min(nearest) > 0.3


def test_bicycles_stand_in_their_area_and_on_their_side() -> None:
    areas = drive.areas().set_index("area_id").geometry
    lines = drive.streets().set_index("name").geometry
    compass = {"north": (0, 1), "south": (0, -1), "east": (1, 0), "west": (-1, 0)}
    for bicycle in drive.bicycles().loc[lambda table: ~table["ridden"]].itertuples():
        point = Point(bicycle.lon, bicycle.lat)
        assert areas[bicycle.area].contains(point)
        near = lines[bicycle.street].interpolate(lines[bicycle.street].project(point))
        east, north = compass[bicycle.side]
        assert (point.x - near.x) * east + (point.y - near.y) * north > 0


def test_two_streets_are_the_border_of_two_areas_and_one_is_not() -> None:
    shapes = drive.areas().set_index("area_id").geometry
    lines = drive.streets().set_index("name").geometry
    flat = drive.areas().to_crs("EPSG:32631")
    assert flat.area.sum() == pytest.approx(flat.union_all().area, abs=1)
    for street, sides in {
        "Grenslaan": ("Noorderkwartier", "Zuiderkwartier"),
        "Scheidweg": ("Noorderkwartier", "Oosterkwartier"),
    }.items():
        border = shapes[sides[0]].intersection(shapes[sides[1]])
        assert border.buffer(1e-6).contains(lines[street])
    middle = lines["Binnenstraat"].interpolate(0.5, normalized=True)
    assert shapes["Noorderkwartier"].contains(middle)


def test_a_rack_is_one_place() -> None:
    racks = drive.bicycles().dropna(subset="rack_id").groupby(["day", "rack_id"])
    assert racks.ngroups == 2 * 9
    for _, rack in racks:
        assert 7 <= len(rack) <= 16
        wide = GEOD.inv(*(rack[c].agg(f) for f in ("min", "max") for c in ("lon", "lat")))[2]
        assert wide < 13


def test_the_files_read_as_json_a_feature_a_line() -> None:
    for name in ("streets.geojson", "areas.geojson"):
        text = (DRIVE / name).read_text()
        assert len(text.splitlines()) == len(json.loads(text)["features"]) + 2


# The loader and the figures that the benchmark makes with it.


@pytest.fixture(scope="module")
def matched() -> "pd.Series[str]":
    return match(drive.detections(drive.photos()), drive.seen())


@pytest.mark.parametrize("noise", drive.NOISES, ids=lambda noise: noise.words)
def test_the_drive_comes_in_geobikes_frames(noise: drive.Noise) -> None:
    photos = drive.photos(noise)
    schema.check(photos, schema.PHOTOS)
    boxes = drive.detections(photos.head(10))
    schema.check(boxes, schema.DETECTIONS)
    assert set(boxes["photo_id"]) <= set(photos["photo_id"].head(10))
    assert (boxes.loc[boxes["kept"], "score"] > drive.THRESHOLD).all()


def test_the_detector_sees_most_bicycles_that_stand_plainly(
    looks: pd.DataFrame, matched: "pd.Series[str]"
) -> None:
    high = looks["y_max"] - looks["y_min"]
    plain = looks[(looks["share_visible"] >= 0.8) & (high >= 45)]  # nearer than some 10 m
    boxes = drive.detections(drive.photos())
    found = pd.DataFrame({"frame": boxes["photo_id"].astype("str"), "bicycle_id": matched}).dropna()
    assert plain.merge(found).shape[0] / len(plain) > 0.8
    assert matched.notna().mean() > 0.85  # few boxes are of nothing


def test_a_box_is_one_bicycle_and_a_bicycle_has_one_box() -> None:
    data = {
        "photo_id": ["a/000l"] * 3,
        "kept": [True, True, False],
        "xmin": [0.0, 1.0, 20.0], "ymin": [0.0, 0.0, 0.0],
        "xmax": [10.0, 11.0, 30.0], "ymax": [10.0, 10.0, 10.0],
    }  # fmt: skip
    boxes = schema.table(schema.DETECTIONS, data)
    seen = pd.DataFrame(
        [
            ("a/000l", "b1", 0, 0, 10, 10),
            ("a/000l", "b2", 20, 0, 30, 10),
            ("b/000l", "b3", 0, 0, 9, 9),
        ],
        columns=["frame", "bicycle_id", *SIDES],
    )
    assert match(boxes, seen).fillna("none").to_dict() == {0: "b1", 1: "none"}


def test_overlap_is_intersection_over_union() -> None:
    one = np.array([[0.0, 0, 2, 2], [0, 0, 1, 1]])
    other = np.array([[1.0, 1, 3, 3], [5, 5, 6, 6]])
    assert overlap(one, other).tolist() == pytest.approx([1 / 7, 0])


def by_truth(matched: "pd.Series[str]") -> Found:
    """An estimate that knows everything, and the truth that it knows."""
    photos = of_drive.taken(drive.EXACT, of_drive.SURVEYS["all"])
    boxes = drive.detections(photos)
    told = estimates.by_camera(photos, boxes, drive.areas())
    truth = drive.truth(matched, told.bicycles["photo_id"])
    bicycles = told.bicycles.loc[truth.index].assign(
        lon=truth["lon"], lat=truth["lat"], area_id=truth["area"]
    )
    bicycles["weight"] = 1 / truth.groupby("bicycle_id")["bicycle_id"].transform("size")
    return Found(Estimate(bicycles, told.rates), truth)


def test_who_knows_the_truth_makes_no_error(matched: "pd.Series[str]") -> None:
    given = by_truth(matched)
    assert figures.in_the_right_area(given) == 1
    assert of_drive.on_the_right_side(given) == 1
    assert figures.error(figures.total(given)) == pytest.approx(0, abs=0.05)


def test_today_sums_count_a_bicycle_once_for_each_photo(matched: "pd.Series[str]") -> None:
    given = of_drive.compare("by camera position", drive.EXACT, of_drive.SURVEYS["all"])
    boxes = drive.detections(drive.photos())
    assert figures.total(given)["estimated"] == boxes["kept"].sum()
    assert figures.by_area(given)["estimated"].sum() == boxes["kept"].sum()
    parked = matched.dropna()[lambda ids: ids.str.startswith("b")]
    assert figures.total(given)["true"] == parked.nunique()
    assert len(given.truth) == len(parked)
