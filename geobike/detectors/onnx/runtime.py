"""The interface of the packages that run a model: inputs, outputs, and a session."""

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from geobike.reporting import one_line

Runtime = Literal["onnxruntime", "openvino"]
"""What runs a model, by the name of its package."""

RUNTIMES: Final[tuple[str, ...]] = get_args(Runtime)

EXTRAS: Final[Mapping[Runtime, str]] = {"onnxruntime": "local", "openvino": "openvino"}
"""The extra that installs it."""

Inputs = Mapping[str, NDArray[Any]]
"""Arrays by the name of an input; the first axis is the photos."""

Outputs = list[NDArray[Any]]
"""Arrays, output by output; the first axis is the photos."""


class TensorSpec(NamedTuple):
    """An input or an output of a model, as it is declared."""

    shape: tuple[int | None, ...]
    """None for what is left open; empty where the number of axes is, too."""
    dtype: np.dtype[Any] | None
    """None for what numpy does not have."""


class Session(Protocol):
    """An opened model."""

    path: Path
    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]
    metadata: Mapping[str, str]
    """What its maker wrote into the file."""
    batch: int
    """Photos that go through it together, at most."""

    def bind(
        self, outputs: Sequence[str], *, size: tuple[int, int] | None
    ) -> Callable[[Inputs], Outputs]:
        """Return what answers one photo with these outputs. Several threads may call it at once.

        `size` is the (height, width) of every photo, None where they differ. What is returned
        raises DetectionFailed for this photo, and ModelUnavailable where no photo would fare
        better.
        """
        ...


def is_installed(runtime: Runtime = "onnxruntime") -> bool:
    """Say whether what runs a model is installed."""
    return importlib.util.find_spec(runtime) is not None


def error_text(error: Exception) -> str:
    """Return such a package's error on one line; the cause may come after a long path."""
    return one_line(str(error), limit=600)
