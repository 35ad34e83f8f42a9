"""`geobike compare`: what changed between two surveys."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from geobike.cli import terminal
from geobike.cli.options import check_out
from geobike.io.redaction import redact


def compare(
    before: Annotated[
        Path, typer.Argument(help="Folder of the earlier survey.", show_default=False)
    ],
    after: Annotated[Path, typer.Argument(help="Folder of the later survey.", show_default=False)],
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder to write, not that of a survey.")
    ],
    boxes: Annotated[
        bool,
        typer.Option(
            "--boxes",
            help="Compare what the detector found, as if it had been equally good both times.",
        ),
    ] = False,
    language: Annotated[str, typer.Option(metavar="L", help="Of the page: en or nl.")] = "en",
) -> None:
    """Say what changed between two surveys, on the stops that both saw.

    In bicycles where photos of both were counted by hand; else only with --boxes.
    """
    from geobike import comparison

    check_out(out)
    with terminal.notes():
        found = comparison.compare(before, after, boxes=boxes)
        written = comparison.write(found, out, language=language)
    _print_comparison(comparison.sentences(found), written)


def _print_comparison(sentences: Iterable[str], written: Iterable[str | Path]) -> None:
    """Print what changed, and the files that say so."""
    for sentence in sentences:
        terminal.print_line(sentence)
    for path in written:
        terminal.print_line(f"Written: {redact(path)}")
