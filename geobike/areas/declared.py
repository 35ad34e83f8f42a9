"""What an areas file declares besides its features: that it is a first page, its CRS."""

import re
from pathlib import Path
from typing import Final

import pyproj

_EDGE: Final = 1 << 16  # bytes at either end in which the members beside the features are

_MATCHED: Final = re.compile(
    rb"""["']?(?:numberMatched|totalFeatures)["']?\s*[:=]\s*["']?(\d{1,18})"""
)
_EXCEEDED: Final = re.compile(rb"""["']?exceededTransferLimit["']?\s*:\s*true""")
_NEXT: Final = re.compile(rb"""["']rel["']\s*:\s*["']next["']|<[^<>]*\snext=["'][^"']""")
_CRS: Final = re.compile(
    rb"""["']crs["']\s*:\s*\{[^{}]*["']properties["']\s*:\s*\{[^{}]*["']name["']\s*:\s*["']"""
    rb"""([^"']{1,200})["']"""
)
_ENDINGS: Final = (".json", ".geojson", ".topojson", ".gml", ".xml")


def first_page(file: Path, rows: int) -> str | None:
    """Return a clause if the file declares that it is only a first page, else None.

    Services limit the features per response: ArcGIS, OGC API Features, WFS. `rows` is the number
    that was read.
    """
    text = _edges(file)
    if (said := _MATCHED.search(text)) and int(said[1]) > rows:
        return f"the file says that it holds {rows} of {int(said[1])} areas"
    if _EXCEEDED.search(text):
        return f"the file says that there are more areas than the {rows} that it holds"
    if _NEXT.search(text):
        return f"the file holds {rows} areas and names a next page with more"
    return None


def unknown_crs(file: Path) -> str | None:
    """Return the CRS that GeoJSON names if it is unknown; GDAL would take WGS 84 instead."""
    named = _CRS.search(_edges(file))
    if named is None:
        return None
    name = named[1].decode(errors="replace")
    try:
        pyproj.CRS.from_user_input(name)
    except pyproj.exceptions.CRSError:
        return name
    return None


def _edges(file: Path) -> bytes:
    """Return both ends of a text file; a file of another kind has none."""
    if not file.is_file() or file.suffix.lower() not in _ENDINGS:
        return b""
    with file.open("rb") as opened:
        head = opened.read(_EDGE)
        if (size := file.stat().st_size) <= _EDGE:
            return head
        opened.seek(max(size - _EDGE, _EDGE))
        return head + b"\n" + opened.read(_EDGE)
