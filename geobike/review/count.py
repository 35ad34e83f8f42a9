"""What a person says of one photo: a number, a range, or that it cannot be judged."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from geobike.errors import InputError
from geobike.estimates import entries

UNKNOWN: Final = "?"
"""In the column `bicycles`: a person looked, and could not judge."""

_REMARK: Final = 300
"""Most letters of a remark."""


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

    Raises InputError, naming the value and what to type.

    Examples:
        >>> parse({"bicycles": "40-55"})
        Count(low=40, high=55, ridden=0, remark='')
        >>> parse({"bicycles": "", "remark": "later"}) is None
        True
    """
    text, high, riding = (_text(cells, name) for name in ("bicycles", "bicycles_high", "ridden"))
    remark = " ".join(_text(cells, "remark").split())[:_REMARK]
    try:
        said = entries.parse(text, high)
        ridden = entries.parse(riding).low or 0
    except ValueError as error:
        raise InputError(str(error)) from None
    if not said.is_judged:
        return Count(remark=remark)
    if said.low is None:
        return None
    if ridden > said.low:
        raise InputError(f"{ridden} are ridden, and bicycles, which counts these too, is {text}")
    return Count(said.low, said.high, ridden, remark)


def is_yes(text: str) -> bool:
    """Tell whether a cell says so, as people and spreadsheets write it. Raises InputError."""
    try:
        return entries.is_yes(text)
    except ValueError as error:
        raise InputError(str(error)) from None


def _text(cells: Mapping[str, Any], name: str) -> str:
    value = cells.get(name)
    return "" if value is None else str(value).strip()
