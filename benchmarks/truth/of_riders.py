"""Rows of the rule that tells ridden bicycles, against who rides in the scene."""

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from benchmarks.measure import Row
from benchmarks.truth import drive, of_sample
from benchmarks.truth.matching import match


class Told(NamedTuple):
    """Boxes of bicycles that count or are called ridden, in numbers."""

    called: int
    """Called ridden."""
    right: int
    """Of these, somebody rides the bicycle."""
    ridden: int
    """Somebody rides the bicycle, whatever it is called."""
    parked: int
    """The bicycle is known and nobody rides it."""


def rows() -> Iterator[Row]:
    for words, it in (("drive", of_drive()), *of_samples()):
        share = round(100 * it.right / it.called, 1) if it.called else None
        note = (
            f"{it.right} of {it.called}; {it.right} of {it.ridden} ridden ones that the detector "
            f"found are called so; beside {it.parked} parked ones"
        )
        yield Row(f"{words}: ridden, of those called so", share, unit="%", note=note)


def of_drive() -> Told:
    """Return what is told of the drive, whose riders have a name."""
    table = drive.bicycles()
    riders = table.loc[table["ridden"], "bicycle_id"]
    return told(drive.detections(drive.photos()), drive.seen(), riders)


def of_samples() -> Iterator[tuple[str, Told]]:
    """Yield the words for each survey of the sample that is there, and what is told of it."""
    for words, folder in of_sample.SURVEYS.items():
        if (folder / "seen.csv").is_file():
            boxes = of_sample.surveyed(folder).detections
            yield words, told(boxes, of_sample.seen(folder), pd.Series([of_sample.RIDDEN]))


def told(detections: pd.DataFrame, seen: pd.DataFrame, riders: "pd.Series[str]") -> Told:
    """Compare what a detections frame calls ridden with the names of the ridden bicycles."""
    called = detections["ridden"].fillna(False).astype(bool)
    bicycle = match(detections.assign(kept=detections["kept"] | called), seen)
    rides = bicycle.isin(riders)
    called = called.loc[bicycle.index]
    return Told(
        int(called.sum()),
        int((called & rides).sum()),
        int(rides.sum()),
        int((bicycle.notna() & ~rides).sum()),
    )
