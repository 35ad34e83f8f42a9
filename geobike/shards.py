"""Detections as Parquet shards in a folder: the store that many machines fill at once.

A shard is written once, by one worker, and appears whole or not at all; none is ever changed. The
folder is one that all machines share, or an fsspec address such as s3://bucket/detections. A shard
has one row for each box, and for a photo without any box one row without a label. Any program that
reads Parquet reads the folder as one table.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike import files, remote
from geobike.detect import Box, Detection
from geobike.errors import InputError, MissingPackageError, StoreError
from geobike.store import NOWHERE, Model, Store

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
_MODEL: Final = ["detector", "version"]
_BOX: Final = ["label", "score", *Box._fields]
_FILES: Final = {
    "key": "string",  # of the file's path, size and time of change: digests.key
    "sha256": "string",  # of its bytes
}
_FOLDER_OF_FILES: Final = "_files"  # programs that read a folder of Parquet pass over _ and .
_NO_BOX: Final = pd.DataFrame(
    {"label": pd.Series([], dtype="str"), "photo": pd.Series([], dtype="int64")}
    | {name: pd.Series([], dtype="float64") for name in ("score", *Box._fields)}
)
_READERS: Final = 16
"""Shards fetched at once: a bucket answers many requests as fast as one."""
_TOGETHER: Final = 100  # shards of 50 photos take 30 kB each


def existing(store: str | Path | None) -> "Store | Shards":
    """Open a store of either kind to look into it, or an empty one where there is none.

    Nothing is made or changed. Raises StoreError.
    """
    if store is not None and (remote.is_remote(store) or Path(store).is_dir()):
        return Shards(store, read_only=True, optional=True)
    if store is not None and Path(store).is_file():
        return Store(store, read_only=True)
    return Store(NOWHERE)


def new_name() -> str:
    """Return a name that no other shard has. Names sort by the time at which they were given."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{secrets.token_hex(8)}{SUFFIX}"


Summary = Mapping[Model, Any]
"""An Arrow table for each model: `sha256` of a photo, `shard`, the place of its shard."""

Summaries = Callable[[Sequence[Sequence[str]]], Iterator[tuple[Sequence[str], Summary]]]
"""Takes names of shards, some hundred together, and yields them with their summary."""


class Asked(NamedTuple):
    """Photos whose boxes are asked of some shards."""

    model: Model
    shards: list[str]
    digests: Any
    """Of the photos, an Arrow array."""
    photo: npt.NDArray[np.int64]
    """Places of the photos among all that were asked about."""
    shard: npt.NDArray[np.int64]
    """Places of the shards that hold their answers."""


class Shards:
    """A store of shards. What other machines add while it is open is seen too."""

    def __init__(
        self,
        folder: str | Path,
        *,
        read_only: bool = False,
        optional: bool = False,
        summaries: Summaries | None = None,
    ) -> None:
        """Name the folder, which the first shard makes.

        `summaries` does what `summary` does for many groups of shards, in any order. Raises
        StoreError for a file; and, to be read only, for nothing that is not `optional`.
        """
        self.path = folder if remote.is_remote(folder) else Path(folder).absolute()
        if isinstance(self.path, Path) and self.path.is_file():
            raise StoreError(
                f"store {folder}: a file, and on a cluster the store is a folder of Parquet "
                "shards, since SQLite is not shared across machines; name another --store"
            )
        self._detections = _Tables(self.path, "detections", _DETECTIONS)
        self._index = _Index(self._detections, summaries or self._summaries)
        self._files = _Tables(files.within(self.path, _FOLDER_OF_FILES), "files", _FILES)
        self._read_only = read_only
        if read_only and not optional and not self._detections.names():
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
        from pyarrow import compute

        return {
            model: compute.count_distinct(self._index.answers(model)["sha256"]).as_py()
            for model in self._index.models()
        }

    def missing(self, digests: Iterable[str], model: Model) -> list[str]:
        """Return the digests that this detector has not answered, in order."""
        from pyarrow import compute

        asked, answers = _texts(digests), self._index.answers(model)
        unknown = compute.invert(compute.is_in(asked, value_set=answers["sha256"]))
        missing: list[str] = asked.filter(unknown).to_pylist()
        return missing

    def boxes(self, digests: Iterable[str], model: Model) -> pd.DataFrame:
        """Do what `store.Answers.boxes` says.

        Of a photo that two runs answered at the same time, the first answer stands.
        """
        return joined(map(self.take, self.ask(digests, model)))

    def ask(self, digests: Iterable[str], model: Model) -> Iterator[Asked]:
        """Yield what to ask of the shards, some hundred each time, to learn all about photos."""
        asked, answers = _texts(digests), self._index.answers(model)
        place = _places(answers["sha256"], asked)
        shard = answers["shard"].to_numpy()
        none = len(self._index.names)
        first = np.full(len(asked), none)
        np.minimum.at(first, place[place >= 0], shard[place >= 0])
        photo = np.argsort(first, kind="stable")[: (first < none).sum()]
        used, shard = np.unique(first[photo], return_inverse=True)
        for start in range(0, len(used), _TOGETHER):
            names = [self._index.names[one] for one in used[start : start + _TOGETHER]]
            low, high = np.searchsorted(shard, (start, start + _TOGETHER))
            some = photo[low:high]
            yield Asked(model, names, asked.take(some), some, shard[low:high] - start)

    def take(self, asked: Asked) -> pd.DataFrame:
        """Return what is asked for, as `boxes` does."""
        from pyarrow import compute

        rows = self._detections.rows(asked.shards)
        place = _places(rows["sha256"], asked.digests)
        wanted = (place >= 0) & (asked.shard[place] == rows["shard"].to_numpy())
        wanted &= _is_by(asked.model, rows) & compute.is_valid(rows["label"]).to_numpy()
        out: pd.DataFrame = rows.select(_BOX).filter(wanted).to_pandas()
        return out.assign(photo=asked.photo[place[wanted]])

    def summary(self, names: Sequence[str]) -> Summary:
        """Return who answered which photos in these shards."""
        rows = self._detections.rows(names, columns=["sha256", *_MODEL])
        rows = rows.group_by(rows.column_names).aggregate([])
        models = [Model(*row.values()) for row in rows.group_by(_MODEL).aggregate([]).to_pylist()]
        return {
            model: rows.filter(_is_by(model, rows)).select(["sha256", "shard"]) for model in models
        }

    def _summaries(
        self, groups: Sequence[Sequence[str]]
    ) -> Iterator[tuple[Sequence[str], Summary]]:
        return ((names, self.summary(names)) for names in groups)

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
        from pyarrow import compute

        asked, found = _texts(keys), dict[str, str]()
        for names in _groups(self._files.names()):
            table = self._files.rows(names)
            rows = table.filter(compute.is_in(table["key"], value_set=asked))
            found |= zip(rows["key"].to_pylist(), rows["sha256"].to_pylist(), strict=True)
        return found

    def keep_digests(self, digests: Mapping[str, str]) -> None:
        """Keep SHA-256 by key. A store that is read only forgets them, and that costs time."""
        if digests and not self._read_only:
            self._files.put([digests.keys(), digests.values()], new_name())


class _Index:
    """Which shard holds whose answer to which photo."""

    def __init__(self, tables: "_Tables", summaries: Summaries) -> None:
        self.names: list[str] = []
        """The shards of the last look, the oldest first."""
        self._tables, self._summaries = tables, summaries
        self._numbers: dict[str, int] = {}  # of all shards that were ever read
        self._answers: dict[Model, list[Any]] = {}  # Arrow tables: sha256, and shard as its number

    def models(self) -> list[Model]:
        """Look, and return who answered."""
        self._look()
        return [model for model in self._answers if len(self._of(model))]

    def answers(self, model: Model) -> Any:
        """Look, and return an Arrow table: `sha256` of a photo, `shard`, its place in `names`."""
        self._look()
        return self._of(model)

    def _look(self) -> None:
        """Read who answered which photos in the shards that are new."""
        from pyarrow import compute

        self.names = self._tables.names()
        new = [name for name in self.names if name not in self._numbers]
        for names, found in self._summaries(_groups(new)):
            before = len(self._numbers)
            self._numbers |= {name: before + place for place, name in enumerate(names)}
            for model, rows in found.items():
                numbers = compute.add(rows["shard"], before)
                own = rows.set_column(1, "shard", numbers)
                self._answers.setdefault(model, []).append(own)

    def _of(self, model: Model) -> Any:
        arrow = _arrow()
        none = arrow.table({"sha256": _texts([]), "shard": arrow.array([], arrow.int64())})
        rows = arrow.concat_tables([none, *self._answers.get(model, [])])
        place = np.full(len(self._numbers), -1)  # where a shard was taken away
        place[[self._numbers[name] for name in self.names]] = np.arange(len(self.names))
        shard = place[rows["shard"].to_numpy()]
        return rows.set_column(1, "shard", arrow.array(shard)).filter(arrow.array(shard >= 0))


class _Tables:
    """The Parquet files of one kind in a folder."""

    def __init__(self, folder: str | Path, kind: str, columns: Mapping[str, str]) -> None:
        self._folder, self._columns = folder, columns
        self._texts = [name for name, type_ in columns.items() if type_ == "string"]  # recur
        # In the metadata of every shard, so that another program's Parquet file is refused.
        self._layout = {b"geobike": f"{kind} 1".encode()}

    def rows(self, names: Sequence[str], *, columns: Sequence[str] | None = None) -> Any:
        """Return the rows of files as one table, with a column `shard`: the place of the file."""
        arrow = _arrow()
        with ThreadPoolExecutor(_READERS) as readers:
            try:
                data = list(readers.map(self._fetch, names))
            except OSError as error:
                raise self._unreachable(error) from None
        # One after the other: files are small, and Python itself takes half of the time.
        tables = [self._decode(*one, columns) for one in zip(names, data, strict=True)]
        shard = np.repeat(np.arange(len(tables)), [table.num_rows for table in tables])
        return arrow.concat_tables(tables).append_column("shard", arrow.array(shard))

    def put(self, columns: Iterable[Iterable[Any]], name: str) -> None:
        arrow = _arrow()
        from pyarrow import parquet

        table = arrow.table([list(column) for column in columns], schema=self._schema())
        try:
            with files.whole(files.within(self._folder, name)) as part:
                parquet.write_table(table, part, compression="zstd", use_dictionary=self._texts)
        except InputError as error:
            raise StoreError(f"store {error}") from None

    def names(self) -> list[str]:
        """Return the names of the files, the oldest first."""
        try:
            if isinstance(self._folder, Path):
                folder = self._folder
                found = [one.name for one in folder.iterdir()] if folder.exists() else []
            else:
                found = [one.name for one in remote.below(self._folder).objects]
        except OSError as error:
            raise self._unreachable(error) from None
        # Unfinished files begin with a dot.
        names = sorted(name for name in found if not name.startswith((".", "_")))
        foreign = [name for name in names if not name.endswith(SUFFIX)]
        if foreign:
            raise self._fault(foreign[0], "is no shard of geobike")
        return names

    def load(self, name: str) -> Any:
        """Return one table. Raises OSError where there is none, StoreError where it is damaged."""
        return self._decode(name, self._fetch(name))

    def _fetch(self, name: str) -> bytes:
        return files.read_bytes(files.within(self._folder, name))

    def _decode(self, name: str, data: bytes, columns: Sequence[str] | None = None) -> Any:
        arrow = _arrow()
        from pyarrow import parquet

        try:
            file = parquet.ParquetFile(arrow.BufferReader(data))
            schema = file.schema_arrow
            if (
                schema.names == list(self._columns)
                and self._layout.items() <= (schema.metadata or {}).items()
            ):
                return file.read(columns, use_threads=False)
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


def joined(found: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return boxes of several `take` as one frame."""
    frames = list(found)
    return pd.concat(frames, ignore_index=True) if frames else _NO_BOX.copy()


def _groups(names: Sequence[str]) -> list[Sequence[str]]:
    return [names[at : at + _TOGETHER] for at in range(0, len(names), _TOGETHER)]


def _texts(values: Iterable[str]) -> Any:
    arrow = _arrow()
    return arrow.array(values if isinstance(values, pd.Series) else list(values), arrow.string())


def _is_by(model: Model, rows: Any) -> npt.NDArray[np.bool_]:
    """Tell which rows of an Arrow table are a model's."""
    from pyarrow import compute

    named = compute.equal(rows["detector"], model.name)
    return np.asarray(compute.and_(named, compute.equal(rows["version"], model.version)))


def _places(values: Any, those: Any) -> npt.NDArray[np.int64]:
    """Return the place of each Arrow value among those, -1 where it is none of them."""
    from pyarrow import compute

    found = compute.index_in(values, value_set=those).fill_null(-1)
    return np.asarray(found.to_numpy(), dtype=np.int64)


def _arrow() -> Any:
    try:
        import pyarrow
    except ImportError:
        raise MissingPackageError("A store of Parquet shards", "cluster") from None
    return pyarrow
