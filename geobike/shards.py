"""Detections as Parquet shards in a folder: the store that many machines fill at once.

A shard is written once, by one worker, and appears whole or not at all; none is ever changed. The
folder is one that all machines share, or an fsspec address such as s3://bucket/detections. A shard
has one row for each box, and for a photo without any box one row without a label. Any program that
reads Parquet reads the folder as one table.
"""

import io
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from geobike import files, remote
from geobike.detect import Box, Detection
from geobike.errors import InputError, MissingPackageError, StoreError
from geobike.store import Model

SUFFIX: Final = ".parquet"

_DETECTIONS: Final = {
    "sha256": "string",  # of the photo file's bytes
    "detector": "string",
    "version": "string",
    "label": "string",  # null: no box at all
    "score": "float64",
    "xmin": "float64",
    "ymin": "float64",
    "xmax": "float64",
    "ymax": "float64",
}
_FILES: Final = {
    "key": "string",  # of the file's path, size and time of change: digests.key
    "sha256": "string",  # of its bytes
}
_FOLDER_OF_FILES: Final = "_files"  # programs that read a folder of Parquet pass over _ and .
_READERS: Final = 16
"""Shards read at once: a bucket answers many requests as fast as one."""
_TOGETHER: Final = 256  # shards of 50 photos take 30 kB each


def new_name() -> str:
    """Return a name that no other shard has. Names sort by the time at which they were given."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{secrets.token_hex(8)}{SUFFIX}"


class Shards:
    """A store of shards. What other machines add while it is open is seen too."""

    def __init__(self, folder: str | Path, *, read_only: bool = False) -> None:
        """Name the folder, which the first shard makes. Raises StoreError for a file."""
        self.path = folder if remote.is_remote(folder) else Path(folder).absolute()
        if isinstance(self.path, Path) and self.path.is_file():
            raise StoreError(
                f"store {folder}: a file, and on a cluster the store is a folder of Parquet "
                "shards, since SQLite is not shared across machines; name another --store"
            )
        self._detections = _Tables(self.path, "detections", _DETECTIONS)
        self._answered: dict[str, dict[Model, list[str]]] = {}
        self._files = _Tables(files.within(self.path, _FOLDER_OF_FILES), "files", _FILES)
        if read_only and not self._detections.names():
            raise StoreError(f"store {remote.shown(folder)}: no such folder, or nothing in it")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Do nothing: shards are complete as they are. A `Store` is used in a `with` block."""

    def models(self) -> dict[Model, int]:
        """Return each detector that has answered, with the number of its photos."""
        found: dict[Model, set[str]] = {}
        for answered in self._index().values():
            for model, digests in answered.items():
                found.setdefault(model, set()).update(digests)
        return {model: len(digests) for model, digests in found.items()}

    def missing(self, digests: Iterable[str], model: Model) -> list[str]:
        """Return the digests that this detector has not answered, in order."""
        known = set(chain(*(answered.get(model, ()) for answered in self._index().values())))
        return [digest for digest in digests if digest not in known]

    def get(self, digests: Iterable[str], model: Model) -> Iterator[tuple[str, list[Detection]]]:
        """Yield digest and detections of those photos that this detector has answered.

        Of a photo that two runs answered at the same time, the first answer stands.
        """
        asked = set(digests)
        names = [name for name, answered in self._index().items() if model in answered]
        for _, table in self._detections.read(names):
            found: dict[str, list[Detection]] = {}
            columns = [column.to_pylist() for column in table.columns]
            for digest, detector, version, label, score, *box in zip(*columns, strict=True):
                if digest in asked and model == (detector, version):
                    detections = found.setdefault(digest, [])
                    if label is not None:
                        detections.append(Detection(label, score, Box(*box)))
            asked -= found.keys()
            yield from found.items()

    def put(
        self, answers: Mapping[str, Sequence[Detection]], model: Model, *, name: str | None = None
    ) -> None:
        """Keep the answers of many photos, at least one, before returning; all or none.

        Raises StoreError.
        """
        nothing = [(None,) * 6]
        rows = [
            (digest, *model, *values)
            for digest, found in answers.items()
            for values in ([(one.label, one.score, *one.box) for one in found] or nothing)
        ]
        self._detections.put(zip(*rows, strict=True), name or new_name())

    def answered(self, name: str) -> set[str]:
        """Return the digests of the photos in one shard; none where there is no such shard."""
        try:
            return set(self._detections.load(name)["sha256"].to_pylist())
        except OSError:  # as a rule there is none yet
            return set()

    def digests(self, keys: Iterable[str]) -> dict[str, str]:
        """Return the SHA-256 for those keys of `geobike.digests.key` that are known."""
        asked, found = set(keys), dict[str, str]()
        for _, table in self._files.read(self._files.names()):
            pairs = zip(table["key"].to_pylist(), table["sha256"].to_pylist(), strict=True)
            found |= {key: sha256 for key, sha256 in pairs if key in asked}
        return found

    def keep_digests(self, digests: Mapping[str, str]) -> None:
        """Keep SHA-256 by key."""
        if digests:
            self._files.put([digests.keys(), digests.values()], new_name())

    def _index(self) -> dict[str, dict[Model, list[str]]]:
        """Return who answered which photos, by shard, the oldest first; new shards are read."""
        names = self._detections.names()
        new = [name for name in names if name not in self._answered]
        for name, table in self._detections.read(new, columns=["sha256", "detector", "version"]):
            answered: dict[Model, list[str]] = {}
            for row in table.group_by(table.schema.names).aggregate([]).to_pylist():
                model = Model(row["detector"], row["version"])
                answered.setdefault(model, []).append(row["sha256"])
            self._answered[name] = answered
        return {name: self._answered[name] for name in names}


class _Tables:
    """The Parquet files of one kind in a folder."""

    def __init__(self, folder: str | Path, kind: str, columns: Mapping[str, str]) -> None:
        self._folder, self._columns = folder, columns
        # In the metadata of every shard, so that another program's Parquet file is refused.
        self._layout = {b"geobike": f"{kind} 1".encode()}

    def read(
        self, names: Sequence[str], *, columns: Sequence[str] | None = None
    ) -> Iterator[tuple[str, Any]]:
        """Yield name and table of these files, in order; few are in memory at a time."""
        with ThreadPoolExecutor(_READERS) as readers:
            for start in range(0, len(names), _TOGETHER):
                some = names[start : start + _TOGETHER]
                load = partial(self.load, columns=columns)
                try:
                    yield from zip(some, readers.map(load, some), strict=True)
                except OSError as error:
                    raise self._unreachable(error) from None

    def put(self, columns: Iterable[Iterable[Any]], name: str) -> None:
        arrow = _arrow()
        from pyarrow import parquet

        table = arrow.table([list(column) for column in columns], schema=self._schema())
        try:
            with files.whole(files.within(self._folder, name)) as part:
                parquet.write_table(table, part, compression="zstd")
        except InputError as error:
            raise StoreError(f"store {error}") from None

    def names(self) -> list[str]:
        """Return the names of the files, the oldest first."""
        try:
            if isinstance(self._folder, Path):
                folder = self._folder
                found = [one.name for one in folder.iterdir()] if folder.exists() else []
            else:
                found = [one.name for one in remote.find(self._folder, ()).objects]
        except OSError as error:
            raise self._unreachable(error) from None
        # Unfinished files begin with a dot.
        names = sorted(name for name in found if not name.startswith((".", "_")))
        foreign = [name for name in names if not name.endswith(SUFFIX)]
        if foreign:
            raise self._fault(foreign[0], "is no shard of geobike")
        return names

    def load(self, name: str, *, columns: Sequence[str] | None = None) -> Any:
        """Return one table. Raises OSError where there is none, StoreError where it is damaged."""
        arrow = _arrow()
        from pyarrow import parquet

        data = files.read_bytes(files.within(self._folder, name))
        try:
            file = parquet.ParquetFile(io.BytesIO(data))
            schema = file.schema_arrow
            if (
                schema.names == list(self._columns)
                and self._layout.items() <= (schema.metadata or {}).items()
            ):
                return file.read(columns)
        except (arrow.ArrowException, OSError):
            raise self._fault(name, "is damaged, or no Parquet file") from None
        raise self._fault(name, "is no shard of geobike, or of another version's")

    def _schema(self) -> Any:
        arrow = _arrow()
        return arrow.schema(self._columns.items(), metadata=self._layout)

    def _unreachable(self, error: OSError) -> StoreError:
        why = error.strerror or error
        return StoreError(f"store {remote.shown(self._folder)}: cannot be read: {why}")

    def _fault(self, name: str, what: str) -> StoreError:
        return StoreError(f"store {remote.shown(self._folder)}: {name} {what}; move it elsewhere")


def _arrow() -> Any:
    try:
        import pyarrow
    except ImportError:
        raise MissingPackageError("A store of Parquet shards", "cluster") from None
    return pyarrow
