"""A finished survey is written in more formats, and its folder stays true."""

import hashlib
import json
from pathlib import Path

import pytest

from geobike import saved
from geobike.errors import InputError
from geobike.exports.protocol import Frames
from tests.support.written import PARQUET, TEXT, contents, tables_of_a_run, write


def test_a_finished_survey_is_exported_and_its_summary_stays_true(
    tmp_path: Path, frames: Frames
) -> None:
    pytest.importorskip("pyarrow")
    write(tmp_path, frames)
    before = contents(tmp_path)
    written = saved.export(tmp_path, ["parquet"])
    assert list(written) == [*PARQUET[:1], PARQUET[2], PARQUET[1], "summary.json"]
    after = contents(tmp_path)
    assert {name: after[name] for name in (*TEXT, "map.html")} == {
        name: before[name] for name in (*TEXT, "map.html")
    }
    summary = json.loads(after["summary.json"])
    listed = {name: hashlib.sha256(after[name]).hexdigest() for name in summary["sha256"]}
    assert summary["sha256"] == listed
    assert set(listed) == {*TEXT, *PARQUET, "map.html"}
    assert set(summary["exports"]) == {"geojson", "csv", "parquet"}
    assert summary["files"] == json.loads(before["summary.json"])["files"]
    assert saved.read(tmp_path).photos()["photo_id"].tolist() == ["a.jpg", "b.jpg"]


def test_the_next_run_removes_what_was_exported(tmp_path: Path, frames: Frames) -> None:
    pytest.importorskip("pyarrow")
    write(tmp_path, frames)
    saved.export(tmp_path, ["parquet"])
    assert tables_of_a_run(tmp_path, frames) == TEXT


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["parquett"], "format 'parquett' is not known; did you mean parquet"),
        ([], "no format named"),
    ],
)
def test_an_export_that_cannot_be_written_leaves_the_survey_as_it_was(
    tmp_path: Path, frames: Frames, names: list[str], said: str
) -> None:
    write(tmp_path, frames)
    before = contents(tmp_path)
    with pytest.raises(InputError, match=said):
        saved.export(tmp_path, names)
    (tmp_path / "photos.geojson").write_text("edited")
    with pytest.raises(InputError, match=r"photos\.geojson: is not the file that summary"):
        saved.export(tmp_path, ["csv"])
    assert contents(tmp_path) == before | {"photos.geojson": b"edited"}


def test_a_folder_without_a_survey_is_not_exported(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none: holds no survey; name the folder"):
        saved.export(tmp_path / "none", ["csv"])
    assert not (tmp_path / "none").exists()
