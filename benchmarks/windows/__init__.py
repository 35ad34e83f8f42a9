"""What windows and views gain: bicycles found against counts by eye and truth, and what they cost.

Needs the shared photos and their small model. "Found" are bicycles above the threshold of the
sample, one box each, that overlap a true box by more than 0.3 (intersection over union); the other
boxes are false. Rows compare ours, windows or views, with the whole photo.
"""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Row, Skipped
from benchmarks.windows import held, ordinary, panoramas, strips
from benchmarks.windows.looking import MODEL


def run(shared: Path) -> Iterator[Row]:
    if not (shared / MODEL).is_file():
        raise Skipped(f"needs {MODEL} of the shared material")
    yield from ordinary.rows(shared)
    yield from strips.rows(shared)
    yield from panoramas.rows(shared)
    yield from held.rows(shared)
