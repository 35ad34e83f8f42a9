"""Which column of a table holds what: the names that tables of positions use."""

import re
from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from geobike.errors import ManifestError
from geobike.io.matching import kind_of_match, match, normalize_names
from geobike.reporting import one_line, report

FILE: Final = "file"

_EXIFTOOL: Final = "sourcefile"
"""A column that only the tables of ExifTool have."""

_NAMES: Final = {
    FILE: (
        *("file", "filename", "file_name", "photo", "photo_id", "image", "path", _EXIFTOOL),
        *("image_name", "image_path", "photo_name", "photo_path", "picture"),
    ),
    "lat": ("lat", "latitude", "gpslatitude", "gps_latitude", "gps_lat", "gpslat"),
    "lon": (
        *("lon", "lng", "long", "longitude", "gpslongitude", "gps_longitude"),
        *("gps_lon", "gps_lng", "gps_long", "gpslon"),
    ),
    "lat_ref": ("gpslatituderef", "gps_latitude_ref", "latitude_ref", "lat_ref"),
    "lon_ref": ("gpslongituderef", "gps_longitude_ref", "longitude_ref", "lon_ref"),
    "taken_at": ("taken_at", "timestamp", "datetime", "time", "datetimeoriginal"),
    "heading": ("heading", "bearing", "direction", "gpsimgdirection", "gps_img_direction"),
    "camera": ("camera", "camera_name", "camera_model", "model"),
    "focal_length_35mm": (
        *("focal_length_35mm", "focallengthin35mmformat", "focallengthin35mmfilm"),
        *("focal_length_in_35mm_format", "focal_length_in_35mm_film"),
    ),
    "position_error_m": (
        *("position_error_m", "position_error", "gpshpositioningerror", "horizontal_accuracy"),
        *("accuracy_m", "gps_accuracy"),
    ),
    "width": ("width",),
    "height": ("height",),
    "status": ("status",),
    "said": ("reason",),
}
"""Accepted names of each column, in any letter case, with a space, hyphen or underscore."""

_NAMES_OF_FEATURES: Final = ("name", "title", "link1_href")
"""Columns of vector files, such as GPX and KML, that may name the photo of a point."""

_ABOUT_CAMERA: Final = ("camera", "focal_length_35mm", "position_error_m", "width", "height")
"""Columns that a table may have for other ends. The first that holds something is taken."""

_OF_BOXES: Final = frozenset(
    ("confidence", "score", "box", "bbox", "xmin", "x_min", "label", "class")
)
_SHOWN: Final = 7  # accepted names in a message
_ENDING: Final = r"\.[A-Za-z0-9]{2,5}$"

Found = dict[str, list[int]]
"""The places of the columns that may hold each of ours, the likeliest first."""


def find(header: Sequence[str], source: str, *, points: bool = False) -> Found:
    """Return the places in the header of what may be each of our columns.

    `points` says that the rows are features with a geometry. Raises ManifestError that starts with
    `source` where the file or the position is missing.
    """
    keys = [_key(name) for name in header]
    exiftool = _EXIFTOOL in keys
    found: Found = {}
    for ours, names in _NAMES.items():
        if points and ours in ("lat", "lon", "lat_ref", "lon_ref"):
            continue
        if points and ours == FILE:
            names = (*names, *_NAMES_OF_FEATURES)
        places = [place for name in names for place, key in enumerate(keys) if key == name]
        own = [place for place in places if keys[place] in _OF_EXIFTOOL]
        if places:
            found[ours] = own if exiftool and own and ours != FILE else places
    for needed in (FILE,) if points else (FILE, "lat", "lon"):
        if needed not in found:
            raise ManifestError(f"{source}: {_missing(needed, header, keys)}")
    return found


_OF_EXIFTOOL: Final = ("gpslatitude", "gpslongitude", "gpsimgdirection", "datetimeoriginal")
"""Names that count alone in a table of ExifTool, which may hold several other times."""


def _key(name: str) -> str:
    plain = str(name).strip().lower().removeprefix("composite:")
    return re.sub(r"[\s_-]+", "_", plain)


def _missing(ours: str, header: Sequence[str], keys: Sequence[str]) -> str:
    shown = one_line(", ".join(map(str, header))) or "none"
    boxes = "; a table of boxes belongs to --detections" if _OF_BOXES & {*keys} else ""
    number = 2 if ours == "lat" else _SHOWN
    names = " or ".join(_NAMES[ours][:number])
    return f"no column named {names}; the columns are {shown}{boxes}"


def choose(
    table: pd.DataFrame,
    found: Found,
    header: Sequence[str],
    source: str,
    photo_ids: "pd.Series[str] | None",
) -> dict[str, int]:
    """Return the place of the one column that holds each of ours, of those that `find` returned.

    The columns of `table` are named by their places. An empty column gives way to another; the file
    is the column that names most photos. Of what else has several columns that differ, none is
    guessed: raises ManifestError.
    """
    chosen: dict[str, int] = {}
    for ours, places in found.items():
        filled = places if len(places) == 1 else [one for one in places if _is_filled(table[one])]
        if len(filled) > 1 and ours not in _ABOUT_CAMERA:
            chosen[ours] = _of_several(table, ours, filled, header, source, photo_ids)
        else:
            chosen[ours] = (filled or places)[0]
            if len(filled) == 1 and len(places) > 1:
                _report_empty(filled[0], places, header, source)
    return chosen


def _is_filled(column: "pd.Series[Any]") -> bool:
    if not pd.api.types.is_string_dtype(column):
        return bool(column.notna().any())
    return bool(column.fillna("").str.strip().ne("").any())


def _report_empty(chosen: int, places: Sequence[int], header: Sequence[str], source: str) -> None:
    empty = " and ".join(_quoted(header[place]) for place in places if place != chosen)
    report(f"{source}: column {_quoted(header[chosen])} is read, since {empty} is empty")


def _of_several(
    table: pd.DataFrame,
    ours: str,
    places: Sequence[int],
    header: Sequence[str],
    source: str,
    photo_ids: "pd.Series[str] | None",
) -> int:
    """Return the place of one of several columns that hold something."""
    if ours == FILE:
        named = {place: _photos_named(table[place], photo_ids) for place in places}
        best = max(places, key=named.__getitem__)
        others = ", ".join(_quoted(header[place]) for place in places if place != best)
        report(f"{source}: photos are named by column {_quoted(header[best])}, not by {others}")
        return best
    first, *others_ = places
    differing = [one for one in others_ if not _same(table[first], table[one])]
    if differing:
        names = " and ".join(_quoted(header[place]) for place in (first, *differing))
        raise ManifestError(
            f"{source}: columns {names} differ, and each may be the {_MEANING[ours]}; "
            "remove or rename all but one"
        )
    return first


_MEANING: Final = {
    "lat": "latitude",
    "lon": "longitude",
    "lat_ref": "hemisphere of the latitude",
    "lon_ref": "hemisphere of the longitude",
    "taken_at": "time",
    "heading": "heading",
    "status": "status",
    "said": "reason",
}


def _same(one: "pd.Series[Any]", other: "pd.Series[Any]") -> bool:
    return bool((one.astype("str").fillna("") == other.astype("str").fillna("")).all())


def _photos_named(names: "pd.Series[Any]", photo_ids: "pd.Series[str] | None") -> tuple[int, int]:
    """Return how many names match a photo, and how many of them in full; the more the better.

    Where the photos are not known: how many have the ending of a file.
    """
    text = normalize_names(names.astype("str").fillna(""))
    if photo_ids is None:
        return int(text.str.contains(_ENDING).sum()), 0
    meant = match(text, photo_ids)
    kinds = [
        kind_of_match(name, photo_id)
        for name, photo_id in zip(text, meant.fillna(""), strict=True)
        if photo_id
    ]
    return len(kinds), sum(kind in ("whole", "path") for kind in kinds)


def _quoted(name: str) -> str:
    return repr(one_line(str(name), limit=40))
