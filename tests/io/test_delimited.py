"""Tables of text: what separates their cells, and quotation marks that swallow rows."""

from pathlib import Path

import pytest

from geobike.errors import InputError
from geobike.estimates import hand_counts
from geobike.evaluation import truths
from geobike.io import delimited
from geobike.positions import tables

ROWS = "file,latitude,longitude,note\np0.jpg,52.1,4.3,{}\np1.jpg,52.1,4.4,x\np2.jpg,52.1,4.5,{}\n"


def rows(path: Path) -> list[list[str]]:
    with delimited.open_text(path) as file:
        delimiter, skip = delimited.sniff(file)
        return [cells for _, cells in delimited.read_rows(file, delimiter, skip=skip)]


@pytest.mark.parametrize("separator", list(",;\t|"))
def test_every_usual_separator_is_recognized(tmp_path: Path, separator: str) -> None:
    (path := tmp_path / "m.csv").write_text("file,latitude\np0.jpg,52\n".replace(",", separator))
    assert rows(path) == [["file", "latitude"], ["p0.jpg", "52"]]


@pytest.mark.parametrize(
    ("first", "last"),
    [
        pytest.param('"at the bridge', "", id="to the end of the file"),
        pytest.param('"at the bridge', '"at the church"', id="to the next quoted cell"),
    ],
)
def test_a_quotation_mark_left_open_swallows_no_row(tmp_path: Path, first: str, last: str) -> None:
    (path := tmp_path / "m.csv").write_text(ROWS.format(first, last))
    with pytest.raises(InputError, match="line 2: a quotation mark is opened there"):
        tables.read(path)


def test_cells_of_several_lines_and_quotation_marks_in_text_are_read(tmp_path: Path) -> None:
    (path := tmp_path / "m.csv").write_text(ROWS.format('"two\nlines, ""so"""', "5' 6\" high"))
    assert [row[3] for row in rows(path)[1:]] == ['two\nlines, "so"', "x", "5' 6\" high"]


@pytest.mark.parametrize("read", [tables.read, hand_counts.read_drawn, truths._read_table])
def test_text_that_is_not_utf_8_is_named_with_the_remedy(tmp_path: Path, read: object) -> None:
    (path := tmp_path / "t.csv").write_bytes(b"file,bicycles\ncaf\xe9.jpg,3\n")
    with pytest.raises(InputError, match=r"not UTF-8 text \(byte 0xe9\); save it as CSV UTF-8"):
        read(path)  # type: ignore[operator]


@pytest.mark.parametrize("ending", [".xlsx", ".ods", ".csv"])
def test_a_workbook_is_not_read_as_text(tmp_path: Path, ending: str) -> None:
    (path := tmp_path / f"m{ending}").write_bytes(b"PK\x03\x04" + bytes(100))
    with pytest.raises(InputError, match="an Excel or OpenDocument workbook"):
        tables.read(path)
