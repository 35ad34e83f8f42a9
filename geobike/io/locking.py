"""A lock on a folder: of two runs that would write into it, the second is refused.

The lock is the operating system's, on an open file in the folder, and ends with the process,
however that ends. Between machines it holds where the file system passes locks on, as NFS does.
"""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import IO, Final

from geobike.errors import InputError
from geobike.io import remote
from geobike.reporting import report

NAME: Final = ".geobike.lock"
"""The file that is locked; it is there only as long as a run is."""

_NO_LOCKS: Final = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
"""What locking fails with on a file system that has no locks."""

_held: Final[ContextVar[frozenset[Path]]] = ContextVar("_held", default=frozenset())


@contextmanager
def lock(folder: str | Path) -> Iterator[None]:
    """Hold the lock of a folder, which is made; in a block that holds it, it may be taken again.

    A folder at a URL has none. Raises InputError where another run has the lock, or where the
    folder cannot be written.
    """
    if remote.is_remote(folder) or Path(os.path.realpath(folder)) in _held.get():
        yield
        return
    place = Path(os.path.realpath(folder))
    made = [above for above in (place, *place.parents) if not above.exists()]
    file = _acquire(place, folder)
    token = _held.set(_held.get() | {place})
    try:
        yield
    finally:
        _held.reset(token)
        _release(file)
        with suppress(OSError):  # a run that wrote nothing leaves no folder
            for above in made:
                above.rmdir()


def _acquire(place: Path, folder: str | Path) -> IO[bytes]:
    try:
        place.mkdir(parents=True, exist_ok=True)
        file = _open_and_lock(place / NAME)
    except BlockingIOError:
        raise InputError(
            f"{folder}: another run is writing into this folder; wait until it is done, or name "
            "another folder (--out)"
        ) from None
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror or error}") from None
    return file


def _open_and_lock(path: Path) -> IO[bytes]:
    while True:
        file = path.open("ab")
        try:
            _lock(file)
        except OSError as error:
            if error.errno in _NO_LOCKS:
                report(f"{path.parent.name}: this disk has no locks; let no two runs write there")
                return file
            file.close()
            raise
        if _is_at(file, path):
            return file
        file.close()  # its last holder removed it after we opened it


def _is_at(file: IO[bytes], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _release(file: IO[bytes]) -> None:
    """Remove the file while it is locked, so that nobody locks a file that is about to go."""
    with suppress(OSError):
        if sys.platform != "win32":
            Path(file.name).unlink()
    file.close()
    with suppress(OSError):
        if sys.platform == "win32":  # no open file can be removed there, so none that is in use
            Path(file.name).unlink()


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(*error.args) from None

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
