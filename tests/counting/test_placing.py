"""Where bicycles stand: held to a pin-hole camera, to geodesics, and to simulated streets."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from geobike import schema
from geobike.counting import looks, pitch, placing, views
from geobike.counting.ellipsoid import moved
from geobike.errors import InputError
from tests.support import simulated_streets as streets
from tests.support.simulated_streets import GEOD, ORIGIN

FOCAL = 30 / 36 * 640


def counted(heading: Any, *, number: int | None = None, **more: Any) -> gpd.GeoDataFrame:
    """Counted photos in one place, 640 x 480 and 30 mm unless said otherwise."""
    count = len(np.atleast_1d(heading)) if number is None else number
    data = {
        "photo_id": [f"walk/{row:04d}.jpg" for row in range(count)],
        "heading": np.broadcast_to(np.asarray(heading, dtype=float), count),
        "status": "counted",
        "width": 640,
        "height": 480,
        "focal_length_35mm": 30.0,
        "bicycle_count": 1,
    }
    lon, lat = more.pop("lon", ORIGIN[0]), more.pop("lat", ORIGIN[1])
    points = schema.points(np.broadcast_to(lon, count), np.broadcast_to(lat, count))
    return schema.geotable(schema.COUNTS, pd.DataFrame(data).assign(**more), points)


def projected(
    ahead: Any, right: Any = 0.0, *, pitch_deg: Any = 1.5, up: float = 1.6, tall: float = 1.12
) -> dict[str, Any]:
    """Sides of the box of a bicycle, as a pin-hole camera of 640 x 480 and 30 mm shows it.

    Its handlebar is over the middle, its nearest wheel 0.3 m before it.
    """
    ahead, right = np.broadcast_arrays(np.asarray(ahead, dtype=float), right)
    down = np.radians(pitch_deg)
    bottom = 240 + FOCAL * np.tan(np.arctan(up / (ahead - 0.3)) - down)
    top = bottom - FOCAL * tall / ahead
    middle, half = 320 + FOCAL * right / ahead, FOCAL * 0.8 / ahead
    return {"xmin": middle - half, "xmax": middle + half, "ymin": top, "ymax": bottom}


def boxes(photo_id: Any, sides: dict[str, Any], **more: Any) -> pd.DataFrame:
    return schema.table(
        schema.DETECTIONS, pd.DataFrame({"photo_id": photo_id, "kept": True} | sides | more)
    )


def error_m(survey: streets.Simulated, bicycles: pd.DataFrame) -> Any:
    """Metres from each placed box to its true bicycle, by a geodesic."""
    true = (survey.bicycle >= 0) & bicycles["placed"].to_numpy()
    lon, lat = streets.lon_lat(survey.x[true], survey.y[true] + streets.APART * survey.street[true])
    there = bicycles[true]
    return GEOD.inv(lon, lat, there["lon"].to_numpy(), there["lat"].to_numpy())[2]


@pytest.mark.parametrize("ahead", [4.0, 8.0, 15.0, 25.0])
@pytest.mark.parametrize("right", [-3.0, 0.0, 2.0])
@pytest.mark.parametrize("heading", [0.0, 77.0, 200.0])
def test_a_bicycle_stands_where_a_pinhole_camera_shows_it(
    ahead: float, right: float, heading: float
) -> None:
    photos = counted([heading])
    found = placing.place(photos, boxes(["walk/0000.jpg"], projected([ahead], right))).iloc[0]
    bearing, _, away = GEOD.inv(*ORIGIN, found["lon"], found["lat"])
    assert away == pytest.approx(np.hypot(ahead, right), rel=0.015)
    turn = (bearing - heading - np.degrees(np.arctan2(right, ahead))) % 360
    assert min(turn, 360 - turn) < 0.01
    assert found["distance_m"] == pytest.approx(away, abs=0.002)
    assert found["bearing"] == pytest.approx(bearing % 360, abs=0.001)


@pytest.mark.parametrize("lat", [0.0, 52.0, -70.0, 85.0])
def test_bicycles_are_moved_along_the_geodesic(lat: float) -> None:
    bearing, distance = np.meshgrid(np.arange(0, 360, 15.0), [0.0, 1.0, 10.0, 30.0])
    lon, lats = np.full(bearing.shape, 179.9999), np.full(bearing.shape, lat)
    east, north = moved(lon, lats, bearing, distance)
    true_east, true_north, _ = GEOD.fwd(lon, lats, bearing, distance)
    assert np.max(GEOD.inv(east, north, true_east, true_north)[2]) < 0.001
    assert (np.abs(east) <= 180).all()


def test_a_place_at_the_pole_is_a_place() -> None:
    east, north = moved(*(np.array([value]) for value in (0.0, 90.0, 90.0, 10.0)))
    assert np.isfinite([east, north]).all()


def test_the_focal_length_comes_from_the_photo_else_from_the_angle_of_view_else_is_27_mm() -> None:
    seen = counted([0.0, 0.0]).assign(focal_length_35mm=[50.0, np.nan])
    angle = np.degrees(2 * np.arctan(18 / 35))
    assert views.focal_lengths(seen, field_of_view=angle).round(6).tolist() == [50, 35]
    assert views.focal_lengths(seen).tolist() == [50, 27]
    assert views.focal_lengths(seen.drop(columns="focal_length_35mm")).tolist() == [27, 27]


def test_a_heading_offset_turns_the_bicycle_around_the_camera() -> None:
    photos, seen = counted([10.0]), boxes(["walk/0000.jpg"], projected([8.0]))
    found = placing.place(photos, seen, heading_offset=90)
    assert found["bearing"].iloc[0] == pytest.approx(100)
    assert found["lon"].iloc[0] > ORIGIN[0]


def test_a_portrait_photo_has_the_lens_along_its_height() -> None:
    photos = counted([0.0], width=480, height=640)
    sides = projected([8.0])
    moved_sides = {name: sides[name] + (-80 if name[0] == "x" else 80) for name in sides}
    found = placing.place(photos, boxes(["walk/0000.jpg"], moved_sides))
    assert found["distance_m"].iloc[0] == pytest.approx(8, rel=0.015)


def test_what_cannot_be_placed_stands_where_the_camera_stood_with_the_reason() -> None:
    photos = counted([0.0, np.nan, 0.0, 0.0, 0.0, 0.0]).astype({"width": "Int64"})
    photos.loc[2, "width"] = pd.NA
    photos.loc[3, ["width", "height"]] = [960, 480]
    sides = pd.DataFrame(projected([8.0] * 4 + [40.0, 8.0]))
    sides.loc[5, "ymin"] = 2.0  # cut off above
    found = placing.place(photos, boxes(photos["photo_id"], sides.to_dict("series")))
    assert found["placed"].tolist() == [True, *[False] * 5]
    reasons = ["no heading", "no size", "panorama", "too far", "cut off"]
    assert found["reason"].tolist()[1:] == reasons
    assert pd.isna(found["reason"].iloc[0])
    camera = found[~found["placed"]]
    assert (camera["lon"] == ORIGIN[0]).all()
    assert (camera["lat"] == ORIGIN[1]).all()
    assert camera["distance_m"].isna().all()
    assert (camera["weight"] == 1).all()
    assert (camera["placed_error_m"] == 5).all()


def test_a_photo_that_calls_itself_a_panorama_places_nothing_and_is_no_look() -> None:
    photos = counted([0.0, 0.0]).assign(panorama=[True, False])
    found = placing.place(photos, boxes(photos["photo_id"], projected([8.0, 8.0])))
    assert found["placed"].tolist() == [False, True]
    assert found["reason"].iloc[0] == "panorama"
    assert found["looks"].tolist() == [1, 1]


def test_a_bicycle_cut_off_below_is_not_beyond_the_edge_that_cuts_it() -> None:
    sides = projected([8.0]) | {"ymax": np.array([479.0]), "ymin": np.array([420.0])}
    found = placing.place(counted([0.0]), boxes(["walk/0000.jpg"], sides)).iloc[0]
    edge = 1.6 / np.tan(np.arctan(240 / FOCAL) + np.radians(1.5))
    assert found["placed"]
    assert found["distance_m"] == pytest.approx(edge, abs=0.05)


def test_the_height_alone_counts_where_the_wheels_are_hidden() -> None:
    sides = projected([8.0])
    above = {name: sides[name] - 180 * (name[0] == "y") for name in sides}  # as if on a wall
    found = placing.place(counted([0.0]), boxes(["walk/0000.jpg"], above)).iloc[0]
    assert found["distance_m"] == pytest.approx(8.0, abs=0.01)


def test_the_likely_error_is_of_position_compass_and_distance_together() -> None:
    photos = counted([0.0, 0.0], position_error_m=[12.0, np.nan])
    seen = boxes(photos["photo_id"], projected([10.0, 10.0]))
    own, default = placing.place(photos, seen, position_error_m=3, heading_error=0)[
        "placed_error_m"
    ]
    along = np.sqrt(own**2 - 144)
    assert along == pytest.approx(np.sqrt(default**2 - 9))
    assert 0.08 * 10 < along < 0.15 * 10
    turned = placing.place(photos, seen, position_error_m=3, heading_error=20)
    aside = turned["distance_m"][1] * np.radians(20)
    assert turned["placed_error_m"][1] == pytest.approx(np.hypot(default, aside))


@pytest.mark.parametrize("whole", [0, 5])
def test_a_whole_number_of_metres_is_as_good_as_another(whole: int) -> None:
    photos, seen = counted([0.0]), boxes(["walk/0000.jpg"], projected([8.0]))
    one, other = (placing.place(photos, seen, position_error_m=m) for m in (whole, float(whole)))
    pd.testing.assert_frame_equal(one, other)
    assert one["placed_error_m"].iloc[0] > whole


def test_only_kept_boxes_of_counted_photos_are_bicycles_on_their_own_index() -> None:
    photos = counted([0.0, 0.0, 0.0])
    photos.loc[1, "status"] = "duplicate"
    seen = boxes([*photos["photo_id"], "other.jpg"], projected([8.0] * 4))
    seen.loc[2, "kept"] = False
    seen.index = [7, 5, 3, 1]
    found = placing.place(photos, seen)
    assert found.index.tolist() == [7]
    schema.check(found, schema.BICYCLES)
    assert placing.place_at_cameras(photos, seen).index.tolist() == [7]


def test_nothing_is_placed_where_nothing_was_found() -> None:
    found = placing.place(counted([0.0]), boxes([], {}))
    schema.check(found, schema.BICYCLES)
    assert found.empty


def test_every_bicycle_stays_at_the_camera_where_that_is_wanted() -> None:
    survey = streets.simulate(1, "car", spacing=10, number=1)
    found = placing.place_at_cameras(survey.photos, survey.detections)
    assert not found["placed"].any()
    assert set(found["reason"]) == {"not wanted"}
    at = survey.photos.set_index("photo_id").geometry.loc[found["photo_id"].astype("str")]
    assert (found["lon"].to_numpy() == at.x.to_numpy()).all()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"field_of_view": 0}, "--field-of-view 0 is not"),
        ({"heading_offset": 400}, "--heading-offset 400 is not"),
        ({"position_error_m": float("nan")}, "--position-error nan is not"),
        ({"heading_error": -1}, "--heading-error -1 is not"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict, said: str) -> None:
    with pytest.raises(InputError, match=said):
        placing.place(counted([0.0]), boxes([], {}), **options)


# --- pitch


@pytest.mark.parametrize("true_pitch", [-4.0, 0.0, 6.0])
def test_the_pitch_of_a_camera_is_learnt_from_its_boxes(true_pitch: float) -> None:
    rng = np.random.default_rng(0)
    photos = counted(0.0, number=60, camera="Rig")
    ahead = rng.uniform(5, 15, 60)
    seen = boxes(photos["photo_id"], projected(ahead, pitch_deg=true_pitch))
    found = placing.place(photos, seen)
    assert np.abs(found["distance_m"] - ahead).max() < 0.3


def test_a_hand_held_phone_differs_from_photo_to_photo_and_a_rig_does_not() -> None:
    for how, spread in (("car", 0.7), ("phone", 3.0)):
        survey = streets.simulate(2, how, spacing=6, number=6)
        photos = survey.photos.assign(camera="one")
        seen = views.views(photos)
        row = pd.Index(photos["photo_id"]).get_indexer(survey.detections["photo_id"].astype("str"))
        box = survey.detections[["xmin", "ymin", "xmax", "ymax"]].to_numpy().T
        given = placing.distance.Boxes(
            row,
            seen.focal[row],
            box[0] * 0,
            box[3] - box[1],
            box[3] - 240,
            np.full(len(row), 240.0),
        )
        learnt = pitch.learn(given, np.zeros(len(photos), dtype=np.int64))
        with_boxes = np.unique(row)
        assert np.degrees(learnt.angle[with_boxes]).std() == pytest.approx(spread, abs=1.0)


def test_photos_of_one_camera_share_make_size_and_lens_else_a_folder() -> None:
    photos = counted(0.0, number=6, camera=["A", "A", None, None, None, "A"])
    photos["photo_id"] = ["x/1.jpg", "y/2.jpg", "x/3.jpg", "x/4.jpg", "y/5.jpg", "y/6.jpg"]
    photos.loc[5, "width"] = 800
    number = pitch.cameras(photos, views.focal_lengths(photos)).tolist()
    assert number == [0, 0, 1, 1, 2, 3]


# --- looks


def standing(lon: Any, lat: Any, distance: Any, error: float = 3.0) -> looks.Standing:
    """Bicycles that the first photo shows."""
    first = np.zeros(len(lon), dtype=np.int64)
    return looks.Standing(first, lon, lat, distance, np.full(len(lon), error))


def in_view(seen: views.Views, lon: Any, lat: Any) -> Any:
    number = np.zeros(len(lon), dtype=np.int64)
    for pairs in views.Grid(seen, 16.0).pairs(lon, lat):
        np.add.at(number, pairs.places[pairs.place], 1)
    return number


def looks_one_by_one(seen: views.Views, lon: Any, lat: Any, reach: float) -> Any:
    """Count the photos that have each place in view, with geodesics."""
    number = np.zeros(len(lon))
    for row in range(len(lon)):
        here = np.full((2, len(seen.lon)), [[lon[row]], [lat[row]]])
        bearing, _, away = GEOD.inv(seen.lon, seen.lat, *here)
        off = np.abs((bearing - np.round(seen.heading) + 180) % 360 - 180)
        number[row] = ((away <= reach) & (off <= np.degrees(seen.half))).sum()
    return number


@pytest.mark.parametrize("origin", [(4.36, 52.01), (180.0, -17.0), (15.6, 78.2)])
def test_looks_are_counted_as_one_by_one(origin: tuple[float, float]) -> None:
    rng = np.random.default_rng(1)
    photos, places = rng.uniform(-60, 60, (2, 300)), rng.uniform(-60, 60, (2, 200))
    lon, lat = GEOD.fwd(*np.broadcast_arrays(*origin, *_polar(photos)))[:2]
    seen = views.views(counted(rng.uniform(0, 360, 300), lon=lon, lat=lat))
    lon, lat = GEOD.fwd(*np.broadcast_arrays(*origin, *_polar(places)))[:2]
    distance = rng.uniform(2, 30, 200)
    number, weight = looks.looks(seen, standing(lon, lat, distance))
    near = looks_one_by_one(seen, lon, lat, 16.0)
    true = np.where(distance <= 16, near, looks_one_by_one(seen, lon, lat, 30.0))
    assert number.tolist() == np.maximum(true, 1).tolist()
    counts = (distance <= 16) | (near == 0)
    assert weight.tolist() == np.where(counts, 1 / number, 0).tolist()


def _polar(metres: Any) -> tuple[Any, Any]:
    return np.degrees(np.arctan2(*metres)), np.hypot(*metres)


@pytest.mark.parametrize(("days", "looks_there"), [(0, [2, 2, 1, 1]), (1, [2, 1.75, 1.25, 1])])
def test_a_photo_of_another_pass_is_part_of_a_look_near_the_edge_of_its_view(
    days: int, looks_there: list[float]
) -> None:
    """It ends 16 m ahead, and on either side of that its edge is a third of the error between two.

    Both errors are 4 m. Two photos of one minute share theirs.
    """
    there = 16 - np.array([2, 0.5, -0.5, -2]) * np.hypot(4, 4) / 3
    taken = pd.to_datetime(["2026-05-12T09:00Z", f"2026-05-{12 + days}T09:01Z"])
    photos = counted([0.0, 0.0], taken_at=taken, position_error_m=4.0)
    # The first stands nearer, so that the places are well within its view.
    nearer = moved(*np.array([[*ORIGIN, 0.0, 5.0]]).T)
    photos = photos.set_geometry(
        schema.points([nearer[0][0], ORIGIN[0]], [nearer[1][0], ORIGIN[1]])
    )
    lon, lat = moved(*np.broadcast_arrays(*ORIGIN, 0.0, there))
    number, _ = looks.looks(views.views(photos), standing(lon, lat, there - 5, error=4.0))
    assert number.tolist() == pytest.approx(looks_there, abs=0.01)


def test_photos_repeated_ten_times_are_ten_looks_at_each_place() -> None:
    survey = streets.simulate(1, "car", gps=1, compass=2, spacing=5, number=1)
    once = placing.place(survey.photos, survey.detections)
    photos, seen = [], []
    for copy in range(10):
        photos.append(survey.photos.assign(photo_id=f"{copy}/" + survey.photos["photo_id"]))
        ids = f"{copy}/" + survey.detections["photo_id"].astype("str")
        seen.append(survey.detections.assign(photo_id=ids))
    ten = placing.place(pd.concat(photos, ignore_index=True), pd.concat(seen, ignore_index=True))
    assert ten["weight"].sum() == pytest.approx(once["weight"].sum())


def test_a_hundred_thousand_photos_from_one_spot_are_looked_at_in_a_moment() -> None:
    heading = np.random.default_rng(0).uniform(0, 360, 100_000)
    seen = views.views(counted(heading))
    lon, lat = moved(*np.broadcast_arrays(*ORIGIN, heading[:1000], 8.0))
    number, _ = looks.looks(seen, standing(lon, lat, np.full(1000, 8.0)))
    share = 2 * np.degrees(np.arctan(18 / 30)) / 360
    assert number.mean() == pytest.approx(100_000 * share, rel=0.01)


def test_a_distant_bicycle_where_nearer_photos_looked_does_not_count_again() -> None:
    photos = counted([90.0, 90.0], lon=[ORIGIN[0], moved(*np.array([[*ORIGIN, 90, 15]]).T)[0][0]])
    seen = boxes(photos["photo_id"], projected([20.0, 5.0]))
    weight = placing.place(photos, seen)["weight"].tolist()
    assert weight == [0, 1]
    assert placing.place(photos[:1], seen[:1])["weight"].tolist() == [1]


# --- simulated streets; the bounds are those of the method's measured error, with some room


@pytest.mark.parametrize(
    ("how", "spacing", "known_lens", "median"),
    [("car", 6, True, 0.65), ("phone", 15, True, 0.75), ("phone", 15, False, 1.0)],
)
def test_bicycles_stand_within_a_step_of_where_they_are(
    how: str, spacing: float, known_lens: bool, median: float
) -> None:
    survey = streets.simulate(0, how, spacing=spacing, number=30, known_lens=known_lens)
    found = placing.place(survey.photos, survey.detections)
    assert found["placed"].mean() > 0.95
    assert np.median(error_m(survey, found)) <= median


@pytest.mark.parametrize(
    ("how", "gps", "compass", "share"),
    [("car", 0.5, 1, 0.995), ("car", 2, 3, 0.98), ("phone", 5, 10, 0.85)],
)
def test_bicycles_stand_on_their_side_of_a_border_street(
    how: str, gps: float, compass: float, share: float
) -> None:
    spacing = 6 if how == "car" else 15
    survey = streets.simulate(0, how, gps=gps, compass=compass, spacing=spacing, number=30)
    found = placing.place(survey.photos, survey.detections)
    border = streets.lon_lat(survey.x * 0, streets.APART * survey.street)[1]
    true = survey.bicycle >= 0
    right = (found["lat"].to_numpy() > border) == (survey.y > 0)
    by_camera = (survey.north > 0) == (survey.y > 0)
    assert right[true].mean() >= share
    assert by_camera[true].mean() < 0.5


def test_the_likely_error_holds_two_bicycles_of_three() -> None:
    survey = streets.simulate(0, "phone", gps=5, compass=10, spacing=15, number=30)
    found = placing.place(survey.photos, survey.detections, position_error_m=5, heading_error=10)
    likely = found["placed_error_m"].to_numpy()[(survey.bicycle >= 0) & found["placed"]]
    # Of an error with a standard deviation s on both axes of a map, 39 % is within s, 86 % in 2 s.
    within = error_m(survey, found) < 2 * likely
    assert 0.75 < within.mean() < 1


@pytest.mark.parametrize("bearing", [0.0, 100.0, 179.0, 181.0, 300.0])
@pytest.mark.parametrize("crop", [(0.0, 0.0), (300.0, 500.0)])
def test_a_bicycle_on_a_panorama_stands_in_the_direction_of_its_columns(
    bearing: float, crop: tuple[float, float]
) -> None:
    """Angles by trigonometry: 8 m away, seen from 1.6 m, its wheels on the ground."""
    heading, turn, away = 40.0, 3600.0, 8.0
    left, top = crop
    size = {"width": [int(turn - left)], "height": [int(turn / 2 - top)]}
    sphere = {"turn_px": [turn], "horizon_px": [turn / 4 - top], "panorama": [True]}
    # The heading is that of the middle column of what is left of the picture.
    middle = (turn - left) / 2
    column = (bearing - heading + 180) % 360 - 180
    x = middle + column * turn / 360
    ground = np.degrees(np.arctan(1.6 / (away - 0.3))) * turn / 360
    handlebar = np.degrees(np.arctan((1.6 - 1.12) / away)) * turn / 360
    horizon = turn / 4 - top
    sides = {"xmin": x - 20, "xmax": x + 20, "ymin": horizon + handlebar, "ymax": horizon + ground}
    photos = (
        counted([heading]).assign(**size, **sphere).astype({"width": "Int64", "height": "Int64"})
    )
    found = placing.place(
        photos, boxes("walk/0000.jpg", {name: [side] for name, side in sides.items()})
    )
    assert found["reason"].isna().all()
    assert found["bearing"].iloc[0] == pytest.approx(bearing, abs=1e-6)
    assert found["distance_m"].iloc[0] == pytest.approx(away, rel=0.06)


def test_a_panorama_is_a_look_at_what_is_behind_it_too() -> None:
    around = counted([0.0, 0.0]).assign(turn_px=[2000.0, np.nan], horizon_px=[500.0, np.nan])
    around = around.assign(width=[2000, 480], height=[1000, 360]).astype(
        {"width": "Int64", "height": "Int64"}
    )
    seen = views.views(around)
    assert views.all_around(seen).tolist() == [True, False]
    lon, lat = moved(*np.broadcast_arrays(*ORIGIN, np.arange(0, 360, 7.0), 8.0))
    number = in_view(seen, lon, lat)
    assert number.min() == 1
    assert number.max() == 2


def test_a_view_wider_than_half_a_turn_leaves_out_what_is_behind() -> None:
    wide = counted([90.0]).assign(turn_px=[2000.0], horizon_px=[500.0])
    wide = wide.assign(width=[1500], height=[1000]).astype({"width": "Int64", "height": "Int64"})
    bearings = np.array([90, 220, 230, 270, 310, 320])  # 135 degrees on either side are shown
    lon, lat = moved(*np.broadcast_arrays(*ORIGIN, bearings.astype(float), 8.0))
    number = in_view(views.views(wide), lon, lat)
    assert number.tolist() == [1, 1, 0, 0, 0, 1]
