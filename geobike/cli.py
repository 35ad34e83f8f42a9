"""The command line: the only place that prints, exits and reads the environment.

Everything heavy is imported inside the command that needs it, so that `--help` answers at once.
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer

from geobike.errors import DetectorStopped, GeobikeError, InputError
from geobike.progress import Item, silent

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from geobike.detect import Detection
    from geobike.detect.classify import Classifier
    from geobike.detectors import Choice
    from geobike.photos import PhotoFile
    from geobike.progress import Track
    from geobike.survey import SurveyResult

app = typer.Typer(
    help="Street photos in, a map of where bicycles stand out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # a bug should show a plain traceback
    context_settings={"help_option_names": ["-h", "--help"]},
)

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
        detector=_choice(detector, model, endpoint, token_file, bill_to),
        workers=workers,
        title=title,
    )
    with _resumable(store):
        result = survey.run(plan, store=store, track=_track())
    written = result.write(out, track=_track())
    _print_result(result, written)


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

    with _notes():
        frame = survey.locate(
            find(photos),
            manifest_path=manifest,
            prefer=prefer,
            timezone=timezone,
            max_pixels=int(max_megapixels * 1e6),
            track=_track(),
        )
    _print_located(frame)
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
    with _notes(), _resumable(store):
        detected = survey.detect(
            read(files, max_pixels=max_pixels, track=_track()),
            detector=_choice(detector, model, endpoint, token_file, bill_to),
            store=store,
            workers=workers,
            max_pixels=max_pixels,
            track=_track(),
        )
    judged = boxes.judge(
        detected.detections,
        labels=label or detected.detections["label"].unique(),
        threshold=threshold,
    )
    # As the service answers: what stands twice is not taken out.
    shown = _by_photo(judged[judged["kept"] | (judged["dropped_by"] == boxes.TWICE)])
    if out is not None:
        exports.write_detections(judged, out)
    if draw is not None:
        _draw(files, shown, draw, max_pixels)
    _print_detections(detected.photos, shown)


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
    chosen = _classifier(classifier, model, endpoint, token_file, bill_to)
    answers: dict[str, list[dict[str, Any]]] = {}
    for file in _track()(files, "Classifying", total=len(files)):
        try:
            image = read_upright(file.path, max_pixels=int(max_megapixels * 1e6))
            found = chosen.classify(image, top=top)
        except DetectorStopped:
            raise
        except GeobikeError as error:
            _say(f"{file.photo_id}: {error}")
            continue
        answers[file.photo_id] = [{"label": one.label, "score": one.score} for one in found]
    if out is not None:
        _write_labels(answers, out)
    _print_answers(answers, asked=len(files))


@app.command(rich_help_panel="Help")
def doctor(token_file: TokenFile = None, model: Model = None) -> None:
    """Say what is installed, what is missing, and what to do about it."""
    from geobike import doctor as examination

    findings = examination.examine(os.environ, token_file=token_file, model=model)
    for finding in findings:
        print(f"{'ok     ' if finding.ok else 'missing'}  {finding.what}: {finding.found}")
        if finding.remedy:
            print(f"         {finding.remedy}")
    if not all(finding.ok for finding in findings if finding.needed):
        raise typer.Exit(2)


def _version(asked: bool) -> None:
    if asked:
        import geobike

        print(f"geobike {geobike.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Street photos in, a map of where bicycles stand out."""


def main() -> NoReturn:
    """Run the command line; a user's mistake ends in one message and an exit code."""
    try:
        app()
    except GeobikeError as error:
        if error.exit_code == 1:
            raise  # a bug of ours: show where
        _say(str(error))
        sys.exit(error.exit_code)
    sys.exit(0)


def _say(message: str) -> None:
    print(f"geobike: {message}", file=sys.stderr)


def _choice(
    kind: Literal["auto", "onnx", "huggingface", "recorded"],
    model: str | None,
    endpoint: str | None,
    token_file: Path | None,
    bill_to: str | None,
) -> "Choice":
    from geobike.detectors import Choice

    token = _token(token_file, endpoint) if kind == "huggingface" else None
    return Choice(
        kind=kind,
        model=model,
        endpoint=endpoint,
        token=token,
        bill_to=bill_to,
        download_progress=_download_progress(),
    )


def _token(token_file: Path | None, endpoint: str | None) -> str | None:
    from geobike.detect.huggingface import find_token

    offline = any(
        os.environ.get(name, "").upper() in ("1", "ON", "YES", "TRUE")
        for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    )
    if offline and endpoint is None:
        raise InputError(
            "HF_HUB_OFFLINE is set, so nothing is sent to Hugging Face; unset it, give an "
            "--endpoint of your own, or use --detector onnx"
        )
    return find_token(os.environ, token_file=token_file)


def _classifier(
    kind: str,
    model: str | None,
    endpoint: str | None,
    token_file: Path | None,
    bill_to: str | None,
) -> "Classifier":
    if kind == "huggingface":
        from geobike.detect.huggingface import CLASSIFIER, HostedClassifier

        token = _token(token_file, endpoint)
        return HostedClassifier(
            model or CLASSIFIER, token=token, endpoint=endpoint, bill_to=bill_to
        )
    if model is None:
        raise InputError(
            "name what classifies: --model FILE.onnx on this machine, or --classifier huggingface, "
            "which sends the photos to google/vit-base-patch16-224 at Hugging Face"
        )
    from geobike.detect.onnx import OnnxClassifier

    return OnnxClassifier(model)


def _track() -> "Track":
    """Return what draws a progress bar on a terminal, and nothing elsewhere."""
    return _progress_bar if sys.stderr.isatty() else silent


def _download_progress() -> type[Any] | None:
    """Return the bar that huggingface_hub brings, if somebody is there to see it."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    return tqdm if sys.stderr.isatty() else None


def _progress_bar(items: Iterable[Item], description: str, *, total: int) -> Iterator[Item]:
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield from bar.track(items, description=description, total=total)


@contextmanager
def _resumable(store: Path | None) -> Iterator[None]:
    """Say, when a run is stopped, that it can go on."""
    kept = f" What was detected is kept in {store}; the same command goes on from there."
    try:
        yield
    except KeyboardInterrupt:
        _say("stopped." + (kept if store else ""))
        raise typer.Exit(130) from None
    except DetectorStopped as error:
        error.args = (f"{error}{kept if store else ''}",)
        raise


@contextmanager
def _notes() -> Iterator[None]:
    """Print what geobike reports on the way, instead of Python's warnings."""
    import warnings

    from geobike.errors import GeobikeWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", GeobikeWarning)
        yield
    for warning in caught:
        _say(f"note: {warning.message}")


def _print_result(result: "SurveyResult", written: dict[str, Path]) -> None:
    for note in result.warnings:
        _say(f"note: {note}")
    reasons = result.photos.groupby("status")["reason"].agg(_most_common)
    rows = [
        (status, str(number), reasons.get(status, "") if number else "")
        for status, number in result.ledger.photos.items()
    ]
    rows.append(("photos given", str(result.ledger.photos_given), ""))
    _print_table(("status", "photos", "most often because"), rows)
    account = result.ledger
    print(
        f"{account.bicycles_counted} {' or '.join(result.survey.labels)} boxes counted, "
        f"{account.bicycles_in_areas} in areas, {account.bicycles_elsewhere} kept apart in photos "
        f"that do not count."
    )
    print(
        f"Detected now: {result.detected_now} photos, by {result.model.name}, "
        f"threshold {result.survey.threshold:g}."
    )
    for name, path in written.items():
        print(f"{'Map' if name == 'map.html' else 'Written'}: {path}")


def _print_located(frame: "gpd.GeoDataFrame") -> None:
    status = frame["status"].fillna("located")
    reasons = frame.groupby(status)["reason"].agg(_most_common)
    rows = [
        (name, str(number), reasons.get(name, "")) for name, number in status.value_counts().items()
    ]
    rows.append(("photos given", str(len(frame)), ""))
    _print_table(("status", "photos", "most often because"), rows)


def _most_common(reasons: "pd.Series[str]") -> str:
    known = reasons.dropna()
    return str(known.mode().iloc[0]) if len(known) else ""


def _print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*header, box=None, header_style="bold")
    table.columns[1].justify = "right"
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))  # Text: reasons may hold rich's own markup
    Console().print(table)


def _by_photo(detections: "pd.DataFrame") -> "dict[str, list[Detection]]":
    from geobike.detect import Box, Detection

    columns = ["photo_id", "label", "score", "xmin", "ymin", "xmax", "ymax"]
    found: dict[str, list[Detection]] = {}
    for photo_id, label, score, *box in detections[columns].itertuples(index=False, name=None):
        found.setdefault(photo_id, []).append(Detection(label, score, Box(*box)))
    return found


def _print_detections(photos: "gpd.GeoDataFrame", shown: "dict[str, list[Detection]]") -> None:
    answers: dict[str, list[dict[str, Any]]] = {}
    columns = zip(photos["photo_id"], photos["status"].fillna(""), photos["reason"], strict=True)
    for photo_id, status, reason in columns:
        if status:
            _say(f"{photo_id}: {status}: {reason}")
            continue
        answers[photo_id] = [
            {
                "score": found.score,
                "label": found.label,
                "box": {side: int(edge) for side, edge in found.box._asdict().items()},
            }
            for found in shown.get(photo_id, [])
        ]
    _print_answers(answers, asked=len(photos))


def _print_answers(answers: dict[str, list[dict[str, Any]]], *, asked: int) -> None:
    if not answers:
        raise InputError("none of the photos got an answer")
    shown = next(iter(answers.values())) if asked == 1 else answers
    print(json.dumps(shown, indent=2, ensure_ascii=False))


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
