"""Detection and classification on this machine: ONNX models, no torch, no network but one download.

`session` calls the packages that run models, `network` knows what one is given and gives back,
`local_files` reads the files that belong to it.
"""

import os
import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from geobike.detectors.classify import Classification
from geobike.detectors.onnx import (
    hub,
    labels,
    local_files,
    postprocessing,
    preprocessing,
    session,
    yolo,
)
from geobike.detectors.onnx.hub import DEFAULT_MODEL, Pin
from geobike.detectors.onnx.network import (
    Network,
    as_yolo,
    prepared_by_logits,
    read_network,
    unnamed,
)
from geobike.detectors.onnx.runtime import (
    EXTRAS,
    RUNTIMES,
    Runtime,
    is_installed,
)
from geobike.detectors.protocol import Detection, DetectorBase
from geobike.errors import (
    InputError,
    MissingPackageError,
)

if TYPE_CHECKING:  # Pillow takes time to import, and a type needs only its name
    from PIL.Image import Image


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a local model can be used. True where it can, a download included."""

    installed: bool
    """onnxruntime is installed."""
    here: bool
    """The model's file is on this machine."""
    downloadable: bool
    """The model is on a hub, and downloads are possible and allowed. The network is not tried."""
    size: int | None
    """Bytes to download, where known."""

    def __bool__(self) -> bool:
        return self.installed and (self.here or self.downloadable)


def is_available(model: str | Path = DEFAULT_MODEL) -> Availability:
    """Say whether `model` can be used here; nothing is opened, hashed or downloaded.

    Raises InputError for a name that `OnnxDetector` would refuse too.
    """
    path = _as_path(model)
    if path is not None:
        return Availability(is_installed(), path.is_file(), downloadable=False, size=None)
    pin = hub.find(str(model))
    return Availability(
        is_installed(),
        hub.cached(pin) is not None,
        downloadable=hub.can_download(),
        size=pin.size,
    )


class _LocalModel(ABC):
    """A model on this machine: which file is meant, what it is called, one session on it."""

    _purpose: ClassVar[str]
    name: str
    version: str

    def __init__(
        self,
        model: str | Path,
        *,
        threads: int | None = None,
        batch: int | None = None,
        runtime: Runtime = "onnxruntime",
        classes: str | Path | None = None,
    ) -> None:
        if runtime not in RUNTIMES:
            raise InputError(f"runtime {runtime!r} is none of {', '.join(RUNTIMES)}")
        self._path = _as_path(model)
        if not (is_installed(runtime) and (self._path or hub.installed())):
            raise MissingPackageError(self._purpose, EXTRAS[runtime])
        if threads is not None and threads < 1:
            raise InputError(f"threads is {threads}; give 1 or more, or None for all cores")
        if batch is not None and batch < 1:
            raise InputError(f"batch is {batch}; give 1 or more, or None for what is fastest")
        self._threads, self._batch, self._runtime = threads, batch, runtime
        if self._path is None:
            self._pin: Pin | None = hub.find(str(model))
            self.name = self._pin.repo
            self.version = f"sha256:{self._pin.sha256}" if self._pin.sha256 else self._pin.revision
        else:
            sha256 = local_files.sha256(self._path)
            self._pin = hub.pinned_as(sha256)  # a pinned model that was copied here
            # The name is stored and printed, and a file's name need not be text.
            self.name = self._path.name.encode(errors="replace").decode()
            self.version = f"sha256:{sha256}{local_files.weights(self._path)}"
        self._classes = None if classes is None else labels.chosen(classes)
        if self._pin is None or self._pin.names is None:
            beside = None if self._path is None else local_files.names(self._path)
            self.version += labels.fingerprint(self._classes or beside)
        if run_by := session.label(runtime):
            self.name += f" ({run_by})"
        self._network: Network | None = None
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is opened: another process that gets this opens it itself."""
        return {**self.__dict__, "_network": None, "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.Lock()
        if self._path is None:
            return
        here = f"sha256:{local_files.sha256(self._path)}{local_files.weights(self._path)}"
        if not f"{self.version}+".startswith(f"{here}+"):  # then come the classes
            raise InputError(
                f"the model {self._path} is not the same file here, where its SHA-256 is not "
                f"{self.version.partition('+')[0].removeprefix('sha256:')}; give both machines the "
                "same file, and the same files with its weights"
            )

    def open(self, *, progress: type[Any] | None = None) -> None:
        """Download, if need be, and open the model now rather than at the first photo.

        `progress` is a class like tqdm's that shows the download. Raises ModelUnavailable.
        """
        self._open(progress)

    def _open(self, progress: type[Any] | None = None) -> Network:
        """Return the network, fetched, opened and understood by the first thread that asks."""
        with self._lock:
            if self._network is None:
                path = self._path or hub.fetch(self._pin, progress=progress)  # type: ignore[arg-type]  # one is set
                opened = session.opened(
                    path, self._runtime, threads=self._threads, batch=self._batch
                )
                self._network = self._understand(read_network(opened, self._pin, self._classes))
            return self._network

    @abstractmethod
    def _understand(self, network: Network) -> Network:
        """Fill in what the files do not say, or raise ModelUnavailable."""


class OnnxDetector(_LocalModel, DetectorBase):
    """Finds objects with an ONNX model on this machine.

    `model` is the path of an .onnx file, a name in `hub.PINS`, a pinned repository, or
    `org/name@commit`. `threads` bounds the processor cores for one photo; None takes all. `batch`
    bounds the photos that go through the model together, where several threads call `detect` at
    once; None is what is fastest: 1 on the processor, 16 on a GPU. `runtime` is what runs the
    model: openvino is up to twice as fast on processors with bfloat16, in which it computes there;
    that moves scores a little, and `name` says so. `classes` names the classes of a model that does
    not: `coco80`, `coco91`, or a file of names; `version` differs where they do.

    Constructing opens and downloads nothing; the first `detect` does. Raises InputError for a
    missing file or an unusable name, and MissingPackageError without what runs it.

    Beside a file, or above it where its folder is called `onnx` as on the hub, config.json names
    the classes and preprocessor_config.json says how photos are prepared. Without the latter that
    follows from the model's outputs; names are never guessed.
    """

    _purpose = "Detection on this machine"

    def __init__(
        self,
        model: str | Path = DEFAULT_MODEL,
        *,
        threads: int | None = None,
        batch: int | None = None,
        runtime: Runtime = "onnxruntime",
        classes: str | Path | None = None,
    ) -> None:
        super().__init__(model, threads=threads, batch=batch, runtime=runtime, classes=classes)

    @property
    def concurrency(self) -> int:
        """Photos to detect at once, so that none of the cores, or of the GPU's time, is idle."""
        batch = self._open().session.batch
        # While one batch is with the GPU, the next is made ready.
        return max(os.cpu_count() or 1, 2 * batch if batch > 1 else 1)

    @property
    def labels(self) -> list[str]:
        """Every label that the model can give, in its own order."""
        return list(dict.fromkeys(self._open().names.values()))

    def input_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return the (width, height) at which the model gets a photo of `size`.

        Raises DetectionFailed for a shape that no model can take, and as `detect` does.
        """
        preparation = self._open().preparation
        assert preparation is not None  # noqa: S101 - set by _understand
        return preprocessing.input_size(size, preparation)

    def detect(self, image: "Image") -> list[Detection]:
        """Return every object that scores above `FLOOR` in an upright RGB image.

        Raises DetectionFailed when onnxruntime fails on this photo, and ModelUnavailable when the
        model cannot be downloaded, opened, or read.
        """
        network = self._open()
        answers = network.answers(image)
        if yolo.is_export(network.outputs_read):
            assert network.preparation is not None  # noqa: S101 - set by _understand
            return yolo.read(
                answers[yolo.OUTPUTS[0]],
                names=network.names,
                size=image.size,
                letterbox=preprocessing.letterbox(image.size, network.preparation),
            )
        found = postprocessing.read(
            answers, names=network.names, width=image.width, height=image.height
        )
        postprocessing.check_named(answers, network.names)
        return found

    def _understand(self, network: Network) -> Network:
        network.image_input()  # first of all: names help no model of another kind
        if yolo.is_export(network.outputs):
            return as_yolo(network)
        outputs = postprocessing.convention(network.outputs)
        if outputs is None:
            raise network.refused()
        if outputs == postprocessing.HUGGING_FACE:
            preparation = prepared_by_logits(network)
        else:
            deployed = outputs == postprocessing.DEPLOYED
            preparation = preprocessing.RESIZE if deployed else preprocessing.RF_DETR
        if not network.names:
            raise unnamed(network)
        understood = network.with_defaults(network.names, preparation, outputs)
        if understood.preparation and understood.preparation.crop:
            raise network.refused("; its photos are to be cropped, and bicycles with them")
        return understood


class OnnxClassifier(_LocalModel):
    """Labels a whole photo, with an ONNX model on this machine whose output is `logits`.

    Arguments, files and errors are those of `OnnxDetector`. Without preprocessor_config.json photos
    are prepared as for ViT; without config.json the labels are LABEL_0, LABEL_1, and so on.
    """

    _purpose = "Classification on this machine"

    def classify(self, image: "Image", *, top: int = 5) -> list[Classification]:
        """Return at most `top` labels of an upright RGB image, the highest score first.

        Raises as `OnnxDetector.detect` does.
        """
        network = self._open()
        logits = postprocessing.numbers("logits", network.answers(image)["logits"])
        scores = postprocessing.softmax(logits.reshape(-1))
        best = map(int, np.argsort(-scores, kind="stable")[: max(top, 0)])
        return [
            Classification(network.names.get(number, f"LABEL_{number}"), float(scores[number]))
            for number in best
        ]

    def _understand(self, network: Network) -> Network:
        if "logits" not in network.outputs or postprocessing.convention(network.outputs):
            raise network.refused("; a classifier has `logits` and no boxes")
        return network.with_defaults({}, preprocessing.VIT, ("logits",))


def _as_path(model: str | Path) -> Path | None:
    """Return the file that is meant, None where a name on the hub is."""
    path = Path(model)
    if isinstance(model, Path) or path.suffix.lower() == ".onnx" or path.is_file():
        return path
    return None
