"""The files that a survey is made from: each is fetched once, and hashed as it is read."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from geobike.errors import InputError
from geobike.io import files
from geobike.io.redaction import redact


class InputFile(NamedTuple):
    """A file that was read."""

    path: Path
    """Where it can be read on this machine, while it is open."""
    name: str
    """Last part of the path or URL that the user gave."""
    sha256: str | None
    """Of the bytes that were read; None for a folder, as some GIS formats are."""


class Inputs:
    """The input files of a survey, by what they are to it, with the hash of what was read.

    >>> inputs = Inputs()
    >>> with inputs.open("areas", "data/sample/areas.geojson") as file:
    ...     text = file.path.read_text()
    >>> inputs.read["areas"][0].sha256[:12]
    '5a0bbff1b747'
    """

    def __init__(self) -> None:
        self.read: dict[str, list[InputFile]] = {}

    @contextmanager
    def open(self, role: str, path: str | Path) -> Iterator[InputFile]:
        """Give a file to read in the block; a remote one is fetched.

        Raises InputError where it cannot be fetched, or where it is changed during the block: what
        was read would not be what the hash says.
        """
        with files.fetch_local(path) as local:
            before = _state(local)
            file = InputFile(local, files.name(path), _sha256(local))
            yield file
            if _state(local) != before:
                raise InputError(
                    f"{redact(path)}: was changed while it was read; run again when it is complete"
                )
        self.read.setdefault(role, []).append(file)


def _state(path: Path) -> tuple[int, int, int] | None:
    """Return what changes with a file's content; None where there is no such file."""
    try:
        found = path.stat()
    except OSError:
        return None  # whoever reads it says why
    return found.st_ino, found.st_size, found.st_mtime_ns


def _sha256(path: Path) -> str | None:
    try:
        with path.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError:
        return None  # a folder, or a file that cannot be read: whoever reads it says why
