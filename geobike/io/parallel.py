"""Compute many parts in parallel processes, for work in pure Python.

Not multiprocessing: its processes import the caller's script anew, which then must be written for
that, and live on when their parent is killed. Ours end when their standard input does.
"""

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from queue import SimpleQueue
from typing import Any, Final, TypeVar

Part = TypeVar("Part")
Result = TypeVar("Result")

MOST: Final = 8
"""Processes at once: more would wait for the disk, and each takes 60 MB."""

_PROGRAM: Final = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); "
    "from geobike.io.parallel import _serve; _serve()"
)


def spread(work: Callable[[Part], Result], parts: Iterable[Part]) -> Generator[Result, None, None]:
    """Yield `work(part)` for each part, in their order; as many at once as there are cores.

    `work` must be importable by its name, or a `functools.partial` of such a function. A part whose
    process fails, for whatever reason, is worked on here, so that its error is raised here.
    """
    crew = _crew()
    if not crew:
        yield from map(work, parts)
        return
    idle: SimpleQueue[_Process] = SimpleQueue()
    for process in crew:
        idle.put(process)
    stopped = threading.Event()

    def one(part: Part) -> Result:
        process = idle.get()
        try:
            result: Result = process.ask(work, part)
            return result
        except (OSError, EOFError, pickle.PickleError):
            if stopped.is_set():
                raise
            return work(part)
        finally:
            idle.put(process)

    with ThreadPoolExecutor(len(crew)) as pool:
        try:
            yield from in_order(pool, one, parts, 2 * len(crew))
        finally:
            stopped.set()
            for process in crew:
                process.end()
            pool.shutdown(cancel_futures=True)  # whoever waits for an answer gets none
            for process in crew:
                process.close()


def in_order(
    pool: ThreadPoolExecutor, work: Callable[[Part], Result], parts: Iterable[Part], ahead: int
) -> Iterator[Result]:
    """Yield `work(part)` for each part, in their order; at most `ahead` are begun at a time."""
    waiting = iter(parts)
    under_way = deque(pool.submit(work, part) for part in islice(waiting, ahead))
    while under_way:
        result = under_way.popleft().result()
        under_way.extend(pool.submit(work, part) for part in islice(waiting, 1))
        yield result


def _crew() -> "list[_Process]":
    """Start a process for each core; none where there is one core, or none can be started."""
    cores = min(os.cpu_count() or 1, MOST)
    crew: list[_Process] = []
    with suppress(OSError):
        crew.extend(_Process() for _ in range(cores if cores > 1 else 0))
    return crew


class _Process:
    """A Python process that computes one part after the other."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - this very Python, on our own program
            [sys.executable, "-P", "-c", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C at the terminal is for the parent alone
        )
        try:
            self._tell(sys.path)
        except BaseException:
            self.end()
            self.close()
            raise

    def ask(self, work: Callable[[Part], Result], part: Part) -> Any:
        """Return `work(part)`. Raises OSError, EOFError or PickleError where the process failed."""
        self._tell((work, part))
        assert self._process.stdout is not None  # noqa: S101 - for the type checker
        return pickle.load(self._process.stdout)  # noqa: S301 - from our own process

    def end(self) -> None:
        """Kill the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Close the pipes to and from it."""
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # what was still to be written
                pipe.close()  # type: ignore[union-attr]  # both were opened as pipes

    def _tell(self, message: object) -> None:
        assert self._process.stdin is not None  # noqa: S101 - for the type checker
        pickle.dump(message, self._process.stdin)
        self._process.stdin.flush()


def _serve() -> None:
    """Compute parts from standard input until it ends. Runs in a process of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not come between the answers
    while True:
        try:
            work, part = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own parent
            pickle.dump(work(part), answers)
            answers.flush()
        except Exception:  # noqa: BLE001 - the parent sees that we ended, and tries for itself
            return
