"""The interface of a classifier. The hosted one is in `hosted`, the local one in `onnx`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # Pillow takes time to import, and a type needs only its name
    from PIL.Image import Image


@dataclass(frozen=True, slots=True)
class Classification:
    """One label for a whole photo. `score` is from 0 to 1."""

    label: str
    score: float


class Classifier(Protocol):
    """Names what a whole photo shows. `name` and `version` identify the model exactly."""

    name: str
    version: str

    def classify(self, image: "Image", *, top: int = 5) -> list[Classification]:
        """Return at most `top` labels of an upright RGB image, the highest score first.

        Raises DetectionFailed when this photo got no answer, and DetectorStopped when no photo
        would get one.
        """
        ...
