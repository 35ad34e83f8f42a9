"""The command line: the only place that prints, exits and reads the environment."""

import logging
import sys
from typing import Annotated, NoReturn

import typer

from geobike.cli.commands import app
from geobike.cli.terminal import say
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
    try:
        app()
    except GeobikeError as error:
        if error.exit_code == 1:
            raise  # a bug of ours: show where
        say(str(error))
        sys.exit(error.exit_code)
    sys.exit(0)
