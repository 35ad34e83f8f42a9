"""The frames of photos: where each was taken, what became of it, and how many bicycles it shows."""

from typing import Final

from geobike.schema.frame import COUNT, FLAG, FLOAT, LOCAL_TIME, MINUTES, TEXT, TIME, Frame

COUNTED: Final = "counted"
UNLOCATED: Final = "unlocated"
OUTSIDE: Final = "outside"
DUPLICATE: Final = "duplicate"
UNREADABLE: Final = "unreadable"
FAILED: Final = "failed"
STATUSES: Final = (COUNTED, OUTSIDE, UNLOCATED, DUPLICATE, UNREADABLE, FAILED)
"""Final statuses of a photo. Until then its status is NA."""
SWAPPED: Final = "in none of the areas, but in one with latitude and longitude swapped"
"""The reason of an `outside` photo whose coordinates seem to be the wrong way round."""

_PHOTO_COLUMNS = {
    "photo_id": TEXT,  # POSIX path relative to the photo folder
    "path": TEXT,  # path or URL of the file; never exported
    "sha256": TEXT,  # of the file's bytes; NA where it cannot be read
    "width": COUNT,  # upright pixels
    "height": COUNT,  # upright pixels
    "taken_at": TIME,
    "heading": FLOAT,  # degrees clockwise from north, 0 <= heading < 360
    "position_source": TEXT,  # exif | manifest | track
    "area_id": TEXT,
    "status": TEXT,  # one of STATUSES, NA while undecided
    "reason": TEXT,  # why the status is not `counted`
}

_PHOTO_OPTIONAL = {
    "never_processed": FLAG,  # an earlier run had no reason to detect in it
    "taken_local": LOCAL_TIME,  # what the camera's clock showed
    "utc_offset_minutes": MINUTES,  # of that clock as the photo gives it, NA where it does not
    "panorama": FLAG,  # a picture that detectors see squeezed
    "turn_px": FLOAT,  # pixels of 360 degrees, NA unless it is equirectangular
    "horizon_px": FLOAT,  # row of the horizon, NA unless it is equirectangular
    "position_error_m": FLOAT,  # likely error, where the source of the position gives it
    "camera": TEXT,  # make and model; photos of one camera share a lens and a way of holding it
    "focal_length_35mm": FLOAT,  # of the lens, as on a frame 36 mm wide
    "stop_id": TEXT,  # as in a visits frame
    "stop_photo": FLAG,  # whether a visit of the stop is counted on this photo
    "detected_count": COUNT,  # as `bicycle_count`, before people corrected boxes
    "hand_count": FLOAT,  # bicycles that a person counted; NA where nobody did
    "hand_count_high": FLOAT,  # where the person gave a range
    "stratum": TEXT,  # of the detector's count, from which the photo was drawn
    "origin": TEXT,  # list | sheet | own: who chose it
}

PARKED_AND_RIDDEN = {  # NA where the detector knows no persons
    "parked_count": COUNT,
    "ridden_count": COUNT,
}

PHOTOS: Final = Frame(
    "photos",
    _PHOTO_COLUMNS,
    key="photo_id",
    geometry=("Point",),
    optional=_PHOTO_OPTIONAL,
)

COUNTS: Final = Frame(
    "counts",
    _PHOTO_COLUMNS | {"bicycle_count": COUNT},  # NA unless status is `counted`
    key="photo_id",
    geometry=("Point",),
    optional=_PHOTO_OPTIONAL | PARKED_AND_RIDDEN,
)
