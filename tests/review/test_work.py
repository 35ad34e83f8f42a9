"""What is kept of people's counts, and what stands in hand_counts.csv."""

from pathlib import Path

import pandas as pd
import pytest

from geobike.errors import InputError
from geobike.review.work import Work
from tests.support import reviewed
from tests.support.reviewed import LIST, NAMES, OTHER, PAGES

HOSTILE = NAMES.index("list/=1+1.jpg")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    reviewed.draw(tmp_path)
    return tmp_path


def work(out: Path) -> Work:
    return Work(out, pd.Series(NAMES, dtype="str"))


def say(at: Work, counter: str, name: str, typed: str, **fields: object) -> None:
    at.count(counter, NAMES.index(name), {"bicycles": typed, "confirmed": True, **fields})


def test_a_count_is_in_the_sheet_with_who_counted(out: Path) -> None:
    say(work(out), "Anna", "list/=1+1.jpg", "12", ridden="2", remark="=a rack")
    row = reviewed.sheet(out)["list/=1+1.jpg"]
    kept = [row[name] for name in ("bicycles", "bicycles_high", "ridden", "remark", "counter")]
    assert kept == ["12", "", "2", "=a rack", "Anna"]
    assert row["mine"] == "mine 4"
    assert "\n4,'=1+1.jpg" not in (out / "hand_counts.csv").read_text("utf-8")
    assert ",'=a rack," in (out / "hand_counts.csv").read_text("utf-8")


def test_a_number_half_typed_is_kept_and_counts_for_nothing(out: Path) -> None:
    work(out).count("Anna", 0, {"bicycles": "1", "confirmed": False})
    assert reviewed.sheet(out)["list/a.jpg"]["bicycles"] == ""
    again = work(out).tasks("Anna")["list"][0]
    assert (again["bicycles"], again["confirmed"]) == ("1", False)


def test_what_was_typed_is_there_again_after_the_program_was_ended(out: Path) -> None:
    say(work(out), "Anna", "list/a.jpg", "40-55", dots=[[10, 20.5, False], [30, 40, True]])
    item = work(out).tasks("Anna")["list"][0]
    assert (item["bicycles"], item["bicycles_high"], item["confirmed"]) == ("40", "55", True)
    assert item["dots"] == [[10.0, 20.5, False], [30.0, 40.0, True]]


def test_no_number_is_zero_only_on_a_page_that_is_done(out: Path) -> None:
    at = work(out)
    say(at, "Anna", "sheet/h.jpg", "2")
    assert {row["page_done"] for row in reviewed.sheet(out).values()} == {""}
    at.finish("Anna", "1", {"done": True})
    sheet = reviewed.sheet(out)
    assert [sheet[name]["page_done"] for name in PAGES["1"]] == ["yes"] * 3
    assert [sheet[name]["bicycles"] for name in PAGES["1"]] == ["", "2", ""]
    assert [sheet[name]["page_done"] for name in PAGES["2"]] == [""] * 2
    assert at.counts()[NAMES.index("sheet/g.jpg")].low == 0
    at.finish("Anna", "1", {"done": False})
    assert NAMES.index("sheet/g.jpg") not in at.counts()
    assert [reviewed.sheet(out)[name]["page_done"] for name in PAGES["1"]] == [""] * 3


def test_a_photo_that_cannot_be_judged_is_never_a_zero(out: Path) -> None:
    at = work(out)
    say(at, "Anna", "sheet/g.jpg", "?", remark="too dark")
    at.finish("Anna", "1", {"done": True})
    row = reviewed.sheet(out)["sheet/g.jpg"]
    assert (row["bicycles"], row["remark"]) == ("?", "too dark")
    assert at.counts()[NAMES.index("sheet/g.jpg")].low is None


def test_the_first_count_stands_until_two_people_settle_it(out: Path) -> None:
    at = work(out)
    say(at, "Anna", "list/a.jpg", "8")
    say(at, "Ben", "list/a.jpg", "11")
    assert reviewed.sheet(out)["list/a.jpg"]["bicycles"] == "8"
    told = at.differences()
    assert [one["said"][1]["bicycles"] for one in told["photos"]] == ["11"]
    assert told["agreements"][0]["mean_difference"] == 3
    at.settle(0, ["Ben"])
    assert [reviewed.sheet(out)["list/a.jpg"][name] for name in ("bicycles", "counter")] == [
        "11",
        "Ben",
    ]
    at.settle(0, ["Anna", "Ben"])
    row = reviewed.sheet(out)["list/a.jpg"]
    assert [row[name] for name in ("bicycles", "bicycles_high", "counter")] == [
        "8",
        "11",
        "Anna & Ben",
    ]
    say(at, "Ben", "list/a.jpg", "12")  # what two agreed on stands
    assert reviewed.sheet(work(out).path.parent)["list/a.jpg"]["bicycles_high"] == "11"


def test_the_same_count_twice_is_no_difference(out: Path) -> None:
    at = work(out)
    for counter in ("Anna", "Ben"):
        say(at, counter, "list/f.jpg", "3")
    told = at.differences()
    assert told["photos"] == []
    assert (told["counted_twice"], told["agreements"][0]["same"]) == (1, 1)


def test_nobody_sees_the_numbers_of_another(out: Path) -> None:
    at = work(out)
    say(at, "Anna", "list/a.jpg", "8", dots=[[1, 1, False]])
    item = at.tasks("Ben")["list"][0]
    assert (item["bicycles"], item["dots"]) == ("", [])


def test_what_a_spreadsheet_changes_meanwhile_is_kept(out: Path) -> None:
    at = work(out)
    say(at, "Anna", "list/a.jpg", "8")
    text = (out / "hand_counts.csv").read_text("utf-8")
    lines = text.splitlines()
    lines[6] = lines[6].replace("list/f.jpg,,", "list/f.jpg,5,")
    (out / "hand_counts.csv").write_text("\ufeff" + "\n".join(lines) + "\n", "utf-8")
    say(at, "Anna", "list/naïve 自転車.jpg", "2")
    text = (out / "hand_counts.csv").read_text("utf-8")
    assert text.startswith("\ufeff")  # without it, Excel takes the text for another code
    assert "list/f.jpg,5," in text
    assert at.counts()[LIST.index("list/f.jpg")].low == 5


def test_semicolons_of_a_spreadsheet_stay(out: Path) -> None:
    text = (out / "hand_counts.csv").read_text("utf-8").replace(",", ";")
    (out / "hand_counts.csv").write_text(text, "utf-8")
    say(work(out), "Anna", "list/a.jpg", "8")
    assert (out / "hand_counts.csv").read_text("utf-8").splitlines()[1].startswith("1;list/a.jpg;8")


def test_a_header_that_a_spreadsheet_wrote_in_capitals_is_read(out: Path) -> None:
    path = out / "hand_counts.csv"
    header, *rows = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([header.title(), *rows]) + "\n", "utf-8")
    say(work(out), "Anna", "list/a.jpg", "8")
    row = reviewed.sheet(out)["list/a.jpg"]
    assert (row["bicycles"], row["Mine"]) == ("8", "mine 1")


def test_columns_of_ones_own_that_differ_in_capitals_alone_are_both_kept(out: Path) -> None:
    path = out / "hand_counts.csv"
    header, *rows = path.read_text("utf-8").splitlines()
    changed = [f"{header},Note,note", *(f"{row},upper,lower" for row in rows)]
    path.write_text("\n".join(changed) + "\n", "utf-8")
    say(work(out), "Anna", "list/a.jpg", "8")
    row = reviewed.sheet(out)["list/a.jpg"]
    assert (row["bicycles"], row["Note"], row["note"]) == ("8", "upper", "lower")


@pytest.mark.parametrize("twice", ["Bicycles", "mine"])
def test_a_column_that_is_there_twice_is_named_and_nothing_is_written(
    out: Path, twice: str
) -> None:
    path = out / "hand_counts.csv"
    header, *rows = path.read_text("utf-8").splitlines()
    text = "\n".join([f"{header},{twice}", *(f"{row},7" for row in rows)]) + "\n"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError, match=f"has the column {twice.lower()} twice; remove or rename"):
        work(out)
    assert path.read_text("utf-8") == text


def test_a_row_with_a_cell_too_many_is_named_and_nothing_of_it_lost(out: Path) -> None:
    path = out / "hand_counts.csv"
    text = path.read_text("utf-8").replace("list/f.jpg,,", "list/f.jpg,3,5,")
    path.write_text(text, "utf-8")
    with pytest.raises(InputError, match="line 7: 14 cells where the header has 13"):
        work(out)
    assert path.read_text("utf-8") == text


def test_a_photo_that_was_not_drawn_is_added_as_ones_own(out: Path) -> None:
    say(work(out), "Anna", OTHER, "4")
    row = reviewed.sheet(out)[OTHER]
    assert (row["bicycles"], row["origin"], row["stratum"]) == ("4", "own", "")


def test_what_one_counted_beside_the_drawn_is_no_task_of_another(out: Path) -> None:
    at = work(out)
    before = at.tasks("Bo")
    say(at, "Anna", OTHER, "3")
    assert OTHER in [item["file"] for item in at.tasks("Anna")["list"]]
    after = at.tasks("Bo")
    assert OTHER not in [item["file"] for item in after["list"]]
    assert after["seconds_left"] == before["seconds_left"]
    say(at, "Bo", OTHER, "4")  # who finds it and counts it too, has it, and a difference
    assert OTHER in [item["file"] for item in at.tasks("Bo")["list"]]
    assert at.tasks("Bo")["differing"] == 1


def test_a_sheet_with_a_photo_that_is_gone_says_so(out: Path) -> None:
    with (out / "hand_counts.csv").open("a", encoding="utf-8") as file:
        file.write("99,../../etc/passwd.jpg,,,,,1-2,list,,,,7,\n")
    assert work(out).tasks("Anna")["missing"] == ["../../etc/passwd.jpg"]


@pytest.mark.parametrize("cell", ["many", "3-", "5-2"])
def test_a_cell_that_is_no_count_is_named_with_its_file(out: Path, cell: str) -> None:
    text = (
        (out / "hand_counts.csv").read_text("utf-8").replace("list/a.jpg,", f"list/a.jpg,{cell}", 1)
    )
    (out / "hand_counts.csv").write_text(text, "utf-8")
    with pytest.raises(InputError, match=r"hand_counts.csv: list/a.jpg: "):
        work(out)


def test_minutes_left_follow_the_persons_own_pace(out: Path) -> None:
    at = work(out)
    start = at.tasks("Anna")["seconds_left"]
    assert start == 6 * 25 + 5 * 3
    for name in LIST[:5]:
        say(at, "Anna", name, "1", seconds=10)
    assert at.tasks("Anna")["seconds_left"] == 10 + 5 * 3
    assert at.tasks("Ben")["seconds_left"] == start


def test_estimates_read_the_sheet_as_it_was_filled_in(out: Path) -> None:
    from geobike import schema
    from geobike.estimates import hand_counts

    at = work(out)
    say(at, "Anna", "list/a.jpg", "12", ridden="2")
    say(at, "Anna", "list/=1+1.jpg", "40-55")
    say(at, "Anna", "sheet/g.jpg", "?", remark="too dark")
    at.finish("Anna", "1", {"done": True})
    read = hand_counts.read_drawn(out / "hand_counts.csv").set_index("file")
    assert read.loc["list/=1+1.jpg", "bicycles"] == "40"
    own = read.assign(origin="own").reset_index()
    hand_counts.write(
        own[["file", *hand_counts.COLUMNS[2:6], "page", "page_done"]], out / "own.csv"
    )
    looks = schema.table(schema.LOOKS, {"photo_id": NAMES})
    found = hand_counts.read(out / "own.csv", looks=looks, settings={"count": "parked"})
    found = found.set_index("photo_id")
    assert found.loc["list/a.jpg", "bicycles"] == 10
    assert found.loc["list/=1+1.jpg", "bicycles_high"] == 55
    assert pd.isna(found.loc["sheet/g.jpg", "bicycles"])
