"""What every test may lean on."""

import os
from pathlib import Path

import pytest

pytest_plugins = [
    "tests.support.browser",
    "tests.support.cluster_surveys",
    "tests.support.hosted_service",
    "tests.support.object_store",
]

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real photos, polygons and models; its tests are skipped without it."""
    folder = Path(os.environ.get("GEOBIKE_SHARED", ROOT.parent / "shared"))
    if not (folder / "photos").is_dir():
        pytest.skip(f"shared test material not found at {folder}; point GEOBIKE_SHARED at it")
    return folder
