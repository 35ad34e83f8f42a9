"""What is drawn to be counted by hand is a sample: of the right size, by chance, and for good."""

import numpy as np
import pandas as pd
import pytest

from geobike import schema
from geobike.errors import GeobikeWarning, InputError
from geobike.estimates import sampling, strata


def survey(**sizes: int) -> pd.DataFrame:
    """A looks frame with so many looks of 0, 1, 4, 8 and 20 bicycles (`of_4=30`)."""
    counts = [int(name.removeprefix("of_")) for name, size in sizes.items() for _ in range(size)]
    names = [f"day{n % 7}/{n:05}.jpg" for n in range(len(counts))]
    seen = {"photo_id": names, "stop_id": names, "bicycle_count": counts}
    return schema.table(schema.LOOKS, seen)


TOWN = {"of_0": 1500, "of_1": 300, "of_4": 200, "of_8": 100, "of_20": 60}


def sizes_of(drawn: pd.DataFrame) -> dict[str, int]:
    return {str(name): int(size) for name, size in drawn["stratum"].value_counts().items()}


def test_the_list_is_drawn_by_looks_and_bicycles_and_the_sheets_by_looks() -> None:
    found = sizes_of(sampling.draw(survey(**TOWN)))
    # 200 x (0.5 + 2), 100 x (0.5 + 4), 60 x (0.5 + 10) = 500, 450, 630 of 1,580 for 60 photos,
    # and .7 x 1,500, 1.3 x 300 = 1,050, 390 of 1,440 for 180
    assert found == {"3-5": 19, "6-10": 17, "11+": 24, "0": 131, "1-2": 49}


def test_every_stratum_is_counted_at_least_eight_times_or_as_a_whole() -> None:
    few = survey(of_0=2000, of_1=10, of_4=900, of_8=12, of_20=3)
    assert sizes_of(sampling.draw(few)) == {"3-5": 49, "6-10": 8, "11+": 3, "0": 174, "1-2": 6}
    with pytest.warns(GeobikeWarning, match="the whole survey none: that takes --list 60"):
        short = sampling.draw(few, list_size=30)
    assert sizes_of(short)["6-10"] == 6


def test_a_page_has_sixty_photos_and_its_share_of_each_stratum() -> None:
    drawn = sampling.draw(survey(**TOWN))
    pages = drawn[drawn["origin"] == "sheet"].groupby("page")
    assert pages.size().tolist() == [60, 60, 60]
    assert [group["number"].tolist() for _, group in pages] == [list(range(1, 61))] * 3
    empty = pages["stratum"].apply(lambda stratum: (stratum == "0").sum())
    assert empty.between(43, 44).all()


def test_whoever_stops_half_way_has_counted_half_of_each_stratum() -> None:
    drawn = sampling.draw(survey(**TOWN))
    half = drawn[drawn["origin"] == "list"].head(30)
    assert sizes_of(half) == pytest.approx({"3-5": 9.5, "6-10": 8.5, "11+": 12}, abs=0.5)


def test_the_same_seed_draws_the_same_photos_in_whatever_order_they_come() -> None:
    looks = survey(**TOWN)
    drawn = sampling.draw(looks, seed=7)
    mixed = looks.sample(frac=1, random_state=1).reset_index(drop=True)
    pd.testing.assert_frame_equal(sampling.draw(mixed, seed=7), drawn)
    assert set(sampling.draw(looks, seed=8)["file"]) != set(drawn["file"])


def test_a_larger_sample_holds_the_smaller_and_leaves_its_pages_as_they_are() -> None:
    looks = survey(**TOWN)
    small = sampling.draw(looks)
    large = sampling.draw(looks, list_size=100, sheets=5)
    assert set(small["file"]) < set(large["file"])
    sheets = small["origin"] == "sheet"
    same = large[large["page"].le(3).fillna(False)]
    assert same["file"].tolist() == small.loc[sheets, "file"].tolist()


def test_no_photo_is_drawn_twice_and_each_comes_from_its_stratum() -> None:
    looks = survey(**TOWN)
    drawn = sampling.draw(looks)
    assert drawn["file"].is_unique
    of = strata.of(looks["bicycle_count"]).set_axis(looks["photo_id"])
    assert (drawn["stratum"].to_numpy() == of[drawn["file"]].to_numpy()).all()
    assert drawn.groupby("stratum")["stratum_size"].first().to_dict() == {
        "0": 1500, "1-2": 300, "3-5": 200, "6-10": 100, "11+": 60,
    }  # fmt: skip
    assert (drawn["drawn"] == drawn["stratum"].map(sizes_of(drawn))).all()


def test_every_look_is_drawn_equally_often() -> None:
    looks = survey(of_0=100, of_4=70)
    times = pd.Series(0, index=looks["photo_id"])
    seeds = 200
    for seed in range(seeds):
        times[sampling.draw(looks, seed=seed, sheets=1)["file"]] += 1
    # 60 of 100 and 60 of 70: by the binomial distribution, all within 5 standard deviations.
    for share, counted in ((0.6, times[:100]), (60 / 70, times[100:])):
        spread = np.sqrt(seeds * share * (1 - share))
        assert counted.mean() == pytest.approx(seeds * share)
        assert (abs(counted - seeds * share) < 5 * spread).all()
        assert counted.var() == pytest.approx(spread**2, rel=0.5)


def test_where_there_are_fewer_looks_than_asked_for_all_are_counted_and_it_says_so() -> None:
    small = survey(of_0=60, of_1=50, of_4=12, of_8=3)
    with pytest.warns(GeobikeWarning) as said:
        drawn = sampling.draw(small)
    assert len(drawn) == len(small)
    listed, on_sheets = (str(one.message) for one in said)
    assert listed.startswith("15 looks show 3 bicycles or more by the detector, and 60 were to be")
    assert on_sheets.startswith("110 looks show 2 bicycles or fewer by the detector, and 180 were")
    assert on_sheets.endswith("all are on them")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"list_size": 29}, "--list 29 is not from 30 to 5,000"),
        ({"list_size": 10**9}, "--list 1000000000 is not from 30"),
        ({"sheets": 0}, "--sheets 0 is not from 1 to 100; without any, what the detector missed"),
    ],
)
def test_sizes_that_cannot_be_are_refused(options: dict[str, int], said: str) -> None:
    with pytest.raises(InputError, match=said):
        sampling.draw(survey(**TOWN), **options)


def test_a_survey_without_looks_has_nothing_to_draw() -> None:
    with pytest.raises(InputError, match="no photo of this survey was counted"):
        sampling.draw(schema.table(schema.LOOKS, {"photo_id": []}))


def test_it_takes_half_an_hour() -> None:
    assert sampling.minutes(sampling.draw(survey(**TOWN))) == 60 * 25 / 60 + 180 * 3 / 60 == 34


def test_a_short_list_of_a_small_survey_is_told_of_all_that_there_is() -> None:
    with pytest.warns(GeobikeWarning, match="the whole survey none: that takes --list 35"):
        sampling.draw(survey(of_0=98, of_4=29, of_8=6), list_size=30)
