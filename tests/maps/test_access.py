"""The map for everybody: axe-core's findings, and the keyboard alone."""

from pathlib import Path

import pandas as pd
import pytest

from tests.support.axe import axe  # noqa: F401 - a fixture
from tests.support.browser import Open
from tests.support.map_frames import TOWN, areas, build, detections, jpeg, photos, visits

SCREENS = {"laptop": {"width": 1280, "height": 800}, "telephone": {"width": 390, "height": 844}}


def town() -> dict[str, object]:
    taken = photos(
        {"a.jpg": (4.005, 52.005, 1), "b.jpg": (4.015, 52.005, 0), "far.jpg": (4.053, 52.005, None)}
        | {f"{n}.jpg": (4.025, 52.005, 2) for n in range(4)}
    )
    taken["area_id"] = pd.array(["A0", "A1", None, *["A2"] * 4], dtype="str")
    taken.loc[0, "taken_at"] = pd.Timestamp("2022-02-03T12:00:00Z")
    given = TOWN.assign(
        population=pd.array([100] * 5, dtype="Int64"),
        bicycles_per_1000_inhabitants=TOWN["bicycle_count"].astype("float64") * 10,
    )
    return {
        "given": given,
        "taken": taken,
        "found": detections("a.jpg"),
        "thumbnails": {"a.jpg": jpeg()},
        "ledger": {"counted": 6, "outside": 1},
        "source": "the town's own photos",
        "min_photos": 2,
    }


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "state", ["as opened", "area open", "place open", "photo open", "hexagons", "one day", "menu"]
)
def test_axe_finds_nothing_serious(
    show: Open,
    axe: Path,  # noqa: F811 - the fixture
    screen: str,
    scheme: str,
    state: str,
) -> None:
    screen_of = {"viewport": SCREENS[screen], "color_scheme": scheme}
    opened = show(build(**town()), reduced_motion="reduce", **screen_of)
    page = opened.page
    page.get_by_role("button", name="More").click() if screen == "telephone" else None
    match state:
        case "area open":
            page.locator(".gb-table tbody tr").first.press("Enter")
        case "place open":
            page.get_by_role("button", name="1 detected, 1 photo").press("Enter")
        case "photo open":
            page.get_by_role("button", name="1 detected, 1 photo").press("Enter")
            page.locator(".gb-tile").first.press("Enter")
        case "hexagons":
            opened.show("Hexagons")
        case "one day":
            page.get_by_label("3 Feb 2022").check()
        case "menu":
            page.locator(".gb-menu summary").click()
    opened.settle()  # a tooltip that still fades in has little contrast
    page.evaluate(axe.read_text("utf-8"))
    found = page.evaluate("axe.run()")["violations"]
    serious = [
        (each["id"], each["impact"], [node["html"][:200] for node in each["nodes"]])
        for each in found
        if each["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_a_photo_opens_and_closes_by_keyboard_alone(show: Open) -> None:
    page = show(build(**town())).page
    circle = page.get_by_role("button", name="1 detected, 1 photo")
    circle.focus()
    page.keyboard.press("Enter")
    page.locator(".gb-tile").focus()
    page.keyboard.press("Enter")
    photo = page.locator(".gb-light img")
    photo.wait_for()
    assert photo.get_attribute("alt") == "Photo a.jpg"
    page.keyboard.press("Escape")
    photo.wait_for(state="detached")
    assert page.evaluate("document.activeElement.ariaLabel") == "1 detected, a.jpg"
    page.keyboard.press("Escape")
    assert not page.locator(".gb-detail").is_visible()


def test_the_first_tab_stop_skips_to_the_statistics(show: Open) -> None:
    page = show(build(**town())).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the area statistics"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "gb-metric"
    assert page.evaluate("location.hash") == ""  # which holds the state of the page


def test_every_tab_stop_has_a_name_and_the_circles_are_one(show: Open) -> None:
    page = show(build(**town())).page
    names = []
    for _ in range(60):
        page.keyboard.press("Tab")
        found = page.evaluate(
            """() => {
              const one = document.activeElement;
              const label = one.labels?.[0]?.textContent || one.ariaLabel || one.innerText;
              return [one.tagName, (label || "").trim(), one.className.baseVal ?? one.className];
            }"""
        )
        if found[0] == "BODY":
            break
        names.append(found)
    assert len(names) > 15
    assert all(name for _, name, _ in names), names
    assert [tag for tag, _, _ in names if tag.lower() == "path"] == []  # areas: by the table
    assert len([one for one in names if "gb-place" in one[2]]) == 1


def test_arrow_keys_go_from_circle_to_circle(show: Open) -> None:
    page = show(build(**town())).page
    first = page.locator(".gb-place[tabindex='0']")
    first.focus()
    before = page.evaluate("document.activeElement.ariaLabel")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.className").startswith("gb-place")
    assert page.evaluate("document.activeElement.ariaLabel") != before
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.ariaLabel") == before


FOCUSED = "document.activeElement.getAttribute('aria-label') || document.activeElement.innerText"


def test_show_all_leads_the_keyboard_to_the_first_of_the_photos_that_came(show: Open) -> None:
    taken = photos({f"p{n:02}.jpg": (4.005, 52.005, 1) for n in range(30)})
    opened = show(build(taken=taken, visits=visits(taken, ["p00.jpg"] * 30)))
    opened.page.locator(".gb-place").click()
    assert opened.page.locator(".gb-tile").count() == 24
    more = opened.page.get_by_role("button", name="Show all 30 photos")
    more.focus()
    opened.page.keyboard.press("Enter")
    assert opened.page.locator(".gb-tile").count() == 30
    assert more.count() == 0
    names = opened.page.locator(".gb-tile").evaluate_all("(all) => all.map((one) => one.ariaLabel)")
    assert opened.page.evaluate(FOCUSED) == names[24]


def test_show_all_leads_the_keyboard_to_the_first_of_the_areas_that_came(show: Open) -> None:
    count = 203
    names = [f"Area {n}" for n in range(count)]
    opened = show(build(areas(names, [1] * count, list(range(count))[::-1])))
    opened.page.get_by_role("button", name="Show all 203 areas").focus()
    opened.page.keyboard.press("Enter")
    assert opened.page.evaluate(FOCUSED).startswith("Area 200")
    opened.page.keyboard.press("Enter")
    assert opened.texts(".gb-detail h2") == ["Area 200"]


def test_the_home_button_keeps_the_keyboard_when_it_closes_what_is_open(show: Open) -> None:
    opened = show(build())
    opened.page.locator(".gb-table tbody tr[tabindex]").first.press("Enter")
    opened.page.get_by_role("button", name="Show all areas").press("Enter")
    assert opened.texts(".gb-detail h2") == []
    assert opened.page.evaluate(FOCUSED) == "Show all areas"
