"""Detection and classification on this machine: ONNX models, no torch, no network but one download.

`session` calls the packages that run models.
"""

import hashlib
import json
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from geobike.detectors.classify import Classification
from geobike.detectors.onnx import (
    external,
    hub,
    labels,
    postprocessing,
    preprocessing,
    session,
    yolo,
)
from geobike.detectors.onnx.hub import DEFAULT_MODEL, Pin
from geobike.detectors.onnx.preprocessing import Preprocessing
from geobike.detectors.onnx.runtime import (
    EXTRAS,
    RUNTIMES,
    Inputs,
    Outputs,
    Runtime,
    Session,
    TensorSpec,
    is_installed,
)
from geobike.detectors.protocol import Detection, DetectorBase
from geobike.errors import (
    InputError,
    MissingPackageError,
    ModelUnavailable,
)

if TYPE_CHECKING:  # Pillow takes time to import, and a type needs only its name
    from PIL.Image import Image

_IMAGE_INPUTS: Final = ("pixel_values", "images", "input")
_MASK_INPUT: Final = "pixel_mask"
_SIZE_INPUT: Final = "orig_target_sizes"
_INPUTS: Final = (*_IMAGE_INPUTS, _MASK_INPUT, _SIZE_INPUT)
_UNDERSTOOD: Final = (
    f"understood are inputs {', '.join(_INPUTS)} and outputs "
    f"{' + '.join(postprocessing.HUGGING_FACE)}, {' + '.join(postprocessing.DEPLOYED)}, "
    f"{' + '.join(postprocessing.RF_DETR)} (RF-DETR) or {yolo.OUTPUTS[0]} (YOLO by ultralytics). "
    "Boxes of every other model can be given with --detections FILE"
)


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
            sha256 = _sha256(self._path)
            self._pin = hub.pinned_as(sha256)  # a pinned model that was copied here
            # The name is stored and printed, and a file's name need not be text.
            self.name = self._path.name.encode(errors="replace").decode()
            self.version = f"sha256:{sha256}{_weights(self._path)}"
        self._classes = None if classes is None else labels.chosen(classes)
        if self._pin is None or self._pin.names is None:
            beside = None if self._path is None else _names_beside(self._path)
            self.version += labels.fingerprint(self._classes or beside)
        if run_by := session.label(runtime):
            self.name += f" ({run_by})"
        self._network: _Network | None = None
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is opened: another process that gets this opens it itself."""
        return {**self.__dict__, "_network": None, "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.Lock()
        if self._path is None:
            return
        here = f"sha256:{_sha256(self._path)}{_weights(self._path)}"
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

    def _open(self, progress: type[Any] | None = None) -> "_Network":
        """Return the network, fetched, opened and understood by the first thread that asks."""
        with self._lock:
            if self._network is None:
                path = self._path or hub.fetch(self._pin, progress=progress)  # type: ignore[arg-type]  # one is set
                opened = session.opened(
                    path, self._runtime, threads=self._threads, batch=self._batch
                )
                self._network = self._understand(_network(opened, self._pin, self._classes))
            return self._network

    @abstractmethod
    def _understand(self, network: "_Network") -> "_Network":
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

    def _understand(self, network: "_Network") -> "_Network":
        network.image_input()  # first of all: names help no model of another kind
        if yolo.is_export(network.outputs):
            return _yolo(network)
        outputs = postprocessing.convention(network.outputs)
        if outputs is None:
            raise network.refused()
        if outputs == postprocessing.HUGGING_FACE:
            preparation = _by_logits(network)
        else:
            deployed = outputs == postprocessing.DEPLOYED
            preparation = preprocessing.RESIZE if deployed else preprocessing.RF_DETR
        if not network.names:
            raise _unnamed(network)
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

    def _understand(self, network: "_Network") -> "_Network":
        if "logits" not in network.outputs or postprocessing.convention(network.outputs):
            raise network.refused("; a classifier has `logits` and no boxes")
        return network.with_defaults({}, preprocessing.VIT, ("logits",))


@dataclass(frozen=True, slots=True)
class _Network:
    """A session, and how to prepare its inputs and read its outputs."""

    session: Session
    names: Mapping[int, str]
    """Class names by number; empty while unknown."""
    preparation: Preprocessing | None
    outputs_read: tuple[str, ...] = ()
    """The outputs that are read."""
    run: Callable[[Inputs], Outputs] | None = None

    @property
    def path(self) -> Path:
        return self.session.path

    @property
    def outputs(self) -> tuple[str, ...]:
        return tuple(self.session.outputs)

    def image_input(self) -> TensorSpec:
        """Return what the model is to be given of a photo.

        Raises ModelUnavailable where an input is not among those that geobike can give.
        """
        inputs = self.session.inputs
        unknown = [name for name in inputs if name not in _INPUTS]
        images = [name for name in inputs if name in _IMAGE_INPUTS]
        if unknown or len(images) != 1 or any(i.dtype is None for i in inputs.values()):
            raise self.refused()
        return inputs[images[0]]

    def with_defaults(
        self, names: Mapping[int, str], preparation: Preprocessing, outputs: tuple[str, ...]
    ) -> "_Network":
        """Return it completed, and with the size that the model requires.

        Raises as `image_input` does.
        """
        settled = self.preparation or preparation
        edges = self.image_input().shape[2:]
        if any(edge is not None and not 0 < edge <= preprocessing.LARGEST_EDGE for edge in edges):
            raise self.refused(
                f"; its photos are to be {' x '.join(map(str, edges))} pixels, and "
                f"1 to {preprocessing.LARGEST_EDGE} along a side are possible"
            )
        match edges:
            case (int(height), int(width)) if settled.letterbox:
                settled = replace(settled, letterbox=(height, width), stride=None)
            case (int(height), int(width)) if settled.crop != (height, width):
                settled = replace(settled, resize=(height, width), crop=None)
        run = self.session.bind(outputs, size=settled.fixed)
        return _Network(self.session, self.names or names, settled, outputs, run)

    def answers(self, image: "Image") -> dict[str, NDArray[Any]]:
        """Return the outputs for one photo by name, each a batch of one."""
        assert self.preparation is not None  # noqa: S101 - set by with_defaults
        assert self.run is not None  # noqa: S101 - as above
        pixels = preprocessing.pixels(image, self.preparation)
        inputs = self.session.inputs
        feeds = {name: _feed(name, port, pixels, image) for name, port in inputs.items()}
        return dict(zip(self.outputs_read, self.run(feeds), strict=True))

    def refused(self, why: str = "") -> ModelUnavailable:
        """Return the error that names what the model has and what is understood."""
        inputs = ", ".join(f"{name} {given.dtype}" for name, given in self.session.inputs.items())
        return ModelUnavailable(
            f"{self.path} is not of a kind that geobike reads{why}: its inputs are {inputs}, "
            f"its outputs {', '.join(self.outputs)}. {_UNDERSTOOD}"
        )


def _yolo(network: _Network) -> _Network:
    """Return it as ultralytics exports it, or raise ModelUnavailable."""
    metadata = network.session.metadata
    if why := yolo.unread(network.outputs, metadata):
        raise network.refused(why)
    if not network.names:
        raise _unnamed(network)
    prepared = yolo.preparation(metadata, network.path.name)
    return replace(network, preparation=None).with_defaults(network.names, prepared, yolo.OUTPUTS)


def _by_logits(network: _Network) -> Preprocessing:
    """Return the preparation of a Hugging Face export: its file's, else by columns of logits."""
    shape = network.session.outputs["logits"].shape
    columns = (shape[-1] if shape else None) or 0  # 0: not declared
    names = network.names
    if not names:
        raise _unnamed(network)
    if not (columns or network.preparation):
        raise ModelUnavailable(
            f"{network.path} does not say how many classes it tells apart, and thus not how photos "
            f"are prepared: put {' and '.join(hub.CONFIGS)} of its repository beside it"
        )
    if network.preparation is not None:
        return network.preparation
    # RT-DETR and D-FINE know 80 classes and no "no object"; all others were trained as DETR was.
    stretched = len(names) != len(labels.COCO_91) and not postprocessing.with_no_object(
        columns, names
    )
    return preprocessing.RESIZE if stretched else preprocessing.DETR


def _unnamed(network: _Network) -> ModelUnavailable:
    return ModelUnavailable(
        f"{network.path} does not name its classes, and a number means something else in every "
        "model. Give --classes coco80 if it was trained on COCO and numbers its classes 0 to 79 "
        "(D-FINE, RT-DETR, DEIM, YOLO), --classes coco91 if it keeps COCO's own numbers (DETR, "
        "YOLOS, RF-DETR), else --classes FILE; or put its config.json with id2label beside it; or "
        "export it with names in its metadata"
    )


def _feed(name: str, port: TensorSpec, pixels: NDArray[np.float32], image: "Image") -> NDArray[Any]:
    """Return what one declared input is to be given."""
    if name == _SIZE_INPUT:
        return np.array([[image.width, image.height]], port.dtype)
    if name == _MASK_INPUT:  # ones: no part of the picture is padding
        actual = (1, *pixels.shape[2:])
        return np.ones([d or a for d, a in zip(port.shape, actual, strict=False)], port.dtype)
    return pixels.astype(port.dtype or pixels.dtype, copy=False)


def _network(session: Session, pin: Pin | None, classes: Mapping[int, str] | None) -> _Network:
    """Read names and preparation from the pin, the files around the model, or its metadata.

    `classes` are the names that the user gives. Raises ModelUnavailable where others are known.
    """
    if pin is not None and pin.names is not None:
        _check_same(classes, pin.names, session.path)
        return _Network(session, pin.names, pin.preparation)
    (config, where), (prepared, place) = (_beside(session.path, name) for name in hub.CONFIGS)
    names = labels.from_config(config, where) or labels.from_metadata(
        session.metadata, session.path.name
    )
    _check_same(classes, names, session.path)
    preparation = preprocessing.from_config(prepared, place) if prepared else None
    return _Network(session, names or classes or {}, preparation)


def _check_same(
    classes: Mapping[int, str] | None, known: Mapping[int, str] | None, path: Path
) -> None:
    if classes and known and dict(classes) != dict(known):
        raise ModelUnavailable(
            f"{path} names its classes itself, in config.json or its metadata, and --classes names "
            "others; leave out --classes, or correct those names"
        )


def _names_beside(path: Path) -> Mapping[int, str] | None:
    """Return the names beside a model; None where there are none, or where opening it will fail."""
    try:
        return labels.from_config(*_beside(path, hub.CONFIGS[0]))
    except ModelUnavailable:
        return None


def _beside(path: Path, name: str) -> tuple[dict[str, Any], str]:
    """Return a JSON table beside the model, or above it in the hub's layout, and where it is."""
    folders = [path.parent, *([path.parent.parent] if path.parent.name == "onnx" else [])]
    file = next((folder / name for folder in folders if (folder / name).is_file()), None)
    if file is None:
        return {}, name
    try:
        if (size := file.stat().st_size) > _LARGEST_CONFIG:
            raise ValueError(f"it has {size:,} bytes")
        table = json.loads(file.read_bytes(), object_pairs_hook=_once)
    except (OSError, ValueError, RecursionError) as error:
        raise ModelUnavailable(f"{file} cannot be read as JSON: {error}") from error
    if not isinstance(table, dict):
        raise ModelUnavailable(f"{file} holds no JSON object")
    return table, str(file)


_LARGEST_CONFIG: Final = 20_000_000


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object. Raises ValueError where it says one thing twice, and differently."""
    table: dict[str, Any] = {}
    for name, value in pairs:
        if table.setdefault(name, value) != value:
            raise ValueError(f"{name[:50]!r} is in it twice")
    return table


def _as_path(model: str | Path) -> Path | None:
    """Return the file that is meant, None where a name on the hub is."""
    path = Path(model)
    if isinstance(model, Path) or path.suffix.lower() == ".onnx" or path.is_file():
        return path
    return None


def _weights(path: Path) -> str:
    """Return what tells files with a model's weights from others in its version; mostly empty."""
    try:
        digests = [hub.digest(file) for file in external.files(path)]
    except OSError as error:
        raise InputError(f"the model {path} cannot be read: {error.strerror}") from error
    if not digests:
        return ""
    return f"+weights:{hashlib.sha256(''.join(digests).encode()).hexdigest()[:12]}"


def _sha256(path: Path) -> str:
    if path.exists() and not path.is_file():
        # A FIFO would be waited for, and a device may never end.
        raise InputError(f"the model {path} is a folder, a pipe or a device; name an ONNX file")
    try:
        return hub.digest(path)
    except OSError as error:
        raise InputError(f"the model {path} cannot be read: {error.strerror}") from error
