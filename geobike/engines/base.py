"""What an engine is: where a survey's photos are found, read and detected in."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import tzinfo
from pathlib import Path
from typing import Protocol

import geopandas as gpd

from geobike.detections import choice, filtering, stage
from geobike.detectors.protocol import Detector
from geobike.photos import reading
from geobike.progress import Track


class Engine(Protocol):
    """Where photos are found, read and detected in: this process, or a `geobike.Cluster`."""

    def open(self, store: str | Path, *, read_only: bool) -> AbstractContextManager[reading.Known]:
        """Open what remembers digests from run to run."""
        ...

    def find(
        self, sources: str | Path | Sequence[str | Path], *, track: Track
    ) -> list[reading.PhotoFile]:
        """Do what `photos.find` does."""
        ...

    def read_heads(
        self,
        files: Sequence[reading.PhotoFile],
        *,
        timezone: tzinfo | None,
        max_pixels: int,
        track: Track,
    ) -> gpd.GeoDataFrame:
        """Do what `photos.read_heads` does."""
        ...

    def digest(
        self,
        frame: gpd.GeoDataFrame,
        files: Sequence[reading.PhotoFile],
        /,
        *,
        max_pixels: int,
        known: reading.Known | None,
        track: Track,
    ) -> gpd.GeoDataFrame:
        """Do what `photos.digest` does."""
        ...

    def detect(
        self,
        placed: gpd.GeoDataFrame,
        *,
        detector: choice.Choice | Detector,
        store: str | Path | None,
        workers: int | None,
        max_pixels: int,
        rules: filtering.Rules,
        track: Track,
    ) -> stage.Detected:
        """Do what `detection.detect` does."""
        ...
