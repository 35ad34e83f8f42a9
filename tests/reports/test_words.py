"""The languages of a report."""

import json
import re
from pathlib import Path

import pytest

from geobike import reports
from geobike.errors import InputError
from tests.support.reported import report


def test_dutch_has_decimal_commas_and_its_own_months(written_sample: Path) -> None:
    page = report(written_sample, "Oude Gracht", language="nl")
    assert "12 mei 2026" in page.text
    assert page.row("Stationskwartier")[2].startswith("5,0 (")
    assert "7,2 km gezien" in page.text


def test_the_languages_say_the_same_with_the_same_placeholders() -> None:
    folder = Path(reports.__file__).parent
    said = [json.loads((folder / f"words-{one}.json").read_text()) for one in ("en", "nl")]
    assert list(said[0]) == list(said[1])
    for key, english in said[0].items():
        dutch = said[1][key]
        assert type(english) is type(dutch), key
        forms = zip(
            english.values() if isinstance(english, dict) else [english],
            dutch.values() if isinstance(dutch, dict) else [dutch],
            strict=True,
        )
        for one, other in forms:
            assert set(re.findall(r"\{\w+\}", one)) == set(re.findall(r"\{\w+\}", other)), key


def test_an_unknown_language_is_refused(written_sample: Path) -> None:
    with pytest.raises(InputError, match="choose from en, nl"):
        report(written_sample, language="../../etc/passwd")
