"""The frames that stages pass to each other: columns, types, units, CRS, and their checks.

Every frame is described once, in the modules of this room, and used by its name here:
`schema.PHOTOS`. A stage calls `check` on its input, so that a wrong frame is rejected at once with
a message that names the column and the remedy.
"""

from geobike.schema.areas import (
    AREA_COUNTS,
    AREAS,
    COMPARED,
    OWN,
    SEEN,
    TALLIES,
    THIN,
    TOO_THIN,
    UNSEEN,
    area_counts,
)
from geobike.schema.boxes import BICYCLES, DETECTIONS, IN_FILES, PLACES
from geobike.schema.building import coordinates, geotable, points, table
from geobike.schema.checking import check
from geobike.schema.frame import (
    CODED,
    COUNT,
    CRS,
    FLAG,
    FLOAT,
    LOCAL_TIME,
    MAYBE,
    MINUTES,
    TEXT,
    TIME,
    Frame,
    present,
)
from geobike.schema.hand_counts import HAND_COUNTS, LOOKS, PARKING_BY_HAND
from geobike.schema.photos import (
    COUNTED,
    COUNTS,
    DUPLICATE,
    FAILED,
    OUTSIDE,
    PHOTOS,
    STATUSES,
    UNLOCATED,
    UNREADABLE,
)
from geobike.schema.positions import MANIFEST, POSITIONS, TRACK
from geobike.schema.recurring import as_codes, coded, looked_up, rows_of, text
from geobike.schema.stops import EXPOSURE, STOPS, VISITS
from geobike.schema.streets import (
    EMPTY,
    FREE,
    FULL,
    NO_CAPACITY,
    NO_RACKS,
    PARKING,
    RACKS,
    STREETS,
    UNCOVERED,
)

__all__ = [
    "AREAS",
    "AREA_COUNTS",
    "BICYCLES",
    "CODED",
    "COMPARED",
    "COUNT",
    "COUNTED",
    "COUNTS",
    "CRS",
    "DETECTIONS",
    "DUPLICATE",
    "EMPTY",
    "EXPOSURE",
    "FAILED",
    "FLAG",
    "FLOAT",
    "FREE",
    "FULL",
    "HAND_COUNTS",
    "IN_FILES",
    "LOCAL_TIME",
    "LOOKS",
    "MANIFEST",
    "MAYBE",
    "MINUTES",
    "NO_CAPACITY",
    "NO_RACKS",
    "OUTSIDE",
    "OWN",
    "PARKING",
    "PARKING_BY_HAND",
    "PHOTOS",
    "PLACES",
    "POSITIONS",
    "RACKS",
    "SEEN",
    "STATUSES",
    "STOPS",
    "STREETS",
    "TALLIES",
    "TEXT",
    "THIN",
    "TIME",
    "TOO_THIN",
    "TRACK",
    "UNCOVERED",
    "UNLOCATED",
    "UNREADABLE",
    "UNSEEN",
    "VISITS",
    "Frame",
    "area_counts",
    "as_codes",
    "check",
    "coded",
    "coordinates",
    "geotable",
    "looked_up",
    "points",
    "present",
    "rows_of",
    "table",
    "text",
]
