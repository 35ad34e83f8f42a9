"""Options: what people counted and corrected."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Final

from geobike.options import Option

AREA_SPREAD: Final = 0.25
"""Coefficient of variation between areas of what hand counts say of detected bicycles."""


@dataclass(frozen=True, kw_only=True)
class HandCountSettings:
    """What people counted and corrected."""

    _panel: ClassVar[str | None] = "Counted by hand"

    hand_counts: Annotated[
        str | Path | None,
        Option(
            "Bicycles that people counted on photos that `geobike sample` drew: areas then have "
            "bicycles, with ranges.",
            metavar="FILE",
            path="",
        ),
    ] = None
    corrections: Annotated[
        str | Path | None,
        Option(
            "Boxes that people struck out or added: corrections.csv, which `geobike review` writes "
            "into the survey's folder, or the COCO annotations of `--format coco`, corrected.",
            metavar="FILE",
            path="",
        ),
    ] = None
    area_spread: Annotated[
        float,
        Option(
            "How much areas differ in what the detector misses, 0 to 1; 0.35 where light or "
            "cameras are mixed.",
            metavar="T",
        ),
    ] = AREA_SPREAD
