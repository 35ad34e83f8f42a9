"""Detections kept on disk, so that no photo is detected twice by the same model.

One SQLite file. The key is the photo's SHA-256 with the detector's name and version, the value all
its boxes, possibly none. Each answer is committed by itself: a run that is killed loses at most the
photos in progress. Several processes may share a store on a local disk.
"""

import json
import os
import sqlite3
import sys
import time
import zlib
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import count, repeat
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import pandas as pd

from geobike.detections.store import kind, recall
from geobike.detections.store.protocol import IN_MEMORY, Model, Transform, unchanged
from geobike.detectors import check
from geobike.detectors.protocol import Box, Detection
from geobike.errors import StoreError
from geobike.photos.hashing import Recall
from geobike.progress import Track, silent

_APPLICATION_ID: Final = 0x67656F62  # "geob", so that another program's SQLite file is rejected
_LAYOUT: Final = 1
_NUMBERS: Final = ("score", *Box._fields)
_TOGETHER: Final = 100  # rows that are fetched at a time; boxes of a photo take some kB
_BATCH: Final = 10_000  # digests in one query: under 1 MB

_REMEDY: Final = "take the store from a backup, or name another --store to detect anew"

_ENCODE: Final = json.JSONEncoder(allow_nan=False).encode
_DECODE: Final = json.JSONDecoder().decode

_CREATE: Final = """
CREATE TABLE IF NOT EXISTS answers (
    sha256 TEXT NOT NULL,       -- of the photo file's bytes
    detector TEXT NOT NULL,
    version TEXT NOT NULL,
    boxes TEXT NOT NULL,        -- JSON: [[label, score, xmin, ymin, xmax, ymax], ...]
    answered_at TEXT NOT NULL,  -- ISO 8601, UTC
    crc32 INTEGER,              -- of key and boxes: _checksum; NULL from before geobike wrote it
    PRIMARY KEY (sha256, detector, version)
) WITHOUT ROWID
"""


_CREATE_FILES: Final = """
CREATE TABLE IF NOT EXISTS files (
    key TEXT PRIMARY KEY,       -- of the file's path, size and time of change: hashing.key
    sha256 TEXT NOT NULL        -- of its bytes
) WITHOUT ROWID
"""

_CREATE_HEADERS: Final = """
CREATE TABLE IF NOT EXISTS headers (
    sha256 TEXT PRIMARY KEY,    -- of the photo file's bytes
    edition TEXT NOT NULL,      -- of the code that read its header: geobike.photos.edition
    record BLOB NOT NULL,       -- what the header says: geobike.photos.records
    whole INTEGER NOT NULL,     -- 1 where that code has read all bytes and found no fault
    crc32 INTEGER NOT NULL      -- of all these
) WITHOUT ROWID
"""

_FIND_CHECKSUMS: Final = "SELECT 1 FROM pragma_table_info('answers') WHERE name = 'crc32'"


class Store:
    """An open store. Use it in a `with` block; one thread at a time."""

    def __init__(self, path: str | Path, *, read_only: bool = False) -> None:
        """Open the file, or make it. Raises StoreError where that cannot be done."""
        kind.check(path, kind.Kind.SQLITE)
        self.path = Path(path)
        if read_only and not self.path.is_file():
            raise StoreError(f"store {path}: no such file")
        try:
            self._connection = recall.open_to_read(self.path) if read_only else _open(self.path)
            self._check_kind()
            self._has_checksums = _has_checksums(self._connection)
        except recall.UNREADABLE as error:
            raise StoreError(f"store {path}: cannot be opened: {_cause(error)}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def has_answers(self) -> bool:
        """Tell whether any detector has answered."""
        return next(self._rows("SELECT 1 FROM answers LIMIT 1"), None) is not None

    def models(self) -> dict[Model, int]:
        """Return each detector that has answered, with the number of its photos."""
        rows = self._rows(
            "SELECT detector, version, count(*) FROM answers GROUP BY detector, version"
        )
        found = {Model(name, version): photos for name, version, photos in rows}
        for wrong in filter(None, (check.wrong_label(text) for model in found for text in model)):
            raise StoreError(f"store {self.path}: damaged, a detector has {wrong}; {_REMEDY}")
        return found

    def get(self, digests: Sequence[str], model: Model) -> Iterator[tuple[str, list[Detection]]]:
        """Yield digest and detections of those photos that this detector has answered."""
        for digest, labels, numbers in self._answers(digests, model):
            columns = map(np.asarray, numbers)
            fault = check.first_wrong_label(np.arange(len(labels)), labels)
            if fault := fault or check.first_fault(*columns):
                raise self._damaged(digest, fault.what)
            rows = zip(labels, *numbers, strict=True)
            yield digest, [Detection(label, score, Box(*box)) for label, score, *box in rows]

    def _answers(
        self, digests: Sequence[str], model: Model
    ) -> Iterator[tuple[str, list[str], list["array[float]"]]]:
        """Yield digest, labels and columns of numbers of those photos that have an answer.

        Raises StoreError at the end where bytes have changed since they were written.
        """
        changed = []
        of_model = _checksum_of_model(model)
        for digest, boxes, checksum in self._stored(digests, model):
            if checksum is not None and checksum != _checksum(of_model, digest, boxes):
                changed.append(digest)
            else:
                yield digest, *self._columns(boxes, digest)
        if changed:
            raise self._changed(changed, model)

    def _stored(
        self, digests: Sequence[str], model: Model
    ) -> Iterator[tuple[str, bytes, int | None]]:
        for start in range(0, len(digests), _BATCH):
            checksum = "crc32" if self._look_for_checksums() else "NULL"
            yield from self._rows(
                # As bytes, so that text that is not UTF-8 is reported with its photo.
                f"SELECT sha256, CAST(boxes AS BLOB), {checksum} FROM answers "  # noqa: S608 - ours
                "WHERE detector = ? AND version = ? "
                "AND sha256 IN (SELECT value FROM json_each(?))",
                (*model, json.dumps(digests[start : start + _BATCH])),
            )

    def _look_for_checksums(self) -> bool:
        """Tell whether the store has checksums: another process may have added them since."""
        if not self._has_checksums:
            self._has_checksums = next(self._rows(_FIND_CHECKSUMS), None) is not None
        return self._has_checksums

    def boxes(
        self,
        digests: Iterable[str],
        model: Model,
        *,
        transform: Transform = unchanged,
        track: Track = silent,  # noqa: ARG002 - one query, over soon
    ) -> pd.DataFrame:
        """Do what `DetectionStore.boxes` says."""
        return transform(self._boxes(digests, model))

    def _boxes(self, digests: Iterable[str], model: Model) -> pd.DataFrame:
        place = {digest: row for row, digest in enumerate(digests)}
        # Bare numbers: models keep a hundred boxes per photo; as objects they would fill a laptop.
        code_of: defaultdict[str, int] = defaultdict(count().__next__)
        photo, code, numbers = array("i"), array("i"), {name: array("d") for name in _NUMBERS}
        for digest, labels, columns in self._answers(list(place), model):
            photo.extend(repeat(place[digest], len(labels)))
            code.extend(map(code_of.__getitem__, labels))
            for kept, column in zip(numbers.values(), columns, strict=True):
                kept.extend(column)
        photos, codes = (np.frombuffer(each, np.intc) for each in (photo, code))
        found = {name: np.frombuffer(kept) for name, kept in numbers.items()}
        if fault := check.first_wrong_label(codes, code_of) or check.first_fault(*found.values()):
            raise self._damaged([*place][photos[fault.row]], fault.what)
        label = pd.Categorical.from_codes(codes, pd.Index([*code_of], dtype="str"))
        return pd.DataFrame({"photo": photos, "label": label} | found, copy=False)

    def missing(self, digests: Iterable[str], model: Model) -> list[str]:
        """Return the digests that this detector has not answered, in order."""
        known = self._rows("SELECT sha256 FROM answers WHERE detector = ? AND version = ?", model)
        answered = {digest for (digest,) in known}
        return [digest for digest in digests if digest not in answered]

    def put(self, digest: str, model: Model, detections: Iterable[Detection]) -> None:
        """Keep one photo's answer before returning. The first answer of a detector is kept."""
        boxes = _ENCODE([[found.label, found.score, *found.box] for found in detections])
        now = datetime.now(UTC).isoformat(timespec="seconds")
        checksum = _checksum(_checksum_of_model(model), digest, boxes.encode())
        try:
            if not self._has_checksums:
                self._has_checksums = _with_checksums(self._connection)
            with self._connection:
                self._connection.execute(
                    "INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?, ?, ?)",
                    (digest, *model, boxes, now, checksum),
                )
        except (sqlite3.Error, UnicodeError) as error:
            raise StoreError(f"store {self.path}: cannot be written: {_cause(error)}") from None

    def hashes(self, keys: Sequence[str]) -> dict[str, str]:
        """Return the SHA-256 for those keys of `geobike.photos.hashing.key` that are known."""
        if not self._knows_files():
            return {}
        found = self._rows(
            "SELECT key, sha256 FROM files WHERE key IN (SELECT value FROM json_each(?))",
            (json.dumps(list(keys)),),
        )
        return dict(found)

    def keep_hashes(self, hashes: Mapping[str, str]) -> None:
        """Keep SHA-256 by key, where the store can be written and has a table for them.

        Other stores stay as they are, and their photos are read again in each run.
        """
        if self._knows_files():
            # In order, so that neighbours share a page.
            rows = sorted(hashes.items())
            self._insert(_CREATE_FILES, "INSERT OR REPLACE INTO files VALUES (?, ?)", rows)

    def headers(self, digests: Sequence[str], edition: str) -> dict[str, bytes]:
        """Return the records of headers, by SHA-256, that this edition of the code has read.

        One whose bytes have changed since it was written is left out.
        """
        found: dict[str, bytes] = {}
        if not self._has_table("headers"):
            return found
        for start in range(0, len(digests), _BATCH):
            rows = self._rows(
                "SELECT sha256, record, whole, crc32 FROM headers WHERE edition = ? "
                "AND sha256 IN (SELECT value FROM json_each(?))",
                (edition, json.dumps(digests[start : start + _BATCH])),
            )
            found |= {
                digest: record
                for digest, record, whole, checksum in rows
                if recall.is_header(digest, edition, record, whole, checksum)
            }
        return found

    def keep_headers(self, found: Mapping[str, bytes], edition: str, *, whole: bool) -> None:
        """Do what `DetectionStore.keep_headers` says.

        Only where hashes of files are kept too. A store from before headers were kept gets a table.
        """
        if not found or not self._knows_files():
            return
        rows = [
            (digest, edition, record, whole, recall.checksum(digest, edition, record, whole))
            for digest, record in sorted(found.items())
        ]
        self._insert(_CREATE_HEADERS, "INSERT OR REPLACE INTO headers VALUES (?, ?, ?, ?, ?)", rows)

    def recall(self, edition: str) -> Recall | None:
        """Do what `DetectionStore.recall` says."""
        if str(self.path) == IN_MEMORY or not self.has_answers():
            return None
        return partial(recall.recalled, self.path.absolute(), edition)

    def _insert(self, create: str, insert: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows to a table, where the store can be written."""
        try:
            with self._connection:
                self._connection.execute(create)
                self._connection.executemany(insert, rows)
        except sqlite3.OperationalError:
            return
        except sqlite3.Error as error:
            raise StoreError(f"store {self.path}: cannot be written: {_cause(error)}") from None

    def _knows_files(self) -> bool:
        """Tell whether hashes of files are kept; a store made for distribution keeps none."""
        return self._has_table("files")

    def _has_table(self, name: str) -> bool:
        found = self._rows("SELECT 1 FROM sqlite_master WHERE name = ?", (name,))
        return next(found, None) is not None

    def _rows(self, query: str, values: Sequence[str] = ()) -> Iterator[tuple[Any, ...]]:
        try:
            # A cursor itself would be closed with this generator, after the connection.
            fetch = self._connection.execute(query, values).fetchmany
            while rows := fetch(_TOGETHER):
                yield from rows
        except recall.UNREADABLE as error:
            raise StoreError(f"store {self.path}: cannot be read: {_cause(error)}") from None

    def _check_kind(self) -> None:
        (kind,) = self._connection.execute("PRAGMA application_id").fetchone()
        (layout,) = self._connection.execute("PRAGMA user_version").fetchone()
        if kind != _APPLICATION_ID:
            raise StoreError(f"store {self.path}: a SQLite file, but not a store of geobike")
        if layout != _LAYOUT:
            raise StoreError(
                f"store {self.path}: layout {layout}, and this geobike reads {_LAYOUT}; "
                "use the geobike that wrote it, or another --store"
            )

    def _columns(self, boxes: bytes, digest: str) -> tuple[list[str], list["array[float]"]]:
        """Return the labels of a photo's boxes, and their `_NUMBERS`, each in a column."""
        try:
            rows = _DECODE(boxes.decode("utf-8", "surrogatepass"))
            labels, *numbers = zip(*rows, strict=True) if rows != [] else [()] * 6
            columns = [array("d", column) for _, column in zip(_NUMBERS, numbers, strict=True)]
            return list(map(sys.intern, labels)), columns
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            raise self._damaged(digest, str(error)) from None

    def _changed(self, digests: Sequence[str], model: Model) -> StoreError:
        """Remove these answers, so that their photos are detected again; return what to say."""
        remedy = "they are removed: run again, and these photos are detected anew"
        try:
            with self._connection:
                self._connection.executemany(
                    "DELETE FROM answers WHERE sha256 = ? AND detector = ? AND version = ?",
                    [(digest, *model) for digest in digests],
                )
        except sqlite3.Error:
            remedy = _REMEDY
        photos = "photo" if len(digests) == 1 else f"{len(digests):,} photos, the first"
        return StoreError(
            f"store {self.path}: the boxes of {photos} {digests[0][:12]} are not those that were "
            f"stored, as their checksums show; {remedy}"
        )

    def _damaged(self, digest: str, what: str) -> StoreError:
        return StoreError(
            f"store {self.path}: the boxes of photo {digest[:12]} are damaged: {what}; {_REMEDY}"
        )


def _open(path: Path) -> sqlite3.Connection:
    """Open a store to write, or to read only, where it is there and cannot be written."""
    try:
        return _open_to_write(path)
    except (sqlite3.OperationalError, OSError):
        if path.is_file() and not os.access(path.parent, os.W_OK):
            return recall.open_to_read(path)
        raise


def _open_to_write(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=recall.WAIT)
    if not _has_tables(connection):
        _use_write_ahead_log(connection)
        # One transaction, so that a store is whole or not there, whoever else makes it too.
        connection.execute("BEGIN IMMEDIATE")
        if not _has_tables(connection):
            connection.execute(_CREATE)
            connection.execute(_CREATE_FILES)
            connection.execute(_CREATE_HEADERS)
            connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {_LAYOUT}")
        connection.commit()
    connection.execute("PRAGMA synchronous = NORMAL")  # with the log, safe against a kill
    return connection


def _has_checksums(connection: sqlite3.Connection) -> bool:
    return connection.execute(_FIND_CHECKSUMS).fetchone() is not None


def _with_checksums(connection: sqlite3.Connection) -> bool:
    """Give a store from before checksums a place for them, unless another process has just."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        if not _has_checksums(connection):
            connection.execute("ALTER TABLE answers ADD COLUMN crc32 INTEGER")
    return True


def _checksum_of_model(model: Model) -> int:
    return zlib.crc32("\0".join(model).encode("utf-8", "surrogatepass"))


def _checksum(of_model: int, digest: str, boxes: bytes) -> int:
    return zlib.crc32(boxes, zlib.crc32(digest.encode("utf-8", "surrogatepass"), of_model))


def _cause(error: Exception) -> str:
    """Return what SQLite says, and the remedy where it says none."""
    said = str(error)
    if "locked" in said:
        return f"{said}; another program uses it: wait until it is done, or name another --store"
    if "disk is full" in said:
        return f"{said}; make room on that disk, or name another --store"
    return said


def _has_tables(connection: sqlite3.Connection) -> bool:
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return bool(tables)


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Let others read while one writes. SQLite does not wait for this lock by itself."""
    deadline = time.monotonic() + recall.WAIT
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
