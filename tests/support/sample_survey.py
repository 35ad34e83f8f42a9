"""The sample as a finished survey, in a folder of its own: what an analyst starts from."""

import shutil
from pathlib import Path

import pytest

import geobike
from tests.conftest import ROOT

SAMPLE = ROOT / "data" / "sample"


def run_sample(**options: object) -> geobike.SurveyResult:
    plan = geobike.Survey(
        photos=SAMPLE / "photos",
        areas=SAMPLE / "areas.geojson",
        manifest=SAMPLE / "manifest.csv",
        streets=SAMPLE / "streets.geojson",
        racks=SAMPLE / "racks.geojson",
        timezone="Europe/Amsterdam",
        population_column="population",
        threshold=0.3,
        detector=geobike.DetectorChoice(kind="cached"),
        **options,  # type: ignore[arg-type]
    )
    return geobike.run(plan, store=SAMPLE / "detections.sqlite")


@pytest.fixture(scope="session")
def sample_result() -> geobike.SurveyResult:
    return run_sample()


@pytest.fixture(scope="session")
def written_sample(
    sample_result: geobike.SurveyResult, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("sample") / "out"
    sample_result.write(folder)
    return folder


@pytest.fixture
def sample_out(written_sample: Path, tmp_path: Path) -> Path:
    """A copy of the finished survey, to write into."""
    shutil.copytree(written_sample, tmp_path / "out")
    return tmp_path / "out"
