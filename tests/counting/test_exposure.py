"""Exposure: shares of ground by geometry done with shapely, sums that close."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geobike import schema
from geobike.counting import exposure, stops
from tests.counting.test_stops import LAT, LON, METRE, survey

FULL = 33.7  # degrees, half of the view of a lens of 27 mm


AREAS = schema.geotable(
    schema.AREAS,
    {"area_id": ["west", "east"], "name": ["West", "East"], "area_km2": 1.0},
    [shapely.box(4.3, 51, LON, LAT + 100 * METRE[1]), shapely.box(LON, 51, 4.4, 52.02)],
)


def west_or_east(lon: Any, lat: Any) -> Any:
    """A border that runs north through the origin, and nothing north of 100 m."""
    side = np.where(np.asarray(lon) < LON, 0, 1)
    return np.where(np.asarray(lat) > LAT + 100 * METRE[1], -1, side)


def bicycles(**places: str | None) -> pd.DataFrame:
    rows = [(f"{photo[1:]}.jpg", area) for photo, areas in places.items() for area in areas or ()]
    return schema.table(
        schema.BICYCLES,
        {"photo_id": [row[0] for row in rows], "area_id": [row[1] for row in rows]},
    )


def shared(photos: Any, boxes: pd.DataFrame | None = None, half: float = FULL) -> pd.DataFrame:
    return exposure.share_out(
        photos,
        stops.find_stops(photos),
        schema.table(schema.BICYCLES, {"photo_id": []}) if boxes is None else boxes,
        AREAS,
        row_at=west_or_east,
        half_view=pd.Series(half, index=photos.index),
    )


def by_area(rows: pd.DataFrame, column: str = "share") -> dict[Any, float]:
    return {
        "outside" if pd.isna(area) else area: float(total)
        for area, total in rows.groupby("area_id", dropna=False)[column].sum().items()
    }


def test_a_camera_on_the_border_that_looks_east_shows_the_east() -> None:
    assert by_area(shared(survey([-0.5], heading=90))) == {"east": pytest.approx(1)}


def test_a_camera_that_looks_along_the_border_shows_both_sides() -> None:
    # One of three directions is on the border itself, a hair east of it.
    rows = by_area(shared(survey([0.01], heading=0)))
    assert rows == {"west": pytest.approx(1 / 3), "east": pytest.approx(2 / 3)}


def test_the_ground_beyond_every_area_is_outside() -> None:
    rows = by_area(shared(survey([50], 94.0, heading=0)))
    assert rows == {"outside": pytest.approx(6 / 9 + 0), "east": pytest.approx(3 / 9)}


@pytest.mark.parametrize(
    ("east", "parts"), [(-11.5, {"west": 0.5, "east": 0.5}), (-13, {"west": 1.0})]
)
def test_without_a_heading_a_border_within_twelve_metres_is_shared(
    east: float, parts: dict[str, float]
) -> None:
    assert by_area(shared(survey([east], heading=np.nan))) == parts


def test_bicycles_belong_to_the_area_where_they_stand() -> None:
    rows = shared(survey([-30], heading=270), bicycles(p0000=["west", "west", "east"]))
    assert by_area(rows, "bicycle_count") == {"west": 2, "east": 1}
    assert by_area(rows) == {"west": pytest.approx(1), "east": 0}


def test_bicycles_on_other_photos_of_the_visit_are_not_counted_again() -> None:
    rows = shared(survey([30, 31], heading=90), bicycles(p0000=["east"], p0001=["east"] * 9))
    assert by_area(rows, "bicycle_count") == {"east": 1}


def test_visits_of_a_stop_weigh_one_together() -> None:
    photos = survey([30] * 4, heading=90, minutes=[0, 90, 180, 270])
    assert shared(photos)["weight"].tolist() == [0.25] * 4


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_shares_close_and_are_those_of_points_in_the_view(seed: int) -> None:
    """The share of nine points, held to the share of the ground in view west of the border."""
    chance = np.random.default_rng(seed)
    count = 30
    east = chance.uniform(-15, 15, count)
    heading = chance.uniform(0, 360, count)
    photos = survey(east, 40.0 * np.arange(count) - 2000, heading=heading)
    rows = shared(photos)
    assert rows.groupby("photo_id")["share"].sum().tolist() == [pytest.approx(1)] * count
    west = rows[rows["area_id"] == "west"].set_index("photo_id")["share"]
    exact = [_west_of_border(x, turn) for x, turn in zip(east, heading, strict=True)]
    assert np.mean(west.reindex(photos["photo_id"]).fillna(0)) == pytest.approx(
        np.mean(exact), abs=0.05
    )


def _west_of_border(east: float, heading: float) -> float:
    """The share of a sector of 2 to 14 m and 0.9 of the view that lies west of x = 0."""
    turns = np.radians(heading + FULL * np.linspace(-0.9, 0.9, 30))
    rim = [(east + 14 * np.sin(turn), 14 * np.cos(turn)) for turn in turns]
    near = [(east + 2 * np.sin(turn), 2 * np.cos(turn)) for turn in turns[::-1]]
    sector = shapely.Polygon([*rim, *near])
    return sector.intersection(shapely.box(-100, -100, 0, 100)).area / sector.area
