"""The program, started as a user starts it."""

import os
import subprocess
import sys
from pathlib import Path


def geobike(
    *arguments: object, env: dict[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `geobike` with a clean environment, without tokens and caches."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    return subprocess.run(
        [sys.executable, "-m", "geobike", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**clean, "HF_HOME": "/nonexistent", "COLUMNS": "100", **(env or {})},
        timeout=400,
        check=False,
        cwd=cwd,
    )
