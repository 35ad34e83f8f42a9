"""Which camera took a photo, and through which lens, as EXIF tells."""

import sys
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from geobike.photos.exif_values import number, sequence, text
from geobike.reporting import one_line

MAIN_TAGS: Final = ("Make", "Model")
"""In the first directory."""

SUB_TAGS: Final = ("FocalLengthIn35mmFilm",)
"""In the Exif directory."""

FOCAL_LENGTHS: Final = (4.0, 2000.0)
"""Millimetres for a frame 36 mm wide: of the widest fish-eye and the longest telescope."""

_LONGEST: Final = 60  # characters of a name


class Camera(NamedTuple):
    """What EXIF says of the camera."""

    name: str | None = None
    """Make and model."""
    focal_length_35mm: float | None = None


UNKNOWN: Final = Camera()


def read(tags: Mapping[str, Any]) -> Camera:
    """Return what the tags, by their standard names, say of the camera.

    >>> read({"Make": "Canon", "Model": "Canon EOS R6", "FocalLengthIn35mmFilm": [24]})
    Camera(name='Canon EOS R6', focal_length_35mm=24.0)
    """
    make, model = (one_line(text(tags.get(name)), limit=_LONGEST) for name in MAIN_TAGS)
    repeated = model.casefold().startswith(make.casefold().split(" ")[0])
    name = model if model and repeated else f"{make} {model}".strip()
    values = sequence(tags.get("FocalLengthIn35mmFilm"))
    focal = number(values[0]) if values else None
    known = focal is not None and FOCAL_LENGTHS[0] <= focal <= FOCAL_LENGTHS[1]
    # A survey has few cameras: one text for each, not one for each photo.
    return Camera(sys.intern(name) if name else None, focal if known else None)
