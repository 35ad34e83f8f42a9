"""What every test may use, and what each test is marked with."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

# A machine under load is no fault of the code: how long an example takes is for the benchmarks.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# Behind nohup, or in the background of a script, Ctrl-C is ignored, and so it would be by every
# program that a test starts and stops.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = [
    "tests.support.browser",
    "tests.support.cluster_surveys",
    "tests.support.exported",
    "tests.support.hosted_service",
    "tests.support.object_store",
    "tests.support.postgis",
    "tests.support.sample_survey",
]

ROOT = Path(__file__).parent.parent

_MARKED_BY_FIXTURE = {
    "browser": "browser",
    "cluster": "cluster",
    "service": "service",
    "bucket": "service",
    "database": "service",
    "tutorial": "notebook",
}
"""A fixture that takes seconds -> the mark of the tests that use it."""

_MARKED_BY_PLACE = {
    "tests/engines/dask": "cluster",
    "notebooks": "notebook",
    # These start the program, processes or a server of their own, or run a model on photos.
    "tests/cli/commands": "slow",
    "tests/cli/test_before_sending.py": "slow",
    "tests/cli/test_cli.py": "slow",
    "tests/cli/test_config.py": "slow",
    "tests/cli/test_killed.py": "slow",
    "tests/cli/test_messages.py": "slow",
    "tests/cli/test_stopping.py": "slow",
    "tests/cli/test_two_runs.py": "slow",
    "tests/detections/store/test_parquet.py": "slow",
    "tests/detections/store/test_sqlite.py": "slow",
    "tests/detections/test_upload.py": "slow",
    "tests/detectors/onnx/test_hub.py": "slow",
    "tests/detectors/onnx/test_openvino.py": "slow",
    "tests/detectors/onnx/test_real_photos.py": "slow",
    "tests/evaluation": "slow",
    "tests/io/test_parallel.py": "slow",
    "tests/io/test_remote.py": "slow",
    "tests/io/test_remote_web.py": "slow",
    "tests/photos/test_tiff.py": "slow",
    "tests/reports": "slow",
    "tests/reports/sections": "slow",
    "tests/survey/test_hosted_many.py": "slow",
    "tests/survey/test_hosted_outcomes.py": "slow",
    "tests/survey/test_hosted_stop.py": "slow",
    "tests/survey/test_pictures.py": "slow",
    "tests/survey/test_survey.py": "slow",
    "tests/survey/test_unusable_answers.py": "slow",
    "tests/test_sample_data.py": "slow",
}
"""A folder or file below the project -> the mark of its tests."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what they start, so that `make test-fast` can leave them out."""
    for item in items:
        for fixture in getattr(item, "fixturenames", ()):
            if fixture in _MARKED_BY_FIXTURE:
                item.add_marker(_MARKED_BY_FIXTURE[fixture])
        file = item.path.relative_to(ROOT)
        for place in (file.as_posix(), file.parent.as_posix()):
            if place in _MARKED_BY_PLACE:
                item.add_marker(_MARKED_BY_PLACE[place])


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real photos, polygons and models; its tests are skipped without it."""
    folder = Path(os.environ.get("GEOBIKE_SHARED", ROOT.parent / "shared"))
    if not (folder / "photos").is_dir():
        pytest.skip(f"shared test material not found at {folder}; point GEOBIKE_SHARED at it")
    return folder
