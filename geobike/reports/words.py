"""Words, numbers and dates of a report, in its language."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

import pandas as pd

from geobike.errors import InputError
from geobike.maps import options

_LISTED: Final = 30  # names in a sentence; more are counted


def languages() -> list[str]:
    """Return the languages that a report can be in."""
    found = (re.fullmatch(r"words-(\w+)\.json", file.name) for file in _here().iterdir())
    return sorted(match[1] for match in found if match)


def speech(language: str, labels: Iterable[str]) -> "Speech":
    """Return the words of a language. Raises InputError for one that there is none of."""
    if language not in languages():
        raise InputError(
            f"language {language!r} has no words for a report; choose from {', '.join(languages())}"
        )
    own = json.loads((_here() / f"words-{language}.json").read_text("utf-8"))
    return Speech(options.words(language) | own, tuple(labels))


def _here() -> Any:
    return resources.files(__package__)


@dataclass(frozen=True)
class Speech:
    """Says words, numbers and dates as a language does."""

    words: Mapping[str, Any]
    """Of the map, for what a metric is called, and of the report."""
    labels: tuple[str, ...]
    """What was counted."""

    def say(self, key: str, **given: Any) -> str:
        """Return the text of a key with its placeholders filled in.

        Whole numbers are written as such; `n` chooses between singular and plural.
        """
        forms = self.words[key]
        n = given.get("n")
        text: str = forms if isinstance(forms, str) else forms["one" if n == 1 else "other"]
        text = forms["other"] if not isinstance(forms, str) and "one" not in forms else text
        values = self._always() | {name: self._text(value) for name, value in given.items()}
        return re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], match[0]), text)

    def has(self, key: str) -> bool:
        """Tell whether there are words for a key."""
        return key in self.words

    def _always(self) -> dict[str, str]:
        thing = "bicycle" if self.labels == ("bicycle",) else "object"
        things: str = self.words[f"many_{thing}"]
        return {
            "things": things,
            "Things": things[:1].upper() + things[1:],
            "thing": self.words[f"one_{thing}"],
        }

    def _text(self, value: Any) -> str:
        return self.number(value) if isinstance(value, int) else str(value)

    def number(self, value: float, digits: int = 0) -> str:
        """Return a number with this many decimals."""
        text = f"{value:,.{digits}f}"
        marks = {",": self.words["thousands"], ".": self.words["decimal"]}
        return re.sub(r"[,.]", lambda mark: marks[mark[0]], text)

    def edge(self, value: float) -> str:
        """Return a round number with no more decimals than it has."""
        return self.number(value, len(f"{value:.6f}".rstrip("0").partition(".")[2]))

    def figure(self, value: Any) -> str:
        """Return a number with two significant digits, a dash where there is none."""
        if pd.isna(value):
            return str(self.words["none"])
        number = float(value)
        if number == 0:
            return "0"
        size = len(str(int(abs(number)))) if abs(number) >= 1 else 0
        if size >= 2:
            return self.number(round(number, 2 - size))
        return self.number(number, 1 if abs(number) >= 0.095 else 2)

    def count(self, value: Any) -> str:
        """Return a number of things with two significant digits, and never with decimals."""
        return self.figure(value) if pd.isna(value) or value >= 9.5 else self.number(float(value))

    def percent(self, share: Any) -> str:
        """Return a share from 0 to 1 in percent."""
        return (
            f"{self.figure_of_whole(100 * share)}\u00a0%" if pd.notna(share) else self.figure(share)
        )

    def figure_of_whole(self, value: float) -> str:
        """Return a number without decimals; what is more than nothing never becomes 0."""
        return self.number(value) if value == 0 or value >= 0.5 else f"< {self.number(1)}"

    def day(self, time: pd.Timestamp) -> str:
        """Return the day of a time."""
        month = self.words["months"].split()[time.month - 1]
        return self.say("day", day=str(time.day), month=month, year=str(time.year))

    def listed(self, names: Iterable[str]) -> str:
        """Return names as one enumeration; of many, the first and how many more."""
        known = list(names)
        shown = known[:_LISTED]
        if len(known) > len(shown):
            return self.say("more_names", names=", ".join(shown), n=len(known) - len(shown))
        if len(shown) < 2:
            return "".join(shown)
        return f"{', '.join(shown[:-1])} {self.words['and']} {shown[-1]}"
