"""What geobike reports on a worker, gathered there so that it can be handed back."""

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from geobike.errors import GeobikeWarning


@contextmanager
def gathered() -> Iterator[list[str]]:
    """Give a list that holds in the end what was reported meanwhile, each once.

    Python's warning filters are those of the process: of parts that a worker works on at the same
    time, one may get what another reported.
    """
    notes: list[str] = []
    _everywhere.enter()
    try:
        yield notes
    finally:
        notes += _everywhere.leave()


class _Everywhere:
    """Catches the warnings of all threads, from when the first enters until the last has left."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._filters = ExitStack()
        self._caught: list[warnings.WarningMessage] = []
        self._show: Callable[..., Any] = warnings.showwarning

    def enter(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._show = warnings.showwarning
                catching = warnings.catch_warnings(record=True)
                self._caught = self._filters.enter_context(catching)
                warnings.simplefilter("always", GeobikeWarning)
            self._inside += 1

    def leave(self) -> list[str]:
        """Return what geobike has reported by now; other warnings are shown."""
        with self._lock:
            caught = self._caught[:]
            del self._caught[: len(caught)]
            self._inside -= 1
            if self._inside == 0:
                self._filters.close()
        notes: dict[str, None] = {}
        for one in caught:
            if issubclass(one.category, GeobikeWarning):
                notes[str(one.message)] = None
            else:
                self._show(one.message, one.category, one.filename, one.lineno)
        return list(notes)


_everywhere = _Everywhere()
