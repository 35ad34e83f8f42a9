"""The backends that detect on this machine, for the table `geobike.detectors.backends`."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from geobike.detectors.protocol import Backend, Detector, Finding, ModelSettings, Surroundings
from geobike.errors import GeobikeError

if TYPE_CHECKING:  # numpy takes time to import, and a type needs only its name
    from geobike.detectors.onnx.runtime import Runtime


def _create(settings: ModelSettings, runtime: "Runtime") -> Detector:
    from geobike.detectors.onnx.detector import OnnxDetector
    from geobike.detectors.onnx.hub import DEFAULT_MODEL

    # Several photos at once use the cores better than one photo on all of them.
    return OnnxDetector(
        settings.model or DEFAULT_MODEL, threads=1, classes=settings.classes, runtime=runtime
    )


def _is_installed(runtime: "Runtime") -> bool:
    from geobike.detectors.onnx import runtime as runtimes

    return runtimes.is_installed(runtime)


def _examine_onnx(given: Surroundings) -> Iterator[Finding]:
    if _is_installed("onnxruntime"):
        yield _runs_on()
    yield _model(given.model)


def _runs_on() -> Finding:
    from geobike.detectors.onnx import onnxruntime

    what = "--detector onnx runs on"
    if not onnxruntime.offers_gpu():
        return Finding(what, True, _processor())
    if onnxruntime.gpu_works():
        return Finding(what, True, f"the GPU (CUDA), up to {onnxruntime.GPU_BATCH} photos together")
    return Finding(what, False, f"{_processor()}; no GPU can be used", _NO_GPU)


_NO_GPU: Final = "onnxruntime needs an NVIDIA driver, CUDA and cuDNN: pip install 'geobike[gpu]'"


def _examine_openvino(_: Surroundings) -> Iterator[Finding]:
    from geobike.detectors.onnx import session

    if _is_installed("openvino"):
        label = session.label("openvino")
        yield Finding("--detector openvino runs on", True, f"{_processor()}, as {label}")


def _processor() -> str:
    return f"the processor, {os.cpu_count() or 1} photos at once"


def _model(name: str | None) -> Finding:
    from geobike.detectors.onnx.detector import is_available
    from geobike.detectors.onnx.hub import DEFAULT_MODEL

    model = name or DEFAULT_MODEL
    what = f"local model {model}"
    try:
        available = is_available(model)
    except GeobikeError as error:
        return Finding(what, False, "not a valid model", str(error))
    if available.here:
        return Finding(what, available.installed, "on this machine")
    if model.endswith(".onnx"):
        return Finding(what, False, "no such file", needed=True)
    size = f" ({available.size / 1e6:.0f} MB)" if available.size else ""
    if available.downloadable:
        return Finding(what, True, f"not here yet; the first detection downloads it{size}")
    remedy = "download it on another machine and pass its path with --model"
    return Finding(what, False, "not on this machine, and downloads are off", remedy)


ONNX: Final = Backend(
    name="onnx",
    help="this machine",
    create=lambda settings: _create(settings, "onnxruntime"),
    advice="detect here:  pip install 'geobike[local]'  (no photo leaves the machine)",
    auto=True,
    extra="local",
    packages=("onnxruntime", "huggingface_hub"),
    is_installed=lambda: _is_installed("onnxruntime"),
    examine=_examine_onnx,
)

OPENVINO: Final = Backend(
    name="openvino",
    help="this machine, up to twice as fast on processors with bfloat16, with slightly different "
    "scores",
    create=lambda settings: _create(settings, "openvino"),
    advice="detect here with OpenVINO:  pip install 'geobike[openvino]'  (no photo leaves the "
    "machine)",
    extra="openvino",
    packages=("openvino", "huggingface_hub"),
    is_installed=lambda: _is_installed("openvino"),
    examine=_examine_openvino,
)
