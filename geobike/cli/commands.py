"""The commands. Each imports what is heavy inside, so that `--help` answers at once."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from geobike.cli import engines, models, terminal
from geobike.cli.options import (
    Attribution,
    BillTo,
    Blur,
    Context,
    DetectionTable,
    DetectorKind,
    DryRun,
    Endpoint,
    EngineName,
    Formats,
    Labels,
    Language,
    Manifest,
    MaxMegapixels,
    MinPhotos,
    Model,
    NoThumbnails,
    Photos,
    PhotosIfAny,
    Positions,
    Scheduler,
    ShowPeople,
    Source,
    StoreFile,
    Threshold,
    Tiles,
    Timezone,
    Title,
    TokenFile,
    Workers,
    check_out,
    names,
    pixels,
)
from geobike.errors import DetectorStopped, GeobikeError, InputError

if TYPE_CHECKING:
    import geopandas as gpd

    from geobike.detections.choice import Choice
    from geobike.detections.store.protocol import DetectionStore
    from geobike.detectors.protocol import Detection
    from geobike.photos.reading import PhotoFile

app = typer.Typer(
    help="Street photos in, a map of where bicycles stand out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # a bug should show a plain traceback
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command("map", rich_help_panel="A survey")
def map_(
    areas: Annotated[
        str,
        typer.Option(metavar="FILE", help="Neighbourhood polygons: any file that GeoPandas reads."),
    ],
    photos: PhotosIfAny = None,
    manifest: Manifest = None,
    detections: DetectionTable = None,
    out: Annotated[
        str, typer.Option(metavar="FOLDER", help="Folder for the map and the files.")
    ] = "out",
    formats: Formats = None,
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
    layer: Annotated[
        str | None, typer.Option(help="Layer of the areas' file, where it has several.")
    ] = None,
    crs: Annotated[
        str | None,
        typer.Option(help="CRS of the areas, such as EPSG:28992, whatever the file says."),
    ] = None,
    positions: Positions = "manifest,exif",
    timezone: Timezone = None,
    max_megapixels: MaxMegapixels = 200,
    workers: Workers = None,
    population_column: Annotated[
        str | None, typer.Option(metavar="C", help="Column with the areas' inhabitants.")
    ] = None,
    title: Title = "Where bicycles stand",
    language: Language = "en",
    min_photos: MinPhotos = 1,
    source: Source = "",
    context: Context = None,
    tiles: Tiles = None,
    attribution: Attribution = "",
    no_thumbnails: NoThumbnails = False,
    show_people: ShowPeople = False,
    blur: Blur = None,
    engine: EngineName = "local",
    scheduler: Scheduler = None,
    dry_run: DryRun = False,
) -> None:
    """Make the map: photos in; map.html, GeoJSON, CSV and a summary out.

    Where neither photos nor model are at hand: --manifest and --detections, without PHOTOS.
    """
    from geobike.maps import PageOptions
    from geobike.survey import run
    from geobike.survey.options import Survey

    if detections is not None and (detector != "auto" or dry_run):
        raise InputError(
            "--detections brings the boxes, so nothing is detected and nothing sent: leave out "
            "--detector and --dry-run"
        )
    if detections is None:
        store = store or engines.store_in(out, engine)
    runs = engines.choose(engine, scheduler)
    chosen = models.choice(detector, model, endpoint, token_file, bill_to)
    plan = Survey(
        photos=photos or None,
        areas=areas,
        manifest=manifest,
        detections=detections,
        positions=names(positions),
        name_column=name_column,
        id_column=id_column,
        layer=layer,
        crs=crs,
        timezone=timezone,
        labels=tuple(label or ["bicycle"]),
        threshold=threshold,
        max_pixels=pixels(max_megapixels),
        detector=chosen,
        workers=workers,
        population_column=population_column,
        formats=tuple(formats or ["auto"]),
        page=PageOptions(
            title=title,
            language=language,
            min_photos=min_photos,
            source=source,
            context=tuple(context or ()),
            tiles=tiles,
            attribution=attribution,
            thumbnails=not no_thumbnails,
            show_people=show_people,
            blur=tuple(blur or ()),
        ),
    )
    plan.check_out(out)  # before hours of work
    if dry_run:
        _dry_run(
            lambda known: run.locate_and_assign(plan, known=known, track=terminal.track()).photos,
            chosen,
            store,
            plan.max_pixels,
        )
        return
    if detections is None:
        models.announce(chosen)
    with terminal.notes(), terminal.resumable(None if detections else store):
        with runs as where:
            result = run.run(plan, store=store, engine=where, track=terminal.track())
        terminal.print_notes(result)
        written = result.write(out, track=terminal.track())
    terminal.print_result(result, written)


@app.command(rich_help_panel="Its steps")
def locate(
    photos: Photos,
    manifest: Manifest = None,
    out: Annotated[
        str | None, typer.Option(metavar="FILE", help="Photos to write: .geojson or .parquet.")
    ] = None,
    positions: Positions = "manifest,exif",
    timezone: Timezone = None,
    max_megapixels: MaxMegapixels = 200,
) -> None:
    """Find the photos and say where each was taken.

    Reads only the head of each file: copies, and photos that are cut short, are told by `map`.
    """
    from geobike.exports import writing
    from geobike.io.redaction import redact
    from geobike.photos.reading import find
    from geobike.survey import run

    check_out(out, manifest)
    if out is not None:
        writing.check_path(out, "photos")  # before hours of work

    with terminal.notes():
        frame = run.locate(
            find(photos),
            manifest_path=manifest,
            positions=names(positions),
            timezone=timezone,
            max_pixels=pixels(max_megapixels),
            metadata_only=True,
            track=terminal.track(),
        )
    terminal.print_located(frame)
    if out is not None:
        writing.write_photos(frame, out)
        print(f"Written: {redact(out)}")


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
    out: Annotated[
        str | None, typer.Option(metavar="FILE", help="All detections to write: .csv or .parquet.")
    ] = None,
    max_megapixels: MaxMegapixels = 200,
    workers: Workers = None,
    dry_run: DryRun = False,
) -> None:
    """Detect objects and print them as JSON, as the hosted service answers.

    One photo gives a list; several give an object with a list for each.
    """
    from geobike.detections import filtering, stage
    from geobike.detections.store.opening import open_store
    from geobike.exports import writing
    from geobike.photos.reading import find, read

    check_out(out)
    if out is not None:
        writing.check_path(out, "detections")  # before hours of work
    files = find(photos)
    max_pixels = pixels(max_megapixels)
    chosen = models.choice(detector, model, endpoint, token_file, bill_to)

    def read_all(known: "DetectionStore") -> "gpd.GeoDataFrame":
        return read(files, max_pixels=max_pixels, known=known, track=terminal.track())

    if dry_run:
        _dry_run(read_all, chosen, store, max_pixels)
        return
    models.announce(chosen)
    with terminal.notes(), terminal.resumable(store):
        with open_store(store, stage.mode_for(chosen)) as opened:
            planned = stage.plan(read_all(opened), chosen, opened)
            outcomes = stage.run(planned, opened, workers=workers, max_pixels=max_pixels)
            detected = stage.collect(planned, outcomes, opened, track=terminal.track())
        filtered = filtering.filter_detections(
            detected.detections,
            labels=label or detected.detections["label"].unique(),
            threshold=threshold,
        )
    # As the service answers: what stands twice is not taken out.
    shown = terminal.by_photo(
        filtered[filtered["kept"] | (filtered["dropped_by"] == filtering.DUPLICATE)]
    )
    if out is not None:
        writing.write_detections(filtered, out)
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
    out: Annotated[
        str | None, typer.Option(metavar="FILE", help="CSV of photo, label, score to write.")
    ] = None,
    max_megapixels: MaxMegapixels = 200,
) -> None:
    """Say what each photo shows as a whole: the best labels with their scores, as JSON."""
    from geobike.exports.csv import write_labels
    from geobike.photos.reading import find, load

    check_out(out)
    files = find(photos)
    max_pixels = pixels(max_megapixels)
    chosen = models.classifier(classifier, model, endpoint, token_file, bill_to)
    answers: dict[str, list[dict[str, Any]]] = {}
    for file in terminal.track()(files, "Classifying", total=len(files)):
        try:
            found = chosen.classify(load(file, max_pixels=max_pixels), top=top)
        except DetectorStopped:
            raise
        except GeobikeError as error:
            terminal.say(f"{file.photo_id}: {error}")
            continue
        answers[file.photo_id] = [{"label": one.label, "score": one.score} for one in found]
    if out is not None:
        write_labels(answers, out)
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
    from geobike.evaluation import agreement, plots
    from geobike.io.files import atomic_open

    check_out(out, truth)
    with terminal.notes():
        result = agreement.evaluate(truth, survey)
    if plot is not None:
        terminal.save_figure(plots.plot(result), plot)
    if out is not None:
        with atomic_open(out) as file:
            result.by_threshold.to_csv(file, index=False)
    terminal.print_evaluation(result)


@app.command("sample-data", rich_help_panel="Help")
def sample_data(
    folder: Annotated[Path, typer.Argument(help="A new folder, made for it.", show_default=False)],
) -> None:
    """Write the sample: photos of a rendered town, with the number of bicycles known."""
    from geobike import sample

    terminal.print_sample(sample.write(folder))


@app.command(rich_help_panel="Help")
def doctor(token_file: TokenFile = None, model: Model = None, endpoint: Endpoint = None) -> None:
    """Say what is installed, what is missing, and what to do about it.

    With --endpoint, also ask that server about one small drawn picture.
    """
    fine = True
    for finding in models.examine(token_file, model, endpoint):
        terminal.print_finding(finding)
        fine = fine and (finding.ok or not finding.needed)
    if not fine:
        raise typer.Exit(2)


def _dry_run(
    read: "Callable[[DetectionStore], gpd.GeoDataFrame]",
    chosen: "Choice",
    store: str | None,
    max_pixels: int,
) -> None:
    if chosen.kind != "huggingface":
        terminal.print_no_upload(chosen.kind)
        return
    from geobike.detections import upload
    from geobike.detections.store.opening import open_store

    with terminal.notes(), open_store(store, "existing") as opened:
        weight = upload.estimate_upload(read(opened), chosen, store=opened, max_pixels=max_pixels)
    terminal.print_upload(weight)


def _draw(
    files: "Sequence[PhotoFile]", shown: "dict[str, list[Detection]]", out: Path, max_pixels: int
) -> None:
    """Draw to a picture, or with several photos to a folder, under their own names."""
    from geobike.detections.drawing import draw_boxes, save
    from geobike.errors import UnreadablePhoto
    from geobike.photos.reading import load

    to_folder = len(files) > 1 or out.is_dir()
    originals = {Path(file.path).resolve() for file in files}
    for file in files:
        target = out
        if to_folder:
            plain = (
                file.photo_id
                if Path(file.path).suffix.lower() == ".jpg"
                else f"{file.photo_id}.jpg"
            )
            target = out / plain
        if target.resolve() in originals:
            raise InputError(f"--draw {out} would overwrite {file.photo_id}; name another place")
        try:
            image = load(file, max_pixels=max_pixels)
        except UnreadablePhoto:
            continue  # already reported by its status
        save(draw_boxes(image, shown.get(file.photo_id, [])), target)
