"""Which of the photos of a place counts for it, as an open photo says."""

from typing import Any

import pandas as pd
import pytest

from geobike import schema
from tests.support.browser import Open, Opened
from tests.support.map_frames import NOON, build, photos

MINUTES = {"noon.jpg": 0, "soon.jpg": 5, "later.jpg": 120, "after.jpg": 130, "alone.jpg": 0}
"""Four photos of one place on two visits, and one of another; minutes after noon."""
SAID = ".gb-facts .gb-counts"


def frames(**times: pd.Timestamp | None) -> dict[str, Any]:
    spots = {name: (4.005, 52.005, count) for count, name in enumerate(MINUTES)}
    taken = photos(spots | {"alone.jpg": (4.015, 52.005, 4)})
    taken["taken_at"] = [NOON + pd.Timedelta(minutes=late) for late in MINUTES.values()]
    for name, time in times.items():
        taken.loc[taken["photo_id"] == f"{name}.jpg", "taken_at"] = time
    looks = {
        "stop_id": ["noon.jpg"] * 4 + ["alone.jpg"],
        "visit": [1, 1, 2, 2, 1],
        "first": [True, False, True, False, True],
    }
    return {"taken": taken, "visits": schema.table(schema.VISITS, pd.DataFrame(looks))}


def opened_at(opened: Opened, photo: str) -> str:
    """Open a photo by its link, and return what it says."""
    opened.page.evaluate("(id) => { location.hash = '#photo=' + id; }", photo)
    opened.wait_until(f"document.querySelector('dialog .gb-file')?.textContent === '{photo}'")
    return opened.texts(SAID)[0].replace("\n", " ")


MEAN = "This photo counts for its place, which is the mean of the first photos of 2 visits."


@pytest.mark.parametrize(
    ("photo", "first", "found"),
    [
        ("soon.jpg", "noon.jpg", "19 Jan 2022, 12:00: 0 detected"),
        ("after.jpg", "later.jpg", "19 Jan 2022, 14:00: 2 detected"),
    ],
)
def test_a_photo_leads_to_the_one_on_which_its_visit_is_counted(
    show: Open, photo: str, first: str, found: str
) -> None:
    opened = show(build(**frames()))
    said = "Its place is counted on its first photo, not on this one: "
    assert opened_at(opened, photo) == said + found
    opened.page.locator(SAID).get_by_role("button").click()
    assert opened.texts(".gb-facts .gb-file") == [first]
    assert opened.texts(SAID) == [MEAN]
    assert opened.texts(".gb-light-bar span")[0].endswith(" of 4")  # the others are beside it


def test_the_only_photo_of_a_place_counts_for_it(show: Open) -> None:
    opened = show(build(**frames()))
    assert opened_at(opened, "alone.jpg") == "This photo counts for its place."


def test_a_photo_without_a_time_belongs_to_the_first_visit(show: Open) -> None:
    opened = show(build(**frames(after=None)))
    assert opened_at(opened, "after.jpg").endswith(": 19 Jan 2022, 12:00: 0 detected")


def test_a_photo_that_is_not_counted_says_nothing_of_its_place(show: Open) -> None:
    opened = show(
        build(taken=photos({"a.jpg": (4.003, 52.005, 1), "far.jpg": (4.005, 52.005, None)}))
    )
    opened.page.locator(".gb-other").click()
    assert opened.texts(".gb-facts strong") == ["Outside the areas: not counted."]
    assert opened.texts(SAID) == []
