"""Timing: two ways in turn, so that both meet the same machine; and memory, in a child process."""

import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple


class Skipped(Exception):
    """A part cannot be measured here; the message says what it needs."""


@dataclass(frozen=True)
class Row:
    """One line of the table: ours, and theirs where there is something to compare with."""

    what: str
    ours: float | None
    """None where there is no figure; `note` says why."""
    theirs: float | None = None
    against: str = ""
    note: str = ""
    memory: float | None = None
    """Peak of ours, MB (10^6 bytes)."""
    their_memory: float | None = None
    unit: str = "s"
    """Of ours and theirs: `s`, where less is better, or such as `photos/s`, where more is."""

    @property
    def ratio(self) -> float | None:
        """How many times better ours is."""
        if not self.theirs or not self.ours:
            return None
        return self.ours / self.theirs if self.unit.endswith("/s") else self.theirs / self.ours


class Spent(NamedTuple):
    """What work took in a process of its own."""

    seconds: float
    megabytes: float
    """Most that was held in memory at one time, by this process alone."""
    answer: Any


def in_turn(*ways: Callable[[], object], rounds: int = 5) -> list[float]:
    """Return the median time of each way, run one after the other after one warm-up."""
    for way in ways:
        way()
    spent = [[seconds(way) for way in ways] for _ in range(rounds)]
    return [median(times) for times in zip(*spent, strict=True)]


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


class Used(NamedTuple):
    """What work took in this process."""

    seconds: float
    processor: float
    """Seconds that cores were busy with it, which others on the machine change less."""


def least_in_turn(*ways: Callable[[], object], rounds: int = 5) -> list[Used]:
    """Return the least that each way took, run one after the other after one warm-up."""
    for way in ways:
        way()
    used = [[_used(way) for way in ways] for _ in range(rounds)]
    return [Used(*map(min, zip(*each, strict=True))) for each in zip(*used, strict=True)]


def _used(work: Callable[[], object]) -> Used:
    start = time.process_time()
    return Used(seconds(work), time.process_time() - start)


def in_child(work: Callable[..., Any], *given: Any) -> Spent:
    """Run a function of a module in a fresh process.

    The time leaves out the start of the process, and takes in what `work` imports.
    """
    fresh = multiprocessing.get_context("spawn")
    here, there = fresh.Pipe(duplex=False)
    child = fresh.Process(target=_report, args=(there, work, given))
    child.start()
    there.close()
    try:
        return Spent(*here.recv())
    except EOFError:
        raise RuntimeError(
            f"{work.__name__} failed in its process; its traceback is above"
        ) from None
    finally:
        child.kill()
        child.join()


def _report(there: Connection, work: Callable[..., Any], given: tuple[Any, ...]) -> None:
    start = time.perf_counter()
    answer = work(*given)
    there.send((time.perf_counter() - start, peak_memory(), answer))


def peak_memory() -> float:
    """Return the most memory that this process has held, MB.

    `ru_maxrss` would count the parent's at the moment of the fork as well.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6


def held_memory() -> float | None:
    """Return the memory that this process holds now, MB; None where the system does not say."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return None
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024 / 1e6
