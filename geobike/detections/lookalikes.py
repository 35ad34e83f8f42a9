"""Labels that look like another one, with letters of another script in them."""

import unicodedata

from geobike.detectors.check import clean_label


def found(label: str, wanted: str) -> list[str]:
    r"""Return the letters by which a label differs from a wanted one that it looks like.

    Both are as long, and share letters; where they differ, the letters are of two scripts that one
    of both labels mixes, as no word of a language does. Empty where that is not so.

    >>> found("b\u0456cycle", "bicycle")
    ['CYRILLIC SMALL LETTER BYELORUSSIAN-UKRAINIAN I for i']
    >>> found("велосипед", "bicycle"), found("tricycle", "bicycle")
    ([], [])
    """
    one, other = (clean_label(text).casefold() for text in (label, wanted))
    if len(one) != len(other):
        return []
    pairs = [pair for pair in zip(one, other, strict=True) if pair[0] != pair[1]]
    if len(pairs) == len(one) or any(_script(here) == _script(there) for here, there in pairs):
        return []
    if not (_mixes(one) or _mixes(other)):
        return []
    return list(dict.fromkeys(f"{_name(here)} for {there}" for here, there in pairs))


def _mixes(text: str) -> bool:
    return len({_script(sign) for sign in text if sign.isalpha()}) > 1


def _script(sign: str) -> str:
    """Return the script of a letter: the first word of its name, such as LATIN or CYRILLIC."""
    return _name(sign).partition(" ")[0] if sign.isalpha() else sign


def _name(sign: str) -> str:
    return unicodedata.name(sign, f"U+{ord(sign):04X}")
