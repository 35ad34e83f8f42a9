"""How it is printed: results on standard output, messages and progress on standard error."""

import json
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import typer

from geobike.errors import DetectorStopped, GeobikeError, GeobikeWarning, InputError
from geobike.messages import WORDS, message
from geobike.reporting import collect_warnings

if TYPE_CHECKING:
    from geobike.detections.store.opening import Mode
    from geobike.progress import Track


def say(text: str) -> None:
    """Print a message to the person at the terminal."""
    with suppress(OSError):  # a run does not end because nobody listens
        print(f"geobike: {message(text)}", file=sys.stderr)


def track() -> "Track":
    """Return a function that draws a progress bar on a terminal, or logs a line per minute."""
    from geobike.cli import progress

    return progress.bar if sys.stderr.isatty() else progress.lines


def download_progress() -> type[Any] | None:
    """Return the progress bar of huggingface_hub, if standard error is a terminal."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    return tqdm if sys.stderr.isatty() else None


@contextmanager
def resumable(store: str | None) -> Iterator[None]:
    """Say that a stopped run can be resumed, if anything was detected."""
    try:
        yield
    except KeyboardInterrupt as signalled:
        say(f"stopped.{_kept(store)}")
        raise typer.Exit(getattr(signalled, "exit_code", 130)) from None
    except DetectorStopped as error:
        said = f"{error}"
        stop = "" if said.endswith(".") else "."
        kept = _kept(store)
        error.args = (f"{said}{stop}{kept}" if kept else said,)
        raise


def _kept(store: str | None) -> str:
    if store is None or not _holds_any(store):
        return ""
    return f" What was detected is kept in {store}; the same command goes on from there."


def _holds_any(store: str) -> bool:
    """Tell whether a store, a file or a folder of shards, holds any detections."""
    from geobike.detections.store.opening import open_store

    # A reader could not remove SQLite's log when it closes the store, and it would stay behind.
    mode: Mode = "write" if Path(store).is_file() else "existing"
    try:
        with open_store(store, mode) as opened:
            return opened.has_answers()
    except GeobikeError:
        return False


@contextmanager
def notes() -> Iterator[None]:
    """Print what geobike reports during a run, instead of Python's warnings."""
    with collect_warnings() as collected:
        try:
            yield
        finally:
            for note in dict.fromkeys(collected):
                say(f"note: {note}")
            collected.clear()  # if the block fails, they have been printed already


@contextmanager
def warnings_as_notes() -> Iterator[None]:
    """Print warnings of libraries, and ours outside `notes`, as notes: Python would name files."""

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,  # noqa: ARG001
        lineno: int,  # noqa: ARG001
        file: TextIO | None = None,  # noqa: ARG001
        line: str | None = None,  # noqa: ARG001
    ) -> None:
        library = "" if issubclass(category, GeobikeWarning) else f"{category.__name__}: "
        say(f"note: {library}{message}")

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


def warn(text: str) -> None:
    """Print a warning, in colour on a terminal."""
    line = f"geobike: warning: {message(text)}"
    with suppress(OSError):
        typer.secho(line, err=True, fg=typer.colors.YELLOW if sys.stderr.isatty() else None)


def print_line(text: str) -> None:
    """Print one line of a result."""
    print(message(text))


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; numbers stand in its second column."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*header, box=None, header_style="bold")
    table.columns[1].justify = "right"
    for row in rows:
        # Text, so that rich does not take a name for its markup.
        table.add_row(*(Text(message(cell, limit=WORDS)) for cell in row))
    Console().print(table)


def print_results(results: dict[str, list[dict[str, Any]]], *, asked: int) -> None:
    """Print one photo's result, or all by photo, as JSON."""
    if not results:
        raise InputError("none of the photos has a result")
    shown = next(iter(results.values())) if asked == 1 else results
    print(_json(shown))


def _json(content: object) -> str:
    """Return JSON in which no name steers a terminal or breaks a line."""
    text = json.dumps(content, indent=2, ensure_ascii=False)
    return "".join(
        sign if sign.isprintable() or sign == "\n" else json.dumps(sign)[1:-1] for sign in text
    )
