"""Local and remote files: read in the same way, written so that they appear whole or not at all."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO

from geobike.errors import GeobikeError, InputError, OutputError
from geobike.io import remote
from geobike.io.redaction import redact


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Give a path to write to, of the same suffix; at the end of the block it moves to `path`.

    Where `path` is a URL, it is uploaded there. Raises OutputError where it cannot be written; what
    was at `path` before then stays.
    """
    with writing(path), _part(path) as part:
        yield part
        move(part, path)


@contextmanager
def writing(path: str | Path) -> Iterator[None]:
    """Raise OutputError where the block raises OSError: the path cannot be written."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"{redact(path)}: cannot be written: {error.strerror or error}") from None


@contextmanager
def _part(path: str | Path) -> Iterator[Path]:
    """Give a path for an unfinished file, which goes away in the end."""
    if remote.is_remote(path):
        with TemporaryDirectory() as folder:
            yield Path(folder, remote.name(path))
        return
    # Of its own, so that two runs that write the same file do not share its parts.
    parent = Path(path).parent
    parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".part-", dir=parent, ignore_cleanup_errors=True) as folder:
        yield Path(folder, Path(path).name)


def move(part: Path, path: str | Path) -> None:
    """Move a file of this machine to a path or URL. Raises OutputError."""
    with writing(path):
        if remote.is_remote(path):
            remote.put(part, path)
        else:
            part.replace(path)


@contextmanager
def atomic_open(path: str | Path) -> Iterator[IO[str]]:
    """Open a UTF-8 text file that takes its place at `path` only when it is finished."""
    with atomic_path(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        yield file
        file.close()  # before it is moved: Windows moves no open file


def check_folder(folder: str | Path) -> None:
    """Raise InputError where no file could be written into a folder, or no such folder made.

    Nothing stays behind. URLs are not checked.
    """
    if remote.is_remote(folder):
        return
    below = Path(folder).absolute()
    place = next(place for place in (below, *below.parents) if place.exists())
    try:
        with TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror or error}") from None


@contextmanager
def fetch_local(path: str | Path) -> Iterator[Path]:
    """Give a local path to read from; a remote file is fetched for the duration of the block.

    Raises InputError where it cannot be fetched, and for a pipe or a device.
    """
    if not remote.is_remote(path):
        refuse_special(path)
        yield Path(path)
        return
    with TemporaryDirectory() as folder:
        file = Path(folder, remote.name(path))
        try:
            file.write_bytes(remote.read(path))
        except OSError as error:
            raise InputError(f"{redact(path)}: cannot be read: {error}") from None
        try:
            yield file
        except GeobikeError as error:  # the user knows it by its URL
            error.args = (str(error.args[0]).replace(str(file), redact(path)),)
            raise


def refuse_special(path: str | Path) -> None:
    """Raise InputError for a pipe, which would be waited for, or a device, which may never end."""
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError):  # whoever reads it says why
        return
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise InputError(f"{redact(path)}: is a pipe or a device; name a file")


def remove(path: str | Path) -> None:
    """Remove a file, if it is there. Raises InputError where that cannot be done."""
    try:
        if remote.is_remote(path):
            remote.remove(path)
        else:
            Path(path).unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{redact(path)}: cannot be removed: {error}") from None


def same(one: str | Path, other: str | Path) -> bool:
    """Tell whether two paths, or two URLs, are of the same file."""
    if remote.is_remote(one) or remote.is_remote(other):
        return str(one) == str(other)
    return os.path.realpath(one) == os.path.realpath(other)  # a loop of links is one path


def read_bytes(path: str | Path) -> bytes:
    """Return the content of a local or remote file. Raises OSError."""
    if remote.is_remote(path):
        return remote.read(path)
    return Path(path).read_bytes()


def name(path: str | Path) -> str:
    """Return the last part of a path or URL."""
    if remote.is_remote(path):
        return remote.name(path)
    return Path(path).name


def join(folder: str | Path, file: str) -> str | Path:
    """Return the path or URL of a file in a folder."""
    if remote.is_remote(folder):
        return f"{folder.rstrip('/')}/{file}"
    return Path(folder, file)


def folder(path: str | Path) -> str | Path:
    """Return the path or URL of the folder that a file is in."""
    if remote.is_remote(path):
        return path.rpartition("/")[0]
    return Path(path).parent
