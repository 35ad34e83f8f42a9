"""Detections for the photos of a frame: what the store has, and for the others the detector.

The store keeps each answer as it comes, so that a run that is stopped goes on where it was.
"""

import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from geobike import schema
from geobike.detections import choice, filtering
from geobike.detections.store.protocol import IN_MEMORY, DetectionStore, Model
from geobike.detections.store.sqlite import Store
from geobike.detectors import concurrency
from geobike.detectors.check import UnusableAnswer, clean_labels
from geobike.detectors.protocol import Detection, Detector, abilities
from geobike.errors import InputError, ModelUnavailable, PhotoError, UnreadablePhoto
from geobike.io.matching import isin
from geobike.photos import decoding
from geobike.progress import Track, silent

UNUSABLE: Final = 5
"""Photos whose answers cannot be used after which a run stops that has no other answer: as many as
in `detect.service` get none."""


class Failure(NamedTuple):
    """Why a photo got no answer."""

    status: str
    reason: str
    unusable: bool = False
    """The detector answered, and its answer cannot be used; it may be so with every photo."""


Outcome = tuple[str, Failure | None]
"""FileHash of a photo, and why there is no answer."""


class Detected(NamedTuple):
    """What `detect` returns."""

    photos: gpd.GeoDataFrame
    """The photos given, those without an answer marked `failed` or `unreadable`."""
    detections: pd.DataFrame
    """Detections frame, filtered where rules were given."""
    model: Model
    newly_detected: int
    """Photos that the detector answered; the others came from the store."""


def detect(
    placed: gpd.GeoDataFrame,
    *,
    detector: choice.Choice | Detector,
    store: str | Path | None = None,
    workers: int | None = None,
    max_pixels: int = decoding.MAX_PIXELS,
    rules: filtering.Filter | None = None,
    track: Track = silent,
) -> Detected:
    """Detect in the photos of a photos frame that have no status yet, asking the store first.

    `store` None keeps nothing. Photos outside the areas get what the store has, and are not
    detected. With `rules`, boxes come back as `filtering.filter_detections` leaves them. Raises
    DetectorStopped; every answer until then is in the store.

    Examples:
        >>> import geobike
        >>> files = geobike.find_photos("sample/photos/day1/0902_stationsplein.jpg")
        >>> found = geobike.detect_photos(
        ...     geobike.locate(geobike.read_photos(files)),
        ...     detector=geobike.DetectorChoice(kind="cached"),
        ...     store="sample/detections.sqlite",
        ... )
        >>> found.model.name, found.newly_detected
        ('deimv2_hgnetv2_femto_coco.onnx', 0)
    """
    recorded = choice.is_cached(detector)
    if recorded and store is None:
        raise InputError("the recorded detector needs the store that holds them: --store FILE")
    with Store(store or IN_MEMORY, read_only=recorded) as opened:

        def work(missing: pd.DataFrame, chosen: Detector) -> Generator[Outcome, None, None]:
            model = Model(chosen.name, chosen.version)
            if len(missing):
                choice.make_ready(chosen, detector, labels=rules.labels if rules else ())
            return answer(
                missing,
                chosen,
                keep=lambda digest, found: opened.put(digest, model, found),
                workers=workers or (_concurrency(chosen) if len(missing) else 1),
                max_pixels=max_pixels,
            )

        def take(digests: "pd.Series[str]", model: Model) -> pd.DataFrame:
            return filtered(opened.boxes(digests, model), rules)

        return through(placed, detector, opened, work, take, rules=rules, track=track)


def through(
    placed: gpd.GeoDataFrame,
    detector: choice.Choice | Detector,
    store: DetectionStore,
    work: Callable[[pd.DataFrame, Detector], Generator[Outcome, None, None]],
    take: Callable[["pd.Series[str]", Model], pd.DataFrame],
    *,
    rules: filtering.Filter | None,
    track: Track,
) -> Detected:
    """Take what the store has, let `work` put the rest into it, and gather all of it.

    `work` is given the photos that lack an answer (`sha256`, `path`, `width`, `height`), and yields
    what became of each; `take` the hashes of all, to return what the store has of them, filtered.
    """
    schema.check(placed, schema.PHOTOS)
    wanted = placed.loc[placed["status"].isna(), list(_Wanted._fields)]
    chosen = (
        choice.choose(detector, store, wanted["sha256"].tolist())
        if isinstance(detector, choice.Choice)
        else detector
    )
    model = Model(chosen.name, chosen.version)
    unanswered = pd.Series(store.missing(wanted["sha256"], model), dtype=schema.TEXT)
    missing = wanted[isin(wanted["sha256"], unanswered)]
    with closing(work(missing, chosen)) as outcomes:  # whatever happens, no further photo is begun
        watched = outcomes if len(missing) < len(wanted) else _usable(outcomes, model)
        shown = track(watched, "Detecting", total=len(missing))
        failures = {digest: failure for digest, failure in shown if failure}
    known = placed[placed["status"].isna() | (placed["status"] == schema.OUTSIDE)]
    found = _in_order(take(known["sha256"], model), known["photo_id"], model)
    if rules is not None:
        filtering.check_labels(rules.labels, found["label"])
    return Detected(_mark(placed, failures), found, model, len(missing) - len(failures))


def _usable(outcomes: Iterable[Outcome], model: Model) -> Iterator[Outcome]:
    """Yield what became of photos, as long as not all of them got answers that cannot be used.

    Raises ModelUnavailable after `UNUSABLE` of those, or in the end, where no photo has an answer.
    """
    unusable, reason, answered = 0, "", False
    for digest, failure in outcomes:
        yield digest, failure
        answered |= failure is None
        if failure is not None and failure.unusable:
            unusable, reason = unusable + 1, failure.reason
        if unusable == UNUSABLE and not answered:
            break
    if unusable and not answered:
        raise ModelUnavailable(
            f"{model.name} gives no usable answer (photos tried: {unusable}); the last: {reason}"
        )


def filtered(found: pd.DataFrame, rules: filtering.Filter | None) -> pd.DataFrame:
    """Return boxes out of a store with a column `reason`, as `filtering.rejection_codes` says."""
    if rules is None:
        return found
    return found.assign(
        reason=filtering.rejection_codes(found, rules, photo=found["photo"].to_numpy())
    )


def answer(
    photos: pd.DataFrame,
    detector: Detector,
    *,
    keep: Callable[[str, list[Detection]], None],
    workers: int,
    max_pixels: int = decoding.MAX_PIXELS,
    check: Callable[[], None] = lambda: None,
) -> Generator[Outcome, None, None]:
    """Yield the digest of each photo once its answer is kept, or with why there is none.

    `photos` has the columns `sha256`, `path`, `width` and `height`. `check` is called before each
    and may raise DetectorStopped, which is then raised, as is that of the detector.
    """
    fit = abilities(detector).input_size

    def load(photo: _Wanted) -> concurrency.Photo:
        check()
        data = decoding.read_bytes(photo.path, sha256=photo.sha256)
        image = decoding.read_upright(data, max_pixels=max_pixels, target_size=fit)
        return concurrency.Photo(image, (photo.width, photo.height))

    def keep_found(answer: concurrency.Answer[_Wanted]) -> None:
        if answer.detections is not None:
            keep(answer.key.sha256, answer.detections)

    answers = concurrency.detect_many(
        _wanted(photos),
        detector,
        load=load,
        keep=keep_found,
        workers=workers,
        ahead=1 if fit is None else workers,  # shrunk photos take 3 MB, others 36 and more
    )
    with closing(answers):
        for one in answers:
            yield one.key.sha256, None if one.error is None else _failure(one.error)


class _Wanted(NamedTuple):
    """A photo to detect in."""

    sha256: str
    path: str
    width: int
    height: int


def _wanted(photos: pd.DataFrame) -> Iterator[_Wanted]:
    """Yield the photos one by one: a million as Python objects at once would take half a GB."""
    columns = photos[list(_Wanted._fields)]
    return map(_Wanted._make, columns.itertuples(index=False, name=None))


def _failure(error: PhotoError) -> Failure:
    unreadable = isinstance(error, UnreadablePhoto)
    status = schema.UNREADABLE if unreadable else schema.FAILED
    return Failure(status, str(error), isinstance(error, UnusableAnswer))


def _concurrency(detector: Detector) -> int:
    """Return the number of photos that the detector works on at once, if nobody says otherwise."""
    return abilities(detector).concurrency or os.cpu_count() or 1


def _mark(placed: gpd.GeoDataFrame, failures: dict[str, Failure]) -> gpd.GeoDataFrame:
    out = placed.copy()
    hit = placed["status"].isna() & placed["sha256"].isin(failures.keys())
    for column, place in (("status", 0), ("reason", 1)):
        out.loc[hit, column] = [failures[digest][place] for digest in placed.loc[hit, "sha256"]]
    return out


def _in_order(found: pd.DataFrame, photo_ids: "pd.Series[str]", model: Model) -> pd.DataFrame:
    """Return a detections frame in the order of the photos, the highest score first.

    `found` is emptied on the way: all boxes are not in memory twice.
    """
    order = np.lexsort((-found["score"].to_numpy(), found["photo"].to_numpy()))
    columns: dict[str, Any] = {
        name: found.pop(name).array.take(order) for name in map(str, found.columns)
    }
    del order
    reason = columns.pop("reason", None)
    # Coded as answers came, which no run shall depend on.
    label = clean_labels(columns["label"])
    columns["label"] = label.reorder_categories(label.categories.sort_values())
    columns["photo_id"] = pd.Categorical.from_codes(columns.pop("photo"), pd.Index(photo_ids.array))
    code = np.zeros(len(found), dtype=np.int8)
    columns["model"] = pd.Categorical.from_codes(code, pd.Index([model.name], dtype=schema.TEXT))
    out = schema.table(schema.DETECTIONS, pd.DataFrame(columns, copy=False))
    return out if reason is None else filtering.apply_rejections(out, reason.to_numpy())
