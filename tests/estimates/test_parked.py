"""Bicycles that stand in a street, each place once, worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from geobike.estimates import parked
from geobike.estimates.draws import Draws


def survey(*bicycles: float, share: float = 1.0) -> Draws:
    """Looks that were all counted by hand, one part each, in no area: the same in every draw."""
    count = len(bicycles)
    parts = pd.DataFrame({"look": np.arange(count), "area_id": None, "part": share})
    return Draws(
        parts=parts,
        counted=np.arange(count),
        bicycles=np.tile(bicycles, (3, 1)),
        expected=np.array(bicycles),
        found=np.zeros(count),
        pools=(),
        factor=np.ones((3, 1)),
        areas=pd.Index([], dtype="str"),
        seed=np.random.SeedSequence(0),
    )


def once(
    draws: Draws,
    labels: list[str | None],
    found: list[float],
    places: float,
    *,
    struck: bool = False,
) -> float:
    """Return what stands in street a, where `places` are detected once.

    Where boxes were `struck` out, a look has none now and is not empty for that.
    """
    names = pd.Series(labels, dtype="str")
    sums = parked.once(
        draws,
        names,
        found=pd.Series(found).groupby(names).sum(),
        found_in_all=sum(found),
        detected_once=pd.Series({"a": places}),
        empty=(pd.Series(found) == 0) & (not struck),
    )
    assert sums.groups.tolist() == ["a"]
    for drawn in (sums.low, sums.high):
        assert drawn == pytest.approx(np.tile(sums.estimate, (3, 1)), nan_ok=True)
    return float(sums.estimate[0])


def test_where_a_street_has_no_detection_the_ratio_is_that_of_all_looks() -> None:
    """On its only look nobody sees any; elsewhere 12 were counted of 8: 5 places hold 7.5."""
    assert once(survey(0.0, 12.0), ["a", None], [0.0, 8.0], 5.0) == pytest.approx(7.5)
    assert once(survey(0.2, 12.0), ["a", None], [0.0, 8.0], 5.0) == pytest.approx(7.7)


def test_a_street_with_detections_has_its_own_ratio() -> None:
    assert once(survey(6.0, 12.0), ["a", None], [4.0, 4.0], 5.0) == pytest.approx(7.5)


def test_where_nothing_is_detected_on_any_look_there_is_no_ratio() -> None:
    assert np.isnan(once(survey(0.2, 3.0), ["a", None], [0.0, 0.0], 5.0))
    assert np.isnan(once(survey(0.2, 3.0), ["a", None], [0.0, 0.0], 5.0, struck=True))


def test_where_nothing_is_detected_at_all_what_was_missed_is_all_there_is() -> None:
    assert once(survey(2.0, 3.0), ["a", None], [0.0, 0.0], 0.0) == 2.0
