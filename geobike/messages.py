"""Text for whoever reads it: on one line, bounded, without control characters and private paths.

What is quoted in a message may come from a file's name, a library or a server, and may be long,
hold line breaks, or steer a terminal.
"""

import os
import re
from functools import cache
from pathlib import Path
from typing import Final

WORDS: Final = 200
"""Characters of foreign text in a message; a service may echo a whole request."""

MESSAGE: Final = 1000
"""Characters of a message. Of a longer one the middle is left out: the remedy comes last."""

_READ: Final = 20_000
"""Characters looked at, from either end."""


def one_line(text: str, *, limit: int = WORDS) -> str:
    """Put foreign text on one line: no control or invisible characters, at most `limit` long."""
    shown = "".join(sign if sign.isprintable() else " " for sign in text[: 20 * limit])
    line = " ".join(shown.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def message(text: object, *, limit: int = MESSAGE) -> str:
    r"""Return a whole message on one line: at most `limit` characters, and ~ for the home folder.

    Examples:
        >>> message("a\nb.jpg: \x1b[2J is no number")
        'a b.jpg: \\x1b[2J is no number'
    """
    whole = str(text)
    if len(whole) > 2 * _READ:
        whole = f"{whole[:_READ]}…{whole[-_READ:]}"
    if not whole.isprintable():
        whole = re.sub(r" *\n[ \n]*", " ", "".join(map(_shown, whole)))
    line = without_home(whole).strip()
    if len(line) <= limit:
        return line
    tail = limit * 2 // 5
    return f"{line[: limit - tail - 3]} … {line[-tail:]}"


def _shown(sign: str) -> str:
    """Return a character as it may be shown: a blank for a line break, an escape for a control."""
    if sign.isprintable():
        return sign
    return "\n" if sign.isspace() else repr(sign)[1:-1]


def without_home(text: str) -> str:
    """Return a text with ~ where it names the user's home folder, which tells who they are."""
    # That this folder depends on the environment, as the one for temporary files does, is the
    # system's way; no option is read here.
    for home in _names(os.path.expanduser("~")):  # noqa: PTH111 - no error where there is none
        if home in text:
            text = re.sub(rf"(?:(?<=file://)|(?<![\w./~-])){re.escape(home)}(?![\w.-])", "~", text)
    return text


@cache
def _names(home: str) -> list[str]:
    """Return the paths that a folder has; none for / and the like."""
    names = dict.fromkeys((home, os.path.realpath(home)))
    return [name.rstrip("/\\") for name in names if len(Path(name).parts) > 1]
