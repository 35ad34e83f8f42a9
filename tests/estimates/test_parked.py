"""Bicycles that stand in a street, each place once: worked out by hand, and beside SciPy."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from geobike.estimates import parked
from geobike.estimates.draws import Draws, Sums

DRAWS = 4000


def survey(*bicycles: float) -> Draws:
    """Looks that were all counted by hand, one part each, in no area: the same in every draw."""
    count = len(bicycles)
    parts = pd.DataFrame({"look": np.arange(count), "area_id": None, "part": 1.0})
    return Draws(
        parts=parts,
        counted=np.arange(count),
        bicycles=np.tile(bicycles, (DRAWS, 1)),
        expected=np.array(bicycles),
        found=np.zeros(count),
        pools=(),
        factor=np.ones((DRAWS, 1)),
        areas=pd.Index([], dtype="str"),
        seed=np.random.SeedSequence(0),
    )


def sums(
    draws: Draws,
    labels: list[str | None],
    found: list[float],
    places: float,
    *,
    struck: bool = False,
    on_looks: float = 0.0,
    kerb: float = 1.0,
    spread: float = 0.25,
) -> Sums:
    """Return what stands in street a, where `places` are detected once.

    Where boxes were `struck` out, a look has none now and is not empty for that.
    """
    names = pd.Series(labels, dtype="str")
    of_looks = float(pd.Series(found)[names == "a"].sum())
    seen = {"found": of_looks, "detected_once": places, "on_looks": on_looks, "kerb": kerb}
    out = parked.once(
        draws,
        names,
        seen=pd.DataFrame(seen, index=["a"]),
        found_in_all=sum(found),
        empty=(pd.Series(found) == 0) & (not struck),
        spread=spread,
    )
    assert out.groups.tolist() == ["a"]
    return out


def once(draws: Draws, *known: Any, **options: Any) -> float:
    """Return the estimate."""
    return float(sums(draws, *known, **options).estimate[0])


def test_where_a_street_has_no_detection_the_ratio_is_that_of_all_looks() -> None:
    """On its only look nobody sees any; elsewhere 12 were counted of 8: 5 places hold 7.5."""
    assert once(survey(0.0, 12.0), ["a", None], [0.0, 8.0], 5.0) == pytest.approx(7.5)
    assert once(survey(0.2, 12.0), ["a", None], [0.0, 8.0], 5.0) == pytest.approx(7.7)


def test_what_is_detected_on_its_looks_has_the_ratio_of_its_looks() -> None:
    """6 of 4 on its own looks, 2 of 4 elsewhere: 4 places, all on looks, hold the 6 counted."""
    found = once(survey(6.0, 2.0), ["a", None], [4.0, 4.0], 4.0, on_looks=4.0)
    assert found == pytest.approx(6.0)


@pytest.mark.parametrize(("spread", "ratio"), [(0.0, 1.0), (0.25, 1.1), (0.5, 1.25), (1.0, 1.4)])
def test_the_ratio_of_four_boxes_is_drawn_towards_that_of_all_looks(
    spread: float, ratio: float
) -> None:
    """6 of 4 on its looks, 10 of 12 elsewhere, 16 of 16 in all, on photos that are no looks.

    A gamma distribution of ratios with a mean of 1 and a deviation of s is worth 1 / s² boxes with
    as many bicycles: of 16, (16 + 6) / (16 + 4) = 1.1, of 4 10 / 8, of one 7 / 5.
    """
    draws = survey(6.0, 10.0)
    found = once(draws, ["a", None], [4.0, 12.0], 10.0, spread=spread)
    assert found == pytest.approx(10 * ratio)


def test_the_kerb_out_of_view_is_as_full_as_the_rest() -> None:
    whole, most = (
        once(survey(6.0, 2.0), ["a", None], [4.0, 4.0], 4.0, on_looks=4.0, kerb=kerb)
        for kerb in (1.0, 0.8)
    )
    assert most == pytest.approx(whole / 0.8)
    assert np.isnan(once(survey(6.0), ["a"], [4.0], 4.0, on_looks=4.0, kerb=np.nan))


def test_where_all_was_counted_the_range_holds_what_photos_do_not_show() -> None:
    """Poisson numbers, their mean 30 by a lognormal factor: ends beside SciPy's integral."""
    draws = survey(30.0)
    found = sums(draws, ["a"], [20.0], 20.0, on_looks=20.0)
    low, high = found.ends()
    assert (found.low == found.low.round()).all()

    def below(number: float) -> float:
        def part(z: float) -> float:
            mean = 30 * np.exp(parked.HIDDEN * z)
            return float(stats.poisson.cdf(number, mean) * stats.norm.pdf(z))

        return float(integrate.quad(part, -6, 6)[0])

    assert below(low[0] - 2) < 0.025 < below(low[0] + 1)
    assert below(high[0] - 2) < 0.975 < below(high[0] + 1)


def test_where_looks_show_a_part_the_range_is_wider_the_fewer_boxes_they_have() -> None:
    widths = []
    for times in (1, 4, 16):
        draws = survey(6.0 * times)
        found = sums(draws, ["a"], [4.0 * times], 100.0, on_looks=0.0)
        assert found.estimate == pytest.approx([150.0])
        low, high = found.ends()
        widths.append(float(high[0] - low[0]))
    assert widths[0] > 1.2 * widths[1] > 1.2 * widths[2]


def test_what_streets_share_moves_all_of_them_in_the_same_draws() -> None:
    """So that the range of a sum is not that of streets which err each for itself.

    Of 900 bicycles, chance makes 30 and what is hidden 0.2 * 900 = 180: 180² / (180² + 30²).
    """
    seen = {"found": 600.0, "detected_once": 600.0, "on_looks": 600.0, "kerb": 1.0}
    found = parked.once(
        survey(900.0, 900.0),
        pd.Series(["a", "b"]),
        seen=pd.DataFrame(seen, index=["a", "b"]),
        found_in_all=1200.0,
        empty=pd.Series([False, False]),
        spread=0.25,
    )
    assert np.corrcoef(found.low.T)[0, 1] == pytest.approx(0.973, abs=0.01)


def test_where_nothing_is_detected_on_any_look_there_is_no_ratio() -> None:
    for struck in (False, True):
        found = sums(survey(0.2, 3.0), ["a", None], [0.0, 0.0], 5.0, struck=struck)
        assert np.isnan(found.estimate).all()
        assert np.isnan(found.low).all()


def test_where_nothing_is_detected_at_all_what_was_missed_is_all_there_is() -> None:
    assert once(survey(2.0, 3.0), ["a", None], [0.0, 0.0], 0.0) == 2.0
