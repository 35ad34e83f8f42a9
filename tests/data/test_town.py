"""The program behind the sample, as far as it goes without Blender."""

from collections import Counter
from datetime import UTC, datetime

import geopandas as gpd
import numpy as np
import pytest
from numpy.typing import NDArray
from shapely import LineString, Point

from data.town import geography, places, plan, truth


def block(rows: int, columns: int) -> NDArray[np.bool_]:
    """A mask with a block of pixels in a corner."""
    mask = np.zeros((240, 320), dtype=bool)
    mask[:rows, :columns] = True
    return mask


@pytest.mark.parametrize(
    ("shown", "alone", "in_view", "half_visible"),
    [
        (block(20, 20), block(20, 20), 1, 1),
        (block(10, 20), block(20, 20), 1, 1),  # exactly half
        (block(9, 20), block(20, 20), 1, 0),  # less
        (block(7, 8), block(7, 8), 1, 0),  # whole, but too small to count
        (block(3, 4), block(3, 4), 0, 0),  # a speck
        (block(0, 0), block(20, 20), 0, 0),  # hidden
    ],
)
def test_a_bicycle_counts_if_half_of_it_shows_and_it_is_large_enough(
    shown: NDArray[np.bool_], alone: NDArray[np.bool_], in_view: int, half_visible: int
) -> None:
    assert truth.count([(shown, alone)]) == truth.Sight(in_view, half_visible)


RIM = -0.83  # degrees: the sun's upper rim is on the horizon, as refraction shows it


@pytest.mark.parametrize(
    ("time", "lon", "lat", "elevation"),
    [
        # The Dutch AIP, GEN 2.7, for 12 May 2019: daylight from 03:37 to 19:36 UTC, which is from
        # 15 minutes before sunrise until 15 minutes after sunset at 52 N, 5 E.
        (datetime(2026, 5, 12, 3, 52, tzinfo=UTC), 5.0, 52.0, RIM),
        (datetime(2026, 5, 12, 19, 21, tzinfo=UTC), 5.0, 52.0, RIM),
        # timeanddate.com for Amsterdam, 8 October 2021: sunset at 19:01, summer time.
        (datetime(2026, 10, 8, 17, 1, tzinfo=UTC), 4.90, 52.37, RIM),
    ],
)
def test_the_sun_rises_and_sets_when_the_almanac_says(
    time: datetime, lon: float, lat: float, elevation: float
) -> None:
    assert plan.sun_at(time, lon, lat)[0] == pytest.approx(elevation, abs=1)


def test_the_sun_is_in_the_east_in_the_morning_and_in_the_west_in_the_evening() -> None:
    morning, evening = (datetime(2026, 10, 8, hour, tzinfo=UTC) for hour in (6, 16))
    assert 90 < plan.sun_at(morning, 5.22, 52.58)[1] < 110
    assert 230 < plan.sun_at(evening, 5.22, 52.58)[1] < 260


def test_a_masks_box_is_given_in_shares_of_the_photo() -> None:
    mask = np.zeros((240, 320), dtype=bool)
    mask[60:120, 80:240] = True
    (look,) = truth.looks([(mask, mask)])
    assert look.box == (0.25, 0.25, 0.75, 0.5)
    assert (look.visible, look.whole) == (4 * 60 * 160, 4 * 60 * 160)


@pytest.mark.parametrize("survey", ["spring", "autumn"])
def test_photos_are_spread_over_the_town_but_for_one_neighbourhood(survey: str) -> None:
    areas = geography.neighbourhoods()
    spots = [Point(geography.lon_lat(shot.spot)) for shot in plan.shots(survey)]
    taken_in: Counter[str] = Counter()
    for spot in spots:
        taken_in.update(areas["name"][areas.contains(spot)])
    assert set(areas["name"]) - set(taken_in) == {"Werfkwartier"}
    outside = {"spring": 1, "autumn": 0}  # on the farm road
    assert sum(taken_in.values()) == len(spots) - outside[survey]
    assert min(taken_in.values()) >= 2


def test_the_pieces_of_street_are_the_streets() -> None:
    lines = gpd.GeoSeries(
        [
            LineString(map(geography.lon_lat, place.line.coords))
            for place in places.places().values()
        ],
        crs="EPSG:4326",
    ).to_crs("EPSG:32631")
    streets = geography.street_lines().to_crs("EPSG:32631")
    # A metre or two are lost where three streets meet nearly in one point.
    assert lines.length.sum() == pytest.approx(streets.length.sum(), rel=0.001)
    assert lines.length.max() < 38  # metres: a street of 37 m is one piece, of 38 m two
    assert lines.distance(streets.union_all()).max() < 0.1


def test_a_camera_faces_the_bicycles_of_its_place() -> None:
    for shot in plan.shots("spring"):
        (x, y), (to_x, to_y) = shot.spot, shot.at.stands_at
        bearing = np.degrees(np.arctan2(to_x - x, to_y - y)) % 360
        off = (shot.heading - bearing + 180) % 360 - 180
        # Half of what a lens of 27 mm sees is 33.7 degrees.
        assert abs(off) < 33.7, shot.name
        assert np.hypot(to_x - x, to_y - y) < 12


def test_neighbourhoods_change_as_planned_and_the_others_not_at_all() -> None:
    both = plan.seen_twice()
    spring, autumn = (places.standing(season, both) for season in ("spring", "autumn"))
    for area in geography.outlines():
        here = {i for i, place in places.places().items() if place.area == area}
        for group in (here, here & both):
            before, after = (sum(counts[i] for i in group) for counts in (spring, autumn))
            if area in places.CHANGED:
                assert after == pytest.approx(before * places.CHANGED[area], abs=1)
            else:
                assert {i: spring[i] for i in group} == {i: autumn[i] for i in group}
