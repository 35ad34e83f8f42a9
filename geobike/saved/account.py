"""`summary.json`: written last, with the SHA-256 of every other file."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from geobike.errors import InputError
from geobike.io import files

_OF_FILES: Final = ("files", "exports", "layout", "sha256", "warnings")


def plain(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Return a summary without what says which files there are, and what writing them reported."""
    return {key: value for key, value in summary.items() if key not in _OF_FILES}


def hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file below a folder, by its path there."""
    files = sorted(each for each in folder.rglob("*") if each.is_file())
    return {file.relative_to(folder).as_posix(): sha256(file) for file in files}


def sha256(file: Path) -> str:
    """Return the SHA-256 of a file. Raises InputError."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error}") from None


def write_summary(summary: Mapping[str, Any], path: Path) -> None:
    """Write `summary.json`."""
    with files.atomic_open(path) as file:
        json.dump(summary, file, indent=2, ensure_ascii=False, allow_nan=False)
        file.write("\n")
