"""Which areas differ clearly from the average: held against scipy, and against sums by hand."""

import numpy as np
import pandas as pd
import pytest

from geobike import certainty, metrics

DETECTED = next(one for one in metrics.METRICS if one.name == "detected_per_stop")


def town(low: list[float], high: list[float], status: list[str]) -> pd.DataFrame:
    """Areas of 10 stops each: 0.5, 2, 7, 2 and 2 detected per stop, the mean is 2.7."""
    return pd.DataFrame(
        {
            "status": pd.array(status, "string"),
            "photo_count": [10, 10, 1, 10, 10],
            "stop_count": [10.0] * 5,
            "detected_per_stop": [0.5, 2.0, 7.0, 2.0, 2.0],
            "detected_per_stop_low": low,
            "detected_per_stop_high": high,
        },
        index=list("abcde"),
    )


CLEAR = ([0.3, 0.8, 5.0, 0.8, 0.8], [0.8, 5.0, 9.8, 5.0, 5.0])


def test_areas_of_few_stops_weigh_in_the_average_and_are_not_named() -> None:
    areas = town(*CLEAR, status=["compared", "compared", "thin", "compared", "too_thin"])
    assert certainty.average(areas, DETECTED) == pytest.approx(2.7)
    alike = certainty.ALIKE
    assert certainty.groups(areas, DETECTED).to_dict() == {"a": "below", "b": alike, "d": alike}


def test_an_area_with_fewer_photos_than_asked_for_is_not_named() -> None:
    areas = town(*CLEAR, status=["compared"] * 5)
    assert certainty.groups(areas, DETECTED)["c"] == "above"
    assert "c" not in certainty.groups(areas, DETECTED, min_photos=2)


def test_what_people_counted_is_grouped_by_the_draws() -> None:
    metric = next(one for one in metrics.METRICS if one.name == certainty.BY_HAND)
    group = ["below", None, "above", None, None]
    areas = town(*CLEAR, status=["compared"] * 5).assign(group=group)
    known = {"bicycles_per_stop": 3.8}
    assert certainty.groups(areas, metric, estimates=known).to_dict() == {
        "a": "below",
        "c": "above",
    }
    assert certainty.average(areas, metric, estimates=known) == 3.8


def test_a_range_without_width_leaves_nothing_to_chance() -> None:
    low, high = np.array([2.0, 3.0, 0.0]), np.array([2.0, 3.0, 0.0])
    assert certainty.chance(low, high, 2.0).tolist() == [1.0, 0.0, 0.0]


def test_a_range_tells_the_chance_that_scipy_tells() -> None:
    stats = pytest.importorskip("scipy.stats", reason="needs scipy as the oracle")
    rng = np.random.default_rng(2)
    middle, error = rng.normal(0, 1, 40), rng.uniform(0.1, 1, 40)
    low, high = np.exp(middle - 1.96 * error), np.exp(middle + 1.96 * error)
    expected = 2 * stats.norm.sf(np.abs(middle - np.log(1.3)) / error)
    assert certainty.chance(low, high, 1.3) == pytest.approx(expected, abs=1e-9)
