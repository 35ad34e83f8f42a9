"""Ridden and parked: what a person who looks at the photo would say."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geobike import schema
from geobike.detections.filtering import filter_detections
from geobike.detections.riding import ridden

BICYCLE = (100.0, 200.0, 200.0, 260.0)
RIDER = (120.0, 130.0, 170.0, 250.0)
PASSER_BY = (120.0, 130.0, 170.0, 280.0)  # feet on the ground before the rack


def detections(*boxes: tuple[str, tuple[float, ...]], score: float = 0.9) -> pd.DataFrame:
    data = [("a.jpg", label, score, *sides) for label, sides in boxes]
    columns = ["photo_id", "label", "score", "xmin", "ymin", "xmax", "ymax"]
    return schema.table(schema.DETECTIONS, pd.DataFrame(data, columns=columns))


def found(*boxes: tuple[str, tuple[float, ...]], **options: object) -> pd.DataFrame:
    return filter_detections(detections(*boxes), labels=["bicycle"], **options)  # type: ignore[arg-type]


def test_a_ridden_bicycle_is_not_counted_as_parked() -> None:
    table = found(("bicycle", BICYCLE), ("person", RIDER))
    assert table["kept"].tolist() == [False, False]
    assert table["dropped_by"].tolist() == ["ridden", "label"]
    assert table["ridden"].fillna(False).tolist() == [True, False]


def test_all_are_counted_where_asked_for_and_still_told_apart() -> None:
    other = tuple(side + 300 for side in BICYCLE)
    boxes = [("bicycle", BICYCLE), ("bicycle", other), ("person", RIDER)]
    table = found(*boxes, count="all")
    assert table["kept"].tolist() == [True, True, False]
    assert table["ridden"].tolist() == [True, False, pd.NA]


def test_a_passer_by_before_a_rack_rides_nothing() -> None:
    table = found(("bicycle", BICYCLE), ("person", PASSER_BY))
    assert table["ridden"].tolist() == [False, pd.NA]


def test_somebody_far_behind_rides_nothing() -> None:
    behind = (140.0, 190.0, 150.0, 215.0)  # small, and not above the bicycle
    assert found(("bicycle", BICYCLE), ("person", behind))["ridden"].tolist() == [False, pd.NA]


def test_one_person_rides_one_bicycle() -> None:
    beside = tuple(side + (15 if number % 2 == 0 else 0) for number, side in enumerate(BICYCLE))
    table = found(("bicycle", BICYCLE), ("bicycle", beside), ("person", RIDER), max_overlap=0.9)
    assert table["ridden"].fillna(False).sum() == 1


def test_without_a_person_among_all_boxes_nothing_is_known() -> None:
    table = found(("bicycle", BICYCLE))
    assert table["kept"].tolist() == [True]
    assert table["ridden"].isna().all()


def test_a_doubtful_person_rides_nothing() -> None:
    boxes = pd.concat(
        [detections(("bicycle", BICYCLE)), detections(("person", RIDER), score=0.29)],
        ignore_index=True,
    )
    boxes[["photo_id", "label"]] = boxes[["photo_id", "label"]].astype("str")
    boxes = schema.table(schema.DETECTIONS, boxes)
    assert filter_detections(boxes, labels=["bicycle"])["ridden"].tolist() == [False, pd.NA]


@pytest.mark.parametrize("label", ["Fahrrad", "vélo", "自転車", "cargo bike", "bromfiets"])
def test_a_rider_is_found_on_a_bicycle_by_any_name_that_is_known(label: str) -> None:
    found = filter_detections(detections((label, BICYCLE), ("person", RIDER)), labels=[label])
    assert found["ridden"].tolist() == [True, pd.NA]


def test_a_rider_on_a_car_is_no_ridden_car() -> None:
    table = filter_detections(
        detections(("car", BICYCLE), ("person", RIDER)), labels=["car"], threshold=0.5
    )
    assert table["kept"].tolist() == [True, False]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_no_more_are_ridden_than_persons_fit_on_and_rows_may_come_in_any_order(seed: int) -> None:
    chance = np.random.default_rng(seed)

    def boxes(count: int) -> pd.DataFrame:
        low = chance.uniform(0, 200, (count, 2))
        size = chance.uniform(10, 120, (count, 2))
        frame = pd.DataFrame(np.hstack([low, low + size]), columns=["xmin", "ymin", "xmax", "ymax"])
        return frame.assign(photo=chance.integers(0, 3, count))

    bicycles, persons = boxes(30), boxes(12)
    one = ridden(bicycles, persons)
    per_photo = bicycles["photo"][one].value_counts()
    assert (per_photo <= persons["photo"].value_counts().reindex(per_photo.index)).all()
    order = chance.permutation(len(bicycles))
    other = ridden(bicycles.iloc[order], persons.sample(frac=1, random_state=seed))
    assert one[order].tolist() == pytest.approx(other.tolist())


def test_riders_of_the_rendered_scenes_are_told_and_few_parked_bicycles_are_taken_for_ridden() -> (
    None
):
    """Who rides is known there; passers-by and parked bicycles stand beside them."""
    of_riders = pytest.importorskip("benchmarks.truth.of_riders")
    told = [of_riders.of_drive(), *(it for _, it in of_riders.of_samples())]
    assert sum(it.ridden for it in told) >= 30
    assert all(it.right == it.ridden for it in told)
    wrong = sum(it.called - it.right for it in told)
    assert wrong <= 0.01 * sum(it.parked for it in told)
