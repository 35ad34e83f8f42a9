"""The commands. Each imports what is heavy inside, so that `--help` answers at once."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from geobike import config
from geobike.cli import engines, exporting, models, reports, terminal
from geobike.cli.declared import takes_declared
from geobike.cli.options import Photos, check_out
from geobike.errors import DetectorStopped, GeobikeError, InputError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import geopandas as gpd

    from geobike.detections.choice import Choice
    from geobike.detections.looking import Looking
    from geobike.detections.store.protocol import DetectionStore
    from geobike.detectors.protocol import Detection
    from geobike.engines.base import Engine
    from geobike.photos.reading import PhotoFile
    from geobike.survey.options import Survey
    from geobike.survey.result import SurveyResult

app = typer.Typer(
    help="Map parked bicycles from street photos.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # a bug should show a plain traceback
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command("map", rich_help_panel="A survey")
@takes_declared
def map_(
    survey: config.SurveySettings,
    detector: config.DetectorSettings,
    page: config.PageSettings,
    where: config.RunSettings,
) -> None:
    """Make the map: photos in; map.html, GeoJSON, CSV and a summary out.

    Without photos and model: --manifest and --detections, and no PHOTOS.
    """
    from geobike.maps import PageOptions
    from geobike.survey.options import Survey

    if survey.detections is not None and (detector.kind != "auto" or where.dry_run):
        raise InputError(
            "with --detections nothing is detected and nothing is sent: leave out --detector and "
            "--dry-run"
        )
    engine = engines.choose(where.engine, where.scheduler)
    chosen = models.choice(detector, where.token_file)
    plan = Survey(**vars(survey), detector=chosen, page=PageOptions(**vars(page)))
    plan.check_out(where.out)  # before hours of work
    store = where.store
    if survey.detections is None:
        store = store or engines.store_in(where.out, where.engine)
    if where.dry_run:
        _dry_run_survey(plan, chosen, store)
    else:
        result = _run_survey(plan, chosen, store, engine, where.out)
        _end_if_empty(result, allowed=where.allow_empty)


def _dry_run_survey(plan: "Survey", chosen: "Choice", store: str | None) -> None:
    from geobike.survey import run

    def read(known: "DetectionStore") -> "gpd.GeoDataFrame":
        return run.locate_and_assign(plan, known=known, track=terminal.track()).photos

    _dry_run(read, chosen, store, plan.max_pixels, plan.looking)


def _run_survey(
    plan: "Survey",
    chosen: "Choice",
    store: str | None,
    engine: "AbstractContextManager[Engine]",
    out: str,
) -> "SurveyResult":
    from geobike.io.transaction import exclusive
    from geobike.survey import run

    detects = plan.detections is None
    if detects:
        models.announce(chosen)
    with terminal.notes(), terminal.resumable(store if detects else None), exclusive(out):
        with engine as opened:
            result = run.run(plan, store=store, engine=opened, track=terminal.track())
        terminal.print_notes(result)
        written = result.write(out, track=terminal.track())
    terminal.print_result(result, written)
    return result


def _end_if_empty(result: "SurveyResult", *, allowed: bool) -> None:
    """Warn where no photo was counted, and exit with 4 unless that is allowed."""
    if result.empty is None:
        return
    hint = "" if allowed else " (exit code 4; --allow-empty makes it 0)"
    terminal.warn(f"{result.empty}{hint}")
    if not allowed:
        raise typer.Exit(4)


@app.command(rich_help_panel="Its steps")
@takes_declared
def locate(
    photos: Photos,
    manifest: str | None,
    positions: tuple[str, ...],
    track: tuple[str, ...],
    track_offset: float,
    track_max_gap: float,
    timezone: str | None,
    same_shot: config.SameShot,
    max_megapixels: float,
    out: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Photos to write: .geojson, .gpkg or .parquet."),
    ] = None,
) -> None:
    """Find the photos and say where each was taken.

    Reads only file headers; `map` also detects copies with the same bytes, and truncated photos.
    """
    from geobike.exports import writing
    from geobike.io.redaction import redact
    from geobike.photos import shots
    from geobike.photos.reading import find
    from geobike.survey import run
    from geobike.survey.options import pixels

    for table in (manifest, *track):
        check_out(out, table)
    if out is not None:
        writing.check_path(out, "photos")  # before hours of work
    with terminal.notes():
        frame = run.locate(
            find(photos),
            manifest_path=manifest,
            positions=positions,
            track_paths=track,
            track_offset=track_offset,
            track_max_gap=track_max_gap,
            timezone=timezone,
            max_pixels=pixels(max_megapixels),
            metadata_only=True,
            track=terminal.track(),
        )
        frame = shots.mark(frame, keep=same_shot == "all")
    terminal.print_located(frame)
    if out is not None:
        writing.write_photos(frame, out)
        terminal.print_line(f"Written: {redact(out)}")


@app.command(rich_help_panel="Its steps")
@takes_declared
def detect(
    photos: Photos,
    detector: config.DetectorSettings,
    token_file: str | None,
    store: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Keeps detections, so that no photo is processed twice."),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(metavar="L", help="What to show; may be repeated.", show_default="all"),
    ] = None,
    *,
    threshold: float,
    draw: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT",
            help="Draw the boxes: a picture, or a folder for several. Nothing is pixelated.",
        ),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="All detections to write: .csv, .gpkg or .parquet."),
    ] = None,
    windows: str,
    panoramas: config.Panoramas,
    max_megapixels: float,
    workers: int | None,
    dry_run: bool,
) -> None:
    """Detect objects and print them as JSON, as the hosted service answers.

    One photo gives a list; several give an object with a list for each.
    """
    from geobike.detections import filtering, stage
    from geobike.detections.looking import Looking
    from geobike.detections.store.opening import open_store
    from geobike.exports import writing
    from geobike.photos.reading import find, read
    from geobike.survey.options import pixels

    check_out(out)
    if out is not None:
        writing.check_path(out, "detections")  # before hours of work
    files = find(photos)
    if draw is not None:
        _check_draw(files, draw)
    max_pixels = pixels(max_megapixels)
    looking = Looking(windows, panoramas)
    chosen = models.choice(detector, token_file)

    def read_all(known: "DetectionStore") -> "gpd.GeoDataFrame":
        return read(files, max_pixels=max_pixels, known=known, track=terminal.track())

    if dry_run:
        _dry_run(read_all, chosen, store, max_pixels, looking)
        return
    models.announce(chosen)
    with terminal.notes(), terminal.resumable(store):
        with open_store(store, stage.mode_for(chosen)) as opened:
            planned = stage.plan(read_all(opened), chosen, opened, looking=looking)
            outcomes = stage.run(planned, opened, workers=workers, max_pixels=max_pixels)
            detected = stage.collect(planned, outcomes, opened, track=terminal.track())
        filtered = filtering.filter_detections(
            detected.detections,
            labels=label or detected.detections["label"].unique(),
            threshold=threshold,
            count="all",
        )
    # As the service answers: duplicate boxes are not removed.
    shown = terminal.by_photo(
        filtered[filtered["kept"] | (filtered["dropped_by"] == filtering.DUPLICATE)]
    )
    if out is not None:
        writing.write_detections(filtered, out)
    if draw is not None:
        _draw(files, shown, draw, max_pixels)
    terminal.print_detections(detected.photos, shown)


@app.command(rich_help_panel="Its steps")
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


@app.command(rich_help_panel="A survey")
@takes_declared
def sample(
    out: Annotated[str, typer.Argument(help="Folder that `geobike map` wrote.", metavar="OUT")],
    seed: Annotated[
        int, typer.Option(metavar="N", help="Of chance: the same one draws the same photos.")
    ] = 1,
    list_size: Annotated[
        int,
        typer.Option(
            "--list",
            metavar="N",
            help="Photos to count one by one, where 3 bicycles or more were detected; 30 at least, "
            "60 for a range of the whole survey.",
        ),
    ] = 60,
    sheets: Annotated[
        int,
        typer.Option(
            metavar="N", help="Contact sheets of 60 photos on which 2 bicycles or fewer were."
        ),
    ] = 3,
    *,
    show_people: bool,
) -> None:
    """Draw photos to count by hand: hand_counts.csv to fill in, and contact sheets.

    With what people count, `geobike map --hand-counts` says how many bicycles there are.
    """
    from geobike.survey import hand_sample

    with terminal.notes():
        drawn = hand_sample.draw(
            out,
            seed=seed,
            list_size=list_size,
            sheets=sheets,
            show_people=show_people,
            track=terminal.track(),
        )
    terminal.print_hand_sample(drawn)


@app.command(rich_help_panel="A survey")
def evaluate(
    truth: Annotated[
        Path,
        typer.Argument(
            help="CSV of manual counts, with the columns file and bicycles; or hand_counts.csv."
        ),
    ],
    survey: Annotated[Path, typer.Option(help="Folder that `geobike map` wrote.")] = Path("out"),
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Figure to write, .png, .svg or .pdf.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="CSV of the error by threshold.")] = None,
) -> None:
    """Compare a survey's counts with manual counts."""
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


app.command(rich_help_panel="A survey")(reports.report)


app.command(rich_help_panel="A survey")(exporting.export)


@app.command(rich_help_panel="A survey")
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
    terminal.print_comparison(comparison.sentences(found), written)


@app.command("sample-data", rich_help_panel="Help")
def sample_data(
    folder: Annotated[Path, typer.Argument(help="A new folder to create.", show_default=False)],
) -> None:
    """Write the sample: photos of a rendered town with a known number of bicycles."""
    from geobike import sample

    terminal.print_sample(sample.write(folder))


@app.command(rich_help_panel="Help")
@takes_declared
def doctor(token_file: str | None, model: str | None, endpoint: str | None) -> None:
    """Check what is installed and what is missing, and say what to do about it.

    With --endpoint, also send one small drawn image to that server.
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
    looking: "Looking",
) -> None:
    if not chosen.sends_photos:
        terminal.print_no_upload(chosen.kind)
        return
    from geobike.detections import upload
    from geobike.detections.store.opening import open_store

    with terminal.notes(), open_store(store, "existing") as opened:
        estimate = upload.estimate_upload(
            read(opened), chosen, store=opened, max_pixels=max_pixels, looking=looking
        )
    terminal.print_upload(estimate)


_PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".gif", ".bmp")


def _check_draw(files: "Sequence[PhotoFile]", out: Path) -> None:
    """Raise InputError where several photos would be drawn into what is named like one picture."""
    if len(files) > 1 and not out.is_dir() and out.suffix.lower() in _PICTURES:
        raise InputError(
            f"--draw {out} names one picture, and there are {len(files)} photos; name a folder"
        )


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
                if Path(file.path).suffix.lower() in (".jpg", ".jpeg")
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
