"""The two sides of streets that are a border, one of them with a third of the bicycles."""

import numpy as np
import pandas as pd
import pytest

import geobike
from geobike import schema
from tests.support import simulated_streets as streets

NUMBER = 12


@pytest.fixture(scope="module")
def survey() -> streets.Simulated:
    return streets.simulate(100, "car", gps=1, compass=2, spacing=5, number=NUMBER, south=0.3)


@pytest.fixture(scope="module")
def areas(survey: streets.Simulated) -> pd.DataFrame:
    nowhere = pd.Series(None, survey.photos.index, dtype=schema.TEXT)
    photos = survey.photos.assign(area_id=nowhere)
    counted = geobike.count_areas(photos, survey.detections, streets.sides(NUMBER))
    return counted.areas.set_index("area_id")


def true_ratio(survey: streets.Simulated) -> float:
    """Distinct bicycles that were detected, north over south."""
    seen = pd.DataFrame({"bicycle": survey.bicycle, "north": survey.y > 0})
    north, south = (
        seen.loc[(seen["bicycle"] >= 0) & side, "bicycle"].nunique()
        for side in (seen["north"], ~seen["north"])
    )
    return north / south


def ratio(areas: pd.DataFrame, column: str) -> float:
    return float(areas.loc["north", column] / areas.loc["south", column])


def test_by_camera_the_fuller_side_has_none_and_by_place_what_is_there(
    survey: streets.Simulated, areas: pd.DataFrame
) -> None:
    assert np.mean(survey.north > 0) < 0.1  # the car keeps to the right: boxes by camera
    assert true_ratio(survey) > 3
    assert ratio(areas, "detected_once") == pytest.approx(true_ratio(survey), rel=0.25)


def test_both_sides_are_looked_at_alike(areas: pd.DataFrame) -> None:
    assert ratio(areas, "stop_count") == pytest.approx(1, rel=0.05)


def test_per_stop_the_far_side_has_more_as_the_documentation_says(
    survey: streets.Simulated, areas: pd.DataFrame
) -> None:
    """A look across the street shows more of what it looks at."""
    off = ratio(areas, "detected_per_stop") / true_ratio(survey)
    assert 1 < off < 2
