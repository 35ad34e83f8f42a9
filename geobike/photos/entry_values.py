"""The values of EXIF entries, each distinct entry read once.

Plain text and plain fractions, which most entries are, are read here: a reader of all kinds takes
ten times as long. It gets the others, those only that it has not read before, in a block of their
own (`tiff.block_of`). What it reads of an entry follows from its tag, type, count and bytes alone.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from operator import truediv
from typing import Any, Final

from geobike.photos import tiff
from geobike.photos.tiff import Entry

_MOST: Final = 4096
"""Entries that are remembered: 4 MB at most, as none is longer than 1 kB. Every photo adds the few
that are its own, such as its latitude."""

_TEXT, _FRACTIONS = 2, 5
"""Types of values, as TIFF numbers them: ASCII and RATIONAL."""

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
        values: dict[str, Any] = {}
        others: list[Entry] = []
        for entry in entries:
            value = _plain(entry)
            if value is None:
                others.append(entry)
            else:
                values[self._names[entry.directory, entry.tag]] = value
        if not others:
            return values
        found = self._of_others(others)
        return None if found is None else values | found

    def _of_others(self, entries: Sequence[Entry]) -> dict[str, Any] | None:
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


def _plain(entry: Entry) -> str | list[float] | None:
    """Return the value of ASCII text or of fractions, as `exifread` does; None for all others."""
    if entry.kind == _TEXT:
        text = entry.value.partition(b"\0")[0]
        return text.decode() if text.isascii() else None
    if entry.kind == _FRACTIONS:
        parts = struct.unpack(f"{entry.order}{2 * entry.number}I", entry.value)
        above, below = parts[::2], parts[1::2]
        return None if 0 in below else list(map(truediv, above, below))
    return None
