"""The map page in a real browser. `show` fails a test whose page requests or logs anything."""

from pathlib import Path

import folium
import geopandas as gpd
import pandas as pd
import pytest
import shapely
from folium import plugins

from tests.support.browser import Open
from tests.support.map_frames import areas, build, detections, jpeg, photos, visits

PHOTOS = photos({"a/one.jpg": (4.005, 52.005, 1), "far.jpg": (4.053, 52.005, None)})
TABLE = ".gb-table tbody tr:not(.gb-section) th"
LOOKING = ("stop_count", "covered_share")
MODEL = "Counted by a detection model: "
FIGURES = ("detected_per_stop",)


def test_a_planner_sees_the_finding_the_areas_the_legend_and_the_ranking(show: Open) -> None:
    opened = show(build(title="Our town", ledger={"counted": 34, "outside": 1}))
    assert opened.page.title() == "Our town"
    assert opened.texts("h1") == ["Our town"]
    found = "10 stops: on average 1.6 bicycles detected per stop. "  # 16 / 10
    in_all = "About 16 detected in all, each place counted once."
    assert opened.texts(".gb-finding") == [found + in_all]
    (sums,) = opened.said(".gb-sums")
    assert sums.startswith("16 detected on 10 photos: some bicycles stand on several. A stop ")
    seen = "Seen: 10 stops, 13 of 16 km of street, in 4 of 5 areas · 19 Jan 2022. Nobody has"
    assert opened.texts(".gb-seen")[0].startswith(seen)
    unknown = "how many the detector missed, or wrongly took for bicycles, is not known."
    assert opened.texts(".gb-seen")[0].endswith(unknown)
    assert opened.said(".gb-ledger") == ["35 photos: 34 counted, 1 outside the areas."]
    scores = "It gives all that it finds a score from 0 to 1; from 0.5 on it counts."
    said = f"{MODEL}bicycles. {scores} Times in UTC. Model, or table of its boxes: tiny."
    assert opened.said(".gb-method") == [said]
    (trust,) = opened.said(".gb-trust")
    assert "not bicycles in the street" in trust
    assert "A stop is one look at one place, however many photos show it" in trust
    assert opened.said(".gb-reading")[0].startswith("Darker means more. ")
    assert len(opened.fills()) == 5
    assert opened.texts(".gb-legend summary") == ["Bicycles detected per stop"]
    classes = ["0", "0 - 2", "2 - 4", "4 - 6", "6 or more"]
    assert opened.legend() == [*classes, "no photos"]
    assert opened.texts(".gb-count") == ["1", "1", "1", "0", "1"]
    assert opened.texts(TABLE) == ["South", "East", "North", "West", "Centre"]
    assert opened.page.get_attribute("html", "lang") == "en"
    assert "user-scalable" not in opened.page.content()


def test_more_than_bicycles_are_called_objects(show: Open) -> None:
    opened = show(build(taken=PHOTOS, label="bicycle, motorcycle"))
    assert opened.texts(".gb-finding")[0].startswith("10 stops: on average 1.6 objects detected")
    assert opened.texts(".gb-legend summary") == ["Objects detected per stop"]
    assert opened.said(".gb-method")[0].startswith(MODEL + "bicycle, motorcycle.")


def test_an_area_without_photos_is_hatched_and_has_no_zero(show: Open) -> None:
    opened = show(build())
    fills = opened.fills()
    assert fills[4] == "url(#gb-none)"
    assert fills[3].startswith("#")
    assert opened.page.locator("#gb-none line").count() == 1
    ((name, looked, share, *figures),) = opened.table(*LOOKING, *FIGURES)[-1:]
    assert (name, looked, share) == ("Centre", "0", "0\N{NO-BREAK SPACE}%")
    assert set(figures) == {"\N{EN DASH}"}


def test_the_map_shows_the_very_colours_of_the_legend(show: Open) -> None:
    opened = show(build())
    swatches = opened.page.evaluate(
        "Array.from(document.querySelectorAll('.gb-classes .gb-swatch'),"
        "s => getComputedStyle(s).backgroundColor)"
    )
    drawn = opened.page.evaluate(
        "Array.from(document.querySelectorAll('.leaflet-overlay-pane path'),"
        "p => getComputedStyle(p).fill)"
    )
    assert [drawn[row] for row in (3, 0, 1, 2)] == [swatches[row] for row in (0, 1, 2, 4)]
    assert opened.page.locator(".leaflet-overlay-pane path[fill-opacity='1']").count() == 5


def test_another_metric_changes_colours_legend_and_ranking_together(show: Open) -> None:
    opened = show(build())
    before = opened.fills()
    opened.colour_by("Bicycles detected, each place once")
    assert opened.texts(".gb-legend summary") == ["Bicycles detected, each place once"]
    classes = ["0", "0 - 2", "2 - 4", "4 - 6", "6 - 8", "8 or more"]
    assert opened.legend() == [*classes, "no photos"]
    assert opened.texts(TABLE) == ["East", "South", "North", "West", "Centre"]
    assert opened.fills()[1] == before[2]


def test_a_click_on_a_heading_sorts_and_areas_without_photos_stay_last(show: Open) -> None:
    opened = show(build())
    opened.page.locator(".gb-table thead th[data-metric=detected_per_stop] button").click()
    assert opened.texts(TABLE) == ["West", "North", "East", "South", "Centre"]
    assert opened.page.locator("th[aria-sort=ascending]").inner_text().startswith("Per stop")
    opened.page.get_by_role("button", name="Area", exact=True).click()
    assert opened.texts(TABLE) == ["East", "North", "South", "West", "Centre"]
    arrows = opened.page.evaluate(
        "Array.from(document.querySelectorAll('.gb-table thead button'),"
        "(each) => getComputedStyle(each, '::after').content[1])"
    )
    assert arrows == ["↑", "↕", "↕", "↕"]  # none ever vanishes


def test_enter_on_a_row_zooms_to_the_area_and_shows_its_figures(show: Open) -> None:
    opened = show(build(timezone="Europe/Amsterdam"))
    before = opened.page.locator(".leaflet-overlay-pane path").nth(2).bounding_box()
    opened.page.locator(".gb-table tbody tr").first.focus()
    opened.page.keyboard.press("Enter")
    after = opened.page.locator(".leaflet-gb-outline-pane path[stroke='#111']")
    box = after.bounding_box()
    assert before is not None
    assert box is not None
    assert box["width"] > 2 * before["width"]
    assert opened.texts(".gb-detail h2") == ["South"]
    assert opened.page.evaluate("document.activeElement.textContent") == "South"
    expected = {
        "photo_count": "1",
        "bicycle_count": "7",
        "stop_count": "1",
        "detected_per_stop": "7.0",
        "bicycles_per_km2": "3.5",
        "covered_share": "100\N{NO-BREAK SPACE}%",
        "first": "19 Jan 2022, 13:00",
        "last": "19 Jan 2022, 13:00",
    }
    assert expected.items() <= opened.detail().items()


@pytest.mark.parametrize("way", ["Escape", "the button"])
def test_closing_what_was_chosen_brings_back_the_view_and_the_focus(show: Open, way: str) -> None:
    opened = show(build())
    areas_drawn = opened.page.locator(".leaflet-overlay-pane path")
    before = areas_drawn.first.bounding_box()
    row = opened.page.locator(".gb-table tbody tr", has_text="East")
    row.press("Enter")
    assert areas_drawn.first.bounding_box() != before
    if way == "Escape":
        opened.page.keyboard.press("Escape")
    else:
        opened.page.get_by_role("button", name="← All areas").click()
    assert areas_drawn.first.bounding_box() == pytest.approx(before, abs=0.5)
    assert not opened.page.locator(".gb-detail").is_visible()
    assert opened.page.evaluate("document.activeElement.innerText").startswith("East")


def test_the_home_button_shows_all_areas_again(show: Open) -> None:
    opened = show(build())
    areas_drawn = opened.page.locator(".leaflet-overlay-pane path")
    before = areas_drawn.first.bounding_box()
    opened.page.get_by_role("button", name="Zoom in").click()
    opened.settle()
    assert areas_drawn.first.bounding_box() != before
    opened.page.get_by_role("button", name="Show all areas").click()
    opened.settle()
    assert areas_drawn.first.bounding_box() == pytest.approx(before, abs=0.5)


def test_the_panel_goes_to_the_next_area_in_the_order_of_the_table(show: Open) -> None:
    opened = show(build())
    opened.page.locator(".gb-table tbody tr").first.click()
    opened.page.get_by_role("button", name="Next").click()
    assert opened.texts(".gb-detail h2") == ["East"]
    opened.page.get_by_role("button", name="Previous").click()
    assert opened.texts(".gb-detail h2") == ["South"]
    assert opened.page.get_by_role("button", name="Previous").is_disabled()


def test_hovering_an_area_marks_its_row(show: Open) -> None:
    opened = show(build())
    opened.page.locator(".leaflet-overlay-pane path").nth(1).hover()
    assert opened.texts(".gb-table tr.gb-on th") == ["East"]
    opened.page.locator(".leaflet-overlay-pane path").nth(1).hover()  # East now lies on top
    assert opened.texts(".gb-table tr.gb-on th") == ["South"]
    opened.page.locator(".leaflet-overlay-pane path[stroke='#111']").wait_for()
    opened.page.locator(".gb-table tbody tr").nth(1).hover()
    assert opened.texts(".gb-table tr.gb-on th") == ["East"]
    assert opened.page.locator(".leaflet-overlay-pane path[stroke='#111']").count() == 1


def test_pointing_at_an_area_names_it_with_its_figure(show: Open) -> None:
    opened = show(build())
    opened.page.locator(".leaflet-overlay-pane path").nth(1).hover()
    assert opened.texts(".leaflet-tooltip") == [
        "East\nBicycles detected per stop: 2.0\n4 stops, 4 photos"
    ]


def test_a_photo_opens_large_with_its_boxes_where_they_were_found(show: Open) -> None:
    drawn = build(taken=PHOTOS, found=detections("a/one.jpg"), thumbnails={"a/one.jpg": jpeg()})
    opened = show(drawn)
    opened.page.get_by_role("button", name="1 detected, 1 photo").click()
    assert opened.detail() == {"things": "1", "photos": "1"}
    opened.page.locator(".gb-tile").click()
    light = opened.page.get_by_role("dialog")
    assert light.locator("strong").inner_text() == "1 detected"
    assert light.locator("dd[data-metric=taken]").inner_text() == "19 Jan 2022, 12:00"
    assert light.locator(".gb-file").inner_text() == "a/one.jpg"
    image, box = light.locator("img").bounding_box(), light.locator(".gb-box").bounding_box()
    assert image is not None
    assert box is not None
    assert image["width"] == pytest.approx(80, abs=1)  # twice its 40 pixels: no coarser
    assert (box["x"], box["y"]) == pytest.approx((image["x"], image["y"]), abs=1)
    assert box["width"] == pytest.approx(image["width"] / 2, abs=1)
    assert box["height"] == pytest.approx(image["height"] / 2, abs=1)
    opened.page.keyboard.press("b")
    assert not light.locator(".gb-box").is_visible()
    opened.page.keyboard.press("B")
    assert light.locator(".gb-box").is_visible()
    opened.page.keyboard.press("Escape")
    assert not light.is_visible()
    assert opened.texts(".gb-detail h2") == ["Place"]  # the photo closes before the place


def test_a_picture_is_shown_at_twice_its_size_by_click_key_or_button(show: Open) -> None:
    drawn = build(taken=PHOTOS, found=detections("a/one.jpg"), thumbnails={"a/one.jpg": jpeg()})
    opened = show(drawn)
    opened.page.get_by_role("button", name="1 detected, 1 photo").click()
    opened.page.locator(".gb-tile").click()
    keyboard, image = opened.page.keyboard, opened.page.locator(".gb-light img")
    button = opened.page.get_by_role("button", name="Larger (+)")

    def width(selector: str = ".gb-light img") -> float:
        opened.settle()
        box = opened.page.locator(selector).bounding_box()
        assert box is not None
        return float(box["width"])

    once = width()
    acts = [image.click, lambda: keyboard.press("Enter"), lambda: keyboard.press("+"), button.click]
    for act in acts:
        act()
        assert width() == pytest.approx(2 * once, abs=1)
        assert width(".gb-box") == pytest.approx(once, abs=1)  # half as wide as the picture
        assert button.get_attribute("aria-pressed") == "true"
        keyboard.press("b")
        assert not opened.page.locator(".gb-box").is_visible()
        assert width() == pytest.approx(2 * once, abs=1)
        keyboard.press("b")
        act()
        assert width() == pytest.approx(once, abs=1)
    keyboard.press("Escape")
    assert not image.is_visible()
    assert opened.page.evaluate("document.activeElement.className") == "gb-tile"


@pytest.mark.parametrize(
    ("touch", "said"), [(True, "The button “Boxes” hides"), (False, "B hides")]
)
def test_how_the_boxes_are_hidden_is_said_for_keys_or_for_fingers(
    show: Open, touch: bool, said: str
) -> None:
    drawn = build(taken=PHOTOS, found=detections("a/one.jpg"), thumbnails={"a/one.jpg": jpeg()})
    opened = show(drawn, is_mobile=touch, has_touch=touch)
    opened.page.locator(".gb-place:not(.gb-other)").click()
    opened.page.locator(".gb-tile").click()
    assert opened.texts(".gb-box-key .gb-why")[0].startswith(said)


def test_a_photo_without_a_picture_shows_what_is_known_and_how_to_get_one(show: Open) -> None:
    opened = show(build(taken=PHOTOS.assign(heading=[90.0, float("nan")])))
    opened.page.locator(".gb-place:not(.gb-other)").click()
    opened.page.locator(".gb-tile").click()
    light = opened.page.get_by_role("dialog")
    assert light.locator("strong").inner_text() == "1 detected"
    known = ("taken", "heading")
    facts = [light.locator(f"dd[data-metric={name}]").inner_text() for name in known]
    assert facts == ["19 Jan 2022, 12:00", "90° east"]
    assert "(--pictures folder)" in light.locator(".gb-nothing").inner_text()
    assert not light.get_by_role("button", name="Boxes (B)").is_visible()  # there are none
    card = light.bounding_box()
    assert card is not None
    assert card["width"] < 400
    assert card["height"] < 400


def test_a_photo_says_in_which_area_it_was_taken(show: Open) -> None:
    taken = PHOTOS.assign(area_id=pd.array(["A0", pd.NA], "str"))
    opened = show(build(taken=taken))
    opened.page.locator(".gb-table tbody tr th", has_text="North").click()
    opened.page.locator(".gb-tile").click()
    facts = opened.page.locator(".gb-facts")
    assert facts.locator("dt", has_text="Taken in").count() == 1
    assert facts.locator("dd[data-metric=area]").inner_text() == "North"
    assert facts.locator(".gb-why").count() == 0


def test_a_photo_across_a_border_from_its_place_says_whose_area_the_place_has(show: Open) -> None:
    taken = photos({"west.jpg": (4.0099, 52.005, 2), "east.jpg": (4.0101, 52.005, 1)})
    taken["area_id"] = pd.array(["A0", "A1"], "str")
    opened = show(build(taken=taken, visits=visits(taken, ["west.jpg"] * 2)))
    opened.page.locator(".gb-place").click()
    said = []
    for tile in opened.page.locator(".gb-tile").all():
        tile.click()
        area = opened.texts(".gb-facts dd[data-metric=area]")
        said.append((*area, *opened.texts(".gb-facts .gb-why")))
        opened.page.keyboard.press("Escape")
    assert said == [("North",), ("East", "Its place is in the area of its first photo.")]


def test_every_photo_of_one_spot_can_be_opened(show: Open) -> None:
    names = [f"{n}.jpg" for n in range(5)]
    taken = photos({name: (4.005, 52.005, n + 1) for n, name in enumerate(names)})
    opened = show(build(taken=taken, thumbnails=dict.fromkeys(names, jpeg())))
    assert opened.places() == ["15 detected, 5 places, 5 photos"]
    assert "places: detected on first photo" in opened.texts(".gb-photo-key li")
    opened.page.locator(".gb-place").click()
    assert opened.texts(".gb-detail h2") == ["5 places"]
    assert len(opened.texts(".gb-list button")) == 5  # a list of them, each a way to its place
    seen = []
    for tile in opened.page.locator(".gb-tile").all():
        tile.click()
        seen += opened.texts(".gb-light .gb-file")
        opened.page.keyboard.press("Escape")
    assert sorted(seen) == names
    opened.page.locator(".gb-tile").first.click()
    for _ in range(4):
        opened.page.keyboard.press("ArrowRight")
    assert opened.texts(".gb-light-bar span") == ["5 of 5"]


def test_a_box_that_nearly_counted_is_faint_and_says_why(show: Open) -> None:
    found = detections("a/one.jpg")
    found["dropped_by"] = pd.Categorical([None, "ridden"])
    drawn = build(taken=PHOTOS, found=found, thumbnails={"a/one.jpg": jpeg()})
    opened = show(drawn)
    opened.page.locator(".gb-place:not(.gb-other)").click()
    opened.page.locator(".gb-tile").click()
    assert opened.page.locator(".gb-box:not(.gb-dropped)").count() == 1
    assert opened.page.locator(".gb-dropped").get_attribute("title") == "bicycle 90 %, ridden"
    ridden = opened.page.locator(".gb-light dd[data-metric=ridden]")
    assert ridden.inner_text() == "1: not counted"


@pytest.mark.parametrize(
    ("hidden", "said"),
    [
        (1, "1 of the bicycles counted here lies mostly under the pixelation: "),
        (2, "2 of the bicycles counted here lie mostly under the pixelation: "),
    ],
)
def test_a_photo_says_how_many_counted_bicycles_its_picture_hides(
    show: Open, hidden: int, said: str
) -> None:
    pictures = {"a/one.jpg": jpeg()}
    opened = show(build(taken=PHOTOS, thumbnails=pictures, obscured={"a/one.jpg": hidden}))
    opened.page.locator(".gb-place:not(.gb-other)").click()
    opened.page.locator(".gb-tile").click()
    assert opened.texts(".gb-facts .gb-obscured")[0].startswith(said)
    plain = show(build(taken=PHOTOS, thumbnails=pictures))
    plain.page.locator(".gb-place:not(.gb-other)").click()
    plain.page.locator(".gb-tile").click()
    assert not any("pixelation" in text for text in plain.texts(".gb-facts p"))


def test_every_kind_of_box_on_a_photo_is_in_its_key_as_it_is_drawn(show: Open) -> None:
    one = detections("a/one.jpg")
    found = pd.concat([one, *[one[1:]] * 2], ignore_index=True)
    found["dropped_by"] = pd.Categorical([None, "threshold", "ridden", "duplicate"])
    opened = show(build(taken=PHOTOS, found=found, thumbnails={"a/one.jpg": jpeg()}))
    opened.page.locator(".gb-place:not(.gb-other)").click()
    opened.page.locator(".gb-tile").click()
    assert opened.texts(".gb-box-key li") == [
        "counted",
        "not counted: ridden",
        "not counted: score too low",
        "not counted: second box of one thing",
    ]
    looks = opened.page.evaluate("""() => ["picture", "box-key"].map((part) =>
        Array.from(document.querySelectorAll(`.gb-${part} [class*=gb-is-]`), (box) => {
            const { borderTopStyle, borderTopColor } = getComputedStyle(box);
            return `${borderTopStyle} ${borderTopColor}`;
        }).sort())""")
    assert looks[0] == looks[1]
    assert len(set(looks[0])) == 4  # each can be told from the others
    opened.page.keyboard.press("b")
    assert not opened.page.locator(".gb-picture .gb-box").first.is_visible()
    assert opened.page.locator(".gb-box-key i").first.is_visible()


def test_a_photo_without_any_box_has_no_key_of_boxes(show: Open) -> None:
    opened = show(build(taken=PHOTOS, thumbnails={"a/one.jpg": jpeg()}))
    opened.page.locator(".gb-place:not(.gb-other)").click()
    opened.page.locator(".gb-tile").click()
    assert opened.page.locator(".gb-light img").is_visible()
    assert not opened.page.locator(".gb-box-key").count()


@pytest.mark.parametrize("width", [390, 1280])
def test_what_is_known_of_a_photo_without_a_picture_stands_in_the_middle(
    show: Open, width: int
) -> None:
    opened = show(build(taken=PHOTOS), viewport={"width": width, "height": 800})
    opened.page.locator(".gb-other").click()
    card = opened.page.get_by_role("dialog").bounding_box()
    assert card is not None
    assert card["x"] + card["width"] / 2 == pytest.approx(width / 2, abs=1)
    assert 50 < card["y"] < 200


def test_a_photo_far_from_the_areas_is_announced_and_shown_on_request(show: Open) -> None:
    taken = photos({"a.jpg": (4.005, 52.005, 1), "far.jpg": (5.5, 52.4, None)})
    opened = show(build(taken=taken))
    east = f"{opened.map_name()}.getBounds().getEast()"
    assert opened.page.evaluate(east) < 4.1  # it does not make the areas small
    said = "1 photo that is not counted lies far from the areas: show it"
    opened.page.get_by_role("button", name=said).click()
    assert opened.page.evaluate(east) > 5.5
    opened.page.locator(".gb-other").click()
    assert opened.texts(".gb-light .gb-file") == ["far.jpg"]
    opened.page.keyboard.press("Escape")
    opened.page.get_by_role("button", name="Show all areas").click()
    assert opened.page.evaluate(east) < 4.1


def test_how_many_were_ridden_is_said_without_pictures_too(show: Open) -> None:
    found = detections("a/one.jpg")
    found["dropped_by"] = pd.Categorical([None, "ridden"])
    opened = show(build(taken=PHOTOS.assign(area_id=pd.array(["A0", None], "str")), found=found))
    said = "1 of the bicycles on the photos was ridden: it is not counted."
    assert opened.said(".gb-ridden") == [said]
    opened.page.locator(".gb-table tbody tr", has_text="North").click()
    assert opened.detail()["ridden"] == "1: not counted"
    opened.page.locator(".gb-tile").first.click()
    assert opened.texts(".gb-light dd[data-metric=ridden]") == ["1: not counted"]
    unknown = show(build(taken=PHOTOS))
    assert unknown.said(".gb-ridden") == [""]
    # Outside these areas, but detected in a run with others.
    found["photo_id"] = pd.Categorical(["far.jpg"] * 2)
    outside = show(build(taken=PHOTOS, found=found))
    assert outside.said(".gb-ridden") == [""]


def test_boxes_that_nearly_counted_are_all_counted_and_the_best_are_drawn(show: Open) -> None:
    one = detections("a/one.jpg")
    found = pd.concat([one, *[one[1:]] * 19], ignore_index=True)  # 1 kept, 20 dropped
    found["dropped_by"] = pd.Categorical([None, *["threshold"] * 17, *["ridden"] * 3])
    found["score"] = [0.9, *[0.4] * 17, *[0.3] * 3]
    opened = show(build(taken=PHOTOS, found=found, thumbnails={"a/one.jpg": jpeg()}))
    opened.page.locator(".gb-place:not(.gb-other)").click()
    opened.page.locator(".gb-tile").click()
    assert opened.texts(".gb-light dd[data-metric=nearly]") == ["17"]
    assert opened.texts(".gb-light dd[data-metric=ridden]") == ["3: not counted"]
    assert opened.page.locator(".gb-dropped").count() == 12


def test_the_map_shows_what_a_photo_looks_at(show: Open) -> None:
    opened = show(build(taken=PHOTOS.assign(heading=[90.0, float("nan")])))
    opened.page.locator(".gb-place:not(.gb-other)").click()
    opened.page.locator(".gb-tile").hover()
    shapes = opened.page.locator(".leaflet-gb-cone-pane path")
    assert shapes.count() == 2
    sector, spot = (shapes.nth(n).bounding_box() for n in range(2))
    assert sector is not None
    assert spot is not None
    assert sector["x"] + sector["width"] / 2 > spot["x"] + spot["width"] / 2  # it looks east
    opened.page.locator(".gb-tile").click()
    assert opened.texts(".gb-light dd[data-metric=heading]") == ["90° east"]


NOTES = {
    "by default": (
        {},
        (
            "On the pictures, people and vehicles are pixelated: those that the detector found. "
            "It misses some, and the pictures are not anonymised further."
        ),
    ),
    "people": (
        {"show_people": True},
        (
            "On the pictures, vehicles are pixelated: those that the detector found. It misses "
            "some, and the pictures are not anonymised further. People are shown as they are."
        ),
    ),
    "vehicles": (
        {"show_vehicles": True},
        (
            "On the pictures, people are pixelated: those that the detector found. It misses some, "
            "and the pictures are not anonymised further. Vehicles are shown as they are."
        ),
    ),
    "both, but dogs": (
        {"show_people": True, "show_vehicles": True, "blur": ("dog", "<b>")},
        (
            "The pictures show people and vehicles as they are. Also pixelated, where the detector "
            "found it: dog, <b>."
        ),
    ),
    "in Dutch": (
        {"language": "nl"},
        (
            "Op de foto's zijn mensen en voertuigen onherkenbaar gemaakt: die het model heeft "
            "gevonden. Het mist er een aantal, en verder zijn de foto's niet geanonimiseerd."
        ),
    ),
}


@pytest.mark.parametrize("case", NOTES)
def test_the_page_says_what_is_hidden_on_its_pictures_and_that_some_is_missed(
    show: Open, case: str
) -> None:
    options, said = NOTES[case]
    opened = show(build(taken=PHOTOS, thumbnails={"a/one.jpg": jpeg()}, **options))
    assert opened.said(".gb-hidden") == [said]


def test_a_page_without_pictures_says_nothing_of_them(show: Open) -> None:
    assert show(build(taken=PHOTOS)).said(".gb-hidden") == []


def test_a_photo_outside_the_areas_is_hollow_and_labelled_as_not_counted(show: Open) -> None:
    opened = show(build(taken=PHOTOS))
    assert "photo that is not counted" in opened.texts(".gb-photo-key li")
    opened.page.locator(".gb-other").click()
    assert opened.texts(".gb-light strong") == ["Outside the areas: not counted."]
    assert opened.texts(".gb-light .gb-nothing") == ["Only counted photos have a picture."]
    opened.page.keyboard.press("Escape")
    opened.layers()
    opened.page.get_by_label("Places that were looked at").uncheck()
    assert opened.page.locator(".gb-place").count() == 0
    assert not opened.page.locator(".gb-photo-key").is_visible()


def test_a_circle_holds_what_was_detected_and_not_the_photos(show: Open) -> None:
    taken = photos({f"{n}.jpg": (4.005, 52.005, 2) for n in range(6)})
    one = visits(taken, ["0.jpg"] * 6)  # six photos of one place
    opened = show(build(taken=taken, visits=one))
    assert opened.texts(".gb-place") == ["2"]
    assert opened.places() == ["2 detected, 6 photos"]
    opened.page.locator(".gb-place").click()
    assert opened.detail() == {"things": "2", "photos": "6"}
    said = "Detected\non the first photo of a place; of several visits the mean"
    assert opened.texts(".gb-detail dt") == [said, "Photos"]


def test_the_heat_map_is_off_until_selected(show: Open) -> None:
    opened = show(build(taken=PHOTOS))
    canvas = opened.page.locator("canvas.leaflet-heatmap-layer")
    assert canvas.count() == 0
    opened.show("Heat map")
    assert canvas.is_visible()
    for _ in range(3):  # drawn anew each time, without a complaint of the browser's
        opened.page.get_by_role("button", name="Zoom in").click()
        opened.settle()
    assert opened.texts(".gb-legend summary") == ["Heat map"]
    assert "There is no scale" in opened.texts(".gb-legend-note")[0]
    assert opened.page.locator(".gb-place").count() == 0  # the heat is the places


def test_folium_layers_of_ones_own_work_without_the_network(show: Open) -> None:
    drawn = build()
    folium.Marker([52.005, 4.005], popup="mine").add_to(drawn)
    plugins.HeatMap([[52.005, 4.005]]).add_to(drawn)
    plugins.MarkerCluster([[52.005, 4.025], [52.00501, 4.025]]).add_to(drawn)
    opened = show(drawn)
    assert opened.texts(".marker-cluster") == ["2"]
    opened.page.locator("img.leaflet-marker-icon").click()
    assert opened.texts(".leaflet-popup-content") == ["mine"]


ODD = {
    "all zero": (areas(["a", "b"], [1, 2], [0, 0]), ["0"]),
    "all equal": (areas(["a", "b"], [1, 2], [3, 6]), ["0 - 1", "1 - 2", "2 - 3", "3 or more"]),
    "one area": (areas(["a"], [2], [1]), ["0 - 0.2", "0.2 - 0.4", "0.4 or more"]),
    "no photo": (areas(["a", "b"], [0, 0], [0, 0]), ["no photos"]),
    "a tiny rate": (
        areas(["a"], [1000], [1]),
        [
            "0 - 0.00025",
            "0.00025 - 0.0005",
            "0.0005 - 0.00075",
            "0.00075 - 0.001",
            "0.001 or more",
        ],
    ),
    "no data": (
        areas(["a", "b"], [1, 1], [1, 2], detected_per_stop=[float("nan"), 2.0]),
        ["0 - 0.5", "0.5 - 1", "1 - 1.5", "1.5 - 2", "2 or more", "no data"],
    ),
}


@pytest.mark.parametrize("case", ODD)
def test_unusual_values_give_a_correct_legend(show: Open, case: str) -> None:
    given, legend = ODD[case]
    opened = show(build(given))
    assert opened.legend() == legend
    assert len(opened.fills()) == len(given)


def test_an_infinite_rate_is_shown_as_unknown(show: Open) -> None:
    given = areas(["a", "b"], [1, 1], [1, 2], bicycles_per_km2=[float("inf"), 2.0])
    opened = show(build(given=given))
    opened.colour_by("Bicycles detected per km²")
    assert "∞" not in opened.page.locator("body").inner_text()
    assert len(opened.fills()) == 2
    assert opened.texts(".gb-table tbody tr:first-child th") == ["b"]  # the one that has a rate


def test_three_areas_that_differ_have_three_colours(show: Open) -> None:
    opened = show(build(given=areas(["a", "b", "c"], [1, 1, 1], [2, 5, 9])))
    assert len(set(opened.fills())) == 3
    assert sorted(opened.texts(".gb-count"), key=int)[-3:] == ["1", "1", "1"]


def test_too_few_photos_are_hatched_apart_from_no_photos(show: Open) -> None:
    opened = show(build(min_photos=2))
    assert opened.fills()[2] == "url(#gb-few)"
    assert opened.legend()[-2:] == ["fewer than 2 photos", "no photos"]
    assert opened.table("detected_per_stop")[-2] == ["South", "7.0"]  # below those with enough


def test_names_of_every_kind_are_shown_whole(show: Open) -> None:
    names = ["Same", "Same", "n" * 300, "حي الزهور", "自行车停放区"]
    opened = show(build(areas(names, [1] * 5, [5, 4, 3, 2, 1])))
    assert opened.texts(TABLE) == ["Same (A0)", "Same (A1)", *names[2:]]
    assert opened.page.evaluate("document.documentElement.scrollWidth") == 1280


def test_an_area_across_the_antimeridian_is_one_piece(show: Open) -> None:
    halves = shapely.MultiPolygon(
        [shapely.box(179.9, -17, 180, -16.9), shapely.box(-180, -17, -179.9, -16.9)]
    )
    taken = photos({"east.jpg": (-179.95, -16.95, 1)})
    opened = show(build(areas(["Taveuni"], [1], [1], [halves]), taken))
    area = opened.page.locator(".leaflet-overlay-pane path").bounding_box()
    place = opened.page.locator(".gb-place").bounding_box()
    assert area is not None
    assert place is not None
    assert area["width"] == pytest.approx(2 * area["height"], rel=0.1)
    middle = place["x"] + place["width"] / 2
    assert (middle - area["x"]) / area["width"] == pytest.approx(0.75, abs=0.05)


def seen(**columns: list[object]) -> gpd.GeoDataFrame:
    """Areas of which one is compared; one seen in part, two hardly, one not at all."""
    names = ["Centre", "Park", "Dyke", "Quay", "Works"]
    states = ["compared", "thin", "too_thin", "too_thin", "unseen"]
    shares = {"status": states, "covered_share": [0.8, 0.2, 0.04, 0.01, 0.0]}
    return areas(names, [9, 4, 2, 1, 0], [9, 12, 66, 77, 0], **shares | columns)


def test_the_legend_explains_each_hatch_of_areas_that_are_not_compared(show: Open) -> None:
    opened = show(build(seen()))
    hatches = ["url(#gb-thin)", "url(#gb-too_thin)", "url(#gb-too_thin)", "url(#gb-none)"]
    assert opened.fills()[1:] == hatches
    said = ["seen in part: not compared", "hardly seen: no figure", "no photos"]
    assert opened.legend()[-3:] == said
    assert opened.page.locator(".gb-uncompared").inner_text() == ""


def test_an_area_that_was_hardly_seen_shows_no_figure_but_how_much_was_seen(show: Open) -> None:
    opened = show(build(seen()))
    dash = "\N{EN DASH}"
    assert opened.table(*FIGURES, *LOOKING) == [
        ["Centre", "1.0", "9", "80\N{NO-BREAK SPACE}%"],
        ["Park", "3.0", "4", "20\N{NO-BREAK SPACE}%"],  # more, but not compared
        ["Dyke", dash, "2", "4\N{NO-BREAK SPACE}%"],
        ["Quay", dash, "1", "1\N{NO-BREAK SPACE}%"],
        ["Works", dash, "0", "0\N{NO-BREAK SPACE}%"],
    ]
    assert opened.texts(".gb-section") == [
        "Seen in part: figures that are not compared",
        "Hardly seen or not at all: no figure",
    ]
    opened.page.locator(".leaflet-overlay-pane path").nth(2).hover()
    assert opened.texts(".leaflet-tooltip") == ["Dyke\nhardly seen: no figure\n2 stops, 2 photos"]
    opened.page.locator(".gb-table tbody tr", has_text="Dyke").click()
    assert opened.texts(".gb-state") == ["Hardly seen: no figure"]
    assert {"detected_per_stop", "detected_once", "bicycle_count"} & set(opened.detail()) == set()
    assert opened.detail()["stop_count"] == "2"
    for shown in ("33.00", "66", "77.00", "77"):
        assert shown not in opened.page.locator("body").inner_text().split()


def test_the_download_keeps_a_figure_that_the_page_does_not_show_beside_its_status(
    show: Open, tmp_path: Path
) -> None:
    opened = show(build(seen()))
    opened.download("Areas (GeoJSON)").save_as(tmp_path / "areas.geojson")
    read = gpd.read_file(tmp_path / "areas.geojson").set_index("name")
    assert read.loc["Dyke", ["status", "detected_per_stop"]].tolist() == ["too_thin", 33.0]
    assert read.loc["Works", "status"] == "unseen"


NONE_COMPARED = {
    ("en", True): "No area was seen well enough to compare: that takes 30 % of its street length",
    ("en", False): "No area was seen well enough to compare: that takes stops in 6 squares",
    ("nl", True): "Geen gebied is genoeg gezien om te vergelijken: daarvoor is 30 % van de",
    ("nl", False): "Geen gebied is genoeg gezien om te vergelijken: daarvoor zijn stops in 6",
}


@pytest.mark.parametrize(("language", "streets"), NONE_COMPARED)
def test_where_no_area_can_be_compared_the_page_says_so_and_what_it_takes(
    show: Open, language: str, streets: bool
) -> None:
    given = seen(status=["thin", "thin", "too_thin", "too_thin", "unseen"])
    if not streets:
        given = given.drop(columns=["street_km", "covered_km", "covered_share"])
    opened = show(build(given, language=language))
    line = opened.page.locator(".gb-uncompared")
    assert line.inner_text().startswith(NONE_COMPARED[language, streets])
    assert line.is_visible()
    colours = opened.texts("#gb-metric option")
    assert any("km²" in each for each in colours) == streets  # known only where streets are
    if not streets:
        opened.page.locator(".gb-table tbody tr[tabindex]").first.click()
        squares = {"en": "Squares of 150 m seen", "nl": "Vakken van 150 m gezien"}
        assert squares[language] in opened.texts(".gb-detail dt")
