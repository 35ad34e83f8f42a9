"""Open a model with the package that is to run it."""

from pathlib import Path

from geobike.detectors.onnx import external
from geobike.detectors.onnx.runtime import Runtime, Session
from geobike.errors import ModelUnavailable


def label(runtime: Runtime) -> str:
    """Return what the name of a model says about its runtime: nothing for the usual one.

    Half precision moves scores, so that its detections must not pass for the usual ones.
    """
    if runtime == "onnxruntime":
        return ""
    from geobike.detectors.onnx import openvino

    return f"OpenVINO {openvino.precision()}"


def opened(
    path: Path, runtime: Runtime, *, threads: int | None = None, batch: int | None = None
) -> Session:
    """Open a model. `threads` bounds the processor cores for one run; None takes all.

    `batch` is for GPUs: see `session_onnxruntime`. Raises ModelUnavailable where the file is no
    model.
    """
    try:
        external.files(path)  # a runtime may read whatever a model names
    except OSError as error:
        raise ModelUnavailable(f"{path} cannot be read: {error.strerror}") from error
    if runtime == "onnxruntime":
        from geobike.detectors.onnx.onnxruntime import OnnxRuntimeSession

        return OnnxRuntimeSession(path, threads=threads, batch=batch)
    from geobike.detectors.onnx.openvino import OpenVinoSession

    return OpenVinoSession(path, threads=threads)
