"""Estimates from hand counts: sums that close, figures that do not hang on the order of rows."""

import numpy as np
import pandas as pd
import pytest

import geobike
from geobike import schema
from geobike.errors import InputError
from geobike.estimates import sampling
from geobike.estimates.figures import Rate

pytestmark = pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
DRAWS = 300


def survey(looks: int = 900, seed: int = 3) -> tuple[pd.DataFrame, "pd.Series[float]"]:
    """Return an exposure frame in which looks lie on borders, and the truth by photo."""
    rng = np.random.default_rng(seed)
    names = [f"{number:04}.jpg" for number in range(looks)]
    found = rng.poisson(rng.gamma(0.4, 8, looks))
    west = rng.binomial(found, 0.6)
    share = rng.choice([0.3, 0.7, 1.0], looks)
    area = rng.integers(0, 9, looks).astype(str)
    other = np.where(rng.random(looks) < 0.2, None, rng.integers(0, 9, looks).astype(str))
    rows = {"stop_id": names, "photo_id": names, "weight": 1.0}
    here = pd.DataFrame(rows | {"area_id": area, "share": share, "bicycle_count": west})
    there = pd.DataFrame(
        rows | {"area_id": other, "share": 1 - share, "bicycle_count": found - west}
    )
    true = pd.Series(rng.poisson(found * 1.3 + 0.05).astype(float), index=names)
    return schema.table(schema.EXPOSURE, pd.concat([here, there], ignore_index=True)), true


def counted(exposure: pd.DataFrame, true: "pd.Series[float]", seed: int = 0) -> pd.DataFrame:
    """Return the hand counts of photos that geobike draws."""
    drawn = sampling.draw(geobike.find_looks(exposure), seed=seed)
    counts = {"photo_id": drawn["file"], "bicycles": true.loc[drawn["file"]].to_numpy()}
    return schema.table(schema.HAND_COUNTS, counts | {"origin": drawn["origin"]})


@pytest.fixture(scope="module")
def exposed() -> tuple[pd.DataFrame, "pd.Series[float]", pd.DataFrame]:
    exposure, true = survey()
    return exposure, true, counted(exposure, true)


def estimated(exposed: tuple, **options: object) -> geobike.Estimates:
    exposure, _, by_hand = exposed
    options = {"draws": DRAWS} | options
    return geobike.estimate(geobike.find_looks(exposure), exposure, by_hand, **options)


def test_areas_and_what_lies_outside_add_up_to_the_whole(exposed: tuple) -> None:
    found = estimated(exposed)
    parts = found.draws.parts
    every = found.draws.sums(parts["area_id"].fillna("outside"))
    whole = found.draws.sums(pd.Series("all", index=parts.index))
    for name in ("estimate", "low", "high"):
        one = getattr(every, name).sum(axis=-1)
        assert one == pytest.approx(getattr(whole, name)[..., 0], rel=1e-9), name
    stops = parts["stops"].sum()
    assert found.whole.bicycles_per_stop * stops == pytest.approx(every.estimate.sum(), rel=1e-9)
    assert (every.groups == "outside").any()


def test_any_other_grouping_sums_the_same_draws(exposed: tuple) -> None:
    found = estimated(exposed)
    parts = found.draws.parts
    half = parts["stop_id"].where(parts["stop_id"] < "0450")
    rest = parts["stop_id"].where(parts["stop_id"] >= "0450")
    some = [found.draws.sums(one.where(one.isna(), "x")) for one in (half, rest)]
    whole = found.draws.sums(pd.Series("all", index=parts.index))
    assert some[0].low + some[1].low == pytest.approx(whole.low, rel=1e-9)


def test_a_count_by_hand_is_taken_as_it_is_and_others_by_the_ratio(exposed: tuple) -> None:
    exposure, _, by_hand = exposed
    found = estimated(exposed)
    looks = geobike.find_looks(exposure).sort_values("photo_id").set_index("photo_id")
    stratum = pd.cut(looks["bicycle_count"].astype(int), [-1, 0, 2, 5, 10, 999], labels=False)
    x, y = looks["bicycle_count"].astype(float), by_hand.set_index("photo_id")["bicycles"]
    expected = y.reindex(looks.index)
    for one in range(5):
        here = stratum == one
        known = here & expected.index.isin(y.index)
        rest = here & ~known
        if one == 0:
            expected[rest] = y[known[known].index].mean()
        else:
            expected[rest] = x[rest] * y[known[known].index].sum() / x[known].sum()
    assert found.draws.expected == pytest.approx(expected.to_numpy())
    assert found.whole.bicycles_per_stop == pytest.approx(expected.mean())


def test_the_same_seed_gives_the_same_figures_whatever_the_order_of_rows(exposed: tuple) -> None:
    exposure, true, by_hand = exposed
    first = estimated(exposed)
    mixed = (
        exposure.sample(frac=1, random_state=1, ignore_index=True),
        true,
        by_hand.sample(frac=1, random_state=2, ignore_index=True),
    )
    pd.testing.assert_frame_equal(estimated(mixed).areas, first.areas, rtol=1e-9)
    other = estimated(exposed, seed=1).areas["bicycles_per_stop_high"]
    assert (other != first.areas["bicycles_per_stop_high"]).any()
    assert estimated(exposed, seed=1).whole.bicycles_per_stop == first.whole.bicycles_per_stop


def test_photos_that_somebody_chose_do_not_enter(exposed: tuple) -> None:
    exposure, true, by_hand = exposed
    left = true.index.difference(by_hand["photo_id"])[:50]
    own = {"photo_id": left, "bicycles": 200.0, "origin": "own"}
    more = pd.concat([by_hand, schema.table(schema.HAND_COUNTS, own)], ignore_index=True)
    found = estimated((exposure, true, more))
    pd.testing.assert_frame_equal(found.areas, estimated(exposed).areas)


def test_a_range_that_a_person_gave_is_drawn_from(exposed: tuple) -> None:
    exposure, true, _ = exposed
    full = true.idxmax()
    names = true.index
    counts = schema.table(
        schema.HAND_COUNTS, {"photo_id": names, "bicycles": true.to_numpy(), "origin": "list"}
    )
    exact = estimated((exposure, true, counts))
    assert exact.whole.low == exact.whole.high == exact.whole.bicycles_per_stop
    said = f"{true.mean():.2g} bicycles per stop, all counted by eye; the detector alone says "
    assert exact.sentences()[0].startswith(said)
    counts.loc[counts["photo_id"] == full, ["bicycles", "bicycles_high"]] = [40.0, 55.0]
    found = estimated((exposure, true, counts), draws=4000)
    rest = true.drop(full).sum()
    # Uniform from 40 to 55: 95 % of it lie between 40.375 and 54.625.
    assert found.whole.low * len(true) - rest == pytest.approx(40.375, abs=0.1)
    assert found.whole.high * len(true) - rest == pytest.approx(54.625, abs=0.1)
    assert found.whole.bicycles_per_stop * len(true) - rest == pytest.approx(47.5)


def test_a_narrow_range_is_said_with_the_digits_that_tell_its_ends_apart() -> None:
    assert Rate(1.7, 1.68, 1.72, 1.2).in_words == "1.7 bicycles per stop (1.68 to 1.72, 95 %)"
    assert Rate(1.7, 1.4, 2.1, 1.2).in_words == "1.7 bicycles per stop (1.4 to 2.1, 95 %)"


def test_no_bicycle_found_by_hand_is_a_range_from_zero() -> None:
    exposure, true = survey()
    none = exposure.assign(bicycle_count=exposure["bicycle_count"] * 0)
    found = estimated((none, true, counted(none, true * 0)))
    assert found.whole.bicycles_per_stop == 0
    assert (found.areas["bicycles_per_stop_low"] == 0).all()
    assert found.areas["bicycles_per_stop_high"].max() > 0
    assert "nan" not in " ".join(found.sentences())


def test_summary_says_how_many_of_100_bicycles_the_detector_finds(exposed: tuple) -> None:
    found = estimated(exposed)
    held = found.as_dict()
    rate = 100 * held["detected_per_stop"] / held["bicycles_per_stop"]
    assert f"Of 100 bicycles that a person counts, it finds {rate:.0f}." in held["sentences"]
    assert [row["stratum"] for row in held["strata"]] == ["0", "1-2", "3-5", "6-10", "11+"]
    assert (held["draws"], held["seed"], held["area_spread"]) == (DRAWS, 0, 0.25)


@pytest.mark.parametrize("wrong", [{"draws": 5}, {"seed": -1}, {"area_spread": 1.5}])
def test_options_that_cannot_be_used_are_refused(exposed: tuple, wrong: dict) -> None:
    with pytest.raises(InputError, match=next(iter(wrong)).replace("_", " ")):
        estimated(exposed, **wrong)
