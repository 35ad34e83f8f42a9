"""What EXIF says of the position that it gives: its likely error, and why to doubt it."""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from geobike.photos.exif_values import number, sequence, text

TAGS: Final = (
    "GPSStatus",
    "GPSDOP",
    "GPSImgDirectionRef",
    "GPSMapDatum",
    "GPSHPositioningError",
    "GPSProcessingMethod",
)
LARGE_ERROR: Final = 100.0
"""Metres of likely error above which a position is reported."""

CELL: Final = b"CELLID"
_POOR_DOP: Final = 20.0  # dilution of precision above which a fix is called poor
_WGS84: Final = ("WGS84", "WGS1984", "EPSG4326", "G1762", "G2139")
_NEAR_WGS84: Final = ("ETRS89", "NAD83", "JGD", "ITRF", "GDA", "NZGD2000", "PZ90", "CGCS2000")
"""Datums within some metres of WGS 84, much less than the error of a phone."""


class Quality(NamedTuple):
    """What EXIF says of its own position."""

    error_m: float | None = None
    """Likely horizontal error in metres."""
    no_fix: bool = False
    """Whether there was no fix, so that the position is an older or a guessed one."""
    poor_dop: float | None = None
    """Dilution of precision, where it is poor."""
    other_datum: str | None = None
    """Datum of the position, where it is not WGS 84."""
    magnetic: bool = False
    """Whether the direction is from magnetic, not true north."""
    by_cell: bool = False
    """Whether the position is that of a phone mast's cell, which may be kilometres wide."""


PLAIN: Final = Quality()
"""Of a position about which EXIF says nothing, or nothing bad."""


def read(tags: Mapping[str, Any]) -> Quality:
    """Return what the tags, by their standard names, say of the position."""
    if not any(name in tags for name in TAGS):
        return PLAIN
    error, dop = (_first(tags, name) for name in ("GPSHPositioningError", "GPSDOP"))
    return Quality(
        error if error is not None and error > 0 else None,
        text(tags.get("GPSStatus")).upper() == "V",
        dop if dop is not None and dop > _POOR_DOP else None,
        _other_datum(text(tags.get("GPSMapDatum"))),
        text(tags.get("GPSImgDirectionRef")).upper() == "M",
        is_cell(tags.get("GPSProcessingMethod")),
    )


def is_cell(method: Any) -> bool:
    """Tell whether a method of positioning, eight bytes of encoding and a name, is CELLID."""
    if isinstance(method, list | tuple):
        method = bytes(one for one in method if isinstance(one, int) and 0 <= one < 256)
    if isinstance(method, str):
        method = method.encode("latin-1", "replace")
    # The name may be in UTF-16, with a zero before or after each letter.
    return isinstance(method, bytes) and CELL in method.upper().replace(b"\0", b"")


def _first(tags: Mapping[str, Any], name: str) -> float | None:
    values = sequence(tags.get(name))
    return number(values[0]) if values else None


def _other_datum(name: str) -> str | None:
    if not name:
        return None
    plain = re.sub(r"[^A-Z0-9]", "", name.upper())
    same = not plain or plain == "UNKNOWN" or any(part in plain for part in _WGS84)
    return None if same or plain.startswith(_NEAR_WGS84) else name[:30]
