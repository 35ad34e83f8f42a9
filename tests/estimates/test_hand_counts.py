"""What people type is read as they meant it, or refused with the line and the remedy."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from geobike import schema
from geobike.errors import GeobikeWarning, InputError
from geobike.estimates import entries, hand_counts

SETTINGS: dict[str, Any] = {
    "model": "tiny",
    "version": "abc",
    "labels": ["bicycle", "cargo bike"],
    "threshold": 0.3,
    "max_overlap": 0.5,
    "count": "parked",
    "stop_distance": 20.0,
}
FOUND = {"none-1.jpg": 0, "none-2.jpg": 0, "two.jpg": 2, "four.jpg": 4, "many.jpg": 30}


@pytest.fixture
def looks() -> pd.DataFrame:
    seen = {"photo_id": list(FOUND), "stop_id": list(FOUND), "bicycle_count": list(FOUND.values())}
    return schema.table(schema.LOOKS, seen)


def rows(**cells: list[str]) -> pd.DataFrame:
    """Five drawn photos: three on a sheet, two on the list; `cells` are columns to change."""
    drawn = pd.DataFrame(
        {
            "file": list(FOUND),
            "stratum": ["0", "0", "1-2", "3-5", "11+"],
            "stratum_size": ["2", "2", "1", "1", "1"],
            "drawn": ["2", "2", "1", "1", "1"],
            "origin": ["sheet"] * 3 + ["list"] * 2,
            "page": ["1"] * 3 + [""] * 2,
            **hand_counts.freeze(SETTINGS),
        }
    )
    return drawn.assign(**cells)


def read(folder: Path, looks: pd.DataFrame, drawn: pd.DataFrame, **other: Any) -> dict[str, float]:
    path = folder / "hand_counts.csv"
    hand_counts.write(drawn, path)
    found = hand_counts.read(path, looks=looks, settings=SETTINGS | other)
    schema.check(found, schema.HAND_COUNTS)
    return dict(zip(found["photo_id"], found["bicycles"], strict=True))


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("7", 7, None),
        (" 12 ", 12, None),
        ("12.0", 12, None),
        ("40-55", 40, 55),
        ("40 \u2013 55", 40, 55),
        ("40 to 55", 40, 55),
        ("6-6", 6, None),
        ("0", 0, None),
    ],
)
def test_a_number_or_a_range_is_a_count(text: str, low: int, high: int | None) -> None:
    assert entries.parse(text) == entries.Entry(low, high)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("-3", "'-3' is not a count; type a whole number such as 7"),
        ("3.5", "'3.5' is not a count"),
        ("1,000", "'1,000' is not a count"),  # a thousand, or one?
        ("1e9", "'1e9' is not a count"),
        ("99999", "more than 5,000 bicycles on one photo"),
        ("=1+1", "'=1\\+1' is not a count"),
        ("many", "'many' is not a count"),
        ("55-40", "55-40 ends below where it begins"),
        ("4-May", "'4-May' looks like a date, which spreadsheets make of a range"),
        ("05-apr", "looks like a date"),
        ("Oct-12", "looks like a date"),
        ("2026-05-04", "looks like a date"),
        ("4/5/2026", "looks like a date"),
    ],
)
def test_what_is_no_count_is_refused_with_what_to_type(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        entries.parse(text)


def test_an_empty_photo_is_no_bicycle_only_once_its_page_is_done(
    tmp_path: Path, looks: pd.DataFrame
) -> None:
    typed = ["", "", "3", "", ""]
    before = read(tmp_path, looks, rows(bicycles=typed))
    assert before["two.jpg"] == 3
    assert np.isnan([before[name] for name in ("none-1.jpg", "none-2.jpg", "four.jpg")]).all()
    done = read(tmp_path, looks, rows(bicycles=typed, page_done=["", "yes", "", "", ""]))
    assert (done["none-1.jpg"], done["none-2.jpg"], done["two.jpg"]) == (0, 0, 3)
    assert np.isnan(done["four.jpg"])  # on the list, empty is not counted


@pytest.mark.parametrize("typed", ["?", "x", "Cannot be judged"])
def test_what_cannot_be_judged_is_never_zero(
    tmp_path: Path, looks: pd.DataFrame, typed: str
) -> None:
    drawn = rows(bicycles=[typed, "", "", typed, "7"], page_done=["yes"] * 3 + [""] * 2)
    found = read(tmp_path, looks, drawn)
    assert np.isnan(found["none-1.jpg"])
    assert np.isnan(found["four.jpg"])
    assert found["none-2.jpg"] == 0


def test_ridden_bicycles_are_taken_off_where_parked_ones_count(
    tmp_path: Path, looks: pd.DataFrame
) -> None:
    drawn = rows(bicycles=["", "", "", "5", "40-55"], ridden=["", "", "", "1", "2"])
    path = tmp_path / "hand_counts.csv"
    hand_counts.write(drawn, path)
    found = hand_counts.read(path, looks=looks, settings=SETTINGS).set_index("photo_id")
    assert found["bicycles"]["four.jpg"] == 4
    assert found.loc["many.jpg", ["bicycles", "bicycles_high"]].tolist() == [38, 53]
    drawn["count"] = "all"
    assert read(tmp_path, looks, drawn, count="all")["four.jpg"] == 5


def test_a_file_that_went_through_a_dutch_spreadsheet_is_the_same(
    tmp_path: Path, looks: pd.DataFrame
) -> None:
    drawn = rows(bicycles=["", "", "1", "4", "33"], page_done=["WAAR"] * 3 + ["ONWAAR"] * 2)
    as_it_was = read(tmp_path, looks, drawn)
    changed = drawn.assign(
        stratum=["0", "0", "2-jan", "5-mrt", "11+"], threshold="0,30", stop_distance="20,00"
    )
    path = tmp_path / "saved.csv"
    hand_counts.write(changed, path)
    text = pd.read_csv(path, dtype=str, keep_default_na=False).to_csv(index=False, sep=";")
    path.write_text(text, "utf-8-sig")
    found = hand_counts.read(path, looks=looks, settings=SETTINGS)
    assert dict(zip(found["photo_id"], found["bicycles"], strict=True)) == as_it_was
    assert found["stratum"].tolist() == ["0", "0", "1-2", "3-5", "11+"]


def test_names_that_a_spreadsheet_would_run_are_kept_and_do_not_run(tmp_path: Path) -> None:
    names = ["=cmd|1.jpg", "'=b.jpg", "+c.jpg", "plain.jpg", "'quoted'.jpg"]
    path = tmp_path / "hand_counts.csv"
    hand_counts.write(pd.DataFrame({"file": names}), path)
    assert "\n=" not in path.read_text()
    assert ",=" not in path.read_text()
    assert hand_counts.read_drawn(path)["file"].tolist() == names


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"bicycles": ["", "", "", "4", "3.5"]}, "line 6: '3.5' is not a count"),
        ({"bicycles": ["", "", "", "4", ""], "ridden": ["", "", "", "5", ""]}, "line 5: 5 are rid"),
        ({"page_done": ["maybe", "", "", "", ""]}, "line 2: page_done 'maybe' is neither yes nor"),
        ({"origin": ["sheet"] * 4 + ["chosen"]}, "line 6: origin 'chosen' is none of list, sheet"),
        ({"origin": ["sheet"] * 4 + [""]}, "line 6: has a stratum and no origin"),
        (
            {"threshold": ["0.5"] * 5},
            "line 2: was drawn with threshold 0.5, and the survey has 0.3",
        ),
        ({"model_version": ["old"] * 5}, "with model_version old, and the survey has abc; run geo"),
        ({"model": [""] * 5}, "was drawn with model not given, and the survey has tiny"),
        ({"labels": ["bicycle"] * 5}, "was drawn with labels bicycle, and the survey has bicycle;"),
        ({"stop_distance": ["25"] * 5}, "was drawn with stop_distance 25, and the survey has 20"),
        ({"stratum": ["0", "0", "1-2", "6-10", "11+"]}, "four.jpg was drawn from stratum 6-10 and"),
        ({"stratum_size": ["3", "3", "1", "1", "1"]}, "stratum 0 had 3 looks when photos were dra"),
        ({"file": ["gone.jpg", *list(FOUND)[1:]]}, "line 2: gone.jpg was drawn, and is the photo"),
    ],
)
def test_a_file_that_cannot_be_used_says_where_and_why(
    tmp_path: Path, looks: pd.DataFrame, cells: dict[str, list[str]], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        read(tmp_path, looks, rows(**cells))


def test_one_photo_has_one_count(tmp_path: Path, looks: pd.DataFrame) -> None:
    drawn = rows(bicycles=["", "", "", "4", ""])
    own = pd.DataFrame({"file": ["many.jpg", "four.jpg"], "origin": "own"})
    once = read(tmp_path, looks, pd.concat([drawn, own.assign(bicycles=["33", "4"])]))
    assert (once["many.jpg"], once["four.jpg"], len(once)) == (33, 4, 5)
    with pytest.raises(InputError, match=r"line 8: four\.jpg stands in the file twice, with two"):
        read(tmp_path, looks, pd.concat([drawn, own.assign(bicycles=["33", "5"])]))


def test_a_photo_that_was_chosen_and_not_drawn_is_ones_own(
    tmp_path: Path, looks: pd.DataFrame
) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("File;Bicycles\nfour.jpg;4\nelsewhere.jpg;2\n")
    found = hand_counts.read(path, looks=looks, settings=SETTINGS)
    assert found["origin"].tolist() == ["own", "own"]
    assert found["stratum"].isna().all()
    assert found["photo_id"].tolist() == ["four.jpg", "elsewhere.jpg"]


def test_rows_that_somebody_removed_are_said(tmp_path: Path, looks: pd.DataFrame) -> None:
    with pytest.warns(GeobikeWarning, match="1 drawn photo has no row in the hand counts any mo"):
        read(tmp_path, looks, rows(bicycles=["1"] * 5).iloc[1:])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no column file"),
        (b"file,number\na.jpg,3\n", "no column bicycles; the columns are file, number"),
        (b"PK\x03\x04", "an Excel or OpenDocument workbook; save it as CSV UTF-8"),
        (b"file,bicycles\na.jpg,3,4\n", "line 2: 3 cells where the header has 2"),
        (b"file,bicycles\n\xe9.jpg,3\n", "not UTF-8"),
        (b"file,bicycles,bicycles\na.jpg,3,9\n", "column bicycles twice"),
    ],
)
def test_what_is_no_table_of_counts_is_refused(
    tmp_path: Path, looks: pd.DataFrame, content: bytes, said: str
) -> None:
    path = tmp_path / "hand_counts.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        hand_counts.read(path, looks=looks, settings=SETTINGS)
    with pytest.raises(InputError, match=r"nowhere\.csv: cannot be read: No such file"):
        hand_counts.read(tmp_path / "nowhere.csv", looks=looks, settings=SETTINGS)


def test_a_column_of_ridden_ones_that_nobody_filled_in_is_told_of(
    tmp_path: Path, looks: pd.DataFrame
) -> None:
    path = tmp_path / "hand_counts.csv"
    riders = pd.Series({"two.jpg": 1, "four.jpg": 1, "none-1.jpg": 4})  # nobody counted the last

    def said(ridden: list[str]) -> list[str]:
        hand_counts.write(rows(bicycles=["", "", "2", "4", "?"], ridden=ridden), path)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            hand_counts.read(path, looks=looks, settings=SETTINGS, ridden=riders)
        return [str(one.message) for one in caught]

    (told,) = said([""] * 5)
    assert "the column ridden is empty" in told
    assert "the detector saw riders on 2 of them" in told
    assert not said(["", "", "", "0", ""])
