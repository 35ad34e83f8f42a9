"""Parse latitudes and longitudes as people and programs write them, into decimal degrees.

Decimal degrees with a point or a comma, and degrees, minutes and seconds, such as `52.0116`,
`4,3571 E`, `52 deg 0' 41.76" N`, `N 52° 0.696'` and `-33 55 12`.
"""

import re
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from geobike.reporting import one_line


class Axis(NamedTuple):
    """One of the two coordinates."""

    name: str
    limit: float
    """Largest absolute value in degrees."""
    positive: str
    """The hemisphere where degrees are positive."""
    negative: str


LATITUDE: Final = Axis("latitude", 90, "N", "S")
LONGITUDE: Final = Axis("longitude", 180, "E", "W")

_HEMISPHERES: Final = {
    word: letter
    for letter, words in {
        "N": "n north nb nord noord norte noorderbreedte",
        "S": "s south z zb zuid süd sud sur zuiderbreedte",
        "E": "e east ol oost ost est este oosterlengte",
        "W": "w west wl ouest oeste westerlengte",
    }.items()
    for word in words.split()
}
"""English, and what Dutch, German, French and Spanish devices and people write."""

_ALIKE: Final = str.maketrans(
    {
        **dict.fromkeys("\u2032\u2019\u2018\u0060\u00b4\u02b9", "'"),
        **dict.fromkeys("\u2033\u201d\u201c\u02ba", '"'),
        **dict.fromkeys("\u00ba\u02da", "°"),
        **dict.fromkeys("\u2212\u2013", "-"),
        **dict.fromkeys("\u00a0\u2009\u202f\u2007", " "),
    }
)
"""Characters that are written for those of the pattern."""

_NUMBER: Final = r"\d+(?:[.,]\d*)?"
_PATTERN: Final = re.compile(
    rf"""
    (?: (?P<before> [^\W\d_][^\W\d_.]*\.?(?:[^\W\d_]\.)? ) \s* )?
    (?P<sign> [+-] )? \s*
    (?P<degrees> {_NUMBER} )
    (?: (?: \s*(?:°|degrees|deg\.?|d|:|-)\s* | \s+ ) (?P<minutes> {_NUMBER} )
        (?: (?: \s*(?:'|min\.?|m|:|-)\s* | \s+ ) (?P<seconds> {_NUMBER} ) )?
    )?
    \s* (?P<unit> °|degrees|deg\.?|d|'(?!')|min\.?|m|"|''|sec\.?|s(?=\s*[^\W\d_]) )?
    \s* (?P<after> [^\W\d_][^\W\d_.]*\.?(?:[^\W\d_]\.)? )?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NO_NUMBER: Final = "is not a number"


def degrees(
    column: "pd.Series[Any]", axis: Axis, hemispheres: "pd.Series[str] | None" = None
) -> tuple["pd.Series[float]", "pd.Series[str]"]:
    """Return decimal degrees, NA where a cell is empty or bad, and what is wrong with it, or NA.

    South and west are negative. `hemispheres` is a column of their names, as EXIF keeps them beside
    the angle. Minutes need a hemisphere or a sign: without one nothing says on which side of the
    equator or of Greenwich they are.

    >>> import pandas as pd
    >>> degrees(pd.Series(["52° 30' N", "-4,25", "52° 30'"]), LATITUDE)[0].tolist()
    [52.5, -4.25, nan]
    """
    text = column.astype("str").fillna("").str.strip()
    number = pd.to_numeric(text.str.replace(",", ".", n=1), errors="coerce").astype("float64")
    plain = np.isfinite(number)
    if hemispheres is not None:
        plain &= hemispheres == ""
    wordy = ~plain & ~text.isin(("", "-"))  # a hyphen is what ExifTool writes for none
    values, fault = number.where(plain), pd.Series(None, index=text.index, dtype="str")
    if wordy.any():
        refs = hemispheres if hemispheres is not None else pd.Series("", index=text.index)
        pairs = zip(text[wordy], refs[wordy], strict=True)
        read_as = [_read(cell, ref, axis=axis) for cell, ref in pairs]
        values[wordy] = np.array([value for value, _ in read_as], dtype="float64")
        fault[wordy] = pd.array([why for _, why in read_as], dtype="str")
    beyond = values.abs() > axis.limit
    fault[beyond] = f"is beyond ±{axis.limit:g}"
    bad = fault.notna()
    quoted = [
        f"{axis.name} '{one_line(cell, limit=40)}' {why}"
        for cell, why in zip(text[bad], fault[bad], strict=True)
    ]
    fault[bad] = pd.array(quoted, dtype="str")
    return values.mask(bad), fault


def _read(text: str, ref: str, *, axis: Axis) -> tuple[float, str | None]:
    """Return decimal degrees and None, or NaN and what is wrong with the text."""
    found = _PATTERN.fullmatch(text.translate(_ALIKE)) if len(text) < 100 else None
    if found is None:
        return np.nan, _NO_NUMBER
    parts = [float(part.replace(",", ".")) for part in found.group(3, 4, 5) if part is not None]
    if any(part % 1 for part in parts[:-1]) or any(part > 60 for part in parts[1:]):
        return np.nan, "is not an angle: its minutes or seconds are not from 0 to 60"
    if len(parts) == 3 and parts[1] == 60:
        return np.nan, "is not an angle: its minutes are not from 0 to 59"
    sign, fault = _sign(found, ref, axis, has_minutes=len(parts) > 1)
    value = sum(part / 60**power for power, part in enumerate(parts))
    return (np.nan, fault) if fault else (sign * value, None)


def _sign(
    found: re.Match[str], ref: str, axis: Axis, *, has_minutes: bool
) -> tuple[int, str | None]:
    """Return 1 or -1 and None, or what is wrong with the hemispheres."""
    words = [word for word in (found["before"], found["after"], ref) if word]
    if found["after"] and found["after"].lower() == "s" and _has_unit_of_minutes(found):
        words.remove(found["after"])  # the unit of the seconds, it seems
    negative = found["sign"] == "-"
    letters = set()
    for word in words:
        letter = _HEMISPHERES.get(word.lower().replace(".", ""))
        if letter is None:
            return 1, _unknown(word)
        letters.add(letter)
    if not letters:
        missing = has_minutes and not found["sign"]
        fault = f"has no hemisphere; add {axis.positive} or {axis.negative}, or a sign"
        return -1 if negative else 1, fault if missing else None
    (letter, *more) = letters
    if letter not in (axis.positive, axis.negative):
        return 1, f"has the hemisphere {letter}; are latitude and longitude swapped?"
    if more or (negative and letter == axis.positive):
        return 1, "has a sign and a hemisphere, or two hemispheres, that contradict each other"
    return 1 if letter == axis.positive else -1, None


def _has_unit_of_minutes(found: re.Match[str]) -> bool:
    """Tell whether minutes are marked by a letter, as in 52d0m41s, whose s is not south."""
    start, end = found.span("minutes")[1], found.span("seconds")[0]
    return 0 <= start < end and "m" in found.string[start:end].lower()


def _unknown(word: str) -> str:
    if word.lower().strip(".") == "o":
        return "has the hemisphere O, which is east in Dutch and west in French; write E or W"
    return _NO_NUMBER
