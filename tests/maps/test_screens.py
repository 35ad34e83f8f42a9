"""The page on every screen: a phone, a notebook cell, a laptop, paper, dark mode."""

import folium
import pandas as pd
import pytest
import shapely
from playwright.sync_api import Browser

from tests.support.browser import Open, Opened
from tests.support.map_frames import areas, build, jpeg, photos

PHOTOS = photos({"a/one.jpg": (4.005, 52.005, 1), "far.jpg": (4.053, 52.005, None)})
LEGEND = ".gb-classes:not(.gb-photo-key) li"


def test_a_telephone_shows_map_and_table_without_scrolling_sideways(show: Open) -> None:
    opened = show(build(taken=PHOTOS), viewport={"width": 390, "height": 844})
    assert opened.page.evaluate("document.documentElement.scrollWidth") == 390
    opened.page.locator(".gb-legend summary").click()
    assert not opened.page.locator(LEGEND).last.is_visible()
    opened.page.locator(".gb-legend summary").click()
    assert opened.page.locator(LEGEND).last.is_visible()


def box_of(opened: Opened, selector: str) -> dict[str, float]:
    found = opened.page.locator(selector).bounding_box()
    assert found is not None
    return dict(found)


@pytest.mark.parametrize("language", ["en", "nl"])
def test_a_telephone_shows_the_finding_the_map_and_the_legend_at_once(
    show: Open, language: str
) -> None:
    town = build(
        taken=PHOTOS, title="Bicycles in a town with a name that is long", language=language
    )
    opened = show(town, viewport={"width": 390, "height": 844})
    header, drawn, legend = (
        box_of(opened, part) for part in (".gb-header", ".folium-map", ".gb-legend")
    )
    assert header["height"] < 130
    assert drawn["y"] >= header["y"] + header["height"]
    assert legend["y"] >= drawn["y"] + drawn["height"]  # it covers nothing of the map
    assert legend["y"] + legend["height"] <= 844
    assert opened.page.locator(LEGEND).last.is_visible()
    assert opened.page.locator(".gb-finding").is_visible()
    assert not opened.page.locator(".gb-seen").is_visible()


def test_a_telephone_unfolds_what_was_seen_and_the_buttons(show: Open) -> None:
    opened = show(build(taken=PHOTOS), viewport={"width": 390, "height": 844})
    seen = opened.page.locator(".gb-seen")
    opened.page.get_by_role("button", name="More").click()
    assert seen.is_visible()
    assert opened.page.get_by_role("button", name="Print").is_visible()
    assert "detected in all" in opened.texts(".gb-finding")[0]
    opened.page.get_by_role("button", name="Less").click()
    assert not seen.is_visible()
    opened.page.set_viewport_size({"width": 1280, "height": 800})  # a tablet that is turned
    opened.settle()
    assert seen.is_visible()
    assert not opened.page.get_by_role("button", name="More").is_visible()
    assert opened.page.locator(".folium-map .gb-legend").count() == 1


def test_paper_has_the_legend_beside_the_map_from_a_telephone_too(show: Open) -> None:
    opened = show(build(taken=PHOTOS), viewport={"width": 390, "height": 844})
    opened.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert opened.page.locator(".gb-panel .gb-legend").count() == 1
    opened.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert opened.page.locator(".folium-map + .gb-legend").count() == 1


def test_a_choice_of_layers_on_a_telephone_gives_the_map_back(show: Open) -> None:
    opened = show(build(taken=PHOTOS), viewport={"width": 390, "height": 844})
    assert opened.texts(".gb-legend summary") == ["Bicycles detected per stop"]
    opened.page.locator(".gb-layers summary").click()
    opened.page.get_by_label("Names").uncheck()
    assert opened.page.locator(".gb-layers").get_attribute("open") is None


@pytest.mark.parametrize("width", [320, 390])
def test_a_telephone_shows_the_panel_and_a_photo_whole(show: Open, width: int) -> None:
    rates = {"population": pd.array([2400], "Int64"), "bicycles_per_1000_inhabitants": [2.5]}
    taken = photos({"a.jpg": (4.0002, 52.005, 1)}).assign(area_id=pd.array(["A0"], "str"))
    town = build(areas(["Centre"], [3], [6], **rates), taken, thumbnails={"a.jpg": jpeg()})
    opened = show(town, viewport={"width": width, "height": 844}, reduced_motion="reduce")
    opened.page.locator(".gb-table tbody tr").press("Enter")
    title = opened.page.locator(".gb-detail h2").bounding_box()
    assert title is not None
    assert 0 <= title["y"] < 844  # scrolled to
    assert opened.page.evaluate("document.documentElement.scrollWidth") == width
    opened.page.locator(".gb-tile").click()
    for part in (".gb-picture img", ".gb-facts", ".gb-light-bar button:last-child"):
        box = opened.page.locator(part).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


def test_a_notebook_cell_shows_the_map_and_a_closed_legend(show: Open) -> None:
    opened = show(build(), viewport={"width": 800, "height": 480})
    legend = opened.page.locator(".gb-legend")
    assert legend.get_attribute("open") is None
    seen, drawn = (
        opened.page.locator(selector).bounding_box() for selector in (".gb-legend", ".folium-map")
    )
    assert seen["width"] * seen["height"] < drawn["width"] * drawn["height"] / 8
    assert drawn["width"] > 800 / 2


@pytest.mark.parametrize("width", [390, 760, 900, 1280])
def test_the_name_of_a_dutch_neighbourhood_is_on_one_line(show: Open, width: int) -> None:
    rates = {"population": pd.array([2400], "Int64"), "bicycles_per_1000_inhabitants": [2.5]}
    named = areas(["Stationskwartier"], [3], [6], **rates)
    opened = show(build(named), viewport={"width": width, "height": 540})
    opened.colour_by("Bicycles detected per 1,000 inhabitants")
    column = ".gb-table thead [data-metric=bicycles_per_1000_inhabitants]"
    assert opened.texts(column)[0].startswith("Per 1,000")
    name = opened.page.locator(".gb-table tbody th div > span").last.bounding_box()
    assert 10 < name["height"] < 25


def test_paper_shows_all_areas_and_the_screen_goes_back(show: Open) -> None:
    opened = show(build())
    opened.page.locator(".gb-table tbody tr").first.click()
    areas_drawn = opened.page.locator(".leaflet-overlay-pane path")
    before = areas_drawn.first.bounding_box()
    opened.page.emulate_media(media="print")
    opened.settle()
    frame = opened.page.locator(".folium-map").bounding_box()
    boxes = [areas_drawn.nth(n).bounding_box() for n in range(5)]
    assert frame is not None
    assert all(
        box and box["x"] >= frame["x"] and box["x"] + box["width"] <= frame["x"] + frame["width"]
        for box in boxes
    )
    assert not opened.page.locator(".gb-choices").first.is_visible()
    opened.page.emulate_media(media="screen")
    opened.settle()
    assert areas_drawn.first.bounding_box() == before


def test_paper_has_one_line_for_all_areas_without_photos(show: Open) -> None:
    names = [f"Quarter {number}" for number in range(80)]
    opened = show(build(areas(names, [2, 3] + 78 * [0], [4, 3] + 78 * [0])))
    line = opened.page.locator(".gb-unseen-areas")
    rows = opened.page.locator(".gb-table tbody tr[tabindex]:visible")
    assert (rows.count(), line.is_visible()) == (80, False)
    opened.page.emulate_media(media="print")
    opened.settle()
    assert [row.split()[:2] for row in rows.all_inner_texts()] == [
        ["Quarter", "0"],
        ["Quarter", "1"],
    ]
    said = line.inner_text()
    assert said.startswith("78 areas without photos: Quarter 2, Quarter 3, ")
    assert said.endswith("Quarter 41, ….")  # the others are on the map
    content = opened.page.pdf(prefer_css_page_size=True, print_background=True)
    assert content.count(b"/MediaBox") == 1


def test_a_page_that_is_printed_before_it_was_drawn_is_printed_whole(
    show: Open, browser: Browser
) -> None:
    names = [f"Quarter {number}" for number in range(1, 81)]
    opened = show(build(areas(names, [1] * 80, range(80))))
    whole = [opened.page.locator(each).count() for each in (".gb-name", ".gb-table tbody tr")]
    early = browser.new_page(viewport={"width": 1280, "height": 800})
    early.add_init_script("window.requestAnimationFrame = () => 0;")  # nothing is drawn
    early.goto(opened.page.url)
    assert early.locator(".gb-name").count() == 0
    assert early.locator(".gb-table tbody tr").count() < 80
    early.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert whole == [early.locator(each).count() for each in (".gb-name", ".gb-table tbody tr")]
    assert whole[1] == 80
    early.close()


def test_a_dark_screen_gets_a_dark_page(show: Open) -> None:
    opened = show(build(), color_scheme="dark")
    paper = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(int(part) for part in paper[4:-1].split(",")) < 60


def test_layers_of_the_users_own_keep_their_colours_on_a_dark_page(show: Open) -> None:
    drawn = build()
    folium.Circle([52.005, 4.005], radius=300, color="#ff0000").add_to(drawn)
    opened = show(drawn, color_scheme="dark")
    own = opened.page.locator(".leaflet-overlay-pane path[stroke='#ff0000']")
    assert own.evaluate("(path) => getComputedStyle(path).stroke") == "rgb(255, 0, 0)"


def luminance(colour: str) -> float:
    """Return the relative luminance of `rgb(…)` or `#…`, after WCAG 2.2."""
    parts = list(bytes.fromhex(colour[1:])) if colour.startswith("#") else rgb(colour)
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in scaled(parts)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def rgb(colour: str) -> list[int]:
    return [int(part) for part in colour[4:-1].split(",")]


def scaled(parts: list[int]) -> list[float]:
    return [part / 255 for part in parts]


def contrast(one: str, other: str) -> float:
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def test_on_a_dark_page_areas_have_edges_and_hatches_that_one_sees(show: Open) -> None:
    opened = show(build(), color_scheme="dark")
    style = "getComputedStyle(document.querySelector('.leaflet-overlay-pane {}')).{}"
    edge = opened.page.evaluate(style.format("path", "stroke"))
    hatch = opened.page.evaluate(style.format(".gb-hatch", "stroke"))
    ground = opened.page.evaluate(style.format(".gb-ground", "fill"))
    page = opened.page.evaluate(
        "getComputedStyle(document.querySelector('.folium-map')).backgroundColor"
    )
    darkest = min((fill for fill in opened.fills() if fill.startswith("#")), key=luminance)
    assert contrast(edge, page) > 3  # what WCAG 2.2 asks of graphics
    assert contrast(edge, darkest) > 3
    assert contrast(edge, ground) > 3
    assert contrast(hatch, ground) > 3
    opened.page.emulate_media(media="print")
    assert opened.page.evaluate(style.format(".gb-ground", "fill")) == "rgb(236, 238, 240)"


def town_of_few_seen(count: int) -> folium.Map:
    """Nine by nine quarters, of which some in a row of the middle were seen."""
    names = [f"Quarter {number}" for number in range(81)]
    seen = [3 if 40 <= number < 40 + count else 0 for number in range(81)]
    grid = [(4 + n % 9 / 100, 52 + n // 9 / 100) for n in range(81)]
    return build(areas(names, seen, seen, [shapely.box(x, y, x + 0.01, y + 0.01) for x, y in grid]))


def drawn_within(opened: Opened) -> list[int]:
    """Return the numbers of the areas that the map shows whole."""
    found: list[int] = opened.page.evaluate("""() => {
        const box = (element) => element.getBoundingClientRect();
        const map = box(document.querySelector(".folium-map"));
        const inside = ({ left, right, top, bottom }) => left >= map.left && right <= map.right
            && top >= map.top && bottom <= map.bottom && right > left;
        return Array.from(document.querySelectorAll("path.gb-area"), box)
            .flatMap((each, number) => (inside(each) ? [number] : []));
    }""")
    return found


@pytest.mark.parametrize("width", [390, 1280])
def test_the_map_starts_where_something_was_seen_and_the_house_shows_all(
    show: Open, width: int
) -> None:
    opened = show(town_of_few_seen(2), viewport={"width": width, "height": 800})
    first = drawn_within(opened)
    assert {40, 41} <= set(first)
    assert len(first) < 20
    opened.page.get_by_role("button", name="Show all areas").click()
    opened.settle()
    assert drawn_within(opened) == list(range(81))


def test_the_map_starts_with_all_areas_where_those_seen_are_spread(show: Open) -> None:
    assert drawn_within(show(build(areas(["A", "B", "C"], [3, 0, 3], [1, 0, 1])))) == [0, 1, 2]
    assert drawn_within(show(build(areas(["A", "B", "C"], [0, 0, 0], [0, 0, 0])))) == [0, 1, 2]


@pytest.mark.parametrize("language", ["en", "nl"])
def test_the_heads_of_the_table_fit_their_columns_on_a_telephone(show: Open, language: str) -> None:
    opened = show(build(language=language), viewport={"width": 390, "height": 844})
    too_wide = opened.page.evaluate(
        """() => Array.from(document.querySelectorAll(".gb-table thead th"), (head) => {
          const text = document.createRange();
          text.selectNodeContents(head);
          const [inner, cell] = [text, head].map((each) => each.getBoundingClientRect().right);
          return [head.innerText, inner - cell];
        }).filter(([, over]) => over > 0.5)"""
    )
    assert too_wide == []


def test_a_telephone_names_an_area_that_is_narrower_than_its_name(show: Open) -> None:
    named = areas(["Stationskwartier", "B", "C", "D"], [1] * 4, [5, 1, 1, 1])
    opened = show(build(named), viewport={"width": 390, "height": 844})
    assert opened.texts(".gb-name[data-area=A0] span") == ["Stationskwartier"]
    [name] = opened.page.locator(".gb-name[data-area=A0] span").all()
    area = opened.page.locator(".leaflet-overlay-pane path").first
    wide = [each.bounding_box()["width"] for each in (name, area)]  # type: ignore[index]
    assert wide[0] > wide[1]


def test_the_name_of_an_area_that_was_seen_comes_before_a_larger_ones(show: Open) -> None:
    shapes = [shapely.box(4, 52, 4.03, 52.02), shapely.box(4.0125, 52.0085, 4.0175, 52.0115)]
    names = ["An area of nine words whose name is long", "Seen"]
    opened = show(build(areas(names, [0, 3], [0, 3], shapes)))
    opened.page.get_by_role("button", name="Show all areas").click()
    opened.settle()
    assert "Seen" in " ".join(opened.texts(".gb-name"))
