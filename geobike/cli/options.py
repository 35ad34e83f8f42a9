"""What several commands take, said once."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from geobike.detectors import backends
from geobike.errors import InputError
from geobike.exports import formats

Photos = Annotated[
    list[str],
    typer.Argument(
        help="Folders, files or glob patterns; also elsewhere: s3://bucket/photos.",
        metavar="PHOTOS...",
    ),
]
PhotosIfAny = Annotated[
    list[str] | None,
    typer.Argument(
        help="Folders, files or glob patterns; none: those that the manifest names, unopened.",
        metavar="PHOTOS...",
    ),
]
DetectionTable = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="CSV or Parquet of boxes that are there already: photo_id, label, score, xmin, ymin, "
        "xmax, ymax. Then no detector is asked.",
    ),
]
Formats = Annotated[
    list[str] | None,
    typer.Option("--format", metavar="NAME", help=f"{formats.describe()}  [default: auto]"),
]
DetectorKind = Annotated[str, typer.Option("--detector", metavar="NAME", help=backends.describe())]
Model = Annotated[
    str | None, typer.Option(help="A name on Hugging Face, or the path of an ONNX file.")
]
Endpoint = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Full address of a server that talks like Hugging Face's."),
]
TokenFile = Annotated[
    Path | None, typer.Option(help="File with a Hugging Face token; else HF_TOKEN is used.")
]
BillTo = Annotated[
    str | None, typer.Option(metavar="ORG", help="Hugging Face organisation that pays.")
]
StoreFile = Annotated[
    str | None,
    typer.Option("--store", metavar="FILE", help="Keeps detections, so that none is made twice."),
]
Labels = Annotated[
    list[str] | None,
    typer.Option(
        "--label", metavar="L", help="What to count; may be repeated.  [default: bicycle]"
    ),
]
Threshold = Annotated[
    float, typer.Option(help="Boxes with a score above this count; 0.05 to below 1.")
]
Manifest = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="CSV, GeoJSON or Parquet with file, latitude, longitude of the photos.",
    ),
]
Positions = Annotated[
    str,
    typer.Option(
        metavar="NAMES",
        help="Position sources in order, separated by commas: the first valid position wins, and a "
        "source left out is not used.",
    ),
]
Timezone = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="For photo times without an offset: Europe/Amsterdam."),
]
MaxMegapixels = Annotated[
    float, typer.Option(help="Larger photos are not decoded.", show_default=True)
]
Title = Annotated[str, typer.Option(help="Title of the map.", rich_help_panel="The page")]
Language = Annotated[
    str,
    typer.Option(
        metavar="L", help="en, nl, or the path of a catalogue (.json).", rich_help_panel="The page"
    ),
]
MinPhotos = Annotated[
    int,
    typer.Option(
        metavar="N", help="Areas with fewer photos are hatched.", rich_help_panel="The page"
    ),
]
Source = Annotated[
    str,
    typer.Option(help="Where photos and areas come from, in words.", rich_help_panel="The page"),
]
Context = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        help="Water, streets or borders to draw; may be repeated.",
        rich_help_panel="The page",
    ),
]
Tiles = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Background from a server: XYZ with {z}, {x}, {y}, or WMS with layers=. The page then "
        "asks this host, and no other, for pictures.",
        rich_help_panel="The page",
    ),
]
Attribution = Annotated[str, typer.Option(help="Whose the tiles are.", rich_help_panel="The page")]
NoThumbnails = Annotated[
    bool,
    typer.Option("--no-thumbnails", help="No pictures in the map.", rich_help_panel="The page"),
]
ShowPeople = Annotated[
    bool,
    typer.Option(
        "--show-people", help="Do not make people unrecognisable.", rich_help_panel="The page"
    ),
]
Blur = Annotated[
    list[str] | None,
    typer.Option(
        metavar="L", help="Label to make unrecognisable, such as car.", rich_help_panel="The page"
    ),
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Say what would be sent and what it would cost; send nothing."),
]
Workers = Annotated[
    int | None,
    typer.Option(help="Photos detected at once.  [default: 4 if hosted, else one per core]"),
]

EngineName = Annotated[
    Literal["local", "dask"],
    typer.Option(
        help="dask: the workers of a Dask cluster read and detect; --store is then a folder or "
        "address for Parquet.",
        rich_help_panel="A cluster",
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Of a Dask cluster, such as tcp://host:8786.  [default: one worker for each core of "
        "this machine]",
        rich_help_panel="A cluster",
    ),
]


def names(positions: str) -> tuple[str, ...]:
    """Return --positions as names."""
    return tuple(name.strip() for name in positions.split(","))


def pixels(megapixels: float) -> int:
    """Return --max-megapixels as pixels."""
    if not 0 < megapixels < 1e6:
        raise InputError(f"--max-megapixels {megapixels:g} is not above 0 and below a million")
    return int(megapixels * 1e6)


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
