"""Detections as Parquet shards in a folder: the store that many machines write to at once.

A shard is written once, by one worker, and appears whole or not at all; none is ever changed. The
folder is one that all machines share, or a URL (fsspec) such as s3://bucket/detections. A shard
has one row for each box, and for a photo without boxes one row without a label. Any program that
reads Parquet can read the folder as one table.
"""

import secrets
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from itertools import repeat
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.types import union_categoricals

from geobike.detections.store import kind, parquet_files
from geobike.detections.store.parquet_files import arrow
from geobike.detections.store.protocol import Model, Transform, unchanged
from geobike.detectors import check
from geobike.detectors.protocol import Box, Detection
from geobike.errors import StoreError
from geobike.io import files, remote
from geobike.io.redaction import redact
from geobike.progress import Track, silent
from geobike.reporting import report

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
    "key": "string",  # of the file's path, size and time of change: hashing.key
    "sha256": "string",  # of its bytes
}
_FOLDER_OF_FILES: Final = "_files"  # readers of folders ignore names beginning with _ or .
_NO_BOX: Final = pd.DataFrame(
    {"label": pd.Categorical(pd.Index([], dtype="str")), "photo": pd.Series([], dtype="int32")}
    | {name: pd.Series([], dtype="float64") for name in ("score", *Box._fields)}
)
_TOGETHER: Final = 100  # shards of 50 photos take 30 kB each


def new_name() -> str:
    """Return a name that no other shard has. Names sort by the time at which they were given."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{secrets.token_hex(8)}{parquet_files.SUFFIX}"


Summary = Mapping[Model, Any]
"""An Arrow table for each model: `sha256` of a photo, `shard`, the index of its shard."""

Asks = TypeVar("Asks")
Result = TypeVar("Result")


class Reader(Protocol):
    """Has shards read."""

    def __call__(
        self, shards: "Shards", read: "Callable[[Shards, Asks], Result]", asked: Iterable[Asks]
    ) -> Generator[tuple[Asks, Result], None, None]:
        """Yield what was asked and what `read` returned for it, in any order."""
        ...


def read_here(
    shards: "Shards", read: "Callable[[Shards, Asks], Result]", asked: Iterable[Asks]
) -> Generator[tuple[Asks, Result], None, None]:
    """Read shards in this process, one after the other."""
    for one in asked:
        yield one, read(shards, one)


class ShardQuery(NamedTuple):
    """A query of some shards for the boxes of some photos."""

    model: Model
    shards: list[str]
    digests: Any
    """Of the photos, an Arrow array."""
    photo: npt.NDArray[np.int64]
    """Positions of the photos among all of the query."""
    shard: npt.NDArray[np.int64]
    """Positions of the shards that contain their answers."""


class Shards:
    """A store of shards. It also sees what other machines add while it is open."""

    def __init__(
        self,
        folder: str | Path,
        *,
        read_only: bool = False,
        optional: bool = False,
        reader: Reader = read_here,
    ) -> None:
        """Name the folder, which the first shard makes.

        `reader` has the shards read, here or on workers. Raises StoreError for a file, and for a
        folder without shards that is only to be read and is not `optional`.
        """
        kind.check(folder, kind.Kind.PARQUET)
        self.path = folder if remote.is_remote(folder) else Path(folder).absolute()
        self._detections = parquet_files.Folder(self.path, "detections", _DETECTIONS)
        self._reader = reader
        self._index = _Index(self._detections, self._summaries)
        self._files = parquet_files.Folder(files.join(self.path, _FOLDER_OF_FILES), "files", _FILES)
        self._read_only = read_only
        if read_only and not optional and not self._detections.names():
            raise StoreError(f"store {redact(folder)}: no such folder, or nothing in it")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Do nothing: shards are complete as they are. A `Store` has to be closed."""

    def has_answers(self) -> bool:
        """Tell whether there is any shard."""
        return bool(self._detections.names())

    def models(self) -> dict[Model, int]:
        """Return each detector that has answered, with the number of its photos."""
        return {
            model: arrow().compute.count_distinct(self._index.answers(model)["sha256"]).as_py()
            for model in self._index.models()
        }

    def missing(self, digests: Iterable[str], model: Model) -> list[str]:
        """Return the digests that this detector has not answered, in order."""
        asked, answers = _texts(digests), self._index.answers(model)
        unknown = arrow().compute.invert(arrow().compute.is_in(asked, value_set=answers["sha256"]))
        missing: list[str] = asked.filter(unknown).to_pylist()
        return missing

    def boxes(
        self,
        digests: Iterable[str],
        model: Model,
        *,
        transform: Transform = unchanged,
        track: Track = silent,
    ) -> pd.DataFrame:
        """Do what `DetectionStore.boxes` says.

        Of a photo that two runs answered at the same time, the first answer counts.
        """
        wanted = digests if isinstance(digests, pd.Series) else list(digests)
        found: list[pd.DataFrame] = []
        read = partial(_query, transform=transform)
        with closing(self._reader(self, read, self.queries(wanted, model))) as answers:

            def each() -> Iterator[None]:
                for asked, boxes in answers:
                    found.append(boxes)
                    yield from repeat(None, len(asked.photo))

            deque(track(each(), "Counting", total=len(wanted)), maxlen=0)
        return _concatenate(found)

    def queries(self, digests: Iterable[str], model: Model) -> Iterator[ShardQuery]:
        """Yield queries of some hundred shards each that together find all boxes of the photos."""
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
            yield ShardQuery(model, names, asked.take(some), some, shard[low:high] - start)

    def query(self, asked: ShardQuery) -> pd.DataFrame:
        """Return the boxes of a query, as `boxes` does. Raises StoreError for damaged boxes."""
        rows = self._detections.rows(asked.shards, texts=["label"])
        without = rows["label"]
        for column in (rows[name] for name in _BOX if rows[name].null_count != without.null_count):
            odd = arrow().compute.not_equal(column.is_null(), without.is_null())
            self._refuse_first(odd, rows, asked.shards, "a box has no label, or no score or corner")
        place = _places(rows["sha256"], asked.digests)
        wanted = (place >= 0) & (asked.shard[place] == rows["shard"].to_numpy())
        wanted &= _is_by(asked.model, rows) & arrow().compute.is_valid(rows["label"]).to_numpy()
        out: pd.DataFrame = rows.select(_BOX).filter(wanted).to_pandas()
        out = out.astype({"label": "category"})
        if fault := _first_fault(out):
            row = np.flatnonzero(wanted)[fault.row]
            shard, digest = (rows[name][row].as_py() for name in ("shard", "sha256"))
            what = f"is damaged: photo {digest[:12]} has {fault.what}"
            raise self._detections.fault(asked.shards[shard], what)
        photo = asked.photo[place[wanted]].astype(np.int32)
        return out.assign(photo=photo)

    def _refuse_first(self, where: Any, rows: Any, names: Sequence[str], what: str) -> None:
        """Raise StoreError that names the shard of the first row for which the mask is true."""
        shard = rows["shard"][arrow().compute.index(where, True).as_py()].as_py()
        raise self._detections.fault(names[shard], f"is damaged: {what}")

    def summary(self, names: Sequence[str]) -> Summary:
        """Return who answered which photos in these shards."""
        rows = self._detections.rows(names, columns=["sha256", *_MODEL], texts=_MODEL)
        for column in (rows[name] for name in ("sha256", *_MODEL) if rows[name].null_count):
            self._refuse_first(column.is_null(), rows, names, "a row has no photo or no detector")
        rows = rows.group_by(rows.column_names).aggregate([])
        models = [Model(*row.values()) for row in rows.group_by(_MODEL).aggregate([]).to_pylist()]
        return {
            model: rows.filter(_is_by(model, rows)).select(["sha256", "shard"]) for model in models
        }

    def _summaries(
        self, groups: Sequence[Sequence[str]]
    ) -> Generator[tuple[Sequence[str], Summary], None, None]:
        return self._reader(self, Shards.summary, groups)

    def put(self, digest: str, model: Model, detections: Iterable[Detection]) -> None:
        """Keep one photo's answer, in a shard of its own, before returning."""
        self.put_shard({digest: list(detections)}, model)

    def put_shard(
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
        except OSError:  # usually there is none yet
            return set()

    def hashes(self, keys: Iterable[str]) -> dict[str, str]:
        """Return the SHA-256 for those keys of `geobike.photos.hashing.key` that are known.

        They only save time: what of them is damaged is reported, and its photos are read again.
        """
        asked, found = _texts(keys), dict[str, str]()
        for table in self._tables_of_files():
            rows = table.filter(arrow().compute.is_in(table["key"], value_set=asked))
            found |= zip(rows["key"].to_pylist(), rows["sha256"].to_pylist(), strict=True)
        return found

    def _tables_of_files(self) -> Iterator[Any]:
        try:
            for names in _groups(self._files.names()):
                yield self._files.rows(names)
        except StoreError as error:
            report(f"{error}; its photos are read again")

    def recall(self, edition: str) -> None:
        """Return None: all shards would have to be read."""

    def headers(self, digests: Sequence[str], edition: str) -> dict[str, bytes]:  # noqa: ARG002
        """Return nothing: workers read headers faster than they would read shards of them."""
        return {}

    def keep_headers(self, found: Mapping[str, bytes], edition: str, *, whole: bool) -> None:
        """Keep nothing."""

    def keep_hashes(self, hashes: Mapping[str, str]) -> None:
        """Keep SHA-256 by key. A store that is only read keeps none: files are hashed again."""
        if hashes and not self._read_only:
            self._files.put([hashes.keys(), hashes.values()], new_name())


_Summaries = Callable[
    [Sequence[Sequence[str]]], Generator[tuple[Sequence[str], Summary], None, None]
]
"""Takes groups of shards, by their names, and yields each with its summary, in any order."""


class _Index:
    """An index: which shard has the answer of which detector for which photo."""

    def __init__(self, tables: parquet_files.Folder, summaries: _Summaries) -> None:
        self.names: list[str] = []
        """The shards of the last listing, the oldest first."""
        self._tables, self._summaries = tables, summaries
        self._numbers: dict[str, int] = {}  # of all shards that were ever read
        self._answers: dict[Model, list[Any]] = {}  # Arrow tables: sha256, and shard as its number

    def models(self) -> list[Model]:
        """Look for new shards, and return the detectors that answered."""
        self._look()
        return [model for model in self._answers if len(self._of(model))]

    def answers(self, model: Model) -> Any:
        """Return an Arrow table: `sha256` of a photo; `shard`, its index in `names`."""
        self._look()
        return self._of(model)

    def _look(self) -> None:
        """Read which detectors answered for which photos in the new shards."""
        self.names = self._tables.names()
        new = [name for name in self.names if name not in self._numbers]
        with closing(self._summaries(_groups(new))) as summaries:
            for names, found in summaries:
                self._add(names, found)

    def _add(self, names: Sequence[str], found: Summary) -> None:
        before = len(self._numbers)
        self._numbers |= {name: before + place for place, name in enumerate(names)}
        for model, rows in found.items():
            numbers = arrow().compute.add(rows["shard"], before)
            self._answers.setdefault(model, []).append(rows.set_column(1, "shard", numbers))

    def _of(self, model: Model) -> Any:
        pa = arrow()
        none = pa.table({"sha256": _texts([]), "shard": pa.array([], pa.int64())})
        rows = pa.concat_tables([none, *self._answers.get(model, [])])
        place = np.full(len(self._numbers), -1)  # where a shard was taken away
        place[[self._numbers[name] for name in self.names]] = np.arange(len(self.names))
        shard = place[rows["shard"].to_numpy()]
        return rows.set_column(1, "shard", pa.array(shard)).filter(pa.array(shard >= 0))


def _first_fault(boxes: pd.DataFrame) -> check.Fault | None:
    label = boxes["label"].cat
    wrong = check.first_wrong_label(label.codes.to_numpy(), label.categories)
    return wrong or check.first_fault(*(boxes[name].to_numpy() for name in _BOX[1:]))


def _query(shards: Shards, asked: ShardQuery, *, transform: Transform) -> pd.DataFrame:
    """Read boxes from shards and transform them; workers get this function by its name."""
    return transform(shards.query(asked))


def _concatenate(found: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return boxes of several `query` as one frame."""
    frames = found or [_NO_BOX]
    label = union_categoricals([each["label"] for each in frames])  # concat would make text of it
    numbers = pd.concat([each.drop(columns="label") for each in frames], ignore_index=True)
    return numbers.assign(label=label)


def _groups(names: Sequence[str]) -> list[Sequence[str]]:
    return [names[at : at + _TOGETHER] for at in range(0, len(names), _TOGETHER)]


def _texts(values: Iterable[str]) -> Any:
    texts = values if isinstance(values, pd.Series) else list(values)
    return arrow().array(texts, arrow().string())


def _is_by(model: Model, rows: Any) -> npt.NDArray[np.bool_]:
    """Return which rows of an Arrow table are a model's."""
    equal = arrow().compute.equal
    named, versioned = equal(rows["detector"], model.name), equal(rows["version"], model.version)
    return np.asarray(arrow().compute.and_(named, versioned))


def _places(values: Any, those: Any) -> npt.NDArray[np.int64]:
    """Return the position of each Arrow value among those, -1 where it is not there."""
    found = arrow().compute.index_in(values, value_set=those).fill_null(-1)
    return np.asarray(found.to_numpy(), dtype=np.int64)
