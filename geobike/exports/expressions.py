"""Pieces of QGIS's expressions, and of map tips: HTML with expressions in [% %]."""

import html
from collections.abc import Iterable
from typing import Final

DASH: Final = "\u2013"
"""Between the ends of a range, and where there is no figure."""


def column(name: str) -> str:
    """Return a column as an expression.

    Examples:
        >>> print(column('5" rack'))
        "5"" rack"
    """
    return '"' + name.replace('"', '""') + '"'


def text(words: str) -> str:
    """Return words as a text in an expression.

    Examples:
        >>> print(text("'s-Gravenhage"))
        '''s-Gravenhage'
    """
    escaped = words.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def all_of(conditions: Iterable[str]) -> str:
    """Return the condition that all hold."""
    return " AND ".join(f"({one})" for one in conditions)


def plain(words: str) -> str:
    """Return words as HTML in which no expression begins."""
    return html.escape(words).replace("[%", "[&#37;")


def shown(value: str) -> str:
    """Return a text from the data as HTML, so that no name is read as markup."""
    safe = value
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        safe = f"replace({safe}, '{sign}', '{entity}')"
    return f"[% {safe} %]"


def figure(value: str, *, digits: int, language: str, percent: bool = False) -> str:
    """Return a number as HTML, as the page writes it; a dash where there is none."""
    if percent:
        number = f"format_number(100 * {value}, {digits}, {text(language)}) || ' %'"
        return f"coalesce({number}, '{DASH}')"
    least = 10.0**-digits
    number = f"format_number({value}, {digits}, {text(language)})"
    small = f"'&lt; ' || format_number({least:g}, {digits}, {text(language)})"
    return (
        f"CASE WHEN {value} > 0 AND {value} < {least / 2:g} THEN {small} "
        f"ELSE coalesce({number}, '{DASH}') END"
    )
