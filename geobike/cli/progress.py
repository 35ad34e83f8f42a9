"""Progress of a long loop: a bar on a terminal, a line per minute in a log."""

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final

from rich import progress
from rich.console import Console
from rich.text import Text

from geobike.progress import Item

EVERY: Final = 60.0
"""Seconds between two lines in a log: a short run prints none, a run of days few."""


def bar(items: Iterable[Item], description: str, *, total: int | None) -> Iterator[Item]:
    """Yield the items and draw a bar, which is removed at the end."""
    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        _Rate(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as drawn:
        yield from drawn.track(items, description=description, total=total)


class _Rate(progress.ProgressColumn):
    def render(self, task: progress.Task) -> Text:
        """Return the items per second, once known."""
        return Text("" if task.speed is None else _rate(task.speed), style="progress.data.speed")


def lines(items: Iterable[Item], description: str, *, total: int | None) -> Iterator[Item]:
    """Yield the items and print progress on standard error, first after EVERY seconds."""
    last, before = time.monotonic(), 0
    for done, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if now - last >= EVERY:
            rate = (done - before) / (now - last)
            far = f"{done:,}, {_rate(rate)}"
            if total is not None:
                left = _duration((total - done) / rate)
                far = f"{done:,} of {total:,}, {_rate(rate)}, {left} left"
            with suppress(OSError):  # a run does not end because nobody listens
                print(f"geobike: {description}: {far}", file=sys.stderr, flush=True)
            last, before = now, done


def _rate(each_second: float) -> str:
    return f"{each_second:,.0f}/s" if each_second >= 10 else f"{each_second:.2g}/s"


def _duration(seconds: float) -> str:
    """Return a duration in minutes, or in hours from two hours on."""
    minutes = seconds / 60
    return f"{minutes / 60:.1f} h" if minutes >= 120 else f"{minutes:.0f} min"
