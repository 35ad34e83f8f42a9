"""A survey on a Dask cluster: workers find, read, detect and count; the client keeps the frames.

Dask is imported in this package alone. What a worker detects it writes as one shard
(`geobike.detections.store.parquet`), so that a run that is stopped, or loses workers or its
scheduler, goes on there.
"""

import os
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import tzinfo
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import geopandas as gpd
import pandas as pd

from geobike import schema
from geobike.detections import choice, filtering, stage
from geobike.detections.cached import CachedDetector
from geobike.detections.stage import Detected, Failure, Outcome
from geobike.detections.store.parquet import Shards, Summary, concatenate, new_name
from geobike.detections.store.protocol import Model
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
"""Photos in a shard: what is lost with a worker that is killed; at 0.25 s a photo, 13 s of work."""

MOST_SHARDS: Final = 20_000
"""Of one run; partitions grow where there would be more, as each shard is a request to read."""

LARGEST_PARTITION: Final = 1_000

FILES: Final = 500
"""Photos read by a worker in one go: their heads take a tenth of a second."""

DEADLY: Final = "every worker that tried it died; it may need more memory than they have"
"""Why a photo is `failed` during which workers are killed."""

KEPT_AT_ONCE: Final = 50_000
"""Hashes that are kept at once: what a run that is killed has to read again."""

Result = TypeVar("Result")


class Cluster:
    """The engine that spreads a survey over the workers of a Dask cluster.

    Use it in a `with` block and hand it to `geobike.run`. Without a scheduler's address, workers of
    one thread are started on this machine; a script must do so below `if __name__ == "__main__":`,
    as each worker loads the script. Workers elsewhere need the same version of geobike, and the
    photos and the store under the same path or address as here.

    Entering raises MissingPackageError without Dask, ClusterUnavailable where no scheduler or no
    worker answers, and InputError for a senseless address, for workers with another geobike and for
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

    def open(self, store: str | Path, *, read_only: bool = False) -> Shards:
        """Open the store of a run on a cluster: a folder or an address."""
        return Shards(store, read_only=read_only)

    def find(
        self, sources: str | Path | Sequence[str | Path], *, track: Track = silent
    ) -> list[PhotoFile]:
        """Do what `reading.find` does; what lies deep in folders, the workers list.

        Raises InputError where a worker does not see what this machine sees.
        """
        return reading.find(sources, walker=partial(folders.walk, self._client), track=track)

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
        return reading.frame(files, self._in_order(work, files, "Reading positions", track))

    def hash_files(
        self,
        frame: gpd.GeoDataFrame,
        files: Sequence[PhotoFile],
        *,
        max_pixels: int = decoding.MAX_PIXELS,
        known: hashing.HashCache | None = None,
        track: Track = silent,
    ) -> gpd.GeoDataFrame:
        """Do what `reading.hash_files` does."""
        keys = list(chain(*self._in_order(worker.keys, files, "Looking at files", track)))
        old = known.hashes([key for key in keys if key is not None]) if known else {}
        unread = [i for i, key in enumerate(keys) if key is None or key not in old]
        new: dict[str, str] = {}

        def remember(start: int, found: Sequence[FileHash]) -> None:
            for i, one in zip(unread[start : start + len(found)], found, strict=True):
                if (key := keys[i]) and one.sha256 and not one.fault:
                    new[key] = one.sha256
            if known and len(new) >= KEPT_AT_ONCE:
                known.keep_hashes(new)
                new.clear()

        work = partial(worker.read_hashes, max_pixels=max_pixels)
        unknown = [files[i] for i in unread]
        try:
            read_now = self._in_order(work, unknown, "Reading photos", track, remember)
        finally:  # also of a run that is stopped
            if known:
                known.keep_hashes(new)
        found = iter(chain(*read_now))
        return reading.apply_hashes(
            frame, [FileHash(old[key]) if key and key in old else next(found) for key in keys]
        )

    def detect(
        self,
        placed: gpd.GeoDataFrame,
        *,
        detector: choice.Choice | Detector,
        store: str | Path | None,
        workers: int | None = None,
        max_pixels: int = decoding.MAX_PIXELS,
        rules: filtering.Filter | None = None,
        track: Track = silent,
    ) -> Detected:
        """Do what `stage.detect` does; `store` is the folder or address of the shards.

        `workers` is the number of photos at once on each thread of a worker, 1 if None.
        """
        if store is None:
            raise InputError("workers of a cluster need a folder to write to: --store FOLDER")

        def summaries(groups: Sequence[Sequence[str]]) -> Iterator[tuple[Sequence[str], Summary]]:
            return self._from_shards(shards, worker.summary, groups)

        recorded = choice.is_cached(detector)
        shards = Shards(store, read_only=recorded, summaries=summaries)

        def work(missing: pd.DataFrame, chosen: Detector) -> Generator[Outcome, None, None]:
            run = worker.Run(
                detector=_for_workers(detector, chosen),
                model=Model(chosen.name, chosen.version),
                store=shards.path,
                concurrency=workers or 1,
                max_pixels=max_pixels,
                stop=f"geobike-stop-{uuid.uuid4().hex}",
                labels=tuple(rules.labels) if rules else (),
            )
            return self._answers(run, missing, shards)

        def take(digests: "pd.Series[str]", model: Model) -> pd.DataFrame:
            found: list[pd.DataFrame] = []

            def each() -> Iterator[None]:
                filtered = partial(worker.query, rules=rules)
                taken = self._from_shards(shards, filtered, shards.queries(digests, model))
                with closing(taken):
                    for asked, some in taken:
                        found.append(some)
                        yield from repeat(None, len(asked.photo))

            for _ in track(each(), "Counting", total=len(digests)):
                pass
            return concatenate(found)

        return stage.through(placed, detector, shards, work, take, rules=rules, track=track)

    def _in_order(
        self,
        work: Callable[[worker.FilesTask], worker.FilesResult[Result]],
        files: Sequence[PhotoFile],
        description: str,
        track: Track,
        seen: Callable[[int, Result], None] = lambda *_: None,
    ) -> list[Result]:
        """Have files read on the workers; return the outcomes in the order of the files.

        `seen` is given each as it comes, with the place of its first file.
        """
        groups = (
            worker.FilesTask(at, files[at : at + FILES]) for at in range(0, len(files), FILES)
        )
        found: dict[int, Result] = {}
        reported: set[str] = set()

        def each() -> Iterator[PhotoFile]:
            with closing(tasks.run(self._client, work, groups)) as ended:
                for part, done in ended:
                    if done is None:
                        first, last = part.files[0].photo_id, part.files[-1].photo_id
                        raise ClusterUnavailable(f"workers die reading {first} to {last}")
                    _report(done.notes, reported)
                    visibility.check_photo(done.unread, done.host)
                    found[part.start] = done.result
                    seen(part.start, done.result)
                    yield from part.files

        for _ in track(each(), description, total=len(files)):
            pass
        return [found[start] for start in sorted(found)]

    def _answers(
        self, run: worker.Run, missing: pd.DataFrame, shards: Shards
    ) -> Generator[Outcome, None, None]:
        """Yield the digest of each photo when its shard is there, or with why it is in none."""
        size = min(max(PARTITION, -(-len(missing) // MOST_SHARDS)), LARGEST_PARTITION)
        groups = (
            worker.DetectTask(run, new_name(), missing.iloc[start : start + size])
            for start in range(0, len(missing), size)
        )
        reported, hosts = set[str](), set[str]()
        with closing(tasks.run(self._client, worker.detect, groups, stop=run.stop)) as ended:
            for part, done in ended:
                if done is None:
                    yield part.photos["sha256"].iloc[0], Failure(schema.FAILED, DEADLY)
                    continue
                _report(done.notes, reported)
                if done.error is not None:
                    raise done.error
                visibility.check_photo(done.unread, done.host)
                if done.host not in hosts:
                    visibility.check_written(done, shards)
                    hosts.add(done.host)
                for digest in part.photos["sha256"]:
                    yield digest, done.failures.get(digest)

    def _from_shards(
        self,
        shards: Shards,
        read: Callable[[Shards, worker.Asks], Result],
        asked: Iterable[worker.Asks],
    ) -> Generator[tuple[worker.Asks, Result], None, None]:
        """Have shards read on the workers; yield what was asked and the outcome, as they come."""
        shelves = (worker.ShardTask(shards.path, read, one) for one in asked)
        with closing(tasks.run(self._client, worker.read_shards, shelves)) as ended:
            for shelf, taken in ended:
                if taken is None:
                    raise ClusterUnavailable("workers die reading shards")
                yield shelf.asked, visibility.checked(shelf, taken, shards)


def _report(notes: Iterable[str], reported: set[str]) -> None:
    """Report what other workers have not reported yet."""
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
