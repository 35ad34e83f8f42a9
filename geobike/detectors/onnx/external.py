"""Files that an ONNX model keeps its weights in, beside itself.

A model names such files, and what it names is not to be trusted: another path reads another file,
and one name makes a runtime read its own memory. The weights are as much the model as its graph is,
so they are part of its version. The field numbers are those of onnx.proto3 in the ONNX project.
"""

import mmap
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from geobike.errors import ModelUnavailable
from geobike.reporting import one_line

_PARTS: Final = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "entry"},
}
"""Message of the format -> those of its fields that may lead to a file's name."""

_KEY, _VALUE = 1, 2
_LOCATION: Final = b"location"
_VARINT, _EIGHT, _LENGTH, _FOUR = 0, 1, 2, 5  # kinds of a field on the wire


def files(model: Path) -> list[Path]:
    """Return the files beside a model that hold its weights, each once, by name.

    They may be links to the folder that the model itself is a link to, as in the cache of Hugging
    Face. Raises ModelUnavailable for a name that is not of a file below the model's folder, and for
    a file that is no model. OSError may escape.
    """
    folders = [Path(os.path.realpath(model.parent)), Path(os.path.realpath(model)).parent]
    found = {}
    for name in _locations(model):
        text = name.decode("utf-8", "replace")
        file = model.parent / text
        if "\0" in text or not _below(folders, file) or not file.is_file():
            raise ModelUnavailable(
                f"{model} keeps its weights in {one_line(text, limit=100)!r}, which is no file "
                "below the model's folder; put the files there that came with it"
            )
        found[text] = file
    return [found[name] for name in sorted(found)]


def _below(folders: Sequence[Path], file: Path) -> bool:
    # Not Path.resolve, which raises for a loop of links.
    real = Path(os.path.realpath(file))
    return any(real.is_relative_to(folder) for folder in folders)


def _locations(model: Path) -> set[bytes]:
    with model.open("rb") as file:
        if not file.seek(0, 2):
            return set()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if data.find(_LOCATION) < 0:  # as in nearly every model
                return set()
            try:
                return set(_named(data))
            except _DamagedError:
                raise ModelUnavailable(
                    f"{model} is damaged, or no ONNX model; download or export it again"
                ) from None


class _DamagedError(Exception):
    """Fields that cannot be followed: what stands behind them may name files too."""


def _named(data: mmap.mmap) -> Iterator[bytes]:
    """Yield the names in a model. Raises _DamagedError."""
    left = [("model", 0, len(data))]
    while left:
        message, start, end = left.pop()
        if message == "entry":
            fields = {number: data[at:after] for number, at, after in _fields(data, start, end)}
            if fields.get(_KEY) == _LOCATION:
                yield fields.get(_VALUE, b"")
            continue
        for number, at, after in _fields(data, start, end):
            inner = _PARTS[message].get(number)
            if inner and data.find(_LOCATION, at, after) >= 0:
                left.append((inner, at, after))


def _fields(data: mmap.mmap, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield number, start and end of each field that has a length.

    Raises _DamagedError, also for groups, which no ONNX file has and a runtime passes over.
    """
    while at < end:
        key, at = _varint(data, at, end)
        key &= 0xFFFFFFFF  # as protobuf does
        kind = key & 7
        size = {_EIGHT: 8, _FOUR: 4, _VARINT: 0}.get(kind)
        if kind in (_VARINT, _LENGTH):
            value, at = _varint(data, at, end)
            size = value if kind == _LENGTH else 0
        if size is None or at + size > end:
            raise _DamagedError
        if kind == _LENGTH:
            yield key >> 3, at, at + size
        at += size


def _varint(data: mmap.mmap, at: int, end: int) -> tuple[int, int]:
    """Return a number of up to ten bytes, and where the next begins."""
    value = 0
    for place in range(10):
        if at >= end:
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, at
    return value, end
