"""What the options of parking may be."""

from datetime import date as day
from typing import Final

from geobike.errors import InputError

_LEAST: Final = 1.0  # metres
_MOST: Final = 1000.0


def check(*, racks: object, capacity_column: str | None, date: str | None, walk: float) -> None:
    """Raise InputError for a walk or a date that cannot be, or for options that need racks.

    >>> check(racks="racks.geojson", capacity_column=None, date="2026-05-12", walk=50.0)
    """
    if not _LEAST <= walk <= _MOST:
        raise InputError(f"--walk {walk:g} is not from {_LEAST:g} to {_MOST:g} metres")
    if date is not None and not _is_day(date):
        raise InputError(f"--racks-date {date[:40]!r} is not a date such as 2026-05-12")
    for flag, value in (("capacity-column", capacity_column), ("racks-date", date)):
        if racks is None and value is not None:
            raise InputError(f"--{flag} is of use only with --racks FILE")


def _is_day(text: str) -> bool:
    try:
        return day.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
