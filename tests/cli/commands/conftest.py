"""The sample, mapped once for the tests of all commands that look at the result."""

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import ROOT
from tests.support.program import geobike

SAMPLE = ROOT / "data" / "sample"


class Mapped(NamedTuple):
    """The sample as a command has mapped it."""

    out: Path
    printed: str
    changed: set[Path]
    """Files of the sample that are not as they were before."""


@pytest.fixture(scope="session")
def sample_map(tmp_path_factory: pytest.TempPathFactory) -> Mapped:
    """Map the sample once, for all that only look at the result."""
    out = tmp_path_factory.mktemp("sample") / "out"
    before = {path: path.read_bytes() for path in SAMPLE.rglob("*") if path.is_file()}
    done = geobike(
        "map", SAMPLE / "photos", "--areas", SAMPLE / "areas.geojson",
        "--manifest", SAMPLE / "manifest.csv", "--detector", "cached",
        "--store", SAMPLE / "detections.sqlite", "--threshold", "0.3", "--out", out,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    after = {path: path.read_bytes() for path in SAMPLE.rglob("*") if path.is_file()}
    changed = {path for path in before | after if before.get(path) != after.get(path)}
    return Mapped(out, done.stdout, changed)
