"""What a store in SQLite knows of the bytes of a photo, for processes that hash photos.

Apart from the rest of the store, since each of them would import pandas with it.
"""

import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from geobike.photos.hashing import Before

WAIT: Final = 60.0  # seconds for another process to finish its write
_WAIT_FOR_ONE: Final = 1.0  # seconds for it, where what would be read only saves time
UNREADABLE: Final = (sqlite3.Error, OSError, UnicodeError)
"""What opening or reading raises; a damaged schema, say, is text that is not UTF-8."""
_FIND_HEADERS: Final = "SELECT 1 FROM sqlite_master WHERE name = 'headers'"


@contextmanager
def recalled(path: Path, edition: str) -> Iterator[Callable[[str], Before]]:
    """Yield what tells threads what the store at a path knows of a SHA-256.

    It knows nothing where the store cannot be read, and from then on: a photo is opened sooner than
    a store that another program holds.
    """
    lock = threading.Lock()
    is_held = False

    def before(digest: str) -> Before:
        nonlocal is_held
        with lock:
            if is_held:
                return Before()
            try:
                return _before(connection, digest, edition, has_headers=has_headers)
            except UNREADABLE:
                is_held = True
                return Before()

    try:
        connection = open_to_read(path, wait=_WAIT_FOR_ONE, check_same_thread=False)
        has_headers = connection.execute(_FIND_HEADERS).fetchone() is not None
    except UNREADABLE:
        yield lambda _: Before()
        return
    with closing(connection):
        yield before


def _before(
    connection: sqlite3.Connection, digest: str, edition: str, *, has_headers: bool
) -> Before:
    ask = connection.execute
    if has_headers:
        query = (
            "SELECT record, whole, crc32 FROM headers WHERE sha256 = ? AND edition = ? AND whole"
        )
        found = ask(query, (digest, edition)).fetchone()
        if found is not None and is_header(digest, edition, *found):
            return Before(header=found[0])
    answered = ask("SELECT 1 FROM answers WHERE sha256 = ?", (digest,)).fetchone()
    return Before(decoded=answered is not None)


def is_header(digest: str, edition: str, record: object, whole: object, crc32: object) -> bool:
    """Tell whether a row of the table `headers` is as it was written."""
    return (
        isinstance(record, bytes)
        and whole in (0, 1)
        and crc32 == checksum(digest, edition, record, whole == 1)
    )


def checksum(digest: str, edition: str, record: bytes, whole: bool) -> int:
    """Return the checksum of a row of the table `headers`."""
    key = f"{digest} {edition} {whole:d} ".encode("utf-8", "surrogatepass")
    return zlib.crc32(record, zlib.crc32(key))


def open_to_read(
    path: Path, *, wait: float = WAIT, check_same_thread: bool = True
) -> sqlite3.Connection:
    """Open a store to read only. Raises what `UNREADABLE` says."""
    address = path.resolve().as_uri()
    connect = partial(sqlite3.connect, uri=True, timeout=wait, check_same_thread=check_same_thread)
    try:
        connection = connect(f"{address}?mode=ro")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        # In a folder that cannot be written, SQLite cannot keep its log; then nobody else can.
        connection = connect(f"{address}?mode=ro&immutable=1")
    return connection
