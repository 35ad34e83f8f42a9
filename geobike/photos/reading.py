"""Read the photos into a frame: their headers, and all their bytes.

Headers give size, position and time; alone they take a thousandth of the time that all bytes take.
Those give the SHA-256, which finds duplicates, and show which photos are truncated. One bad photo
is a row with a reason; only a source without any photo raises.
"""

import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
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
from geobike.io import remote
from geobike.photos import decoding, edition, hashing, headers, panoramas, records
from geobike.photos.discovery import Found, PhotoFile, find, search
from geobike.photos.doubts import report_doubts
from geobike.progress import Track, silent

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = [
    "Found",
    "Hasher",
    "PhotoFile",
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

    def __init__(
        self, max_pixels: int, known: hashing.HashCache | None, *, headers: bool = False
    ) -> None:
        self._max_pixels = max_pixels
        self._known = known
        self._headers = headers

    def keys(self, files: Sequence[PhotoFile]) -> list[str | None]:
        return [hashing.key(file) for file in files]

    def read(
        self, files: Sequence[PhotoFile]
    ) -> Generator[tuple[int, hashing.FileHash], None, None]:
        read = hashing.read
        if len(files) >= headers.MANY and not remote.is_remote(files[0].path):
            recall = None if self._known is None else self._known.recall(edition.current())
            read = partial(hashing.read_in_processes, recall=recall)
        with closing(read(files, max_pixels=self._max_pixels, headers=self._headers)) as hashes:
            yield from enumerate(hashes)


_SAVE_SECONDS: Final = 5.0  # between two writes to the store: each rewrites much of its index
_TOGETHER: Final = 10_000  # records that become columns at a time


def read(
    files: Sequence[PhotoFile],
    *,
    timezone: tzinfo | None = None,
    max_pixels: int = decoding.MAX_PIXELS,
    known: hashing.HashCache | None = None,
    track: Track = silent,
) -> gpd.GeoDataFrame:
    """Read every photo and return a photos frame: as `read_metadata`, then `hash_files`, do.

    Each file is opened once for both, and not at all where `known` has its hash and its header.

    Examples:
        >>> import geobike
        >>> photos = geobike.read_photos(geobike.find_photos("sample/photos"))
        >>> photos["status"].value_counts().to_dict()
        {'duplicate': 1, 'unreadable': 1}
    """
    kept = None if known is None else headers.Headers(known, max_pixels)
    hasher = _Local(max_pixels, known, headers=True)
    found = _Found(len(files), timezone)
    with closing(_hashes(files, known, hasher, kept)) as hashes:
        for index, one in track(hashes, "Reading photos", total=len(files)):
            found.add(index, one)
    return _with_hashes(frame(files, [found.metadata()]), found.digests, found.faults)


class _Found:
    """What was read of files, in any order: few bytes for each, since there may be a million."""

    def __init__(self, number: int, timezone: tzinfo | None) -> None:
        self.digests: list[str | None] = [None] * number
        self.faults: dict[int, str] = {}
        self._timezone = timezone
        self._rows: list[int] = []
        self._waiting: list[bytes] = []
        self._parts: list[records.Metadata] = []

    def add(self, row: int, one: hashing.FileHash) -> None:
        self.digests[row] = one.sha256
        if one.fault is not None:
            self.faults[row] = one.fault
        assert one.header is not None  # noqa: S101 - asked for
        self._rows.append(row)
        self._waiting.append(one.header)
        if len(self._waiting) == _TOGETHER:
            self._unpack()

    def metadata(self) -> records.Metadata:
        """Return the metadata of all files, in their order."""
        self._unpack()
        return records.in_order(records.concatenate(self._parts), self._rows)

    def _unpack(self) -> None:
        self._parts.append(records.columns(self._waiting, self._timezone))
        self._waiting = []


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
    found: list[records.Metadata] = []

    def each() -> Iterator[None]:
        for part in headers.read(files, max_pixels):
            found.append(records.columns(part, timezone))
            yield from [None] * len(part)

    for _ in track(each(), "Reading positions", total=len(files)):
        pass
    return frame(files, found)


def frame(files: Sequence[PhotoFile], parts: Iterable[records.Metadata]) -> gpd.GeoDataFrame:
    """Return a photos frame of the files from the results of `metadata.read`, in order."""
    said = records.concatenate(parts)
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


def _cameras(said: records.Metadata) -> dict[str, "pd.Series[Any]"]:
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
    digests = [found[row].sha256 for row in range(len(files))]
    faults = {row: one.fault for row, one in found.items() if one.fault is not None}
    return _with_hashes(photos, digests, faults)


def _with_hashes(
    photos: gpd.GeoDataFrame, digests: Sequence[str | None], faults: Mapping[int, str]
) -> gpd.GeoDataFrame:
    """Return a frame of `read_metadata` with the hash of each photo, and the faults of some."""
    out = photos.copy()
    out["sha256"] = pd.array(digests, dtype=schema.TEXT)
    rows = np.array(sorted(faults), dtype=np.intp)
    rows = rows[out["status"].isna().to_numpy()[rows]]
    bad = out.index[rows]
    out.loc[bad, "status"] = schema.UNREADABLE
    out.loc[bad, "reason"] = [faults[row] for row in rows.tolist()]
    out.loc[bad, ["width", "height"]] = pd.NA
    return _mark_duplicates(out)


def load(file: PhotoFile, *, max_pixels: int = decoding.MAX_PIXELS) -> "Image":
    """Decode a photo to an upright RGB image. Raises UnreadablePhoto, also for a `fault`."""
    if file.fault is not None:
        raise UnreadablePhoto(file.fault)
    data = decoding.read_bytes(file.path, follow_links=False)
    return decoding.read_upright(data, max_pixels=max_pixels)


def _hashes(
    files: Sequence[PhotoFile],
    known: hashing.HashCache | None,
    hasher: Hasher,
    kept: headers.Headers | None = None,
) -> Generator[tuple[int, hashing.FileHash], None, None]:
    """Yield the index and the hash of each file, which is read where its hash is not known.

    With `kept` headers come with the hashes.
    """
    if known is None:
        yield from hasher.read(files)
        return
    for start in range(0, len(files), hasher.batch):
        part = files[start : start + hasher.batch]
        with closing(_cached_hashes(part, known, hasher, kept)) as hashes:
            for index, one in hashes:
                yield start + index, one


def _cached_hashes(
    files: Sequence[PhotoFile],
    known: hashing.HashCache,
    hasher: Hasher,
    kept: headers.Headers | None,
) -> Generator[tuple[int, hashing.FileHash], None, None]:
    """Yield the hashes that are known, then read the other files and save theirs."""
    keys = hasher.keys(files)
    old = known.hashes([key for key in keys if key is not None])
    there = {row: old[key] for row, key in enumerate(keys) if key is not None and key in old}
    yield from _recalled(files, there, kept)
    unread = [row for row in range(len(files)) if row not in there]
    new = _New(known, kept)
    try:
        with closing(hasher.read([files[row] for row in unread])) as hashes:
            for place, one in hashes:
                new.add(keys[unread[place]], one)
                if new.number >= hasher.save_every and time.monotonic() > new.saved + _SAVE_SECONDS:
                    new.save()
                yield unread[place], one
    finally:  # also when the run is stopped
        new.save()


def _recalled(
    files: Sequence[PhotoFile], digests: Mapping[int, str], kept: headers.Headers | None
) -> Generator[tuple[int, hashing.FileHash], None, None]:
    """Yield the rows of files whose hash is known, with their headers where those are kept."""
    if kept is None:
        yield from ((row, hashing.FileHash(digest)) for row, digest in digests.items())
        return
    with closing(kept.of([files[row] for row in digests], list(digests.values()))) as found:
        for (row, digest), header in zip(digests.items(), found, strict=True):
            yield row, hashing.FileHash(digest, header=header)


class _New:
    """What was read of files that the store does not know yet, until it is saved there."""

    def __init__(self, known: hashing.HashCache, kept: headers.Headers | None) -> None:
        self._known = known
        self._kept = kept
        self._empty()

    def _empty(self) -> None:
        self._hashes: dict[str, str] = {}
        self._headers: dict[str, bytes] = {}
        self.saved = time.monotonic()

    @property
    def number(self) -> int:
        return len(self._hashes)

    def add(self, key: str | None, one: hashing.FileHash) -> None:
        if key is None or one.sha256 is None or one.fault is not None:
            return
        self._hashes[key] = one.sha256
        if one.header is not None and not one.recalled:
            self._headers[one.sha256] = one.header

    def save(self) -> None:
        self._known.keep_hashes(self._hashes)
        if self._kept is not None:
            self._kept.keep(self._headers, whole=True)
        self._empty()


def _mark_duplicates(photos: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Mark copies of photos; broken files with the same bytes stay `unreadable`."""
    known = photos["sha256"].notna() & photos["status"].isna()
    first = photos[known].groupby("sha256")["photo_id"].transform("first")
    copies = first.index[first != photos.loc[first.index, "photo_id"]]
    out = photos.copy()
    out.loc[copies, "status"] = schema.DUPLICATE
    out.loc[copies, "reason"] = "same bytes as " + first[copies]
    return out
