"""The table of detector backends, which `--detector`, its help and `geobike doctor` read.

A new backend is a module with a detector and a `Backend`, and an entry here. Nothing heavy is
imported: `--help` reads the table.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from geobike.detectors.hosted import backend as hosted
from geobike.detectors.onnx import backend as onnx
from geobike.detectors.protocol import Backend
from geobike.errors import InputError
from geobike.reporting import one_line

BACKENDS: Final[dict[str, Backend]] = {
    entry.name: entry
    for entry in (
        onnx.ONNX,
        onnx.OPENVINO,
        hosted.HUGGINGFACE,
    )
}
"""By name, as in `--detector`."""

AUTO: Final = "auto"
CACHED: Final = "cached"
"""No backends but rules: with both, detections of the store are used."""


def kinds() -> tuple[str, ...]:
    """Return every value of `--detector`."""
    return (AUTO, *BACKENDS, CACHED)


def describe() -> str:
    """Return what `--detector` takes, for the help."""
    known = " ".join(f"{entry.name}: {entry.help}." for entry in BACKENDS.values())
    return f"{AUTO}: what the store has, else this machine. {known} {CACHED}: the store alone."


def check(kind: str) -> None:
    """Raise InputError for a kind that is not known."""
    if kind in kinds():
        return
    near = get_close_matches(str(kind).lower(), kinds(), n=1)
    meant = f"did you mean {near[0]}? Detectors" if near else "detectors"
    raise InputError(
        f"detector {one_line(str(kind))!r} is not known; {meant} are {', '.join(kinds())}"
    )


def sends_photos(kind: str) -> bool:
    """Tell whether photos leave the machine. Raises InputError for a kind that is not known."""
    check(kind)
    return kind in BACKENDS and BACKENDS[kind].sends_photos


def sending() -> tuple[str, ...]:
    """Return the kinds with which photos leave the machine."""
    return tuple(name for name, entry in BACKENDS.items() if entry.sends_photos)


def automatic() -> Backend | None:
    """Return the backend that `auto` takes where the store is not enough, None if there is none."""
    usable = (entry for entry in BACKENDS.values() if entry.auto and entry.is_installed())
    return next(usable, None)


def advice() -> Iterator[str]:
    """Yield the ways to a detector, where there is none yet."""
    for entry in BACKENDS.values():
        if entry.auto or entry.sends_photos:
            yield entry.advice
