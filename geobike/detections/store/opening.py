"""Open a store: the only module that decides which class reads and writes a path."""

from pathlib import Path
from typing import Literal

from geobike.detections.store import kind, parquet
from geobike.detections.store.kind import Kind
from geobike.detections.store.parquet import Shards
from geobike.detections.store.protocol import IN_MEMORY, DetectionStore
from geobike.detections.store.sqlite import Store
from geobike.errors import InputError, StoreError
from geobike.io.files import join
from geobike.io.redaction import redact
from geobike.io.remote import is_remote

Mode = Literal["read", "write", "existing"]
"""`write` creates a missing store. The others create and change nothing: `read` raises if it is
missing, `existing` treats it as empty, and reads either kind."""


def open_store(path: str | Path | None, mode: Mode = "write") -> DetectionStore:
    """Open the store of a run on this machine: a SQLite file; None keeps it in memory.

    Use it in a `with` block, one thread at a time. Raises StoreError for a path that means shards,
    unless the mode is `existing`, and for one that cannot be opened; InputError for None to `read`.
    """
    if path is None:
        if mode == "read":
            raise InputError("the cached detector needs the store that holds them: --store FILE")
        return Store(IN_MEMORY)
    if mode == "existing":
        return _open_existing(path)
    return Store(path, read_only=mode == "read")


def open_shared(
    path: str | Path | None, mode: Mode = "write", *, reader: parquet.Reader = parquet.read_here
) -> Shards:
    """Open a store that several machines write to: a folder or URL of Parquet shards.

    `reader` has the shards read, here or on workers. Raises StoreError for a SQLite file and, to
    `read`, where there is nothing; InputError for None; MissingPackageError without pyarrow.
    """
    if path is None:
        raise InputError("workers of a cluster need a folder to write to: --store FOLDER")
    return Shards(path, read_only=mode != "write", optional=mode == "existing", reader=reader)


def shared(store: DetectionStore) -> Shards:
    """Return the store if several machines can write to it. Raises StoreError for another."""
    if isinstance(store, Shards):
        return store
    raise StoreError(f"store {store.path}: not a folder of shards, which workers of a cluster need")


def default_path(out: str, *, shared: bool) -> str:
    """Return where a run keeps its detections if nobody names a store.

    Raises InputError for an `out` that is a URL, where a store of one file cannot be.
    """
    if shared:
        return str(join(out, "shards"))
    if is_remote(out):
        raise InputError(
            f"--out {redact(out)}: detections are kept on this machine; say where: "
            "--store detections.sqlite"
        )
    return str(join(out, "detections.sqlite"))


def _open_existing(path: str | Path) -> DetectionStore:
    found = kind.of(path)
    if found is Kind.PARQUET:
        return open_shared(path, "existing")
    return Store(path, read_only=True) if found is Kind.SQLITE else Store(IN_MEMORY)
