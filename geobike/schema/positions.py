"""The frames that positions of photos come from: manifest, tracks, and what one source gives."""

from typing import Final

from geobike.schema.frame import COUNT, FLAG, FLOAT, TEXT, TIME, Frame

POSITIONS: Final = Frame(
    "positions",  # on the index of a photos frame: what one source gives
    {
        "lon": FLOAT,  # degrees, WGS 84; NA where the source gives no valid position
        "lat": FLOAT,
        "heading": FLOAT,
        "taken_at": TIME,
        "accuracy": FLOAT,  # likely error in metres, NA where it is not known
        "source": TEXT,  # what `position_source` becomes
        "reason": TEXT,  # why there is no position, NA where the source knows nothing of the photo
        "refused": FLAG,  # bad, as the reason says; later sources must not replace it
    },
    optional={"camera": TEXT, "focal_length_35mm": FLOAT},  # as in a photos frame
)

TRACK: Final = Frame(
    "track",  # the fixes of all GPX tracks, in the order of time
    {
        "time": TIME,  # of the fix
        "on_camera": TIME,  # what the camera's clock showed then, in UTC: less --track-offset
        "segment": COUNT,  # from 1; another one after each gap
        "lon": FLOAT,  # degrees, WGS 84
        "lat": FLOAT,
    },
)

MANIFEST: Final = Frame(
    "manifest",
    {
        "file": TEXT,  # as written, with / between folders
        "lon": FLOAT,  # degrees, WGS 84; NA where not given or bad
        "lat": FLOAT,
        "taken_at": TIME,
        "heading": FLOAT,
        "line": COUNT,  # line in a CSV, feature or row number in other files, from 1
        "reason": TEXT,  # what is wrong with this row, NA where nothing is
    },
    optional={
        "status": TEXT,  # what an earlier run said, as any other word that the table has there
        "said": TEXT,  # the reason that the earlier run gave
        "camera": TEXT,  # what a photos frame has under these names
        "focal_length_35mm": FLOAT,
        "position_error_m": FLOAT,
        "width": COUNT,
        "height": COUNT,
    },
)
