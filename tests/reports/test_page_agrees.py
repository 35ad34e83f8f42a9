"""The report and the page of one survey say the same: figures, names, classes and words."""

import re
import shutil
from html import unescape
from pathlib import Path

import pandas as pd
import pytest

from geobike import reports, saved
from geobike.maps import PageOptions
from tests.support.browser import Open
from tests.support.counted_by_hand import count_by_hand
from tests.support.sample_survey import SAMPLE, run_sample

AVERAGE = {
    ("en", "plain"): r"n average ([\d.]+) bicycles detected per stop\.",
    ("nl", "plain"): r"emiddeld ([\d,]+) gedetecteerde fietsen per stop\.",
    ("en", "counted"): r"([\d.]+) bicycles (?:per stop, as|stand at).*?\(([\d.]+) to ([\d.]+)",
    ("nl", "counted"): r"([\d,]+) fietsen(?: per stop, zoals|, naar| \().*?([\d,]+) tot ([\d,]*\d)",
}


@pytest.fixture(scope="module")
def counted(written_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of hand counts of 60 photos of the sample."""
    copy = tmp_path_factory.mktemp("counted") / "out"
    shutil.copytree(written_sample, copy)
    return count_by_hand(copy, SAMPLE / "truth.csv", sheets=1)


@pytest.mark.parametrize("kind", ["plain", "counted"])
@pytest.mark.parametrize("language", ["en", "nl"])
def test_the_report_and_the_page_say_the_same(
    counted: Path, show: Open, kind: str, language: str, tmp_path: Path
) -> None:
    hand_counts = counted if kind == "counted" else None
    run_sample(hand_counts=hand_counts, page=PageOptions(language=language)).write(tmp_path / "out")
    page = show((tmp_path / "out" / "map.html").read_text("utf-8"))
    html = reports.build(saved.read(tmp_path / "out"))
    report = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", html)))

    finding, differ, seen = (page.texts(f".gb-{name}")[0] for name in ("finding", "differ", "seen"))
    figures = [re.search(AVERAGE[language, kind], text) for text in (finding, report)]
    assert figures[0] is not None
    assert figures[1] is not None
    assert figures[0].groups() == figures[1].groups()
    assert re.search(": [A-Z]", differ)  # somebody is named
    assert differ in report
    nobody = seen.split(". ")[-1]
    assert (nobody in report) == (kind == "plain")
    assert page.texts(".gb-legend summary")[0] in report
    assert classes(html) == page.legend()[: len(classes(html))]
    (pale,) = (row for row in page.legend() if row.startswith(("pale", "bleek")))
    assert pale in report


def classes(html: str) -> list[str]:
    """Return the rows of the report's legend that have a colour, as `Opened.legend` has them."""
    legend = html[html.index('<ul class="legend">') :].split('fill="url(')[0]
    rows = re.findall(r'fill="#\w+" stroke[^>]*/></svg>([^<]+)</li>', legend)
    return [row.replace("\N{EN DASH}", "-") for row in rows[:-1]]  # the last is what is pale


def test_the_areas_that_are_named_have_truly_more_and_fewer(written_sample: Path) -> None:
    truth = pd.read_csv(SAMPLE / "areas_truth.csv").set_index("name")
    rate = truth["bicycles"] / truth["street_km"]
    town = truth["bicycles"].sum() / truth["street_km"].sum()
    html = reports.build(saved.read(written_sample))
    named = re.search(r"more than average: (\w+)\. Clearly fewer: (\w+)\.", html)
    assert named is not None
    more, fewer = named.groups()
    assert rate[fewer] < town < rate[more]
