"""A model's file on this machine, and the files beside it that belong to it."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from geobike.detectors.onnx import external, hub, labels
from geobike.errors import InputError, ModelUnavailable

_LARGEST_CONFIG: Final = 20_000_000


def names(path: Path) -> Mapping[int, str] | None:
    """Return the names beside a model; None where there are none, or where opening it will fail."""
    try:
        return labels.from_config(*table(path, hub.CONFIGS[0]))
    except ModelUnavailable:
        return None


def table(path: Path, name: str) -> tuple[dict[str, Any], str]:
    """Return a JSON table beside the model, or above it in the hub's layout, and where it is."""
    folders = [path.parent, *([path.parent.parent] if path.parent.name == "onnx" else [])]
    file = next((folder / name for folder in folders if (folder / name).is_file()), None)
    if file is None:
        return {}, name
    try:
        if (size := file.stat().st_size) > _LARGEST_CONFIG:
            raise ValueError(f"it has {size:,} bytes")
        found = json.loads(file.read_bytes(), object_pairs_hook=_once)
    except (OSError, ValueError, RecursionError) as error:
        raise ModelUnavailable(f"{file} cannot be read as JSON: {error}") from error
    if not isinstance(found, dict):
        raise ModelUnavailable(f"{file} holds no JSON object")
    return found, str(file)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object. Raises ValueError where it says one thing twice, and differently."""
    table: dict[str, Any] = {}
    for name, value in pairs:
        if table.setdefault(name, value) != value:
            raise ValueError(f"{name[:50]!r} is in it twice")
    return table


def weights(path: Path) -> str:
    """Return what tells files with a model's weights from others in its version; mostly empty.

    Raises InputError where they cannot be read, and as `external.files` does.
    """
    try:
        digests = [hub.digest(file) for file in external.files(path)]
    except OSError as error:
        raise InputError(f"the model {path} cannot be read: {error.strerror}") from error
    if not digests:
        return ""
    return f"+weights:{hashlib.sha256(''.join(digests).encode()).hexdigest()[:12]}"


def sha256(path: Path) -> str:
    """Return the digest of a model's file. Raises InputError where it cannot be read."""
    if path.exists() and not path.is_file():
        # A FIFO would be waited for, and a device may never end.
        raise InputError(f"the model {path} is a folder, a pipe or a device; name an ONNX file")
    try:
        return hub.digest(path)
    except OSError as error:
        raise InputError(f"the model {path} cannot be read: {error.strerror}") from error
