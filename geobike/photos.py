"""Find the photos, and read of each what its file says: digest, upright size, EXIF.

One bad photo is a row with a reason; only a source without any photo raises.
"""

import glob
import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd

from geobike import exif, images, schema
from geobike.errors import PhotosError, UnreadablePhoto, report
from geobike.progress import Track, silent

if TYPE_CHECKING:
    from PIL.Image import Image


class PhotoFile(NamedTuple):
    """One file that is taken for a photo."""

    photo_id: str
    """POSIX path relative to the photo folder."""
    path: Path
    fault: str | None = None
    """Why it must not be opened, if so."""


def find(sources: str | Path | Sequence[str | Path]) -> list[PhotoFile]:
    """List the photos of folders (with all inside), single files and glob patterns, by name.

    Hidden files and `__MACOSX` are left out. Raises PhotosError where there is no photo.
    """
    given = [sources] if isinstance(sources, str | Path) else list(sources)
    listings = [_list(str(source)) for source in given]
    root = Path(os.path.commonpath([folder for folder, _ in listings])) if listings else Path()
    found: dict[str, PhotoFile] = {}
    for folder, paths in listings:
        for path in paths:
            file = _photo_file(path, folder, root)
            found[file.photo_id] = file
    if not found:
        raise PhotosError(
            f"no photo in {', '.join(map(str, given)) or 'an empty list'}: looked for files ending "
            f"in {' '.join(sorted(images.SUFFIXES))}"
        )
    return [found[photo_id] for photo_id in sorted(found)]


def read(
    files: Sequence[PhotoFile],
    *,
    timezone: tzinfo | None = None,
    max_pixels: int = images.MAX_PIXELS,
    track: Track = silent,
) -> gpd.GeoDataFrame:
    """Read every file once and return a photos frame with the positions that EXIF gives.

    `timezone` places times that name no offset. `status` is `unreadable` or `duplicate` (of a photo
    earlier by name with the very same bytes), else NA; `reason` of a photo without a position is
    why EXIF gave none.
    """
    rows = [
        _read(file, timezone, max_pixels)
        for file in track(files, "Reading photos", total=len(files))
    ]
    no_zone = [row["photo_id"] for row in rows if row.get("no_zone")]
    if no_zone:
        report(
            f"{len(no_zone)} photos say the time but not its offset from UTC, so their times are "
            "left out; pass --timezone",
            no_zone,
        )
    frame = schema.geotable(
        schema.PHOTOS,
        {name: [row.get(name) for row in rows] for name in schema.PHOTOS.columns},
        schema.points(
            [row.get("lon", float("nan")) for row in rows],
            [row.get("lat", float("nan")) for row in rows],
        ),
    )
    return _mark_duplicates(frame)


def load(file: PhotoFile, *, max_pixels: int = images.MAX_PIXELS) -> "Image":
    """Decode a photo to an upright RGB image. Raises UnreadablePhoto, also for a `fault`."""
    if file.fault is not None:
        raise UnreadablePhoto(file.fault)
    return images.read_upright(file.path, max_pixels=max_pixels)


def _list(source: str) -> tuple[Path, Iterable[Path]]:
    """Return the folder that the source stays in, and its photos."""
    path = Path(source)
    try:
        if path.is_dir():
            return path.resolve(), _walk(path.resolve())
        if path.is_file():
            return path.resolve().parent, [path.resolve()]
        if glob.has_magic(source):
            return _match(path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise PhotosError(f"{source[:200]}: cannot be listed: {reason}") from None
    raise PhotosError(f"{source}: no such file or folder")


def _match(pattern: Path) -> tuple[Path, list[Path]]:
    """Return the folder before the first wildcard, and the photos that match, or lie in matches."""
    fixed = Path(*_fixed_parts(pattern))
    folder = fixed.resolve()
    found = list(folder.glob(str(pattern.relative_to(fixed))))
    inside = [path for match in found if match.is_dir() for path in _walk(match)]
    return folder, [path for path in found if _is_photo(path, folder)] + inside


def _fixed_parts(pattern: Path) -> Iterator[str]:
    for part in pattern.parent.parts:
        if glob.has_magic(part):
            return
        yield part


def _walk(root: Path) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        report(f"{error.filename}: folder cannot be read: {error.strerror}")

    for folder, subfolders, names in os.walk(root, onerror=unreadable):
        for name in subfolders:
            if (link := Path(folder, name)).is_symlink():
                report(f"{link.relative_to(root)}: a symbolic link to a folder is not followed")
        yield from (path for name in names if _is_photo(path := Path(folder, name), root))


def _is_photo(path: Path, root: Path) -> bool:
    parts = path.relative_to(root).parts if path.is_relative_to(root) else path.parts[-1:]
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in parts)
    return path.suffix.lower() in images.SUFFIXES and not hidden and not path.is_dir()


def _photo_file(path: Path, folder: Path, root: Path) -> PhotoFile:
    name = Path(os.path.relpath(path, root)).as_posix()
    photo_id = os.fsencode(name).decode("utf-8", "backslashreplace")
    return PhotoFile(photo_id, path, _fault(path, folder, readable=photo_id == name))


def _fault(path: Path, folder: Path, *, readable: bool) -> str | None:
    if not readable:
        return "the file's name is not UTF-8; rename it"
    try:
        # Resolved as a whole: a link may stand anywhere on the way.
        if not path.resolve().is_relative_to(folder):
            return "a symbolic link that leads out of the photo folder is not followed"
        return None if path.is_file() else "not a regular file"
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, before Python 3.13
        return f"cannot be reached: {getattr(error, 'strerror', None) or 'links in a circle'}"


def _read(file: PhotoFile, timezone: tzinfo | None, max_pixels: int) -> dict[str, Any]:
    row: dict[str, Any] = {"photo_id": file.photo_id}
    if file.fault is not None:
        return row | {"status": schema.UNREADABLE, "reason": file.fault}
    row["path"] = str(file.path)
    try:
        data = images.read_bytes(file.path)
        row["sha256"] = hashlib.sha256(data).hexdigest()
        row["width"], row["height"] = images.upright_size(data, max_pixels=max_pixels)
    except UnreadablePhoto as error:
        return row | {"status": schema.UNREADABLE, "reason": str(error)}
    reading = exif.read(BytesIO(data), timezone=timezone)
    row |= {"taken_at": reading.taken_at, "heading": reading.heading, "reason": reading.reason}
    row["no_zone"] = reading.no_zone
    if reading.lon is not None and reading.lat is not None:
        row |= {"lon": reading.lon, "lat": reading.lat, "position_source": "exif"}
    return row


def _mark_duplicates(photos: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    known = photos["sha256"].notna()
    first = photos[known].groupby("sha256")["photo_id"].transform("first")
    copies = first.index[first != photos.loc[first.index, "photo_id"]]
    out = photos.copy()
    out.loc[copies, "status"] = schema.DUPLICATE
    out.loc[copies, "reason"] = "same bytes as " + first[copies]
    return out
