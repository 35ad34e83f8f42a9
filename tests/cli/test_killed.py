"""A run that is killed at any moment leaves a folder that the next run puts in order."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from geobike.io.transaction import READY
from tests.conftest import ROOT
from tests.support.killed_runs import digests
from tests.support.program import geobike
from tests.support.running import tables

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no such signals")

STOPPED = "out: an earlier run was stopped while it moved its files here; they are all here now"


def test_a_run_that_is_killed_at_any_step_is_recognised_and_mended_by_the_next(
    tmp_path: Path,
) -> None:
    pytest.importorskip("pyarrow")
    given, before, out = tables(tmp_path), tmp_path / "before", tmp_path / "out"
    command = [*given, "--threshold", "0.3", "--format", "geoparquet", "--out", "out"]
    for arguments in ([*given, "--threshold", "0.7", "--out", before], command):
        assert geobike(*arguments, cwd=tmp_path).returncode == 0
    old, new = digests(str(before)), digests(str(out))
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.killed_runs", before, "out", *map(str, command)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    *kills, last = json.loads(done.stdout)
    assert {kill["code"] for kill in kills} == {-signal.SIGKILL}
    assert last["code"] == 0
    mixed = 0
    for kill in kills:
        left = {name: digest for name, digest in kill["left"].items() if name[0] != "."}
        mixed += left not in (old, new)
        assert left in (old, new) or READY in kill["left"]
        if (again := kill.get("again")) is not None:
            assert again["code"] == 0, again["said"]
            assert (STOPPED in again["said"]) == (READY in kill["left"])
            assert again["made"] == new
            assert again["whole"]
    assert mixed >= 5  # the files of the old run that went, and those of the new that came


def test_a_folder_of_two_runs_is_not_evaluated(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert geobike(*tables(tmp_path), "--out", out).returncode == 0
    (out / READY).mkdir()
    truth = tmp_path / "truth.csv"
    truth.write_text("file,bicycles\np0.jpg,1\n")
    done = geobike("evaluate", truth, "--survey", out)
    assert done.returncode == 2
    assert "holds files of two runs" in done.stderr
    assert "the same geobike map again mends the folder" in done.stderr
