"""The report of a survey: what a council reads, that it is true, and that it fetches nothing."""

import base64
import json
import re
import shutil
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

import geobike
from geobike import classes, reports, saved
from geobike.classes import COLOURS
from geobike.errors import InputError
from geobike.evaluation import agreement
from geobike.reports import ReportOptions
from tests.support.sample_survey import SAMPLE
from tests.support.surveyed import edited


class Read(HTMLParser):
    """A page as a reader sees it: tags, rows of its tables, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.words: list[str] = []
        self._hidden = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._hidden += tag in ("style", "title")
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("style", "title")

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        self.words.append(data)
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.strip()

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words))

    def row(self, name: str) -> list[str]:
        return next(row for row in self.rows if len(row) > 1 and row[1] == name)


def report(folder: Path, *areas: str, **options: Any) -> Read:
    chosen = ReportOptions(areas=areas, **options)
    return Read(reports.build(saved.read(folder), chosen))


def properties(folder: Path, table: str) -> list[dict[str, Any]]:
    features = json.loads((folder / f"{table}.geojson").read_text("utf-8"))["features"]
    return [feature["properties"] for feature in features]


@pytest.fixture(scope="module")
def plain(written_sample: Path) -> Read:
    return report(written_sample)


def test_the_finding_has_the_numbers_of_the_summary(written_sample: Path, plain: Read) -> None:
    counting = json.loads((written_sample / "summary.json").read_text())["counting"]
    assert 299.5 < counting["detected_once"] < 305
    assert "The detector found about 300 bicycles in 176 photos at 163 stops" in plain.text
    assert f"At least {counting['detected_at_least']} of them are different ones" in plain.text
    assert "12 May 2026 \u2013 13 May 2026" in plain.text


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


def test_figures_of_the_detector_are_called_detected(plain: Read) -> None:
    missed = "how many the detector missed, or wrongly took for bicycles, is not known."
    assert f"Nobody has counted by hand: {missed}" in plain.text
    heads = next(row for row in plain.rows if "Area" in row)
    assert heads[2] == "detected per stop"
    assert not any("bicycle" in head.lower() for head in heads)


def test_no_sentence_has_a_gap_left_open(plain: Read) -> None:
    assert re.findall(r"\{\w+\}", plain.text) == []


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
    def counted(features: list[dict[str, Any]]) -> None:
        for rank, feature in enumerate(features, start=1):
            compared = feature["properties"]["status"] == "compared"
            known = {"hand_counted": 5, "bicycles_per_stop": 7.3}
            known |= {"bicycles_per_stop_low": 6.1, "bicycles_per_stop_high": 8.9}
            known |= {"bicycles_per_km": 90.0, "bicycles_per_km_low": None}
            known |= {"bicycles_per_km_high": None, "hot_spot": None}
            group = "above" if rank == 1 else "not told apart"
            ranks = {"rank_low": rank, "rank_high": rank + 2, "group": group}
            none = dict.fromkeys(ranks)
            feature["properties"] |= known | (ranks if compared else none)

    def summary(account: dict[str, Any]) -> None:
        account["estimates"] = {
            "hand_counted": 61,
            "bicycles_per_stop": 2.41,
            "bicycles_per_stop_low": 1.93,
            "bicycles_per_stop_high": 3.02,
            "found_of_100": 68.2,
        }

    page = report(edited(written_sample, tmp_path / "out", areas=counted, summary=summary))
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


def test_the_ledger_closes_on_the_page(plain: Read) -> None:
    assert "Of 181 photos given, 176 were counted." in plain.text
    assert (
        "1 was taken outside the areas, 2 have no position, 1 is a duplicate and 1 cannot be read."
    ) in plain.text


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
    assert len(sheets) == 6  # the last is the area's


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


def test_a_name_of_two_areas_asks_for_an_id(written_sample: Path, tmp_path: Path) -> None:
    def rename(features: list[dict[str, Any]]) -> None:
        for number, feature in enumerate(features):
            feature["properties"] |= {"name": "Centre", "area_id": f"id{number}"}

    folder = edited(written_sample, tmp_path / "out", areas=rename)
    with pytest.raises(InputError, match="several areas; give an id: id0, id1"):
        report(folder, "Centre")


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


def test_pictures_are_the_photos_with_people_hidden(written_sample: Path) -> None:
    """Within the box of each surely found person, the picture is not the photo made small."""
    html = reports.build(saved.read(written_sample), ReportOptions(areas=["all"]))
    found = {
        name: content
        for content, name in re.findall(r'src="data:image/jpeg;base64,([^"]+)" alt="([^"]+)"', html)
    }
    boxes = pd.read_csv(written_sample / "detections.csv")
    people = boxes[(boxes["label"] == "person") & (boxes["score"] > 0.7)]
    seen = people[people["photo_id"].isin(list(found))]
    assert len(seen) >= 3
    for box in seen.itertuples():
        with Image.open(BytesIO(base64.b64decode(found[box.photo_id]))) as picture:
            assert max(picture.size) == 480
            assert not picture.getexif()
            shown = np.asarray(picture.convert("L"), dtype=float)
        with Image.open(SAMPLE / "photos" / box.photo_id) as photo:
            small = photo.convert("L").resize(shown.shape[::-1])
            scale = shown.shape[1] / photo.width
        left, top, right, bottom = (round(scale * v) for v in box[4:8])
        part = (slice(top, bottom), slice(left, right))
        assert np.abs(shown[part] - np.asarray(small, float)[part]).mean() > 5, box


def test_a_photo_that_changed_is_not_shown_in_its_place(
    written_sample: Path, tmp_path: Path
) -> None:
    shutil.copytree(SAMPLE / "photos", tmp_path / "moved")
    moved = report(written_sample, photos=tmp_path / "moved")
    shown = [a["alt"] for tag, a in moved.tags if tag == "img"]
    assert len(shown) == 20
    changed = tmp_path / "moved" / str(shown[0])
    Image.fromarray(np.zeros((360, 480, 3), np.uint8)).save(changed)
    again = report(written_sample, photos=tmp_path / "moved")
    assert shown[0] not in [a["alt"] for tag, a in again.tags if tag == "img"]


def test_no_file_outside_of_the_photo_folder_is_read(written_sample: Path, tmp_path: Path) -> None:
    """A survey's files may come from anybody."""
    secret = SAMPLE / "photos" / "day1" / "0902_stationsplein.jpg"
    inside = tmp_path / "photos"
    inside.mkdir()
    shutil.copy(secret, tmp_path / "secret.jpg")

    def rename(features: list[dict[str, Any]]) -> None:
        for feature in features:
            for key in ("photo_id", "stop_id"):
                if feature["properties"].get(key) == "day1/0902_stationsplein.jpg":
                    feature["properties"][key] = "../secret.jpg"

    folder = edited(written_sample, tmp_path / "out", photos=rename, stops=rename, bicycles=rename)
    page = report(folder, photos=inside)
    assert not [tag for tag, _ in page.tags if tag == "img"]
    assert "Without pictures" in page.text


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


def test_streets_that_lack_places_are_listed_with_what_hand_counts_say(
    plain: Read, written_sample: Path, tmp_path: Path
) -> None:
    """By racks.geojson: 17 racks, of which 14 have a capacity, 456 in all."""
    assert "17 racks for everybody; of 14 the number of places is known: 456 in all." in plain.text
    assert "Parking pressure in all areas together is not given" in plain.text
    streets = {street["street_id"]: street for street in properties(written_sample, "streets")}
    lacking = [one for one in streets.values() if one["parking"] in ("full", "no_facility")]
    (first,) = (row for row in plain.rows if row and row[0] == "Stationsstraat, Oude Gracht")
    assert first[1:] == ["6", "no rack", "6", "0"]
    assert f"And {len(lacking) - 10} more streets." in plain.text

    def counted(features: list[dict[str, Any]]) -> None:
        names = ("shortage_by_hand", "shortage_low", "shortage_high")
        for one in (feature["properties"] for feature in features):
            is_it = one["name"] == "Stationsstraat" and one["shortage"]
            one |= dict(zip(names, (9, 7, 12) if is_it else (None,) * 3, strict=True))

    found = report(edited(written_sample, tmp_path / "by_hand", streets=counted))
    (first,) = (row for row in found.rows if row and row[0] == "Stationsstraat, Oude Gracht")
    assert first[1:] == ["6", "no rack", "6", "9 (7 \u2013 12)", "0"]


def test_a_survey_without_racks_says_nothing_of_places(tmp_path: Path) -> None:
    run = geobike.Survey(
        photos=SAMPLE / "photos",
        areas=SAMPLE / "areas.geojson",
        manifest=SAMPLE / "manifest.csv",
        detector=geobike.DetectorChoice(kind="cached"),
    )
    geobike.run(run, store=SAMPLE / "detections.sqlite").write(tmp_path / "out")
    assert "Places to park" not in report(tmp_path / "out").text
