"""The values of EXIF tags, which may be anything, as numbers and text."""

import math
from typing import Any


def sequence(value: Any) -> list[Any]:
    """Return the values of a tag as a list; that of text is empty."""
    if value is None or isinstance(value, str | bytes):
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def number(value: Any) -> float | None:
    """Return a finite number, or None."""
    try:
        found = float(value)  # of exifread's and Pillow's fractions, 0/0 and n/0 among them
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def text(value: Any) -> str:
    """Return the text of a tag without what pads it; empty for anything else."""
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    return value.strip(" \t\r\n\0") if isinstance(value, str) else ""


def quote(value: Any) -> str:
    """Return a value fit for a message."""
    return repr(str(value)[:60])
