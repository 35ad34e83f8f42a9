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
from tests.support.map_frames import areas, build, photos, visits

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
