"""`geobike classify`: the best labels of whole photos."""

from typing import Annotated, Any, Literal

import typer

from geobike.cli import models, terminal
from geobike.cli.declared import takes_declared
from geobike.cli.options import Photos, check_out
from geobike.errors import DetectorStopped, GeobikeError


@takes_declared
def classify(
    photos: Photos,
    classifier: Annotated[
        Literal["auto", "onnx", "huggingface"],
        typer.Option(
            help="auto, onnx: this machine, with --model FILE.onnx. huggingface: photos are sent "
            "to Hugging Face, shrunk and without EXIF."
        ),
    ] = "auto",
    *,
    model: str | None,
    endpoint: str | None,
    token_file: str | None,
    bill_to: str | None,
    top: Annotated[int, typer.Option(help="Labels per photo.", min=1)] = 5,
    out: Annotated[
        str | None, typer.Option(metavar="FILE", help="CSV of photo, label, score to write.")
    ] = None,
    max_megapixels: float,
) -> None:
    """Classify each photo as a whole: the best labels with their scores, as JSON."""
    from geobike.exports.csv import write_labels
    from geobike.photos.reading import find, load
    from geobike.survey.options import pixels

    check_out(out)
    files = find(photos)
    max_pixels = pixels(max_megapixels)
    chosen = models.classifier(classifier, model, endpoint, token_file, bill_to)
    results: dict[str, list[dict[str, Any]]] = {}
    for file in terminal.track()(files, "Classifying", total=len(files)):
        try:
            found = chosen.classify(load(file, max_pixels=max_pixels), top=top)
        except DetectorStopped:
            raise
        except GeobikeError as error:
            terminal.say(f"{file.photo_id}: {error}")
            continue
        results[file.photo_id] = [{"label": one.label, "score": one.score} for one in found]
    if out is not None:
        write_labels(results, out)
    terminal.print_results(results, asked=len(files))
