"""What is installed, what is missing, and what to do about it."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from geobike.errors import DetectionFailed, GeobikeError, ServiceUnavailable, TokenError


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    what: str
    ok: bool
    found: str
    remedy: str = ""
    needed: bool = False
    """Nothing works without it."""


_EXTRAS = {
    "detection on this machine": ("local", ("onnxruntime", "huggingface_hub")),
    "HEIC photos": ("heic", ("pillow-heif",)),
    "Parquet manifests": ("parquet", ("pyarrow",)),
}


def examine(
    environ: Mapping[str, str], *, token_file: Path | None = None, model: str | None = None
) -> list[Finding]:
    """Look at everything a survey may need. Nothing is downloaded and nobody is asked."""
    return [
        *_packages(),
        _map_libraries(),
        *_extras(),
        *_processor(),
        _model(model),
        _token(environ, token_file),
    ]


def _packages() -> Iterator[Finding]:
    for name in ("geobike", "geopandas", "folium", "exifread", "pillow", "requests"):
        found = _version(name)
        yield Finding(name, found is not None, found or "not installed", needed=True)


def _map_libraries() -> Finding:
    from geobike.maps import assets

    try:
        assets.script("leaflet/leaflet.js")
    except GeobikeError as error:
        return Finding("map libraries", False, "not bundled", str(error), needed=True)
    return Finding("map libraries", True, "bundled")


def _extras() -> Iterator[Finding]:
    for what, (extra, names) in _EXTRAS.items():
        found = {name: _version(name) for name in names}
        missing = [name for name, known in found.items() if known is None]
        if missing:
            remedy = f"pip install 'geobike[{extra}]'"
            yield Finding(what, False, f"{', '.join(missing)} not installed", remedy)
        else:
            yield Finding(what, True, ", ".join(f"{name} {known}" for name, known in found.items()))


def _processor() -> Iterator[Finding]:
    from geobike.detectors.onnx import runtime, session

    processor = f"the processor, {os.cpu_count() or 1} photos at once"
    if runtime.is_installed("onnxruntime"):
        yield _onnxruntime("detection runs on", processor)
    if runtime.is_installed("openvino"):
        label = session.label("openvino")
        yield Finding("--detector openvino runs on", True, f"{processor}, as {label}")


def _onnxruntime(what: str, processor: str) -> Finding:
    from geobike.detectors.onnx import onnxruntime

    if not onnxruntime.offers_gpu():
        return Finding(what, True, processor)
    if onnxruntime.gpu_works():
        return Finding(what, True, f"the GPU (CUDA), up to {onnxruntime.GPU_BATCH} photos together")
    return Finding(what, False, f"{processor}; no GPU can be used", _NO_GPU)


_NO_GPU = "onnxruntime needs an NVIDIA driver, CUDA and cuDNN: pip install 'geobike[gpu]'"


def _model(name: str | None) -> Finding:
    from geobike.detectors.onnx.detector import is_available
    from geobike.detectors.onnx.hub import DEFAULT_MODEL

    model = name or DEFAULT_MODEL
    what = f"local model {model}"
    try:
        available = is_available(model)
    except GeobikeError as error:
        return Finding(what, False, "not understood", str(error))
    if available.here:
        return Finding(what, available.installed, "on this machine")
    if model.endswith(".onnx"):
        return Finding(what, False, "no such file", needed=True)
    size = f" ({available.size / 1e6:.0f} MB)" if available.size else ""
    if available.downloadable:
        return Finding(what, True, f"not here yet; the first detection downloads it{size}")
    remedy = "download it on another machine and pass its path with --model"
    return Finding(what, False, "not on this machine, and downloads are off", remedy)


def _token(environ: Mapping[str, str], token_file: Path | None) -> Finding:
    from geobike.detectors.hosted.detector import find_token

    what = "Hugging Face token"
    try:
        token = find_token(environ, token_file=token_file)
    except GeobikeError as error:
        return Finding(what, False, "not readable", str(error), needed=True)
    if token:
        return Finding(what, True, "seen (whether it is accepted shows at the first photo)")
    remedy = "only for --detector huggingface: set HF_TOKEN to a token that may call providers"
    return Finding(what, False, "none", remedy)


def ask(endpoint: str, *, token: str | None, model: str | None = None) -> Iterator[Finding]:
    """Ask a hosted model about one small drawn picture, once, and yield what that shows.

    Raises InputError for an address that cannot be used, and TokenError for such a token.
    """
    from PIL import Image

    from geobike.detectors.hosted.detector import HostedDetector, RetryPolicy

    detector = HostedDetector(model, token=token, endpoint=endpoint, policy=RetryPolicy(tries=1))
    picture = Image.new("RGB", (320, 240), "grey")
    begun = time.monotonic()
    fault: GeobikeError | None = None
    try:
        detector.detect(picture)
    except GeobikeError as error:
        fault = error
    yield from _heard(detector.host, fault, token, time.monotonic() - begun)


def _heard(
    place: str, fault: GeobikeError | None, token: str | None, seconds: float
) -> Iterator[Finding]:
    if isinstance(fault, ServiceUnavailable):
        yield Finding(f"server {place}", False, "not reachable", str(fault), needed=True)
        return
    yield Finding(f"server {place}", True, "reachable", needed=True)
    if isinstance(fault, TokenError):
        found = "refused" if token else "none, and one is asked for"
        yield Finding("its token", False, found, str(fault), needed=True)
        return
    if isinstance(fault, DetectionFailed):  # it may be too busy to have looked at the token
        yield Finding("its model", False, f"not ready: {fault}", _LOADING, needed=True)
        return
    yield Finding("its token", True, "accepted" if token else "none is asked for", needed=True)
    if fault is not None:
        yield Finding("its model", False, "does not answer", str(fault), needed=True)
    elif seconds > _COLD:
        yield Finding("its model", True, f"warm now, after {seconds:.0f} s of loading", needed=True)
    else:
        yield Finding("its model", True, f"warm, answered in {seconds:.2f} s", needed=True)


_COLD = 10.0  # seconds; a warm model takes 1 to 3
_LOADING = "a model that is being loaded, or busy, answers in a minute or two: ask again"


def _version(name: str) -> str | None:
    for package in (name, f"{name}-gpu"):  # onnxruntime has a build of its own for GPUs
        with suppress(PackageNotFoundError):
            return version(package)
    return None
