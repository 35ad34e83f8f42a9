"""The only use of onnxruntime: opens a model on the GPU or the CPU, and translates its errors.

onnxruntime is imported here alone, and only when it is used.
"""

import os
import threading
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

_BOUNDING: Final = threading.Lock()
_LEAST: Final = 2 * 2**30  # bytes
_TOO_LARGE: Final = "is smaller than requested bytes"  # of the arena: onnxruntime's bfc_arena.cc

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
                raise DetectionFailed(_failure(error)) from error
            if any(isinstance(one, list | dict) for one in found):  # ONNX has sequences and maps
                raise ModelUnavailable(f"{self.path} answers with lists; name another model")
            return [np.asarray(one) for one in found]

        return run if self.batch == 1 else Batcher(run, self.batch)


def _failure(error: Exception) -> str:
    if _TOO_LARGE in str(error):
        return (
            f"the model needs more than {(most_memory() or 0) / 2**30:.0f} GB of memory for this "
            "photo; name a smaller model, or run it on a machine with more"
        )
    return f"onnxruntime failed on this photo: {error_text(error)}"


def _opened(model: Path | bytes, threads: int | None) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what is wrong is raised; nothing is printed beside it
    # Memory patterns per shape are not faster, and took 260 MB more for DETR's shapes.
    options.enable_mem_pattern = False
    # Else its threads wait busily while the next photo is read, and take a core from that.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    with _BOUNDING:  # once, whichever thread is first
        bounded = not offers_gpu() and _bound_memory()
    if bounded:
        options.add_session_config_entry("session.use_env_allocators", "1")
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


def most_memory() -> int | None:
    """Return the bytes that models may use on their way: half of the machine's memory, or 2 GB.

    None where the machine does not tell.
    """
    try:
        return max(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2, _LEAST)
    except (AttributeError, ValueError, OSError):  # as on Windows
        return None


@cache
def _bound_memory() -> bool:
    """Give all models of this process one arena that does not outgrow the machine; tell whether.

    Else a model that makes gigabytes on its way would fill memory until the system ends something.
    """
    import onnxruntime

    most = most_memory()
    if most is None:
        return False
    kind, use = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, onnxruntime.OrtMemType.DEFAULT
    place = onnxruntime.OrtMemoryInfo("Cpu", kind, 0, use)
    default = -1
    arena = onnxruntime.OrtArenaCfg(most, default, default, default)
    try:
        onnxruntime.create_and_register_allocator(place, arena)
    except tuple(_errors().values()):  # as where this process has such an arena of its own
        return False
    return True


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
