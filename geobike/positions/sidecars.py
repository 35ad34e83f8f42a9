"""Files beside photos that hold their positions and are not read: Google Takeout's JSON, XMP.

Takeout leaves the position that Google Photos knows out of the photo and writes it to
`IMG_1.jpg.supplemental-metadata.json`, whose name it shortens; it used to be `IMG_1.jpg.json`.
"""

import json
import os
import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import geopandas as gpd

from geobike import schema
from geobike.io.remote import is_remote
from geobike.reporting import one_line, report_number

_MOST: Final = 1 << 18  # bytes that are read of one
_REMEDY: Final = (
    "which is not read; write it into the photo with exiftool -tagsFromFile, or list it in a "
    "manifest"
)
_REMEDIES: Final = (
    "which are not read; write them into the photos with exiftool -tagsFromFile, or list them in a "
    "manifest"
)


def report(photos: gpd.GeoDataFrame) -> None:
    """Report the photos without a position that have one in a file beside them.

    Checked are files on this machine, in the folders of photos that are `unlocated`.
    """
    schema.check(photos, schema.PHOTOS)
    lost = photos.loc[photos["status"] == schema.UNLOCATED, "path"].dropna()
    by_folder: dict[Path, set[str]] = {}
    for path in lost:
        if not is_remote(path):
            by_folder.setdefault(Path(path).parent, set()).add(Path(path).name)
    found = [name for folder, names in by_folder.items() for name in _with_position(folder, names)]
    report_number(
        f"photo without a position has one in a sidecar file (Google Takeout, XMP), {_REMEDY}",
        f"photos without a position have one in a sidecar file (Google Takeout, XMP), {_REMEDIES}",
        [one_line(name, limit=100) for name in sorted(found)],
    )


def _with_position(folder: Path, photos: set[str]) -> Iterator[str]:
    """Yield the names of files in a folder that hold the position of one of the photos."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return  # of another machine, or gone
    stems = {Path(name).stem for name in photos}
    seen: set[str] = set()
    for entry in entries:
        photo = _photo_of(entry.name, photos, stems)
        if photo is None or photo in seen or not entry.is_file(follow_symlinks=False):
            continue
        if _holds_position(Path(entry.path)):
            seen.add(photo)
            yield entry.name


def _photo_of(sidecar: str, photos: set[str], stems: set[str]) -> str | None:
    """Return the photo that a file belongs to by its name, or None."""
    stem, ending = posixpath.splitext(sidecar)
    if ending.lower() not in (".json", ".xmp"):
        return None
    for name in (stem, posixpath.splitext(stem)[0]):  # IMG.jpg.json, IMG.jpg.supplemental-….json
        if name in photos:
            return name
    return stem if ending.lower() == ".xmp" and stem in stems else None


def _holds_position(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST)
        if path.suffix.lower() == ".xmp":
            return b"GPSLatitude" in content
        return _is_placed(json.loads(content))
    except (OSError, ValueError, RecursionError):
        return False


def _is_placed(metadata: Any) -> bool:
    """Tell whether Takeout's metadata has a position; 0, 0 is what it writes for none."""
    if not isinstance(metadata, dict):
        return False
    places = (metadata.get(key) for key in ("geoData", "geoDataExif"))
    return any(
        isinstance(place, dict) and bool(place.get("latitude") or place.get("longitude"))
        for place in places
    )
