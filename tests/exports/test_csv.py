import csv
from pathlib import Path

import pandas as pd
import pytest

from geobike import schema
from geobike.detections import imported
from geobike.exports import writing
from geobike.exports.csv import write, write_labels


def test_detections_are_a_table_that_no_spreadsheet_runs(tmp_path: Path) -> None:
    frame = schema.table(
        schema.DETECTIONS,
        {
            "photo_id": ["a,b.jpg", "=cmd.jpg"],
            "label": ["bicycle", '=HYPERLINK("http://x")'],
            "score": [0.98767, 0.5],
            "xmin": [1.26, 0],
            "ymin": [2.0, 0],
            "xmax": [3.0, 1],
            "ymax": [4.0, 1],
            "model": "m",
            "dropped_by": [None, "label"],
        },
    ).assign(kept=[True, False])
    writing.write_detections(frame, tmp_path / "d.csv")
    with (tmp_path / "d.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows[0] == {
        "photo_id": "a,b.jpg",
        "label": "bicycle",
        "score": "0.98767",
        "x_min": "1.26",
        "y_min": "2.0",
        "x_max": "3.0",
        "y_max": "4.0",
        "model": "m",
        "kept": "True",
        "dropped_by": "",
    }
    assert rows[1]["photo_id"] == "'=cmd.jpg"
    assert rows[1]["label"].startswith("'=")


def test_a_coded_column_without_any_text_is_written_empty(tmp_path: Path) -> None:
    empty = pd.DataFrame({"label": pd.Categorical([None, None]), "number": [1, 2]})
    write(empty, ["label"], tmp_path / "empty.csv")
    assert (tmp_path / "empty.csv").read_text() == "label,number\n,1\n,2\n"


@pytest.mark.parametrize("name", ["a\rb.jpg", "a\nb.jpg", 'a"b.jpg', "b.jpg\r", "\rb.jpg"])
def test_a_line_break_in_a_name_gives_its_boxes_to_no_other_photo(
    tmp_path: Path, name: str
) -> None:
    box = {"label": "bicycle", "score": 0.5, "xmin": 0, "ymin": 0, "xmax": 9, "ymax": 9}
    columns = {"photo_id": [name, "b.jpg"], "model": "m", "dropped_by": None, **box}
    frame = schema.table(schema.DETECTIONS, columns).assign(kept=True)
    writing.write_detections(frame, tmp_path / "d.csv")
    read = imported.read(tmp_path / "d.csv")
    assert read["photo_id"].tolist() == [name, "b.jpg"]
    assert read["xmax"].tolist() == [9, 9]
    write_labels({name: [{"label": "bicycle", "score": 0.5}]}, tmp_path / "l.csv")
    with (tmp_path / "l.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert [row[-2:] for row in rows] == [["label", "score"], ["bicycle", "0.5"]]
