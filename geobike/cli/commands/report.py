"""`geobike report`: the survey on paper, in one HTML file."""

from pathlib import Path
from typing import Annotated

import typer

from geobike.cli import terminal
from geobike.io.redaction import redact


def report(
    survey: Annotated[
        str,
        typer.Argument(help="Folder that `geobike map` wrote.", metavar="OUT", show_default=False),
    ],
    area: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Add a page on this area, by name or id; `all` adds one on each that was seen. "
            "May be repeated.",
            show_default=False,
        ),
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(metavar="L", help="en or nl.", show_default="that of the map, else en"),
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="CSV of manual counts, as for `evaluate`: adds how accurate it is."
        ),
    ] = None,
    photos: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Where the photos are now, for the pictures.",
            show_default="where the survey found them",
        ),
    ] = None,
) -> None:
    """Write report.html into a survey's folder: one file that prints to A4, without a network.

    The finding, the method, a map, the table, the fullest streets and places, and what was not
    counted.
    """
    from geobike import reports, saved

    finished = saved.read(survey)
    options = reports.ReportOptions(language=language, areas=area or (), photos=photos)
    with terminal.notes():
        accuracy = None
        if truth is not None:
            from geobike.evaluation import agreement

            accuracy = agreement.evaluate(truth, survey)
        html = reports.build(finished, options, accuracy=accuracy, track=terminal.track())
    _print_report(reports.save(html, finished))


def _print_report(path: str | Path) -> None:
    """Print where the report is, and how it becomes paper."""
    terminal.print_line(f"Report: {redact(path)}")
    print("Open it in a browser; Print there gives A4 or a PDF.")
