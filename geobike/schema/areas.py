"""The frames of areas: their polygons, the tallies of photos in them, and what was counted."""

from collections.abc import Sequence
from typing import Final

from geobike.metrics import METRICS, SUMS, Metric
from geobike.schema.frame import CODED, COUNT, FLOAT, TEXT, TIME, Frame
from geobike.schema.hand_counts import AREAS_BY_HAND
from geobike.schema.photos import PARKED_AND_RIDDEN

UNSEEN: Final = "unseen"
TOO_THIN: Final = "too_thin"
THIN: Final = "thin"
COMPARED: Final = "compared"
SEEN: Final = (COMPARED, THIN, TOO_THIN, UNSEEN)
"""Statuses of an area: seen well enough to compare it; to show its figure; too little; not at all.
"""

AREAS: Final = Frame(
    "areas",
    {"area_id": TEXT, "name": TEXT, "area_km2": FLOAT},
    key="area_id",
    geometry=("Polygon", "MultiPolygon"),
    optional={"population": COUNT},  # inhabitants, where the user names their column
)


OWN: Final = "own:"
"""Before the name of a column of the areas' file that has the name of one of geobike's.

Columns of the file that are not in these frames are kept as they are, and written into files.
"""

TALLIES: Final = Frame(
    "tallies",  # what each counted photo adds to the sums of each area; area_id NA is outside
    {
        "photo_id": CODED,
        "area_id": CODED,
        "stop_id": CODED,  # NA where the photo is not the first of a visit
        **dict.fromkeys(SUMS, FLOAT),
    },
)


def area_counts(metrics: Sequence[Metric] = METRICS) -> Frame:
    """Return the frame of areas with these metrics; ranges and what needs a column are optional."""
    fixed = {metric.name: _dtype(metric) for metric in metrics if metric.needs is None}
    optional = {metric.name: _dtype(metric) for metric in metrics if metric.needs is not None}
    ranges = {column: FLOAT for metric in metrics for column in metric.ranges}
    return Frame(
        "area counts",
        {
            **AREAS.columns,
            **fixed,
            "status": TEXT,  # how well it was seen: one of SEEN
            "first_photo_at": TIME,
            "last_photo_at": TIME,
        },
        key=AREAS.key,
        geometry=AREAS.geometry,
        optional={**AREAS.optional, **optional, **ranges, **PARKED_AND_RIDDEN, **AREAS_BY_HAND},
    )


def _dtype(metric: Metric) -> str:
    return COUNT if metric.is_whole else FLOAT


AREA_COUNTS: Final = area_counts()
