"""How far other streets of an area would move its rate."""

import numpy as np
import pandas as pd
import pytest

from geobike.estimates import spread


def streets(found: np.ndarray, looks: int = 8) -> tuple[pd.DataFrame, "pd.Series[str]"]:
    """Return parts of areas (rows) with streets (columns), of `looks` looks with `found` in all."""
    areas, number = found.shape
    stops = [f"{a} {s}" for a in range(areas) for s in range(number)]
    parts = pd.DataFrame(
        {
            "stop_id": stops,
            "area_id": np.repeat([f"{a:03}" for a in range(areas)], number),
            "stops": float(looks),
            "detected": found.ravel().astype(float),
        }
    )
    return parts, pd.Series(stops, index=stops)


def simulated(seen: int, *, areas: int = 400, of: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Return rates of areas over all their streets, and what is found on the first `seen`."""
    rng = np.random.default_rng(5)
    busy = 0.9 * rng.gamma(1.5, 1 / 1.5, (areas, 1)) * rng.gamma(1, 1, (areas, of))
    found = rng.negative_binomial(0.6 * 8, 0.6 / (0.6 + busy))
    return found.mean(axis=1) / 8, found[:, :seen]


@pytest.mark.parametrize(("seen", "least"), [(3, 0.86), (5, 0.88), (10, 0.9), (20, 0.9)])
def test_the_range_holds_the_rate_of_all_streets(seen: int, least: float) -> None:
    true, found = simulated(seen)
    parts, street = streets(found)
    unseen = pd.Series(1 - seen / 40, index=sorted(set(parts["area_id"])))
    ends = spread.ends(spread.street_spread(parts, street, unseen))
    held = (ends["low"].to_numpy() <= true) & (true <= ends["high"].to_numpy())
    assert least <= held.mean() <= 0.99


def test_equal_streets_have_the_variance_of_the_closed_form() -> None:
    found = np.array([[8, 16, 24, 0], [4, 4, 12, 20], [0, 8, 8, 40]])
    parts, street = streets(found)
    result = spread.street_spread(parts, street, pd.Series(dtype=float))
    z, k, n = found / 8, 4, 32
    e, v = z.mean(axis=1), z.var(axis=1, ddof=1)
    # Moments of areas with as many streets of as many looks: v = e k / n + b e².
    b = max(0, (v - e * k / n).sum() / (e**2 - v / k).sum())
    wanted = np.sqrt(np.log1p((e * k / n + b * e**2) / k / e**2))
    assert result["rate"].tolist() == e.tolist()
    assert result["spread"].to_numpy() == pytest.approx(wanted)


def test_two_streets_give_no_range_and_an_empty_area_one_from_zero() -> None:
    parts, street = streets(np.array([[3, 5, 4], [0, 0, 0]]))
    two = parts.drop(index=2)
    ends = spread.ends(spread.street_spread(two, street, pd.Series(dtype=float)))
    assert ends.loc["000"].isna().all()
    assert ends.loc["001", "low"] == 0
    assert ends.loc["001", "high"] > 0


def test_streets_that_were_all_seen_leave_no_doubt() -> None:
    parts, street = streets(np.array([[3, 5, 4], [1, 0, 2]]))
    whole = pd.Series(0.0, index=["000", "001"])
    found = spread.street_spread(parts, street, whole)
    assert found["spread"].tolist() == [0, 0]


def test_a_street_that_hardly_shows_the_area_moves_its_range_little() -> None:
    parts, street = streets(np.array([[3, 5, 4, 6], [1, 0, 2, 1]]))
    before = spread.street_spread(parts, street, pd.Series(dtype=float))
    edge = pd.DataFrame({"stop_id": ["e"], "area_id": "000", "stops": 0.0, "detected": 1.0})
    after = spread.street_spread(
        pd.concat([parts, edge]), pd.concat([street, pd.Series({"e": "e"})]), pd.Series(dtype=float)
    )
    assert np.isfinite(after["spread"]).all()
    assert after.loc["000", "spread"] == pytest.approx(before.loc["000", "spread"], rel=0.1)


def test_distances_add_in_quadrature_on_a_log_scale() -> None:
    low, high = spread.widen(
        np.array([4.0]), np.array([2.0]), np.array([8.0]), np.array([50.0]), np.array([0.0])
    )
    assert (low[0], high[0]) == pytest.approx((2, 8))
    wide = np.log(2) / spread.NORMAL
    low, high = spread.widen(
        np.array([4.0]), np.array([2.0]), np.array([8.0]), np.array([50.0]), np.array([wide])
    )
    assert high[0] / 4 == pytest.approx(4 / low[0]) == pytest.approx(2 ** np.sqrt(2))
    low, _ = spread.widen(
        np.array([1.0]), np.array([0.0]), np.array([2.0]), np.array([50.0]), np.array([0.5])
    )
    assert low[0] == 0
