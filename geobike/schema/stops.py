"""The frames of stops and their visits: one look at a place, and what it shows of an area."""

from typing import Final

from geobike.schema.frame import CODED, COUNT, FLAG, FLOAT, TEXT, TIME, Frame
from geobike.schema.photos import PARKED_AND_RIDDEN

STOPS: Final = Frame(
    "stops",  # one place, looked at in one direction, on one or more visits
    {
        "stop_id": TEXT,  # photo_id of its first photo
        "photo_count": COUNT,
        "visit_count": COUNT,  # visits more than an hour apart
        "bicycle_count": FLOAT,  # on the first photo of a visit, mean over its visits
        "bicycle_count_max": COUNT,  # on its fullest photo
        "heading": FLOAT,  # degrees clockwise from north, NA where not known
        "taken_at": TIME,
        "street_id": TEXT,  # street that it shows, NA without streets or beside them
    },
    key="stop_id",
    geometry=("Point",),
    optional=dict.fromkeys(PARKED_AND_RIDDEN, FLOAT),  # as bicycle_count
)

VISITS: Final = Frame(
    "visits",  # on the index of a photos frame: the look that each counted photo belongs to
    {
        "stop_id": CODED,  # NA where the photo is not counted
        "visit": COUNT,  # number of the visit at its stop, from 1
        "first": FLAG,  # the photo on which the visit is counted
    },
)

EXPOSURE: Final = Frame(
    "exposure",  # what a visit shows of an area; rows with area_id NA show ground outside
    {
        "stop_id": CODED,
        "photo_id": CODED,  # the first photo of the visit
        "area_id": CODED,
        "weight": FLOAT,  # 1 / visits of the stop, so that each stop weighs 1
        "share": FLOAT,  # of the ground in view; 1 over all rows of a photo
        "bicycle_count": COUNT,  # bicycles on that photo that stand in the area
    },
)
