"""What a detector is. Hosted ones stand in `huggingface`, local ones in `onnx`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:  # Pillow takes time to import, and a type needs only its name
    from PIL.Image import Image

FLOOR = 0.05
"""Lowest score that is asked for and stored. The threshold is applied later, when counting."""


class Box(NamedTuple):
    """A rectangle in upright pixels of the original photo, clipped to it."""

    xmin: float
    ymin: float
    xmax: float
    ymax: float


@dataclass(frozen=True, slots=True)
class Detection:
    """One object found in one photo. `score` lies between 0 and 1."""

    label: str
    score: float
    box: Box


class Detector(Protocol):
    """Finds objects in one photo. `name` and `version` identify the model exactly.

    A detector that shrinks every photo may say so with a method `input_size`, from the photo's
    (width, height) to the size that it makes use of; it is then given photos of that size. One
    that is fastest with a certain number of photos at once may name it in `concurrency`; else it
    gets one for each core.
    """

    name: str
    version: str

    def detect(self, image: "Image") -> list[Detection]:
        """Return every object that scores above `FLOOR` in an upright RGB image.

        Raises DetectionFailed when this photo got no answer, and DetectorStopped when no photo
        would get one.
        """
        ...
