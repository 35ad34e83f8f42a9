"""`geobike sample` as a user meets it."""

import subprocess
import sys
from pathlib import Path

from tests.support.program import geobike
from tests.support.running import tables


def test_the_command_that_it_names_maps_the_survey_with_hand_counts_from_any_folder(
    tmp_path: Path,
) -> None:
    out = tmp_path / "spring's survey" / "out"
    (tmp_path / "elsewhere").mkdir()
    assert geobike(*tables(tmp_path / "given"), "--out", out).returncode == 0
    done = geobike("sample", out)
    (command,) = [line for line in done.stdout.splitlines() if line.startswith("Then: geobike map")]
    before = (out / "summary.json").read_bytes()
    typed = command.removeprefix("Then: ").replace("geobike", '"$0" -m geobike', 1)
    again = subprocess.run(
        ["bash", "-c", typed, sys.executable],
        cwd=tmp_path / "elsewhere",
        capture_output=True,
        text=True,
        check=False,
    )
    assert again.returncode == 0, again.stderr
    assert "count on with geobike review OUT" in again.stderr
    assert (out / "summary.json").read_bytes() != before
    assert not list((tmp_path / "elsewhere").iterdir())
