"""What a planner asks of an evaluation: how many were missed, where, and on which photos."""

import dataclasses
from pathlib import Path

import pandas as pd
import pytest

import geobike
from geobike.errors import GeobikeWarning, InputError
from geobike.estimates import hand_counts
from geobike.evaluation import agreement, words
from tests.support.making import FakeDetector, photo, squares


def evaluation(counted: list[int], true: list[int], origin: str = "own") -> agreement.Evaluation:
    names = [f"{number}.jpg" for number in range(len(true))]
    photos = pd.DataFrame({"photo_id": names, "counted": counted, "true": true, "origin": origin})
    at = agreement.agree(photos["counted"], photos["true"])
    return agreement.Evaluation(photos, at, 0.5, pd.DataFrame())


def said(counted: list[int], true: list[int], origin: str = "own") -> str:
    return "\n".join(words.sentences(evaluation(counted, true, origin)))


def test_what_is_missed_is_said_first_and_photos_without_bicycles_apart() -> None:
    lines = said([60, 20, 4, 2, 0], [80, 30, 0, 0, 0]).splitlines()
    assert lines[0] == "Counted 86 of 110 bicycles, 22% missed."
    assert lines[1] == "On 2 photos with bicycles: 80 of 110, 27% missed."
    assert lines[2] == "On 3 photos without: 6 counted that are none, on 2 photos."


def test_too_many_are_not_missed() -> None:
    assert said([12], [10]).startswith("Counted 12 of 10 bicycles, 20% too many.")


def test_where_nobody_saw_a_bicycle_no_share_is_said() -> None:
    assert said([0, 0], [0, 0]).startswith(
        "Counted 0 of 0 bicycles.\nOn 2 photos without: none counted."
    )


def test_the_worst_five_are_named_and_none_that_is_right() -> None:
    counted, true = [1, 2, 3, 4, 5, 6, 7], [1, 3, 5, 7, 9, 11, 2]
    worst = words.worst_photos(evaluation(counted, true))
    assert worst["photo_id"].tolist() == ["5.jpg", "6.jpg", "4.jpg", "3.jpg", "2.jpg"]
    assert "Furthest off: 5.jpg 6 of 11; 6.jpg 7 of 2;" in said(counted, true)
    assert "Furthest off" not in said([3, 0], [3, 0])


@pytest.mark.parametrize(
    ("origin", "who"),
    [
        ("own", "Whether chance drew these 2 photos is not known: only if it did do the figures"),
        ("list", "2 photos were drawn. Of full ones more are drawn, so these figures are of these"),
    ],
)
def test_it_says_whether_chance_chose_the_photos(origin: str, who: str) -> None:
    assert said([1, 2], [1, 2], origin).splitlines()[-1].startswith(who)


def test_where_all_photos_were_counted_nothing_was_left_to_chance() -> None:
    whole = dataclasses.replace(evaluation([1, 2], [1, 2]), of=2)
    last = words.sentences(whole)[-1]
    assert last == "All 2 photos that the survey counted are compared: nothing was left to chance."
    assert "chance drew" in words.sentences(dataclasses.replace(whole, of=3))[-1]


@pytest.fixture
def survey(tmp_path: Path) -> Path:
    """Three photos that show 3, 5 and 0 bicycles, drawn to be counted."""
    for place, (name, width) in enumerate({"a": 30, "b": 50, "c": 8}.items()):
        photo(tmp_path / f"{name}.jpg", lon_lat=(4.001 + place / 500, 52.005), size=(width, 20))
    areas = squares(tmp_path / "areas.geojson", ["a"])
    plan = geobike.Survey(photos=tmp_path, areas=areas, detector=FakeDetector())
    geobike.run(plan, store=tmp_path / "store.sqlite").write(tmp_path / "out")
    geobike.draw_sample(tmp_path / "out")
    return tmp_path / "out"


def typed(survey: Path, **counts: str) -> Path:
    """Type counts into the drawn table, and change its threshold: that is no matter here."""
    path = survey / hand_counts.FILE_NAME
    rows = hand_counts.read_drawn(path)
    rows["bicycles"] = rows["file"].str.removesuffix(".jpg").map(lambda name: counts.get(name, ""))
    hand_counts.write(rows.assign(threshold="0.7"), path)
    return path


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_hand_counts_that_were_drawn_are_compared(survey: Path) -> None:
    found = geobike.evaluate(typed(survey, a="4", b="5-9", c="?"), survey)
    rows = found.photos.set_index("photo_id")
    assert rows["true"].to_dict() == {"a.jpg": 4, "b.jpg": 5}  # 5 is one of 5 to 9
    assert rows["counted"].to_dict() == {"a.jpg": 3, "b.jpg": 5}
    assert set(rows["origin"]) == {"list"}
    assert (rows.loc["b.jpg", "low"], rows.loc["b.jpg", "high"]) == (5, 9)
    assert found.agreement.mean_absolute_error == 0.5
    assert words.sentences(found)[0] == "Counted 8 of 9 bicycles, 11% missed."
    assert words.worst_photos(found)["photo_id"].tolist() == ["a.jpg"]


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
@pytest.mark.parametrize(
    ("by_hand", "sentence"),
    [
        ("2-9", "Counted 3 of 3 bicycles."),
        ("6-9", "Counted 3 of 6 bicycles, 50% missed."),
        ("1-2", "Counted 3 of 2 bicycles, 50% too many."),
    ],
)
def test_sentences_and_figures_agree_on_what_a_range_holds(
    survey: Path, by_hand: str, sentence: str
) -> None:
    found = geobike.evaluate(typed(survey, a=by_hand), survey)
    off = sum(abs(int(number)) for number in found.photos["counted"] - found.photos["true"])
    assert found.agreement.mean_absolute_error == off
    assert words.sentences(found)[0] == sentence
    assert any("Furthest off" in line for line in words.sentences(found)) == (off > 0)


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_photos_that_nobody_counted_are_no_zeros(survey: Path) -> None:
    with pytest.warns(GeobikeWarning, match="2 photos are not counted by hand yet, or cannot be"):
        found = geobike.evaluate(typed(survey, a="4"), survey)
    assert found.photos["photo_id"].tolist() == ["a.jpg"]
    with pytest.raises(InputError, match="holds no count of a photo that the survey counted"):
        geobike.evaluate(typed(survey), survey)


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_a_photo_on_a_sheet_that_is_done_shows_none(survey: Path) -> None:
    path = typed(survey, a="3", b="5")
    rows = hand_counts.read_drawn(path)
    rows.loc[rows["origin"] == "sheet", "page_done"] = "yes"
    hand_counts.write(rows, path)
    found = geobike.evaluate(path, survey).photos.set_index("photo_id")
    assert found["true"].to_dict() == {"a.jpg": 3, "b.jpg": 5, "c.jpg": 0}
    assert found["origin"].to_dict() == {"a.jpg": "list", "b.jpg": "list", "c.jpg": "sheet"}
