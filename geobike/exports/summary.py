"""The account of a run, as JSON."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from geobike.io.files import atomic_open


def write_summary(summary: Mapping[str, Any], path: str | Path) -> None:
    """Write the account of a run as JSON. Raises InputError where it cannot be written."""
    with atomic_open(path) as file:
        json.dump(summary, file, indent=2, ensure_ascii=False, allow_nan=False)
        file.write("\n")
