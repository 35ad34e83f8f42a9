"""Read whole photo files: their SHA-256, and whether they are complete and can be decoded.

Where that is asked for, their header comes with it, so that each file is opened once.
"""

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
from geobike.photos import decoding, metadata, records
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
    header: bytes | None = None
    """What its header says, as `records.columns` takes it; None where that was not asked for."""
    recalled: bool = False
    """Whether that is from an earlier run, in which these bytes were read without a fault."""


class Before(NamedTuple):
    """What earlier runs know of the bytes of a file."""

    header: bytes | None = None
    """The record of the header, where this edition of the code found no fault in all bytes."""
    decoded: bool = False
    """Else whether a detector answered for them, so that they were decoded once."""


Recall = Callable[[], AbstractContextManager[Callable[[str], Before]]]
"""Opens, also in another process, what tells threads what is known of the bytes of a SHA-256."""


class HashCache(Protocol):
    """Keeps hashes and headers from run to run, as the store does."""

    def hashes(self, keys: Sequence[str]) -> Mapping[str, str]:
        """Return the SHA-256 of those keys, as `key` makes them, that are known."""
        ...

    def keep_hashes(self, hashes: Mapping[str, str]) -> None:
        """Keep hashes by key."""
        ...

    def headers(self, digests: Sequence[str], edition: str) -> Mapping[str, bytes]:
        """Return the records of headers, by SHA-256, that this edition of the code has read."""
        ...

    def keep_headers(self, found: Mapping[str, bytes], edition: str, *, whole: bool) -> None:
        """Keep the records of headers that this edition of the code has read, by SHA-256.

        `whole` says that it has read all bytes of these photos, without a fault.
        """
        ...

    def recall(self, edition: str) -> Recall | None:
        """Return what tells what is known of a photo's bytes; None where that is not fast."""
        ...


def read(
    files: Iterable[PhotoFile],
    *,
    max_pixels: int = decoding.MAX_PIXELS,
    threads: int = THREADS,
    headers: bool = False,
) -> Generator[FileHash, None, None]:
    """Yield the hash of each photo, in order, with its header if asked for; several at once."""
    one = partial(_one, max_pixels=max_pixels, headers=headers)
    with ThreadPoolExecutor(threads) as pool:
        try:
            yield from in_order(pool, one, files, 2 * threads)
        finally:
            pool.shutdown(cancel_futures=True)


def read_in_processes(
    files: Sequence[PhotoFile],
    *,
    max_pixels: int = decoding.MAX_PIXELS,
    headers: bool = False,
    recall: Recall | None = None,
) -> Generator[FileHash, None, None]:
    """Do what `read` does, for many photos on this machine: of small ones Python is the most work.

    Those that `recall` says were decoded before can be opened: only their limits are looked at
    again. Those whose header it has are hashed alone. Photos whose pixels have to be decoded are
    left to `read`, since the limit on the pixels that are decoded at once is that of one process.
    """
    parts = [files[at : at + _PART] for at in range(0, len(files), _PART)]
    work = partial(_read_quickly, max_pixels=max_pixels, headers=headers, recall=recall)
    with closing(spread(work, parts)) as answers:
        for part, found in zip(parts, answers, strict=True):
            slow = [file for file, one in zip(part, found, strict=True) if one is None]
            with closing(read(slow, max_pixels=max_pixels, headers=headers)) as others:
                for one in found:
                    yield next(others) if one is None else one


def _read_quickly(
    files: Sequence[PhotoFile], *, max_pixels: int, headers: bool, recall: Recall | None
) -> list[FileHash | None]:
    """Return the hash of each photo, None for one whose pixels have to be decoded."""
    threads = max(2, THREADS // (os.cpu_count() or 1))
    out: list[FileHash | None] = [None] * len(files)
    read = partial(_quickly, max_pixels=max_pixels, headers=headers)

    def share(first: int) -> None:  # a task for each photo would take as long as its hash
        for place in range(first, len(files), threads):
            out[place] = read(files[place], before=before)

    opened = nullcontext(_nothing) if recall is None else recall()
    with opened as before, ThreadPoolExecutor(threads) as pool:
        list(pool.map(share, range(threads)))
    return _believed(out, max_pixels)


def _believed(found: list[FileHash | None], max_pixels: int) -> list[FileHash | None]:
    """Return the hashes, None where a header of an earlier run is not `records.usable` now."""
    given = {row: one.header or b"" for row, one in enumerate(found) if one and one.recalled}
    right = records.usable(list(given.values()), max_pixels=max_pixels).tolist()
    wrong = {row for row, ok in zip(given, right, strict=True) if not ok}
    return [None if row in wrong else one for row, one in enumerate(found)]


def _nothing(_: str) -> Before:
    return Before()


def _quickly(
    file: PhotoFile, *, max_pixels: int, headers: bool, before: Callable[[str], Before]
) -> FileHash | None:
    try:
        data = _bytes(file)
    except UnreadablePhoto as error:
        return _unreadable(file, error, max_pixels, headers=headers)
    if not decoding.is_quick(data):
        return None
    return _hash(file, data, max_pixels, headers=headers, before=before)


def _one(file: PhotoFile, max_pixels: int, *, headers: bool) -> FileHash:
    try:
        return _hash(file, _bytes(file), max_pixels, headers=headers)
    except UnreadablePhoto as error:
        return _unreadable(file, error, max_pixels, headers=headers)


def _unreadable(
    file: PhotoFile, error: UnreadablePhoto, max_pixels: int, *, headers: bool
) -> FileHash:
    header = metadata.record_of(file, None, max_pixels=max_pixels) if headers else None
    return FileHash(None, str(error), header)


def _bytes(file: PhotoFile) -> bytes:
    if file.fault is not None:
        raise UnreadablePhoto(file.fault)
    decoding.check_file_size(file.size or 0)
    return decoding.read_bytes(file.path, follow_links=False)


def _hash(
    file: PhotoFile,
    data: bytes,
    max_pixels: int,
    *,
    headers: bool = False,
    before: Callable[[str], Before] = _nothing,
) -> FileHash:
    sha256 = hashlib.sha256(data).hexdigest()
    header, decoded = before(sha256)
    if headers and header is not None:  # the same code found no fault in these very bytes
        return FileHash(sha256, None, header, recalled=True)
    header = metadata.record_of(file, data, max_pixels=max_pixels) if headers else None
    try:
        if not (decoded and decoding.is_regular(data, max_pixels=max_pixels)):
            decoding.upright_size(data, max_pixels=max_pixels)
        return FileHash(sha256, None, header)
    except UnreadablePhoto as error:
        return FileHash(sha256, str(error), header)


def key(file: PhotoFile) -> str | None:
    """Return a hash of path, size and times of change, which identifies a file's content.

    Files of the same path, size and times (or ETag, if remote) are taken to have the same bytes.
    One of the times is that of the inode: `exiftool -P` corrects a position in place, and keeps
    size and modification time. It is a hash, so that a store of detections that is passed on
    reveals no paths. None where the state of the file is unknown.
    """
    if file.fault is not None:
        return None
    state = file.state
    if not remote.is_remote(file.path):
        try:
            found = os.stat(file.path)  # noqa: PTH116 - a Path for each of a million takes time
        except OSError:
            return None
        state = f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"
    if state is None:
        return None
    named = f"{file.path}\0{file.size} {state}".encode(errors="surrogateescape")
    return hashlib.sha256(named).hexdigest()
