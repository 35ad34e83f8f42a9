"""Where a survey's photos are found, read and detected in: in this process, or on a cluster."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import tzinfo
from pathlib import Path
from typing import Final, Protocol

import geopandas as gpd

from geobike.detections import choice, filtering, stage
from geobike.detections.store import parquet
from geobike.detections.store.sqlite import Store
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


class _Here:
    """The engine that is this process."""

    @staticmethod
    def open(store: str | Path, *, read_only: bool) -> AbstractContextManager[reading.Known]:
        return Store(store, read_only=read_only)

    find = staticmethod(reading.find)
    read_heads = staticmethod(reading.read_heads)
    digest = staticmethod(reading.digest)
    detect = staticmethod(stage.detect)


class _Looking(_Here):
    @staticmethod
    def open(store: str | Path, *, read_only: bool) -> AbstractContextManager[reading.Known]:  # noqa: ARG004 - it never writes
        return parquet.existing(store)


HERE: Final[Engine] = _Here()
LOOKING: Final[Engine] = _Looking()
"""The engine that is this process, and that makes and changes no store, of whichever kind."""


def remembered(
    store: str | Path | None, detector: choice.Choice | Detector, engine: Engine = HERE
) -> AbstractContextManager[reading.Known | None]:
    """Open the store of a run, without making or changing that of recorded detections."""
    if store is None:
        return nullcontext()
    return engine.open(store, read_only=choice.is_recorded(detector))
