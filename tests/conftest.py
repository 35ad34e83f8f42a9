"""What every test may use, and what each test is marked with."""

import os
from pathlib import Path

import pytest

pytest_plugins = [
    "tests.support.browser",
    "tests.support.cluster_surveys",
    "tests.support.exported",
    "tests.support.hosted_service",
    "tests.support.object_store",
]

ROOT = Path(__file__).parent.parent

_MARKED_BY_FIXTURE = {
    "browser": "browser",
    "cluster": "cluster",
    "service": "service",
    "bucket": "service",
    "tutorial": "notebook",
}
"""A fixture that takes seconds -> the mark of the tests that use it."""

_MARKED_BY_FOLDER = {"tests/engines/dask": "cluster", "notebooks": "notebook"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what they start, so that `make test-fast` can leave them out."""
    for item in items:
        for fixture in getattr(item, "fixturenames", ()):
            if fixture in _MARKED_BY_FIXTURE:
                item.add_marker(_MARKED_BY_FIXTURE[fixture])
        folder = item.path.relative_to(ROOT).parent.as_posix()
        if folder in _MARKED_BY_FOLDER:
            item.add_marker(_MARKED_BY_FOLDER[folder])


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real photos, polygons and models; its tests are skipped without it."""
    folder = Path(os.environ.get("GEOBIKE_SHARED", ROOT.parent / "shared"))
    if not (folder / "photos").is_dir():
        pytest.skip(f"shared test material not found at {folder}; point GEOBIKE_SHARED at it")
    return folder
