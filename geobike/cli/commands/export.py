"""`geobike export`: a finished survey in more formats, and in a database."""

from typing import Annotated, Final

import typer

from geobike.cli import terminal
from geobike.errors import InputError
from geobike.exports import formats

_POSTGIS: Final = formats.DATABASE


def export(
    folder: Annotated[
        str, typer.Argument(metavar="OUT", help="Folder or URL that `geobike map` wrote.")
    ],
    form: Annotated[
        list[str],
        typer.Option(
            "--format",
            metavar="NAME",
            help=f"What to write. {_POSTGIS}: a PostGIS database; {formats.describe_each()}",
        ),
    ],
    survey: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=f"With {_POSTGIS}: name of the survey there; one of that name is replaced.",
        ),
    ] = None,
    dsn: Annotated[
        str,
        typer.Option(
            metavar="DSN",
            help=f"With {_POSTGIS}: 'host=... dbname=... user=...', a URI or service=NAME, without "
            "the password: libpq reads PGPASSWORD, ~/.pgpass or the service file. What it does not "
            "say, PGHOST, PGDATABASE and so on do.",
        ),
    ] = "",
) -> None:
    """Write a finished survey in more formats, into its folder; or into a PostGIS database.

    Tables and pictures come from the files there; no photo is opened and nothing is detected.
    """
    from geobike import saved
    from geobike.io.redaction import redact

    names = [name for name in form if name != _POSTGIS]
    _check(survey, dsn, wanted=_POSTGIS in form)
    with terminal.notes():
        written = saved.export(folder, names) if names else {}
        for path in written.values():
            terminal.print_line(f"Written: {redact(path)}")
        if survey is not None:
            terminal.print_line(f"Written: {saved.to_postgis(folder, survey, dsn=dsn)}")


def _check(survey: str | None, dsn: str, *, wanted: bool) -> None:
    """Refuse options of the database without it, and it without a name."""
    if wanted and survey is None:
        raise InputError(f"--format {_POSTGIS} needs a name for the survey; add --survey NAME")
    if not wanted and (survey is not None or dsn):
        raise InputError(f"--survey and --dsn are for --format {_POSTGIS}; add it")
