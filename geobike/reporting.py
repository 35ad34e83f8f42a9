"""Warnings that a run reports without stopping, and foreign text cleaned for one line."""

import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from geobike.errors import GeobikeWarning
from geobike.messages import WORDS, message
from geobike.messages import one_line as one_line


def report(what: str, cases: Sequence[str] = (), *, shown: int = 3) -> None:
    """Warn with a GeobikeWarning that quotes the first few cases, or add it to the collector."""
    more = f", and {len(cases) - shown} more" if len(cases) > shown else ""
    named = ", ".join(message(case, limit=WORDS) for case in cases[:shown])
    quoted = f": {named}{more}" if cases else ""
    _emit(message(f"{what}{quoted}"))


def report_number(
    one: str, many: str, cases: Sequence[str] = (), *, number: int | None = None
) -> None:
    """Report how many cases there are, if any: `one` follows 1, `many` every other number.

    `number` is their number where their names are not useful.
    """
    count = len(cases) if number is None else number
    if count:
        report(f"1 {one}" if count == 1 else f"{count} {many}", cases)


_lock: Final = threading.Lock()
_open: Final[list[list[str]]] = []
_own: Final[ContextVar[list[str] | None]] = ContextVar("_own", default=None)


@contextmanager
def collect_warnings() -> Iterator[list[str]]:
    """Yield a list that receives what is reported in the block, instead of Python's warnings.

    Safe with threads: a thread reports to the collector that was opened in it; a thread that opened
    none, such as one of a pool, to the latest that is open. If the block fails, what was collected
    is reported outside it.
    """
    collected: list[str] = []
    with _lock:
        _open.append(collected)
    token = _own.set(collected)
    failed = True
    try:
        yield collected
        failed = False
    finally:
        _own.reset(token)
        with _lock:
            _open[:] = [other for other in _open if other is not collected]
        if failed:
            for one in collected:
                _emit(one)


def _emit(text: str) -> None:
    with _lock:
        collector = _own.get()
        if collector is None and _open:
            collector = _open[-1]
        if collector is not None:
            collector.append(text)
            return
    warnings.warn(text, GeobikeWarning, stacklevel=4)
