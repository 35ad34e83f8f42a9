"""What people type as a count: 7, 40-55, `?`. And what spreadsheets make of it."""

import re
from typing import Final, NamedTuple

MOST: Final = 5000
"""Bicycles on one photo; a larger number is a slip of the keyboard."""

NOT_JUDGED: Final = frozenset({"?", "x", "cannot be judged"})
"""What is typed, in any letter case, for a photo on which nobody could count."""

_YES: Final = frozenset({"yes", "y", "true", "1", "x", "done", "ja", "waar", "wahr", "oui", "vrai"})
_NO: Final = frozenset({"", "no", "n", "false", "0", "nee", "onwaar", "falsch", "non", "faux"})
"""Spreadsheets write true and false in the language of their user."""

_WHOLE: Final = re.compile(r"(\d{1,9})(?:[.,]0{1,2})?", re.ASCII)
_RANGE: Final = re.compile(r"(\d{1,9})\s*(?:-|\u2013|\u2014|\u2212|\bto\b)\s*(\d{1,9})", re.ASCII)
_DATE: Final = re.compile(
    r"\d{1,4}[-/. ][^\W\d_]{3,}\.?([-/. ]\d+)?|[^\W\d_]{3,}\.?[-/. ]\d+|\d+([-/.])\d+\2\d+.*",
)


class Entry(NamedTuple):
    """A count as it was typed."""

    low: int | None
    """None where nothing was typed, or where it cannot be judged."""
    high: int | None = None
    """The other end of a range; None where there is none."""
    is_judged: bool = True
    """False where the person said that it cannot be judged."""


def parse(text: str, high: str = "") -> Entry:
    """Return the count of a cell, and of the cell of a range's higher end.

    Raises ValueError, whose text says what is wrong with it and what to type.

    Examples:
        >>> from geobike.estimates import entries
        >>> entries.parse("7"), entries.parse("40-55").high, entries.parse("?").is_judged
        (Entry(low=7, high=None, is_judged=True), 55, False)
        >>> entries.parse("4-May")
        Traceback (most recent call last):
        ValueError: '4-May' looks like a date, which spreadsheets make of a range; type its ends ...
    """
    text, high = text.strip(), high.strip()
    if text.casefold() in NOT_JUDGED:
        return Entry(None, is_judged=False)
    if not text:
        if high:
            raise ValueError(f"bicycles_high is {high!r} and bicycles is empty; type both ends")
        return Entry(None)
    found = _RANGE.fullmatch(text)
    if found is None:
        return _ordered(_whole(text), _whole(high) if high else None)
    low, top = _whole(found[1]), _whole(found[2])
    if high and _whole(high) != top:
        raise ValueError(f"bicycles is {text!r} and bicycles_high {high!r}; leave one of them out")
    return _ordered(low, top)


def is_yes(text: str) -> bool:
    """Tell whether a cell says yes. Raises ValueError where it says neither yes nor no."""
    said = text.strip().casefold()
    if said not in _YES | _NO:
        raise ValueError(f"{text!r} is neither yes nor no")
    return said in _YES


def is_date(text: str) -> bool:
    """Tell whether a text looks like a date, which a spreadsheet makes of 1-2."""
    return _DATE.fullmatch(text.strip()) is not None


def _whole(text: str) -> int:
    found = _WHOLE.fullmatch(text)
    if found is not None and int(found[1]) <= MOST:
        return int(found[1])
    if found is not None:
        raise ValueError(f"{text!r} is more than {MOST:,} bicycles on one photo")
    if is_date(text):
        raise ValueError(
            f"{text!r} looks like a date, which spreadsheets make of a range; type its ends into "
            "bicycles and bicycles_high"
        )
    raise ValueError(
        f"{text!r} is not a count; type a whole number such as 7, a range such as 40-55, or ? "
        "where it cannot be judged"
    )


def _ordered(low: int, high: int | None) -> Entry:
    if high is not None and high < low:
        raise ValueError(f"{low}-{high} ends below where it begins; the lower number comes first")
    return Entry(low, None if high == low else high)
