"""Run the tasks of a survey on a worker.

Errors are returned, not raised: Dask would log them, and they concern the run, not the worker.
"""

import platform
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import lru_cache
from pathlib import Path
from typing import Final, Generic, NamedTuple, TypeVar

import pandas as pd

from geobike.detections import choice, stage
from geobike.detections.looking import PLAIN, Looking, Way
from geobike.detections.stage import Failure
from geobike.detections.store.parquet import Shards, new_name
from geobike.detections.store.protocol import Model
from geobike.detectors.protocol import Detection, Detector
from geobike.errors import DetectorStopped, GeobikeError, InputError
from geobike.photos import discovery, hashing, metadata, records
from geobike.photos.discovery import Folder, FolderNotice, PhotoFile
from geobike.reporting import collect_warnings
from geobike.version import __version__

_UNREAD: Final = "cannot be read: "  # how messages of metadata, hashing and decoding begin
_POLL: Final = 2.0  # seconds after which a worker asks again whether the run was stopped

Asks = TypeVar("Asks")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Pickled:
    """A pickled detector. It may hold secrets, and Dask shows the arguments of its tasks."""

    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Run:
    """Settings for all photos of a run."""

    detector: choice.Choice | Pickled
    model: Model
    """Name and version of the detector here; a worker's must be the same."""
    store: str | Path
    concurrency: int
    """Photos detected at once."""
    max_pixels: int
    stop: str
    """Name of the Dask event that is set when the run is stopped."""
    looking: Looking = PLAIN
    way: Way = "whole"
    """How the photos are looked at."""
    labels: tuple[str, ...] = ()
    """Labels that are counted; a detector that knows none of them is rejected."""


@dataclass(frozen=True)
class DetectTask:
    """Photos that make one shard."""

    run: Run
    shard: str
    photos: pd.DataFrame = field(repr=False)
    """The columns that `stage.answer` needs."""

    def split(self) -> "list[DetectTask]":
        """Return a task for each photo."""
        rows = range(len(self.photos))
        return [DetectTask(self.run, new_name(), self.photos.iloc[row : row + 1]) for row in rows]


class FilesTask(NamedTuple):
    """Some of the files to read."""

    start: int
    """Index of the first among all."""
    files: Sequence[PhotoFile]

    def split(self) -> "list[FilesTask]":
        """Return itself, to be tried once more."""
        return [self]


@dataclass(frozen=True)
class FoldersTask:
    """Folders in which to find photos."""

    folders: Sequence[Folder] = field(repr=False)

    def split(self) -> "list[FoldersTask]":
        """Return a task for each folder."""
        return [FoldersTask([folder]) for folder in self.folders]


class FoldersResult(NamedTuple):
    """The photos found in folders."""

    host: str
    files: list[PhotoFile]
    notes: list[FolderNotice]
    error: str | None
    """Why the folders could not be listed completely."""


@dataclass(frozen=True)
class ShardTask(Generic[Asks, Result]):
    """Shards to read."""

    store: str | Path
    read: Callable[[Shards, Asks], Result]
    asked: Asks = field(repr=False)

    def split(self) -> "list[ShardTask[Asks, Result]]":
        """Return itself, to be tried once more."""
        return [self]


class ShardResult(NamedTuple, Generic[Result]):
    """The result of reading shards."""

    host: str
    result: Result | None
    error: GeobikeError | None
    """Why they could not be read."""


class FilesResult(NamedTuple, Generic[Result]):
    """The result of reading files."""

    result: Result
    host: str
    unread: str | None = None
    """Path of one of the files, if none could be read at all."""
    notes: Sequence[str] = ()
    """Notes to report."""


class DetectResult(NamedTuple):
    """The result of a detection task."""

    host: str
    failures: dict[str, Failure]
    shard: str | None
    """The shard that was written, None where no photo was answered."""
    unread: str | None
    """Path of one of the photos, if none could be read at all."""
    notes: Sequence[str]
    """Notes to report."""
    error: GeobikeError | None
    """Why the task was not finished."""


def version() -> str:
    """Return the version of the worker's geobike."""
    return __version__


def find(task: FoldersTask) -> FoldersResult:
    """Find the photos in folders, recursively."""
    files: list[PhotoFile] = []
    notes: list[FolderNotice] = []
    error = None
    try:
        for folder in task.folders:
            files += discovery.walk(folder, notes)
    except (OSError, GeobikeError) as stop:
        error = str(stop)
    return FoldersResult(platform.node(), files, notes, error)


def read_shards(task: ShardTask[Asks, Result]) -> ShardResult[Result]:
    """Read shards."""
    try:
        return ShardResult(platform.node(), task.read(Shards(task.store), task.asked), None)
    except GeobikeError as error:
        return ShardResult(platform.node(), None, error)


def read_metadata(
    task: FilesTask, *, timezone: tzinfo | None, max_pixels: int
) -> FilesResult[records.Metadata]:
    """Return what `metadata.read` says of files."""
    with collect_warnings() as notes:
        said = metadata.read(task.files, timezone=timezone, max_pixels=max_pixels)
    return FilesResult(said, platform.node(), _unread(task, said.reason), notes)


def keys(task: FilesTask) -> FilesResult[list[str | None]]:
    """Return what `hashing.key` says of files."""
    return FilesResult([hashing.key(file) for file in task.files], platform.node())


def read_hashes(task: FilesTask, *, max_pixels: int) -> FilesResult[list[hashing.FileHash]]:
    """Return what `hashing.read` says of files."""
    with collect_warnings() as notes:
        found = list(hashing.read(task.files, max_pixels=max_pixels))
    return FilesResult(found, platform.node(), _unread(task, [one.fault for one in found]), notes)


def _unread(task: FilesTask, faults: Iterable[str | None]) -> str | None:
    pairs = zip(task.files, faults, strict=True)
    return _all_unread((file.path, why) for file, why in pairs if file.fault is None)


def _all_unread(pairs: Iterable[tuple[str, str | None]]) -> str | None:
    """Return the first path if none could be read; each comes with the reason, or None.

    One that cannot be read is a bad photo; if none can, the worker does not see the folder.
    """
    paths = list(pairs)
    lost = all(why is not None and why.startswith(_UNREAD) for _, why in paths)
    return paths[0][0] if paths and lost else None


def detect(task: DetectTask) -> DetectResult:
    """Detect in photos and write their shard."""
    run, shards = task.run, Shards(task.run.store)
    failures: dict[str, Failure] = {}
    kept: dict[str, list[Detection]] = {}
    opening: tuple[str, ...] = ()
    error: GeobikeError | None = None
    # If a worker dies that had the result of a task, Dask runs the task again.
    before = shards.answered(task.shard)
    name = new_name() if before else task.shard
    with collect_warnings() as notes:
        try:
            watch = _Watch(run.stop)
            watch()
            detector, opening = _detector(run)
            answers = stage.answer(
                task.photos[~task.photos["sha256"].isin(before)],
                detector,
                keep=kept.__setitem__,
                workers=run.concurrency,
                max_pixels=run.max_pixels,
                check=watch,
            )
            with closing(answers):
                failures = {digest: why for digest, why in answers if why}
        except GeobikeError as stop:
            error = stop
    try:
        if kept:
            shards.put_shard(kept, run.model, name=name)
    except GeobikeError as stop:
        error = stop
    whys = [failures[digest][1] if digest in failures else None for digest in task.photos["sha256"]]
    unread = _all_unread(zip(task.photos["path"], whys, strict=True))
    shard = name if kept else None
    return DetectResult(platform.node(), failures, shard, unread, [*opening, *notes], error)


class _Watch:
    """Raises DetectorStopped once the event is set; does not query it for every photo."""

    def __init__(self, stop: str) -> None:
        from distributed import Event, get_client

        self._event = Event(stop, client=get_client())
        self._asked = -_POLL

    def __call__(self) -> None:
        if time.monotonic() - self._asked < _POLL:
            return
        self._asked = time.monotonic()
        with suppress(OSError):  # the scheduler is gone: what was started is finished
            if self._event.is_set():
                raise DetectorStopped("the run was stopped")


_loading: Final = threading.Lock()


def _detector(run: Run) -> tuple[Detector, tuple[str, ...]]:
    with _loading:  # once, also where a worker has several threads
        loaded, notes = _load(run.detector)
    detector = run.looking.around(loaded, run.way)
    if (model := Model(detector.name, detector.version)) != run.model:
        raise InputError(
            f"worker {platform.node()} has another model: {model.name} {model.version}, and not "
            f"{run.model.name} {run.model.version}; give both the same file"
        )
    choice.check_labels(detector, run.labels)
    return detector, notes


@lru_cache(maxsize=1)  # models are large, and a worker works on one survey at a time
def _load(source: choice.Choice | Pickled) -> tuple[Detector, tuple[str, ...]]:
    """Return the opened detector, and what it reported while it opened."""
    with collect_warnings() as notes:
        detector = _made(source)
        choice.make_ready(detector)
    return detector, tuple(notes)


def _made(source: choice.Choice | Pickled) -> Detector:
    if isinstance(source, choice.Choice):
        return choice.create(source)
    from distributed.protocol import pickle

    try:
        detector: Detector = pickle.loads(source.data)
    except GeobikeError:  # from a detector that says itself what is missing here
        raise
    except Exception as error:  # noqa: BLE001 - unpickling raises anything
        raise InputError(
            f"worker {platform.node()} cannot make the detector ({type(error).__name__}: {error}); "
            "give it the module that defines it"
        ) from None
    return detector
