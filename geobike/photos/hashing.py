"""Read each photo as a whole: its digest, and whether it is whole and can be decoded."""

import hashlib
import os
from collections.abc import Generator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, NamedTuple, Protocol

from geobike.errors import UnreadablePhoto
from geobike.io import remote
from geobike.io.parallel import in_order
from geobike.photos import decoding
from geobike.photos.discovery import PhotoFile

THREADS: Final = 8
"""Photos read at once. Digests and reads take two cores' time at most, slow disks and stores wait;
each holds one file in memory."""


class FileHash(NamedTuple):
    """What a whole file says."""

    sha256: str | None
    """Of its bytes; None where they cannot be read."""
    fault: str | None = None
    """Why the photo cannot be used."""


class HashCache(Protocol):
    """Where digests are kept from run to run: the store."""

    def hashes(self, keys: Sequence[str]) -> Mapping[str, str]:
        """Return the SHA-256 for those keys of `key` that are known."""
        ...

    def keep_hashes(self, hashes: Mapping[str, str]) -> None:
        """Keep SHA-256 by key."""
        ...


def read(
    files: Iterable[PhotoFile], *, max_pixels: int = decoding.MAX_PIXELS, threads: int = THREADS
) -> Generator[FileHash, None, None]:
    """Yield a digest for each photo, in their order; several are read at once."""
    one = partial(_one, max_pixels=max_pixels)
    with ThreadPoolExecutor(threads) as pool:
        try:
            yield from in_order(pool, one, files, 2 * threads)
        finally:
            pool.shutdown(cancel_futures=True)


def _one(file: PhotoFile, max_pixels: int) -> FileHash:
    digest = None
    try:
        if file.fault is not None:
            raise UnreadablePhoto(file.fault)
        decoding.refuse_large(file.size or 0)
        data = decoding.read_bytes(file.path)
        digest = hashlib.sha256(data).hexdigest()
        decoding.upright_size(data, max_pixels=max_pixels)
        return FileHash(digest)
    except UnreadablePhoto as error:
        return FileHash(digest, fault=str(error))


def key(file: PhotoFile) -> str | None:
    """Return what names a file's present content: path, size and time of change, hashed.

    The same path, size and time (or, elsewhere, ETag) are taken for the same bytes. Hashed, so
    that a store of detections that is handed on tells no paths. None where nothing tells.
    """
    if file.fault is not None:
        return None
    state = file.state
    if not remote.is_remote(file.path):
        try:
            found = os.stat(file.path)  # noqa: PTH116 - a Path for each of a million takes time
        except OSError:
            return None
        state = f"{found.st_size} {found.st_mtime_ns}"
    if state is None:
        return None
    named = f"{file.path}\0{file.size} {state}".encode(errors="surrogateescape")
    return hashlib.sha256(named).hexdigest()
