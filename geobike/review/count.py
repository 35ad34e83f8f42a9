"""What a person says of one photo: a number, a range, or that it cannot be judged."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from geobike.errors import InputError

MOST: Final = 9999
"""Most bicycles on a photo; more is a slip of the finger."""

UNKNOWN: Final = "?"
"""In the column `bicycles`: a person looked, and could not judge."""

_NUMBER: Final = re.compile(r"\s*(\d+)(?:\.0*)?\s*(?:[-\u2010-\u2015]\s*(\d+))?\s*", re.ASCII)
_REMARK: Final = 300


@dataclass(frozen=True)
class Count:
    """One person's count of one photo."""

    low: int | None = None
    """Bicycles seen, ridden ones among them; None where it cannot be judged."""
    high: int | None = None
    """The most there may be, where a range was given, such as 40-55."""
    ridden: int = 0
    """How many of them somebody rides."""
    remark: str = ""

    def cells(self) -> dict[str, str]:
        """Return the count as cells of a table, by column."""
        return {
            "bicycles": UNKNOWN if self.low is None else str(self.low),
            "bicycles_high": "" if self.high is None else str(self.high),
            "ridden": str(self.ridden) if self.ridden else "",
            "remark": self.remark,
        }


def parse(cells: Mapping[str, Any]) -> Count | None:
    """Return the count that cells of a table, or fields of the page, hold; None where none is.

    `bicycles` may be a number, `?`, or a range such as 40-55; else `bicycles_high` ends the range.
    Raises InputError, naming the value and the remedy.

    Examples:
        >>> parse({"bicycles": "40-55"})
        Count(low=40, high=55, ridden=0, remark='')
        >>> parse({"bicycles": "", "remark": "later"}) is None
        True
    """
    text = str(cells.get("bicycles") or "").strip()
    remark = " ".join(str(cells.get("remark") or "").split())[:_REMARK]
    if not text:
        return None
    if text == UNKNOWN:
        return Count(remark=remark)
    low, high = _range(text, str(cells.get("bicycles_high") or "").strip())
    ridden = _whole(str(cells.get("ridden") or "").strip() or "0", "ridden")
    if ridden > (low if high is None else high):
        raise InputError(f"{ridden} bicycles are ridden, and there are {text}; count them too")
    return Count(low, high, ridden, remark)


def _range(text: str, end: str) -> tuple[int, int | None]:
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise InputError(f"{text[:40]!r} is no number; write 12, or 40-55, or {UNKNOWN}")
    low = _whole(found[1], "bicycles")
    high = _whole(found[2] or end, "bicycles") if found[2] or end else None
    if high is not None and high < low:
        raise InputError(f"{low}-{high} ends below its start; write the smaller number first")
    return low, None if high == low else high


def _whole(text: str, name: str) -> int:
    found = _NUMBER.fullmatch(text)
    if found is None or found[2] or int(found[1]) > MOST:
        raise InputError(f"{name} is {text[:40]!r}; write a whole number up to {MOST}")
    return int(found[1])
