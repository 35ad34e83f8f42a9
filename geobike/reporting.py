"""What a run reports without stopping, and foreign text made fit for one line."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from geobike.errors import GeobikeWarning

WORDS: Final = 200
"""Characters of foreign text in a message; a service may echo a whole request."""


def report(what: str, cases: Sequence[str] = (), *, shown: int = 3) -> None:
    """Warn with a GeobikeWarning that quotes the first few cases."""
    more = f", and {len(cases) - shown} more" if len(cases) > shown else ""
    quoted = f": {', '.join(cases[:shown])}{more}" if cases else ""
    warnings.warn(f"{what}{quoted}", GeobikeWarning, stacklevel=3)


def report_number(
    one: str, many: str, cases: Sequence[str] = (), *, number: int | None = None
) -> None:
    """Report how many cases there are, if any: `one` follows 1, `many` every other number.

    `number` counts them where their names are not worth saying.
    """
    count = len(cases) if number is None else number
    if count:
        report(f"1 {one}" if count == 1 else f"{count} {many}", cases)


def one_line(text: str, *, limit: int = WORDS) -> str:
    """Put foreign text on one line: no control or invisible characters, at most `limit` long."""
    shown = "".join(sign if sign.isprintable() else " " for sign in text[: 20 * limit])
    line = " ".join(shown.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


@contextmanager
def collect_warnings(notes: list[str]) -> Iterator[None]:
    """Gather what geobike reports. Other warnings go their own way, and all do if the block fails.

    Python's warning filters are process-wide: while this runs, other threads' warnings come here.
    """
    failed, caught = True, list[warnings.WarningMessage]()
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", GeobikeWarning)
            yield
        failed = False
    finally:
        for one in caught:
            if failed or not issubclass(one.category, GeobikeWarning):
                warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
            else:
                notes.append(str(one.message))
