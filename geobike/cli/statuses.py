"""The table of photos by status, with the most common reason of each."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from geobike.cli import terminal

if TYPE_CHECKING:
    import pandas as pd


def print_statuses(
    numbers: Mapping[str, int],
    status: "pd.Series[str]",
    reason: "pd.Series[str]",
    sums: Iterable[tuple[str, str, str]],
) -> None:
    """Print how many photos have each status and mostly why; below them `sums`, rows like these."""
    reasons = reason.groupby(status).agg(_most_common)
    rows = [
        (name, str(number), reasons.get(name, "") if number else "")
        for name, number in numbers.items()
    ]
    terminal.print_table(("status", "photos", "most common reason"), [*rows, *sums])


def _most_common(reasons: "pd.Series[str]") -> str:
    known = reasons.dropna()
    return str(known.mode().iloc[0]) if len(known) else ""
