"""Loaded by the workers that a run starts on its own machine."""

import logging
import signal


def dask_setup(worker: object) -> None:  # noqa: ARG001 - Dask gives it
    """Leave Ctrl-C and the terminal to the run.

    After Ctrl-C it has its workers write what they have, and then ends them.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The terminal is the run's. What is logged and asked for by nobody, Python would print there.
    logging.getLogger().addHandler(logging.NullHandler())
