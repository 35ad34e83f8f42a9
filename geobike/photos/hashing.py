"""Read whole photo files: their SHA-256, and whether they are complete and can be decoded."""

import hashlib
import os
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, nullcontext
from functools import partial
from typing import Final, NamedTuple, Protocol

from geobike.errors import UnreadablePhoto
from geobike.io import remote
from geobike.io.parallel import in_order, spread
from geobike.photos import decoding
from geobike.photos.discovery import PhotoFile

THREADS: Final = 8
"""Photos read at once; each holds one file in memory. Hashing keeps two cores busy at most: the
threads wait for slow disks and stores."""


_PART: Final = 100  # photos that a process reads at a time; a stopped run reads some of them again


class FileHash(NamedTuple):
    """What reading a whole file gives."""

    sha256: str | None
    """Of the bytes; None where they cannot be read."""
    fault: str | None = None
    """Why the photo cannot be used."""


class HashCache(Protocol):
    """Keeps hashes from run to run, as the store does."""

    def hashes(self, keys: Sequence[str]) -> Mapping[str, str]:
        """Return the SHA-256 of those keys, as `key` makes them, that are known."""
        ...

    def keep_hashes(self, hashes: Mapping[str, str]) -> None:
        """Keep hashes by key."""
        ...

    def decoded(self) -> "Decoded | None":
        """Return what tells which photos were decoded before; None where that is not fast."""
        ...


Decoded = Callable[[], AbstractContextManager[Callable[[str], bool]]]
"""Opens, also in another process, what tells whether the bytes of a SHA-256 were decoded once."""


def read(
    files: Iterable[PhotoFile], *, max_pixels: int = decoding.MAX_PIXELS, threads: int = THREADS
) -> Generator[FileHash, None, None]:
    """Yield the hash of each photo, in order; several are read at once."""
    one = partial(_one, max_pixels=max_pixels)
    with ThreadPoolExecutor(threads) as pool:
        try:
            yield from in_order(pool, one, files, 2 * threads)
        finally:
            pool.shutdown(cancel_futures=True)


def read_in_processes(
    files: Sequence[PhotoFile],
    *,
    max_pixels: int = decoding.MAX_PIXELS,
    decoded: Decoded | None = None,
) -> Generator[FileHash, None, None]:
    """Do what `read` does, for many photos on this machine: of small ones Python is the most work.

    Those that were `decoded` before can be opened: only their limits are looked at again. Photos
    whose pixels have to be decoded are left to `read`, since the limit on the pixels that are
    decoded at once is that of one process.
    """
    parts = [files[at : at + _PART] for at in range(0, len(files), _PART)]
    work = partial(_read_quickly, max_pixels=max_pixels, decoded=decoded)
    with closing(spread(work, parts)) as answers:
        for part, found in zip(parts, answers, strict=True):
            slow = [file for file, one in zip(part, found, strict=True) if one is None]
            with closing(read(slow, max_pixels=max_pixels)) as others:
                for one in found:
                    yield next(others) if one is None else one


def _read_quickly(
    files: Sequence[PhotoFile], *, max_pixels: int, decoded: Decoded | None
) -> list[FileHash | None]:
    """Return the hash of each photo, None for one whose pixels have to be decoded."""
    threads = max(2, THREADS // (os.cpu_count() or 1))
    out: list[FileHash | None] = [None] * len(files)

    def share(first: int) -> None:  # a task for each photo would take as long as its hash
        for place in range(first, len(files), threads):
            out[place] = _quickly(files[place], max_pixels, before)

    opened = nullcontext(_never) if decoded is None else decoded()
    with opened as before, ThreadPoolExecutor(threads) as pool:
        list(pool.map(share, range(threads)))
    return out


def _never(_: str) -> bool:
    return False


def _quickly(file: PhotoFile, max_pixels: int, decoded: Callable[[str], bool]) -> FileHash | None:
    try:
        data = _bytes(file)
    except UnreadablePhoto as error:
        return FileHash(None, fault=str(error))
    return _hash(data, max_pixels, decoded) if decoding.is_quick(data) else None


def _one(file: PhotoFile, max_pixels: int) -> FileHash:
    try:
        return _hash(_bytes(file), max_pixels)
    except UnreadablePhoto as error:
        return FileHash(None, fault=str(error))


def _bytes(file: PhotoFile) -> bytes:
    if file.fault is not None:
        raise UnreadablePhoto(file.fault)
    decoding.check_file_size(file.size or 0)
    return decoding.read_bytes(file.path, follow_links=False)


def _hash(data: bytes, max_pixels: int, decoded: Callable[[str], bool] = _never) -> FileHash:
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        if not (decoded(sha256) and decoding.is_regular(data, max_pixels=max_pixels)):
            decoding.upright_size(data, max_pixels=max_pixels)
        return FileHash(sha256)
    except UnreadablePhoto as error:
        return FileHash(sha256, fault=str(error))


def key(file: PhotoFile) -> str | None:
    """Return a hash of path, size and modification time, which identifies a file's content.

    Files of the same path, size and time (or ETag, if remote) are taken to have the same bytes. It
    is a hash, so that a store of detections that is passed on reveals no paths. None where the
    state of the file is unknown.
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
