"""No input makes an error of another program's, hangs, or fills the memory."""

import os
from pathlib import Path

import pytest

from tests.fuzz import running
from tests.fuzz.__main__ import handed, report

pytestmark = pytest.mark.fuzz


def test_changed_inputs_of_every_kind_are_read_or_refused(tmp_path: Path) -> None:
    seconds = float(os.environ.get("GEOBIKE_FUZZ_SECONDS", "60"))
    seed = int(os.environ.get("GEOBIKE_FUZZ_SEED", "1"))
    plan = running.Plan(tmp_path, seed, handed())
    found = running.run(plan, seconds=seconds)
    said = report(found, plan, tmp_path / "kept")
    assert sum(found.tried.values()) > seconds, "hardly any input was tried"
    assert found.faults == {}, said
