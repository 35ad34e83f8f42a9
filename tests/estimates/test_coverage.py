"""Ranges hold the truth as often as they say, in towns whose bicycles are known.

From photos to ranges by geobike's own stops, samples and estimates. Each part of the method is
taken away in turn: the test must then fail.
"""

import numpy as np
import pytest

import geobike
from geobike.errors import GeobikeWarning
from geobike.estimates import donors
from tests.support import coverage
from tests.support.coverage import Held
from tests.support.simulated_town import Surveyed

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning"),
]
DRAWS = 400


@pytest.fixture(scope="module")
def towns() -> list[Surveyed]:
    return [coverage.surveyed(kind, seed) for kind in ("base", "racks") for seed in range(12)]


def full(towns: list[Surveyed], **options: float) -> Held:
    """Hold what follows from 60 listed photos and three contact sheets."""
    samples = (one for town in towns for one in coverage.sampled(town))
    return coverage.held(samples, draws=DRAWS, **options)


def one_sheet(towns: list[Surveyed]) -> Held:
    """Hold what follows from 60 listed photos and one sheet: two samples of each town."""
    sizes = {"samples": 2, "listed": 60, "sheets": 1}
    samples = (one for town in towns for one in coverage.sampled(town, **sizes))
    return coverage.held(samples, draws=DRAWS)


def test_ranges_of_areas_and_of_the_whole_survey_hold(towns: list[Surveyed]) -> None:
    held = full(towns).figures()
    assert 0.93 <= held["areas"] <= 0.98
    assert held["areas without hand counts"] >= 0.92
    assert held["whole surveys"] >= 0.90


def test_ranges_also_hold_with_one_contact_sheet(towns: list[Surveyed]) -> None:
    held = one_sheet(towns).figures()
    assert 0.93 <= held["areas"] <= 0.98
    assert held["areas without hand counts"] >= 0.92
    assert held["whole surveys"] >= 0.95


def test_without_the_spread_between_areas_too_few_would_hold(towns: list[Surveyed]) -> None:
    assert full(towns, area_spread=0.0).figures()["areas"] < 0.93


def test_without_the_unseen_rack_too_few_would_hold(
    towns: list[Surveyed], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(donors, "RACK_WEIGHT", 0.0)
    assert one_sheet(towns).figures()["whole surveys"] < 0.90


def share_held(counts: int, surveys: int = 400) -> float:
    """Return how often the range of a stratum's mean holds, from so many hand counts of it."""
    rng = np.random.default_rng(counts)
    found = np.full(counts, 5.0)
    held = 0
    for _ in range(surveys):
        bicycles = rng.normal(20, 6, counts)
        of = donors.pool(
            np.arange(0),
            found,
            np.arange(counts),
            np.tile(bicycles, (DRAWS, 1)),
            expected=bicycles,
            rack=15.0,
            rng=rng,
        )
        weights = np.diff(of.chances, axis=1, prepend=0)
        low, high = np.quantile((weights * of.values).sum(axis=1), (0.025, 0.975))
        held += low <= 4 <= high
    return held / surveys


@pytest.mark.parametrize("counts", [6, 8, 19])
def test_a_stratum_with_few_hand_counts_holds_its_mean(
    counts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert share_held(counts) >= 0.90
    monkeypatch.setattr(donors, "LOST", 0.0)
    assert share_held(counts) < 0.93 if counts > 8 else share_held(counts) < 0.88


def test_too_few_hand_counts_give_no_range_and_say_what_is_missing(towns: list[Surveyed]) -> None:
    (one,) = coverage.sampled(towns[0])
    listed = one.hand_counts["origin"] == "list"
    few = one.hand_counts[~listed | (listed.cumsum() <= 12)]
    with pytest.warns(GeobikeWarning, match="an estimate without a range: 12 of .* 27 needed"):
        found = geobike.estimate(one.looks, one.survey.counted.exposure, few)
    assert found.areas["bicycles_per_stop"].notna().all()
    assert found.areas[["bicycles_per_stop_low", "bicycles_per_stop_high"]].isna().all(axis=None)
    assert np.isnan(found.whole.low)
