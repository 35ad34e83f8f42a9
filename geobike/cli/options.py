"""What several commands take, said once."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Photos = Annotated[
    list[str], typer.Argument(help="Folders, files or glob patterns.", metavar="PHOTOS...")
]
DetectorKind = Annotated[
    Literal["auto", "onnx", "huggingface", "recorded"],
    typer.Option(
        "--detector",
        help="auto: what the store has, else this machine. onnx: this machine. huggingface: photos "
        "are sent to Hugging Face, shrunk and without EXIF. recorded: the store alone.",
    ),
]
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
    Path | None,
    typer.Option("--store", metavar="FILE", help="Keeps detections, so that none is made twice."),
]
Labels = Annotated[
    list[str] | None,
    typer.Option(
        "--label", metavar="L", help="What to count; may be repeated.  [default: bicycle]"
    ),
]
Threshold = Annotated[float, typer.Option(help="Boxes with a score above this count, 0 to 1.")]
Manifest = Annotated[
    Path | None,
    typer.Option(help="CSV, GeoJSON or Parquet with file, latitude, longitude of the photos."),
]
Prefer = Annotated[
    Literal["manifest", "exif"], typer.Option(help="Whose position wins where both have one.")
]
Timezone = Annotated[
    str, typer.Option(metavar="NAME", help="For photo times without an offset: Europe/Amsterdam.")
]
MaxMegapixels = Annotated[
    float, typer.Option(help="Larger photos are not decoded.", show_default=True)
]
Workers = Annotated[
    int | None,
    typer.Option(help="Photos detected at once.  [default: 4 if hosted, else one per core]"),
]
