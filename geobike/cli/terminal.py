"""All that is printed: results on standard output, messages and progress on standard error."""

import json
import shlex
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

import typer

from geobike.errors import DetectorStopped, GeobikeError, GeobikeWarning, InputError
from geobike.io.files import atomic_path
from geobike.io.redaction import redact
from geobike.messages import WORDS, message
from geobike.reporting import collect_warnings, one_line

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from matplotlib.figure import Figure

    from geobike.detections.store.opening import Mode
    from geobike.detections.upload import Upload
    from geobike.detectors.protocol import Detection
    from geobike.doctor import Finding
    from geobike.evaluation.agreement import Evaluation
    from geobike.progress import Track
    from geobike.survey.hand_sample import HandSample
    from geobike.survey.result import SurveyResult


def say(text: str) -> None:
    """Print a message to the person at the terminal."""
    with suppress(OSError):  # a run does not end because nobody listens
        print(f"geobike: {message(text)}", file=sys.stderr)


def track() -> "Track":
    """Return a function that draws a progress bar on a terminal, or logs a line per minute."""
    from geobike.cli import progress

    return progress.bar if sys.stderr.isatty() else progress.lines


def download_progress() -> type[Any] | None:
    """Return the progress bar of huggingface_hub, if standard error is a terminal."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    return tqdm if sys.stderr.isatty() else None


@contextmanager
def resumable(store: str | None) -> Iterator[None]:
    """Say that a stopped run can be resumed, if anything was detected."""
    try:
        yield
    except KeyboardInterrupt as signalled:
        say(f"stopped.{_kept(store)}")
        raise typer.Exit(getattr(signalled, "exit_code", 130)) from None
    except DetectorStopped as error:
        said = f"{error}"
        stop = "" if said.endswith(".") else "."
        kept = _kept(store)
        error.args = (f"{said}{stop}{kept}" if kept else said,)
        raise


def _kept(store: str | None) -> str:
    if store is None or not _holds_any(store):
        return ""
    return f" What was detected is kept in {store}; the same command goes on from there."


def _holds_any(store: str) -> bool:
    """Tell whether a store, a file or a folder of shards, holds any detections."""
    from geobike.detections.store.opening import open_store

    # A reader could not remove SQLite's log when it closes the store, and it would stay behind.
    mode: Mode = "write" if Path(store).is_file() else "existing"
    try:
        with open_store(store, mode) as opened:
            return opened.has_answers()
    except GeobikeError:
        return False


@contextmanager
def notes() -> Iterator[None]:
    """Print what geobike reports during a run, instead of Python's warnings."""
    with collect_warnings() as collected:
        try:
            yield
        finally:
            for note in dict.fromkeys(collected):
                say(f"note: {note}")
            collected.clear()  # if the block fails, they have been printed already


@contextmanager
def warnings_as_notes() -> Iterator[None]:
    """Print warnings of libraries, and ours outside `notes`, as notes: Python would name files."""

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,  # noqa: ARG001
        lineno: int,  # noqa: ARG001
        file: TextIO | None = None,  # noqa: ARG001
        line: str | None = None,  # noqa: ARG001
    ) -> None:
        library = "" if issubclass(category, GeobikeWarning) else f"{category.__name__}: "
        say(f"note: {library}{message}")

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


def print_upload(upload: "Upload") -> None:
    """Print what a hosted run would send, and what that would cost."""
    photos = "1 photo" if upload.photos == 1 else f"{upload.photos} photos"
    print_line(f"Dry run, nothing was sent. {photos} would go to {upload.host}.")
    if upload.requests > upload.photos:
        print(f"They make {upload.requests} requests: each window of a photo is one.")
    if not upload.photos:
        return
    print(
        f"{_size(upload.sent)} instead of the {_size(upload.original)} of their files; estimated "
        f"from {upload.sampled} of them."
    )
    if upload.custom_endpoint:
        print("Ask the owner of this server what that costs.")
        return
    low, high = upload.dollars
    print_line(f"About ${low:.2g} to ${high:.2g}: {upload.assumption}.")


def print_no_upload(kind: str) -> None:
    """Print that a run would send nothing."""
    print(f"Dry run: with --detector {kind} no photo leaves this machine, and there are no costs.")


def _size(number: int) -> str:
    return f"{number / 1e6:.1f} MB" if number >= 1e5 else f"{number / 1e3:.1f} kB"


def print_finding(finding: "Finding") -> None:
    """Print one thing that `doctor` checked."""
    state = "ok     " if finding.ok else "missing"
    print(f"{state}  {message(finding.what)}: {message(finding.found)}")
    if finding.remedy:
        print(f"         {message(finding.remedy)}")


def print_notes(result: "SurveyResult") -> None:
    """Print what the survey reported."""
    for note in result.warnings:
        if note != result.empty:  # which comes last
            say(f"note: {note}")


def warn(text: str) -> None:
    """Print a warning, in colour on a terminal."""
    line = f"geobike: warning: {message(text)}"
    with suppress(OSError):
        typer.secho(line, err=True, fg=typer.colors.YELLOW if sys.stderr.isatty() else None)


def print_result(result: "SurveyResult", written: dict[str, str | Path]) -> None:
    """Print the ledger of a survey and where its files are."""
    reasons = result.photos.groupby("status")["reason"].agg(_most_common)
    rows = [
        (status, str(number), reasons.get(status, "") if number else "")
        for status, number in result.ledger.photos.items()
    ]
    account = result.ledger
    rows.append(("photos given", str(account.photos_given), ""))
    if account.not_read:
        kinds = ", ".join(f"{number} {kind}" for kind, number in account.not_read.items())
        rows.append(("files not read", str(sum(account.not_read.values())), kinds))
    _print_table(("status", "photos", "most common reason"), rows)
    print_line(
        f"{account.bicycles_counted} {' or '.join(map(one_line, result.survey.labels))} boxes "
        f"counted, {account.bicycles_in_areas} in areas; {account.bicycles_elsewhere} more in "
        f"photos that are not counted."
    )
    for line in (_once(result), _compared(result), *_by_hand(result)):
        print_line(line)
    print_line(
        f"Detected now: {result.detected_now} photos, by {one_line(result.model.name)}, "
        f"threshold {result.survey.threshold:g}."
    )
    for name, path in written.items():
        print_line(f"{'Map' if name == 'map.html' else 'Written'}: {redact(path)}")


def print_line(text: str) -> None:
    """Print one line of a result."""
    print(message(text))


def _once(result: "SurveyResult") -> str:
    """Return how many places are counted once, and how many bicycles are ridden."""
    total = result.counted.total
    return (
        f"Each place counted once: about {total['detected_once']:.0f}, at least "
        f"{total['detected_at_least']:.0f}. {_ridden(result)}"
    )


def _ridden(result: "SurveyResult") -> str:
    from geobike.counting.riding import knows_persons

    ridden = result.photos["ridden_count"]
    if not knows_persons(result.detections["label"]):
        return "Ridden ones are not told apart: no box is a person."
    what = "so left out" if result.survey.count == "parked" else "and counted too"
    return f"Ridden, {what}: {ridden.sum()}."


def _by_hand(result: "SurveyResult") -> tuple[str, ...]:
    """Return what hand counts say of the survey, or that there are none."""
    if result.estimates is None:
        from geobike.survey.estimating import DETECTED_ONLY

        return (DETECTED_ONLY,)
    number = result.estimates.hand_counted
    return (f"Counted by hand: {number} drawn photos.", *result.estimates.sentences())


def _compared(result: "SurveyResult") -> str:
    """Return how many areas were seen well enough to be compared, and what the others lack."""
    areas = result.areas["status"].value_counts()
    said = f"{areas.get('compared', 0)} of {len(result.areas)} areas can be compared"
    kinds = {"thin": "seen in part", "too_thin": "hardly seen", "unseen": "not seen"}
    parts = [f"{areas[name]} {words}" for name, words in kinds.items() if name in areas]
    if not parts:
        return f"{said}."
    takes = "30 % of the street length and 6 streets"
    if result.counted.streets is None:
        takes = "stops in 6 squares of 150 m; --streets FILE measures by street"
    return f"{said}; {', '.join(parts)}. It takes {takes}."


def print_located(frame: "gpd.GeoDataFrame") -> None:
    """Print how many photos have a position and where they lie, and which have none, and why."""
    status = frame["status"].fillna("located")
    reasons = frame.groupby(status)["reason"].agg(_most_common)
    rows = [
        (name, str(number), reasons.get(name, "")) for name, number in status.value_counts().items()
    ]
    rows.append(("photos given", str(len(frame)), ""))
    _print_table(("status", "photos", "most common reason"), rows)
    if frame.geometry.notna().any():
        west, south, east, north = frame.total_bounds
        print(
            f"Those with a position lie from {west:.5f} to {east:.5f} degrees east, {south:.5f} to "
            f"{north:.5f} north; --out FILE.geojson writes each."
        )
    _print_unlocated(frame[frame["status"] == "unlocated"])


_NAMED: Final = 10
"""Photos without a position that are named; more would push the table out of sight."""


def _print_unlocated(lost: "gpd.GeoDataFrame") -> None:
    if lost.empty:
        return
    print("Without a position:")
    for photo_id, reason in zip(lost["photo_id"][:_NAMED], lost["reason"], strict=False):
        print(f"  {one_line(photo_id)}: {one_line(reason)}")
    if len(lost) > _NAMED:
        print(f"  and {len(lost) - _NAMED} more; --out FILE.geojson writes them all")
    print("A manifest can give them one: --manifest FILE.csv with file,latitude,longitude.")


def print_evaluation(result: "Evaluation") -> None:
    """Print what was missed, the agreement, and what another threshold would give."""
    from geobike.evaluation import words

    for line in words.sentences(result):
        print_line(line)
    at = result.agreement
    for name, value in (
        ("photos compared", f"{at.photos}"),
        ("mean absolute error", f"{at.mean_absolute_error:.2f} bicycles per photo"),
        ("bias", f"{at.bias:+.2f} bicycles per photo"),
        ("root mean square error", f"{at.root_mean_square_error:.2f} bicycles per photo"),
        ("correlation", f"{at.correlation:.3f}"),
        ("exact", f"{at.share_exact:.0%} of the photos"),
        ("within one", f"{at.share_within_one:.0%} of the photos"),
    ):
        print(f"{name:24}{value}")
    best = result.best_threshold
    least = result.by_threshold["mean_absolute_error"].min()
    print(
        f"At threshold {result.threshold:g}. The error is smallest at {best:g}: {least:.2f}. That "
        "threshold was chosen on these same photos; expect a larger error on others."
    )


def print_hand_sample(drawn: "HandSample") -> None:
    """Print what was drawn, from how many, where it is and how long it takes."""
    rows = drawn.rows[drawn.rows["origin"].isin(["list", "sheet"])]
    cells = rows[["stratum", "stratum_size", "drawn", "origin"]].drop_duplicates("stratum")
    order = cells["stratum"].str.extract(r"(\d+)")[0].astype(int).sort_values().index
    where = {"list": "one by one", "sheet": "at a glance"}
    _print_table(
        ("detected", "photos of a look", "drawn", "to be counted"),
        [
            (stratum, size, number, where[origin])
            for stratum, size, number, origin in cells.loc[order].itertuples(index=False, name=None)
        ],
    )
    print(_to_count(drawn))
    for path in drawn.written.values():
        print_line(f"Written: {redact(path)}")
    file = redact(drawn.written["hand_counts.csv"])
    print_line(f"Fill in its column bicycles; then the same geobike map with --hand-counts {file}")


def _to_count(drawn: "HandSample") -> str:
    origin = drawn.rows["origin"].value_counts()
    pages = drawn.rows.loc[drawn.rows["origin"] == "sheet", "page"].nunique()
    said = (
        f"{origin.get('list', 0)} photos to count one by one, {origin.get('sheet', 0)} on {pages} "
        f"contact {'sheet' if pages == 1 else 'sheets'}"
    )
    time = f"about {max(1, round(drawn.minutes))} min"
    if not drawn.kept:
        return f"{said}: {time} of counting."
    left = f"{time} of counting left" if drawn.minutes else "all are counted"
    return f"{said}. Counts of {drawn.kept} photos were there already and are kept; {left}."


def print_report(path: str | Path) -> None:
    """Print where the report is, and how it becomes paper."""
    print_line(f"Report: {redact(path)}")
    print("Open it in a browser; Print there gives A4 or a PDF.")


def print_comparison(sentences: Iterable[str], written: Iterable[str | Path]) -> None:
    """Print what changed, and the files that say so."""
    for sentence in sentences:
        print_line(sentence)
    for path in written:
        print_line(f"Written: {redact(path)}")


def print_sample(folder: Path) -> None:
    """Print where the sample is, and the two commands that map and evaluate it."""
    photos, areas, manifest, store, streets, truth = (
        _for_shell(folder / name)
        for name in (
            "photos",
            "areas.geojson",
            "manifest.csv",
            "detections.sqlite",
            "streets.geojson",
            "truth.csv",
        )
    )
    print_line(f"Written: {folder}, described in README.md there. Map and evaluate it:")
    print(
        f"\ngeobike map {photos} --areas {areas} --manifest {manifest} --detector cached "
        f"--store {store} --threshold 0.3 --timezone Europe/Amsterdam "
        f"--population-column population --context {streets} --out out"
        f"\n\ngeobike evaluate {truth} --survey out"
    )


def _for_shell(path: Path) -> str:
    """Return a path as it is typed; a shell knows ~ only where it is not quoted."""
    shown = message(path)
    return f"~/{shlex.quote(shown[2:])}" if shown.startswith("~/") else shlex.quote(shown)


def save_figure(figure: "Figure", path: Path) -> None:
    """Save a figure in the format of its file extension."""
    try:
        with atomic_path(path) as part:
            figure.savefig(part)
    except ValueError as error:
        raise InputError(f"{path}: the figure cannot be written: {error}") from None


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
        # Text, so that rich does not take a name for its markup.
        table.add_row(*(Text(message(cell, limit=WORDS)) for cell in row))
    Console().print(table)


def by_photo(detections: "pd.DataFrame") -> "dict[str, list[Detection]]":
    """Return the detections of each photo."""
    from geobike.detectors.protocol import Box, Detection

    columns = ["photo_id", "label", "score", "xmin", "ymin", "xmax", "ymax"]
    found: dict[str, list[Detection]] = {}
    for photo_id, label, score, *box in detections[columns].itertuples(index=False, name=None):
        found.setdefault(photo_id, []).append(Detection(label, score, Box(*box)))
    return found


def print_detections(photos: "gpd.GeoDataFrame", shown: "dict[str, list[Detection]]") -> None:
    """Print detections as JSON, in whole pixels like the hosted service, without bad photos."""
    results: dict[str, list[dict[str, Any]]] = {}
    columns = zip(photos["photo_id"], photos["status"].fillna(""), photos["reason"], strict=True)
    for photo_id, status, reason in columns:
        if status:
            say(f"{photo_id}: {status}: {reason}")
            continue
        results[photo_id] = [
            {
                "score": found.score,
                "label": found.label,
                "box": {side: int(edge) for side, edge in found.box._asdict().items()},
            }
            for found in shown.get(photo_id, [])
        ]
    print_results(results, asked=len(photos))


def print_results(results: dict[str, list[dict[str, Any]]], *, asked: int) -> None:
    """Print one photo's result, or all by photo, as JSON."""
    if not results:
        raise InputError("none of the photos has a result")
    shown = next(iter(results.values())) if asked == 1 else results
    print(_json(shown))


def _json(content: object) -> str:
    """Return JSON in which no name steers a terminal or breaks a line."""
    text = json.dumps(content, indent=2, ensure_ascii=False)
    return "".join(
        sign if sign.isprintable() or sign == "\n" else json.dumps(sign)[1:-1] for sign in text
    )
