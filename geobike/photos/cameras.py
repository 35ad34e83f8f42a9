"""Which camera took a photo, and through which lens, as EXIF tells."""

import sys
from collections.abc import Mapping
from functools import lru_cache
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
    values = sequence(tags.get("FocalLengthIn35mmFilm"))
    focal = number(values[0]) if values else None
    known = focal is not None and FOCAL_LENGTHS[0] <= focal <= FOCAL_LENGTHS[1]
    name = _name(*(text(tags.get(name)) for name in MAIN_TAGS))
    return Camera(name or None, focal if known else None)


@lru_cache(maxsize=256)
def _name(make: str, model: str) -> str:
    """Return one text for each camera, of which a survey has few, not one for each photo."""
    make, model = (one_line(part, limit=_LONGEST) for part in (make, model))
    repeated = model.casefold().startswith(make.casefold().split(" ")[0])
    return sys.intern(model if model and repeated else f"{make} {model}".strip())
