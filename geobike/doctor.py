"""What is installed, what is missing, and what to do about it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from geobike.errors import GeobikeError


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


def _model(name: str | None) -> Finding:
    from geobike.detect.hub import DEFAULT_MODEL
    from geobike.detect.onnx import is_available

    model = name or DEFAULT_MODEL
    what = f"local model {model}"
    try:
        available = is_available(model)
    except GeobikeError as error:
        return Finding(what, False, "not understood", str(error))
    if available.here:
        return Finding(what, available.installed, "on this machine")
    size = f" ({available.size / 1e6:.0f} MB)" if available.size else ""
    if available.downloadable:
        return Finding(what, True, f"not here yet; the first detection downloads it{size}")
    remedy = "download it on another machine and pass its path with --model"
    return Finding(what, False, "not on this machine, and downloads are off", remedy)


def _token(environ: Mapping[str, str], token_file: Path | None) -> Finding:
    from geobike.detect.huggingface import find_token

    what = "Hugging Face token"
    try:
        token = find_token(environ, token_file=token_file)
    except GeobikeError as error:
        return Finding(what, False, "not readable", str(error))
    if token:
        return Finding(what, True, "seen (whether it is accepted shows at the first photo)")
    remedy = "only for --detector huggingface: set HF_TOKEN to a token that may call providers"
    return Finding(what, False, "none", remedy)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
