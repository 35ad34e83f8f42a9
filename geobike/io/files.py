"""Local and remote files: read in the same way, written so that they appear whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO

from geobike.errors import GeobikeError, InputError
from geobike.io import remote
from geobike.io.redaction import redact


class Transaction:
    """Files that appear in a folder together, once all of them are written."""

    def __init__(self, folder: str | Path, staging: Path) -> None:
        self.folder = folder
        self.staging = staging
        """An empty folder on this machine; what is written into it moves to `folder`."""
        self._obsolete: list[str] = []

    def discard(self, name: str) -> None:
        """Have a file of an earlier run removed from the folder, if it is there."""
        self._obsolete.append(name)

    def commit(self, *, last: str) -> None:
        """Move the files, the one that is named `last` behind all others."""
        files = sorted(self.staging.iterdir(), key=lambda file: (file.name == last, file.name))
        for name in self._obsolete:
            remove(join(self.folder, name))
        for file in files:
            _move(file, join(self.folder, file.name))


@contextmanager
def transaction(folder: str | Path, *, last: str) -> Iterator[Transaction]:
    """Give a transaction that is committed at the end of the block.

    If the block fails, the folder stays as it was. The file named `last` vouches for the others:
    it is moved when they are all in place. Raises InputError where the folder cannot be written.
    """
    with _staging(folder) as staging:
        open_transaction = Transaction(folder, staging)
        try:
            yield open_transaction
        except GeobikeError as error:  # name the folder that the user knows, not the temporary one
            error.args = (str(error).replace(str(staging), redact(folder)),)
            raise
        open_transaction.commit(last=last)


@contextmanager
def _staging(folder: str | Path) -> Iterator[Path]:
    if remote.is_remote(folder):
        with TemporaryDirectory() as staging:
            yield Path(staging)
        return
    with _writing(folder):
        Path(folder).mkdir(parents=True, exist_ok=True)
        # Beside the files that it will replace: a move within one disk is all or nothing.
        place = TemporaryDirectory(prefix=".part-", dir=folder)
    with place as staging:
        yield Path(staging)


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Give a path to write to, of the same suffix; at the end of the block it moves to `path`.

    Where `path` is a URL, it is uploaded there. Raises InputError where it cannot be written; what
    was at `path` before then stays.
    """
    with _writing(path), _part(path) as part:
        yield part
        _move(part, path)


@contextmanager
def _writing(path: str | Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{redact(path)}: cannot be written: {error.strerror or error}") from None


@contextmanager
def _part(path: str | Path) -> Iterator[Path]:
    """Give a path for an unfinished file, which goes away in the end."""
    if remote.is_remote(path):
        with TemporaryDirectory() as folder:
            yield Path(folder, remote.name(path))
        return
    part = Path(path).with_name(f".part-{Path(path).name}")
    part.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def _move(part: Path, path: str | Path) -> None:
    with _writing(path):
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

    Raises InputError where it cannot be fetched.
    """
    if not remote.is_remote(path):
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
            error.args = (str(error).replace(str(file), redact(path)),)
            raise


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
    return Path(one).resolve() == Path(other).resolve()


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
