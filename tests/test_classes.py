"""Classes of values on page, report and GeoPackage: round, without gaps, zero apart."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geobike import classes

CASES = {
    "a town": ([5.0, 2.9, 1.4, 1.4, 1.3, 1.1, 1.1, 0.6, 0.3], [0, 0.5, 1, 2]),
    "evenly spread": ([0.5, 1.5, 2.5, 3.5, 4.5], [0, 1, 2, 3, 4]),
    "tens": ([5.0, 15.0, 25.0, 35.0, 45.0], [0, 10, 20, 30, 40]),
}


@pytest.mark.parametrize("case", CASES)
def test_edges_are_round_numbers(case: str) -> None:
    values, edges = CASES[case]
    assert [one.low for one in classes.classify(values)] == edges


def test_zero_is_a_class_of_its_own_and_nothing_is_none() -> None:
    found = classes.classify([0.0, 1.0, 2.0, 3.0])
    assert (found[0].low, found[0].high, found[0].colour) == (0, 0, classes.ZERO)
    assert classes.classify([]) == []
    assert [one.high for one in classes.classify([0.0, 0.0])] == [0]


def test_a_missing_value_is_no_zero() -> None:
    assert classes.classify([math.nan, 1.0, 2.0, 3.0]) == classes.classify([1.0, 2.0, 3.0])
    assert classes.classify([math.nan]) == []


@pytest.mark.parametrize("tiny", [5e-324, 1e-310, 1e-307])
def test_values_next_to_nothing_are_one_class(tiny: float) -> None:
    assert [(one.low, one.high) for one in classes.classify([tiny])] == [(0, math.inf)]


@given(st.lists(st.floats(0.001, 1e6), min_size=1, max_size=50))
def test_every_value_has_one_class_and_they_leave_no_gap(values: list[float]) -> None:
    found = classes.classify(values)
    assert 1 <= len(found) <= 5
    assert all(one.high == other.low for one, other in pairwise(found))
    assert math.isinf(found[-1].high)
    for value in values:
        one = classes.class_of(found, value)
        assert one is not None
        assert one.low <= value < one.high
    colours = [one.colour for one in found]
    assert len(set(colours)) == len(colours)
