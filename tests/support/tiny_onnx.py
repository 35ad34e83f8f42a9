"""ONNX models of a few bytes, written field by field, so that tests need no package to make them.

The field numbers are those of onnx.proto3 in the ONNX project; onnxruntime reads the result.
"""

import json
from collections.abc import Mapping, Sequence

import numpy as np

from geobike.detectors.onnx.labels import COCO_80

Shape = Sequence[int | str]  # a name stands for a dimension that the model leaves open

TYPES = {"float32": 1, "int32": 6, "int64": 7, "bool": 9, "float16": 10}


def model(
    *,
    inputs: Mapping[str, tuple[str, Shape]],
    outputs: Mapping[str, tuple[str, Shape]],
    nodes: Sequence[bytes],
    constants: Mapping[str, np.ndarray] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> bytes:
    """Return the bytes of an .onnx file."""
    graph = b"".join(_field(1, one) for one in nodes) + _field(2, b"tiny")
    graph += b"".join(_field(5, _tensor(name, a)) for name, a in (constants or {}).items())
    graph += b"".join(_field(11, _value(name, *what)) for name, what in inputs.items())
    graph += b"".join(_field(12, _value(name, *what)) for name, what in outputs.items())
    opset = _field(2, 17)
    return (
        _field(1, 8)  # the version of the format
        + _field(7, graph)
        + _field(8, opset)
        + b"".join(metadata_entry(key, value) for key, value in (metadata or {}).items())
    )


def metadata_entry(key: str, value: str) -> bytes:
    """Return a note of the model's maker, which may also be put behind a model."""
    return _field(14, _text(1, key) + _text(2, value))


def node(operation: str, inputs: Sequence[str], output: str, **numbers: int) -> bytes:
    """Return one operation; `numbers` are its attributes."""
    attributes = [_text(1, key) + _field(3, n) + _field(20, 2) for key, n in numbers.items()]
    return (
        b"".join(_text(1, name) for name in inputs)
        + _text(2, output)
        + _text(4, operation)
        + b"".join(_field(5, attribute) for attribute in attributes)
    )


def answering(inputs: Mapping[str, tuple[str, Shape]], **answers: np.ndarray) -> bytes:
    """Return a model that gives the same answers whatever it is shown."""
    return model(
        inputs=inputs,
        outputs={name: (str(value.dtype), value.shape) for name, value in answers.items()},
        nodes=[node("Identity", [f"{name}_is"], name) for name in answers],
        constants={f"{name}_is": value for name, value in answers.items()},
    )


def kept_outside(name: str, shape: Sequence[int], location: str) -> bytes:
    """Return what, put behind a model, adds a constant that it keeps in another file."""
    tensor = (
        b"".join(_field(1, edge) for edge in shape)
        + _field(2, TYPES["float32"])
        + _text(8, name)
        + _field(13, _text(1, "location") + _text(2, location))
        + _field(14, 1)
    )
    return _field(7, _field(5, tensor))  # readers join the parts of a graph


def coloured(photos: int | str, edge: int = 32, *, steps: int = 0) -> bytes:
    """Return a detector that finds one box a photo: where, and of what, follows from its colours.

    `photos` is what it declares to take at once, `edge` the pixels of what it is shown. Each of
    `steps` takes a core about a second, and changes nothing.
    """
    chance = np.random.default_rng(5)
    return model(
        inputs={"pixel_values": ("float32", (photos, 3, edge, edge))},
        outputs={
            "logits": ("float32", (photos, 1, 80)),
            "pred_boxes": ("float32", (photos, 1, 4)),
        },
        nodes=[
            node("GlobalAveragePool", ["pixel_values"], "means"),
            node("Reshape", ["means", "row"], "colour" if not steps else "plain"),
            *(_slowly(steps) if steps else ()),
            node("MatMul", ["colour", "classes"], "logits"),
            node("MatMul", ["colour", "places"], "pred_boxes"),
        ],
        constants={
            "row": np.array([0, 1, 3]),
            "classes": chance.normal(0, 4, (3, 80)).astype(np.float32),
            "places": chance.uniform(0, 0.3, (3, 4)).astype(np.float32),
        }
        | (_SLOW if steps else {}),
        metadata={"names": json.dumps(COCO_80)},
    )


_SLOW = {
    "times": np.array([1, 3000, 1000]),
    "small": np.full(1, 1 / 3000, np.float32),
    "no_row": np.zeros((1, 1, 3000), np.float32),
    "no_column": np.zeros((1, 3000, 3), np.float32),
}


def _slowly(steps: int) -> list[bytes]:
    """Return products of large matrices made of the colour, of which nothing is left in the end."""
    return [
        node("Tile", ["plain", "times"], "tiled"),
        node("Mul", ["tiled", "small"], "power0"),
        *(node("MatMul", [f"power{n}", "power0"], f"power{n + 1}") for n in range(steps)),
        node("MatMul", ["no_row", f"power{steps}"], "still_a_row"),
        node("MatMul", ["still_a_row", "no_column"], "none"),
        node("Add", ["plain", "none"], "colour"),
    ]


def _tensor(name: str, values: np.ndarray) -> bytes:
    dims = b"".join(_field(1, edge) for edge in values.shape)
    kind = _field(2, TYPES[str(values.dtype)])
    return dims + kind + _text(8, name) + _field(9, values.tobytes())


def _value(name: str, dtype: str, shape: Shape) -> bytes:
    dims = [_text(2, edge) if isinstance(edge, str) else _field(1, edge) for edge in shape]
    tensor = _field(1, TYPES[dtype]) + _field(2, b"".join(_field(1, one) for one in dims))
    return _text(1, name) + _field(2, _field(1, tensor))


def _text(number: int, text: str) -> bytes:
    return _field(number, text.encode())


def _field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])
