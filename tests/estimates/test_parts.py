"""What each area gets of a look."""

import pytest

from geobike import schema
from geobike.estimates import looks, parts


def test_bicycles_follow_the_boxes_and_where_there_are_none_the_ground() -> None:
    exposure = schema.table(
        schema.EXPOSURE,
        {
            "stop_id": ["full"] * 2 + ["empty"] * 2,
            "photo_id": ["full"] * 2 + ["empty"] * 2,
            "area_id": ["west", "east", "west", None],
            "weight": 1.0,
            "share": [0.9, 0.1, 0.25, 0.75],
            "bicycle_count": [1, 3, 0, 0],
        },
    )
    shared = parts.share_out(looks.find(exposure), exposure)
    assert shared["part"].tolist() == [0.25, 0.75, 0.25, 0.75]
    assert shared["stops"].tolist() == [0.9, 0.1, 0.25, 0.75]
    assert shared["detected"].tolist() == [1, 3, 0, 0]


def test_visits_of_a_stop_weigh_one_together() -> None:
    exposure = schema.table(
        schema.EXPOSURE,
        {
            "stop_id": "a",
            "photo_id": ["a", "b"],
            "area_id": "west",
            "weight": 0.5,
            "share": 1.0,
            "bicycle_count": [4, 2],
        },
    )
    shared = parts.share_out(looks.find(exposure), exposure)
    assert shared["part"].sum() == shared["stops"].sum() == 1
    assert shared["detected"].sum() == pytest.approx(3)
