"""Boxes that people struck out or added, applied to what the detector found."""

from pathlib import Path

import pandas as pd
import pytest

from geobike import schema
from geobike.detections import corrections
from geobike.errors import GeobikeWarning, InputError

HEADER = ",".join(corrections.COLUMNS)
BOXES = {
    "photo_id": ["a.jpg", "a.jpg", "b.jpg"],
    "label": "bicycle",
    "score": [0.9, 0.8, 0.7],
    "xmin": [0.0, 100.0, 0.0],
    "ymin": 0.0,
    "xmax": [50.0, 150.0, 50.0],
    "ymax": 40.0,
    "model": "m",
    "kept": True,
}


def boxes() -> pd.DataFrame:
    return schema.table(schema.DETECTIONS, pd.DataFrame(BOXES))


def photos() -> pd.DataFrame:
    known = {"photo_id": ["a.jpg", "b.jpg"], "sha256": ["aa", "bb"]}
    return schema.geotable(schema.PHOTOS, known, [None, None])


def applied(tmp_path: Path, *rows: str) -> pd.DataFrame:
    path = tmp_path / "corrections.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return corrections.apply(corrections.read(path), boxes(), photos())


def test_a_box_struck_out_does_not_count_and_one_added_does(tmp_path: Path) -> None:
    found = applied(
        tmp_path,
        "a.jpg,aa,strike,bicycle,98,1,152,41,Anna",
        "b.jpg,,add,bicycle,200,0,260,40,Anna",
    )
    assert found["kept"].tolist() == [True, False, True, True]
    assert found["dropped_by"].astype("str").tolist()[1] == "review"
    last = found.iloc[-1]
    assert (last["photo_id"], last["model"], last["xmin"], last["xmax"]) == (
        "b.jpg",
        "Anna",
        200,
        260,
    )


def test_a_renamed_photo_keeps_its_corrections_and_a_changed_one_is_told(tmp_path: Path) -> None:
    found = applied(tmp_path, "old name.jpg,bb,strike,bicycle,0,0,50,40,Anna")
    assert found["kept"].tolist() == [True, True, False]
    with pytest.warns(GeobikeWarning, match="changed since"):
        same = applied(tmp_path, "a.jpg,zz,strike,bicycle,0,0,50,40,Anna")
    assert same["kept"].all()


def test_a_box_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.warns(GeobikeWarning, match="struck out is not found"):
        found = applied(tmp_path, "b.jpg,bb,strike,bicycle,300,0,350,40,Anna")
    assert found["kept"].all()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a.jpg,aa,remove,bicycle,0,0,5,5,Anna", "action 'remove' is none of strike, add"),
        ("a.jpg,aa,add,bicycle,x,0,5,5,Anna", "is no number"),
        ("a.jpg,aa,add,bicycle,9,0,5,5,Anna", "the box 9, 0, 5, 5 is none"),
        ("a.jpg,aa,add,,0,0,5,5,Anna", "must not be empty"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(InputError, match=rf"corrections\.csv line 2: .*{said}"):
        applied(tmp_path, row)


def test_a_box_added_twice_counts_once(tmp_path: Path) -> None:
    found = applied(
        tmp_path,
        "b.jpg,,add,bicycle,200,0,260,40,Anna",
        "b.jpg,,add,bicycle,201,0,261,40,Piet",
        "b.jpg,,add,bicycle,300,0,360,40,Piet",
    )
    assert found["xmin"].tolist()[3:] == [200, 300]


def test_thousands_are_not_taken_for_decimals(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="may be thousands or have decimals"):
        applied(tmp_path, 'b.jpg,,add,bicycle,"1,010",0,"1,060",40,Anna')


def test_boxes_from_0_to_1_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="from 0 to 1; give their sides in pixels"):
        applied(tmp_path, "b.jpg,,add,bicycle,0.1,0.2,0.3,0.4,Anna")


def test_one_box_added_a_hundred_thousand_times_counts_once(tmp_path: Path) -> None:
    found = applied(tmp_path, *["b.jpg,,add,bicycle,200,0,260,40,Anna"] * 100_000)
    assert len(found) == len(boxes()) + 1


def test_of_boxes_that_overlap_each_correction_strikes_the_likeliest_that_is_left(
    tmp_path: Path,
) -> None:
    close = dict(BOXES, photo_id="a.jpg", xmin=[0.0, 4.0, 8.0], xmax=[50.0, 54.0, 58.0])
    (path := tmp_path / "c.csv").write_text(
        f"{HEADER}\n" + "a.jpg,,strike,bicycle,5,0,55,40,Anna\n" * 2, encoding="utf-8"
    )
    found = schema.table(schema.DETECTIONS, pd.DataFrame(close))
    after = corrections.apply(corrections.read(path), found, photos())
    assert after["kept"].tolist() == [True, False, False]


def test_an_added_box_of_another_label_does_not_count_and_is_told(tmp_path: Path) -> None:
    (path := tmp_path / "c.csv").write_text(
        f"{HEADER}\nb.jpg,,add,car,200,0,260,40,Anna\nb.jpg,,add,Bicycle ,300,0,360,40,Anna\n"
    )
    with pytest.warns(GeobikeWarning, match="1 added box is left out.*--label: car"):
        found = corrections.apply(
            corrections.read(path), boxes(), photos(), labels=["bicycle", "moped"]
        )
    assert found["xmin"].tolist()[3:] == [300]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "does not have one column photo_id"),
        ("\ufeff".encode("utf-16"), "UTF-16"),
        (f"{HEADER}\nb.jpg,,add,bicycle,0,0,9,9,Andr\xe9\n".encode("latin-1"), "not UTF-8"),
        (f"{HEADER}\nb.jpg,,add,bicycle,0,0,9\n".encode(), "line 2: 7 cells where"),
        (f'{HEADER}\nb.jpg,,add,bicycle,0,0,9,9,"Anna\nb.jpg\n'.encode(), "quotation mark"),
        (f"{HEADER},label\n".encode(), "does not have one column label"),
    ],
)
def test_what_is_no_table_of_corrections_is_refused(
    tmp_path: Path, content: bytes, said: str
) -> None:
    (path := tmp_path / "c.csv").write_bytes(content)
    with pytest.raises(InputError, match=said):
        corrections.read(path)


def test_corrections_that_a_dutch_spreadsheet_saved_are_the_same(tmp_path: Path) -> None:
    rows = f"{HEADER}\nb.jpg,,add,bicycle,200.5,0,260.0,40.0,Anna\n"
    (ours := tmp_path / "c.csv").write_text(rows)
    (dutch := tmp_path / "d.csv").write_text(rows.replace(",", ";").replace(".5", ",5"))
    assert corrections.read(dutch) == corrections.read(ours)
