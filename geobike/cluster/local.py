"""Loaded by the workers that a run starts on its own machine."""

import signal


def dask_setup(worker: object) -> None:  # noqa: ARG001 - Dask gives it
    """Leave Ctrl-C to the run: it has its workers write what they have, and then ends them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
