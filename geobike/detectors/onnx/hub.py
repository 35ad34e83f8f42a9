"""Models from a Hugging Face hub: which ones, downloaded once, checked against their SHA-256.

The download, its cache and its settings (HF_HOME, HF_ENDPOINT, HF_HUB_OFFLINE, HF_TOKEN) are
those of the huggingface_hub library, so a model that another program fetched is found here too.
"""

import hashlib
import importlib.util
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from geobike.detectors.onnx.labels import COCO_80, COCO_91, numbered
from geobike.detectors.onnx.preprocessing import (
    DETR,
    IMAGENET_MEAN,
    IMAGENET_STD,
    RESIZE,
    Preprocessing,
)
from geobike.errors import InputError, MissingPackageError, ModelUnavailable
from geobike.io.redaction import redact

DEFAULT_MODEL: Final = "onnx-community/dfine_s_coco-ONNX"
"""D-FINE-S: 48.5 COCO AP at a fifth of the work of DETR-R50 with its 42.0. Apache-2.0, 42 MB."""

CONFIGS: Final = ("config.json", "preprocessor_config.json")
"""Files at the root of a repository that say how to read its model."""

_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_REPO: Final = re.compile(r"\w[\w.-]*/\w[\w.-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Pin:
    """One file of one commit of one repository, so that today's model is tomorrow's."""

    repo: str
    revision: str
    """Commit, 40 hexadecimal digits."""
    file: str = "onnx/model.onnx"
    sha256: str | None = None
    """None: the hub's own declaration is taken, and the repository's config files are read."""
    size: int | None = None
    """Bytes to download."""
    preparation: Preprocessing | None = None
    names: Mapping[int, str] | None = field(default=None, repr=False, hash=False)


def _pin(repo: str, revision: str, sha256: str, size: int, **other: Any) -> Pin:
    facts: dict[str, Any] = {"preparation": RESIZE, "names": numbered(COCO_80)} | other
    return Pin(f"onnx-community/{repo}", revision, sha256=sha256, size=size, **facts)


PINS: Final[Mapping[str, Pin]] = {
    "dfine_n": _pin(
        "dfine_n_coco-ONNX",
        "380d2839c327efaf65dd0fe0c2c10ab7fadd5473",
        "0f684f409618ee8a822410e754a29caa817d1aa16283ce89cad936d0a48e2f35",
        15_258_358,
    ),
    "dfine_s": _pin(
        "dfine_s_coco-ONNX",
        "a3cf03147a9b86c78475139115c8ac142577352d",
        "cd8a49a945feda6d28c6304ae8ae85c2759ba1d78a5a83a22c5ce8db82ef7238",
        41_535_197,
    ),
    "dfine_s_obj2coco": _pin(  # pre-trained on Objects365, whose images have terms of their own
        "dfine_s_obj2coco-ONNX",
        "f69c4ca98cba7ca58aa15b3d4600867808fecf1b",
        "b9e2e76610053aeeac3b2f1f685d8f9a1182a93a338f624b6c8cb7fb390cb532",
        41_535_197,
    ),
    "dfine_m": _pin(
        "dfine_m_coco-ONNX",
        "489756db2825cb068a588fe930af239a656d1fe1",
        "70aaa837978a06ba44ad17398c7079ae5a1a7b1a9032b5d7053981e1ada02d6b",
        78_624_257,
    ),
    "rfdetr_small": _pin(
        "rfdetr_small-ONNX",
        "63463b68b200177d1fea7015f11f3cebb0ba4eeb",
        "121cc1476a7b69d865ca4bdc2bca59a3239020d227e4c3f35a811bef81aeb7f1",
        114_680_416,
        preparation=Preprocessing(resize=(512, 512), mean=IMAGENET_MEAN, std=IMAGENET_STD),
        names=numbered(COCO_91),
    ),
    "detr": Pin(
        "Xenova/detr-resnet-50",
        "8be7ab59ff663484ee9ba2e8d8f267330d5ad03e",
        "onnx/model_quantized.onnx",
        "cae09a307ed9247da7e2ce8bcf81522a6817f1ea2e82b9c4dde59f5964b62b4f",
        43_102_531,
        DETR,
        numbered(COCO_91),
    ),
}
"""Short name to pin; the repository's full name is understood too."""


def find(model: str) -> Pin:
    """Return the pin of a short name, of a pinned repository, or of `org/name@commit`.

    Raises InputError for everything else, and for a repository without a commit: what a branch
    holds can change between two photos.
    """
    for name, pin in PINS.items():
        if model in (name, pin.repo):
            return pin
    repo, _, revision = model.partition("@")
    if not _REPO.fullmatch(repo):
        raise InputError(
            f"model {model!r} is neither an .onnx file nor one of {', '.join(PINS)} "
            "nor org/name@commit on the hub"
        )
    if not _COMMIT.fullmatch(revision):
        raise InputError(
            f"model {model!r} is not pinned: write {repo}@ and the 40 digits of the commit, "
            "which the model's page on the hub shows under Files"
        )
    return Pin(repo, revision)


def pinned_as(sha256: str) -> Pin | None:
    """Return the pin of the file with this SHA-256: a pinned model that was copied here."""
    return next((pin for pin in PINS.values() if pin.sha256 == sha256), None)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file; computed again only after the file has changed."""
    state = path.stat()
    return _digest(path, state.st_size, state.st_mtime_ns)


@lru_cache
def _digest(path: Path, _size: int, _modified: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def installed() -> bool:
    """Say whether huggingface_hub is installed."""
    return importlib.util.find_spec("huggingface_hub") is not None


def can_download() -> bool:
    """Say whether huggingface_hub is installed and not set to work offline."""
    if not installed():
        return False
    from huggingface_hub import constants

    return not constants.HF_HUB_OFFLINE


def cached(pin: Pin) -> Path | None:
    """Return where the cache of huggingface_hub holds the model, None where it does not."""
    if not installed():
        return None
    from huggingface_hub import try_to_load_from_cache

    path = try_to_load_from_cache(pin.repo, pin.file, revision=pin.revision)
    return Path(path) if isinstance(path, str) else None


def fetch(pin: Pin, *, progress: type[Any] | None = None) -> Path:
    """Return the model's file, downloaded if it is not in the cache yet, its SHA-256 checked.

    `progress` is a class like tqdm's that shows the download; without one it is silent. For a pin
    that brings no names, the repository's CONFIGS are fetched too, where it has them.

    Raises MissingPackageError, and ModelUnavailable where the hub cannot be reached or does not
    have the file, and where its SHA-256 is another one: then the file is not used.
    """
    path = _download(pin, pin.file, progress)
    if path is None:
        raise ModelUnavailable(f"the hub has no {pin.file} in {pin.repo} at {pin.revision}")
    _verify(pin, path)
    if pin.names is None:
        for name in CONFIGS:
            if not _asked(pin, name):
                _download(pin, name, progress)
    return path


def _asked(pin: Pin, file: str) -> bool:
    """Say whether the cache knows the file, or knows that the repository has no such file."""
    from huggingface_hub import try_to_load_from_cache

    return try_to_load_from_cache(pin.repo, file, revision=pin.revision) is not None


def _download(pin: Pin, file: str, progress: type[Any] | None) -> Path | None:
    """Return the file's path in the cache, None where the repository has no such file."""
    try:
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError
    except ImportError:
        raise MissingPackageError("Downloading a model", "local") from None
    bar = progress or _silent_progress()
    try:
        with _quiet():
            return Path(hf_hub_download(pin.repo, file, revision=pin.revision, tqdm_class=bar))
    except LocalEntryNotFoundError as error:
        raise _unreachable(pin, file, error) from error
    except EntryNotFoundError:
        return None
    # The HTTP library below huggingface_hub changes with its versions, and with it what it raises.
    except Exception as error:
        raise _unreachable(pin, file, error) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep huggingface_hub from logging each of its tries; geobike reports the outcome."""
    logger = logging.getLogger("huggingface_hub")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def _silent_progress() -> type[Any]:
    from huggingface_hub.utils import tqdm  # type: ignore[attr-defined]  # public, not marked so

    class Silent(tqdm):
        def __init__(self, *args: Any, **options: Any) -> None:
            options["disable"] = True
            super().__init__(*args, **options)  # type: ignore[no-untyped-call]  # tqdm has no types

    return Silent


def _unreachable(pin: Pin, file: str, error: Exception) -> ModelUnavailable:
    # The error's own text is left out: it may hold a signed address.
    responses = (getattr(one, "response", None) for one in (error, error.__cause__))
    answer = next((response for response in responses if response is not None), None)
    reason = type(error).__name__ if answer is None else f"the hub answers {answer.status_code}"
    where, remedy = _hub()
    return ModelUnavailable(
        f"{file} of {pin.repo} at {pin.revision} cannot be downloaded{where} ({reason}). {remedy}, "
        "or fetch the file on another machine and give its path as the model: --model PATH"
    )


def _hub() -> tuple[str, str]:
    """Return where huggingface_hub looks, unless that is the hub itself, and what may help."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return ", since HF_HUB_OFFLINE is set", "Unset it"
    if constants.ENDPOINT.rstrip("/") != "https://huggingface.co":
        return f" from {redact(constants.ENDPOINT)}, which HF_ENDPOINT names", "Check that server"
    return "", "Check the connection"


def _verify(pin: Pin, path: Path) -> None:
    expected, found = pin.sha256 or _declared(pin, path), digest(path)
    if found != expected:
        folder = path.parents[len(Path(pin.file).parts) + 1]  # above snapshots/<commit>/<file>
        raise ModelUnavailable(
            f"{path} is not the model that was pinned: its SHA-256 is {found}, not {expected}. "
            f"It is not used; delete the folder {folder} and run again"
        )


def _declared(pin: Pin, path: Path) -> str:
    """Return the SHA-256 that the hub declares for a file in its large-file storage.

    The cache names the file after it; on systems without links the hub is asked.
    """
    name = path.readlink().name if path.is_symlink() else _etag(pin)
    if not _SHA256.fullmatch(name):
        raise ModelUnavailable(f"the hub declares no SHA-256 for {pin.file} of {pin.repo}")
    return name


def _etag(pin: Pin) -> str:
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    address = hf_hub_url(pin.repo, pin.file, revision=pin.revision)
    try:
        with _quiet():
            return get_hf_file_metadata(address).etag or ""
    except Exception as error:  # as in _download
        raise _unreachable(pin, pin.file, error) from error
