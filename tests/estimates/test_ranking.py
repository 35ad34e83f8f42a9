"""Ranks, groups and hot spots, held against known values and against scipy where it is there."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

import geobike
from geobike import certainty, schema
from geobike.estimates import ranking
from geobike.estimates.draws import Sums


def test_false_ones_are_held_at_ten_percent_as_scipy_does() -> None:
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(4)
    for _ in range(1000):
        chance = rng.beta(rng.uniform(0.2, 1), 1, rng.integers(1, 60))
        expected = stats.false_discovery_control(chance) <= 0.10
        assert certainty.discoveries(chance).tolist() == expected.tolist()


def test_false_ones_are_held_as_in_the_paper_of_1995() -> None:
    # Benjamini & Hochberg (1995), section 3.2: fifteen p values; four are named at 5 %.
    small = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
    large = [0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    chance = np.array([*small, *large])
    found = certainty.discoveries(chance[::-1], share=0.05)[::-1]
    assert found.tolist() == [True] * 4 + [False] * 11


@pytest.mark.parametrize(
    ("freedom", "statistic"),
    [(1, 12.706), (2, 4.303), (3, 3.182), (5, 2.571), (8, 2.306), (30, 2.042), (120, 1.980)],
)
def test_students_t_has_the_tails_of_the_table(freedom: int, statistic: float) -> None:
    assert ranking.student_tail(statistic, freedom) == pytest.approx(0.05, abs=1e-4)
    assert ranking.student_tail(-statistic, freedom) == pytest.approx(0.05, abs=1e-4)
    assert ranking.student_tail(0.0, freedom) == pytest.approx(1)


def test_students_t_has_the_tails_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    for freedom in (1, 2, 3, 4, 5, 17, 44, 401):
        for statistic in (0.1, 1.0, 2.5, 6.0):
            expected = 2 * stats.t.sf(statistic, freedom)
            assert ranking.student_tail(statistic, freedom) == pytest.approx(expected, abs=1e-9)


def drawn(rates: list[float], spread: float, draws: int = 1000) -> Sums:
    rng = np.random.default_rng(1)
    names = pd.Index([f"{number:02}" for number in range(len(rates))])
    low = np.array(rates) * 10 * rng.lognormal(0, spread, (draws, len(rates)))
    return Sums(names, np.array(rates) * 10, low, low)


def ranked(rates: list[float], spread: float) -> pd.DataFrame:
    sums = drawn(rates, spread)
    return ranking.rank(sums, pd.Series(10.0, index=sums.groups), sums.groups)


def test_areas_far_apart_have_their_rank_and_are_told_apart() -> None:
    found = ranked([8.0, 4.0, 0.1], 0.01)
    assert found["rank_low"].tolist() == found["rank_high"].tolist() == [1, 2, 3]
    assert found["group"].tolist() == ["above", "not told apart", "below"] or found[
        "group"
    ].tolist() == ["above", "below", "below"]


def test_areas_that_are_alike_may_have_any_rank_and_are_in_one_group() -> None:
    found = ranked([2.0] * 10, 0.3)
    assert (found["rank_low"] == 1).all()
    assert (found["rank_high"] == 10).all()
    assert (found["group"] == "not told apart").all()


def test_areas_without_a_bicycle_share_their_ranks() -> None:
    found = ranked([5.0, 0.0, 0.0], 0.01)
    assert found["rank_low"].tolist() == [1, 2, 2]
    assert found["rank_high"].tolist() == [1, 3, 3]


def test_only_compared_areas_have_ranks_and_one_alone_has_none() -> None:
    sums = drawn([8.0, 4.0, 0.1], 0.01)
    stops = pd.Series(10.0, index=sums.groups)
    some = ranking.rank(sums, stops, sums.groups[1:])
    assert some["rank_low"].to_dict() == {"01": 1, "02": 2}
    assert ranking.rank(sums, stops, sums.groups[:1]).empty


def grid(rates: np.ndarray, seed: int) -> tuple[gpd.GeoDataFrame, geobike.Estimates, pd.Series]:
    """Return 6 by 6 areas with streets of 8 looks, every look counted by hand."""
    rng = np.random.default_rng(seed)
    names = [f"{row}{column}" for row in range(6) for column in range(6)]
    shapes = [box(c, r, c + 1, r + 1) for r in range(6) for c in range(6)]
    areas = schema.geotable(schema.AREAS, {"area_id": names, "name": names}, shapes)
    area = np.repeat(np.arange(36), 48)
    street = np.arange(len(area)) // 8
    busy = rates.ravel()[area] * rng.gamma(1.0, 1.0, street.max() + 1)[street]
    bicycles = rng.negative_binomial(0.6, 0.6 / (0.6 + busy))
    photos = [f"{number:05}" for number in range(len(area))]
    shown = {"stop_id": photos, "photo_id": photos, "area_id": np.array(names)[area]}
    exposure = schema.table(
        schema.EXPOSURE, shown | {"weight": 1.0, "share": 1.0, "bicycle_count": bicycles}
    )
    counts = {"photo_id": photos, "bicycles": bicycles, "origin": "list"}
    by_hand = schema.table(schema.HAND_COUNTS, counts)
    found = geobike.estimate(geobike.find_looks(exposure), exposure, by_hand, draws=100)
    return areas, found, pd.Series(street.astype(str), index=photos)


def hot(rates: np.ndarray, seed: int) -> "pd.Series[str]":
    areas, found, street = grid(rates, seed)
    return ranking.hot_spots(areas, found.draws, street, pd.Index(areas["area_id"]))


def test_a_block_of_busy_areas_is_a_hot_spot_and_elsewhere_there_is_none() -> None:
    rates = np.full((6, 6), 0.9)
    rates[:3, :3] = 4.0
    found = hot(rates, 1)
    assert found["11"] == "hot"
    assert not (found[[f"{r}{c}" for r in (4, 5) for c in (4, 5)]] == "hot").any()


def test_where_all_areas_are_alike_hot_spots_are_rare() -> None:
    surveys = [hot(np.full((6, 6), 0.9), seed) for seed in range(10)]
    assert sum((one != "not told apart").any() for one in surveys) <= 2
