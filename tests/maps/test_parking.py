"""Places to park on the page: which streets lack them, and why of others nobody can say."""

from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geobike import schema
from tests.support.browser import Open, Opened
from tests.support.map_frames import NAN, areas, build, jpeg, photos

NEEDED = "of the kerb in view, 80\u00a0% needed"
TOO_LITTLE = f"not judged: 47\u00a0% {NEEDED}"
UNKNOWN_PLACES = "places known at 4 of 5 racks, 90\u00a0% needed"
TAKEN = photos({"a.jpg": (4.003, 52.005, 6), "b.jpg": (4.006, 52.002, 2)})
ROWS: dict[str, list[Any]] = {
    "street_id": ["1", "2", "3", "4", "5", "6"],
    "name": ["Quay", "<b>Lane</b>", "Mews", "Yard", "Row", "Close"],
    "area_id": ["A0", "A0", "A0", "A1", "A1", None],
    "covered_share": [0.9, 0.9, 0.9, 0.95, 0.9, 1.0],
    "kerb_seen_share": [0.9, 0.8, 0.474, 0.95, 0.799, 1.0],
    "stop_count": [3, 2, 1, 2, 1, 2],
    "detected_once": [48.0, 6.0, 9.0, 30.0, 12.0, 99.0],
    "rack_count": [2, 0, 1, 5, 0, 1],
    "rack_capacity": [40, 0, 20, 60, 0, 4],
    "rack_capacity_known": [2, 0, 1, 4, 0, 1],
    "detected_near_racks": [44.0, 0.0, 9.0, 28.0, 0.0, 9.0],
    "pressure": [1.2, NAN, NAN, NAN, NAN, 24.75],
    "shortage": [12, 6, None, None, None, 96],
    "free_within_walk": [4, 0, None, None, None, 0],
    "parking": ["full", "no_facility", "not_covered", "capacity_unknown", "no_facility", "full"],
}
"""One street that is full, one without a rack, three that are not judged, one outside the areas."""

BY_HAND: dict[str, list[Any]] = {
    "pressure_by_hand": [1.5, NAN, NAN, NAN, NAN, NAN],
    "pressure_low": [1.3, NAN, NAN, NAN, NAN, NAN],
    "pressure_high": [1.9, NAN, NAN, NAN, NAN, NAN],
    "shortage_by_hand": [24, 9, None, None, None, None],
    "shortage_low": [16, 9, None, None, None, None],
    "shortage_high": [40, 9, None, None, None, None],
}


def streets(**columns: list[Any]) -> gpd.GeoDataFrame:
    data = pd.DataFrame(ROWS | columns).assign(length_m=100.0, detected_per_100m=5.0)
    data["covered_m"] = 100 * data["covered_share"]
    lat = [52.005, 52.002, 52.001, 52.003, 52.004, 52.02]
    lines = [shapely.LineString([(4.001, each), (4.009, each)]) for each in lat]
    return schema.geotable(schema.STREETS, data, lines)


def racks() -> gpd.GeoDataFrame:
    data = {
        "rack_id": ["r1", "r2", "r3"],
        "capacity": pd.array([30, 10, 20], "Int64"),
        "detected_near": [20.0, 24.0, None],
        "street_id": ["1", "1", "9"],
        "area_id": ["A0"] * 3,
    }
    where = schema.points([4.002, 4.005, 4.0], [52.0051, 52.0051, 52.0])
    return schema.geotable(schema.RACKS, data, where)


def parked(**columns: list[Any]) -> dict[str, Any]:
    """Return what a map of a survey with racks and streets is built of."""
    stops = {"stop_id": list(TAKEN["photo_id"]), "photo_count": 1, "visit_count": 1}
    stops |= {"bicycle_count": 1.0, "bicycle_count_max": 1, "street_id": ["1", "2"]}
    seen = schema.geotable(schema.STOPS, pd.DataFrame(stops), list(TAKEN.geometry))
    return {"streets": streets(**columns), "stops": seen, "racks": racks(), "walk": 50.0}


def of_areas(**columns: Any) -> gpd.GeoDataFrame:
    """Two areas: of one the pressure is known, of the other too little was seen."""
    figures: dict[str, Any] = {
        "covered_share": [0.9, 0.9],
        "kerb_seen_share": [0.9, 0.47],
        "rack_count": pd.array([3, 5], "Int64"),
        "rack_capacity": pd.array([60, 60], "Int64"),
        "rack_capacity_known": pd.array([3, 4], "Int64"),
        "detected_near_racks": [40.0, 28.0],
        "pressure": [1.05, NAN],
        "shortage": pd.array([18, None], "Int64"),
        "shortage_net": pd.array([9, None], "Int64"),
        "free_within_walk": pd.array([4, None], "Int64"),
    }
    return areas(["West", "East"], [2, 3], [63, 42], **figures | columns)


def lists(opened: Opened) -> list[str]:
    """Return the headings and rows of the list, a line each."""
    found = opened.texts(".gb-parking h3, .gb-parking li")
    return [" | ".join(text.split("\n")) for text in found]


def test_streets_are_listed_by_how_full_their_racks_are_at_once(show: Open) -> None:
    opened = show(build(of_areas(), TAKEN, **parked()))
    opened.page.get_by_role("button", name="Bicycle parking").click()
    said = "2 of 5 streets with bicycles or racks were seen well enough to be judged: 18 places"
    assert opened.texts(".gb-parking-found") == [said + " are short there."]
    assert lists(opened) == [
        "Judged, fullest first",
        "<b>Lane</b> West | 6 detected | no rack · 6 places short",
        "Quay West | 1.2 per place | 48 detected · 40 places · 12 places short, 4 free within 50 m",
        "Not judged: racks, fullest so far first",
        f"Mews West | 0.45 per place so far | 9 detected · 20 places · {TOO_LITTLE}",
        "Not judged: places of some racks not known, most bicycles first",
        f"Yard East | 30 detected | 60 places · not judged: {UNKNOWN_PLACES}",
        "Not judged: bicycles and no rack, most first",
        f"Row East | 12 detected | no rack · not judged: 79\u00a0% {NEEDED}",
    ]
    assert not opened.page.locator(".gb-table").is_visible()
    opened.page.get_by_role("button", name="Areas", exact=True).click()
    assert opened.page.locator(".gb-table").is_visible()


def test_what_was_detected_by_the_places_is_the_pressure_beside_it(show: Open) -> None:
    opened = show(build(of_areas(), TAKEN, **parked(detected_once=[48, 6, 19.4167, 30, 12, 99])))
    opened.page.get_by_role("button", name="Bicycle parking").click()
    (mews,) = (row for row in lists(opened) if row.startswith("Mews"))
    assert " | 0.97 per place so far | 19.4 detected · 20 places · " in mews  # 19 by 20 is 0.95
    assert "stays free" in opened.texts(".gb-parking .gb-why")[0]


def test_streets_whose_places_are_not_known_are_listed_by_what_was_detected(show: Open) -> None:
    unknown = parked(rack_capacity_known=[2, 0, 0, 4, 0, 1])
    opened = show(build(of_areas(), TAKEN, **unknown))
    opened.page.get_by_role("button", name="Bicycle parking").click()
    rows = [row.split(" | ")[:2] for row in lists(opened)]
    at = rows.index(["Not judged: places of some racks not known, most bicycles first"])
    assert rows[at + 1 : at + 3] == [["Yard East", "30 detected"], ["Mews West", "9 detected"]]


def test_a_street_of_the_list_opens_with_its_racks_and_leads_to_them_on_the_map(
    show: Open,
) -> None:
    opened = show(build(of_areas(), TAKEN, **parked()))
    page = opened.page
    page.get_by_role("button", name="Bicycle parking").click()
    page.locator(".gb-parking li button", has_text="Quay").press("Enter")
    assert opened.texts(".gb-detail h2") == ["Quay"]
    view = page.evaluate(f"{opened.map_name()}.getBounds().getCenter()")
    assert view["lat"] == pytest.approx(52.005, abs=1e-4)
    assert opened.texts(".gb-parked .gb-state") == ["12 places short, 4 free within 50 m"]
    assert opened.detail()["pressure"] == "1.2"
    racks_here = opened.page.locator(".gb-list li")
    said = ["Rack of 10 places\n24 detected", "Rack of 30 places\n20 detected"]
    assert racks_here.all_inner_texts()[-2:] == said
    opened.layers()
    page.get_by_label("Bicycle racks", exact=True).uncheck()
    racks_here.last.locator("button").click()
    assert page.get_by_label("Bicycle racks", exact=True).is_checked()
    assert opened.texts(".leaflet-popup-content strong") == ["Rack: 30 places."]
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Next").click()  # in the order of the list
    assert opened.texts(".gb-detail h2") == ["Mews"]
    assert opened.said(".gb-parked .gb-state") == [TOO_LITTLE]
    page.get_by_role("button", name="← Bicycle parking").click()
    assert page.locator(".gb-parking").is_visible()


def sheets(opened: Opened) -> int:
    """Return how many sheets the page prints on."""
    return opened.page.pdf(prefer_css_page_size=True, print_background=True).count(b"/MediaBox")


def after_the_map(opened: Opened) -> list[str]:
    """Return the lines that paper has after the sheet of the map; the screen has none."""
    opened.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    opened.page.emulate_media(media="print")
    printed: str = opened.page.locator(".gb-sheet").inner_text()
    opened.page.emulate_media(media="null")  # the screen, or paper when printed
    opened.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not opened.page.locator(".gb-sheet > *").count()
    return [line for line in printed.split("\n") if line]


def test_what_is_open_is_printed_on_a_sheet_of_its_own_after_the_map(show: Open) -> None:
    opened = show(build(of_areas(), TAKEN, **parked(), thumbnails={"a.jpg": jpeg()}))
    page = opened.page
    assert (sheets(opened), after_the_map(opened)) == (1, [])
    page.get_by_role("button", name="Bicycle parking").click()
    assert sheets(opened) == 2
    title, said, *_ = printed = after_the_map(opened)
    assert title == "Bicycle parking"
    assert said.startswith("2 of 5 streets with bicycles or racks were seen well enough")
    assert "Quay West" in printed
    page.locator(".gb-parking li button", has_text="Quay").press("Enter")
    view = page.evaluate(f"{opened.map_name()}.getCenter()")
    assert sheets(opened) == 2
    title, *printed = after_the_map(opened)
    assert title == "Quay"
    assert "12 places short, 4 free within 50 m" in printed
    assert "Rack of 30 places" in printed
    assert not [line for line in printed if "photo of" in line or line == "1 photo"]
    assert page.evaluate(f"{opened.map_name()}.getCenter()") == view  # the screen is as it was
    assert opened.texts(".gb-detail h2") == ["Quay"]


def test_the_legend_of_streets_seen_closely_is_gone_before_the_sheets_are_counted(
    show: Open,
) -> None:
    opened = show(build(of_areas(), TAKEN, **parked()))

    def legend() -> int:
        return opened.page.locator(".gb-legend li").count()

    at_first = legend()
    opened.page.evaluate(f"void {opened.map_name()}.setZoom(18, {{ animate: false }})")
    closely = legend()
    assert closely > at_first
    opened.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert legend() == at_first  # a longer one would leave a sheet blank
    opened.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert legend() == closely


def test_a_link_to_the_list_opens_it(show: Open) -> None:
    opened = show(build(of_areas(), TAKEN, **parked()))
    opened.page.get_by_role("button", name="Bicycle parking").click()
    assert opened.page.evaluate("location.hash") == "#list=racks"
    opened.page.reload()
    opened.page.locator(".gb-parking li", has_text="<b>Lane</b>").wait_for()  # visible


def test_paper_has_the_table_of_areas_whatever_the_screen_lists(show: Open) -> None:
    opened = show(build(of_areas(), TAKEN, **parked()))
    opened.page.get_by_role("button", name="Bicycle parking").click()
    opened.page.emulate_media(media="print")
    assert opened.page.locator(".gb-table").is_visible()
    assert not opened.page.locator(".gb-parking, .gb-views").first.is_visible()


def test_ranges_of_people_stand_in_brackets(show: Open) -> None:
    opened = show(build(of_areas(), TAKEN, **parked(**BY_HAND)))
    opened.page.get_by_role("button", name="Bicycle parking").click()
    rows = lists(opened)
    assert "1.5 (1.3 to 1.9) per place" in rows[2]
    assert "24 (16 to 40) places short" in rows[2]
    assert "9 places short" in rows[1]  # both ends alike
    assert "about 33 places are short" in opened.texts(".gb-parking-found")[0]


def test_an_areas_panel_says_whether_places_lack_or_why_nobody_can_say(show: Open) -> None:
    opened = show(build(of_areas(), TAKEN, **parked()))
    rows = opened.page.locator(".gb-table tbody tr[tabindex]")
    rows.filter(has_text="West").press("Enter")
    assert opened.texts(".gb-parked .gb-state") == ["18 places short, 4 free within 50 m"]
    found = opened.detail()
    assert (found["pressure"], found["rack_capacity"], found["shortage"]) == ("1.1", "60", "18")
    opened.page.keyboard.press("Escape")
    rows.filter(has_text="East").press("Enter")
    assert opened.said(".gb-parked .gb-state") == [f"{TOO_LITTLE}; {UNKNOWN_PLACES}"]
    assert "pressure" not in opened.detail()


def test_without_a_file_of_streets_the_areas_are_listed_and_that_is_the_reason(show: Open) -> None:
    known = of_areas(pressure=[NAN, NAN], shortage=pd.array([None, None], "Int64"))
    opened = show(
        build(
            known.drop(columns=["covered_share", "kerb_seen_share"]),
            TAKEN,
            racks=racks(),
            walk=50.0,
        )
    )
    opened.page.get_by_role("button", name="Bicycle parking").click()
    rows = lists(opened)
    assert rows[0] == "Not judged: racks, fullest so far first"
    assert rows[1].startswith("West | 1.1 per place so far | 63 detected · 60 places")
    assert rows[1].endswith("nobody knows how much was seen, without a file of streets")


def test_of_photos_that_do_not_say_where_they_look_that_is_the_reason(show: Open) -> None:
    blind = [0.9, 0.8, NAN, 0.95, 0.799, 1.0]
    opened = show(build(of_areas(), TAKEN, **parked(kerb_seen_share=blind)))
    opened.page.get_by_role("button", name="Bicycle parking").click()
    (mews,) = (row for row in lists(opened) if row.startswith("Mews"))
    assert mews.endswith("not judged: no photo there says where it looks")


def test_nothing_is_said_of_places_whose_racks_are_not_known(show: Open) -> None:
    opened = show(build(racks=racks(), walk=50.0))  # the areas were counted without racks
    opened.page.get_by_role("button", name="Bicycle parking").click()
    assert lists(opened) == []
    said = "No street was seen well enough to say how many places are short."
    assert opened.texts(".gb-parking-found") == [said]


def test_a_survey_without_racks_has_no_list_of_them(show: Open) -> None:
    opened = show(build())
    assert opened.page.locator(".gb-views, .gb-parking").count() == 0
