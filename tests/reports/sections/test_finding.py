"""The finding of the report: true, and no more than is known."""

import json
from pathlib import Path

from geobike import classes
from geobike.classes import COLOURS
from tests.support.reported import Read, counted_by_hand, properties, report


def test_the_finding_has_the_numbers_of_the_summary(written_sample: Path, plain: Read) -> None:
    counting = json.loads((written_sample / "summary.json").read_text())["counting"]
    assert 299.5 < counting["detected_once"] < 305
    assert "The detector found about 300 bicycles in 176 photos at 163 stops" in plain.text
    assert f"At least {counting['detected_at_least']} of them are different ones" in plain.text
    assert "12 May 2026 \u2013 13 May 2026" in plain.text


def test_figures_of_the_detector_are_called_detected(plain: Read) -> None:
    missed = "how many the detector missed, or wrongly took for bicycles, is not known."
    assert f"Nobody has counted by hand: {missed}" in plain.text
    heads = next(row for row in plain.rows if "Area" in row)
    assert heads[2] == "Bicycles detected per stop"
    assert not any("bicycle" in head.lower() for head in heads if "detected" not in head.lower())


def test_areas_whose_range_spans_the_average_are_not_named_and_pale(
    written_sample: Path, plain: Read
) -> None:
    areas = [a for a in properties(written_sample, "areas") if a["status"] == "compared"]
    seen = [a for a in properties(written_sample, "areas") if a["stop_count"]]
    stops = sum(area["stop_count"] for area in seen)
    average = sum(area["detected_per_stop"] * area["stop_count"] for area in seen) / stops
    above = [a["name"] for a in areas if a["detected_per_stop_low"] > average]
    below = [a["name"] for a in areas if a["detected_per_stop_high"] < average]
    assert above == ["Stationskwartier"]
    assert below == ["Parkrand"]
    said = "Detected clearly more than average: Stationskwartier. Clearly fewer: Parkrand. 7 areas "
    assert said in plain.text
    fills = {a["fill"] for tag, a in plain.tags if tag == "path" and a.get("class") == "area"}
    pale = {classes.pale(colour) for colour in COLOURS}
    assert fills & pale
    assert f"pale: may be average, {average:.1f}" in plain.text


def test_bicycles_with_ranges_stand_there_once_people_counted(
    written_sample: Path, tmp_path: Path
) -> None:
    page = report(counted_by_hand(written_sample, tmp_path / "out"))
    assert "About 2.4 bicycles stand at a stop (1.9 to 3.0, 95 %)" in page.text
    assert "Of 100 bicycles that a person counts, the detector finds 68." in page.text
    assert "Nobody has counted" not in page.text
    assert "Estimated from 61 photos that people counted by hand." in page.text
    row = page.row("Zilverwijk")
    assert row[2] == "7.3 (6.1 \u2013 8.9)"
    assert "1 \u2013 3 of 9" in row
    assert "clearly more" in row
    assert (
        "Clearly more than average: Zilverwijk. 8 areas cannot be told from the average."
        in page.text
    )
