"""Whoever draws again loses no count, and is told where that cannot be."""

from pathlib import Path

import pandas as pd
import pytest

from geobike import schema
from geobike.errors import InputError
from geobike.estimates import hand_counts, redraw, sampling

FROZEN = hand_counts.freeze(
    {
        "model": "tiny",
        "version": "1",
        "labels": ["bicycle"],
        "threshold": 0.3,
        "max_overlap": 0.5,
        "count": "parked",
        "stop_distance": 20.0,
    }
)
PATH = Path("hand_counts.csv")


@pytest.fixture(scope="module")
def looks() -> pd.DataFrame:
    names = [f"{number:04}.jpg" for number in range(1000)]
    found = {"photo_id": names, "stop_id": names, "bicycle_count": [0, 0, 0, 1, 7] * 200}
    return schema.table(schema.LOOKS, found)


def drawn(looks: pd.DataFrame, **options: int) -> pd.DataFrame:
    return sampling.draw(looks, **options).assign(**FROZEN)


def counted(looks: pd.DataFrame, **options: int) -> pd.DataFrame:
    """A draw of which page 1 was looked at, and every listed photo shows 9."""
    rows = redraw.as_cells(drawn(looks, **options))
    rows.loc[rows["origin"] == "list", ["bicycles", "counter"]] = ["9", "Ada"]
    rows.loc[(rows["page"] == "1") & (rows["number"] == "5"), "bicycles"] = "2"
    rows.loc[(rows["page"] == "1") & (rows["number"] == "1"), "page_done"] = "yes"
    return rows


def test_the_same_draw_again_changes_nothing(looks: pd.DataFrame) -> None:
    before = counted(looks)
    pd.testing.assert_frame_equal(redraw.with_counts(drawn(looks), before, PATH), before)


def test_a_larger_draw_keeps_what_was_counted(looks: pd.DataFrame) -> None:
    before = counted(looks)
    rows = redraw.with_counts(drawn(looks, list_size=90, sheets=5), before, PATH)
    assert (rows["bicycles"] == "9").sum() == 60
    assert (rows["counter"] == "Ada").sum() == 60
    assert (rows["origin"] == "list").sum() == 90
    page = rows[rows["page"] == "1"].reset_index(drop=True)
    first = before[before["page"] == "1"].reset_index(drop=True)
    pd.testing.assert_frame_equal(
        page.drop(columns="drawn"), first.drop(columns="drawn"), check_dtype=False
    )


def test_zeros_of_a_done_page_stay_zeros_where_pages_change(looks: pd.DataFrame) -> None:
    before = counted(looks)
    moved = before.copy()
    moved.loc[moved["page"].isin(["1", "2"]), "page"] = moved["page"].map({"1": "2", "2": "1"})
    rows = redraw.with_counts(drawn(looks), moved, PATH)
    done = set(before.loc[before["page"] == "1", "file"])
    found = rows[rows["file"].isin(done)]
    assert sorted(found["bicycles"].unique()) == ["0", "2"]
    assert (rows["page_done"] == "").all()


def test_own_photos_and_own_columns_stay(looks: pd.DataFrame) -> None:
    own = pd.DataFrame({"file": ["mine.jpg"], "bicycles": ["4"], "origin": ["own"]})
    before = pd.concat([counted(looks).assign(weather="sun"), own], ignore_index=True).fillna("")
    rows = redraw.with_counts(drawn(looks), before, PATH)
    assert rows["file"].iloc[-1] == "mine.jpg"
    assert (rows["weather"] == "sun").sum() == 60 + 60  # the list, and the page that is done


@pytest.mark.parametrize(
    ("options", "frozen", "said"),
    [
        ({"seed": 2}, {}, "holds counts of 120 photos that were drawn with seed 1, and not with 2"),
        ({"list_size": 30}, {}, "that would not be drawn any more, such as .*; draw as before or"),
        ({}, {"threshold": "0.5"}, "drawn with threshold 0.3, and not with 0.5; draw as before"),
    ],
)
@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_a_draw_that_would_lose_counts_is_refused(
    looks: pd.DataFrame, options: dict[str, int], frozen: dict[str, str], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        redraw.with_counts(drawn(looks, **options).assign(**frozen), counted(looks), PATH)


def test_a_draw_in_which_nobody_counted_is_replaced(looks: pd.DataFrame) -> None:
    before = redraw.as_cells(drawn(looks))
    rows = redraw.with_counts(drawn(looks, seed=5), before, PATH)
    assert set(rows["seed"]) == {"5"}


def test_photos_on_a_done_page_are_counted_without_a_number(looks: pd.DataFrame) -> None:
    before = counted(looks)
    assert redraw.is_counted(before).sum() == 60 + 60  # the list, and the page that is done
