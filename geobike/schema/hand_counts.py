"""What people count by hand: the looks it is drawn of, the counts, and the columns they bring."""

from typing import Final

from geobike.schema.frame import COUNT, FLOAT, TEXT, Frame

LOOKS: Final = Frame(
    "drawable looks",  # visits of stops, each counted on one photo: what hand counts are drawn of
    {
        "photo_id": TEXT,  # the first photo of the visit
        "stop_id": TEXT,
        "bicycle_count": COUNT,  # that the detector found on it
    },
    key="photo_id",
)

HAND_COUNTS: Final = Frame(
    "hand counts",  # photos that a person counted, or was asked to
    {
        "photo_id": TEXT,
        "bicycles": FLOAT,  # NA where not counted, or where it cannot be judged
        "bicycles_high": FLOAT,  # where a range was given, such as 40-55; else NA
        "stratum": TEXT,  # of the detector's count, from which it was drawn; NA where it was not
        "origin": TEXT,  # list | sheet | own: who chose it; only drawn ones enter estimates
    },
    key="photo_id",
)

PARKING_BY_HAND: Final = {
    "pressure_by_hand": FLOAT,  # of the bicycles that a person would count, each place once
    "pressure_low": FLOAT,
    "pressure_high": FLOAT,
    "shortage_by_hand": COUNT,
    "shortage_low": COUNT,
    "shortage_high": COUNT,
}
"""Columns of streets and areas with racks that hand counts bring."""

AREAS_BY_HAND: Final = {
    "hand_counted": COUNT,  # looks counted by hand that show the area
    "rank_low": COUNT,  # 1 has most bicycles per stop; only areas that are compared
    "rank_high": COUNT,
    "group": TEXT,  # above | not told apart | below all compared areas together
    "hot_spot": TEXT,  # hot | not told apart | cold, together with its neighbours
    **PARKING_BY_HAND,
}
"""Columns of areas that hand counts bring beside the metrics."""
