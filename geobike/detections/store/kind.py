"""Which kind of store a path means: one SQLite file on this machine, or a folder of Parquet shards.

SQLite cannot be shared by several machines; shards can, on a disk or at a URL (fsspec).
"""

from enum import Enum
from pathlib import Path

from geobike.errors import StoreError
from geobike.io import remote
from geobike.io.redaction import redact


class Kind(Enum):
    """The kinds of store."""

    SQLITE = "sqlite"
    PARQUET = "parquet"


def of(path: str | Path) -> Kind | None:
    """Return the kind of store that a path means; None where nothing is there yet."""
    if remote.is_remote(path) or Path(path).is_dir():
        return Kind.PARQUET
    return Kind.SQLITE if Path(path).is_file() else None


def check(path: str | Path, wanted: Kind) -> None:
    """Raise StoreError for a path that means a store of the other kind."""
    if of(path) in (None, wanted):
        return
    if wanted is Kind.PARQUET:
        raise StoreError(
            f"store {path}: a file, and on a cluster the store is a folder of Parquet "
            "shards, since SQLite is not shared across machines; name another --store"
        )
    if remote.is_remote(path):
        raise StoreError(
            f"store {redact(path)}: one SQLite file, which stays on this machine; "
            "--store detections.sqlite"
        )
    raise StoreError(
        f"store {path}: a folder; name a file, or, if it is a folder of shards, add --engine dask"
    )
