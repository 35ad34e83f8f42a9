"""Files that appear in a folder together, also where the run is killed meanwhile.

They are written into a folder of their own inside, `NEW`. Once that is complete it is renamed to
`READY`; from then on they only need to be moved, and whoever next writes into the folder does so if
the run no longer can.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Final

from geobike.errors import GeobikeError, InputError
from geobike.io import files, remote
from geobike.io.locking import lock
from geobike.io.redaction import redact
from geobike.reporting import report

NEW: Final = ".geobike-new"
"""Unfinished files; of no use where their run has ended."""

READY: Final = ".geobike-ready"
"""Finished files on their way to their places."""

_ORDER: Final = ".order.json"
"""In READY: which file comes last, and which of earlier runs go."""


class Transaction:
    """Files to appear in a folder together."""

    def __init__(self, folder: str | Path, staging: Path) -> None:
        self.folder = folder
        self.staging = staging
        """An empty folder on this machine; what is written into it moves to `folder`."""
        self._obsolete: list[str] = []

    def discard(self, name: str) -> None:
        """Have a file of an earlier run removed from the folder, if it is there."""
        self._obsolete.append(name)

    def rephrase(self, error: GeobikeError) -> None:
        """Name the folder in an error, which the user knows, and not where we write meanwhile."""
        error.args = (str(error.args[0]).replace(str(self.staging), redact(self.folder)),)

    def commit(self, *, last: str) -> None:
        """Move the files, the one that is named `last` behind all others."""
        if remote.is_remote(self.folder):
            _move(self.staging, self.folder, last, self._obsolete)
            return
        ready = Path(self.folder, READY)
        with files.writing(self.folder):
            order = json.dumps({"last": last, "obsolete": self._obsolete})
            (self.staging / _ORDER).write_text(order, "utf-8")
            self.staging.replace(ready)
        try:
            _finish(self.folder)
        except KeyboardInterrupt:
            _finish(self.folder)
            raise


@contextmanager
def exclusive(folder: str | Path) -> Iterator[None]:
    """Let no other run write into a folder, and put in order what a killed one has left there.

    May be nested. Raises InputError where another run writes into the folder, or nobody can.
    """
    with lock(folder):
        _mend(folder)
        yield


@contextmanager
def transaction(folder: str | Path, *, last: str) -> Iterator[Transaction]:
    """Give a transaction that is committed at the end of the block.

    If the block fails, the folder stays as it was. The file named `last` vouches for the others:
    it is moved when they are all in place. Raises InputError where the folder cannot be written, or
    another run writes into it.
    """
    with exclusive(folder), _staging(folder) as staging:
        opened = Transaction(folder, staging)
        try:
            yield opened
        except GeobikeError as error:
            opened.rephrase(error)
            raise
        opened.commit(last=last)


def is_half_new(folder: str | Path) -> bool:
    """Tell whether a run was stopped while it moved its files into place."""
    return not remote.is_remote(folder) and Path(folder, READY).is_dir()


def _mend(folder: str | Path) -> None:
    if remote.is_remote(folder):
        return
    with files.writing(folder):
        if Path(folder, NEW).is_dir():
            shutil.rmtree(Path(folder, NEW))
    if is_half_new(folder):
        _finish(folder)
        report(
            f"{folder}: an earlier run was stopped while it moved its files here; they are all "
            "here now"
        )


@contextmanager
def _staging(folder: str | Path) -> Iterator[Path]:
    if remote.is_remote(folder):
        with TemporaryDirectory() as temporary:
            yield Path(temporary)
        return
    # Beside the files that it will replace: a move within one disk is all or nothing.
    staging = Path(folder, NEW)
    with files.writing(folder):
        staging.mkdir()
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _finish(folder: str | Path) -> None:
    """Move the files of READY, as many as are still there, and remove it."""
    ready = Path(folder, READY)
    last, obsolete = _read_order(ready)
    _move(ready, folder, last, obsolete)
    with files.writing(folder):
        (ready / _ORDER).unlink(missing_ok=True)
        ready.rmdir()


def _read_order(ready: Path) -> tuple[str, list[str]]:
    try:
        order = json.loads((ready / _ORDER).read_text("utf-8"))
        return str(order["last"]), [_inside(name) for name in order["obsolete"]]
    except FileNotFoundError:  # all had been moved
        return "", []
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise InputError(
            f"{ready}: is not what a stopped run leaves ({error}); remove it"
        ) from None


def _inside(name: str) -> str:
    """Return the name of a file in the folder, or in a folder there, and never above it."""
    parts = [part for part in PurePosixPath(name).parts[-2:] if part not in ("..", "/")]
    return "/".join(parts)


def _move(source: Path, folder: str | Path, last: str, obsolete: list[str]) -> None:
    for name in obsolete:
        files.remove(files.join(folder, name))
    finished = [file for file in source.rglob("*") if file.is_file() and file.name != _ORDER]
    for file in sorted(finished, key=lambda file: (file.name == last, file.as_posix())):
        name = file.relative_to(source).as_posix()
        if "/" in name and not remote.is_remote(folder):
            Path(folder, name).parent.mkdir(exist_ok=True)
        files.move(file, files.join(folder, name))
    for emptied in [each for each in source.iterdir() if each.is_dir()]:
        emptied.rmdir()
