"""`geobike detect`: the boxes on photos, printed, drawn and written."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geobike import config
from geobike.cli import models, sending, terminal
from geobike.cli.declared import takes_declared
from geobike.cli.options import Photos, check_out
from geobike.errors import InputError

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from geobike.detections.store.protocol import DetectionStore
    from geobike.detectors.protocol import Detection
    from geobike.photos.reading import PhotoFile


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
        sending.dry_run(read_all, chosen, store, max_pixels, looking)
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
    shown = _by_photo(filtered[filtered["kept"] | (filtered["dropped_by"] == filtering.DUPLICATE)])
    if out is not None:
        writing.write_detections(filtered, out)
    if draw is not None:
        _draw(files, shown, draw, max_pixels)
    _print_detections(detected.photos, shown)


_PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".gif", ".bmp")


def _check_draw(files: "Sequence[PhotoFile]", out: Path) -> None:
    """Raise InputError where several photos would be drawn into what is named like one picture."""
    if len(files) > 1 and not out.is_dir() and out.suffix.lower() in _PICTURES:
        raise InputError(
            f"--draw {out} names one picture, and there are {len(files)} photos; name a folder"
        )


def _by_photo(detections: "pd.DataFrame") -> "dict[str, list[Detection]]":
    """Return the detections of each photo."""
    from geobike.detectors.protocol import Box, Detection

    columns = ["photo_id", "label", "score", "xmin", "ymin", "xmax", "ymax"]
    found: dict[str, list[Detection]] = {}
    for photo_id, label, score, *box in detections[columns].itertuples(index=False, name=None):
        found.setdefault(photo_id, []).append(Detection(label, score, Box(*box)))
    return found


def _print_detections(photos: "gpd.GeoDataFrame", shown: "dict[str, list[Detection]]") -> None:
    """Print detections as JSON, in whole pixels like the hosted service, without bad photos."""
    results: dict[str, list[dict[str, Any]]] = {}
    columns = zip(photos["photo_id"], photos["status"].fillna(""), photos["reason"], strict=True)
    for photo_id, status, reason in columns:
        if status:
            terminal.say(f"{photo_id}: {status}: {reason}")
            continue
        results[photo_id] = [
            {
                "score": found.score,
                "label": found.label,
                "box": {side: int(edge) for side, edge in found.box._asdict().items()},
            }
            for found in shown.get(photo_id, [])
        ]
    terminal.print_results(results, asked=len(photos))


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
