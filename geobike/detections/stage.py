"""Detections for the photos of a frame: from the store, the others from the detector.

Three steps: `plan` finds what the store lacks, `run` detects in those photos (an engine may do it
on other machines), and `collect` reads all answers from the store. Each answer is stored as it
arrives, so that a stopped run can be continued.
"""

import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from geobike import schema
from geobike.detections import choice, extent, filtering
from geobike.detections.store.opening import Mode, open_store
from geobike.detections.store.protocol import DetectionStore, Model
from geobike.detectors import concurrency
from geobike.detectors.check import UnusableAnswer, clean_labels
from geobike.detectors.protocol import Detection, Detector, abilities
from geobike.errors import ModelUnavailable, PhotoError, UnreadablePhoto
from geobike.io.matching import isin
from geobike.photos import decoding
from geobike.progress import Track, silent

UNUSABLE: Final = 5
"""Unusable answers after which a run stops, if no photo has a usable one: as many as
`RetryPolicy.photos_in_a_row` of the hosted detectors."""


class Failure(NamedTuple):
    """Why a photo has no answer."""

    status: str
    reason: str
    unusable: bool = False
    """The detector's answer cannot be used; that may be so for every photo."""


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


@dataclass(frozen=True)
class Plan:
    """The photos left to detect in, and the detector: made once, before any photo is opened."""

    photos: gpd.GeoDataFrame
    """Photos frame."""
    requested: choice.Choice | Detector
    """The detector as the user chose it."""
    detector: Detector
    """What was chosen for it, not opened yet."""
    missing: pd.DataFrame
    """`sha256`, `path`, `width` and `height` of the photos that the store has no answer for."""
    any_stored: bool
    """Whether the store has the answer for another photo to detect in."""
    rules: filtering.Filter | None
    """How boxes are filtered; None keeps all as they are."""

    @property
    def model(self) -> Model:
        """Who answers."""
        return Model(self.detector.name, self.detector.version)

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels that are counted; none where boxes are not filtered."""
        return tuple(self.rules.labels) if self.rules else ()


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
    """Detect in the photos of a photos frame that have no status yet, reading the store first.

    `store` None keeps nothing. Photos outside the areas get the store's detections, and are not
    sent to the detector. With `rules`, boxes are filtered as by `filtering.filter_detections`.
    Raises DetectorStopped; every answer until then is in the store.

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
    with open_store(store, mode_for(detector)) as opened:
        planned = plan(placed, detector, opened, rules=rules)
        outcomes = run(planned, opened, workers=workers, max_pixels=max_pixels)
        return collect(planned, outcomes, opened, track=track)


def mode_for(detector: choice.Choice | Detector) -> Mode:
    """Return how a run opens its store: recorded detections are neither made nor changed."""
    return "read" if choice.is_cached(detector) else "write"


def plan(
    placed: gpd.GeoDataFrame,
    detector: choice.Choice | Detector,
    store: DetectionStore,
    *,
    rules: filtering.Filter | None = None,
) -> Plan:
    """Choose the detector for the photos without a status, and find those it has not answered.

    Raises what `choice.choose` raises.
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
    return Plan(placed, detector, chosen, missing, len(missing) < len(wanted), rules)


def run(
    plan: Plan,
    store: DetectionStore,
    *,
    workers: int | None = None,
    max_pixels: int = decoding.MAX_PIXELS,
) -> Generator[Outcome, None, None]:
    """Detect in the missing photos, in this process; yield each outcome once its answer is kept.

    `workers` is the number of photos at once; None leaves it to the detector.
    """
    detector, model, missing = plan.detector, plan.model, plan.missing
    if len(missing):
        choice.make_ready(detector, plan.requested, labels=plan.labels)
    return answer(
        missing,
        detector,
        keep=lambda digest, found: store.put(digest, model, found),
        workers=workers or (_concurrency(detector) if len(missing) else 1),
        max_pixels=max_pixels,
    )


def collect(
    plan: Plan,
    outcomes: Generator[Outcome, None, None],
    store: DetectionStore,
    *,
    track: Track = silent,
) -> Detected:
    """Consume the outcomes, then return what the store has for all photos.

    Photos outside the areas get the store's detections too. Raises ModelUnavailable where no photo
    has a usable answer, and InputError where boxes are in 0 to 1; whatever is raised, no further
    photo is started.
    """
    with closing(outcomes):
        watched = outcomes if plan.any_stored else _usable(outcomes, plan.model)
        shown = track(watched, "Detecting", total=len(plan.missing))
        failures = {digest: failure for digest, failure in shown if failure}
    status = plan.photos["status"]
    known = plan.photos[status.isna() | (status == schema.OUTSIDE)]
    boxes = store.boxes(
        known["sha256"], plan.model, transform=partial(filtered, rules=plan.rules), track=track
    )
    found = _in_order(boxes, known["photo_id"], plan.model, plan.rules)
    extent.check_not_normalized(found)
    if plan.rules is not None:
        filtering.check_labels(plan.rules.labels, found["label"])
    newly_detected = len(plan.missing) - len(failures)
    return Detected(_mark(plan.photos, failures), found, plan.model, newly_detected)


def _usable(outcomes: Iterable[Outcome], model: Model) -> Iterator[Outcome]:
    """Yield the outcomes, as long as not all of them are unusable answers.

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
    """Return boxes of a store with a column `reason`, as `filtering.rejection_codes` gives it."""
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
    """Yield the SHA-256 of each photo once its answer is kept, or with why there is none.

    `photos` has the columns `sha256`, `path`, `width` and `height`. `check` is called before each
    and may raise DetectorStopped, which is then raised, as is that of the detector.
    """
    able = abilities(detector)
    fit = able.input_size

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
        grace=concurrency.GRACE if able.host is None else concurrency.PAID_GRACE,
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
    """Return the number of photos that the detector processes at once by default."""
    return abilities(detector).concurrency or os.cpu_count() or 1


def _mark(placed: gpd.GeoDataFrame, failures: dict[str, Failure]) -> gpd.GeoDataFrame:
    out = placed.copy()
    hit = placed["status"].isna() & placed["sha256"].isin(failures.keys())
    for column, place in (("status", 0), ("reason", 1)):
        out.loc[hit, column] = [failures[digest][place] for digest in placed.loc[hit, "sha256"]]
    return out


def _in_order(
    found: pd.DataFrame,
    photo_ids: "pd.Series[str]",
    model: Model,
    rules: filtering.Filter | None,
) -> pd.DataFrame:
    """Return a detections frame in the order of the photos, the highest score first.

    `found` is emptied in the process, so that boxes are not in memory twice.
    """
    order = np.lexsort((-found["score"].to_numpy(), found["photo"].to_numpy()))
    columns: dict[str, Any] = {
        name: found.pop(name).array.take(order) for name in map(str, found.columns)
    }
    del order
    reason = columns.pop("reason", None)
    # Coded in the order of answers, on which no result must depend.
    label = clean_labels(columns["label"])
    columns["label"] = label.reorder_categories(label.categories.sort_values())
    columns["photo_id"] = pd.Categorical.from_codes(columns.pop("photo"), pd.Index(photo_ids.array))
    code = np.zeros(len(found), dtype=np.int8)
    columns["model"] = pd.Categorical.from_codes(code, pd.Index([model.name], dtype=schema.TEXT))
    out = schema.table(schema.DETECTIONS, pd.DataFrame(columns, copy=False))
    if rules is None:
        return out
    return filtering.apply_rejections(out, np.asarray(reason, dtype=np.int8), rules)
