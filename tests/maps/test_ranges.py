"""What the page says where figures have ranges: who differs from the average, and who may not."""

import re
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

from tests.support.browser import Open
from tests.support.map_frames import areas, build, photos

NAMES = ["North", "East", "South", "West", "Centre"]


def town(low: list[float], high: list[float], **columns: Any) -> gpd.GeoDataFrame:
    """Areas of 10 stops each: 0.5, 2, 7, 2 and 2 detected per stop, the mean is 2.7."""
    ranges = {"detected_per_stop_low": low, "detected_per_stop_high": high}
    return areas(NAMES, [10] * 5, [5, 20, 70, 20, 20], **ranges | columns)


ALIKE = town([0.1, 0.8, 1.9, 0.8, 0.8], [3.0, 5.0, 26.0, 5.0, 5.0])
CLEAR = town([0.3, 0.8, 5.0, 0.8, 0.8], [0.8, 5.0, 9.8, 5.0, 5.0])


def test_areas_that_may_be_alike_are_pale_and_the_heading_says_so(show: Open) -> None:
    opened = show(build(ALIKE))
    said = "No area can be told from the average: all 5 may be alike."
    assert opened.texts(".gb-differ") == [said]
    pale = [opened.page.evaluate("(one) => geobike.pale(one)", one) for one in COLOURS]
    assert set(opened.fills()) <= set(pale)
    assert opened.legend()[-2:] == PALE_KEY


PALE_KEY = ["full: differs from average", "pale: may be average, 2.7"]
COLOURS = ["#d6efb3", "#73c8bd", "#2498c1", "#234da0", "#081d58"]


def test_the_legend_shows_both_shades_of_a_colour_and_what_the_bars_count(show: Open) -> None:
    opened = show(build(ALIKE))
    shown = opened.page.evaluate(
        "Array.from(document.querySelectorAll('.gb-classes .gb-swatch'), "
        "(each) => getComputedStyle(each).backgroundColor).slice(-2)"
    )
    full, pale = (
        "#" + "".join(f"{int(part):02x}" for part in re.findall(r"\d+", c)) for c in shown
    )
    south = opened.fills()[2]  # the most of all, and yet it may be the average
    assert pale == south
    assert full == "#081d58"
    assert opened.texts(".gb-bars-head") == ["areas"]
    clear = show(build(town([0.4, 1.8, 6.5, 1.8, 1.8], [0.6, 2.2, 7.5, 2.2, 2.2])))
    assert PALE_KEY[0] not in clear.legend()  # nothing is pale


def test_the_heading_names_the_areas_that_differ_clearly(show: Open) -> None:
    opened = show(build(CLEAR))
    (said,) = opened.texts(".gb-differ")
    assert said.startswith("Detected clearly more than average: South. Clearly fewer: North. 3 ")
    opened.page.locator("#gb-metric").select_option("by-group")
    assert opened.legend() == ["clearly more", "cannot be told apart", "clearly fewer"]
    assert opened.texts(".gb-count") == ["1", "3", "1"]
    same, more, fewer = "#f6f5f0", "#234da0", "#d6efb3"
    assert opened.fills() == [fewer, same, more, same, same]
    assert opened.page.evaluate("location.hash") == "#metric=groups"
    opened.page.locator(".gb-table tbody tr").first.click()
    assert opened.texts(".gb-main p")[0] == "5.0 to 9.8"
    assert opened.texts(".gb-compared") == ["Clearly more than average. Average: 2.7."]


def test_the_average_is_that_of_all_stops_also_where_little_was_seen(show: Open) -> None:
    status = ["compared", "compared", "compared", "thin", "too_thin"]
    opened = show(build(town([0.1, 0.8, 1.9, 0.8, 0.8], [3.0, 5.0, 26.0, 5.0, 5.0], status=status)))
    assert "on average 2.7 bicycles detected per stop." in opened.texts(".gb-finding")[0]
    assert opened.legend()[-4:-2] == PALE_KEY


def test_the_table_draws_ranges_as_whiskers_with_the_average(show: Open) -> None:
    opened = show(build(CLEAR))
    assert opened.texts(".gb-bar-head") == ["Range"]
    bars = opened.page.locator(".gb-bar-cell .gb-bar")
    frame = bars.first.bounding_box()
    whisker = bars.first.locator(".gb-whisker").bounding_box()
    point = bars.first.locator(".gb-point").bounding_box()
    average = bars.first.locator(".gb-average").bounding_box()
    assert None not in (frame, whisker, point, average)
    assert opened.said(".gb-bar-cell .gb-said")[0] == "5.0 to 9.8"
    scale = frame["width"] / 9.8  # the widest range ends at the right
    assert whisker["x"] - frame["x"] == pytest.approx(5.0 * scale, abs=1)
    assert whisker["x"] + whisker["width"] - frame["x"] == pytest.approx(9.8 * scale, abs=1)
    assert point["x"] + point["width"] / 2 - frame["x"] == pytest.approx(7.0 * scale, abs=1)
    assert average["x"] - frame["x"] == pytest.approx(2.7 * scale, abs=1.5)


def test_the_table_and_the_panel_say_what_a_range_means(show: Open) -> None:
    opened = show(build(CLEAR))
    said = "Range (95 %): how far other streets of the area would move the figure. "
    said += "It says nothing of bicycles that the detector missed."
    assert opened.texts(".gb-range-note") == [said]
    assert opened.page.locator(".gb-bar-head").get_attribute("title") == said
    opened.page.locator(".gb-table tbody tr").first.click()
    assert opened.page.locator(".gb-main p").first.get_attribute("title") == said
    opened.page.keyboard.press("Escape")
    opened.colour_by("Bicycles detected per km²")  # has no ranges
    assert opened.said(".gb-range-note") == [""]
    assert opened.page.locator(".gb-bar-head").get_attribute("title") == ""
    by_hand = show(build(BY_HAND, estimates=ESTIMATES))
    counted = "Range (95 %): what a person would count lies in it in 95 of 100 cases."
    assert by_hand.texts(".gb-range-note") == [counted]


def test_a_range_that_is_longer_than_its_bar_ends_in_an_arrow(show: Open) -> None:
    opened = show(build(ALIKE))
    assert opened.said(".gb-bar-cell .gb-said")[0] == "1.9 to 26"
    cut = opened.page.locator(".gb-bar-cell .gb-cut")
    assert cut.count() == 1
    shape = "(line) => getComputedStyle(line, '::after').borderLeftWidth"
    assert cut.evaluate(shape) == "6px"


def test_without_ranges_nothing_is_said_to_differ(show: Open) -> None:
    opened = show(build())
    assert opened.texts(".gb-differ") == [""]
    assert opened.texts(".gb-bar-head") == ["Com\N{SOFT HYPHEN}pared"]
    assert opened.page.locator("#gb-metric option[value=by-group]").count() == 0
    assert "Pale" not in opened.page.locator(".gb-legend").inner_text()


BY_HAND = CLEAR.assign(
    hand_counted=pd.array([4, 3, 5, 0, 2], "Int64"),
    bicycles_per_stop=[0.9, 3.1, 9.0, 2.9, 3.0],
    bicycles_per_stop_low=[0.5, 1.6, 6.0, 1.2, 1.4],
    bicycles_per_stop_high=[1.6, 5.8, 14.0, 6.0, 6.2],
    group=["below", "not told apart", "above", "not told apart", "not told apart"],
    rank_low=pd.array([5, 2, 1, 2, 2], "Int64"),
    rank_high=pd.array([5, 4, 1, 4, 4], "Int64"),
)
ESTIMATES = {
    "hand_counted": 14,
    "found_of_100": 71,
    "missing": [],
    "bicycles_per_stop": 3.8,
    "bicycles_per_stop_low": 2.9,
    "bicycles_per_stop_high": 4.9,
}


def test_where_people_counted_their_ranges_groups_and_ranks_are_shown(show: Open) -> None:
    opened = show(build(BY_HAND, estimates=ESTIMATES))
    name = "Bicycles per stop, as a person counts"
    assert opened.texts(".gb-legend summary") == [name]
    finding = "50 stops: on average 3.8 bicycles per stop, as a person counts (2.9 to 4.9). "
    in_all = "About 140 detected in all, each place counted once."  # 135, with two digits
    assert opened.texts(".gb-finding") == [finding + in_all]
    assert opened.texts(".gb-differ")[0].startswith("Clearly more than average: South.")
    assert opened.texts(".gb-seen")[0].endswith("14 stops were also counted by hand.")
    rows = opened.table("bicycles_per_stop", "rank")
    assert rows[0] == ["South", "9.0", "1"]
    assert rows[1] == ["East", "3.1", "2 \N{EN DASH} 4"]
    opened.page.locator(".gb-table tbody tr").nth(1).click()
    said = "Cannot be told from the average. Average: 3.8. Rank 2 to 4 of 5."
    assert opened.texts(".gb-compared") == [said]


def test_too_few_hand_counts_leave_the_figures_the_detectors(show: Open) -> None:
    few = ESTIMATES | {"hand_counted": 3, "found_of_100": None}
    few |= {f"bicycles_per_stop{end}": None for end in ("", "_low", "_high")}
    opened = show(build(CLEAR, estimates=few))
    assert opened.texts(".gb-differ")[0].startswith("Detected clearly more than average: South.")
    said = "3 stops were counted by hand, too few to tell how many the detector missed"
    assert said in opened.texts(".gb-seen")[0]
    assert "on 3 photos, is too little to tell." in opened.said(".gb-by-hand")[0]
    none = show(build(CLEAR, estimates=few | {"hand_counted": 0}))
    assert "Nobody has counted by hand" in none.texts(".gb-seen")[0]


def test_a_day_shows_what_was_detected_on_it_and_all_days_what_people_counted(show: Open) -> None:
    taken = photos({"a.jpg": (4.002, 52.005, 3), "b.jpg": (4.002, 52.005, 1)})
    taken["area_id"] = "A0"
    taken.loc[1, "taken_at"] += pd.Timedelta(days=1)
    opened = show(build(BY_HAND, taken, estimates=ESTIMATES))
    before = opened.texts(".gb-finding, .gb-legend summary, .gb-table tbody tr")
    opened.page.get_by_label("19 Jan 2022").check()
    said = "1 stop: on average 3.0 bicycles detected per stop."
    assert opened.texts(".gb-finding") == [said]
    assert opened.texts(".gb-legend summary") == ["Bicycles detected per stop"]
    opened.page.get_by_label("20 Jan 2022").check()
    opened.page.get_by_label("all days").check()
    assert opened.texts(".gb-finding, .gb-legend summary, .gb-table tbody tr") == before


@pytest.mark.parametrize("width", [1366, 390])
@pytest.mark.parametrize("given", [ALIKE, CLEAR], ids=["alike", "clear"])
def test_the_choice_of_a_day_stays_where_it_is_when_a_day_is_chosen(
    show: Open, given: gpd.GeoDataFrame, width: int
) -> None:
    taken = photos({"a.jpg": (4.002, 52.005, 3), "b.jpg": (4.002, 52.005, 1)})
    taken["area_id"] = "A0"
    taken.loc[1, "taken_at"] += pd.Timedelta(days=1)
    opened = show(build(given, taken))
    opened.page.set_viewport_size({"width": width, "height": 768})
    opened.settle()

    def place() -> float:  # on the whole page: to check a choice may scroll it
        box = "document.querySelector('.gb-period').getBoundingClientRect().top"
        found: float = opened.page.evaluate(f"Math.round(10 * ({box} + scrollY)) / 10")
        return found

    before, said = place(), opened.texts(".gb-differ")
    opened.page.get_by_label("19 Jan 2022").check()
    assert place() == before
    whole = "Which areas differ clearly: known for all days together only."
    assert opened.texts(".gb-differ") == [whole]
    opened.page.get_by_label("20 Jan 2022").check()
    assert place() == before
    opened.page.get_by_label("all days").check()
    assert (place(), opened.texts(".gb-differ")) == (before, said)
