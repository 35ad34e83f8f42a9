"""Stops, held to leaders followed one by one with distances of pyproj's geodesics."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from geobike import schema
from geobike.counting import stops
from geobike.errors import InputError
from geobike.reporting import collect_warnings

ELLIPSOID = Geod(ellps="WGS84")
LON, LAT = 4.36, 52.01
METRE = (1 / 68_677, 1 / 111_267)  # degrees east and north at this latitude


def survey(
    east: Any,
    north: Any = 0.0,
    *,
    heading: Any = 0.0,
    minutes: Any = 0.0,
    bicycles: Any = 0,
    origin: tuple[float, float] = (LON, LAT),
) -> gpd.GeoDataFrame:
    """Counted photos at metres from the origin, an hour's minute each."""
    east, north = np.broadcast_arrays(np.asarray(east, dtype=float), north)
    count = len(east)
    start = pd.Timestamp("2026-05-12T09:00Z")
    minute = pd.to_timedelta(np.broadcast_to(np.asarray(minutes, dtype=float), count), unit="min")
    data = {
        "photo_id": [f"{number:04d}.jpg" for number in range(count)],
        "heading": np.broadcast_to(np.asarray(heading, dtype=float), count),
        "taken_at": start + minute,
        "status": "counted",
        "bicycle_count": np.broadcast_to(bicycles, count),
    }
    lon = (origin[0] + east * METRE[0] + 180) % 360 - 180
    points = schema.points(lon, origin[1] + north * METRE[1])
    return schema.geotable(schema.COUNTS, data, points)


def described(photos: gpd.GeoDataFrame, **options: Any) -> gpd.GeoDataFrame:
    return stops.describe_stops(photos, stops.find_stops(photos, **options))


def test_photos_from_one_place_in_one_direction_are_one_look() -> None:
    found = described(survey([0, 5, 19, 21], bicycles=[3, 9, 0, 1]))
    assert found["stop_id"].tolist() == ["0000.jpg", "0003.jpg"]
    assert found["photo_count"].tolist() == [3, 1]


def test_a_stop_is_counted_on_its_first_photo_not_on_the_fullest() -> None:
    found = described(survey([0, 1, 2], minutes=[2, 1, 0], bicycles=[3, 9, 1]))
    assert found["stop_id"].tolist() == ["0002.jpg"]
    assert found["bicycle_count"].tolist() == [1]
    assert found["bicycle_count_max"].tolist() == [9]


def test_photos_that_look_another_way_are_another_stop() -> None:
    headings = [350, 34, 36, np.nan]  # 44 and 46 degrees from the first; the last looks anywhere
    found = described(survey([0, 1, 2, 3], heading=headings, minutes=[0, 1, 2, 3]))
    assert found["stop_id"].tolist() == ["0000.jpg", "0002.jpg"]
    assert found["photo_count"].sum() == 4


def test_a_photo_joins_the_nearest_stop() -> None:
    visits = stops.find_stops(survey([0, 30, 18], minutes=[0, 1, 2]))
    assert visits["stop_id"].tolist() == ["0000.jpg", "0001.jpg", "0001.jpg"]


def test_a_street_driven_without_end_is_many_stops() -> None:
    found = described(survey(np.arange(0, 1000, 5), minutes=np.arange(200) / 60))
    assert 1000 / 40 <= len(found) <= 1000 / 20


def test_a_place_visited_on_three_days_is_the_mean_of_three_looks() -> None:
    day = 24 * 60
    minutes = [0, 1, day, day + 1, 2 * day]
    found = described(survey([0, 2, 4, 1, 3], minutes=minutes, bicycles=[6, 50, 3, 50, 0]))
    assert found["visit_count"].tolist() == [3]
    assert found["bicycle_count"].tolist() == [3]


@pytest.mark.parametrize(("minutes", "looks"), [(59, 1), (60, 2)])
def test_an_hour_later_is_another_look(minutes: int, looks: int) -> None:
    assert described(survey([0, 0], minutes=[0, minutes]))["visit_count"].tolist() == [looks]


def test_photos_without_a_time_are_looks_of_the_first_visit() -> None:
    visits = stops.find_stops(survey([0, 0, 0], minutes=[0, 90, np.nan]))
    assert visits["visit"].tolist() == [1, 2, 1]
    assert visits["first"].tolist() == [True, True, False]


def test_a_receiver_that_hangs_makes_one_stop_and_is_reported() -> None:
    turned = survey([0] * 6, heading=[0, 90, 180, 270, 0, 90], minutes=np.arange(6))
    with collect_warnings() as notes:
        assert len(described(turned)) == 1
    assert [note for note in notes if "6 photos share 1 position" in note]


def test_a_place_photographed_every_week_is_not_a_receiver_that_hangs() -> None:
    with collect_warnings() as notes:
        described(survey([0] * 20, minutes=7 * 24 * 60 * np.arange(20)))
    assert not notes


def test_a_turn_on_the_spot_is_not_a_receiver_that_hangs() -> None:
    turned = survey([0] * 5, heading=[0, 90, 180, 270, 0], minutes=np.arange(5))
    with collect_warnings() as notes:
        assert len(described(turned)) == 4
    assert not notes


def test_only_counted_photos_belong_to_a_stop() -> None:
    photos = survey([0, 1])
    photos["status"] = pd.Series(["outside", "counted"], dtype="str")
    visits = stops.find_stops(photos)
    assert schema.text(visits["stop_id"]).fillna("-").tolist() == ["-", "0001.jpg"]
    assert visits["first"].tolist() == [False, True]


def test_no_counted_photo_is_no_stop() -> None:
    photos = survey([0, 1])
    photos["status"] = pd.Series(["failed", "failed"], dtype="str")
    assert described(photos).empty


@pytest.mark.parametrize("reach", [0.5, 101, float("nan")])
def test_a_reach_that_makes_no_sense_is_refused(reach: float) -> None:
    with pytest.raises(InputError, match=r"not between 1 and 100 m"):
        stops.find_stops(survey([0]), reach=reach)


def leaders_one_by_one(photos: gpd.GeoDataFrame, reach: float) -> list[str]:
    """Follow the rule of the docstring literally."""
    order = photos.sort_values(["taken_at", "photo_id"])
    leaders: list[Any] = []
    joined = {}
    for photo in order.itertuples():
        near = []
        for leader in leaders:
            metres = ELLIPSOID.inv(
                photo.geometry.x, photo.geometry.y, leader.geometry.x, leader.geometry.y
            )[2]
            turn = abs(photo.heading - leader.heading) % 360
            if metres <= reach and not min(turn, 360 - turn) > 45:
                near.append((metres, leader.photo_id))
        if not near:
            leaders.append(photo)
        joined[photo.photo_id] = min(near)[1] if near else photo.photo_id
    return [joined[photo_id] for photo_id in photos["photo_id"]]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    reach=st.sampled_from([10.0, 20.0, 25.0]),
    origin=st.sampled_from([(4.36, 52.01), (179.9999, -17.0), (25.0, 78.2), (-0.00005, 0.00003)]),
    wide=st.sampled_from([120, 1000]),  # metres: crowded, or most photos far from the others
)
def test_stops_are_those_of_leaders_followed_one_by_one(
    seed: int, reach: float, origin: tuple[float, float], wide: int
) -> None:
    chance = np.random.default_rng(seed)
    photos = survey(
        chance.uniform(0, wide, 60) ** chance.choice([0.7, 1.0], 60),
        chance.uniform(0, 60, 60),
        heading=np.where(chance.random(60) < 0.2, np.nan, chance.uniform(0, 360, 60)),
        minutes=chance.uniform(0, 50, 60),
        origin=origin,
    )
    found = stops.find_stops(photos, reach=reach)["stop_id"].tolist()
    assert found == leaders_one_by_one(photos, reach)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    chance = np.random.default_rng(seed)
    photos = survey(chance.uniform(0, 100, 40), minutes=chance.integers(0, 300, 40))
    shuffled = photos.sample(frac=1, random_state=seed)
    one, other = (
        stops.find_stops(each).astype({"stop_id": schema.TEXT}) for each in (photos, shuffled)
    )
    pd.testing.assert_frame_equal(one, other.sort_index())


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_ten_photos_of_each_look_change_no_figure(seed: int) -> None:
    chance = np.random.default_rng(seed)
    once = survey(
        chance.uniform(0, 200, 40),
        heading=chance.choice([0, 90, 180, 270], 40),
        minutes=chance.uniform(0, 40, 40) + 24 * 60 * chance.integers(0, 3, 40),
        bicycles=chance.poisson(3, 40),
    )
    ten = pd.concat([once] * 10, ignore_index=True)
    copy = np.repeat(np.arange(10), len(once))
    ten["photo_id"] = ten["photo_id"].str.cat(pd.Series(copy).astype("str"), sep="-").astype("str")
    # Bursts, done before the next photo: between them another photo might open a nearer stop.
    ten["taken_at"] += pd.to_timedelta(copy, unit="ms")
    one, other = described(once), described(ten)
    for column in ("bicycle_count", "visit_count", "bicycle_count_max"):
        assert one[column].tolist() == other[column].tolist()
    assert (other["photo_count"] == 10 * one["photo_count"]).all()


def test_visits_average_and_places_weigh_the_same() -> None:
    """Twenty weekly drives of one street: its figure is the mean of what they counted."""
    chance = np.random.default_rng(7)
    week = 7 * 24 * 60.0
    weekly = survey(np.zeros(20), minutes=week * np.arange(20), bicycles=chance.poisson(8, 20))
    other = survey([500.0], minutes=-1, bicycles=1).assign(photo_id="other.jpg")
    found = described(pd.concat([other, weekly], ignore_index=True))
    assert found["bicycle_count"].tolist() == [1, pytest.approx(weekly["bicycle_count"].mean())]
