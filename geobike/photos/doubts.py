"""Report what photos say of themselves that makes their positions and times doubtful."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from geobike.photos.discovery import PhotoFile
from geobike.photos.position_quality import LARGE_ERROR, PLAIN, Quality
from geobike.photos.records import Metadata
from geobike.reporting import report_number

_CLOCK_SLACK: Final = 5.0  # minutes between two clocks that agree: a fix may be as old
_DAY: Final = 1440.0

_DOUBTS: Final[tuple[tuple[str, Callable[[Quality], str | None]], ...]] = (
    (
        f"EXIF with a likely position error of more than {LARGE_ERROR:g} m",
        lambda one: f"{one.error_m:.0f} m" if (one.error_m or 0) > LARGE_ERROR else None,
    ),
    (
        "EXIF that says that GPS had no fix (GPSStatus V), so the position may be an old one",
        lambda one: "no fix" if one.no_fix else None,
    ),
    (
        f"EXIF with the position of a phone mast's cell, often off by over {LARGE_ERROR:g} m",
        lambda one: "CELLID" if one.by_cell else None,
    ),
    (
        "EXIF with a poor GPS fix (dilution of precision over 20)",
        lambda one: f"DOP {one.poor_dop:.4g}" if one.poor_dop is not None else None,
    ),
    (
        "a position in another datum than WGS 84, which is used as it is",
        lambda one: one.other_datum,
    ),
    (
        "a direction from magnetic north, used as if from true (2 to 3 degrees in the Netherlands)",
        lambda one: "magnetic" if one.magnetic else None,
    ),
)


def report_doubts(files: Sequence[PhotoFile], said: Metadata) -> None:
    """Report poor positions, other datums, magnetic directions, clocks that disagree."""
    _report_clocks(files, said)
    qualities = said.quality.tolist()
    distinct = set(qualities) - {PLAIN}
    for what, doubt in _DOUBTS:
        values = {one: value for one in distinct if (value := doubt(one)) is not None}
        cases = [
            f"{files[row].photo_id} ({values[one]})"
            for row, one in enumerate(qualities if values else ())
            if one in values
        ]
        report_number(f"photo has {what}", f"photos have {what}", cases)


def _report_clocks(files: Sequence[PhotoFile], said: Metadata) -> None:
    rows = np.flatnonzero(np.abs(said.clock_gap) > _CLOCK_SLACK).tolist()
    what = "a GPS clock that disagrees with --timezone, which is used"
    report_number(
        f"photo has {what}",
        f"photos have {what}",
        [f"{files[row].photo_id} ({_gap(float(said.clock_gap[row]))})" for row in rows],
    )


def _gap(minutes: float) -> str:
    direction = "behind" if minutes > 0 else "ahead"
    size = abs(minutes)
    return f"{size:.0f} min {direction}" if size < _DAY else f"{size / _DAY:.0f} days {direction}"
