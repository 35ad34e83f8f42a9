"""Arguments that several commands share, besides the options that `geobike.config` declares."""

from pathlib import Path
from typing import Annotated

import typer

from geobike.errors import InputError

Photos = Annotated[
    list[str],
    typer.Argument(
        help="Folders, files, glob patterns or URLs (s3://bucket/photos).", metavar="PHOTOS..."
    ),
]


def check_out(out: str | Path | None, table: str | Path | None = None) -> None:
    """Raise InputError where --out would overwrite a photo, or the table that is read."""
    from geobike.io.files import same
    from geobike.io.redaction import redact
    from geobike.photos.decoding import SUFFIXES

    if out is None:
        return
    if Path(out).suffix.lower() in SUFFIXES:
        raise InputError(f"--out {redact(out)} names a photo, and a table is written")
    if table is not None and same(out, table):
        raise InputError(f"--out {redact(out)} would overwrite what is read; name another file")
