"""How wrong the figures are where the truth is known: the drive and the sample.

Rows name the data, the error of the recorded poses and the way of counting (`estimates.WAYS`).
"""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Row
from benchmarks.truth import of_draws, of_drive, of_riders, of_sample


def run(_: Path) -> Iterator[Row]:
    yield from of_drive.rows()
    yield from of_draws.rows()
    yield from of_sample.rows()
    yield from of_riders.rows()
