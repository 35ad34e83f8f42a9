"""The commands. Each imports what is heavy inside, so that `--help` answers at once."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from geobike.cli import models, terminal
from geobike.cli.options import (
    BillTo,
    DetectorKind,
    Endpoint,
    Labels,
    Manifest,
    MaxMegapixels,
    Model,
    Photos,
    Prefer,
    StoreFile,
    Threshold,
    Timezone,
    TokenFile,
    Workers,
)
from geobike.errors import DetectorStopped, GeobikeError

if TYPE_CHECKING:
    from geobike.detect import Detection
    from geobike.photos import PhotoFile

app = typer.Typer(
    help="Street photos in, a map of where bicycles stand out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # a bug should show a plain traceback
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command("map", rich_help_panel="A survey")
def map_(
    photos: Photos,
    areas: Annotated[
        Path, typer.Option(help="Neighbourhood polygons: any file that GeoPandas reads.")
    ],
    manifest: Manifest = None,
    out: Annotated[Path, typer.Option(help="Folder for the map and the files.")] = Path("out"),
    detector: DetectorKind = "auto",
    model: Model = None,
    endpoint: Endpoint = None,
    token_file: TokenFile = None,
    bill_to: BillTo = None,
    store: StoreFile = None,
    label: Labels = None,
    threshold: Threshold = 0.5,
    name_column: Annotated[
        str | None, typer.Option(metavar="C", help="Column with the areas' names.")
    ] = None,
    id_column: Annotated[
        str | None, typer.Option(metavar="C", help="Column with the areas' ids.")
    ] = None,
    crs: Annotated[
        str | None, typer.Option(help="CRS of the areas where the file declares none: EPSG:28992.")
    ] = None,
    prefer: Prefer = "manifest",
    timezone: Timezone = "UTC",
    max_megapixels: MaxMegapixels = 200,
    workers: Workers = None,
    title: Annotated[str, typer.Option(help="Title of the map.")] = "Where bicycles stand",
) -> None:
    """Make the map: photos in; map.html, GeoJSON, CSV and a summary out."""
    from geobike import survey

    store = store or out / "detections.sqlite"
    plan = survey.Survey(
        photos=photos,
        areas=areas,
        manifest=manifest,
        prefer=prefer,
        name_column=name_column,
        id_column=id_column,
        crs=crs,
        timezone=timezone,
        labels=tuple(label or ["bicycle"]),
        threshold=threshold,
        max_pixels=int(max_megapixels * 1e6),
        detector=models.choice(detector, model, endpoint, token_file, bill_to),
        workers=workers,
        title=title,
    )
    with terminal.resumable(store):
        result = survey.run(plan, store=store, track=terminal.track())
    written = result.write(out, track=terminal.track())
    terminal.print_result(result, written)


@app.command(rich_help_panel="Its steps")
def locate(
    photos: Photos,
    manifest: Manifest = None,
    out: Annotated[Path | None, typer.Option(help="GeoJSON to write.")] = None,
    prefer: Prefer = "manifest",
    timezone: Timezone = "UTC",
    max_megapixels: MaxMegapixels = 200,
) -> None:
    """Find the photos and say where each was taken."""
    from geobike import exports, survey
    from geobike.photos import find

    with terminal.notes():
        frame = survey.locate(
            find(photos),
            manifest_path=manifest,
            prefer=prefer,
            timezone=timezone,
            max_pixels=int(max_megapixels * 1e6),
            track=terminal.track(),
        )
    terminal.print_located(frame)
    if out is not None:
        exports.write_photos(frame, out)
        print(f"Written: {out}")


@app.command(rich_help_panel="Its steps")
def detect(
    photos: Photos,
    detector: DetectorKind = "auto",
    model: Model = None,
    endpoint: Endpoint = None,
    token_file: TokenFile = None,
    bill_to: BillTo = None,
    store: StoreFile = None,
    label: Labels = None,
    threshold: Threshold = 0.5,
    draw: Annotated[
        Path | None,
        typer.Option(metavar="OUT", help="Draw the boxes: a picture, or a folder for several."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="CSV of all detections to write.")] = None,
    max_megapixels: MaxMegapixels = 200,
    workers: Workers = None,
) -> None:
    """Detect objects and print them as JSON, as the hosted service answers.

    One photo gives a list; several give an object with a list for each.
    """
    from geobike import boxes, exports, survey
    from geobike.photos import find, read

    files = find(photos)
    max_pixels = int(max_megapixels * 1e6)
    with terminal.notes(), terminal.resumable(store):
        detected = survey.detect(
            read(files, max_pixels=max_pixels, track=terminal.track()),
            detector=models.choice(detector, model, endpoint, token_file, bill_to),
            store=store,
            workers=workers,
            max_pixels=max_pixels,
            track=terminal.track(),
        )
    judged = boxes.judge(
        detected.detections,
        labels=label or detected.detections["label"].unique(),
        threshold=threshold,
    )
    # As the service answers: what stands twice is not taken out.
    shown = terminal.by_photo(judged[judged["kept"] | (judged["dropped_by"] == boxes.TWICE)])
    if out is not None:
        exports.write_detections(judged, out)
    if draw is not None:
        _draw(files, shown, draw, max_pixels)
    terminal.print_detections(detected.photos, shown)


@app.command(rich_help_panel="Its steps")
def classify(
    photos: Photos,
    classifier: Annotated[
        Literal["auto", "onnx", "huggingface"],
        typer.Option(
            help="auto: this machine if --model is an ONNX file. onnx, huggingface: where."
        ),
    ] = "auto",
    model: Model = None,
    endpoint: Endpoint = None,
    token_file: TokenFile = None,
    bill_to: BillTo = None,
    top: Annotated[int, typer.Option(help="Labels for each photo.", min=1)] = 5,
    out: Annotated[Path | None, typer.Option(help="CSV of photo, label, score to write.")] = None,
    max_megapixels: MaxMegapixels = 200,
) -> None:
    """Say what each photo shows as a whole: the best labels with their scores, as JSON."""
    from geobike.images import read_upright
    from geobike.photos import find

    files = find(photos)
    chosen = models.classifier(classifier, model, endpoint, token_file, bill_to)
    answers: dict[str, list[dict[str, Any]]] = {}
    for file in terminal.track()(files, "Classifying", total=len(files)):
        try:
            image = read_upright(file.path, max_pixels=int(max_megapixels * 1e6))
            found = chosen.classify(image, top=top)
        except DetectorStopped:
            raise
        except GeobikeError as error:
            terminal.say(f"{file.photo_id}: {error}")
            continue
        answers[file.photo_id] = [{"label": one.label, "score": one.score} for one in found]
    if out is not None:
        _write_labels(answers, out)
    terminal.print_answers(answers, asked=len(files))


@app.command(rich_help_panel="A survey")
def evaluate(
    truth: Annotated[
        Path, typer.Argument(help="CSV with the columns file and bicycles, counted by hand.")
    ],
    survey: Annotated[Path, typer.Option(help="Folder that `geobike map` wrote.")] = Path("out"),
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Picture to write, .png or .svg.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="CSV of the error by threshold.")] = None,
) -> None:
    """Hold a survey's counts against counts by hand, to know how far they are off."""
    from geobike import evaluation

    with terminal.notes():
        result = evaluation.evaluate(truth, survey)
    if plot is not None:
        terminal.save_figure(evaluation.plot(result), plot)
    if out is not None:
        result.by_threshold.to_csv(out, index=False)
    terminal.print_evaluation(result)


@app.command(rich_help_panel="Help")
def doctor(token_file: TokenFile = None, model: Model = None) -> None:
    """Say what is installed, what is missing, and what to do about it."""
    findings = models.examine(token_file, model)
    for finding in findings:
        print(f"{'ok     ' if finding.ok else 'missing'}  {finding.what}: {finding.found}")
        if finding.remedy:
            print(f"         {finding.remedy}")
    if not all(finding.ok for finding in findings if finding.needed):
        raise typer.Exit(2)


def _write_labels(answers: dict[str, list[dict[str, Any]]], out: Path) -> None:
    import pandas as pd

    rows = [{"photo_id": photo, **one} for photo, found in answers.items() for one in found]
    pd.DataFrame(rows, columns=["photo_id", "label", "score"]).to_csv(out, index=False)


def _draw(
    files: "Sequence[PhotoFile]", shown: "dict[str, list[Detection]]", out: Path, limit: int
) -> None:
    """Draw to a picture, or with several photos to a folder, under their own names."""
    from geobike.drawing import draw_boxes
    from geobike.errors import UnreadablePhoto
    from geobike.images import read_upright

    for file in files:
        target = out if len(files) == 1 else (out / file.photo_id).with_suffix(".jpg")
        try:
            image = read_upright(file.path, max_pixels=limit)
        except UnreadablePhoto:
            continue  # already reported by its status
        target.parent.mkdir(parents=True, exist_ok=True)
        draw_boxes(image, shown.get(file.photo_id, [])).save(target)
