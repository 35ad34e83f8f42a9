"""The only use of OpenVINO: opens a model on the CPU, in bfloat16 where it supports that.

Server processors since about 2023 have it, and are up to twice as fast with it. OpenVINO is
imported here alone, and only when it is used.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final

import numpy as np

from geobike.detectors.onnx.runtime import Inputs, Outputs, TensorSpec, error_text
from geobike.errors import DetectionFailed, ModelUnavailable

_TELEMETRY: Final = "openvino_telemetry"
_OPENING = threading.RLock()
"""Held while OpenVINO is imported and a model is opened: several threads at once may deadlock in
its extension modules, which wait for each other and for Python's global lock."""


@cache
def precision() -> str:
    """Return the precision in which this processor computes: bf16 or f32."""
    return "bf16" if "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"


class OpenVinoSession:
    """A model on the processor, for one photo at a time on each of its threads."""

    batch = 1

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        self.path, self._threads = path, threads
        with self._openable():
            # Named: else OpenVINO would try all its readers, and they print if it is not a model.
            reader = _openvino().frontend.FrontEndManager().load_by_framework("onnx")
            model = self._model = reader.convert(reader.load(str(path)))
            self.inputs: Mapping[str, TensorSpec] = {p.any_name: _spec(p) for p in model.inputs}
            self.outputs: Mapping[str, TensorSpec] = {p.any_name: _spec(p) for p in model.outputs}
            self.metadata = _metadata(model)

    def bind(
        self, outputs: Sequence[str], *, size: tuple[int, int] | None
    ) -> Callable[[Inputs], Outputs]:
        """Do what `runtime.Session` says. A model that knows the size is a quarter faster."""
        with self._openable():
            known = {name: port for name, port in self.inputs.items() if port.shape}
            self._model.reshape({name: _settled(port, size) for name, port in known.items()})
            compiled = _core().compile_model(self._model, "CPU", self._configuration())
        idle: SimpleQueue[Any] = SimpleQueue()  # requests; no thread's own: each photo has another

        def run(feeds: Inputs) -> Outputs:
            try:
                request = idle.get_nowait()
            except Empty:
                request = compiled.create_infer_request()
            try:
                found = request.infer(dict(feeds), share_inputs=True, share_outputs=True)
            except RuntimeError as error:
                raise DetectionFailed(
                    f"OpenVINO failed on this photo: {error_text(error)}"
                ) from error
            answers = [np.array(found[name]) for name in outputs]
            idle.put(request)  # not before its outputs are copied
            return answers

        return run

    def _configuration(self) -> dict[str, Any]:
        cores = os.cpu_count() or 1
        return {
            "INFERENCE_PRECISION_HINT": precision(),
            "INFERENCE_NUM_THREADS": cores,
            "NUM_STREAMS": max(1, cores // (self._threads or cores)),
            # The threads that prepare the next photo need the same cores.
            "ENABLE_CPU_PINNING": False,
        }

    @contextmanager
    def _openable(self) -> Iterator[None]:
        try:
            with _OPENING:
                yield
        except Exception as error:
            raise ModelUnavailable(
                f"{self.path} is not an ONNX model that can be opened: {error_text(error)}"
            ) from error


def _core() -> Any:
    with _OPENING:
        return _only_core()


@cache
def _only_core() -> Any:
    return _openvino().Core()


def _openvino() -> Any:
    """Import OpenVINO without its telemetry, which reports each import.

    Where that part is missing, OpenVINO does without.
    """
    with _OPENING:
        blocked = _TELEMETRY not in sys.modules
        if blocked:
            sys.modules[_TELEMETRY] = None  # type: ignore[assignment]  # Python's sign for: not there
        try:
            import openvino
        finally:
            if blocked:
                del sys.modules[_TELEMETRY]
    return openvino


def _spec(port: Any) -> TensorSpec:
    shape = port.partial_shape
    known = [] if shape.rank.is_dynamic else list(shape)
    axes = tuple(None if one.is_dynamic else one.get_length() for one in known)
    return TensorSpec(axes, _dtype(port.element_type))


def _dtype(element: Any) -> np.dtype[Any] | None:
    try:
        dtype: np.dtype[Any] = np.dtype(element.to_dtype())
    except RuntimeError:
        return None
    return dtype


def _settled(port: TensorSpec, size: tuple[int, int] | None) -> list[int]:
    """Return the shape of an input with one photo, -1 for what stays open."""
    axes = [-1 if axis is None else axis for axis in port.shape]
    if axes[0] == -1:
        axes[0] = 1
    if size is not None and len(axes) > 2:  # the photo itself, or the mask beside it
        axes[-2:] = size
    return axes


def _metadata(model: Any) -> Mapping[str, str]:
    notes = model.get_rt_info("framework").value if model.has_rt_info("framework") else {}
    return {name: str(getattr(note, "value", note)) for name, note in dict(notes).items()}
