"""What an engine is: where a survey's photos are found, read and detected in."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import tzinfo
from pathlib import Path
from typing import Protocol

import geopandas as gpd

from geobike.detections import choice, filtering, stage
from geobike.detectors.protocol import Detector
from geobike.photos import hashing, reading
from geobike.progress import Track


class Engine(Protocol):
    """Where photos are found, read and detected in: this process, or a `geobike.Cluster`."""

    def open(
        self, store: str | Path, *, read_only: bool
    ) -> AbstractContextManager[hashing.HashCache]:
        """Open what remembers digests from run to run."""
        ...

    def find(
        self, sources: str | Path | Sequence[str | Path], *, track: Track
    ) -> list[reading.PhotoFile]:
        """Do what `reading.find` does."""
        ...

    def read_metadata(
        self,
        files: Sequence[reading.PhotoFile],
        *,
        timezone: tzinfo | None,
        max_pixels: int,
        track: Track,
    ) -> gpd.GeoDataFrame:
        """Do what `reading.read_metadata` does."""
        ...

    def hash_files(
        self,
        frame: gpd.GeoDataFrame,
        files: Sequence[reading.PhotoFile],
        /,
        *,
        max_pixels: int,
        known: hashing.HashCache | None,
        track: Track,
    ) -> gpd.GeoDataFrame:
        """Do what `reading.hash_files` does."""
        ...

    def detect(
        self,
        placed: gpd.GeoDataFrame,
        *,
        detector: choice.Choice | Detector,
        store: str | Path | None,
        workers: int | None,
        max_pixels: int,
        rules: filtering.Filter,
        track: Track,
    ) -> stage.Detected:
        """Do what `stage.detect` does."""
        ...
