"""What is installed, what is missing, and what to do about it."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from geobike.detectors.backends import BACKENDS
from geobike.detectors.protocol import Finding, Surroundings
from geobike.errors import DetectionFailed, GeobikeError, ServiceUnavailable, TokenError

__all__ = ["Finding", "ask", "examine"]

_EXTRAS = {
    "HEIC photos": ("heic", ("pillow-heif",)),
    "time zones of places": ("timezones", ("tzfpy",)),
    "Parquet manifests": ("parquet", ("pyarrow",)),
    "export to PostGIS": ("postgis", ("psycopg",)),
}


def examine(
    environ: Mapping[str, str], *, token_file: Path | None = None, model: str | None = None
) -> list[Finding]:
    """Check everything a survey may need. Nothing is downloaded and no server is contacted."""
    given = Surroundings(environ=environ, token_file=token_file, model=model)
    return [*_packages(), _map_libraries(), *_extras(), *_backends(given)]


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
        yield _extra(what, extra, names)


def _backends(given: Surroundings) -> Iterator[Finding]:
    for entry in BACKENDS.values():
        if entry.extra is not None:
            yield _extra(f"--detector {entry.name}", entry.extra, entry.packages)
        examined = list(entry.examine(given))
        if entry.extra is None and not examined:  # else it would not be listed
            yield Finding(f"--detector {entry.name}", True, "nothing to install")
        yield from examined


def _extra(what: str, extra: str, names: Sequence[str]) -> Finding:
    found = {name: _version(name) for name in names}
    missing = [name for name, known in found.items() if known is None]
    if missing:
        remedy = f"pip install 'geobike[{extra}]'"
        return Finding(what, False, f"{', '.join(missing)} not installed", remedy)
    return Finding(what, True, ", ".join(f"{name} {known}" for name, known in found.items()))


def ask(endpoint: str, *, token: str | None, model: str | None = None) -> Iterator[Finding]:
    """Send a hosted model one small drawn image, once, and yield what that shows.

    Raises InputError for a URL that cannot be used, and TokenError for such a token.
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
        found = "refused" if token else "none, and one is required"
        yield Finding("its token", False, found, str(fault), needed=True)
        return
    if isinstance(fault, DetectionFailed):  # it may be too busy to have checked the token
        yield Finding("its model", False, f"not ready: {fault}", _LOADING, needed=True)
        return
    yield Finding("its token", True, "accepted" if token else "none is required", needed=True)
    if fault is not None:
        yield Finding("its model", False, "does not answer", str(fault), needed=True)
    elif seconds > _COLD:
        yield Finding("its model", True, f"warm now, after {seconds:.0f} s of loading", needed=True)
    else:
        yield Finding("its model", True, f"warm, answered in {seconds:.2f} s", needed=True)


_COLD = 10.0  # seconds; a warm model takes 1 to 3
_LOADING = "a model that is being loaded, or busy, answers in a minute or two: try again"


def _version(name: str) -> str | None:
    for package in (name, f"{name}-gpu"):  # onnxruntime has a build of its own for GPUs
        with suppress(PackageNotFoundError):
            return version(package)
    return None
