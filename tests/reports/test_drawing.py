"""The map on paper: areas in their place, names apart, a bar as long as it says."""

import math
import re

import geopandas as gpd
import pandas as pd
import pytest
from shapely import LineString, Point, box

from geobike import schema
from geobike.reports import drawing

TOWN = [box(4.0, 52.0, 4.01, 52.01), box(4.01, 52.0, 4.02, 52.01)]


def drawn(**options: object) -> drawing.Drawing:
    given = {"numbers": ["1", "2"]} | options
    return drawing.draw(TOWN, ["#fff", "#000"], ["", "thin"], ["West", "East"], **given)


def numbers(path: str) -> list[float]:
    return [float(one) for one in re.findall(r"-?[\d.]+", path)]


def test_west_is_left_of_east_and_the_map_has_the_right_shape() -> None:
    made = drawn()
    west, east = (numbers(area["path"])[0::2] for area in made.areas)
    assert max(west) == min(east)
    # 0.02 degrees by 0.01, where a degree of longitude is cos(52) as long
    inner = (made.width - 24) / (made.height - 24)
    assert inner == pytest.approx(2 * math.cos(math.radians(52.005)), rel=1e-3)


def test_the_bar_is_as_long_as_it_says() -> None:
    made = drawn()
    metres_wide = 0.02 * 111_320 * math.cos(math.radians(52.005))
    per_unit = metres_wide / (made.width - 24)
    assert made.scale.width * per_unit == pytest.approx(made.scale.metres, rel=0.01)
    assert made.scale.metres in (100, 200)


def test_names_find_room_or_give_way_to_numbers() -> None:
    assert [label.text for label in drawn().labels] == ["West", "East"]
    long = drawing.draw(TOWN, ["", ""], ["", ""], ["A" * 400, "East"], numbers=["7", "8"])
    assert sorted(label.text for label in long.labels) == ["7", "East"]


def streets(count: int, vertices: int, covered: float) -> gpd.GeoDataFrame:
    xs = [4.0 + 0.02 * k / vertices for k in range(vertices)]
    lines = [
        LineString([(x, 52.0 + 0.01 * ((i * 7 + j * 13) % 97) / 97) for j, x in enumerate(xs)])
        for i in range(count)
    ]
    rows = pd.DataFrame({"street_id": [str(i) for i in range(count)]})
    rows = rows.assign(stop_count=1 if covered else 0, covered_m=covered, length_m=1.0)
    return schema.geotable(schema.STREETS, rows, lines)


def test_streets_that_were_seen_are_told_from_the_others() -> None:
    seen, unseen = drawn(streets=streets(1, 5, 9.0)), drawn(streets=streets(1, 5, 0.0))
    assert seen.seen.startswith("M")
    assert seen.streets == ""
    assert unseen.streets.startswith("M")
    assert unseen.seen == ""


def test_a_tangle_of_streets_does_not_make_the_page_heavy() -> None:
    made = drawn(streets=streets(300, 200, 9.0))
    assert len(made.streets) + len(made.seen) < 400_000


def test_stops_outside_the_frame_are_not_drawn() -> None:
    rows = pd.DataFrame({"stop_id": ["in", "out"], "bicycle_count": [4.0, 9.0]})
    stops = schema.geotable(schema.STOPS, rows, [Point(4.005, 52.005), Point(5, 53)])
    ((_, _, radius),) = drawn(stops=stops).stops
    assert radius == pytest.approx(3 + 2.6 * 2)
