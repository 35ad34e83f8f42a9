"""How far the figures of the report can be trusted."""

from pathlib import Path
from typing import Any

import pytest

from geobike import reports, saved
from geobike.evaluation import agreement
from tests.support.reported import Read, counted_by_hand, properties, report
from tests.support.sample_survey import SAMPLE
from tests.support.surveyed import edited


def test_what_was_all_counted_by_eye_has_no_range(written_sample: Path, tmp_path: Path) -> None:
    def counted(features: list[dict[str, Any]]) -> None:
        for feature in features:
            ends = {"bicycles_per_stop_low": 7.3, "bicycles_per_stop_high": 7.3}
            feature["properties"] |= {"hand_counted": 5, "bicycles_per_stop": 7.3} | ends

    def summary(account: dict[str, Any]) -> None:
        known = dict.fromkeys(("", "_low", "_high"), 2.41)
        known = {f"bicycles_per_stop{end}": figure for end, figure in known.items()}
        account["estimates"] = {"hand_counted": 163} | known

    page = report(edited(written_sample, tmp_path / "out", areas=counted, summary=summary))
    assert "People counted all of it by eye: 2.4 bicycles stand at a stop." in page.text
    assert "95 %" not in page.text
    assert page.row("Zilverwijk")[2] == "7.3 (all counted)"


def test_hand_counts_say_how_accurate_it_is(written_sample: Path) -> None:
    with pytest.warns(match="manually"):
        accuracy = agreement.evaluate(SAMPLE / "truth.csv", written_sample)
    page = Read(reports.build(saved.read(written_sample), accuracy=accuracy))
    counted = sum(p["bicycle_count"] or 0 for p in properties(written_sample, "photos"))
    assert counted == 422
    assert f"On 176 photos that people counted by hand, it counted {counted} where" in page.text
    assert "Nobody has counted" not in page.text


def test_too_few_hand_counts_are_neither_an_estimate_nor_nobodys(
    written_sample: Path, tmp_path: Path
) -> None:
    def summary(account: dict[str, Any]) -> None:
        account["estimates"] = {"hand_counted": 10, "bicycles_per_stop": None}

    page = report(edited(written_sample, tmp_path / "out", summary=summary))
    assert "Nobody has counted" not in page.text
    assert "Estimated from" not in page.text
    said = "People counted 10 photos by hand, too few for an estimate: how many the detector missed"
    assert page.text.count(said) == 2  # beside the finding, and under how accurate it is
    assert "Detected clearly more than average: Stationskwartier." in page.text


def test_ranges_that_stand_side_by_side_are_told_apart(
    written_sample: Path, tmp_path: Path
) -> None:
    page = report(counted_by_hand(written_sample, tmp_path / "out"))
    assert "The range of the first is for what nobody counted at the stops" in page.text
    assert 'so "cannot tell" can stand beside a range that is clear of the average.' in page.text
    assert "cannot tell" in page.row("Molenbuurt")
