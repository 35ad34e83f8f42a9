"""Open local photo files without waiting: what was a file when listed may be a FIFO by now."""

import os
import stat
from pathlib import Path
from typing import BinaryIO, Final

from geobike.errors import UnreadablePhoto

_NONBLOCK: Final = getattr(os, "O_NONBLOCK", 0)  # Windows has none, and no FIFOs in folders


def open_regular(path: str | Path) -> BinaryIO:
    """Open a local file for reading. Raises OSError, UnreadablePhoto for a FIFO or a device."""
    file = open(path, "rb", opener=_open)  # noqa: SIM115 - a Path takes time; the caller closes
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise UnreadablePhoto("not a regular file")


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | _NONBLOCK)
