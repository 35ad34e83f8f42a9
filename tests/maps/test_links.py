"""Links to a place, a street, an area: they outlive the next run, and say so where they do not."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geobike import schema
from tests.maps.test_layers import street_frames
from tests.support.browser import Open, Opened
from tests.support.map_frames import areas, build, jpeg, photos, visits

CENTRE = {"a.jpg": (4.002, 52.005, 3), "b.jpg": (4.008, 52.005, 5)}
NEXT = {"0.jpg": (4.005, 52.009, 1), "b2.jpg": (4.008, 52.005, 4), "a2.jpg": (4.002, 52.005, 3)}
TOWN = areas(["North", "East"], [2, 1], [8, 1])


def place_frames(found: Mapping[str, tuple[float, float, int]]) -> dict[str, Any]:
    taken = photos(found)
    return {"taken": taken, "visits": visits(taken, list(found))}


def follow(opened: Opened, link: str) -> None:
    opened.page.evaluate("(link) => { location.hash = link; }", link)
    opened.settle()


def test_a_link_to_a_place_leads_there_in_the_next_survey_too(show: Open) -> None:
    opened = show(build(TOWN, **place_frames(CENTRE)))
    opened.page.locator(".gb-place", has_text="5").click()
    link = opened.page.evaluate("location.hash")
    assert link == "#place=4.00800_52.00500"
    later = show(build(TOWN, **place_frames(NEXT)))  # other files, in another order
    follow(later, link)
    assert later.detail()["things"] == "4"
    assert later.page.evaluate("location.hash") == link


def test_places_on_one_spot_have_links_of_their_own(show: Open) -> None:
    taken = {"a.jpg": (4.002, 52.005, 3), "b.jpg": (4.002, 52.005, 9)}  # they look to two sides
    opened = show(build(TOWN, **place_frames(taken)))
    opened.page.locator(".gb-place").click()
    assert opened.page.evaluate("location.hash") == "#place=4.00200_52.00500_2*4.00200_52.00500"
    follow(opened, "#place=4.00200_52.00500_2")
    assert opened.detail()["things"] == "9"


def streets_next() -> dict[str, Any]:
    """The streets of the first survey after a third, which was seen too."""
    frames: dict[str, Any] = dict(street_frames())
    more = frames["streets"].iloc[[0]].assign(street_id="9", name="Alley")
    more = more.set_geometry([shapely.LineString([(4.001, 52.008), (4.009, 52.008)])], crs=4326)
    both = pd.concat([more, frames["streets"]], ignore_index=True)
    frames["streets"] = schema.geotable(
        schema.STREETS, pd.DataFrame(both.drop(columns="geometry")), gpd.GeoSeries(both.geometry)
    )
    return frames


def test_a_link_to_a_street_leads_there_in_the_next_survey_too(show: Open) -> None:
    opened = show(build(**street_frames()))
    opened.page.get_by_label("Find an area or a street").fill("quay")
    opened.page.locator(".gb-found-streets button").click()
    link = opened.page.evaluate("location.hash")
    assert link == "#street=4.00500_52.00500"  # halfway along it
    later = show(build(**streets_next()))
    follow(later, link)
    assert later.texts(".gb-detail h2") == ["<b>Quay</b>"]


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("area=A99", "The area that the link names is not on this map."),
        ("place=4.00100_52.00100", "The place that the link names is not on this map:"),
        ("street=4.10000_52.10000", "The street that the link names is not on this map:"),
        ("period=1999", "The day or period that the link names is not on this map."),
    ],
)
def test_a_link_to_what_is_gone_says_so_until_one_goes_on(show: Open, link: str, said: str) -> None:
    opened = show(build(TOWN, **place_frames(CENTRE)))
    follow(opened, "#" + link)
    [told] = opened.texts(".gb-told")
    assert told.startswith(said)
    assert opened.page.get_by_role("status").filter(has_text=said).is_visible()
    assert opened.page.evaluate("location.hash") == ""
    opened.page.locator(".gb-table tbody tr", has_text="East").click()
    opened.page.keyboard.press("Escape")
    assert opened.texts(".gb-told") == [""]


def pictured(found: Mapping[str, tuple[float, float, int | None]]) -> dict[str, Any]:
    """Photos with pictures, each a place of its own."""
    taken = photos(found)
    pictures = {name: jpeg() for name, (*_, count) in found.items() if count is not None}
    return {"taken": taken, "visits": visits(taken, list(found)), "thumbnails": pictures}


def open_link(opened: Opened, link: str) -> None:
    """Open the page anew at this link: a move within it would hide what loading does."""
    file = opened.page.url.split("#")[0]
    opened.page.goto("about:blank")
    opened.page.goto(file + link)
    opened.wait_until("performance.getEntriesByName('geobike-complete').length")


OPEN_PHOTO = "dialog[open] .gb-file"


def test_a_photo_has_a_link_that_opens_it_in_the_next_survey_too(show: Open) -> None:
    opened = show(build(TOWN, **pictured(CENTRE)))
    opened.page.locator(".gb-place", has_text="5").click()
    opened.page.locator(".gb-tile").click()
    link = opened.page.evaluate("location.hash")
    assert link == "#place=4.00800_52.00500&photo=b.jpg"
    later = show(build(TOWN, **pictured({"0.jpg": (4.005, 52.009, 1)} | CENTRE)))
    open_link(later, link)
    assert later.texts(OPEN_PHOTO) == ["b.jpg"]
    assert later.page.evaluate("location.hash") == link
    later.page.keyboard.press("Escape")
    later.wait_until("!document.querySelector('dialog[open]')")
    later.wait_until("location.hash === '#place=4.00800_52.00500'")
    assert later.detail()["things"] == "5"


def test_a_link_to_a_photo_holds_the_one_that_is_seen_and_those_beside_it(show: Open) -> None:
    both = {"a/1 & 2.jpg": (4.002, 52.005, 3), "b#é.jpg": (4.002, 52.005, 9)}
    opened = show(build(TOWN, **pictured(both)))
    opened.page.locator(".gb-place").click()
    opened.page.locator(".gb-tile").first.click()
    opened.page.keyboard.press("ArrowRight")
    assert opened.texts(OPEN_PHOTO) == ["a/1 & 2.jpg"]
    link = opened.page.evaluate("location.hash")
    opened.page.get_by_role("button", name="Close").click()
    opened.wait_until("!location.hash.includes('photo')")
    follow(opened, link)
    assert opened.texts(OPEN_PHOTO) == ["a/1 & 2.jpg"]
    assert opened.texts(".gb-light-bar span") == ["2 of 2"]
    follow(opened, "#photo=" + "b%23%C3%A9.jpg")  # while another is open, and nothing is chosen
    assert opened.texts(OPEN_PHOTO) == ["b#é.jpg"]
    follow(opened, "#area=A1")  # no photo: the viewer would hide what was asked for
    opened.wait_until("!document.querySelector('dialog[open]')")
    assert opened.page.evaluate("location.hash") == "#area=A1"


def test_a_photo_that_is_not_counted_has_a_link_too(show: Open) -> None:
    found = {"a.jpg": (4.002, 52.005, 3), "far.jpg": (4.012, 52.0105, None)}
    opened = show(build(TOWN, **pictured(found)))
    opened.page.locator(".gb-other").click()
    link = opened.page.evaluate("location.hash")
    assert link == "#photo=far.jpg"
    open_link(opened, link)
    assert opened.texts("dialog[open] strong") == ["Outside the areas: not counted."]


@pytest.mark.parametrize("chosen", ["", "area=A0&"])
def test_a_link_to_a_photo_that_is_gone_says_so(show: Open, chosen: str) -> None:
    opened = show(build(TOWN, **pictured(CENTRE)))
    open_link(opened, f"#{chosen}photo=gone.jpg")
    said = "The photo that the link names is not on this map."
    assert opened.page.get_by_role("status").filter(has_text=said).is_visible()
    assert opened.texts(OPEN_PHOTO) == []
    assert opened.page.evaluate("location.hash") == "#area=A0" * bool(chosen)
    opened.page.keyboard.press("Escape")
    opened.page.locator(".gb-table tbody tr", has_text="East").click()
    assert opened.texts(".gb-told") == [""]


def test_a_link_to_a_photo_of_many_waits_for_their_names(
    show: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geobike.maps.photos.READABLE", 1)  # so that names are packed
    opened = show(build(TOWN, **pictured(CENTRE)))
    open_link(opened, "#area=A0&photo=b.jpg")
    assert opened.texts(OPEN_PHOTO) == ["b.jpg"]
    assert opened.page.evaluate("location.hash") == "#area=A0&photo=b.jpg"


def test_a_page_of_too_many_photos_says_that_none_can_be_opened(
    show: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geobike.maps.photos.SINGLE", 1)
    opened = show(build(TOWN, **place_frames(CENTRE)))
    follow(opened, "#photo=b.jpg")
    assert opened.texts(".gb-told") == ["There are too many photos to open single ones here."]
