"""Numbers in the legend of survey.gpkg, as the page writes them (Intl.NumberFormat)."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from geobike.exports import writing
from geobike.exports.protocol import About, Frames, OnPage
from geobike.exports.qgis_words import Words
from geobike.maps import words
from tests.support.map_frames import TOWN


@pytest.mark.parametrize(
    ("value", "english", "dutch"),
    [
        (0.0, "0", "0"),
        (0.25, "0.25", "0,25"),
        (2.5, "2.5", "2,5"),
        (1000.0, "1,000", "1.000"),
        (20000.0, "20,000", "20.000"),
        (1234567.0, "1,235,000", "1.235.000"),
        (0.00001, "0.00001", "0,00001"),
    ],
)
def test_numbers_are_grouped_as_the_page_groups_them(
    value: float, english: str, dutch: str
) -> None:
    for language, expected in (("en", english), ("nl", dutch)):
        spoken = Words(About(), OnPage(words=words(language)))
        assert spoken.number(value) == expected


@pytest.mark.parametrize(("language", "expected"), [("en", "20,000"), ("nl", "20.000")])
def test_the_legend_of_many_bicycles_has_no_powers_of_ten(
    tmp_path: Path, language: str, expected: str
) -> None:
    counts = [10_000.0, 20_000.0, 30_000.0, 45_000.0, 60_000.0]
    areas = TOWN.assign(detected_per_stop=counts)
    areas["photo_count"] = areas["photo_count"] * 0 + 50
    about = About(page=lambda: OnPage(words=words(language)))
    writing.write_tables(Frames(areas=areas, about=about), tmp_path, names=("gpkg",))
    with closing(sqlite3.connect(tmp_path / "survey.gpkg")) as package:
        styles = package.execute("SELECT styleQML FROM layer_styles").fetchall()
    labels = [label for (style,) in styles for label in re.findall(r' label="([^"]*)"', style)]
    assert any(re.search(rf"\b{re.escape(expected)}\b", label) for label in labels)
    assert not any(re.search(r"\de\+", label) for label in labels)
