"""A model that was opened: what it is given of a photo, and which of its outputs are read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from geobike.detectors.onnx import hub, labels, local_files, postprocessing, preprocessing, yolo
from geobike.detectors.onnx.hub import Pin
from geobike.detectors.onnx.preprocessing import Preprocessing
from geobike.detectors.onnx.runtime import Inputs, Outputs, Session, TensorSpec
from geobike.errors import ModelUnavailable

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
class Network:
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
        """The model's file."""
        return self.session.path

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of all that the model gives."""
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
    ) -> "Network":
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
        return Network(self.session, self.names or names, settled, outputs, run)

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


def as_yolo(network: Network) -> Network:
    """Return it as ultralytics exports it, or raise ModelUnavailable."""
    metadata = network.session.metadata
    if why := yolo.unread(network.outputs, metadata):
        raise network.refused(why)
    if not network.names:
        raise unnamed(network)
    prepared = yolo.preparation(metadata, network.path.name)
    return replace(network, preparation=None).with_defaults(network.names, prepared, yolo.OUTPUTS)


def prepared_by_logits(network: Network) -> Preprocessing:
    """Return the preparation of a Hugging Face export: its file's, else by columns of logits."""
    shape = network.session.outputs["logits"].shape
    columns = (shape[-1] if shape else None) or 0  # 0: not declared
    names = network.names
    if not names:
        raise unnamed(network)
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


def unnamed(network: Network) -> ModelUnavailable:
    """Return the error for a model whose classes nobody names."""
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


def read_network(session: Session, pin: Pin | None, classes: Mapping[int, str] | None) -> Network:
    """Read names and preparation from the pin, the files around the model, or its metadata.

    `classes` are the names that the user gives. Raises ModelUnavailable where others are known.
    """
    if pin is not None and pin.names is not None:
        _check_same(classes, pin.names, session.path)
        return Network(session, pin.names, pin.preparation)
    (config, where), (prepared, place) = (
        local_files.table(session.path, name) for name in hub.CONFIGS
    )
    names = labels.from_config(config, where) or labels.from_metadata(
        session.metadata, session.path.name
    )
    _check_same(classes, names, session.path)
    preparation = preprocessing.from_config(prepared, place) if prepared else None
    return Network(session, names or classes or {}, preparation)


def _check_same(
    classes: Mapping[int, str] | None, known: Mapping[int, str] | None, path: Path
) -> None:
    if classes and known and dict(classes) != dict(known):
        raise ModelUnavailable(
            f"{path} names its classes itself, in config.json or its metadata, and --classes names "
            "others; leave out --classes, or correct those names"
        )
