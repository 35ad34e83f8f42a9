"""A survey on a Dask cluster: workers read the photos and detect; the client keeps the frames.

Dask is imported in this package alone. What a worker detects it writes as one shard
(`geobike.shards`), so that a run that is stopped, or loses workers or its scheduler, goes on there.
"""

import os
import time
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import tzinfo
from functools import partial
from itertools import chain, islice
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import geopandas as gpd
import pandas as pd

from geobike import detection, detectors, images, photos, remote, schema
from geobike.cluster import worker
from geobike.cluster.connection import PATIENCE, connect, translated
from geobike.detect import Detector
from geobike.detection import Detected, Failure
from geobike.digests import Digest
from geobike.errors import ClusterUnavailable, InputError, report
from geobike.files import read_bytes
from geobike.listing import PhotoFile
from geobike.progress import Track, silent
from geobike.shards import Shards, new_name
from geobike.store import Model, Recorded

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
"""Digests that are kept together: what a run that is killed has to read again."""

GRACE: Final = 10.0
"""Seconds that a run that is stopped waits for what is under way to be written."""

_LOOK: Final = 2.0  # seconds after which to look whether there still is a worker
_AHEAD: Final = 3  # parts for each thread of a worker, so that none runs dry

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

    def read_heads(
        self,
        files: Sequence[PhotoFile],
        *,
        timezone: tzinfo | None = None,
        max_pixels: int = images.MAX_PIXELS,
        track: Track = silent,
    ) -> gpd.GeoDataFrame:
        """Do what `photos.read_heads` does.

        Raises InputError where a worker cannot read what can be read here.
        """
        work = partial(worker.read_heads, timezone=timezone, max_pixels=max_pixels)
        return photos.frame(files, self._in_order(work, files, "Reading positions", track))

    def digest(
        self,
        frame: gpd.GeoDataFrame,
        files: Sequence[PhotoFile],
        *,
        max_pixels: int = images.MAX_PIXELS,
        known: photos.Known | None = None,
        track: Track = silent,
    ) -> gpd.GeoDataFrame:
        """Do what `photos.digest` does."""
        keys = list(chain(*self._in_order(worker.keys, files, "Looking at files", track)))
        old = known.digests([key for key in keys if key is not None]) if known else {}
        unread = [i for i, key in enumerate(keys) if key is None or key not in old]
        new: dict[str, str] = {}

        def remember(start: int, found: Sequence[Digest]) -> None:
            for i, one in zip(unread[start : start + len(found)], found, strict=True):
                if (key := keys[i]) and one.sha256 and not one.fault:
                    new[key] = one.sha256
            if known and len(new) >= KEPT_AT_ONCE:
                known.keep_digests(new)
                new.clear()

        work = partial(worker.read_digests, max_pixels=max_pixels)
        unknown = [files[i] for i in unread]
        try:
            read_now = self._in_order(work, unknown, "Reading photos", track, remember)
        finally:  # also of a run that is stopped
            if known:
                known.keep_digests(new)
        found = iter(chain(*read_now))
        return photos.mark(
            frame, [Digest(old[key]) if key and key in old else next(found) for key in keys]
        )

    def detect(
        self,
        placed: gpd.GeoDataFrame,
        *,
        detector: detectors.Choice | Detector,
        store: str | Path | None,
        workers: int | None = None,
        max_pixels: int = images.MAX_PIXELS,
        track: Track = silent,
    ) -> Detected:
        """Do what `detection.detect` does; `store` is the folder or address of the shards.

        `workers` is the number of photos at once on each thread of a worker, 1 if None.
        """
        if store is None:
            raise InputError("workers of a cluster need a folder to write to: --store FOLDER")
        shards = Shards(store, read_only=detectors.is_recorded(detector))

        def work(missing: pd.DataFrame, chosen: Detector) -> dict[str, Failure]:
            run = worker.Run(
                detector=_for_workers(detector, chosen),
                model=Model(chosen.name, chosen.version),
                store=shards.path,
                together=workers or 1,
                max_pixels=max_pixels,
                stop=f"geobike-stop-{uuid.uuid4().hex}",
            )
            with closing(self._answers(run, missing, shards)) as answers:
                shown = track(answers, "Detecting", total=len(missing))
                return {digest: failure for digest, failure in shown if failure}

        return detection.through(placed, detector, shards, work)

    def _in_order(
        self,
        work: Callable[[worker.Files], worker.Read[Result]],
        files: Sequence[PhotoFile],
        description: str,
        track: Track,
        seen: Callable[[int, Result], None] = lambda *_: None,
    ) -> list[Result]:
        """Have files read on the workers; return the outcomes in the order of the files.

        `seen` is given each as it comes, with the place of its first file.
        """
        parts = (worker.Files(at, files[at : at + FILES]) for at in range(0, len(files), FILES))
        found: dict[int, Result] = {}

        def each() -> Iterator[PhotoFile]:
            with closing(self._each(work, parts)) as ended:
                for part, done in ended:
                    if done is None:
                        first, last = part.files[0].photo_id, part.files[-1].photo_id
                        raise ClusterUnavailable(f"workers die reading {first} to {last}")
                    result, host, unread = done
                    _check_reach(unread, host)
                    found[part.start] = result
                    seen(part.start, result)
                    yield from part.files

        for _ in track(each(), description, total=len(files)):
            pass
        return [found[start] for start in sorted(found)]

    def _answers(
        self, run: worker.Run, missing: pd.DataFrame, shards: Shards
    ) -> Generator[tuple[str, Failure | None], None, None]:
        """Yield the digest of each photo when its shard is there, or with why it is in none."""
        size = min(max(PARTITION, -(-len(missing) // MOST_SHARDS)), LARGEST_PARTITION)
        parts = (
            worker.Part(run, new_name(), missing.iloc[start : start + size])
            for start in range(0, len(missing), size)
        )
        notes, hosts = set[str](), set[str]()
        with closing(self._each(worker.detect, parts, stop=run.stop)) as ended:
            for part, done in ended:
                if done is None:
                    yield part.photos["sha256"].iloc[0], (schema.FAILED, DEADLY)
                    continue
                for note in set(done.notes) - notes:
                    report(note)
                    notes.add(note)
                if done.error is not None:
                    raise done.error
                _check_reach(done.unread, done.host)
                if done.host not in hosts:
                    _check_store(done, shards)
                    hosts.add(done.host)
                for digest in part.photos["sha256"]:
                    yield digest, done.failures.get(digest)

    def _each(
        self, work: Callable[[Any], Any], parts: Iterable[Any], *, stop: str | None = None
    ) -> Generator[tuple[Any, Any], None, None]:
        """Have `work` done on the workers; yield each part with its outcome, as they come.

        Few parts are handed out at a time, so that the scheduler never holds them all. However this
        ends, no further part is begun; the event `stop` tells workers to end theirs early. Parts
        during which workers died are done again in the end, piece by piece; the outcome of a piece
        during which they die again is None.
        """
        from distributed import KilledWorker

        waiting, ended = iter(parts), SimpleQueue[Any]()
        running: dict[str, tuple[Any, Any]] = {}
        suspects: list[Any] = []

        def begin(number: int) -> None:
            for part in islice(waiting, max(number, 0)):
                # A key of our own: Dask's would be a digest of the part, and so of a token in it.
                key = f"geobike-{uuid.uuid4().hex}"
                future = self._client.submit(work, part, key=key, pure=False)
                running[key] = (part, future)
                future.add_done_callback(ended.put)

        room = _Room(self._client)
        with translated():
            try:
                while True:
                    begin(room.now() - len(running))
                    if not running and suspects:
                        # Alone, so that there is no doubt during which of them a worker dies.
                        waiting, room.alone = chain(*(one.pieces() for one in suspects)), True
                        suspects.clear()
                        continue
                    if not running:
                        return
                    part, future = running.pop(self._next(ended))
                    try:
                        outcome = future.result()
                    except KilledWorker:
                        if not room.alone:
                            suspects.append(part)
                            continue
                        outcome = None
                    yield part, outcome
            finally:
                self._wind_down(running, ended, stop)

    def _next(self, ended: "SimpleQueue[Any]") -> str:
        """Wait for the next part that ends, as long as there is a worker or may be one again."""
        alone_since = None
        while True:
            try:
                key: str = ended.get(timeout=_LOOK).key
                return key
            except Empty:
                if _threads(self._client):
                    alone_since = None
                    continue
                alone_since = alone_since or time.monotonic()
                if time.monotonic() - alone_since > PATIENCE:
                    raise ClusterUnavailable("the cluster has no worker left") from None

    def _wind_down(
        self, running: dict[str, tuple[Any, Any]], ended: "SimpleQueue[Any]", stop: str | None
    ) -> None:
        """End what runs. Where there is an event, workers write first what they have by now."""
        if not running or self._client.status != "running":
            return
        if stop is not None:
            from distributed import Event

            Event(stop, client=self._client).set()
            deadline = time.monotonic() + GRACE
            while running and (left := deadline - time.monotonic()) > 0:
                try:
                    running.pop(ended.get(timeout=left).key, None)
                except Empty:
                    break
        self._client.cancel([future for _, future in running.values()])


def _threads(client: Any) -> int:
    return sum(client.nthreads().values())


class _Room:
    """How many parts may be handed out, as workers come and go."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._looked, self._threads = 0.0, 0
        self.alone = False

    def now(self) -> int:
        if self.alone:
            return 1
        if time.monotonic() - self._looked > _LOOK:
            self._looked, self._threads = time.monotonic(), _threads(self._client)
        return _AHEAD * max(self._threads, 1)


def _check_reach(unread: str | None, host: str) -> None:
    """Raise InputError for a photo that a worker could not read and this machine can."""
    if unread is None:
        return
    try:
        read_bytes(unread)
    except OSError:
        return
    raise InputError(
        f"worker {host} cannot read {remote.shown(unread)}, which can be read here; on a cluster "
        "photos must lie where every worker finds them under the same path or address"
    )


def _check_store(done: worker.Done, shards: Shards) -> None:
    """Raise InputError where what a worker wrote is not in the store that this machine sees."""
    if done.shard is not None and not shards.answered(done.shard):
        raise InputError(
            f"store {remote.shown(shards.path)}: what worker {done.host} wrote there cannot be "
            "seen from here; name a folder that all machines share, or an address"
        )


def _for_workers(
    detector: detectors.Choice | Detector, chosen: Detector
) -> detectors.Choice | worker.Pickled:
    """Return what a worker makes the detector from: the settings, where they are enough."""
    if isinstance(detector, detectors.Choice) and not isinstance(chosen, Recorded):
        kind = "onnx" if detector.kind == "auto" else detector.kind
        return replace(detector, kind=kind, download_progress=None)
    from distributed.protocol import pickle

    try:
        return worker.Pickled(pickle.dumps(chosen))
    except Exception as error:  # noqa: BLE001 - pickling raises anything
        raise InputError(
            f"the detector {chosen.name} cannot be sent to workers ({error}); give a "
            "DetectorChoice, from which each makes its own"
        ) from None
