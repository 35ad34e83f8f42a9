"""axe-core, the accessibility checker: installed beside the map's libraries, never shipped."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

_SCRIPT = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="session")
def axe() -> Path:
    """The script, installed by npm as web/package-lock.json pins it; skipped without npm."""
    if not _SCRIPT.is_file():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("no npm, which brings axe-core")
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=ROOT / "web", capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"npm could not install axe-core: {done.stderr[-300:]}")
    return _SCRIPT
