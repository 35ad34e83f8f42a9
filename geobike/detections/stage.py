"""Detections for the photos of a frame: from the store, the others from the detector.

Three steps: `plan` finds what the store lacks, `run` detects in those photos (an engine may do it
on other machines), and `collect` reads all answers from the store. Each answer is stored as it
arrives, so that a stopped run can be continued.
"""

import math
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.types import union_categoricals

from geobike import schema
from geobike.config import Panoramas
from geobike.detections import choice, extent, filtering
from geobike.detections.looking import AUTO, STANDARD, WAYS, Looking, Way, decide
from geobike.detections.store.opening import Mode, open_store
from geobike.detections.store.protocol import DetectionStore, Model
from geobike.detectors import concurrency
from geobike.detectors.check import UnusableAnswer, clean_labels
from geobike.detectors.protocol import Detection, Detector, DetectorBase, Wrapper, abilities
from geobike.detectors.sphere import Sphere
from geobike.detectors.views import Views
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
    """Who answered, windows and views left out of its name and version."""
    newly_detected: int
    """Photos that the detector answered; the others came from the store."""


@dataclass(frozen=True)
class Part:
    """The photos that are looked at in one way."""

    way: Way
    detector: Detector
    """The detector that looks at them in this way, not opened yet."""
    rows: npt.NDArray[np.intp]
    """Those of the photos frame whose answers are asked of the store."""
    missing: pd.DataFrame
    """The columns of `Wanted`, for the photos that the store has no answer for."""

    @property
    def model(self) -> Model:
        """Who answers."""
        return Model(self.detector.name, self.detector.version)


@dataclass(frozen=True)
class Plan:
    """The photos left to detect in, and the detector: made once, before any photo is opened."""

    photos: gpd.GeoDataFrame
    """Photos frame."""
    requested: choice.Choice | Detector
    """The detector as the user chose it."""
    detector: Detector
    """What was chosen for it, not opened yet."""
    looking: Looking
    parts: tuple[Part, ...]
    """One for each way in which any of the photos is looked at; at least one."""
    any_stored: bool
    """Whether the store has the answer for another photo to detect in."""
    rules: filtering.Filter | None
    """How boxes are filtered; None keeps all as they are."""

    @property
    def model(self) -> Model:
        """Who answers, windows and views left out of its name and version."""
        return Model(self.detector.name, self.detector.version)

    @property
    def missing(self) -> int:
        """The number of photos that the store has no answer for."""
        return sum(len(part.missing) for part in self.parts)

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
    windows: str = AUTO,
    panoramas: Panoramas = "auto",
    track: Track = silent,
) -> Detected:
    """Detect in the photos of a photos frame that have no status yet, reading the store first.

    `store` None keeps nothing. Photos outside the areas get the store's detections, and are not
    sent to the detector. With `rules`, boxes are filtered as by `filtering.filter_detections`.
    `windows` (auto, no or a number) and `panoramas` (auto, views, count or skip) are the options
    of the same names. Raises DetectorStopped; every answer until then is in the store.

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
        planned = plan(placed, detector, opened, rules=rules, looking=Looking(windows, panoramas))
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
    looking: Looking = STANDARD,
) -> Plan:
    """Choose the detector for the photos without a status, and find those it has not answered.

    Panoramas that it cannot do justice to are `failed`. Raises what `choice.choose` raises.
    """
    schema.check(placed, schema.PHOTOS)
    photos, way = decide(placed, looking)
    undecided = photos["status"].isna().to_numpy()
    digests = [
        photos["sha256"].array[undecided & (way == number)].tolist() for number in range(len(WAYS))
    ]
    chosen = (
        choice.choose(detector, store, digests, looking=looking)
        if isinstance(detector, choice.Choice)
        else detector
    )
    known = undecided | (photos["status"] == schema.OUTSIDE).to_numpy()
    parts = tuple(
        _part(photos, np.flatnonzero(known & (way == number)), name, looking, chosen, store)
        for number, name in enumerate(WAYS)
        if number in way or not (len(way) or number)
    )
    missing = sum(len(part.missing) for part in parts)
    any_stored = missing < int(undecided.sum())
    return Plan(photos, detector, chosen, looking, parts, any_stored, rules)


def _part(
    photos: gpd.GeoDataFrame,
    rows: npt.NDArray[np.intp],
    way: Way,
    looking: Looking,
    chosen: Detector,
    store: DetectionStore,
) -> Part:
    """Return the photos of one way, and which of them the store has no answer for."""
    detector = choice.around(chosen, looking, way)
    undecided = rows[photos["status"].isna().to_numpy()[rows]]
    wanted = pd.DataFrame(photos.reindex(columns=list(Wanted._fields)).iloc[undecided])
    unanswered = store.missing(wanted["sha256"], Model(detector.name, detector.version))
    missing = wanted[isin(wanted["sha256"], pd.Series(unanswered, dtype=schema.TEXT))]
    return Part(way, detector, rows, missing)


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
    parts = [part for part in plan.parts if len(part.missing)]
    for part in parts:
        choice.make_ready(part.detector, plan.requested, labels=plan.labels)
    return _answers(parts, store, workers=workers, max_pixels=max_pixels)


def _answers(
    parts: Sequence[Part], store: DetectionStore, *, workers: int | None, max_pixels: int
) -> Generator[Outcome, None, None]:
    """Yield the outcomes of one part after the other."""
    for part in parts:
        answers = answer(
            part.missing,
            part.detector,
            keep=partial(_keep, store, part.model),
            workers=workers or _concurrency(part.detector),
            max_pixels=max_pixels,
        )
        with closing(answers):
            yield from answers


def _keep(store: DetectionStore, model: Model, digest: str, found: list[Detection]) -> None:
    store.put(digest, model, found)


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
        shown = track(watched, "Detecting", total=plan.missing)
        failures = {digest: failure for digest, failure in shown if failure}
    boxes, models = _boxes(plan, store, track)
    found = _in_order(boxes, plan.photos["photo_id"], models, plan.rules)
    extent.check_not_normalized(found)
    if plan.rules is not None:
        filtering.check_labels(plan.rules.labels, found["label"])
    newly_detected = plan.missing - len(failures)
    return Detected(_mark(plan.photos, failures), found, plan.model, newly_detected)


def _boxes(plan: Plan, store: DetectionStore, track: Track) -> tuple[pd.DataFrame, list[Model]]:
    """Return the boxes of all parts, `photo` the row in the photos frame, `model` that in a list.

    Names of models come in their order, so that no result depends on which photo was first.
    """
    models = sorted({part.model for part in plan.parts})
    found: list[pd.DataFrame] = []
    for part in plan.parts:
        digests = plan.photos["sha256"].iloc[part.rows]
        read = partial(filtered, rules=plan.rules)
        boxes = store.boxes(digests, part.model, transform=read, track=track)
        boxes["photo"] = part.rows.astype(np.intc)[boxes["photo"].to_numpy()]
        boxes["model"] = np.int8(models.index(part.model))
        if len(boxes) or not found:
            found.append(boxes)
    if len(found) == 1:  # a hundred million boxes are not copied
        return found[0], models
    labels = union_categoricals([boxes["label"] for boxes in found])
    return pd.concat(found, ignore_index=True).assign(label=labels), models


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

    `photos` has the columns `sha256`, `path`, `width` and `height`, and those of a panorama's
    projection, which `Views` need. `check` is called before each
    and may raise DetectorStopped, which is then raised, as is that of the detector.
    """
    able = abilities(detector)
    fit = able.input_size

    def load(photo: Wanted) -> concurrency.Photo:
        check()
        looks = eye(able, photo)
        data = decoding.read_bytes(photo.path, sha256=photo.sha256)
        image = decoding.read_upright(data, max_pixels=max_pixels, target_size=looks.input_size)
        return concurrency.Photo(image, (photo.width, photo.height), looks.detect)

    def keep_found(answer: concurrency.Answer[Wanted]) -> None:
        if answer.detections is not None:
            keep(answer.key.sha256, answer.detections)

    answers = concurrency.detect_many(
        wanted(photos),
        detector,
        load=load,
        keep=keep_found,
        workers=workers,
        # Shrunk photos take 3 MB, others 36 and more; one in many windows takes its time.
        ahead=1 if fit is None or isinstance(detector, Wrapper) else workers,
        grace=concurrency.GRACE if able.host is None else concurrency.PAID_GRACE,
    )
    with closing(answers):
        for one in answers:
            yield one.key.sha256, None if one.error is None else _failure(one.error)


class Wanted(NamedTuple):
    """A photo to detect in."""

    sha256: str
    path: str
    width: int
    height: int
    turn_px: float = math.nan
    horizon_px: float = math.nan

    @property
    def sphere(self) -> Sphere:
        """The projection of a panorama."""
        return Sphere(self.turn_px, self.horizon_px, self.width)


def wanted(photos: pd.DataFrame) -> Iterator[Wanted]:
    """Yield the photos one by one: a million as Python objects at once would take half a GB."""
    columns = photos.reindex(columns=list(Wanted._fields))
    return map(Wanted._make, columns.itertuples(index=False, name=None))


def eye(detector: Detector, photo: Wanted) -> DetectorBase:
    """Return the detector for a photo: views of a panorama have to know its projection."""
    return detector.on(photo.sphere) if isinstance(detector, Views) else abilities(detector)


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
    models: Sequence[Model],
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
    columns["photo_id"] = schema.as_codes(columns.pop("photo"), photo_ids)
    names = pd.Index([model.name for model in models], dtype=schema.TEXT)
    columns["model"] = pd.Categorical.from_codes(np.asarray(columns["model"]), names)
    out = schema.table(schema.DETECTIONS, pd.DataFrame(columns, copy=False))
    if rules is None:
        return out
    return filtering.apply_rejections(out, np.asarray(reason, dtype=np.int8), rules)
