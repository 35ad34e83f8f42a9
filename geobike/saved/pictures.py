"""The pictures beside a map: those of an earlier run, and files that are none of ours."""

import json
import os
import re
from pathlib import Path

from geobike.errors import InputError
from geobike.io import files
from geobike.io.redaction import redact
from geobike.io.transaction import is_half_new
from geobike.saved.layout import PICTURES, SUMMARY


def check_pictures(folder: str | Path) -> None:
    """Raise InputError where a map's pictures would come between files that no run of ours lists.

    Nothing is said of a folder that a killed run left half new: the next run mends it first.
    """
    path = files.join(folder, PICTURES)
    if not isinstance(path, Path) or not os.path.lexists(path) or is_half_new(folder):
        return
    if not path.is_dir():
        what = "is there and is no folder"
    elif not earlier_pictures(folder) and _has_files(path):
        what = "is there and holds other files than the pictures of a map"
    else:
        return
    raise InputError(
        f"{redact(path)}: {what}; write into another folder (--out), or leave out --pictures folder"
    )


def _has_files(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except OSError:  # closed to us: it holds what we may not see
        return True


def earlier_pictures(folder: str | Path) -> set[str]:
    """Return the pictures that an earlier run lists as written into a folder."""
    try:
        summary = json.loads(files.read_bytes(files.join(folder, SUMMARY)))
        listed = summary["sha256"]
    except (OSError, ValueError, LookupError, TypeError):
        return set()
    name = re.compile(rf"{PICTURES}/[0-9a-f]{{20}}\.jpg")
    return {each for each in listed if isinstance(each, str) and name.fullmatch(each)}


def pictures_in(folder: Path) -> set[str]:
    """Return the pictures beside the map in a folder on this machine."""
    return {f"{PICTURES}/{file.name}" for file in (folder / PICTURES).glob("*.jpg")}
