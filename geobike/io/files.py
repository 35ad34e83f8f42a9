"""Files, here or elsewhere: read as one, and written so that they appear whole or not at all."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Final, NamedTuple

from geobike.errors import GeobikeError, InputError
from geobike.io import remote
from geobike.io.redaction import redact


class _Held(NamedTuple):
    """What `transaction` holds back."""

    parts: ExitStack
    """Keeps the unfinished files until then."""
    steps: list[Callable[[], None]]


_held: Final[ContextVar[_Held | None]] = ContextVar("_held", default=None)


@contextmanager
def transaction() -> Iterator[None]:
    """Hold back all that is written and removed in the block, and do it in this order at its end.

    Until then it stands beside the files that it will replace. If the block fails, they stay.
    """
    with ExitStack() as parts:
        held = _Held(parts, [])
        before = _held.set(held)
        try:
            yield
        finally:
            _held.reset(before)
        for step in held.steps:
            step()


def _do(step: Callable[[], None]) -> None:
    """Take a step, or leave it to `transaction`."""
    if (held := _held.get()) is None:
        step()
    else:
        held.steps.append(step)


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Give a path to write to, of the same suffix; what is there in the end moves to `path`.

    Where `path` is an address, it is sent there. Raises InputError where it cannot be written;
    what stood at `path` before then stays.
    """
    with _writing(path), ExitStack() as own:
        held = _held.get()
        part = (held.parts if held else own).enter_context(_part(path))
        yield part
        _do(partial(_move, part, path))


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

    Nothing stays behind. Addresses are taken as they are.
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
    """Give a path on this machine to read from; what stands elsewhere is fetched as long.

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
        except GeobikeError as error:  # the user knows it by its address
            error.args = (str(error).replace(str(file), redact(path)),)
            raise


def remove(path: str | Path) -> None:
    """Remove a file, if it is there. Raises InputError where that cannot be done."""
    _do(partial(_remove, path))


def _remove(path: str | Path) -> None:
    try:
        if remote.is_remote(path):
            remote.remove(path)
        else:
            Path(path).unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{redact(path)}: cannot be removed: {error}") from None


def same(one: str | Path, other: str | Path) -> bool:
    """Tell whether two paths, or two addresses, are of the same file."""
    if remote.is_remote(one) or remote.is_remote(other):
        return str(one) == str(other)
    return Path(one).resolve() == Path(other).resolve()


def read_bytes(path: str | Path) -> bytes:
    """Return what a file holds, here or elsewhere. Raises OSError."""
    if remote.is_remote(path):
        return remote.read(path)
    return Path(path).read_bytes()


def name(path: str | Path) -> str:
    """Return the last part of a path or an address."""
    if remote.is_remote(path):
        return remote.name(path)
    return Path(path).name


def join(folder: str | Path, file: str) -> str | Path:
    """Return the path or address of a file in a folder."""
    if remote.is_remote(folder):
        return f"{folder.rstrip('/')}/{file}"
    return Path(folder, file)
