"""The report of a survey: what a council reads, that it is true, and that it fetches nothing."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

import geobike
from geobike import reports, saved
from geobike.reports import ReportOptions
from tests.support.reported import Read, counted_by_hand, report
from tests.support.surveyed import edited


def test_no_sentence_has_a_gap_left_open(plain: Read) -> None:
    assert re.findall(r"\{\w+\}", plain.text) == []


def test_it_asks_for_nothing_and_runs_nothing(written_sample: Path) -> None:
    html = reports.build(saved.read(written_sample))
    page = Read(html)
    assert not [tag for tag, _ in page.tags if tag in ("script", "link", "iframe", "base", "form")]
    assert not [attrs for _, attrs in page.tags if any(name.startswith("on") for name in attrs)]
    addresses = [a[name] for _, a in page.tags for name in ("src", "href") if name in a]
    assert addresses
    assert all(str(one).startswith("data:image/jpeg;base64,") for one in addresses)
    policy = next(a["content"] for _, a in page.tags if a.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


Show = Callable[[str], Page]


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Show]:
    """Open a report as a reader does; a complaint or a request fails the test."""
    requests: list[str] = []
    complaints: list[str] = []

    def open_report(html: str) -> Page:
        path = tmp_path / "report.html"
        path.write_text(html, "utf-8")
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(path.as_uri())
        return page

    yield open_report
    assert [one for one in requests if not one.startswith("data:")] == [
        (tmp_path / "report.html").as_uri()
    ]
    assert complaints == []


def test_in_a_browser_its_style_holds_and_it_prints_to_a4(show: Show, written_sample: Path) -> None:
    options = ReportOptions(areas=["Oude Gracht"])
    page = show(reports.build(saved.read(written_sample), options))
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.method')).borderTopWidth") == "1px"
    )
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    for width in (390, 1366):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(wide) <= 0
    pdf = page.pdf(prefer_css_page_size=True)
    sheets = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert {(round(float(x)), round(float(y))) for x, y in sheets} == {(595, 842)}
    assert len(sheets) == 5  # the last is the area's


def test_the_widest_table_fits_on_a4(show: Show, written_sample: Path, tmp_path: Path) -> None:
    """What is wider than the sheet makes a browser print all of it smaller."""
    page = show(reports.build(saved.read(counted_by_hand(written_sample, tmp_path / "out"))))
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 178 * 96 * 10 // 254, "height": 800})  # mm, at 96 an inch
    assert "Rank" in page.locator("thead").first.inner_text()
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) <= 0


HOSTILE = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7*7 }}${1}`\\"


def test_names_and_titles_are_shown_as_they_are(
    show: Show, written_sample: Path, tmp_path: Path
) -> None:
    def areas(features: list[dict[str, Any]]) -> None:
        for number, feature in enumerate(features):
            feature["properties"]["name"] = HOSTILE + str(number)

    def streets(features: list[dict[str, Any]]) -> None:
        for feature in features:
            feature["properties"]["name"] = HOSTILE

    def summary(account: dict[str, Any]) -> None:
        account["settings"]["page"] |= {"title": HOSTILE, "source": HOSTILE}
        account["settings"]["survey"][HOSTILE] = HOSTILE
        account["detector"]["model"] = HOSTILE
        account["warnings"] = [HOSTILE]

    folder = edited(written_sample, tmp_path / "out", areas=areas, streets=streets, summary=summary)
    html = reports.build(saved.read(folder), ReportOptions(areas=["all"]))
    page = Read(html)
    assert not [tag for tag, _ in page.tags if tag == "script"]
    assert not [attrs for _, attrs in page.tags if any(name.startswith("on") for name in attrs)]
    assert "49" not in html.partition("7*7")[2][:20]
    opened = show(html)
    assert opened.title() == HOSTILE
    assert opened.locator("h1").first.inner_text() == HOSTILE
    assert opened.locator("script").count() == 0


def test_without_streets_it_says_so_and_stays_useful(written_sample: Path, tmp_path: Path) -> None:
    def without(account: dict[str, Any]) -> None:
        del account["files"]["streets"]

    def areas(features: list[dict[str, Any]]) -> None:
        for feature in features:
            for key in ("street_km", "covered_km", "covered_share"):
                del feature["properties"][key]

    folder = edited(written_sample, tmp_path / "out", areas=areas, summary=without)
    page = report(folder, "Oude Gracht")
    assert "3 squares of 150 m" in page.text or "squares of 150 m" in page.text
    assert "The fullest streets" not in page.text
    assert "The fullest places" in page.text


def test_where_nothing_was_counted_it_says_so(written_sample: Path, tmp_path: Path) -> None:
    def nothing(features: list[dict[str, Any]]) -> None:
        for feature in features:
            feature["properties"] |= {"status": "outside", "bicycle_count": None}

    def unseen(features: list[dict[str, Any]]) -> None:
        for feature in features:
            feature["properties"] |= {"status": "unseen", "detected_per_stop": None}

    def empty(features: list[dict[str, Any]]) -> None:
        features.clear()

    folder = edited(
        written_sample,
        tmp_path / "out",
        photos=nothing,
        areas=unseen,
        stops=empty,
        bicycles=empty,
    )
    page = report(folder)
    assert "No photo was counted in any area." in page.text
    assert "13 areas without photos" in page.text
    assert "0 bicycles" not in page.text


def test_a_new_survey_takes_the_old_report_away_but_no_other_file(
    sample_result: geobike.SurveyResult, written_sample: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    shutil.copytree(written_sample, folder)
    finished = saved.read(folder)
    written = reports.save(reports.build(finished), finished)
    assert Path(written) == folder / "report.html"
    sample_result.write(folder)
    assert not (folder / "report.html").exists()
    (folder / "report.html").write_text("mine")
    sample_result.write(folder)
    assert (folder / "report.html").read_text() == "mine"


def test_a_pattern_is_used_once_on_a_map_however_many_areas_have_it(written_sample: Path) -> None:
    """Chromium's PDF holds a copy for each use: 91 areas made 9 MB."""
    html = reports.build(saved.read(written_sample))
    used = re.findall(r'<path class="hatch" d="([^"]+)" fill="url\(#(\w+)\)"', html)
    assert {name: path.count("M") for path, name in used} == {"thin": 2, "too_thin": 1, "unseen": 1}
    assert len(used) == 3
