"""Timing: two ways in turn, so that both meet the same machine."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Row:
    """One line of the table. Times in seconds, the median of the rounds."""

    what: str
    ours: float
    theirs: float | None = None
    against: str = ""
    note: str = ""

    @property
    def ratio(self) -> str:
        return f"{self.theirs / self.ours:.1f} x" if self.theirs else ""


def in_turn(
    ours: Callable[[], object], theirs: Callable[[], object], *, rounds: int = 5
) -> tuple[float, float]:
    """Return the median time of each, run alternately after one warm-up."""
    ours(), theirs()
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(rounds)]
    return median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
