"""Files in a survey's folder that no survey wrote: they are not written over."""

import os
from collections.abc import Sequence
from pathlib import Path

from geobike.errors import InputError
from geobike.exports import formats
from geobike.io import files, remote
from geobike.io.redaction import redact
from geobike.io.transaction import is_half_new
from geobike.saved.layout import MAP, SUMMARY


def check_files(folder: str | Path, names: Sequence[str]) -> None:
    """Raise InputError where a survey in formats of these names would replace a file of others.

    Once a folder holds a survey, the names of its files are geobike's. Nothing is said of a folder
    that a killed run left half new: the next run mends it first. Buckets are not checked, for a run
    that was killed leaves files without a summary there.
    """
    if remote.is_remote(folder) or is_half_new(folder) or _holds_survey(folder):
        return
    for name in (MAP, SUMMARY, *sorted(formats.file_names(names))):
        path = Path(folder, name)
        if os.path.lexists(path):
            raise InputError(
                f"{redact(path)} is there, and no survey beside it: it would be replaced; move it "
                "away, or write into another folder (--out)"
            )


def _holds_survey(folder: str | Path) -> bool:
    try:
        return b'"geobike"' in files.read_bytes(Path(folder, SUMMARY))
    except OSError:
        return False
