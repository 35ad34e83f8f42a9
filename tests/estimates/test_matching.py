"""Stops of two surveys that see the same place, against a search of all pairs."""

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from geobike import schema
from geobike.estimates import matching

WGS84 = Geod(ellps="WGS84")
PLACE = (4.36, 52.01)


def stops(
    places: list[tuple[float, float]], headings: list[float], prefix: str = "s"
) -> gpd.GeoDataFrame:
    """Stops at metres east and north of a place."""
    east = 1 / (111_412.84 * np.cos(np.radians(PLACE[1])))
    lon = [PLACE[0] + x * east for x, _ in places]
    lat = [PLACE[1] + y / 111_270 for _, y in places]
    names = [f"{prefix}{n}.jpg" for n in range(len(places))]
    seen = {"stop_id": names, "heading": headings}
    return schema.geotable(schema.STOPS, seen, schema.points(lon, lat))


PLACES = st.lists(
    st.tuples(
        st.integers(-60, 60).map(float),
        st.integers(-60, 60).map(float),
        st.one_of(st.just(float("nan")), st.integers(0, 359).map(float)),
    ),
    max_size=12,
)


@settings(max_examples=60)
@given(one=PLACES, other=PLACES)
def test_pairs_are_near_look_the_same_way_and_leave_no_free_pair(
    one: list[tuple[float, float, float]], other: list[tuple[float, float, float]]
) -> None:
    before = stops([(x, y) for x, y, _ in one], [h for *_, h in one], "b")
    after = stops([(x, y) for x, y, _ in other], [h for *_, h in other], "a")
    pairs = matching.match(before, after, reach=20)
    assert pairs["before"].is_unique
    assert pairs["after"].is_unique
    taken = set(pairs["before"]), set(pairs["after"])
    matched = set(zip(pairs["before"], pairs["after"], strict=True))
    for b in before.itertuples():
        for a in after.itertuples():
            _, _, metres = WGS84.inv(b.geometry.x, b.geometry.y, a.geometry.x, a.geometry.y)
            turn = abs((b.heading - a.heading + 180) % 360 - 180)
            could = metres <= 19.99 and not turn > 45
            cannot = metres > 20.01 or turn > 45
            if (b.stop_id, a.stop_id) in matched:
                assert not cannot
            elif could:
                assert b.stop_id in taken[0] or a.stop_id in taken[1]


def test_the_nearest_pair_comes_first_and_the_order_of_rows_does_not_matter() -> None:
    before = stops([(0, 0), (12, 0)], [0, 0], "b")
    after = stops([(10, 0), (26, 0)], [0, 0], "a")
    found = [("b0.jpg", "a1.jpg"), ("b1.jpg", "a0.jpg")]
    for rows in ([0, 1], [1, 0]):
        pairs = matching.match(before.iloc[rows], after.iloc[rows], reach=30)
        assert list(pairs.itertuples(index=False, name=None)) == found


def test_stops_on_both_sides_of_the_antimeridian_match() -> None:
    before, after = (
        schema.geotable(schema.STOPS, {"stop_id": ["x"]}, schema.points([lon], [-17.0]))
        for lon in (179.99995, -179.99995)
    )
    assert len(matching.match(before, after, reach=20)) == 1


@pytest.mark.parametrize("empty", ["before", "after"])
def test_a_survey_without_stops_matches_nothing(empty: str) -> None:
    some, none = stops([(0, 0)], [0]), stops([], [])
    pairs = matching.match(*((none, some) if empty == "before" else (some, none)))
    assert pairs.empty
    assert list(pairs) == ["before", "after"]
