"""Connect to a Dask cluster: a running one, or one started on this machine."""

import logging
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from multiprocessing import current_process
from typing import Any, Final

from geobike.engines.dask import worker
from geobike.errors import ClusterUnavailable, InputError, MissingPackageError
from geobike.version import __version__

PATIENCE: Final = 30.0
"""Seconds to wait for a scheduler, or for a worker where there is none."""


@contextmanager
def connect(scheduler: str | None, workers: int) -> Iterator[Any]:
    """Yield a Dask client whose workers all have this version; None starts `workers` here.

    Raises MissingPackageError, ClusterUnavailable and InputError.
    """
    try:
        import distributed
    except ImportError:
        raise MissingPackageError("A cluster", "cluster") from None
    opened = (
        _started(distributed, workers) if scheduler is None else _joined(distributed, scheduler)
    )
    with _quiet(), opened as client:
        with translated():
            _check_workers(client)
        yield client


@contextmanager
def translated() -> Iterator[None]:
    """Raise ClusterUnavailable for what Dask raises without its scheduler."""
    try:
        yield
    except (CancelledError, OSError) as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise ClusterUnavailable(f"the cluster's scheduler cannot be reached: {reason}") from None


@contextmanager
def _started(distributed: Any, workers: int) -> Iterator[Any]:
    if getattr(current_process(), "_inheriting", False):
        # A worker, which runs the script up to its guard, and found none. It ends without a
        # word: the run that would start it says what is wrong.
        raise SystemExit(1)
    try:
        cluster = distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",  # any free port: several clusters may run here
            preload=["geobike.engines.dask.preload"],
        )
    except RuntimeError as error:
        raise InputError(
            f"no worker can be started on this machine ({error}); in a script, put the run below "
            'if __name__ == "__main__":'
        ) from None
    with cluster, distributed.Client(cluster, set_as_default=False) as client:
        yield client


@contextmanager
def _joined(distributed: Any, scheduler: str) -> Iterator[Any]:
    try:
        distributed.comm.get_address_host_port(scheduler)
    except ValueError as error:
        raise InputError(
            f"scheduler {scheduler!r} is not a valid address ({error}); give one such as tcp://host:8786"
        ) from None
    with translated():
        client = distributed.Client(scheduler, timeout=PATIENCE, set_as_default=False)
    with client:
        yield client


def _check_workers(client: Any) -> None:
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        raise ClusterUnavailable(
            f"the scheduler {client.scheduler.address} has no worker"
        ) from None
    for address, found in client.run(worker.version, on_error="return").items():
        if found != __version__:
            other = f"geobike {found}" if isinstance(found, str) else "no geobike"
            raise InputError(
                f"worker {address} has {other}, and this is geobike {__version__}; install the "
                "same on both"
            )


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence Dask's log: geobike reports what a run must know about workers and scheduler."""
    logs = [logging.getLogger(name) for name in ("distributed", "distributed.client")]
    before = [log.level for log in logs]
    try:
        for log in logs:
            log.setLevel(logging.CRITICAL + 1)
        yield
    finally:
        for log, level in zip(logs, before, strict=True):
            log.setLevel(level)
