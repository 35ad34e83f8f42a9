"""Commands that a person may type next, as a shell reads them."""

import shlex
from pathlib import Path

from geobike.io.redaction import redact
from geobike.io.remote import is_remote
from geobike.messages import message


def word(path: str | Path) -> str:
    """Return a path as it is typed; a shell knows ~ only where it is not quoted.

    Examples:
        >>> word("my photos/out")
        "'my photos/out'"
    """
    shown = message(redact(path))
    return f"~/{shlex.quote(shown[2:])}" if shown.startswith("~/") else shlex.quote(shown)


def map_with_counts(out: str | Path, counts: str | Path) -> str:
    """Return the command that makes the survey of a folder anew, with hand counts.

    Examples:
        >>> map_with_counts("out", "out/hand_counts.csv")
        'geobike map --config out/summary.json --out out --hand-counts out/hand_counts.csv'
    """
    if is_remote(out):  # settings are read from files of this machine alone
        return f"the same geobike map with --hand-counts {word(counts)}"
    return (
        f"geobike map --config {word(Path(out) / 'summary.json')} --out {word(out)} "
        f"--hand-counts {word(counts)}"
    )
