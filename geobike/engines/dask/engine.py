"""A survey on a Dask cluster: workers find, read, detect and count; the client keeps the frames.

Dask is imported in this package alone. What a worker detects it writes as one shard
(`geobike.detections.store.parquet`), so that a run that is stopped, or loses workers or its
scheduler, goes on there.
"""

import os
import sys
import uuid
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import tzinfo
from functools import partial
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import geopandas as gpd
import pandas as pd

from geobike import schema
from geobike.detections import choice, stage
from geobike.detections.cached import CachedDetector
from geobike.detections.looking import PLAIN
from geobike.detections.stage import Failure, Outcome
from geobike.detections.store.opening import Mode, open_shared, shared
from geobike.detections.store.parquet import Shards, new_name
from geobike.detections.store.protocol import DetectionStore
from geobike.detectors.protocol import Detector
from geobike.engines.dask import folders, tasks, visibility, worker
from geobike.engines.dask.connection import connect
from geobike.errors import ClusterUnavailable, InputError
from geobike.photos import decoding, hashing, reading
from geobike.photos.discovery import PhotoFile
from geobike.photos.hashing import FileHash
from geobike.progress import Track, silent
from geobike.reporting import report

__all__ = ["Cluster"]

PARTITION: Final = 50
"""Photos in a shard: lost if a worker is killed; at 0.25 s per photo, 13 s of work."""

MOST_SHARDS: Final = 20_000
"""Of one run; partitions grow where there would be more, as each shard is a request to read."""

LARGEST_PARTITION: Final = 1_000

FILES: Final = 500
"""Photos read by a worker in one task: their metadata take a tenth of a second."""

DEADLY: Final = "every worker that tried it died; it may need more memory than they have"
"""Why a photo is `failed` during which workers are killed."""

KEPT_AT_ONCE: Final = 50_000
"""Hashes that are saved together: the number that a run that is killed reads again."""

Asks = TypeVar("Asks")
Result = TypeVar("Result")


class Cluster:
    """The engine that distributes a survey over the workers of a Dask cluster.

    Use it in a `with` block and pass it to `geobike.run`. Without a scheduler's address, workers of
    one thread are started on this machine; a script must do so below `if __name__ == "__main__":`,
    as each worker loads the script. Workers on other machines need the same version of geobike, and
    the photos and the store at the same path or URL as here.

    Entering raises MissingPackageError without Dask, ClusterUnavailable where no scheduler or no
    worker answers, and InputError for an invalid address, for workers with another geobike and for
    workers that cannot be started.
    """

    def __init__(self, scheduler: str | None = None, *, workers: int | None = None) -> None:
        """`workers` are started where no scheduler is named; None: one for each core."""
        self._scheduler = scheduler
        self._workers = workers or os.cpu_count() or 1
        self._open = ExitStack()
        self._client: Any = None

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            self._client = opened.enter_context(connect(self._scheduler, self._workers))
            self._open = opened.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def open_store(self, path: str | Path | None, mode: Mode = "write") -> Shards:
        """Open the store of a run on a cluster, a folder or a URL; workers read its shards."""
        return open_shared(path, mode, reader=self._read_shards)

    def search(
        self, sources: str | Path | Sequence[str | Path], *, track: Track = silent
    ) -> reading.Found:
        """Do what `reading.search` does; the workers list deep folders.

        Raises InputError where a worker does not see what this machine sees.
        """
        return reading.search(sources, walker=partial(folders.walk, self._client), track=track)

    def read_metadata(
        self,
        files: Sequence[PhotoFile],
        *,
        timezone: tzinfo | None = None,
        max_pixels: int = decoding.MAX_PIXELS,
        track: Track = silent,
    ) -> gpd.GeoDataFrame:
        """Do what `reading.read_metadata` does.

        Raises InputError where a worker cannot read what can be read here.
        """
        work = partial(worker.read_metadata, timezone=timezone, max_pixels=max_pixels)
        return reading.frame(files, self.read_in_order(work, files, "Reading positions", track))

    def read_photos(
        self,
        files: Sequence[PhotoFile],
        *,
        timezone: tzinfo | None = None,
        max_pixels: int = decoding.MAX_PIXELS,
        known: hashing.HashCache | None = None,
        track: Track = silent,
    ) -> gpd.GeoDataFrame:
        """Do what `reading.read` does: first all headers, then all bytes."""
        found = self.read_metadata(files, timezone=timezone, max_pixels=max_pixels, track=track)
        hasher = _Hasher(self, max_pixels, track)
        return reading.hash_files(found, files, known=known, hasher=hasher)

    def detect(
        self,
        plan: stage.Plan,
        store: DetectionStore,
        *,
        workers: int | None = None,
        max_pixels: int = decoding.MAX_PIXELS,
    ) -> Generator[Outcome, None, None]:
        """Do what `stage.run` does, on the workers; `store` is one that `open_store` returned.

        `workers` is the number of photos at once on each thread of a worker, 1 if None.
        """
        shards = shared(store)
        runs = [
            (_run(plan, part, shards, workers or 1, max_pixels), part.missing)
            for part in plan.parts
            if len(part.missing)
        ]
        return self._all_outcomes(runs, shards)

    def _all_outcomes(
        self, runs: Sequence[tuple[worker.Run, pd.DataFrame]], shards: Shards
    ) -> Generator[Outcome, None, None]:
        """Yield the outcomes of one part of a plan after the other."""
        for run, missing in runs:
            with closing(self._outcomes(run, missing, shards)) as outcomes:
                yield from outcomes

    def read_in_order(
        self,
        work: Callable[[worker.FilesTask], worker.FilesResult[Result]],
        files: Sequence[PhotoFile],
        description: str,
        track: Track,
    ) -> list[Result]:
        """Read files on the workers; return the results in the order of the files."""
        found: dict[int, Result] = {}

        def each() -> Iterator[PhotoFile]:
            with closing(self.read_files(work, files)) as results:
                for task, result in results:
                    found[task.start] = result
                    yield from task.files

        deque(track(each(), description, total=len(files)), maxlen=0)
        return [found[start] for start in sorted(found)]

    def read_files(
        self,
        work: Callable[[worker.FilesTask], worker.FilesResult[Result]],
        files: Sequence[PhotoFile],
    ) -> Generator[tuple[worker.FilesTask, Result], None, None]:
        """Read files on the workers; yield each task with its result, as they arrive.

        Raises InputError where a worker cannot read what can be read here.
        """
        groups = (
            worker.FilesTask(at, files[at : at + FILES]) for at in range(0, len(files), FILES)
        )
        reported: set[str] = set()
        with closing(tasks.run(self._client, work, groups)) as ended:
            for task, done in ended:
                if done is None:
                    first, last = task.files[0].photo_id, task.files[-1].photo_id
                    raise ClusterUnavailable(f"workers die reading {first} to {last}")
                _report(done.notes, reported)
                visibility.check_photo(done.unread, done.host)
                yield task, done.result

    def _outcomes(
        self, run: worker.Run, missing: pd.DataFrame, shards: Shards
    ) -> Generator[Outcome, None, None]:
        """Yield the SHA-256 of each photo once its shard is written, or with why it is in none."""
        size = min(max(PARTITION, -(-len(missing) // MOST_SHARDS)), LARGEST_PARTITION)
        groups = (
            worker.DetectTask(run, new_name(), missing.iloc[start : start + size])
            for start in range(0, len(missing), size)
        )
        reported, hosts = set[str](), set[str]()
        with closing(tasks.run(self._client, worker.detect, groups, stop=run.stop)) as ended:
            for task, done in ended:
                if done is None:
                    yield task.photos["sha256"].iloc[0], Failure(schema.FAILED, DEADLY)
                    continue
                _report(done.notes, reported)
                if done.error is not None:
                    raise done.error
                visibility.check_photo(done.unread, done.host)
                if done.host not in hosts:
                    visibility.check_written(done, shards)
                    hosts.add(done.host)
                for digest in task.photos["sha256"]:
                    yield digest, done.failures.get(digest)

    def _read_shards(
        self,
        shards: Shards,
        read: Callable[[Shards, Asks], Result],
        asked: Iterable[Asks],
    ) -> Generator[tuple[Asks, Result], None, None]:
        """Read shards on the workers: a `parquet.Reader`."""
        groups = (worker.ShardTask(shards.path, read, one) for one in asked)
        with closing(tasks.run(self._client, worker.read_shards, groups)) as ended:
            for task, done in ended:
                if done is None:
                    raise ClusterUnavailable("workers die reading shards")
                yield task.asked, visibility.checked(task, done, shards)


class _Hasher:
    """Reads and hashes files on the workers: a `reading.Hasher`.

    It shows its own progress: how many files the workers check, and how many of them they read.
    """

    batch = sys.maxsize  # all files at once, since the workers look them up in parallel
    save_every = KEPT_AT_ONCE

    def __init__(self, cluster: Cluster, max_pixels: int, track: Track) -> None:
        self._cluster, self._max_pixels, self._track = cluster, max_pixels, track

    def keys(self, files: Sequence[PhotoFile]) -> list[str | None]:
        found = self._cluster.read_in_order(worker.keys, files, "Looking at files", self._track)
        return list(chain(*found))

    def read(self, files: Sequence[PhotoFile]) -> Generator[tuple[int, FileHash], None, None]:
        work = partial(worker.read_hashes, max_pixels=self._max_pixels)
        with closing(self._cluster.read_files(work, files)) as results:
            hashes = ((task.start + i, one) for task, some in results for i, one in enumerate(some))
            yield from self._track(hashes, "Reading photos", total=len(files))


def _run(
    plan: stage.Plan, part: stage.Part, shards: Shards, concurrency: int, max_pixels: int
) -> worker.Run:
    """Return the settings for the photos of a part of a plan."""
    cached = isinstance(part.detector, CachedDetector)  # has the name of its way already
    return worker.Run(
        detector=_for_workers(plan.requested, part.detector if cached else plan.detector),
        looking=PLAIN if cached else plan.looking,
        way="whole" if cached else part.way,
        model=part.model,
        store=shards.path,
        concurrency=concurrency,
        max_pixels=max_pixels,
        stop=f"geobike-stop-{uuid.uuid4().hex}",
        labels=plan.labels,
    )


def _report(notes: Iterable[str], reported: set[str]) -> None:
    """Report what no other worker has reported yet."""
    for note in notes:
        if note not in reported:
            report(note)
            reported.add(note)


def _for_workers(
    detector: choice.Choice | Detector, chosen: Detector
) -> choice.Choice | worker.Pickled:
    """Return what a worker makes the detector from: the settings, where they are enough."""
    if isinstance(detector, choice.Choice) and not isinstance(chosen, CachedDetector):
        return replace(choice.settle(detector), download_progress=None)
    from distributed.protocol import pickle

    try:
        return worker.Pickled(pickle.dumps(chosen))
    except Exception as error:  # noqa: BLE001 - pickling raises anything
        raise InputError(
            f"the detector {chosen.name} cannot be sent to workers ({error}); give a "
            "DetectorChoice, from which each makes its own"
        ) from None
