"""Places to park, on paper."""

from pathlib import Path
from typing import Any

import geobike
from tests.support.reported import Read, properties, report
from tests.support.sample_survey import SAMPLE
from tests.support.surveyed import edited


def test_streets_that_lack_places_are_listed_with_what_hand_counts_say(
    plain: Read, written_sample: Path, tmp_path: Path
) -> None:
    """By racks.geojson: 17 racks, of which 14 have a capacity, 456 in all."""
    assert "17 racks for everybody; of 14 the number of places is known: 456 in all." in plain.text
    assert "Parking pressure in all areas together is not given" in plain.text
    assert "3 % of the kerb in the areas was in view." in plain.text
    assert "None of the 65 streets in the areas was seen well enough" in plain.text
    streets = {street["street_id"]: street for street in properties(written_sample, "streets")}
    lacking = [one for one in streets.values() if one["parking"] in ("full", "no_facility")]
    (first,) = (row for row in plain.rows if row and row[0] == "Stationsstraat, Oude Gracht")
    assert first[1:] == ["6", "no rack", "\u2013", "\u2013"]  # of its kerb 21 % were in view
    assert f"And {len(lacking) - 10} more streets." in plain.text

    def counted(features: list[dict[str, Any]]) -> None:
        names = ("shortage_by_hand", "shortage_low", "shortage_high", "shortage")
        for one in (feature["properties"] for feature in features):
            is_it = one["name"] == "Stationsstraat" and one["detected_once"] == 6
            one |= dict(zip(names, (9, 7, 12, 6) if is_it else (None,) * 4, strict=True))

    def judged(account: dict[str, Any]) -> None:
        ends = {"shortage_by_hand": 9, "shortage_low": 7, "shortage_high": 12}
        account["racks"]["judged_streets"] |= {"number": 1, "shortage": 6}
        account["racks"]["by_hand"] = ends

    assert "takes the kerb out of view" not in plain.text
    changes = {"streets": counted, "summary": judged}
    found = report(edited(written_sample, tmp_path / "by_hand", **changes))
    assert "By what a person would count: 9 (7 to 12, 95 %). What a person would" in found.text
    assert "takes the kerb out of view to be as full as the rest." in found.text
    assert "None of the 65 streets" not in found.text
    (first,) = (row for row in found.rows if row and row[0] == "Stationsstraat, Oude Gracht")
    assert first[1:] == ["6", "no rack", "6", "9 (7 \u2013 12)", "\u2013"]


def test_a_survey_without_racks_says_nothing_of_places(tmp_path: Path) -> None:
    run = geobike.Survey(
        photos=SAMPLE / "photos",
        areas=SAMPLE / "areas.geojson",
        manifest=SAMPLE / "manifest.csv",
        detector=geobike.DetectorChoice(kind="cached"),
    )
    geobike.run(run, store=SAMPLE / "detections.sqlite").write(tmp_path / "out")
    assert "Places to park" not in report(tmp_path / "out").text
