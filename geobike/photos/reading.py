"""Read the photos into a frame: first their metadata, then all their bytes.

Metadata give size, position and time, in a thousandth of the time that all bytes take. Those give
the SHA-256, which finds duplicates, and show which photos are truncated. One bad photo is a row
with a reason; only a source without any photo raises.
"""

import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import tzinfo
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike import schema
from geobike.errors import UnreadablePhoto
from geobike.io import parallel, remote
from geobike.photos import decoding, hashing, metadata, panoramas
from geobike.photos.discovery import Found, PhotoFile, find, search
from geobike.photos.doubts import report_doubts
from geobike.progress import Track, silent

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = [
    "Found",
    "Hasher",
    "PhotoFile",
    "apply_hashes",
    "find",
    "frame",
    "hash_files",
    "load",
    "read",
    "read_metadata",
    "search",
]


class Hasher(Protocol):
    """A way to read and hash files: in this process, or on the workers of a cluster."""

    batch: int
    """Files that are looked up together; what is hashed is saved at the latest after each batch."""
    save_every: int
    """Hashes that are saved together at least: so many, and those of a few seconds, a run that is
    killed reads again."""

    def keys(self, files: Sequence[PhotoFile]) -> list[str | None]:
        """Return `hashing.key` of each file."""
        ...

    def read(
        self, files: Sequence[PhotoFile]
    ) -> Generator[tuple[int, hashing.FileHash], None, None]:
        """Yield the index of each file with its hash, in any order."""
        ...


class _Local:
    """Reads and hashes files in this process."""

    batch, save_every = 100_000, 1_000

    def __init__(self, max_pixels: int, known: hashing.HashCache | None) -> None:
        self._max_pixels = max_pixels
        self._known = known

    def keys(self, files: Sequence[PhotoFile]) -> list[str | None]:
        return [hashing.key(file) for file in files]

    def read(
        self, files: Sequence[PhotoFile]
    ) -> Generator[tuple[int, hashing.FileHash], None, None]:
        read = hashing.read
        if len(files) >= _MANY and not remote.is_remote(files[0].path):
            decoded = None if self._known is None else self._known.decoded()
            read = partial(hashing.read_in_processes, decoded=decoded)
        with closing(read(files, max_pixels=self._max_pixels)) as hashes:
            yield from enumerate(hashes)


_SAVE_SECONDS: Final = 5.0  # between two writes to the store: each rewrites much of its index
_PART: Final = 500  # photos: their metadata take a tenth of a second
_MANY: Final = 3_000  # photos that justify more processes, which take 0.2 s to start


def read(
    files: Sequence[PhotoFile],
    *,
    timezone: tzinfo | None = None,
    max_pixels: int = decoding.MAX_PIXELS,
    known: hashing.HashCache | None = None,
    track: Track = silent,
) -> gpd.GeoDataFrame:
    """Read every photo and return a photos frame: `read_metadata`, then `hash_files`.

    Examples:
        >>> import geobike
        >>> photos = geobike.read_photos(geobike.find_photos("sample/photos"))
        >>> photos["status"].value_counts().to_dict()
        {'duplicate': 1, 'unreadable': 1}
    """
    photos = read_metadata(files, timezone=timezone, max_pixels=max_pixels, track=track)
    return hash_files(photos, files, max_pixels=max_pixels, known=known, track=track)


def read_metadata(
    files: Sequence[PhotoFile],
    *,
    timezone: tzinfo | None = None,
    max_pixels: int = decoding.MAX_PIXELS,
    track: Track = silent,
) -> gpd.GeoDataFrame:
    """Read file headers and return a photos frame with the positions that EXIF gives.

    `timezone` is the zone of times without an offset from UTC. `sha256` is NA. `status` is
    `unreadable` for a file that does not begin like a photo, else NA; `reason` is why a photo has
    no position in EXIF.
    """
    work = partial(metadata.read, timezone=timezone, max_pixels=max_pixels)
    parts = [files[start : start + _PART] for start in range(0, len(files), _PART)]
    done = parallel.spread(work, parts) if len(files) >= _MANY else map(work, parts)
    found: list[metadata.Metadata] = []

    def each() -> Iterator[None]:
        for part in done:
            found.append(part)
            yield from [None] * len(part.reason)

    for _ in track(each(), "Reading positions", total=len(files)):
        pass
    return frame(files, found)


def frame(files: Sequence[PhotoFile], parts: Iterable[metadata.Metadata]) -> gpd.GeoDataFrame:
    """Return a photos frame of the files from the results of `metadata.read`, in order."""
    said = metadata.concatenate(parts)
    readable = said.width > 0
    placed = ~np.isnan(said.lon)
    report_doubts(files, said)
    optional: dict[str, npt.NDArray[Any]] = {}
    if not np.isnan(said.position_error_m).all():
        optional["position_error_m"] = said.position_error_m
    wide = panoramas.among(said.width, said.height, said.panorama)
    if wide.any():
        optional["panorama"] = wide
    if not np.isnan(said.turn_px).all():
        optional |= {"turn_px": said.turn_px, "horizon_px": said.horizon_px}
    return schema.geotable(
        schema.PHOTOS,
        optional
        | {
            "photo_id": [file.photo_id for file in files],
            "path": [None if file.fault else file.path for file in files],
            "width": pd.Series(said.width, dtype=schema.COUNT).where(readable),
            "height": pd.Series(said.height, dtype=schema.COUNT).where(readable),
            "taken_at": pd.Series(said.taken_at).dt.tz_localize("UTC"),
            "taken_local": said.taken_local,
            "utc_offset_minutes": said.utc_offset_minutes,
            "heading": said.heading,
            "position_source": pd.Series("exif", index=range(len(files))).where(placed),
            "status": pd.Series(schema.UNREADABLE, index=range(len(files))).where(~readable),
            "reason": said.reason,
        }
        | _cameras(said),
        schema.points(said.lon, said.lat),
    )


def _cameras(said: metadata.Metadata) -> dict[str, "pd.Series[Any]"]:
    """Return the columns of camera and lens, where any photo gives them."""
    columns = {
        "camera": pd.Series(said.camera, dtype=schema.TEXT),
        "focal_length_35mm": pd.Series(said.focal_length_35mm),
    }
    return {name: column for name, column in columns.items() if column.notna().any()}


def hash_files(
    photos: gpd.GeoDataFrame,
    files: Sequence[PhotoFile],
    *,
    max_pixels: int = decoding.MAX_PIXELS,
    known: hashing.HashCache | None = None,
    hasher: Hasher | None = None,
    track: Track = silent,
) -> gpd.GeoDataFrame:
    """Read whole files and return their frame of `read_metadata` with `sha256`.

    `status` becomes `unreadable` for a photo that is truncated or cannot be decoded, `duplicate`
    for one with the same bytes as another that precedes it by name. Files in `known` are not read.
    `hasher` reads the others; None reads them here.
    """
    schema.check(photos, schema.PHOTOS)
    if len(photos) != len(files):
        raise ValueError(f"{len(files)} files, and a frame of {len(photos)} photos")
    hasher = hasher or _Local(max_pixels, known)
    with closing(_hashes(files, known, hasher)) as hashes:
        found = dict(track(hashes, "Reading photos", total=len(files)))
    return apply_hashes(photos, [found[index] for index in range(len(files))])


def apply_hashes(photos: gpd.GeoDataFrame, found: Iterable[hashing.FileHash]) -> gpd.GeoDataFrame:
    """Return a frame of `read_metadata` with the results of `hashing.read`, one per photo."""
    rows = pd.DataFrame(found, columns=hashing.FileHash._fields, index=photos.index)
    out = photos.copy()
    out["sha256"] = rows["sha256"].astype(schema.TEXT)
    bad = rows["fault"].notna() & out["status"].isna()
    out.loc[bad, "status"] = schema.UNREADABLE
    out.loc[bad, "reason"] = rows.loc[bad, "fault"]
    out.loc[bad, ["width", "height"]] = pd.NA
    return _mark_duplicates(out)


def load(file: PhotoFile, *, max_pixels: int = decoding.MAX_PIXELS) -> "Image":
    """Decode a photo to an upright RGB image. Raises UnreadablePhoto, also for a `fault`."""
    if file.fault is not None:
        raise UnreadablePhoto(file.fault)
    data = decoding.read_bytes(file.path, follow_links=False)
    return decoding.read_upright(data, max_pixels=max_pixels)


def _hashes(
    files: Sequence[PhotoFile], known: hashing.HashCache | None, hasher: Hasher
) -> Generator[tuple[int, hashing.FileHash], None, None]:
    """Yield the index and the hash of each file, which is read where its hash is not known."""
    if known is None:
        yield from hasher.read(files)
        return
    for start in range(0, len(files), hasher.batch):
        part = files[start : start + hasher.batch]
        with closing(_cached_hashes(part, known, hasher)) as hashes:
            for index, one in hashes:
                yield start + index, one


def _cached_hashes(
    files: Sequence[PhotoFile], known: hashing.HashCache, hasher: Hasher
) -> Generator[tuple[int, hashing.FileHash], None, None]:
    """Yield the hashes that are known, then read the other files and save theirs."""
    keys = hasher.keys(files)
    old = known.hashes([key for key in keys if key is not None])
    yield from ((i, hashing.FileHash(old[key])) for i, key in enumerate(keys) if key and key in old)
    unread = [index for index, key in enumerate(keys) if key not in old]
    new: dict[str, str] = {}
    saved = time.monotonic()
    try:
        with closing(hasher.read([files[index] for index in unread])) as hashes:
            for place, one in hashes:
                key = keys[unread[place]]
                if key is not None and one.sha256 is not None and one.fault is None:
                    new[key] = one.sha256
                if len(new) >= hasher.save_every and time.monotonic() > saved + _SAVE_SECONDS:
                    known.keep_hashes(new)
                    new, saved = {}, time.monotonic()
                yield unread[place], one
    finally:  # also when the run is stopped
        known.keep_hashes(new)


def _mark_duplicates(photos: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Mark copies of photos; broken files with the same bytes stay `unreadable`."""
    known = photos["sha256"].notna() & photos["status"].isna()
    first = photos[known].groupby("sha256")["photo_id"].transform("first")
    copies = first.index[first != photos.loc[first.index, "photo_id"]]
    out = photos.copy()
    out.loc[copies, "status"] = schema.DUPLICATE
    out.loc[copies, "reason"] = "same bytes as " + first[copies]
    return out
