"""Donors: the variance that draws give to a mean, held against Student's t."""

import numpy as np
import pytest

from geobike.estimates import donors

ROWS = np.arange(0)


def pool(counts: list[float], found: list[float], *, free: int = 1000, draws: int = 20_000):
    """Return the pool of `free` looks with one detected bicycle and these donors."""
    every = np.append(np.ones(free) * (1.0 if any(found) else 0.0), found)
    rows = free + np.arange(len(counts))
    return donors.pool(
        np.arange(free),
        every,
        rows,
        np.tile(np.array(counts, dtype=float), (draws, 1)),
        expected=np.array(counts, dtype=float),
        rack=15.0,
        rng=np.random.default_rng(1),
    )


def means(of: donors.Pool) -> np.ndarray:
    """Return the mean of the donors in each draw."""
    return (np.diff(of.chances, axis=1, prepend=0) * of.values).sum(axis=1)


def test_the_mean_of_donors_varies_as_students_t() -> None:
    counts = np.random.default_rng(2).normal(10, 3, 19)
    number = len(counts)
    drawn = means(pool(counts.tolist(), [5.0] * number)) * 5
    # The variance of a mean with a t of n - 1 degrees of freedom, known in closed form.
    wanted = counts.var(ddof=1) / number * (number - 1) / (number - 3)
    assert drawn.var() == pytest.approx(wanted, rel=0.04)
    assert drawn.mean() == pytest.approx(counts.mean(), rel=0.01)


def test_donors_that_are_alike_are_one_of_more_weight() -> None:
    counts = [0.0] * 97 + [1.0, 1.0, 4.0]
    found = pool(counts, [0.0] * 100)
    assert found.values.shape[1] == 3
    number, drawn = len(counts), means(found)
    wanted = np.var(counts, ddof=1) / number * (number - 1) / (number - 3)
    assert drawn.mean() == pytest.approx(0.06, rel=0.02)
    assert drawn.var() == pytest.approx(wanted, rel=0.05)


def test_a_look_without_a_detected_bicycle_takes_counts_and_others_take_ratios() -> None:
    assert pool([2.0, 4.0], [0.0, 0.0]).mean == 3
    assert pool([2.0, 4.0], [1.0, 2.0]).mean == 2


def test_a_rack_may_be_unseen_only_where_the_detector_found_two_at_most() -> None:
    seen = donors.pool(
        np.arange(2),
        np.array([4.0, 4.0, 5.0]),
        np.array([2]),
        np.full((100, 1), 5.0),
        expected=np.array([5.0]),
        rack=15.0,
        rng=np.random.default_rng(1),
    )
    assert not seen.rack.any()
    empty = pool([0.0] * 100, [0.0] * 100)
    # A weight of 0.2 beside donors that weigh 96 together.
    assert empty.rack.mean() == pytest.approx(0.2 / 96.2, rel=0.05)
    assert empty.rack_value == 15
    assert pool([2.0] * 10, [1.0] * 10).rack_value == 10  # of one or two detected: by 1.5


def test_an_unseen_rack_is_as_large_as_those_that_were_counted() -> None:
    assert donors.rack_size(np.array([0.0, 3.0, 9.0])) == 15
    assert donors.rack_size(np.array([0.0, 10.0, 40.0, 100.0])) == 40
