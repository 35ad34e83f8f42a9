"""The program while it runs: started as a user starts it, watched, and signalled."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.making import squares


def tables(folder: Path) -> list[object]:
    """Write a survey of two photos that needs neither photos nor a model; return its arguments."""
    folder.mkdir(parents=True, exist_ok=True)
    squares(folder / "areas.geojson", ["west", "east"])
    (folder / "m.csv").write_text(
        "file,latitude,longitude\np0.jpg,52.005,4.005\np1.jpg,52.005,4.015\n"
    )
    (folder / "d.csv").write_text(
        "photo_id,label,score,xmin,ymin,xmax,ymax\n"
        "p0.jpg,bicycle,0.9,0,0,10,10\np1.jpg,bicycle,0.6,0,0,10,10\n"
    )
    return [
        "map", "--manifest", folder / "m.csv", "--detections", folder / "d.csv",
        "--areas", folder / "areas.geojson",
    ]  # fmt: skip


@contextmanager
def started(
    *arguments: object, env: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Start `geobike` and give the process; it is killed at the end if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "geobike", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "HF_HOME": "/nonexistent", **(env or {})},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(reached: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait until something is so, or fail where the process ends before it."""
    deadline = time.monotonic() + 300
    while not reached():
        if process.poll() is not None:
            raise AssertionError(f"ended before with {process.returncode}: {process.stderr.read()}")  # type: ignore[union-attr]
        assert time.monotonic() < deadline, "took too long to get there"
        time.sleep(0.01)


def stop(process: subprocess.Popen[str], number: signal.Signals) -> tuple[str, float]:
    """Send a signal; return what was said on standard error, and the seconds to the end."""
    process.send_signal(number)
    begun = time.monotonic()
    _, said = process.communicate(timeout=300)
    return said, time.monotonic() - begun
