"""Which detector a run uses. Photos leave the machine only where `huggingface` is named."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geobike.config import DetectorSettings
from geobike.detections.cached import CachedDetector
from geobike.detections.store.protocol import IN_MEMORY, DetectionStore, Model
from geobike.detectors.onnx import hub
from geobike.detectors.protocol import Detector
from geobike.errors import InputError, StoreError
from geobike.options import check_choices
from geobike.reporting import report

if TYPE_CHECKING:  # what sends photos is imported where they are sent
    from geobike.detectors.hosted.detector import HostedDetector


@dataclass(frozen=True, kw_only=True)
class Choice(DetectorSettings):
    """Which detector to use: what `geobike.config.DetectorSettings` declares, and the token."""

    token: str | None = field(default=None, repr=False)
    download_progress: type[Any] | None = field(default=None, repr=False)
    """A class like tqdm's that shows the download of a model; None for silence."""

    def __post_init__(self) -> None:
        check_choices(DetectorSettings, self)
        if self.endpoint is not None and self.kind != "huggingface":
            raise InputError(
                f"an endpoint is given, but the detector is {self.kind!r}; "
                "photos leave the machine only with --detector huggingface"
            )


def is_cached(detector: Choice | Detector) -> bool:
    """Tell whether a run is to take what a store holds, and nothing else."""
    return isinstance(detector, Choice) and detector.kind == "cached"


def choose(choice: Choice, store: DetectionStore, digests: Sequence[str]) -> Detector:
    """Return the detector for photos with these SHA-256 digests. A local one is not opened yet.

    `auto` takes what the store has if that is all, then the local model. Raises InputError,
    StoreError, MissingPackageError or DetectorStopped where there is no such detector.
    """
    if choice.kind == "cached":
        return CachedDetector(_recorded_model(choice, store), store.path)
    if choice.kind == "huggingface":
        return hosted(choice)
    if choice.kind == "auto":
        complete = [
            model for model in _answered(choice, store) if not store.missing(digests, model)
        ]
        if choice.classes is not None:  # only answers under these very names will do
            complete = [model for model in complete if model.version == _local(choice).version]
        if len(complete) == 1:
            return CachedDetector(complete[0], store.path)
        from geobike.detectors.onnx.runtime import is_installed

        if not is_installed():
            raise InputError(_two_ways(store))
        return _local_or_say(choice, store, digests)
    return _local(choice)


def named(choice: Choice) -> Detector:
    """Return the detector of a choice that asks no store, ready to detect.

    Raises InputError, MissingPackageError or DetectorStopped where it cannot be.
    """
    detector = hosted(choice) if choice.kind == "huggingface" else _local(choice)
    make_ready(detector, choice)
    return detector


def make_ready(
    detector: Detector, choice: Choice | Detector, *, labels: Sequence[str] = ()
) -> None:
    """Download, if need be, and open the local model of a choice.

    Raises ModelUnavailable, and InputError where it knows none of the labels that are wanted.
    """
    from geobike.detectors.onnx.detector import OnnxDetector

    if not (isinstance(choice, Choice) and isinstance(detector, OnnxDetector)):
        return
    detector.open(progress=choice.download_progress)
    known = detector.labels
    if labels and {name.casefold() for name in labels}.isdisjoint(map(str.casefold, known)):
        raise InputError(
            f"{detector.name} knows no {' and no '.join(map(repr, labels))}; name with --label "
            f"what it knows: {', '.join(known[:12])}{' and more' if len(known) > 12 else ''}"
        )


def _answered(choice: Choice, store: DetectionStore) -> list[Model]:
    if choice.model is None:
        return list(store.models())
    # A local model is stored under its file's name, wherever the file lies; a pinned one under
    # its repository's, also where the user gives its short name.
    names = [choice.model, Path(choice.model).name]
    with suppress(InputError):
        names.append(hub.find(choice.model).repo)
    return [model for model in store.models() if model.name in names]


def _local_or_say(choice: Choice, store: DetectionStore, digests: Sequence[str]) -> Detector:
    """Return the local detector; report it if the store has answers of another for these photos."""
    detector = _local(choice)
    for model in _answered(choice, store):
        lacking = len(store.missing(digests, model))
        if model != (detector.name, detector.version) and lacking < len(digests):
            report(
                f"the store has the detections of {model.name} for {len(digests) - lacking} of "
                f"{len(digests)} photos, which is not all; so that all are counted alike, "
                f"{detector.name} is used for all. To go on with {model.name}, name its detector"
            )
    return detector


def _recorded_model(choice: Choice, store: DetectionStore) -> Model:
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
    raise StoreError(f"store {store.path} holds no detections{by}; it was filled by {known}")


def hosted(choice: Choice) -> "HostedDetector":
    """Return the detector that photos would be sent to. Raises InputError or TokenError."""
    from geobike.detectors.hosted.detector import HostedDetector

    return HostedDetector(
        choice.model,
        token=choice.token,
        endpoint=choice.endpoint,
        bill_to=choice.bill_to,
    )


def _local(choice: Choice) -> Detector:
    from geobike.detectors.onnx.detector import OnnxDetector

    return OnnxDetector(
        choice.model or hub.DEFAULT_MODEL,
        # Several photos at once use the cores better than one photo on all of them.
        threads=1,
        classes=choice.classes,
        runtime="openvino" if choice.kind == "openvino" else "onnxruntime",
    )


def _two_ways(store: DetectionStore) -> str:
    lacking = (
        ""
        if str(store.path) == IN_MEMORY
        else (f"the store {store.path} does not hold the detections of all these photos, and ")
    )
    return (
        f"{lacking}there is no detector on this machine. There are two ways:\n"
        "  1. detect here:  pip install 'geobike[local]'  (no photo leaves the machine)\n"
        "  2. have Hugging Face detect:  --detector huggingface, with a token in HF_TOKEN "
        "(photos are sent there, shrunk and without EXIF)"
    )
