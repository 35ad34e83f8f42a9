"""The values of EXIF entries, each distinct entry read once.

Photos of a survey share most of theirs: the maker, the model, the orientation, the hemisphere. A
reader gets only those that it has not read before, in a block of their own (`tiff.block_of`). What
it reads of an entry follows from its tag, type, count and bytes alone.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from geobike.photos import tiff
from geobike.photos.tiff import Entry

_MOST: Final = 4096
"""Entries that are remembered: 4 MB at most, as none is longer than 1 kB. Every photo adds the few
that are its own, such as its latitude."""

Read = Callable[[bytes], Mapping[str, Any] | None]
"""Returns the values of the tags in a block by their names; None where it cannot be read."""


class EntryValues:
    """Reads the values of entries, and remembers them."""

    def __init__(self, read: Read, names: Mapping[tuple[int, int], str]) -> None:
        """Name how blocks are read, and each tag by its directory and number."""
        self._read, self._names = read, names
        self._known: dict[Entry, tuple[str, Any]] = {}  # name and value; None: the reader has none

    def tags(self, entries: Sequence[Entry]) -> dict[str, Any] | None:
        """Return the values of entries by the names of their tags; None as `Read` does."""
        known = self._known  # replaced, never emptied: another thread may be here too
        unread = [entry for entry in entries if entry not in known]
        if unread:
            found = self._read(tiff.block_of(unread))
            if found is None:
                return None
            if len(known) >= _MOST:
                known = self._known = {one: known[one] for one in entries if one in known}
            for one in unread:
                name = self._names[one.directory, one.tag]
                known[one] = name, found.get(name)
        values = [known[one] for one in entries]
        return {name: value for name, value in values if value is not None}
