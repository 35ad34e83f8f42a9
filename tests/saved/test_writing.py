"""A survey's folder holds one survey, also where a run fails."""

import json
import math
from pathlib import Path

import pytest

from geobike import saved
from geobike.exports.protocol import Format, Frames
from tests.support.written import ACCOUNT, PARQUET, TEXT, contents, tables_of_a_run, write


def test_a_run_that_fails_in_the_end_leaves_the_earlier_survey_whole(
    tmp_path: Path, frames: Frames
) -> None:
    write(tmp_path, frames)
    before = contents(tmp_path)
    with pytest.raises(ValueError, match="not JSON compliant"):
        write(tmp_path, frames, "parquet", account=ACCOUNT | {"new": math.nan})
    assert contents(tmp_path) == before


def test_no_older_table_contradicts_a_run(tmp_path: Path, frames: Frames, one_file: Format) -> None:
    pytest.importorskip("pyarrow")
    assert tables_of_a_run(tmp_path, frames) == TEXT
    assert tables_of_a_run(tmp_path, frames, "parquet") == PARQUET
    assert tables_of_a_run(tmp_path, frames, one_file.name) == [*TEXT, "survey.json"]
    assert tables_of_a_run(tmp_path, frames, "parquet") == PARQUET


def test_areas_that_an_earlier_version_did_not_list_contradict_no_run(
    tmp_path: Path, frames: Frames
) -> None:
    pytest.importorskip("pyarrow")
    listed = {"photos": "photos.geojson", "detections": "detections.csv"}
    for name in TEXT:
        (tmp_path / name).write_text("of an earlier run")
    (tmp_path / "summary.json").write_text(json.dumps({"geobike": "0.1.0", "files": listed}))
    assert tables_of_a_run(tmp_path, frames, "parquet") == PARQUET


@pytest.mark.parametrize(
    "summary",
    [
        "not of a run",
        "[]",
        '{"files": ["photos.geojson"]}',
        '{"files": {}, "exports": {"geojson": "photos.geojson"}}',
        '{"files": {"photos": "../mine.txt"}, "exports": {"x": {"photos": "mine.txt"}}}',
    ],
)
def test_a_file_that_no_run_wrote_stays(tmp_path: Path, frames: Frames, summary: str) -> None:
    pytest.importorskip("pyarrow")
    out = tmp_path / "out"
    mine = [tmp_path / "mine.txt", out / "mine.txt", out / "areas.geojson", out / "photos.geojson"]
    out.mkdir()
    for path in mine:
        path.write_text("mine")
    (out / "summary.json").write_text(summary)
    tables_of_a_run(out, frames, "parquet")
    assert [path.read_text() for path in mine] == ["mine"] * 4


def test_an_input_in_any_format_is_not_replaced(tmp_path: Path, one_file: Format) -> None:
    ours = [*TEXT, *PARQUET, *one_file.files.values(), "map.html", "summary.json"]
    assert all(saved.replaces(tmp_path, tmp_path / name) for name in ours)
    assert not saved.replaces(tmp_path, tmp_path / "manifest.csv")
    assert not saved.replaces(tmp_path, tmp_path.parent / "photos.geojson")
