"""The frames of boxes: what the detector found, where it stands, and which places are full."""

from typing import Final

from geobike.schema.frame import CODED, COUNT, FLAG, FLOAT, MAYBE, Frame

# Models keep a hundred boxes per photo, so text is categories: 50 bytes per box, not 140. For
# pandas, value_counts() then counts photos without boxes as well; .astype("str") gives plain text.
DETECTIONS: Final = Frame(
    "detections",
    {
        "photo_id": CODED,
        "label": CODED,
        "score": FLOAT,  # 0 to 1
        "xmin": FLOAT,  # upright pixels of the original, clipped to it
        "ymin": FLOAT,
        "xmax": FLOAT,
        "ymax": FLOAT,
        "model": CODED,
        "kept": FLAG,
        "dropped_by": CODED,  # label | threshold | duplicate | ridden | review
    },
    optional={"ridden": MAYBE},  # NA where the detector knows no persons, and for other boxes
)

IN_FILES: Final = {"xmin": "x_min", "ymin": "y_min", "xmax": "x_max", "ymax": "y_max"}
"""Names in files of columns that are called otherwise in frames: PostgreSQL keeps `xmin` and `xmax`
for itself. Readers take both."""

# No geometry: a million photos show millions of bicycles, and a Point takes 150 bytes.
BICYCLES: Final = Frame(
    "bicycles",  # a row for each kept box of a counted photo, on the index of the detections frame
    {
        "photo_id": CODED,
        "lon": FLOAT,  # degrees, WGS 84: where it stands, or the camera where it cannot be placed
        "lat": FLOAT,
        "distance_m": FLOAT,  # from the camera along the ground, NA where not placed
        "bearing": FLOAT,  # degrees clockwise from north, NA where the photo does not tell
        "placed_error_m": FLOAT,  # likely error; the position's own where not placed
        "placed": FLAG,
        "reason": CODED,  # why it is not placed
        "looks": FLOAT,  # photos that have its place in view, some in part, its own whole; >= 1
        "weight": FLOAT,  # with which it counts once: 1 / looks, less where nearer photos looked
        "area_id": CODED,  # where it stands, NA outside every area
    },
    optional={"ridden": MAYBE},  # as in a detections frame
)

PLACES: Final = Frame(
    "places",  # squares of ground in which bicycles stand
    {
        "bicycle_count": COUNT,  # boxes, of however many photos
        "detected_once": FLOAT,  # each place counted once
        "detected_at_least": COUNT,  # on the photo that shows most of them
        "photo_count": COUNT,  # photos that show one of them
        "photo_id": CODED,  # the photo that shows most of them
        "size_m": FLOAT,  # side of the square
    },
    geometry=("Point",),  # the middle of its bicycles
)
