"""The detector of a run that takes what a store holds, and nothing else."""

from pathlib import Path
from typing import TYPE_CHECKING

from geobike.detections.store.protocol import Model
from geobike.detectors.protocol import Detection, DetectorBase
from geobike.errors import DetectionFailed

if TYPE_CHECKING:
    from PIL.Image import Image


class CachedDetector(DetectorBase):
    """A detector that only knows what a store holds. It never detects anew."""

    def __init__(self, model: Model, path: str | Path) -> None:
        self.name, self.version = model
        self._path = path

    def detect(self, image: "Image") -> list[Detection]:  # noqa: ARG002 - the protocol's
        """Raise DetectionFailed: what the store has was taken before a detector is asked."""
        raise DetectionFailed(f"not among the detections recorded in {self._path}")
