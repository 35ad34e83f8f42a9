"""What a store of detections is, whichever files it keeps them in."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import pandas as pd

IN_MEMORY: Final = ":memory:"
"""Where a store is kept that nobody wants to keep; SQLite's own name for it."""


class Model(NamedTuple):
    """Who answered: a detector's name and exact version."""

    name: str
    version: str


class DetectionStore(Protocol):
    """What a run asks of a store, whether a `Store` or the shards of a cluster."""

    @property
    def path(self) -> Path | str:
        """Where it is."""
        ...

    def models(self) -> dict[Model, int]:
        """Return each detector that has answered, with the number of its photos."""
        ...

    def boxes(self, digests: Iterable[str], model: Model) -> pd.DataFrame:
        """Return what this detector found in those photos: a row for each box.

        The columns are `photo`, the place among the digests of the photo's, and `label` (category),
        `score`, `xmin`, `ymin`, `xmax`, `ymax`. Boxes of one photo are in the order of the answer.
        """
        ...

    def missing(self, digests: Iterable[str], model: Model) -> list[str]:
        """Return the digests that this detector has not answered, in order."""
        ...
