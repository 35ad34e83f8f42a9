"""A Dask scheduler and workers as processes of their own, which tests may kill."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.conftest import ROOT


class Processes(NamedTuple):
    """A cluster."""

    address: str
    scheduler: "subprocess.Popen[str]"
    workers: "list[subprocess.Popen[str]]"


@contextmanager
def started(
    folder: Path, *, workers: int = 2, port: int = 0, env: Mapping[str, str] | None = None
) -> Iterator[Processes]:
    """Run a scheduler and workers of one thread each; what is left of them is killed in the end."""
    with ExitStack() as stack:
        scheduler = stack.enter_context(
            _run("scheduler", "--host", "127.0.0.1", "--port", str(port), folder=folder)
        )
        address = _address(scheduler)
        found = [
            stack.enter_context(_run("worker", address, *_ONE_THREAD, folder=folder, env=env))
            for _ in range(workers)
        ]
        yield Processes(address, scheduler, found)


_ONE_THREAD = ("--nthreads", "1", "--no-nanny", "--host", "127.0.0.1")


@contextmanager
def _run(
    *arguments: str, folder: Path, env: Mapping[str, str] | None = None
) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]],
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _address(scheduler: "subprocess.Popen[str]") -> str:
    assert scheduler.stderr is not None
    for line in scheduler.stderr:
        if found := re.search(r"Scheduler at:\s+(tcp://\S+)", line):
            return found[1]
    raise AssertionError("the scheduler did not say where it is")
