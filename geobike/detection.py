"""Detections for the photos of a frame: what the store has, and for the others the detector.

The store keeps each answer as it comes, so that a run that is stopped goes on where it was.
"""

import os
import sys
from array import array
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from geobike import detectors, images, schema
from geobike.detect import Detection, Detector, batch
from geobike.errors import InputError, UnreadablePhoto
from geobike.progress import Track, silent
from geobike.store import Model, Store


class Detected(NamedTuple):
    """What `detect` returns."""

    photos: gpd.GeoDataFrame
    """The photos given, those without an answer marked `failed` or `unreadable`."""
    detections: pd.DataFrame
    """Detections frame, nothing judged yet."""
    model: Model
    now: int
    """Photos that the detector answered; the others came from the store."""


def detect(
    placed: gpd.GeoDataFrame,
    *,
    detector: detectors.Choice | Detector,
    store: str | Path | None = None,
    workers: int | None = None,
    max_pixels: int = images.MAX_PIXELS,
    track: Track = silent,
) -> Detected:
    """Detect in the photos of a photos frame that have no status yet, asking the store first.

    `store` None keeps nothing. Photos outside the areas get what the store has, and are not
    detected. Raises DetectorStopped; every answer until then is in the store.
    """
    schema.check(placed, schema.PHOTOS)
    recorded = isinstance(detector, detectors.Choice) and detector.kind == "recorded"
    if recorded and store is None:
        raise InputError("the recorded detector needs the store that holds them: --store FILE")
    with Store(store or detectors.NO_STORE, read_only=recorded) as opened:
        wanted = placed[placed["status"].isna()].set_index("sha256")
        chosen = _detector(detector, opened, list(wanted.index))
        model = Model(chosen.name, chosen.version)
        missing = opened.missing(wanted.index, model)
        together = workers or (_together(chosen) if missing else 1)
        fit = getattr(chosen, "fitted", None)
        failures: dict[str, tuple[str, str]] = {}

        def keep(answer: batch.Answer) -> None:
            if answer.detections is not None:
                opened.put(answer.key, model, answer.detections)
            else:
                unreadable = isinstance(answer.error, UnreadablePhoto)
                status = schema.UNREADABLE if unreadable else schema.FAILED
                failures[answer.key] = (status, str(answer.error))

        answers = batch.detect_many(
            missing,
            chosen,
            load=_loader(wanted.loc[missing], fit, max_pixels),
            keep=keep,
            workers=together,
            ahead=1 if fit is None else together,  # shrunk photos take 3 MB, others 36 and more
        )
        with closing(answers):  # whatever happens, no further photo is begun
            for _ in track(answers, "Detecting", total=len(missing)):
                pass
        known = placed[placed["status"].isna() | (placed["status"] == schema.OUTSIDE)]
        found = _detections(opened.get(known["sha256"].tolist(), model), known, model)
    return Detected(_mark(placed, failures), found, model, len(missing) - len(failures))


def _loader(
    wanted: gpd.GeoDataFrame, fit: images.Fit | None, max_pixels: int
) -> Callable[[str], batch.Photo]:
    """Return what reads a photo, given its digest, as large as the detector makes use of."""
    rows = wanted[["path", "width", "height"]].itertuples(name=None)
    known = {digest: (path, (width, height)) for digest, path, width, height in rows}

    def load(digest: str) -> batch.Photo:
        path, size = known[digest]
        data = images.read_bytes(path, sha256=digest)
        return batch.Photo(images.read_upright(data, max_pixels=max_pixels, enough=fit), size)

    return load


def _detector(detector: detectors.Choice | Detector, store: Store, digests: list[str]) -> Detector:
    if isinstance(detector, detectors.Choice):
        return detectors.choose(detector, store, digests)
    return detector


def _together(detector: Detector) -> int:
    """Return the number of photos that the detector works on at once, if nobody says otherwise."""
    return getattr(detector, "together", None) or os.cpu_count() or 1


def _mark(placed: gpd.GeoDataFrame, failures: dict[str, tuple[str, str]]) -> gpd.GeoDataFrame:
    out = placed.copy()
    hit = placed["status"].isna() & placed["sha256"].isin(failures.keys())
    for column, place in (("status", 0), ("reason", 1)):
        out.loc[hit, column] = [failures[digest][place] for digest in placed.loc[hit, "sha256"]]
    return out


def _detections(
    answers: Iterable[tuple[str, list[Detection]]], known: gpd.GeoDataFrame, model: Model
) -> pd.DataFrame:
    """Return a detections frame in the order of the photos, the highest score first."""
    place = {digest: row for row, digest in enumerate(known["sha256"])}
    # Bare numbers: millions of boxes as Python objects would fill the memory of a laptop.
    rows, numbers, labels = array("q"), array("d"), list[str]()
    for digest, detections in answers:
        for found in detections:
            rows.append(place[digest])
            labels.append(sys.intern(found.label))
            numbers.extend((found.score, *found.box))
    row, value = np.array(rows), np.array(numbers).reshape(-1, 5)
    order = np.lexsort((-value[:, 0], row))
    columns = dict(zip(["score", "xmin", "ymin", "xmax", "ymax"], value[order].T, strict=True))
    columns["photo_id"] = known["photo_id"].array.take(row[order])
    columns["label"] = np.array(labels, dtype=object)[order]
    return schema.table(schema.DETECTIONS, pd.DataFrame(columns).assign(model=model.name))
