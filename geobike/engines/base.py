"""The interface of an engine, which finds and reads photos and detects in them."""

from collections.abc import Generator, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Protocol

import geopandas as gpd

from geobike.detections import stage
from geobike.detections.store.opening import Mode
from geobike.detections.store.protocol import DetectionStore
from geobike.photos import hashing, reading
from geobike.progress import Track


class Engine(Protocol):
    """Finds and reads photos and detects in them: this process, or a `geobike.Cluster`."""

    def open_store(self, path: str | Path | None, mode: Mode = "write", /) -> DetectionStore:
        """Do what `opening.open_store` or `opening.open_shared` does."""
        ...

    def search(self, sources: str | Path | Sequence[str | Path], *, track: Track) -> reading.Found:
        """Do what `reading.search` does."""
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

    def read_photos(
        self,
        files: Sequence[reading.PhotoFile],
        *,
        timezone: tzinfo | None,
        max_pixels: int,
        known: hashing.HashCache | None,
        track: Track,
    ) -> gpd.GeoDataFrame:
        """Do what `reading.read` does."""
        ...

    def detect(
        self,
        plan: stage.Plan,
        store: DetectionStore,
        /,
        *,
        workers: int | None,
        max_pixels: int,
    ) -> Generator[stage.Outcome, None, None]:
        """Do what `stage.run` does, with a store of this engine's `open_store`."""
        ...
