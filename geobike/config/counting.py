"""Options: what is detected, which boxes count, and what is written."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal

from geobike.options import Option

SameShot = Literal["once", "all"]
Panoramas = Literal["auto", "views", "count", "skip"]

THRESHOLD: Final = 0.5
"""Lowest score that counts. 0.5 is the default of DETR's service; calibrate it on photos that were
counted manually."""

MAX_OVERLAP: Final = 0.5
"""Intersection over union above which two boxes of one label are the same object."""

MAX_MEGAPIXELS: Final = 200
"""Largest photo that is decoded: the largest phone sensors on sale have 200 megapixels."""

FORMATS: Final = ("auto",)
"""Export formats, by their names in `geobike.exports.formats`; auto is a rule, not a format."""

PERSONS: Final = ("person", "rider", "cyclist", "pedestrian")
"""Labels of persons, in lower case."""


@dataclass(frozen=True, kw_only=True)
class CountingSettings:
    """What is detected, which boxes count, and what is written."""

    _panel: ClassVar[str | None] = None

    detections: Annotated[
        str | Path | None,
        Option(
            "Existing boxes: CSV or Parquet of photo_id, label, score, x_min, y_min, x_max, y_max; "
            "or COCO annotations (JSON). No detector runs then.",
            metavar="FILE",
            path="",
        ),
    ] = None
    labels: Annotated[
        tuple[str, ...],
        Option("What to count; may be repeated.", metavar="L", flag="label"),
    ] = ("bicycle",)
    count: Annotated[
        Literal["parked", "all"],
        Option("Whether bicycles that are ridden count: parked leaves them out."),
    ] = "parked"
    streets: Annotated[
        str | Path | None,
        Option(
            "Street centre lines, also an OpenStreetMap extract (.osm.pbf): how much of each area "
            "was seen follows from them.",
            metavar="FILE",
            path="",
        ),
    ] = None
    threshold: Annotated[
        float, Option("Boxes with a score above this count; 0.05 to below 1.", metavar="SCORE")
    ] = THRESHOLD
    max_overlap: Annotated[
        float,
        Option(
            "Two boxes of one label that overlap by more than this (intersection over union, above "
            "0 to 1) count once.",
            metavar="SHARE",
        ),
    ] = MAX_OVERLAP
    same_shot: Annotated[
        SameShot,
        Option(
            "Whether one shot in several files (HEIC and JPG, -edited, (1); same second, place and "
            "name) counts once, or all of them count."
        ),
    ] = "once"
    panoramas: Annotated[
        Panoramas,
        Option(
            "auto: strips are looked at in windows, and pictures that say (XMP) that they show all "
            "around in level views; views: those that are twice as wide as high too; count: as a "
            "whole, squeezed, so that bicycles are missed; skip: they are `failed`."
        ),
    ] = "auto"
    windows: Annotated[
        str,
        Option(
            "Overlapping windows in which the detector looks at a photo: auto: in strips, over 2.4 "
            "times as long as wide; no: in none; or 2 to 16 along the longer side of every photo, "
            "for far bicycles on large photos. Each takes as long as a photo.",
            metavar="auto|no|N",
            words=("auto", "no"),
        ),
    ] = "auto"
    max_megapixels: Annotated[
        float, Option("Larger photos are not decoded, in millions of pixels.", metavar="MP")
    ] = MAX_MEGAPIXELS
    workers: Annotated[
        int | None,
        Option(
            "Photos processed by the detector at once.",
            metavar="N",
            default_text="4 if hosted, else one per core",
        ),
    ] = None
    formats: Annotated[
        tuple[str, ...],
        Option("Export formats of the tables.", metavar="NAME", flag="format"),
    ] = FORMATS
