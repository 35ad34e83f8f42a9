"""Where a run reads and detects, this machine or a cluster, and where its detections are kept."""

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from geobike.errors import InputError

if TYPE_CHECKING:
    from geobike.engines.base import Engine


def store_in(out: str, engine: str) -> str:
    """Return where detections are kept unless --store says otherwise."""
    from geobike.detections.store.opening import default_path

    return default_path(out, shared=engine == "dask")


def choose(name: str, scheduler: str | None) -> "AbstractContextManager[Engine]":
    """Return the engine that is named, to be entered."""
    from geobike.engines.dask.engine import Cluster
    from geobike.engines.local import LOCAL

    if name == "dask":
        return Cluster(scheduler)
    if scheduler is not None:
        raise InputError(f"--scheduler {scheduler} is of a cluster; add --engine dask")
    return nullcontext(LOCAL)
