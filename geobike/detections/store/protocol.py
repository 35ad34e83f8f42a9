"""The interface of a detection store, whichever files it keeps them in."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Protocol, Self

import pandas as pd

from geobike.detectors.protocol import Detection
from geobike.photos.hashing import Recall
from geobike.progress import Track, silent

IN_MEMORY: Final = ":memory:"
"""Path of a store that is kept in memory; SQLite's own name for it."""

Transform = Callable[[pd.DataFrame], pd.DataFrame]
"""Transforms boxes as they are read; all boxes of a photo are in one frame."""


class Model(NamedTuple):
    """Who answered: a detector's name and exact version."""

    name: str
    version: str


def unchanged(boxes: pd.DataFrame) -> pd.DataFrame:
    """Return the boxes as they are."""
    return boxes


class DetectionStore(Protocol):
    """An open store: the answers of detectors, and what files say (`hashing.HashCache`).

    Use it in a `with` block. Every method raises StoreError where the store cannot be used.
    """

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    @property
    def path(self) -> Path | str:
        """Where it is."""
        ...

    def has_answers(self) -> bool:
        """Tell whether it holds any answer."""
        ...

    def models(self) -> dict[Model, int]:
        """Return each detector that has answered, with the number of its photos."""
        ...

    def missing(self, digests: Iterable[str], model: Model) -> list[str]:
        """Return the digests that this detector has not answered, in order."""
        ...

    def boxes(
        self,
        digests: Iterable[str],
        model: Model,
        *,
        transform: Transform = unchanged,
        track: Track = silent,
    ) -> pd.DataFrame:
        """Return what this detector found in those photos: a row for each box.

        The columns are `photo`, the index of the photo's among the digests, and `label` (category),
        `score`, `xmin`, `ymin`, `xmax`, `ymax`. Boxes of one photo are in the order of the answer.
        `transform` runs where the boxes are read, perhaps on another machine.
        """
        ...

    def put(self, digest: str, model: Model, detections: Iterable[Detection]) -> None:
        """Keep one photo's answer before returning. The first answer of a detector is kept."""
        ...

    def hashes(self, keys: Sequence[str]) -> Mapping[str, str]:
        """Return the SHA-256 for those keys of `geobike.photos.hashing.key` that are known."""
        ...

    def keep_hashes(self, hashes: Mapping[str, str]) -> None:
        """Keep SHA-256 by key, where the store can be written."""
        ...

    def headers(self, digests: Sequence[str], edition: str) -> Mapping[str, bytes]:
        """Return the records of headers, by SHA-256, that this edition of the code has read.

        `geobike.photos.records` says what they hold, and which are usable.
        """
        ...

    def keep_headers(self, found: Mapping[str, bytes], edition: str, *, whole: bool) -> None:
        """Keep the records of headers that this edition of the code has read, by SHA-256.

        `whole` says that it has read all bytes of these photos, without a fault.
        """
        ...

    def recall(self, edition: str) -> Recall | None:
        """Return what opens, also in another process, what is known of the SHA-256 of a photo.

        It tells whether any detector answered for it, so that it was decoded once, and the record
        of its header where this edition of the code has read the whole photo. None where that takes
        longer than to open the photo.
        """
        ...
