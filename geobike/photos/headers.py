"""Headers of many photos: of several processes, or from the store, where it has them."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from functools import partial
from itertools import chain
from typing import Final

from geobike.io import parallel
from geobike.photos import edition, hashing, metadata, records
from geobike.photos.discovery import PhotoFile

PART: Final = 500  # photos: their headers take a tenth of a second
MANY: Final = 3_000  # photos that justify more processes, which take 0.2 s to start


def read(files: Sequence[PhotoFile], max_pixels: int) -> Generator[list[bytes], None, None]:
    """Yield the records of the headers of photos, in their order, a part at a time."""
    work = partial(metadata.read_records, max_pixels=max_pixels)
    parts = [files[start : start + PART] for start in range(0, len(files), PART)]
    if len(files) < MANY:
        yield from map(work, parts)
        return
    with closing(parallel.spread(work, parts)) as found:
        yield from found


class Headers:
    """The headers of photos whose bytes are known, which are read once and kept."""

    def __init__(self, known: hashing.HashCache, max_pixels: int) -> None:
        self._known = known
        self._max_pixels = max_pixels

    def of(
        self, files: Sequence[PhotoFile], digests: Sequence[str]
    ) -> Generator[bytes, None, None]:
        """Yield the record of each file, which is opened where the store has none to use."""
        kept = self._usable(self._known.headers(digests, edition.current()))
        unread = [file for file, one in zip(files, digests, strict=True) if one not in kept]
        new: dict[str, bytes] = {}
        with closing(read(unread, self._max_pixels)) as parts:
            fresh = chain.from_iterable(parts)
            for digest in digests:
                if digest not in kept:
                    new[digest] = next(fresh)
                yield kept[digest] if digest in kept else new[digest]
        self.keep(new, whole=False)

    def keep(self, found: Mapping[str, bytes], *, whole: bool) -> None:
        """Keep the records of photos by their SHA-256, where they are of any use later.

        `whole` says that all bytes of the photos were read, without a fault.
        """
        self._known.keep_headers(self._usable(found), edition.current(), whole=whole)

    def _usable(self, found: Mapping[str, bytes]) -> dict[str, bytes]:
        right = records.usable(list(found.values()), max_pixels=self._max_pixels).tolist()
        return {digest: one for (digest, one), ok in zip(found.items(), right, strict=True) if ok}
