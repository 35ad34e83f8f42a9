"""The detector of a run that uses only the detections of a store."""

from pathlib import Path
from typing import TYPE_CHECKING

from geobike.detections.store.protocol import Model
from geobike.detectors.protocol import Detection, DetectorBase
from geobike.errors import DetectionFailed

if TYPE_CHECKING:
    from PIL.Image import Image


class CachedDetector(DetectorBase):
    """A detector that only has the detections of a store. It never detects anything new."""

    def __init__(self, model: Model, path: str | Path) -> None:
        self.name, self.version = model
        self._path = path

    def renamed(self, model: Model) -> "CachedDetector":
        """Return the same for the detections that another model has in the store."""
        return CachedDetector(model, self._path)

    def detect(self, image: "Image") -> list[Detection]:  # noqa: ARG002 - the protocol's
        """Raise DetectionFailed: a run reads the store before it calls a detector."""
        raise DetectionFailed(f"not among the detections recorded in {self._path}")
