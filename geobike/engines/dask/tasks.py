"""Run the tasks of a survey on the workers of a cluster, even if workers die."""

import time
import uuid
from collections.abc import Callable, Generator, Iterable
from itertools import chain, islice
from queue import Empty, SimpleQueue
from typing import Any, Final, Protocol, Self, TypeVar

from geobike.engines.dask.connection import PATIENCE, translated
from geobike.errors import ClusterUnavailable, DetectorStopped

GRACE: Final = 10.0
"""Seconds that a stopped run waits for the tasks in progress to be written."""

_LOOK: Final = 2.0  # seconds after which to look whether there still is a worker
_AHEAD: Final = 3  # tasks for each thread of a worker, so that none runs dry

Result = TypeVar("Result")


class Task(Protocol):
    """A task as it is sent to a worker."""

    def split(self) -> Iterable[Self]:
        """Return smaller tasks to run one at a time where workers died during this one."""
        ...


AnyTask = TypeVar("AnyTask", bound=Task)


def run(
    client: Any,
    work: Callable[[AnyTask], Result],
    wanted: Iterable[AnyTask],
    *,
    stop: str | None = None,
) -> Generator[tuple[AnyTask, Result | None], None, None]:
    """Run `work` on the workers; yield each task with its result, as they arrive.

    Few tasks are submitted at a time, so that the scheduler never holds them all. However this
    ends, no further task is started; the event `stop` tells workers to end theirs early. Tasks
    during which workers died are split and run again in the end, one at a time; the result of one
    during which they die again is None.
    """
    from distributed import KilledWorker

    waiting, ended = iter(wanted), SimpleQueue[Any]()
    running: dict[str, tuple[Any, Any]] = {}
    suspects: list[AnyTask] = []

    def begin(number: int) -> None:
        for task in islice(waiting, max(number, 0)):
            # A key of our own: Dask's would be a hash of the task, and so of a token in it.
            key = f"geobike-{uuid.uuid4().hex}"
            future = client.submit(work, task, key=key, pure=False)
            running[key] = (task, future)
            future.add_done_callback(ended.put)

    room = _Room(client)
    with translated():
        try:
            while True:
                begin(room.now() - len(running))
                if not running and suspects:
                    # Alone, so that it is certain during which of them a worker dies.
                    waiting, room.alone = chain(*(one.split() for one in suspects)), True
                    suspects.clear()
                    continue
                if not running:
                    return
                task, future = running.pop(_next(client, ended))
                try:
                    result = _result(future)
                except KilledWorker:
                    if not room.alone:
                        suspects.append(task)
                        continue
                    result = None
                yield task, result
        finally:
            _wind_down(client, running, ended, stop)


def threads(client: Any) -> int:
    """Return how many tasks the workers can run at the same time."""
    return sum(client.nthreads().values())


def _result(future: Any) -> Any:
    """Return the result of a worker.

    If it raises instead, the error is unexpected, and not for lack of a scheduler.
    """
    try:
        return future.result()
    except OSError as error:
        if future.status != "error":
            raise
        raise DetectorStopped(
            f"a worker ended with an unexpected error: {type(error).__name__}: {error}"
        ) from error


def _next(client: Any, ended: "SimpleQueue[Any]") -> str:
    """Wait for the next task that ends, as long as there is a worker or may be one again."""
    alone_since = None
    while True:
        try:
            key: str = ended.get(timeout=_LOOK).key
            return key
        except Empty:
            if threads(client):
                alone_since = None
                continue
            alone_since = alone_since or time.monotonic()
            if time.monotonic() - alone_since > PATIENCE:
                raise ClusterUnavailable("the cluster has no worker left") from None


def _wind_down(
    client: Any,
    running: dict[str, tuple[Any, Any]],
    ended: "SimpleQueue[Any]",
    stop: str | None,
) -> None:
    """Stop the running tasks. If there is an event, workers first write what they have."""
    if not running or client.status != "running":
        return
    if stop is not None:
        from distributed import Event

        Event(stop, client=client).set()
        deadline = time.monotonic() + GRACE
        while running and (left := deadline - time.monotonic()) > 0:
            try:
                running.pop(ended.get(timeout=left).key, None)
            except Empty:
                break
    client.cancel([future for _, future in running.values()])


class _Room:
    """How many tasks may be submitted, as workers come and go."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._looked, self._threads = 0.0, 0
        self.alone = False

    def now(self) -> int:
        if self.alone:
            return 1
        if time.monotonic() - self._looked > _LOOK:
            self._looked, self._threads = time.monotonic(), threads(self._client)
        return _AHEAD * max(self._threads, 1)
