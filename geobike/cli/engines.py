"""The engine of a run, this machine or a cluster, and where its detections are kept."""

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
    """Return the engine of that name, for a `with` block."""
    from geobike.engines.dask.engine import Cluster
    from geobike.engines.local import LOCAL
    from geobike.io.redaction import redact

    if name == "dask":
        return Cluster(scheduler)
    if scheduler is not None:
        raise InputError(f"--scheduler {redact(scheduler)} needs a cluster; add --engine dask")
    return nullcontext(LOCAL)
