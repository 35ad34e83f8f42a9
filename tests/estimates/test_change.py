"""What changed, against formulas that hold by themselves, and against simulated truth."""

import numpy as np
import pandas as pd
import pytest

from geobike.errors import InputError
from geobike.estimates import change
from geobike.estimates.change import Seen


def seen(counts: dict[str, list[float]], group: str = "west") -> Seen:
    """Detected bicycles by street; each number is a stop."""
    rows = [(group, street, 1.0, found) for street, some in counts.items() for found in some]
    return Seen(pd.DataFrame(rows, columns=["group", "unit", "stops", "detected"]))


def test_a_detected_change_has_the_mean_and_the_t_range_of_its_streets() -> None:
    # Streets of one stop each: a mean of four differences, 1, 2, 3 and 2; t(3) at 97.5 % is 3.182.
    before = seen({"a": [1.0], "b": [1.0], "c": [1.0], "d": [0.0]})
    after = seen({"a": [2.0], "b": [3.0], "c": [4.0], "d": [2.0]})
    found = change.in_detected(before, after).loc["west"]
    error = np.std([1, 2, 3, 2], ddof=1) / 2
    assert found["detected_change"] == pytest.approx(2)
    assert found["detected_change_low"] == pytest.approx(2 - 3.1824 * error, abs=1e-3)
    assert found["detected_change_high"] == pytest.approx(2 + 3.1824 * error, abs=1e-3)
    assert found["detected_change_percent"] == pytest.approx(100 * 2 / 0.75)
    assert found["least_percent"] == pytest.approx(100 * 2.8 * error / 0.75)
    assert found["told"] == "more"
    assert found["streets_matched"] == 4


def test_two_streets_are_too_few_to_name_a_change() -> None:
    found = change.in_detected(seen({"a": [1], "b": [1]}), seen({"a": [9], "b": [9.1]})).loc["west"]
    assert found["told"] == "not told apart"
    assert np.isnan(found["detected_change_low"])
    assert found["detected_change"] == pytest.approx(8.05)


def test_a_survey_and_itself_differ_by_nothing() -> None:
    same = seen({"a": [1, 2], "b": [0], "c": [7]})
    found = change.in_detected(same, same).loc["west"]
    assert (found[["detected_change", "detected_change_percent"]] == 0).all()
    assert np.isnan(found["detected_change_low"])  # no range: that none differs tells not how sure
    assert found["told"] == "not told apart"


def test_a_group_that_one_survey_did_not_see_is_left_out() -> None:
    found = change.in_detected(seen({"a": [1]}), seen({"a": [1]}, group="east"))
    assert found.empty


def test_bicycles_are_not_compared_without_hand_counts() -> None:
    same = seen({"a": [1]})
    with pytest.raises(InputError, match="hand counts of both surveys"):
        change.in_bicycles(same, same)


def test_few_of_the_areas_that_did_not_change_are_named() -> None:
    rng = np.random.default_rng(7)
    named = 0
    for _ in range(40):
        shape = (30, 8, 3)  # areas, streets, stops
        mean = rng.gamma(1.0, 2.0, (*shape[:2], 1))
        sides = []
        for _ in range(2):
            counts = rng.poisson(np.broadcast_to(mean, shape))
            area, street, _ = (index.ravel() for index in np.indices(shape))
            parts = pd.DataFrame({"group": area, "unit": street, "stops": 1.0})
            sides.append(Seen(parts.assign(detected=counts.ravel().astype(float))))
        named += int((change.in_detected(*sides)["told"] != "not told apart").any())
    assert named <= 9  # 10 % expected of 40 surveys; above 9 in one of a hundred
