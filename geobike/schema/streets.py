"""The frames of streets and their racks, and the words for how places to park are used."""

from typing import Final

from geobike.schema.frame import COUNT, FLAG, FLOAT, MAYBE, TEXT, Frame
from geobike.schema.hand_counts import PARKING_BY_HAND

UNCOVERED: Final = "not_covered"
NO_CAPACITY: Final = "capacity_unknown"
NO_RACKS: Final = "no_facility"
FULL: Final = "full"
FREE: Final = "free"
EMPTY: Final = "empty"
PARKING: Final = (UNCOVERED, NO_CAPACITY, NO_RACKS, FULL, FREE, EMPTY)
"""What is known of a street: too little seen; too few capacities; bicycles and no rack; racks with
too few places; racks with places left; neither bicycles nor racks."""

STREETS: Final = Frame(
    "streets",  # pieces of street between junctions and area borders
    {
        "street_id": TEXT,
        "name": TEXT,
        "area_id": TEXT,  # NA outside every area; the first of two that share a border street
        "length_m": FLOAT,
        "covered_m": FLOAT,  # within 25 m of a stop on this street; on a border, of the sides seen
        "covered_share": FLOAT,
        "stop_count": COUNT,
        "detected_once": FLOAT,  # bicycles on the photos of its stops, each place once
        "detected_per_100m": FLOAT,  # of covered street, NA where nothing is covered
    },
    key="street_id",
    geometry=("LineString", "MultiLineString"),
    optional={  # where racks were given; they stand within 25 m of their street
        "rack_count": COUNT,
        "rack_capacity": COUNT,  # of those with a capacity; NA where no rack has one
        "rack_capacity_known": COUNT,  # racks with a capacity
        "detected_near_racks": FLOAT,  # of detected_once, those within --walk of a rack
        "kerb_seen_share": FLOAT,  # NA where no photo there says where it looks
        "pressure": FLOAT,  # detected_once / rack_capacity, NA where too little is known
        "shortage": COUNT,  # places
        "free_within_walk": COUNT,  # free places elsewhere that the shortage can use
        "parking": TEXT,  # one of PARKING
        # with hand counts
        "hand_counted": COUNT,
        "bicycles_per_stop": FLOAT,
        "bicycles_per_stop_low": FLOAT,
        "bicycles_per_stop_high": FLOAT,
        **PARKING_BY_HAND,
    },
)

STRETCHES: Final = Frame(
    "stretches",  # pieces of a street that were seen, each in one area
    {
        "street_id": TEXT,
        "area_id": TEXT,  # NA outside every area
        "begin": FLOAT,  # share of the street's length, from its start
        "end": FLOAT,
        "listed": FLAG,  # whether so much was seen that the street is one of those seen in the area
    },
)

RACKS: Final = Frame(
    "racks",
    {
        "rack_id": TEXT,
        "kind": TEXT,  # as the file says
        "capacity": COUNT,  # bicycles, NA where it is not known
        "capacity_said": TEXT,  # as the file says
        "capacity_date": TEXT,  # day of the capacity, as in 2026-05-12
        "access": TEXT,  # as the file says
        "indoor": MAYBE,  # whether no photo of the street sees into it, NA where it is not said
        "left_out": TEXT,  # why it does not count; NA where it does
        "seen": FLAG,  # whether a stop covers the street where it stands
        "detected_near": FLOAT,  # bicycles within --walk, nearest to it; NA where not seen
        "street_id": TEXT,  # nearest street within 25 m, NA without one
        "area_id": TEXT,  # NA outside every area
    },
    key="rack_id",
    geometry=("Point",),
)
