"""Files that appear whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from geobike.errors import InputError


@contextmanager
def whole(path: str | Path) -> Iterator[Path]:
    """Give a path to write to, of the same suffix; what is there in the end moves to `path`.

    Raises InputError where it cannot be written; what stood at `path` before then stays.
    """
    path = Path(path)
    part = path.with_name(f".part-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield part
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None


@contextmanager
def replacing(path: str | Path) -> Iterator[IO[str]]:
    """Open a UTF-8 text file that takes its place at `path` only when it is finished."""
    with whole(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        yield file
        file.close()  # before it is moved: Windows moves no open file
