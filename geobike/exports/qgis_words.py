"""The words of the page, for styles: as text, and as expressions that count."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from geobike.exports.expressions import text
from geobike.exports.protocol import About, OnPage

_OWN: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "seen": "street that was seen; the wider, the more {things} per 100 m",
        "not_seen": "street that was not seen",
        "stop": "place looked at; the larger, the more {things}",
        "stop_none": "place looked at, without {things}",
        "placed": "{thing} detected, where it stands",
        "not_placed": "{thing} detected, where the camera stood",
        "photo": "photo",
        "per_100m": "{Things} per 100 m",
        "place_error": "within {n} m",
        "taken_at": "taken (UTC)",
        "taken_local": "taken (local time)",
    },
    "nl": {
        "seen": "straat die gezien is; hoe breder, hoe meer {things} per 100 m",
        "not_seen": "straat die niet gezien is",
        "stop": "bekeken plek; hoe groter, hoe meer {things}",
        "stop_none": "bekeken plek zonder {things}",
        "placed": "{thing} gevonden, waar het staat",
        "not_placed": "{thing} gevonden, waar de camera stond",
        "photo": "foto",
        "per_100m": "{Things} per 100 m",
        "place_error": "op {n} m nauwkeurig",
        "taken_at": "genomen (UTC)",
        "taken_local": "genomen (lokale tijd)",
    },
}
"""What the page has no words for, since it draws it otherwise."""

_DUTCH: Final = str.maketrans(".,", ",.")


class Words:
    """Words in the page's language; English where it has no page."""

    def __init__(self, about: About, page: OnPage) -> None:
        self._page = page.words
        self.language = str(self._page.get("language", "en"))
        self._own = _OWN.get(self.language, _OWN["en"])
        labels = about.summary.get("counting", {}).get("labels", ["bicycle"])
        self._thing = "bicycle" if labels == ["bicycle"] else "object"
        many = str(self._page.get(f"many_{self._thing}", f"{self._thing}s"))
        self._always = {
            "things": many,
            "Things": many[:1].upper() + many[1:],
            "thing": str(self._page.get(f"one_{self._thing}", f"a {self._thing}")),
        }

    def say(self, key: str, **given: str) -> str:
        """Return the words of a key, filled in; the key itself where there are none."""
        found = self._own.get(key, self._page.get(key, key.replace("_", " ")))
        return self._filled(found if isinstance(found, str) else found["other"], given)

    def number(self, value: float) -> str:
        """Return the round end of a class as the page writes it."""
        written = f"{Decimal(f'{value:.4g}'):,f}"
        return written.translate(_DUTCH) if self.language == "nl" else written

    def things(self, number: str) -> str:
        """Return an expression that says how many bicycles: '1 bicycle', '2 bicycles'."""
        return self.counted(self._thing, number)

    def photos(self, number: str) -> str:
        """Return an expression that says how many photos."""
        return self.counted("photos", number)

    def counted(self, key: str, number: str) -> str:
        """Return an expression that says a number in the words of a key, which differ for one."""
        forms: Any = self._page.get(key, "{n} " + key)
        if isinstance(forms, str):
            forms = {"other": forms}
        shown = f"format_number({number}, 0, {text(self.language)})"
        one, other = (
            f"replace({text(self._filled(form, {}))}, '{{n}}', {shown})"
            for form in (forms.get("one", forms["other"]), forms["other"])
        )
        return f"CASE WHEN {number} = 1 THEN {one} ELSE {other} END"

    def _filled(self, words: str, given: Mapping[str, str]) -> str:
        for name, value in {**self._always, **given}.items():
            words = words.replace("{" + name + "}", value)
        return words
