"""Preloaded by the workers that a run starts on its own machine."""

import logging
import signal


def dask_setup(worker: object) -> None:  # noqa: ARG001 - Dask gives it
    """Leave Ctrl-C and the terminal to the run.

    After Ctrl-C it has its workers write what they have, and then ends them.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The terminal belongs to the run. Without this, Python would print logged warnings there.
    logging.getLogger().addHandler(logging.NullHandler())
