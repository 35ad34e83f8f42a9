"""What a planner does with the page: search, days, print, download, dark, another language."""

import json
import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

from geobike.errors import InputError
from geobike.maps import PageOptions
from geobike.maps.assets import page as page_file
from geobike.metrics import METRICS
from tests.support.browser import Open
from tests.support.map_frames import TOWN, areas, build, photos

TABLE = ".gb-table tbody th"
LEGEND = ".gb-classes:not(.gb-photo-key) li"


def two_days() -> gpd.GeoDataFrame:
    """North: 1 bicycle on each of two photos of one day; East: 12 on one of the day after."""
    taken = photos(
        {"a.jpg": (4.002, 52.005, 1), "b.jpg": (4.008, 52.005, 1), "c.jpg": (4.015, 52.005, 12)}
    )
    taken["area_id"] = pd.array(["A0", "A0", "A1"], dtype="str")
    taken.loc[2, "taken_at"] = pd.Timestamp("2022-01-20T12:00:00Z")
    return taken


def test_the_search_finds_names_without_their_accents(show: Open) -> None:
    opened = show(build(areas(["Zoëtermeer", "Delft", "Zoetekamp"], [1] * 3, [3, 2, 1])))
    box = opened.page.get_by_label("Find an area")
    box.fill("ZOET")
    assert opened.texts(TABLE) == ["Zoëtermeer", "Zoetekamp"]
    assert opened.texts(".gb-search span") == ["2 areas found"]
    box.press("Enter")
    assert opened.texts(".gb-detail h2") == ["Zoëtermeer"]
    box.fill("nowhere")
    assert opened.texts(TABLE) == []
    assert opened.texts(".gb-search span") == ["0 areas found"]


def test_the_slider_shows_the_numbers_of_one_day(show: Open) -> None:
    opened = show(build(taken=two_days()))
    slider = opened.page.get_by_role("slider", name="Photos of")
    before = opened.texts(".gb-finding, .gb-table tbody tr")
    slider.press("ArrowRight")
    assert opened.texts(".gb-slider output") == ["2022-01-19"]
    assert opened.texts(".gb-finding") == ["2 bicycles in 2 photos, in 1 of 5 areas · 2022-01-19"]
    columns = ("stop_count", "detected_per_stop")
    rows = opened.table(*columns)
    assert rows[0] == ["North", "2", "1.00"]
    assert all(row[1:] == ["0", "\N{EN DASH}"] for row in rows[1:])
    assert opened.page.locator("path.gb-photo").count() == 2
    assert opened.fills()[1] == "url(#gb-none)"
    slider.press("ArrowRight")
    assert opened.table(*columns)[0] == ["East", "1", "12.00"]
    # 12 lies beyond all that the whole time shows: the last class is open, and its colour stays.
    ranges = ["0", "0.01 \N{EN DASH} 0.50", "0.51 \N{EN DASH} 2.00", "2.01 or more", "no photos"]
    assert opened.texts(LEGEND) == ranges
    assert opened.fills()[1] == "#081d58"
    assert opened.texts(".gb-finding") == ["12 bicycles in 1 photo, in 1 of 5 areas · 2022-01-20"]
    opened.colour_by("Bicycles detected per km²")  # of each place once: not of a day
    assert {row[1] for row in opened.table("bicycles_per_km2")} == {"\N{EN DASH}"}
    assert opened.texts(LEGEND) == [
        "0",
        "1",
        "2 or more",
        "known for all days together only",
        "no photos",
    ]
    opened.colour_by("Bicycles detected per stop")
    slider.press("Home")
    assert opened.texts(".gb-finding, .gb-table tbody tr") == before


def test_photos_of_one_day_need_no_slider(show: Open) -> None:
    opened = show(build(taken=photos({"a.jpg": (4.0, 52.0, 1), "b.jpg": (4.0, 52.0, 1)})))
    assert opened.page.get_by_role("slider").count() == 0


def test_many_days_become_months(show: Open) -> None:
    taken = photos({f"{n}.jpg": (4.005, 52.005, 1) for n in range(100)})
    taken["taken_at"] = pd.date_range("2024-01-01", periods=100, tz="UTC").as_unit("us")
    opened = show(build(taken=taken))
    slider = opened.page.get_by_role("slider")
    slider.press("End")
    assert slider.get_attribute("max") == "4"
    assert opened.texts(".gb-slider output") == ["2024-04"]


def test_the_day_is_that_of_the_chosen_timezone(show: Open) -> None:
    taken = two_days()
    taken["taken_at"] = pd.to_datetime(
        ["2022-01-19T22:00Z", "2022-01-19T23:30Z", "2022-01-19T23:30Z"]
    ).as_unit("us")
    opened = show(build(taken=taken, timezone="Europe/Amsterdam"))
    opened.page.get_by_role("slider").press("End")
    assert opened.texts(".gb-slider output") == ["2022-01-20"]
    assert opened.page.locator("path.gb-photo").count() == 2


def test_the_download_is_read_by_geopandas_with_the_same_numbers(
    show: Open, tmp_path: Path
) -> None:
    opened = show(build())
    with opened.page.expect_download() as started:
        opened.page.get_by_role("button", name="Download GeoJSON").click()
    assert started.value.suggested_filename == "areas.geojson"
    started.value.save_as(tmp_path / "areas.geojson")
    read = gpd.read_file(tmp_path / "areas.geojson")
    figures = ["photo_count", "bicycle_count", "detected_per_stop", "bicycles_per_photo"]
    columns = ["area_id", "name", "status", *figures]
    expected = pd.DataFrame(TOWN[columns]).astype({"photo_count": int, "bicycle_count": float})
    got = pd.DataFrame(read[columns]).astype({"photo_count": int, "bicycle_count": float})
    pd.testing.assert_frame_equal(got, expected, check_dtype=False)
    same = read.geometry.normalize().geom_equals_exact(TOWN.geometry.normalize(), 1e-5)
    assert same.all()
    assert read.crs == "EPSG:4326"


def test_the_page_prints_on_one_small_landscape_sheet(show: Open) -> None:
    opened = show(build(taken=two_days()))
    content = opened.page.pdf(prefer_css_page_size=True, print_background=True)
    boxes = re.findall(rb"/MediaBox ?\[([\d. ]+)\]", content)
    assert len(boxes) == 1
    _, _, width, height = (float(part) for part in boxes[0].split())
    assert (width, height) == pytest.approx((842, 595), abs=2)  # A4, in points
    assert len(content) < 500_000


def test_the_print_button_prints(show: Open) -> None:
    opened = show(build())
    opened.page.evaluate("window.print = () => (window.printed = true)")
    opened.page.get_by_role("button", name="Print").click()
    assert opened.page.evaluate("window.printed")


def test_the_button_turns_dark_and_light_again(show: Open) -> None:
    opened = show(build())

    def paper() -> list[int]:
        found = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
        return [int(part) for part in re.findall(r"\d+", found)]

    light = paper()
    opened.page.get_by_role("button", name="Dark").click()
    assert max(paper()) < 60 < min(light)
    opened.page.get_by_role("button", name="Light").click()
    assert paper() == light


def test_a_dutch_page_is_dutch_and_writes_numbers_so(show: Open) -> None:
    opened = show(build(language="nl", taken=two_days()))
    assert opened.page.get_attribute("html", "lang") == "nl"
    assert opened.texts(".gb-finding")[0].startswith("16 fietsen op 10 foto's, in 4 van de 5")
    assert opened.texts(LEGEND)[-2:] == ["7,00", "geen foto's"]


def catalogue(**changes: Any) -> dict[str, Any]:
    return json.loads(page_file("words-en.json")) | changes


def test_a_catalogue_of_ones_own_is_used(show: Open, tmp_path: Path) -> None:
    path = tmp_path / "french.json"
    path.write_text(json.dumps(catalogue(language="fr", none="aucune photo")))
    opened = show(build(language=path))
    assert opened.page.get_attribute("html", "lang") == "fr"
    assert opened.texts(LEGEND)[-2:] == ["7,00", "aucune photo"]


WRONG = {
    "no JSON": ("{", "cannot be read"),
    "no end": ("[" * 100_000, "cannot be read"),
    "a list": ("[]", "not a JSON object"),
    "a word missing": (json.dumps({"language": "fr"}), "has no words for bicycle"),
    "a number": (json.dumps(catalogue(none=1)), "none is neither text nor plural forms"),
    "forms for a plain text": (
        json.dumps(catalogue(none={"other": "x"})),
        "none is neither text nor plural forms",
    ),
    "an unknown place": (json.dumps(catalogue(none="{secret}")), "{secret}"),
    "no language tag": (json.dumps(catalogue(language='"><script>')), "not a language tag"),
    **{  # Intl.getCanonicalLocales throws on these, and the page would be empty
        f"the tag {tag}": (json.dumps(catalogue(language=tag)), "not a language tag")
        for tag in ("abcd", "en-a", "fr-fr-fr", "xx-yyyyyyyy-1", "e", "en_GB", "pt-BR-")
    },
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_catalogue_is_refused_with_its_fault(tmp_path: Path, case: str) -> None:
    text, words = WRONG[case]
    path = tmp_path / "words.json"
    path.write_text(text)
    with pytest.raises(InputError, match=re.escape(words)):
        PageOptions(language=path)


def test_the_dutch_catalogue_is_as_complete_as_the_english(tmp_path: Path) -> None:
    path = tmp_path / "copy.json"
    path.write_text(page_file("words-nl.json"))
    PageOptions(language=path)
    assert json.loads(path.read_text()).keys() == catalogue().keys()


def test_the_source_is_named(show: Open) -> None:
    assert show(build(source="Town hall, 2024")).texts(".gb-source") == ["Source: Town hall, 2024"]


def test_inhabitants_add_a_metric_a_column_and_a_line(show: Open) -> None:
    given = TOWN.assign(
        population=pd.array([2000, 4000, None, 100, 50], dtype="Int64"),
        bicycles_per_1000_inhabitants=[0.5, 2.0, None, 0.0, None],
    )
    opened = show(build(given))
    opened.colour_by("Bicycles detected per 1,000 inhabitants")
    assert opened.texts(LEGEND) == ["0", "0.5", "2.0", "no data", "no photos"]
    opened.page.locator(".gb-table tbody tr").first.click()
    figures = opened.detail()
    assert figures["bicycles_per_1000_inhabitants"] == "2.0"
    assert figures["population"] == "4,000"


def test_the_table_shows_and_marks_the_figure_that_it_is_sorted_by(show: Open) -> None:
    given = TOWN.assign(
        population=pd.array([2000, 4000, 100, 100, 50], dtype="Int64"),
        bicycles_per_1000_inhabitants=[0.5, 2.0, 70.0, 0.0, None],
    )
    opened = show(build(given))
    sorted_by = opened.page.locator("th[aria-sort=descending]")
    columns = opened.page.locator(".gb-table thead th")
    there = [each.name for each in METRICS if "table" in each.shown and each.needs is None]
    fourth = there[3]  # there is room for four
    assert columns.last.get_attribute("data-metric") == fourth
    opened.colour_by("Bicycles detected per km²")
    assert sorted_by.inner_text().startswith("per km²")
    figures = ["0", "1", "4", "4", "\N{EN DASH}"]  # an area without photos stays last
    column = "[data-metric=bicycles_per_km2]"
    assert opened.texts(f".gb-table td{column}") == [*figures[3::-1], figures[4]]
    opened.page.locator(f".gb-table th{column} button").click()
    assert opened.texts(f".gb-table td{column}") == figures
    opened.colour_by("Bicycles detected per stop")
    assert sorted_by.inner_text().startswith("per stop")
    assert columns.last.get_attribute("data-metric") == fourth
    assert columns.count() == 5


def test_without_inhabitants_their_metric_is_not_offered(show: Open) -> None:
    opened = show(build())
    assert opened.page.get_by_text("inhabitants").count() == 0
