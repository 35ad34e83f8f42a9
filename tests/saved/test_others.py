"""A file of somebody else in the output folder is not written over."""

from pathlib import Path

import pytest

from geobike import saved
from geobike.errors import InputError


@pytest.mark.parametrize(
    "name", ["map.html", "areas.geojson", "summary.json", "detections.csv", "survey.gpkg"]
)
def test_a_file_that_no_survey_wrote_is_kept(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{}")
    with pytest.raises(InputError, match=rf"{name} is there.*move it away.*--out"):
        saved.check_files(tmp_path, ("auto", "gpkg"))


def test_files_that_a_survey_does_not_write_may_be_there(tmp_path: Path) -> None:
    for name in ("notes.txt", "survey.gpkg", "areas.parquet"):
        (tmp_path / name).write_text("mine")
    saved.check_files(tmp_path, ("auto",))
    saved.check_files(tmp_path / "new", ("auto",))


def test_a_survey_may_be_replaced_by_another(written_sample: Path) -> None:
    saved.check_files(written_sample, ("auto", "gpkg"))


def test_what_a_killed_run_left_half_new_is_mended_and_not_refused(tmp_path: Path) -> None:
    (tmp_path / ".geobike-ready").mkdir()
    (tmp_path / "map.html").write_text("of the run that was killed")
    saved.check_files(tmp_path, ("auto",))
