"""Plain CSV by pyarrow, held to Python's csv: the same cells, lines and errors of any file."""

import csv
import io
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from geobike.errors import ManifestError
from geobike.io import plain_csv
from geobike.positions import tables

CELLS = st.one_of(
    st.sampled_from(
        ["", " ", "a.jpg", " b.jpg ", "52.01", "4,36", "-", "NA", "null", "true", "001", "1e3"]
    ),
    st.sampled_from(['"quoted"', 'half"', '""', "two\nlines", "\r", "\x00", "\x1c", "\x85", "é"]),
    st.text(st.characters(codec="utf-8"), max_size=4),
)
NAMES = ["file", "latitude", "longitude", "heading", "note"]


@settings(max_examples=400, deadline=None)
@given(
    rows=st.lists(st.lists(CELLS, min_size=1, max_size=6), max_size=6),
    whole=st.booleans(),
    delimiter=st.sampled_from([",", ";", "\t"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    before=st.sampled_from(["", "\ufeff", "\n", "sep={}\n", " \n\n"]),
    after=st.sampled_from(["", "\n", "\n\n", "\n,,,,\n", "\xa0"]),
    quoted=st.booleans(),
    bad=st.sampled_from([b"", b"\xff", b"\xed\xa0\x80"]),
)
@example([["a.jpg", "1", "2", "3", ""]], False, ",", "\n", "", "", False, b"")
def test_a_csv_reads_the_same_with_and_without_pyarrow(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[list[str]],
    whole: bool,
    delimiter: str,
    end: str,
    before: str,
    after: str,
    quoted: bool,
    bad: bytes,
) -> None:
    path = tmp_path_factory.mktemp("csv") / "manifest.csv"
    cells = [(row * 5)[:5] if whole else row for row in rows]
    if quoted:
        text = io.StringIO()
        csv.writer(text, delimiter=delimiter, lineterminator=end).writerows([NAMES, *cells])
        body = text.getvalue()
    else:
        body = end.join(delimiter.join(row) for row in [NAMES, *cells])
    given = before.format(delimiter) + body + after
    path.write_bytes(given.encode() + bad)
    assert read(path) == read(path, plain=False)


def read(path: Path, *, plain: bool = True) -> object:
    with pytest.MonkeyPatch.context() as patch:
        if not plain:
            patch.setattr(plain_csv, "read", lambda *_, **__: None)
        try:
            rows = tables.read(path)
        except ManifestError as error:
            return str(error)
    kinds = {name: str(kind) for name, kind in rows.table.dtypes.items()}
    return rows.table.astype(object).where(rows.table.notna(), None).to_dict("list"), kinds


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_plain_rows_are_read_by_pyarrow(tmp_path: Path, end: str) -> None:
    path = tmp_path / "manifest.csv"
    path.write_text("file,latitude,x\na.jpg, 52.0,\nNA,1e3,b\n", newline=end, encoding="utf-8")
    found = plain_csv.read(path, ",", header_line=1, width=3, places=[0, 1])
    assert found is not None
    assert pd.DataFrame(found).to_dict("list") == {0: ["a.jpg", "NA"], 1: ["52.0", "1e3"]}


@pytest.mark.parametrize("length", [65_000, 131_072, 131_073, 200_000])
def test_a_cell_of_any_length_is_read_or_refused_the_same(tmp_path: Path, length: int) -> None:
    path = tmp_path / "manifest.csv"
    path.write_text(f"file,latitude,longitude\n{'a' * length},1,2\n", encoding="utf-8")
    assert read(path) == read(path, plain=False)


def test_rows_across_many_blocks_keep_their_cells_and_lines(tmp_path: Path) -> None:
    path = tmp_path / "manifest.csv"
    rows = [f"{'é' * (row % 50)}{row}.jpg,{row / 7},{row / 9}" for row in range(20_000)]
    path.write_text("\n".join(["file,latitude,longitude", *rows]), encoding="utf-8")
    assert plain_csv.read(path, ",", header_line=1, width=3, places=[0]) is not None
    assert read(path) == read(path, plain=False)
