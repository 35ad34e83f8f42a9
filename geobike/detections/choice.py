"""Choose the detector of a run. Photos leave the machine only with a backend that declares it."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from geobike.config import DetectorSettings
from geobike.detections.cached import CachedDetector
from geobike.detections.looking import PLAIN, WAYS, Looking, Way
from geobike.detections.store.protocol import IN_MEMORY, DetectionStore, Model
from geobike.detections.ways import base
from geobike.detectors import backends
from geobike.detectors.backends import AUTO, CACHED
from geobike.detectors.onnx import hub
from geobike.detectors.protocol import Detector, DetectorBase, abilities
from geobike.errors import InputError, StoreError
from geobike.reporting import report


@dataclass(frozen=True, kw_only=True)
class Choice(DetectorSettings):
    """Which detector to use: what `geobike.config.DetectorSettings` declares, and the token."""

    token: str | None = field(default=None, repr=False)
    download_progress: type[Any] | None = field(default=None, repr=False)
    """A class like tqdm's that shows the download of a model; None shows nothing."""

    def __post_init__(self) -> None:
        backends.check(self.kind)
        if self.endpoint is not None and not self.sends_photos:
            raise InputError(
                f"an endpoint is given, but the detector is {self.kind!r}; photos leave the "
                f"machine only with --detector {' or '.join(backends.sending())}"
            )

    @property
    def sends_photos(self) -> bool:
        """Whether photos leave the machine."""
        return backends.sends_photos(self.kind)


def is_cached(detector: Choice | Detector) -> bool:
    """Tell whether a run uses only the detections of a store."""
    return isinstance(detector, Choice) and detector.kind == CACHED


def choose(
    choice: Choice,
    store: DetectionStore,
    digests: Sequence[Sequence[str]],
    *,
    looking: Looking = PLAIN,
) -> Detector:
    """Return the detector for photos with these SHA-256 digests, those of each way of looking.

    A local one is not opened yet. `auto` takes what the store has if that is all, then the local
    model. Raises InputError, StoreError, MissingPackageError or DetectorStopped where there is no
    such detector.
    """
    if choice.kind == CACHED:
        return CachedDetector(_cached_model(choice, store), store.path)
    if choice.kind == AUTO:
        complete = [
            model
            for model in _answered(choice, store)
            if not _lacks(store, model, digests, looking)
        ]
        if choice.classes is not None:  # only answers under exactly these names will do
            complete = [model for model in complete if model.version == create(choice).version]
        if len(complete) == 1:
            return CachedDetector(complete[0], store.path)
        return _automatic(choice, store, digests, looking)
    return create(choice)


def create(choice: Choice) -> DetectorBase:
    """Return the detector of the backend that a choice names, not opened yet.

    `auto` is the first installed backend that may be taken without being named. Raises InputError,
    MissingPackageError or TokenError where there is no such detector.
    """
    settled = settle(choice)
    if settled.kind == CACHED:
        raise InputError(f"--detector {CACHED} needs a store; name a detector")
    entry = backends.BACKENDS[settled.kind]
    detector = abilities(entry.create(settled))
    if detector.host is not None and not entry.sends_photos:
        raise InputError(
            f"--detector {entry.name} would send photos to {detector.host}, but its entry in "
            "geobike.detectors.backends says that no photo leaves the machine"
        )
    return detector


def settle(choice: Choice) -> Choice:
    """Return the choice with a backend instead of `auto`, from which a worker makes the same.

    Raises InputError where no backend is installed.
    """
    if choice.kind != AUTO:
        return choice
    if (entry := backends.automatic()) is None:
        raise InputError(_ways())
    return replace(choice, kind=entry.name)


def make_ready(
    detector: Detector, choice: Choice | Detector | None = None, *, labels: Sequence[str] = ()
) -> None:
    """Open a detector, download included, and check that it knows a label that is wanted.

    Raises ModelUnavailable, and InputError where it knows none of the labels.
    """
    progress = choice.download_progress if isinstance(choice, Choice) else None
    abilities(detector).open(progress=progress)
    check_labels(detector, labels)


def check_labels(detector: Detector, labels: Sequence[str]) -> None:
    """Raise InputError where a detector that knows its labels knows none of these."""
    if not labels or (given := abilities(detector).labels) is None:
        return
    known = list(given)
    if {name.casefold() for name in labels}.isdisjoint(map(str.casefold, known)):
        raise InputError(
            f"{detector.name} knows no {' and no '.join(map(repr, labels))}; name with --label "
            f"what it knows: {', '.join(known[:12])}{' and more' if len(known) > 12 else ''}"
        )


def _answered(choice: Choice, store: DetectionStore) -> list[Model]:
    # What looks at panoramas in windows or views is the same detector.
    known = list(dict.fromkeys(map(base, store.models())))
    if choice.model is None:
        return known
    # A local model is stored under its file's name, wherever the file is; a pinned one under
    # its repository's, also where the user gives its short name.
    names = [choice.model, Path(choice.model).name]
    with suppress(InputError):
        names.append(hub.find(choice.model).repo)
    return [model for model in known if model.name in names]


def _lacks(
    store: DetectionStore, model: Model, digests: Sequence[Sequence[str]], looking: Looking
) -> int:
    """Return how many photos a detector has not answered, each looked at in its way."""
    return sum(
        len(store.missing(some, looking.named(model, way)))
        for way, some in zip(WAYS, digests, strict=False)
        if some
    )


def around(detector: Detector, looking: Looking, way: Way) -> Detector:
    """Return the detector that looks at photos in this way, also if it only has stored answers."""
    if isinstance(detector, CachedDetector):
        return detector.renamed(looking.named(Model(detector.name, detector.version), way))
    return looking.around(detector, way)


def _automatic(
    choice: Choice, store: DetectionStore, digests: Sequence[Sequence[str]], looking: Looking
) -> Detector:
    """Return the detector that `auto` takes where the store is not enough.

    Reports it if the store has answers of another model for some of these photos.
    """
    if backends.automatic() is None:
        raise InputError(_lacking(store) + _ways())
    detector = create(choice)
    number = sum(map(len, digests))
    for model in _answered(choice, store):
        lacking = _lacks(store, model, digests, looking)
        if model != (detector.name, detector.version) and lacking < number:
            report(
                f"the store has the detections of {model.name} for {number - lacking} of "
                f"{number} photos, which is not all; so that all are counted the same way, "
                f"{detector.name} is used for all. To go on with {model.name}, name its detector"
            )
    return detector


def _cached_model(choice: Choice, store: DetectionStore) -> Model:
    models = _answered(choice, store)
    if len(models) == 1:
        return models[0]
    known = "; ".join(f"{name} ({version[:19]})" for name, version in store.models()) or "nobody"
    if models:
        raise StoreError(
            f"store {store.path} holds the detections of several detectors; "
            f"name one with --model: {known}"
        )
    by = f" by {choice.model}" if choice.model else ""
    raise StoreError(f"store {store.path} holds no detections{by}; it has those of {known}")


def _lacking(store: DetectionStore) -> str:
    if str(store.path) == IN_MEMORY:
        return ""
    return f"the store {store.path} does not hold the detections of all these photos, and "


def _ways() -> str:
    ways = [f"  {number}. {line}" for number, line in enumerate(backends.advice(), start=1)]
    count = {2: "two"}.get(len(ways), str(len(ways)))
    head = f"there is no detector on this machine. There are {count} ways:"
    return "\n".join([head, *ways])
