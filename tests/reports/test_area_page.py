"""The page of one area."""

from pathlib import Path
from typing import Any

import pytest

from geobike.errors import InputError
from tests.support.reported import report
from tests.support.surveyed import edited


@pytest.mark.parametrize(
    ("name", "areas"),
    [("Oude Gracht", 1), ("oude gracht ", 1), ("all", 12)],
)
def test_an_area_has_a_page_of_its_own(written_sample: Path, name: str, areas: int) -> None:
    page = report(written_sample, name)
    assert sum(tag == "section" and a.get("class") == "page" for tag, a in page.tags) == areas
    assert "Its streets, fullest first" in page.text


def test_an_area_that_there_is_not_is_named(written_sample: Path) -> None:
    with pytest.raises(InputError, match=r"--area 'Nowhere' is not an area .*Zilverwijk"):
        report(written_sample, "Nowhere")
    with pytest.raises(InputError, match=r"of the survey; Binnenstad Noord\?"):
        report(written_sample, "binnenstad")


def test_a_name_of_two_areas_asks_for_an_id(written_sample: Path, tmp_path: Path) -> None:
    def rename(features: list[dict[str, Any]]) -> None:
        for number, feature in enumerate(features):
            feature["properties"] |= {"name": "Centre", "area_id": f"id{number}"}

    folder = edited(written_sample, tmp_path / "out", areas=rename)
    with pytest.raises(InputError, match="several areas; give an id: id0, id1"):
        report(folder, "Centre")
