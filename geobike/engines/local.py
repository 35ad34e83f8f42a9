"""The engine that is this process."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Final

from geobike.detections import choice, stage
from geobike.detections.store import parquet
from geobike.detections.store.sqlite import Store
from geobike.detectors.protocol import Detector
from geobike.engines.base import Engine
from geobike.photos import hashing, reading


class _Here:
    """The engine that is this process."""

    @staticmethod
    def open(store: str | Path, *, read_only: bool) -> AbstractContextManager[hashing.HashCache]:
        return Store(store, read_only=read_only)

    find = staticmethod(reading.find)
    read_metadata = staticmethod(reading.read_metadata)
    hash_files = staticmethod(reading.hash_files)
    detect = staticmethod(stage.detect)


class _Looking(_Here):
    @staticmethod
    def open(store: str | Path, *, read_only: bool) -> AbstractContextManager[hashing.HashCache]:  # noqa: ARG004 - it never writes
        return parquet.existing(store)


LOCAL: Final[Engine] = _Here()
READ_ONLY: Final[Engine] = _Looking()
"""The engine that is this process, and that makes and changes no store, of whichever kind."""


def open_cache(
    store: str | Path | None, detector: choice.Choice | Detector, engine: Engine = LOCAL
) -> AbstractContextManager[hashing.HashCache | None]:
    """Open the store of a run, without making or changing that of recorded detections."""
    if store is None:
        return nullcontext()
    return engine.open(store, read_only=choice.is_cached(detector))
