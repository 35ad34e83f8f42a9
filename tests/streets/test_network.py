"""Streets and their coverage, held to lengths by pyproj and to a walk of one metre steps."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod
from shapely import LineString, box
from shapely.ops import substring

from geobike import schema, streets
from geobike.counting import coverage, stops
from tests.counting.test_stops import LAT, LON, METRE, survey

ELLIPSOID = Geod(ellps="WGS84")


def at(*metres: tuple[float, float]) -> LineString:
    return LineString([(LON + x * METRE[0], LAT + y * METRE[1]) for x, y in metres])


def lines(**named: LineString) -> gpd.GeoDataFrame:
    shapes = list(named.values())
    return gpd.GeoDataFrame({"name": list(named)}, geometry=shapes, crs=schema.CRS)


def halves() -> gpd.GeoDataFrame:
    """Two areas with a border that runs north through the origin; nothing beyond 500 m."""
    shapes = [
        box(LON - 500 * METRE[0], LAT - 500 * METRE[1], LON, LAT + 500 * METRE[1]),
        box(LON, LAT - 500 * METRE[1], LON + 500 * METRE[0], LAT + 500 * METRE[1]),
    ]
    names = ["west", "east"]
    return schema.geotable(schema.AREAS, {"area_id": names, "name": names, "area_km2": 0.5}, shapes)


def row_at(lon: Any, lat: Any) -> Any:
    inside = (abs(lon - LON) < 500 * METRE[0]) & (abs(lat - LAT) < 500 * METRE[1])
    return np.where(inside, np.where(lon < LON, 0, 1), -1)


def network(**named: LineString) -> streets.Network:
    return streets.build(lines(**named), halves(), row_at)


def covered(photos: Any, net: streets.Network) -> coverage.Coverage:
    found = stops.describe_stops(photos, stops.find_stops(photos))
    return coverage.cover(found, net, halves()["area_id"])


def test_streets_run_from_junction_to_junction_and_keep_their_names() -> None:
    cross = network(Dam=at((-200, 100), (200, 100)), Lane=at((100, 0), (100, 300)))
    table = cross.streets.sort_values(["name", "length_m"])
    assert table["name"].tolist() == ["Dam", "Dam", "Dam", "Lane", "Lane"]
    assert table["length_m"].round().tolist() == [100, 100, 200, 100, 200]


def test_a_line_that_overshoots_its_junction_makes_no_street() -> None:
    cross = network(Dam=at((100, 0), (400, 0)), Lane=at((200, -300), (200, 4)))
    assert sorted(cross.streets["length_m"].round()) == [100, 200, 300]


def test_a_line_that_is_there_twice_is_one_street() -> None:
    one = at((100, 0), (400, 0))
    assert len(network(Dam=one, Copy=shapely.reverse(one)).streets) == 1


def test_lengths_are_geodesic() -> None:
    line = at((-900, -800), (-300, 100), (50, 700), (700, 900))
    whole = network(Dijk=line)
    assert whole.streets["length_m"].sum() == pytest.approx(
        ELLIPSOID.geometry_length(line), rel=2e-5
    )
    assert whole.steps["length_m"].max() <= 2.01


def test_a_street_that_crosses_a_border_is_two_streets() -> None:
    across = network(Dam=at((-200, 0), (100, 0)))
    assert across.streets["area_id"].tolist() == ["west", "east"]
    assert across.streets["length_m"].round(-1).tolist() == [200, 100]


def test_a_border_street_belongs_to_both_sides() -> None:
    along = network(Grens=at((0, -200), (0, 200)))
    assert len(along.streets) == 1
    areas = covered(survey([0], heading=0), along).areas
    assert areas["street_km"].tolist() == pytest.approx([0.2, 0.2, 0], abs=1e-3)
    assert areas["covered_km"].tolist() == pytest.approx([0.025, 0.025, 0], abs=0.003)


def test_a_side_camera_covers_its_side_of_a_border_street() -> None:
    along = network(Grens=at((0, -200), (0, 200)))
    areas = covered(survey([0.0], heading=90), along).areas
    assert areas["covered_km"].tolist() == pytest.approx([0, 0.025, 0], abs=0.003)


def test_within_an_area_a_side_camera_covers_the_street() -> None:
    inside = network(Dam=at((100, 0), (400, 0)))
    areas = covered(survey([250.0], heading=0), inside).areas
    assert areas["covered_km"].tolist() == pytest.approx([0, 0.05, 0], abs=0.003)


def pieces(found: coverage.Coverage, net: streets.Network) -> list[tuple[Any, ...]]:
    """Return the area and the bounds of each stretch, in metres from the origin."""
    shapes = dict(zip(net.streets["street_id"], net.streets.geometry, strict=True))
    out = []
    for row in found.stretches.itertuples():
        piece = substring(shapes[row.street_id], row.begin, row.end, normalized=True)
        west, south, east, north = piece.bounds
        metres = ((west - LON) / METRE[0], (south - LAT) / METRE[1])
        metres += ((east - LON) / METRE[0], (north - LAT) / METRE[1])
        out.append((row.area_id, row.listed, *np.round(metres).tolist()))
    return out


def test_the_pieces_of_a_street_that_stops_show_are_known() -> None:
    near = pytest.approx
    inside = network(Dam=at((100, 0), (400, 0)))
    found = pieces(covered(survey([130.0, 250.0, 290.0], heading=np.nan), inside), inside)
    assert found == [
        ("east", True, near(105, abs=2), 0, near(155, abs=2), 0),
        ("east", True, near(225, abs=2), 0, near(315, abs=2), 0),
    ]


def test_of_a_street_on_a_border_each_side_is_a_piece_of_its_own_area() -> None:
    along = network(Grens=at((0, -200), (0, 200)))
    near = pytest.approx
    piece = (True, 0, near(-25, abs=2), 0, near(25, abs=2))
    assert pieces(covered(survey([0.0], heading=90), along), along) == [("east", *piece)]
    both = pieces(covered(survey([0.0], heading=0), along), along)
    assert sorted(both) == [("east", *piece), ("west", *piece)]


def test_a_few_metres_in_another_area_do_not_make_a_street_one_of_those_seen_there() -> None:
    across = network(Dam=at((-20, 0), (300, 0)))  # too short in the west to be cut there
    found = pieces(covered(survey([26.0], heading=np.nan), across), across)
    assert [(area, listed) for area, listed, *_ in found] == [("east", True)]
    found = pieces(covered(survey([20.0], heading=np.nan), across), across)
    assert [(area, listed) for area, listed, *_ in found] == [("west", False), ("east", True)]


def test_where_no_stop_shows_a_street_there_are_no_pieces() -> None:
    one = network(Near=at((100, 0), (400, 0)))
    assert pieces(covered(survey([250.0], [26.0]), one), one) == []


def test_a_parallel_street_is_not_covered() -> None:
    both = network(Near=at((100, 0), (400, 0)), Far=at((100, 20), (400, 20)))
    found = covered(survey([250], 4, heading=90), both)
    assert both.streets.loc[found.streets["covered_m"] > 0, "name"].tolist() == ["Near"]
    assert found.streets["covered_m"].max() == pytest.approx(50, abs=5)


def test_a_stop_far_from_every_street_covers_none() -> None:
    one = network(Near=at((100, 0), (400, 0)))
    found = covered(survey([250, 250], [26, -24]), one)
    assert found.street_of_stop.isna().tolist() == [True, False]


def test_covered_metres_are_those_of_a_walk_of_one_metre_steps() -> None:
    chance = np.random.default_rng(3)
    named = {}
    for number in range(40):
        x, y = chance.uniform(-600, 600, 2)
        turn = chance.uniform(0, np.pi)
        bend = chance.uniform(-60, 60)
        dx, dy = 300 * np.cos(turn), 300 * np.sin(turn)
        middle = (x + dx / 2 + bend * np.sin(turn), y + dy / 2 - bend * np.cos(turn))
        named[f"s{number}"] = at((x, y), middle, (x + dx, y + dy))
    net = network(**named)
    photos = survey(
        chance.uniform(-600, 600, 1500), chance.uniform(-600, 600, 1500), heading=np.nan
    )
    found = stops.describe_stops(photos, stops.find_stops(photos))
    result = coverage.cover(found, net, halves()["area_id"])
    walked = _walk(found, net)
    assert walked.min() > 1000
    assert result.areas["covered_km"].sum() * 1000 == pytest.approx(walked.sum(), rel=0.01)
    for area, metres in zip(("west", "east"), walked, strict=False):
        assert result.areas.loc[area, "covered_km"] * 1000 == pytest.approx(metres, rel=0.01)
    total = result.streets["covered_m"].sum()
    assert result.areas["covered_km"].sum() * 1000 == pytest.approx(total, abs=1)
    assert result.areas["street_km"].sum() * 1000 == pytest.approx(
        net.streets["length_m"].sum(), abs=1
    )


def _walk(found: gpd.GeoDataFrame, net: streets.Network) -> Any:
    """Walk each street in steps of a metre; both sides belong to the area 8 m beside it."""
    flat_stops = np.asarray(found.to_crs(net.plane).geometry.array)
    distance = shapely.distance(flat_stops[:, None], net.shapes[None, :])
    nearest = np.where(distance.min(axis=1) <= 25, distance.argmin(axis=1), -1)
    metres = np.zeros(3)
    for row, shape in enumerate(net.shapes):
        own = flat_stops[nearest == row]
        count = round(shape.length)
        for step in range(count if len(own) else 0):
            place = (step + 0.5) * shape.length / count
            point = shape.interpolate(place)
            if shapely.distance(own, point).min() > 25:
                continue
            before, after = shape.interpolate(place - 0.4), shape.interpolate(place + 0.4)
            ahead = np.array([after.x - before.x, after.y - before.y])
            ahead /= np.hypot(*ahead)
            for side in (1, -1):
                beside = shapely.Point(point.x - side * 8 * ahead[1], point.y + side * 8 * ahead[0])
                spot = gpd.GeoSeries([beside], crs=net.plane).to_crs(schema.CRS)[0]
                metres[row_at(np.array(spot.x), np.array(spot.y))] += shape.length / count / 2
    return metres


@pytest.mark.parametrize(
    ("share", "seen", "photos", "expected"),
    [
        (0.30, 6, 9, "compared"),
        (0.29, 6, 9, "thin"),
        (0.30, 5, 9, "thin"),
        (0.15, 3, 9, "thin"),
        (0.15, 2, 9, "too_thin"),
        (0.14, 9, 9, "too_thin"),
        (0.0, 0, 0, "unseen"),
        (float("nan"), 9, 9, "too_thin"),
    ],
)
def test_the_floor_below_which_areas_are_not_compared(
    share: float, seen: int, photos: int, expected: str
) -> None:
    data = {"covered_share": [share], "streets_seen": [seen], "photo_count": [photos]}
    frame = pd.DataFrame({**data, "stop_count": [float(photos)], "bicycle_count": [0]})
    assert coverage.status(frame).tolist() == [expected]


def test_without_streets_squares_with_a_stop_are_counted() -> None:
    photos = survey([0.0, 40, 80, 700], heading=90)
    found = stops.find_stops(photos)
    shown = schema.table(
        schema.EXPOSURE,
        {"stop_id": found["stop_id"], "area_id": ["a", "a", "a", "b"], "share": [1.0, 1, 1, 1]},
    )
    squares = coverage.squares_seen(
        coverage.square_of_stop(stops.describe_stops(photos, found)), shown
    )
    assert squares["b"] == 1
    assert 1 <= squares["a"] <= 2
