"""Open local photo files without waiting: a file may be a FIFO or a link since it was listed."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO, Final

from geobike.errors import UnreadablePhoto

_NONBLOCK: Final = getattr(os, "O_NONBLOCK", 0)  # Windows has neither, and no FIFOs in folders
_NOFOLLOW: Final = getattr(os, "O_NOFOLLOW", 0)


def open_regular(path: str | Path, *, follow_links: bool = True) -> BinaryIO:
    """Open a local file for reading. Raises OSError, UnreadablePhoto for a FIFO or a device.

    A file that a listing gave is opened without `follow_links`, since listings resolve links: what
    is a link by now was put there meanwhile, and may lead anywhere. Raises UnreadablePhoto for it.
    """
    try:
        opener = _open if follow_links else _open_listed
        file = open(path, "rb", opener=opener)  # noqa: SIM115 - a Path takes time
    except OSError as error:
        if follow_links or error.errno not in (errno.ELOOP, errno.EMLINK):
            raise
        raise UnreadablePhoto(
            "a symbolic link took the file's place after the folder was listed; it is not followed"
        ) from None
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise UnreadablePhoto("not a regular file")


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | _NONBLOCK)


def _open_listed(path: str, flags: int) -> int:
    return os.open(path, flags | _NONBLOCK | _NOFOLLOW)
