"""`geobike export` as a user meets it."""

from pathlib import Path

import geopandas as gpd
import pytest

from tests.support.program import geobike


def test_a_finished_survey_is_exported_without_its_photos(sample_out: Path) -> None:
    pytest.importorskip("pyarrow")
    done = geobike("export", str(sample_out), "--format", "parquet", cwd=sample_out)
    assert done.returncode == 0, done.stderr
    written = [line.split(": ", 1)[1] for line in done.stdout.splitlines()]
    assert written[-1] == str(sample_out / "summary.json")
    assert len(gpd.read_parquet(sample_out / "photos.parquet")) == 181
    wrong = geobike("export", str(sample_out.parent), "--format", "parquet", cwd=sample_out)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "holds no survey; name the folder that geobike map wrote" in wrong.stderr
