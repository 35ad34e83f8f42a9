"""The command line: the only place that prints, exits and reads the environment."""

import logging
import sys
from typing import Annotated, NoReturn

import typer

from geobike.cli import ending
from geobike.cli.program import app
from geobike.cli.terminal import say, warnings_as_notes
from geobike.errors import GeobikeError

__all__ = ["app", "main"]


def _version(asked: bool) -> None:
    if asked:
        import geobike

        print(f"geobike {geobike.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Map parked bicycles from street photos."""


def main() -> NoReturn:
    """Run the command line; a user's mistake ends in one message and an exit code."""
    # Storage packages log retries and fallbacks, with tracebacks; without a handler, Python would
    # print them.
    logging.getLogger().addHandler(logging.NullHandler())
    ending.open_streams()
    with ending.listening(), warnings_as_notes():
        code = _run()
    ending.leave(code)


def _run() -> int:
    """Run the command; return its exit code."""
    try:
        app()
        return 0
    except SystemExit as end:
        return _code(end)
    except KeyboardInterrupt:
        say("stopped.")
        return ending.stopped() or 130
    except GeobikeError as error:
        if error.exit_code == 1:
            sys.excepthook(*sys.exc_info())  # a bug of ours: show where
        else:
            say(str(error))
        return error.exit_code
    except MemoryError:
        say("there is not enough memory; close other programs, or use --workers 1")
        return 2
    except OSError as error:
        if error.errno in ending.MACHINE:
            place = error.filename or "standard output"
            say(f"{place}: {error.strerror}; {ending.MACHINE[error.errno]}")
            return 2
        sys.excepthook(*sys.exc_info())
    except BaseException:  # noqa: BLE001 - shown as Python shows it, and then we leave in order
        sys.excepthook(*sys.exc_info())
    return 1


def _code(end: SystemExit) -> int:
    """Return the exit code of a command that Typer ended."""
    cause = end.__context__
    if isinstance(cause, BrokenPipeError):
        return ending.CLOSED
    if isinstance(getattr(cause, "__cause__", None), KeyboardInterrupt):
        say("stopped.")
        return ending.stopped() or 130
    return end.code if isinstance(end.code, int) else int(end.code is not None)
