"""Parked and ridden bicycles by photo, stop and area; nothing is said where nobody can tell."""

from typing import Any

import pandas as pd
import pytest
from shapely import box

import geobike
from geobike import schema

AREAS = schema.geotable(
    schema.AREAS,
    {"area_id": ["west", "east", "far"], "name": ["West", "East", "Far"], "area_km2": 0.1},
    [box(4.35, 52.0, 4.36, 52.01), box(4.36, 52.0, 4.37, 52.01), box(5, 52, 5.01, 52.01)],
)
BICYCLE = {"xmin": 300, "xmax": 340, "ymin": 250, "ymax": 317}
RIDER = {"xmin": 308, "xmax": 332, "ymin": 210, "ymax": 300}
BESIDE = {"xmin": 100, "xmax": 140, "ymin": 250, "ymax": 317}


def found(rows: list[tuple[str, str, dict[str, int]]]) -> pd.DataFrame:
    table = [{"photo_id": photo, "label": label, "score": 0.9, **at} for photo, label, at in rows]
    return schema.table(schema.DETECTIONS, pd.DataFrame(table))


WITH_PERSONS = found(
    [
        ("a.jpg", "bicycle", BICYCLE),
        ("a.jpg", "bicycle", BESIDE),
        ("a.jpg", "person", RIDER),
        ("b.jpg", "bicycle", BESIDE),
    ]
)


def counted(boxes: pd.DataFrame, **options: Any) -> tuple[pd.DataFrame, Any]:
    """Photos a and b stand in the west, 7 m from the east and look there; c is in the east."""
    points = schema.points([4.3599, 4.3599, 4.365], [52.005, 52.006, 52.005])
    data = {"photo_id": ["a.jpg", "b.jpg", "c.jpg"], "heading": 90.0, "width": 640, "height": 480}
    photos = geobike.assign_areas(schema.geotable(schema.PHOTOS, data, points), AREAS)
    detections = geobike.filter_detections(boxes, labels=["bicycle"], threshold=0.3, **options)
    counts = geobike.count_per_photo(photos, detections)
    return counts.set_index("photo_id"), geobike.count_areas(counts, detections, AREAS)


@pytest.mark.parametrize(("count", "kept"), [("parked", 2), ("all", 3)])
def test_a_survey_says_how_many_were_ridden_whether_they_count_or_not(
    count: str, kept: int
) -> None:
    photos, result = counted(WITH_PERSONS, count=count)
    assert photos["bicycle_count"].sum() == kept
    assert photos["parked_count"].tolist() == [1, 1, 0]
    assert photos["ridden_count"].tolist() == [1, 0, 0]
    stops = result.stops.set_index("stop_id")
    assert stops["parked_count"].tolist() == [1, 1, 0]
    assert stops["ridden_count"].tolist() == [1, 0, 0]
    assert result.bicycles["ridden"].sum() == kept - 2


def test_parked_ones_are_where_they_stand_and_areas_that_nobody_saw_have_none() -> None:
    _, result = counted(WITH_PERSONS)
    areas = result.areas.set_index("area_id")
    assert areas.loc[["west", "east"], "parked_count"].tolist() == [0, 2]
    assert areas.loc[["west", "east"], "parked_count"].equals(
        areas.loc[["west", "east"], "bicycle_count"].rename("parked_count")
    )
    assert areas.loc[["west", "east"], "ridden_count"].tolist() == [1, 0]
    assert areas.loc["far", ["parked_count", "ridden_count"]].isna().all()


def test_a_detector_that_knows_no_persons_calls_nothing_parked() -> None:
    photos, result = counted(WITH_PERSONS[WITH_PERSONS["label"] != "person"])
    assert photos["bicycle_count"].tolist() == [2, 1, 0]
    for frame in (photos, result.stops, result.areas):
        assert frame[["parked_count", "ridden_count"]].isna().all(axis=None)
    assert result.bicycles["ridden"].isna().all()


def test_where_persons_are_seen_and_no_bicycle_is_sure_enough_none_is_parked() -> None:
    unsure = WITH_PERSONS.assign(
        score=WITH_PERSONS["score"].mask(WITH_PERSONS["label"] == "bicycle", 0.2)
    )
    photos, _ = counted(unsure)
    assert photos[["parked_count", "ridden_count"]].to_numpy().tolist() == [[0, 0]] * 3


def test_visits_average_the_ridden_too() -> None:
    points = schema.points([4.355, 4.355], [52.005, 52.005])
    times = ["2026-05-12T09:00Z", "2026-05-19T09:00Z"]
    data = {"photo_id": ["a.jpg", "b.jpg"], "heading": 90.0, "taken_at": times}
    photos = geobike.assign_areas(schema.geotable(schema.PHOTOS, data, points), AREAS)
    detections = geobike.filter_detections(WITH_PERSONS, labels=["bicycle"], threshold=0.3)
    counts = geobike.count_per_photo(photos, detections)
    stops = geobike.count_areas(counts, detections, AREAS).stops
    assert stops[["parked_count", "ridden_count"]].to_numpy().tolist() == [[1.0, 0.5]]
