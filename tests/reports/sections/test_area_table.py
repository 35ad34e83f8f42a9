"""The table of areas: every one that was seen, with the figures of the files."""

from pathlib import Path

import pytest

from tests.support.reported import Read, properties


def test_every_area_with_a_photo_has_its_figures_and_the_others_one_line(
    written_sample: Path, plain: Read
) -> None:
    areas = {area["name"]: area for area in properties(written_sample, "areas")}
    shown = [row[1] for row in plain.rows if len(row) > 3 and row[1] in areas]
    assert sorted([*shown, "Werfkwartier"]) == sorted(areas)
    compared = [name for name in shown if areas[name]["status"] == "compared"]
    figures = [areas[name]["detected_per_stop"] for name in compared]
    assert shown[: len(compared)] == compared
    assert figures == sorted(figures, reverse=True)
    assert "1 area without photos: Werfkwartier." in plain.text
    row = plain.row("Stationskwartier")
    assert float(row[2].split()[0]) == pytest.approx(
        areas["Stationskwartier"]["detected_per_stop"], rel=0.05
    )
    assert row[5] == f"{areas['Stationskwartier']['covered_share']:.0%}".replace("%", "\xa0%")


def test_an_area_that_was_hardly_seen_has_no_figure_on_paper(
    written_sample: Path, plain: Read
) -> None:
    hardly = [a for a in properties(written_sample, "areas") if a["status"] == "too_thin"]
    assert [area["name"] for area in hardly] == ["Aan de Dijk"]
    assert hardly[0]["detected_per_stop"] is not None  # the file keeps it
    assert plain.row("Aan de Dijk")[2] == "\u2013"
