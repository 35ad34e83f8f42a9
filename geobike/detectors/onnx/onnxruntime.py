"""The only use of onnxruntime: opens a model on the GPU or the CPU, and translates its errors.

onnxruntime is imported here alone, and only when it is used.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from geobike.detectors.onnx.batching import Batcher
from geobike.detectors.onnx.runtime import Inputs, Outputs, TensorSpec, error_text, is_installed
from geobike.errors import DetectionFailed, ModelUnavailable
from geobike.reporting import report

GPU_BATCH: Final = 16
"""Photos that go through a model together on a GPU, at most."""

_CUDA: Final = "CUDAExecutionProvider"
_CPU: Final = "CPUExecutionProvider"
# Batches differ in size, and DETR's photos in shape; the default tries every algorithm for each.
_CUDA_OPTIONS: Final = {"cudnn_conv_algo_search": "HEURISTIC"}

_DTYPES: Final[Mapping[str, np.dtype[Any]]] = {
    "tensor(float)": np.dtype(np.float32),
    "tensor(float16)": np.dtype(np.float16),
    "tensor(double)": np.dtype(np.float64),
    "tensor(int64)": np.dtype(np.int64),
    "tensor(int32)": np.dtype(np.int32),
    "tensor(bool)": np.dtype(np.bool_),
}

# In ONNX's own format: y is x, one float32 each.
_SMALLEST: Final = (
    b'\x08\x08:6\n\x10\n\x01x\x12\x01y"\x08Identity\x12\x00Z\x0f\n\x01x\x12\n\n\x08\x08\x01\x12\x04'
    b"\n\x02\x08\x01b\x0f\n\x01y\x12\n\n\x08\x08\x01\x12\x04\n\x02\x08\x01B\x02\x10\x11"
)


def offers_gpu() -> bool:
    """Say whether onnxruntime is there, and of the build for CUDA GPUs."""
    if not is_installed():
        return False
    import onnxruntime

    return _CUDA in onnxruntime.get_available_providers()


def gpu_works() -> bool:
    """Say whether a model would run on a GPU: one of a single step is opened to see."""
    return offers_gpu() and _on_gpu(_opened(_SMALLEST, threads=1))


class OnnxRuntimeSession:
    """A model, opened on a CUDA GPU where onnxruntime finds one, else on the processor.

    `threads` bounds the processor cores for one run; None takes all. `batch` bounds the photos of
    one run; None is `GPU_BATCH` on a GPU and 1 on a processor, where batches gain nothing. It is 1
    for a model that fixes the number of photos. Raises ModelUnavailable for another file.
    """

    def __init__(self, path: Path, *, threads: int | None = None, batch: int | None = None) -> None:
        try:
            self._session = _opened(path, threads)
        except tuple(_errors().values()) as error:
            raise ModelUnavailable(
                f"{path} is not an ONNX model that can be opened: {error_text(error)}"
            ) from error
        self.path = path
        self.inputs: Mapping[str, TensorSpec]
        self.outputs: Mapping[str, TensorSpec]
        self.metadata: Mapping[str, str]
        try:
            self.inputs = {one.name: _spec(one) for one in self._session.get_inputs()}
            self.outputs = {one.name: _spec(one) for one in self._session.get_outputs()}
            self.metadata = self._session.get_modelmeta().custom_metadata_map
        except UnicodeDecodeError as error:
            raise ModelUnavailable(
                f"{path} holds a name that is not UTF-8: {error_text(error)}; export the model anew"
            ) from error
        on_gpu = _on_gpu(self._session)
        if offers_gpu() and not on_gpu:
            report(f"no GPU can be used, so {path.name} runs on the processor; see geobike doctor")
        fixed = any(not one.shape or one.shape[0] is not None for one in self.inputs.values())
        self.batch = 1 if fixed else batch or (GPU_BATCH if on_gpu else 1)

    def bind(
        self,
        outputs: Sequence[str],
        *,
        size: tuple[int, int] | None = None,  # noqa: ARG002 - onnxruntime needs no size
    ) -> Callable[[Inputs], Outputs]:
        """Do what `runtime.Session` says."""

        def run(feeds: Inputs) -> Outputs:
            errors = _errors()
            try:
                found = self._session.run(list(outputs), dict(feeds))
            except errors["InvalidArgument"] as error:  # shapes: every photo would fail
                raise ModelUnavailable(
                    f"{self.path} refuses its input: {error_text(error)}"
                ) from error
            except tuple(errors.values()) as error:
                raise DetectionFailed(
                    f"onnxruntime failed on this photo: {error_text(error)}"
                ) from error
            if any(isinstance(one, list | dict) for one in found):  # ONNX has sequences and maps
                raise ModelUnavailable(f"{self.path} answers with lists; name another model")
            return [np.asarray(one) for one in found]

        return run if self.batch == 1 else Batcher(run, self.batch)


def _opened(model: Path | bytes, threads: int | None) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what is wrong is raised; nothing is printed beside it
    # Memory patterns per shape are not faster, and took 260 MB more for DETR's shapes.
    options.enable_mem_pattern = False
    # Else its threads wait busily while the next photo is read, and take a core from that.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    if threads is not None:
        options.intra_op_num_threads = threads
    providers: list[Any] = [_CPU]
    if offers_gpu():
        onnxruntime.preload_dlls()  # CUDA's libraries, where pip installed them
        providers.insert(0, (_CUDA, _CUDA_OPTIONS))
    return onnxruntime.InferenceSession(
        model,
        options,
        providers=providers,
        enable_fallback=int(len(providers) > 1),  # from the processor to itself it would only print
    )


def _spec(given: Any) -> TensorSpec:
    axes = (axis if isinstance(axis, int) else None for axis in given.shape)
    return TensorSpec(tuple(axes), _DTYPES.get(given.type))


def _on_gpu(session: Any) -> bool:
    return bool(session.get_providers()[0] == _CUDA)


@cache  # it takes as long as a small model
def _errors() -> dict[str, type[Exception]]:
    """Return what onnxruntime raises, by name; its classes share no base but Exception."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    own = {
        name: kind
        for name, kind in vars(state).items()
        if isinstance(kind, type) and issubclass(kind, Exception)
    }
    # An error that quotes a name which is not UTF-8 cannot even be raised.
    return own | {"UnicodeDecodeError": UnicodeDecodeError}
