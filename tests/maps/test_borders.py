"""What an area has from across its border: photos and streets that count for it."""

from typing import Any

import pandas as pd
import pytest

import geobike
from geobike import schema
from tests.maps.test_layers import street_frames
from tests.support.browser import Open, Opened
from tests.support.map_frames import areas, build, jpeg, photos, tallies

PHOTOS = photos(
    {
        "north.jpg": (4.005, 52.005, 2),
        "both.jpg": (4.0101, 52.005, 5),
        "ground.jpg": (4.0102, 52.006, 0),
        "east.jpg": (4.015, 52.005, 1),
    }
).assign(area_id=pd.array(["A0", "A1", "A1", "A1"], "str"))
"""Taken in North, and three in East."""


def at_the_border() -> dict[str, Any]:
    """3 of the 5 bicycles on `both.jpg` stand in North; `ground.jpg` shows only its ground."""
    sums = tallies(PHOTOS)
    beyond = sums[sums["photo_id"].isin(["both.jpg", "ground.jpg"])].assign(area_id="A0")
    beyond["photo_count"] = 0.0
    beyond["bicycle_count"] = [3.0, 0.0]
    beyond["stop_count"] = [0.5, 0.5]
    sums.loc[sums["photo_id"] == "both.jpg", "bicycle_count"] = 2.0
    given = areas(["North", "East"], [1, 3], [5, 3])
    both = pd.concat([sums, beyond], ignore_index=True)
    pictures = {name: jpeg() for name in PHOTOS["photo_id"]}
    return {"given": given, "taken": PHOTOS, "tallied": both, "thumbnails": pictures}


def what(opened: Opened) -> str:
    """Return the small print of the figure that counts each photo."""
    opened.page.locator(".gb-table tbody tr th", has_text="North").click()
    return opened.texts("dt:has(+ [data-metric=bicycle_count]) small")[0]


def shown(opened: Opened, area: str) -> list[str]:
    """Return what is said of the photos of an area, and the numbers on them."""
    opened.page.locator(".gb-table tbody tr th", has_text=area).click()
    found = opened.page.evaluate(
        "Array.from(document.querySelectorAll('.gb-photos > :not(.gb-strip), .gb-tile'),"
        " (each) => each.innerText || each.ariaLabel)"
    )
    opened.page.keyboard.press("Escape")
    return found


@pytest.mark.parametrize("readable", [100, 0])
def test_an_area_lists_the_photos_across_its_border_that_show_a_part_of_it(
    show: Open, monkeypatch: pytest.MonkeyPatch, readable: int
) -> None:
    monkeypatch.setattr("geobike.maps.places.READABLE", readable)  # 0: columns are packed
    opened = show(build(**at_the_border()))
    assert shown(opened, "North") == [
        "1 photo taken here",
        "2 detected, north.jpg",
        "2 photos from across the border: 3 bicycles here",
        "5 detected, 3 of them here, both.jpg",
        "0 detected, ground.jpg",
    ]
    assert shown(opened, "East") == [
        "3 photos taken here",
        "3 of the bicycles on them stand across the border and do not count here.",
        "5 detected, both.jpg",
        "1 detected, east.jpg",
        "0 detected, ground.jpg",
    ]


def test_what_stands_outside_every_area_is_not_said_to_count_anywhere(show: Open) -> None:
    """Of the 5 on `both.jpg` 3 stand where no area is, such as over water: no figure has them."""
    given = at_the_border()
    rows = given["tallied"]
    rows["area_id"] = rows["area_id"].astype("str").mask(rows.index >= len(PHOTOS))
    said = shown(show(build(**given)), "East")[1]
    assert said == "3 of the bicycles on them stand across the border and do not count here."


def test_a_figure_says_how_much_of_it_is_from_across_the_border(show: Open) -> None:
    opened = show(build(**at_the_border()))
    counts = "those on several photos count each time; "
    assert what(opened) == counts + "2 on photos taken here, 3 on photos from across the border"


def test_the_photos_of_an_area_and_those_across_its_border_follow_each_other(show: Open) -> None:
    opened = show(build(**at_the_border()))
    opened.page.locator(".gb-table tbody tr th", has_text="North").click()
    opened.page.locator(".gb-tile").first.click()
    names = []
    for _ in range(3):
        names += opened.texts("dialog[open] .gb-file")
        opened.page.keyboard.press("ArrowRight")
    assert names == ["north.jpg", "both.jpg", "ground.jpg"]


def seen_in_part() -> dict[str, Any]:
    """The first street was seen over its second quarter; it is one of those seen in two areas."""
    rows = {"street_id": "1", "area_id": ["A0", "A1"], "begin": 0.25, "end": 0.5, "listed": True}
    return street_frames() | {"stretches": schema.table(schema.STRETCHES, rows)}


RIBBONS = """() => Array.from(document.querySelectorAll(".leaflet-gb-streets-pane path"))
  .filter((path) => !path.matches("[stroke='#fff'], .leaflet-interactive"))
  .map((path) => {
    const { x, width } = path.getBBox();
    return [path.hasAttribute("stroke-dasharray"), x, x + width];
  })"""
"""Whether each is a broken line, where it begins and where it ends, in pixels."""


def test_a_street_has_its_colour_where_it_was_seen(show: Open) -> None:
    opened = show(build(**seen_in_part()))
    opened.show("Streets: detected per 100 m")
    (broken, west, east), (whole, begin, end) = opened.page.evaluate(RIBBONS)
    assert (broken, whole) == (True, False)
    long = east - west
    assert [(begin - west) / long, (end - west) / long] == pytest.approx([0.25, 0.5], abs=0.02)
    assert opened.legend()[-2] == "broken line: not seen"
    opened.layers()  # close them
    spot = opened.page.locator(".leaflet-gb-streets-pane path.leaflet-interactive").bounding_box()
    assert spot is not None
    x, y = spot["x"] + 0.9 * spot["width"], spot["y"] + spot["height"] / 2
    opened.page.mouse.click(x, y)  # where it was not seen
    assert opened.texts(".gb-detail h2") == ["<b>Quay</b>"]
    assert opened.detail()["area"] == "North, East"


def test_a_street_on_a_border_is_listed_on_both_sides_of_it(show: Open) -> None:
    opened = show(build(**seen_in_part()))
    for area in ("North", "East"):
        opened.page.locator(".gb-table tbody tr th", has_text=area).click()
        assert opened.texts(".gb-detail .gb-list li span") == ["<b>Quay</b>, on the border"]
        opened.page.keyboard.press("Escape")


SUM_OF_LISTED = """() => {
  const numbers = (selector, of) => Array.from(document.querySelectorAll(selector), of);
  const listed = numbers(".gb-tile", (tile) => Number(tile.dataset.count));
  const beyond = numbers(".gb-photos .gb-why", (note) => parseInt(note.textContent));
  return listed.reduce((a, b) => a + b, 0) - beyond.reduce((a, b) => a + b, 0);
}"""


def test_the_photos_and_streets_that_an_area_of_the_sample_lists_add_up_to_its_figures(
    show: Open, sample_result: geobike.SurveyResult
) -> None:
    opened = show(sample_result.map())
    figures = sample_result.areas.set_index("name")["bicycle_count"].dropna()
    assert len(figures) == 12
    listed, streets = {}, {}
    for name in figures.index:
        opened.page.locator(".gb-table tbody tr th", has_text=name).click()
        listed[name] = opened.page.evaluate(SUM_OF_LISTED)
        for more in opened.page.locator(".gb-detail .gb-list .gb-more").all():
            more.click()
        streets[name] = opened.page.locator(".gb-detail .gb-list li").count()
        opened.page.keyboard.press("Escape")
    assert listed == figures.to_dict()
    assert streets == sample_result.areas.set_index("name")["streets_seen"][figures.index].to_dict()
