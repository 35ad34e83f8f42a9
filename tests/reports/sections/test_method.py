"""The method on paper says what was counted."""

from pathlib import Path
from typing import Any

import pytest

from geobike import reports, saved
from geobike.reports import ReportOptions
from tests.support.reported import Read


@pytest.mark.parametrize(
    ("counting", "said"),
    [
        ({"ridden": 18, "count": "parked"}, "18 bicycles with a rider are left out."),
        ({"ridden": 1, "count": "all"}, "One bicycle with a rider counts as well."),
        ({"ridden": None, "count": "parked"}, "Ridden bicycles are not told from parked ones."),
    ],
)
def test_the_method_says_how_many_were_ridden(
    counting: dict[str, Any], said: str, written_sample: Path
) -> None:
    survey = saved.read(written_sample)
    survey.summary["counting"].update(counting)
    assert said in Read(reports.build(survey, ReportOptions())).text
