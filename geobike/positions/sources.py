"""The position sources, by the names that `--positions` takes.

A new source is a module with a function like `exif.positions`, and a line in SOURCES.
"""

import difflib
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple, Protocol

import geopandas as gpd
import pandas as pd

from geobike.config import POSITIONS
from geobike.errors import InputError
from geobike.positions import exif, manifest, track

DEFAULT: Final = POSITIONS
"""Names in order: the first source with a valid position wins."""


class Positions(Protocol):
    """The interface of a source: a function from photos to positions."""

    def __call__(
        self, photos: gpd.GeoDataFrame, table: pd.DataFrame | None, /
    ) -> pd.DataFrame | None:
        """Return a positions frame on the index of the photos, whatever other sources give.

        `table` is what was read from the source's own file; None where no file is given. A source
        that cannot do without one then returns None.
        """
        ...


class Source(NamedTuple):
    """One kind of position source."""

    name: str
    """As the user writes it."""
    label: str
    """As messages write it."""
    positions: Positions
    needs_file: bool
    """Whether it reads a file of its own, given with an option of its name, such as --manifest."""


SOURCES: Final = {
    source.name: source
    for source in (
        Source("manifest", "manifest", manifest.positions, needs_file=True),
        Source("exif", "EXIF", exif.positions, needs_file=False),
        Source("track", "track", track.positions, needs_file=True),
    )
}


def check(names: Sequence[str], *, given: Collection[str]) -> None:
    """Raise InputError for names that are unknown, repeated or empty, or that give no position.

    `given` names the sources for which there is a file.
    """
    if isinstance(names, str):
        raise InputError(f"positions is the text {names!r}; give a tuple of names")
    if not names or not all(names):
        raise InputError(
            f"--positions {','.join(names)!r} has an empty name; "
            f"give names such as {','.join(DEFAULT)}"
        )
    for name in (*names, *given):
        _check_known(name)
    repeated = [name for name in SOURCES if list(names).count(name) > 1]
    if repeated:
        raise InputError(f"--positions names {repeated[0]} more than once; name each source once")
    if not any(name in given or not SOURCES[name].needs_file for name in names):
        raise InputError(
            f"--positions {','.join(names)} gives no position without a file: "
            f"add --{names[0]} FILE, or exif to --positions"
        )


def _check_known(name: str) -> None:
    if name not in SOURCES:
        (nearest,) = difflib.get_close_matches(name.lower(), SOURCES, n=1, cutoff=0)
        raise InputError(
            f"{name[:40]!r} is not a position source; the nearest is {nearest} "
            f"(--positions takes {', '.join(SOURCES)})"
        )
