"""What a planner does with the page: search, days, print, download, dark, another language."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from PIL import Image

import geobike
from geobike import maps
from geobike.errors import InputError
from geobike.maps import PageOptions
from geobike.maps.assets import page as page_file
from tests.maps.test_ranges import BY_HAND, ESTIMATES
from tests.support.browser import Open
from tests.support.map_frames import TOWN, areas, build, detections, photos, tallies, visits

TABLE = ".gb-table tbody tr:not(.gb-section) th"


def two_days() -> gpd.GeoDataFrame:
    """North: 1 bicycle on each of two photos of one day; East: 12 on one of the day after."""
    taken = photos(
        {"a.jpg": (4.002, 52.005, 1), "b.jpg": (4.008, 52.005, 1), "c.jpg": (4.015, 52.005, 12)}
    )
    taken["area_id"] = pd.array(["A0", "A0", "A1"], dtype="str")
    taken.loc[2, "taken_at"] = pd.Timestamp("2022-01-20T12:00:00Z")
    return taken


def seen_well() -> gpd.GeoDataFrame:
    """6 stops of 1 bicycle in North and 1 of none in West; 6 of 12 in East the day after."""
    grid = [(0.002 + x / 300, 0.003 + y / 250) for x in range(3) for y in range(2)]
    north = {f"n{k}.jpg": (4 + x, 52 + y, 1) for k, (x, y) in enumerate(grid)}
    east = {f"e{k}.jpg": (4.01 + x, 52 + y, 12) for k, (x, y) in enumerate(grid)}
    taken = photos(north | {"w.jpg": (4.035, 52.005, 0)} | east)
    taken["area_id"] = pd.array(["A0"] * 6 + ["A3"] + ["A1"] * 6, dtype="str")
    taken.loc[7:, "taken_at"] = pd.Timestamp("2022-01-20T12:00:00Z")
    return taken


def test_the_search_finds_names_without_their_accents(show: Open) -> None:
    opened = show(build(areas(["Zoëtermeer", "Delft", "Zoetekamp"], [1] * 3, [3, 2, 1])))
    box = opened.page.get_by_label("Find an area")
    box.fill("ZOET")
    assert opened.texts(TABLE) == ["Zoëtermeer", "Zoetekamp"]
    assert opened.texts(".gb-search span") == ["2 areas found"]
    box.press("Enter")
    assert opened.texts(".gb-detail h2") == ["Zoëtermeer"]
    opened.page.keyboard.press("Escape")
    box.fill("nowhere")
    assert opened.texts(TABLE) == []
    assert opened.texts(".gb-search span") == ["0 areas found; only names of areas are searched"]


def test_a_day_shows_its_own_numbers(show: Open) -> None:
    opened = show(build(taken=seen_well(), ledger={"counted": 13}))
    shown = ".gb-finding, .gb-seen, .gb-table tbody tr"
    before = opened.texts(shown)
    assert [each.strip() for each in opened.texts(".gb-period label")] == [
        "all days",
        "19 Jan 2022",
        "20 Jan 2022",
    ]
    opened.page.get_by_label("19 Jan 2022").check()
    finding = "7 stops: on average 0.86 bicycles detected per stop."
    assert opened.texts(".gb-finding") == [finding]  # no sum: that of all days may be less
    assert "in 2 of 5 areas, 1 of them compared · 19 Jan 2022." in opened.texts(".gb-seen")[0]
    assert opened.said(".gb-ledger") == ["7 photos: 7 counted."]
    columns = ("stop_count", "detected_per_stop")
    rows = opened.table(*columns)
    assert rows[0] == ["North", "6", "1.0"]
    assert all(row[1:] == ["0", "\N{EN DASH}"] for row in rows[2:])
    assert opened.places() == ["1 detected, 1 photo"] * 6 + ["0 detected, 1 photo"]
    assert opened.fills()[1] == "url(#gb-none)"
    opened.page.get_by_label("20 Jan 2022").check()
    assert opened.table(*columns)[0] == ["East", "6", "12"]
    # 12 lies beyond all that the whole time shows: the last class is open, and its colour stays.
    assert opened.legend() == ["0", "0 - 2", "2 - 4", "4 - 6", "6 or more", NOT_SEEN]
    assert opened.fills()[1] == "#081d58"
    opened.colour_by("Bicycles detected per km²")  # of each place once: not of a day
    assert {row[1] for row in opened.table("bicycles_per_km2")} == {"\N{EN DASH}"}
    assert opened.legend()[-2:] == ["known for all days together only", NOT_SEEN]
    opened.colour_by("Bicycles detected per stop")
    opened.page.get_by_label("all days").check()
    assert opened.texts(shown) == before


NOT_SEEN = "not seen on this day"


def looked(days: list[int], stops: list[str]) -> dict[str, Any]:
    """Photos of so many days after the first, each at a stop, named by its first photo."""
    rows = {f"p{k}.jpg": (4.001 + k / 1000, 52.005, 1) for k in range(len(days))}
    taken = photos(rows)
    taken["area_id"] = pd.array(["A0"] * len(taken), dtype="str")
    taken["taken_at"] += pd.to_timedelta(days, unit="D")
    return {"taken": taken, "visits": visits(taken, stops)}


APART = "The days saw different streets: a difference between them is no change."


def test_days_that_saw_other_streets_are_said_to_show_no_change(show: Open) -> None:
    opened = show(build(**looked([0, 0, 1, 1], ["p0.jpg", "p1.jpg", "p2.jpg", "p3.jpg"])))
    assert opened.texts(".gb-apart") == [APART]
    opened.page.get_by_label("20 Jan 2022").check()
    assert opened.texts(".gb-apart") == [APART]


def test_days_that_saw_the_same_streets_can_be_compared(show: Open) -> None:
    again = ["p0.jpg", "p1.jpg", "p0.jpg", "p1.jpg"]
    assert show(build(**looked([0, 0, 1, 1], again))).texts(".gb-apart") == [""]
    # The third day alone saw what no other did.
    opened = show(build(**looked([0, 0, 1, 1, 2], [*again, "p4.jpg"])))
    assert opened.texts(".gb-apart") == [""]
    opened.page.get_by_label("21 Jan 2022").check()
    assert opened.texts(".gb-apart") == [APART]
    opened.page.get_by_label("20 Jan 2022").check()
    assert opened.texts(".gb-apart") == [""]
    assert show(build(taken=seen_well().head(2))).page.locator(".gb-apart").count() == 0


def test_a_day_does_not_look_surer_than_all_days_together(show: Open) -> None:
    ranges = {"detected_per_stop_low": [0.9, 9.0], "detected_per_stop_high": [1.1, 15.0]}
    opened = show(build(areas(["North", "East"], [6, 6], [6, 72], **ranges), seen_well()))
    full = opened.fills()
    assert opened.texts(".gb-differ")[0].startswith("Detected clearly more than average: East.")
    opened.page.get_by_label("20 Jan 2022").check()
    assert opened.fills()[1] == opened.page.evaluate("(one) => geobike.pale(one)", full[1])
    assert opened.legend()[-2:] == ["pale: may be average, 12", NOT_SEEN]


def test_a_day_compares_only_areas_of_which_it_saw_enough(show: Open) -> None:
    opened = show(build(taken=seen_well()))
    opened.page.get_by_label("19 Jan 2022").check()
    assert opened.table("stop_count", "detected_per_stop")[:2] == [
        ["North", "6", "1.0"],
        ["West", "1", "0"],
    ]
    unseen, thin = "url(#gb-none)", "url(#gb-thin)"
    assert opened.fills()[1:] == [unseen, unseen, thin, unseen]
    # West is no area with 0: one look is not enough to say so.
    states = ["seen in part: not compared", NOT_SEEN]
    assert opened.legend() == ["0", "0 - 2", "2 - 4", "4 - 6", "6 or more", *states]
    assert opened.texts(".gb-count")[:2] == ["0", "1"]
    assert opened.texts(".gb-thin-rows th[scope=row]") == ["West"]
    opened.page.locator(".gb-thin-rows tr[tabindex]").click()
    assert opened.said(".gb-state") == [states[0]]
    opened.page.keyboard.press("Escape")
    opened.page.locator(".gb-hidden-rows tr[tabindex]").first.click()
    assert opened.texts(".gb-main") == []
    assert opened.said(".gb-state") == [NOT_SEEN]
    opened.page.keyboard.press("Escape")
    opened.page.get_by_label("all days").check()
    assert opened.texts(".gb-thin-rows th[scope=row]") == []


def test_less_than_one_stop_of_a_day_is_no_figure_of_an_area(show: Open) -> None:
    """A third of a look at East fell on North; a photo stood in South and looked elsewhere."""
    taken = seen_well()
    sums = tallies(taken)
    part = sums[sums["photo_id"] == "e0.jpg"].assign(area_id="A0", stop_count=1 / 3)
    part = part.assign(photo_count=0.0, bicycle_count=0.0, bicycles_on_stops=0.0)
    beside = part.assign(area_id="A2", photo_count=1.0, stop_count=0.0)
    page = maps.build(
        TOWN,
        taken,
        detections(),
        pd.concat([sums, part, beside], ignore_index=True),
        model="tiny",
        threshold=0.5,
        ledger={},
    )
    opened = show(page)
    opened.page.get_by_label("20 Jan 2022").check()
    assert opened.table("detected_per_stop")[0] == ["East", "12"]
    assert all(value == "\N{EN DASH}" for _, value in opened.table("detected_per_stop")[1:])
    assert opened.fills()[0] == "url(#gb-too_thin)"
    assert opened.fills()[2] == "url(#gb-none)"


@pytest.mark.parametrize(
    ("language", "little", "stop", "where"),
    [
        ("en", "under 1", "less than 1 stop", "in 2 of 3 areas, 1 of them compared"),
        (
            "nl",
            "minder dan 1",
            "minder dan 1 stop",
            "in 2 van de 3 gebieden, waarvan 1 vergeleken",
        ),
    ],
)
def test_what_was_seen_a_little_is_never_written_as_zero(
    show: Open, language: str, little: str, stop: str, where: str
) -> None:
    given = areas(
        ["North", "Dyke", "Quay"],
        [10, 1, 0],
        [20, 0, 0],
        stop_count=[10.0, 0.22, 0.0],
        covered_share=[1.0, 0.004, 0.0],
        status=["compared", "too_thin", "unseen"],
    )
    opened = show(build(given, language=language))
    percent = "\N{NO-BREAK SPACE}%"
    assert opened.table("stop_count", "covered_share") == [
        ["North", "10", f"100{percent}"],
        ["Dyke", little, f"{little}{percent}"],
        ["Quay", "0", f"0{percent}"],
    ]
    assert where in opened.texts(".gb-seen")[0]
    opened.page.locator(".gb-hidden-rows tr[tabindex]").first.click()
    assert opened.detail()["stop_count"] == little
    said = opened.page.evaluate(
        "({words, ...area}) => geobike.lookedText("
        "{data: {roles: {stops: 'stops', photos: 'photos'}}, ...geobike.speech({words, ...area})},"
        "{figures: {stops: 0.22, photos: 1}})",
        {"words": json.loads(page_file(f"words-{language}.json")), "language": language}
        | {"label": "bicycle"},
    )
    assert said.startswith(f"{stop}, 1 ")


def test_the_days_play_one_after_the_other_and_end_with_all(show: Open) -> None:
    opened = show(build(taken=two_days()))
    opened.page.get_by_role("button", name="Play the days").click()
    checked = "document.querySelector('[name=gb-period]:checked').value"
    for value in ("0", "1", "-1"):
        opened.wait_until(f"{checked} === '{value}'")
    assert opened.page.get_by_role("button", name="Play the days").count() == 1


def test_photos_of_one_day_need_no_choice_of_days(show: Open) -> None:
    opened = show(build(taken=photos({"a.jpg": (4.0, 52.0, 1), "b.jpg": (4.0, 52.0, 1)})))
    assert opened.page.locator(".gb-period").count() == 0


def test_many_days_become_months(show: Open) -> None:
    taken = photos({f"{n}.jpg": (4.005, 52.005, 1) for n in range(100)})
    taken["taken_at"] = pd.date_range("2024-01-01", periods=100, tz="UTC").as_unit("us")
    opened = show(build(taken=taken))
    assert [each.strip() for each in opened.texts(".gb-period label")] == [
        "all days",
        "January 2024",
        "February 2024",
        "March 2024",
        "April 2024",
    ]


def test_a_slider_over_many_days_has_the_dates_at_its_ends(show: Open) -> None:
    taken = photos({f"{n}.jpg": (4.005, 52.005, 1) for n in range(20)})
    taken["taken_at"] = pd.date_range("2024-01-01", periods=20, tz="UTC").as_unit("us")
    opened = show(build(taken=taken, language="nl"))
    slider = opened.page.get_by_role("slider")
    assert opened.texts(".gb-ends span") == ["1 jan 2024", "20 jan 2024"]
    slider.press("End")
    assert opened.texts(".gb-slider output") == ["20 jan 2024"]
    assert slider.get_attribute("aria-valuetext") == "20 jan 2024"
    assert len(opened.places()) == 1


def test_the_day_is_that_of_the_chosen_timezone(show: Open) -> None:
    taken = two_days()
    taken["taken_at"] = pd.to_datetime(
        ["2022-01-19T22:00Z", "2022-01-19T23:30Z", "2022-01-19T23:30Z"]
    ).as_unit("us")
    opened = show(build(taken=taken, timezone="Europe/Amsterdam"))
    opened.page.get_by_label("20 Jan 2022").check()
    assert len(opened.places()) == 2


def test_the_download_is_read_by_geopandas_with_the_same_numbers(
    show: Open, tmp_path: Path
) -> None:
    opened = show(build())
    file = opened.download("Areas (GeoJSON)")
    assert file.suggested_filename == "areas.geojson"
    file.save_as(tmp_path / "areas.geojson")
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


def test_paper_has_the_legend_beside_the_map_and_says_where_it_comes_from(show: Open) -> None:
    opened = show(build(source="The city"))
    page = opened.page
    assert page.locator(".folium-map .gb-legend").count() == 1
    assert not page.locator(".gb-colophon").is_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    opened.settle()
    assert page.locator(".gb-panel .gb-legend").count() == 1
    (said,) = opened.texts(".gb-colophon")
    day = f"{date.today().day} {date.today():%B %Y}"
    assert said == f"Printed on {day}, made by geobike {geobike.__version__}. Source: The city"
    drawn = page.evaluate(
        "(() => { const part = document.querySelector('.leaflet-overlay-pane g')"
        ".getBoundingClientRect(); const frame = document.querySelector('.folium-map')"
        ".getBoundingClientRect(); return Math.max(part.width / frame.width, "
        "part.height / frame.height); })()"
    )
    assert drawn > 0.7
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".folium-map .gb-legend").count() == 1


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
    assert opened.texts("h1") == ["Waar fietsen staan"]
    finding = "10 stops: gemiddeld 1,6 gedetecteerde fietsen per stop. In totaal ongeveer 16 "
    assert opened.texts(".gb-finding") == [finding + "gedetecteerd, elke plek één keer geteld."]
    assert "in 4 van de 5 gebieden · 19 jan 2022." in opened.texts(".gb-seen")[0]
    assert "vanaf 0,5 telt" in opened.said(".gb-method")[0]
    assert opened.legend()[-2:] == ["6 of meer", "geen foto's"]
    assert opened.table("detected_per_stop")[0] == ["South", "7,0"]


def catalogue(**changes: Any) -> dict[str, Any]:
    return json.loads(page_file("words-en.json")) | changes


def test_a_catalogue_of_ones_own_is_used(show: Open, tmp_path: Path) -> None:
    path = tmp_path / "french.json"
    path.write_text(json.dumps(catalogue(language="fr", none="aucune photo")))
    opened = show(build(language=path))
    assert opened.page.get_attribute("html", "lang") == "fr"
    assert opened.legend()[-2:] == ["6 or more", "aucune photo"]


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
    assert show(build(source="Town hall, 2024")).said(".gb-source") == ["Source: Town hall, 2024"]


def test_inhabitants_add_a_metric_a_column_and_a_line(show: Open) -> None:
    given = TOWN.assign(
        population=pd.array([2000, 4000, None, 100, 50], dtype="Int64"),
        bicycles_per_1000_inhabitants=[0.5, 2.0, None, 0.0, None],
    )
    opened = show(build(given))
    opened.colour_by("Bicycles detected per 1,000 inhabitants")
    assert opened.legend()[-2:] == ["no data", "no photos"]
    opened.page.locator(".gb-table tbody tr").first.click()
    figures = opened.detail()
    assert figures["bicycles_per_1000_inhabitants"] == "2.0"
    assert figures["population"] == "4,000"


def test_the_table_shows_and_marks_the_figure_that_colours_the_map(show: Open) -> None:
    opened = show(build())
    sorted_by = opened.page.locator("th[aria-sort=descending]")
    columns = ["name", "detected_per_stop", "stop_count", "covered_share"]

    def heads() -> list[str]:
        found: list[str] = opened.page.evaluate(
            "Array.from(document.querySelectorAll('.gb-table thead [data-metric]'),"
            "(each) => each.dataset.metric)"
        )
        return found

    assert heads() == columns
    opened.colour_by("Bicycles detected per km²")
    assert heads() == ["name", "bicycles_per_km2", "stop_count", "covered_share"]
    assert sorted_by.inner_text().startswith("Per km²")
    figures = ["0", "0.50", "3.5", "4.0", "\N{EN DASH}"]  # an area without photos stays last
    column = "[data-metric=bicycles_per_km2]"
    assert opened.texts(f".gb-table td{column}") == [*figures[3::-1], figures[4]]
    opened.page.locator(f".gb-table th{column} button").click()
    assert opened.texts(f".gb-table td{column}") == figures
    opened.colour_by("Bicycles detected per stop")
    assert heads() == columns


def test_a_figure_that_no_area_has_is_not_offered_and_the_page_says_why(show: Open) -> None:
    given = TOWN.assign(bicycles_per_km2=float("nan"), covered_share=[0.4, 0.5, 0.3, 0.6, 0.0])
    opened = show(build(given))
    option = opened.page.locator("#gb-metric option[value=bicycles_per_km2]")
    assert option.is_disabled()
    said = "of whose streets 70\N{NO-BREAK SPACE}% were seen. Here it is 60\N{NO-BREAK SPACE}%"
    assert said in opened.texts(".gb-metric .gb-why")[0]


def test_the_address_holds_metric_area_and_day_and_opens_them_again(
    show: Open,
) -> None:
    opened = show(build(taken=two_days()))
    opened.page.get_by_label("20 Jan 2022").check()
    opened.colour_by("Bicycles detected, each place once")
    opened.page.locator(".gb-table tbody tr", has_text="East").click()
    state = opened.page.evaluate("location.hash")
    assert state == "#metric=detected_once&period=2022-01-20&area=A1"
    link = opened.page.url
    # By way of another page: Playwright ends a move within a document at any change of its address.
    opened.page.goto("about:blank")
    opened.page.goto(link)
    opened.wait_until("performance.getEntriesByName('geobike-complete').length")
    assert opened.texts(".gb-detail h2") == ["East"]
    assert opened.texts(".gb-when") == ["20 Jan 2022"]
    assert opened.page.evaluate("document.getElementById('gb-metric').value") == "detected_once"


def test_an_address_given_while_the_page_changes_is_read_and_not_written_over(show: Open) -> None:
    opened = show(build(taken=two_days()))
    # A choice in the same task as the new address comes before the browser's event for it.
    opened.page.evaluate("""() => {
        location.hash = "#area=A1";
        document.querySelector("[name=gb-period]:not(:checked)").click();
    }""")
    opened.settle()
    assert opened.texts(".gb-detail h2") == ["East"]
    assert "area=A1" in opened.page.evaluate("location.hash")


@pytest.mark.parametrize(
    "state",
    [
        "#area=<img src=x onerror=window.__xss=1>",
        "#metric=constructor",
        "#place=-1.9e9",
        "#%",
        "#street=0",
    ],
)
def test_an_address_that_means_nothing_opens_the_page_as_it_is(show: Open, state: str) -> None:
    opened = show(build(taken=two_days()))
    opened.page.evaluate("(state) => { location.hash = state; }", state)
    opened.settle()
    assert not opened.page.locator(".gb-detail").is_visible()
    assert opened.texts(".gb-legend summary") == ["Bicycles detected per stop"]
    assert opened.page.evaluate("window.__xss") is None


def test_the_table_is_downloaded_as_a_spreadsheet_of_the_language_reads_it(
    show: Open, tmp_path: Path
) -> None:
    names = ["=1+1", 'a "b"; c', "@x", "d", "e"]
    given = TOWN.assign(name=pd.array(names, dtype="str"), covered_share=1 / 3)
    for language, separator, decimal in (("en", ",", "."), ("nl", ";", ",")):
        opened = show(build(given, language=language))
        label = {"en": "Areas (CSV)", "nl": "Gebieden (CSV)"}[language]
        opened.download(label).save_as(tmp_path / "areas.csv")
        read = pd.read_csv(
            tmp_path / "areas.csv", sep=separator, decimal=decimal, encoding="utf-8-sig"
        )
        assert read["detected_per_stop"].tolist()[:4] == [0.5, 2.0, 7.0, 0.0]
        assert read["covered_share"].tolist() == [0.333333] * 5  # no noise of floating point
        assert read["name"].tolist() == ["'=1+1", 'a "b"; c', "'@x", "d", "e"]


@pytest.mark.parametrize(
    ("language", "table", "meanings", "separator"),
    [
        ("en", "Areas (CSV)", "What the columns mean (CSV)", ","),
        ("nl", "Gebieden (CSV)", "Wat de kolommen betekenen (CSV)", ";"),
    ],
)
def test_every_column_of_the_spreadsheet_is_explained(
    show: Open, tmp_path: Path, language: str, table: str, meanings: str, separator: str
) -> None:
    opened = show(build(BY_HAND, estimates=ESTIMATES, language=language))
    opened.download(table).save_as(tmp_path / "areas.csv")
    opened.download(meanings).save_as(tmp_path / "columns.csv")
    read = [
        pd.read_csv(tmp_path / name, sep=separator, encoding="utf-8-sig")
        for name in ("areas.csv", "columns.csv")
    ]
    figures, columns = read
    assert columns.iloc[:, 0].tolist() == list(figures)
    meaning = columns.set_index(columns.columns[0]).iloc[:, 0]
    assert meaning.str.len().min() > 3  # none is empty
    assert "bicycle_count" in meaning["bicycles_per_photo"]  # that it is no part of it
    assert "95 %" in meaning["detected_per_stop_low"]
    assert "47 %" in meaning["covered_share"]


def test_the_places_are_downloaded_where_they_are(show: Open, tmp_path: Path) -> None:
    opened = show(build(taken=two_days()))
    opened.download("Places (GeoJSON)").save_as(tmp_path / "places.geojson")
    read = gpd.read_file(tmp_path / "places.geojson")
    assert read["detected"].tolist() == [1, 1, 12]
    assert read.geometry.x.tolist() == [4.002, 4.008, 4.015]
    assert read["area"].tolist() == ["North", "North", "East"]


def test_the_picture_has_the_colours_of_the_map(show: Open, tmp_path: Path) -> None:
    opened = show(build(taken=two_days()))
    file = opened.download("Picture (PNG)")
    assert file.suggested_filename == "map.png"
    file.save_as(tmp_path / "map.png")
    picture = Image.open(tmp_path / "map.png").convert("RGB")
    colours = {colour for _, colour in picture.getcolors(1 << 24) or []}
    drawn = {fill for fill in opened.fills() if fill.startswith("#")}
    assert {tuple(bytes.fromhex(fill[1:])) for fill in drawn} <= colours


def test_paper_and_picture_say_where_north_is_and_how_long_a_way_is(
    show: Open, tmp_path: Path
) -> None:
    opened = show(build(taken=two_days()))
    north = opened.page.locator(".gb-north")
    assert not north.is_visible()
    opened.download("Picture (PNG)").save_as(tmp_path / "map.png")
    picture = Image.open(tmp_path / "map.png").convert("RGB")
    frame = opened.page.locator(".folium-map").bounding_box()
    assert frame is not None
    low, wide = picture.height - 52, int(2 * frame["width"])
    ink = {colour for _, colour in picture.crop((16, low - 40, 300, low)).getcolors(1 << 24) or []}
    assert (0x17, 0x20, 0x2A) in ink  # the bar, where the page has it
    head = picture.height - int(2 * (frame["height"] + 26))
    corner = picture.crop((wide - 80, head, wide, head + 110))
    assert (0x17, 0x20, 0x2A) in {colour for _, colour in corner.getcolors(1 << 24) or []}
    opened.page.emulate_media(media="print")
    assert north.is_visible()
    assert opened.page.locator(".leaflet-control-scale-line").is_visible()


def test_the_picture_draws_circles_and_names_as_the_page_does(show: Open, tmp_path: Path) -> None:
    taken = photos({"z.jpg": (4.005, 52.002, None), "a.jpg": (4.005, 52.002, 62)})
    opened = show(build(areas(["North", "East"], [1, 1], [1, 62]), taken))
    opened.download("Picture (PNG)").save_as(tmp_path / "map.png")
    picture = Image.open(tmp_path / "map.png").convert("RGB")
    frame = opened.page.locator(".folium-map").bounding_box()
    assert frame is not None
    head = picture.height - 2 * (frame["height"] + 26)

    def colours(selector: str) -> set[tuple[int, ...]]:
        box = opened.page.locator(selector).bounding_box()
        assert box is not None
        left, top = 2 * (box["x"] - frame["x"]), head + 2 * (box["y"] - frame["y"])
        part = picture.crop((left, top, left + 2 * box["width"], top + 2 * box["height"]))
        return {colour for _, colour in part.getcolors(1 << 24) or []}

    grey, white = (0x6B, 0x72, 0x80), (255, 255, 255)  # the dot of a photo that is not counted
    assert grey not in colours(".gb-place:not(.gb-other)")
    assert white in colours(".gb-name[data-area=A1] span")  # on the darkest blue
    beside = picture.crop((picture.width - 500, 0, picture.width, picture.height))
    assert grey in {colour for _, colour in beside.getcolors(1 << 24) or []}  # the key says so


def test_without_inhabitants_their_metric_is_not_offered(show: Open) -> None:
    opened = show(build())
    assert opened.page.get_by_text("inhabitants").count() == 0
