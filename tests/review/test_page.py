"""The page in a real browser: counted through by keys and by mouse, killed and gone on."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Route

from tests.support import reviewed
from tests.support.reviewed import (
    BICYCLES,
    LIST,
    NAMES,
    OTHER,
    PAGES,
    Look,
    Reader,
    Served,
)

pytest.importorskip("uvicorn", reason="needs the extra `review`")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    found = reviewed.survey(tmp_path)
    reviewed.draw(found)
    return found


@pytest.fixture
def page(out: Path) -> Iterator[Served]:
    with reviewed.served(out, "--counter", "Anna") as running:
        yield running


@pytest.fixture
def reader(page: Served, look: Look) -> Reader:
    """The page as Anna has it open, with the first photo shown."""
    return opened(look, page.address)


def opened(look: Look, address: str) -> Reader:
    found = look(address)
    found.shown()
    return found


def enter(reader: Reader, *typed: str) -> None:
    """Type numbers, each followed by Enter: into whatever has the keys, as a person does."""
    for each in typed:
        reader.page.keyboard.type(each)
        reader.page.keyboard.press("Enter")


def bicycles(reader: Reader) -> Locator:
    return reader.page.get_by_label("Bicycles")


def where(reader: Reader) -> str:
    """Return which of the photos is shown."""
    return reader.page.locator(".gb-where").first.inner_text()


def click(reader: Reader, x: float, y: float, **how: object) -> None:
    """Click where the photo has this pixel; the photo fills its place in one direction."""
    left, top, scale = fitted(reader)
    reader.page.mouse.click(left + x * scale, top + y * scale, **how)


def fitted(reader: Reader) -> tuple[float, float, float]:
    """Return where the photo's first pixel is on the screen, and its scale: whole, and centred."""
    box = reader.page.locator(".gb-stage:visible").bounding_box()
    assert box is not None
    width, height = reviewed.SIZE
    scale = min(box["width"] / width, box["height"] / height)
    return (
        box["x"] + (box["width"] - width * scale) / 2,
        box["y"] + (box["height"] - height * scale) / 2,
        scale,
    )


def test_all_is_counted_by_keys_alone(reader: Reader, out: Path) -> None:
    keys = reader.page.keyboard
    enter(reader, "3", "40-55", "0", "12")
    keys.press("x")
    keys.press("1")
    keys.press("Enter")
    enter(reader, "7")
    reader.saved()
    rows = reviewed.sheet(out)
    assert [rows[name]["bicycles"] for name in LIST] == ["3", "40", "0", "12", "?", "7"]
    assert rows[LIST[1]]["bicycles_high"] == "55"
    assert rows[LIST[4]]["remark"] == "Too dark"
    assert "All photos are counted" in reader.page.locator(".gb-done").inner_text()

    keys.press("s")
    reader.until("document.querySelectorAll('.gb-grid figure').length === 3")
    keys.press("Enter")
    enter(reader, "2")
    keys.type("?")
    keys.press("p")
    reader.saved()
    rows = reviewed.sheet(out)
    assert [rows[name]["bicycles"] for name in PAGES["1"]] == ["", "2", "?"]
    assert [rows[name]["page_done"] for name in [*PAGES["1"], *PAGES["2"]]] == ["yes"] * 3 + [
        ""
    ] * 2


def test_after_the_ridden_ones_the_next_number_is_of_the_next_photo(
    reader: Reader, out: Path
) -> None:
    keys = reader.page.keyboard
    keys.type("3")
    keys.press("Tab")
    enter(reader, "1", "7")
    reader.saved()
    rows = reviewed.sheet(out)
    assert [(rows[name]["bicycles"], rows[name]["ridden"]) for name in LIST[:2]] == [
        ("3", "1"),
        ("7", ""),
    ]


def test_the_minutes_left_grow_fewer_while_one_counts(reader: Reader) -> None:
    left = reader.page.locator(".gb-progress .gb-soft")
    assert "about 3 minutes left" in left.inner_text()  # 6 photos and two pages
    enter(reader, "3", "4", "5", "6")
    reader.saved()
    assert "about 2 minutes left" in left.inner_text()


def test_dots_are_counted_and_kept_where_they_were_clicked(reader: Reader, out: Path) -> None:
    click(reader, 350, 250)
    click(reader, 500, 270)
    reader.page.keyboard.press("r")
    click(reader, 120, 200)
    click(reader, 20, 20)
    click(reader, 20, 20)  # again takes it away
    number = bicycles(reader)
    assert number.input_value() == "3"
    assert reader.page.get_by_label("of these ridden").input_value() == "1"
    reader.page.keyboard.press("Enter")
    reader.saved()
    row = reviewed.sheet(out)["list/a.jpg"]
    assert (row["bicycles"], row["ridden"]) == ("3", "1")
    dots = reviewed.rows(out / "hand_dots.csv")
    assert [dot["ridden"] for dot in dots] == ["", "", "yes"]
    for dot, (x, y) in zip(dots, [(350, 250), (500, 270), (120, 200)], strict=True):
        assert float(dot["x"]) == pytest.approx(x, abs=2)
        assert float(dot["y"]) == pytest.approx(y, abs=2)


def test_a_photo_is_found_and_counted_as_ones_own_by_keys(reader: Reader, out: Path) -> None:
    keys = reader.page.keyboard
    keys.press("c")
    file = reader.page.locator(".gb-correct .gb-file")
    file.get_by_text(".jpg").wait_for()
    keys.press("f")
    keys.type(OTHER)
    keys.press("Enter")
    file.get_by_text(OTHER).wait_for()
    own = reader.page.get_by_label("Your count of this photo")
    own.fill("4")
    own.press("Enter")
    reader.page.get_by_text("Saved", exact=True).wait_for()
    row = reviewed.sheet(out)[OTHER]
    assert (row["bicycles"], row["origin"]) == ("4", "own")

    own.fill("4-2")
    own.press("Enter")
    assert own.get_attribute("aria-invalid") == "true"
    own.fill("5")
    keys.press("Escape")
    keys.press("l")  # to another view: what was typed goes with it
    reader.saved()
    assert reviewed.sheet(out)[OTHER]["bicycles"] == "5"


def test_a_number_that_was_typed_stays_where_a_dot_is_clicked(reader: Reader) -> None:
    reader.page.keyboard.type("12")
    click(reader, 350, 250)
    assert bicycles(reader).input_value() == "12"
    assert "1 dot on the photo; the number counts" in reader.page.locator("#gb-state").inner_text()


def test_a_dot_lands_right_on_a_photo_that_is_zoomed_and_moved(reader: Reader, out: Path) -> None:
    left, top, scale = fitted(reader)
    mouse = reader.page.mouse
    mouse.move(left + 350 * scale, top + 250 * scale)
    for _ in range(6):
        mouse.wheel(0, -120)  # zooms in on the pixel under the mouse
    mouse.down()
    mouse.move(left + 350 * scale - 60, top + 250 * scale - 40, steps=4)
    mouse.up()
    assert reader.page.locator(".gb-dot-mark").count() == 0  # moving is no click
    mouse.click(left + 350 * scale - 60, top + 250 * scale - 40)
    reader.saved()
    (dot,) = reviewed.rows(out / "hand_dots.csv")
    assert (float(dot["x"]), float(dot["y"])) == pytest.approx((350, 250), abs=2)


def test_no_box_is_seen_before_it_is_asked_for(reader: Reader) -> None:
    assert not [url for url in reader.requests if "boxes" in url]
    assert reader.page.locator(".gb-box-mark").count() == 0
    reader.page.keyboard.press("b")
    reader.until("document.querySelectorAll('.gb-box-mark').length === 2")
    reader.page.keyboard.press("Enter")
    reader.shown()
    assert reader.page.locator(".gb-box-mark").count() == 0  # off again for the next photo


def test_killed_at_a_half_typed_number_it_goes_on_there(out: Path, look: Look) -> None:
    with reviewed.served(out, "--counter", "Anna") as page:
        reader = opened(look, page.address)
        enter(reader, "5")
        reader.shown()
        click(reader, 350, 250)
        bicycles(reader).fill("4")
        reader.saved()
        page.process.send_signal(signal.SIGKILL)
        page.process.wait()
        bicycles(reader).fill("41")
        alert = reader.page.get_by_role("alert")
        alert.filter(has_text="has stopped").wait_for()
        assert bicycles(reader).input_value() == "41"
        reader.page.goto("about:blank")
        reader.complaints.clear()  # of the program that is gone
    rows = reviewed.sheet(out)
    assert [rows[name]["bicycles"] for name in LIST[:3]] == ["5", "", ""]
    with reviewed.served(out, "--counter", "Anna") as page:
        reader = opened(look, page.address)
        assert where(reader) == "Photo 2 of 6"
        assert bicycles(reader).input_value() == "4"
        assert reader.page.locator(".gb-dot-mark").count() == 1
        reader.page.keyboard.press("Enter")
        reader.saved()
        reader.page.goto("about:blank")  # before the program ends
    assert reviewed.sheet(out)[LIST[1]]["bicycles"] == "4"


def test_a_closed_page_goes_on_where_it_was(page: Served, look: Look) -> None:
    reader = opened(look, page.address)
    enter(reader, "1", "2")
    reader.saved()
    reader.page.close()
    again = opened(look, page.address)
    assert where(again) == "Photo 3 of 6"
    assert "2 of 6 counted" in again.page.locator(".gb-progress").inner_text()
    again.page.keyboard.press("ArrowLeft")
    assert bicycles(again).input_value() == "2"


def test_who_types_on_after_the_last_photo_changes_no_number(reader: Reader, out: Path) -> None:
    enter(reader, "1", "2", "3", "4", "5", "6", "7", "8")
    reader.saved()
    assert "All photos are counted" in reader.page.locator(".gb-done").inner_text()
    assert bicycles(reader).input_value() == "6"
    reader.page.keyboard.press("ArrowLeft")
    enter(reader, "9")  # anew, and not 59
    bicycles(reader).fill("10")  # who means the last number goes into its field
    reader.page.keyboard.press("Enter")
    reader.saved()
    rows = reviewed.sheet(out)
    assert [rows[name]["bicycles"] for name in LIST] == ["1", "2", "3", "4", "9", "10"]


def test_who_types_on_after_the_last_of_a_sheet_changes_no_number(
    reader: Reader, out: Path
) -> None:
    reader.page.keyboard.press("s")
    reader.page.locator(".gb-grid figure").first.wait_for()
    enter(reader, "1", "2", "3", "4")
    reader.page.keyboard.press("ArrowLeft")
    enter(reader, "5", "6")
    reader.saved()
    rows = reviewed.sheet(out)
    assert [rows[name]["bicycles"] for name in PAGES["1"]] == ["1", "2", "5"]


def test_what_is_no_number_is_not_saved(reader: Reader, out: Path) -> None:
    enter(reader, "55-4")
    reader.saved()
    assert "No number" in reader.page.locator("#gb-state").inner_text()
    assert where(reader) == "Photo 1 of 6"
    assert reviewed.sheet(out)["list/a.jpg"]["bicycles"] == ""


def test_two_people_count_the_same_photos_and_see_where_they_differ(
    out: Path,
    look: Look,
) -> None:
    with reviewed.served(out) as page:
        readers = []
        for name, typed in (("Anna", ("8", "2")), ("Ben <b>", ("11", "2"))):
            reader = look(page.address)
            readers.append(reader)
            reader.page.get_by_label("Your name").fill(name)
            reader.page.keyboard.press("Enter")
            reader.shown()
            assert bicycles(reader).input_value() == ""
            enter(reader, *typed)
            reader.saved()
        reader.page.keyboard.press("d")
        rows = reader.page.locator(".gb-people tbody tr")
        rows.first.wait_for()
        assert rows.count() == 1
        said = reader.page.locator(".gb-people").inner_text()
        assert "Anna and Ben <b> both counted 2 photos, and agree on 1: 10 and 13" in said
        rows.get_by_role("button", name="Both: the range").click()
        reader.until("document.querySelector('.gb-takes [aria-pressed=true]')")
        for reader in readers:
            reader.page.goto("about:blank")  # before the program ends
    row = reviewed.sheet(out)["list/a.jpg"]
    assert [row[name] for name in ("bicycles", "bicycles_high")] == ["8", "11"]
    kept = reviewed.rows(out / "hand_counts_by.csv")
    assert {(one["counter"], one["bicycles"]) for one in kept if one["file"] == "list/a.jpg"} == {
        ("Anna", "8"),
        ("Ben <b>", "11"),
    }


def test_names_of_files_are_text(reader: Reader, page: Served) -> None:
    shown = []
    for name in LIST:
        reader.until(
            f"document.querySelector('.gb-file').textContent === {name!r}"
            if "'" not in name
            else "true"
        )
        shown.append(reader.page.locator(".gb-file").first.text_content())
        reader.page.keyboard.press("ArrowRight")
        reader.shown()
    assert shown == LIST
    reader.page.keyboard.press("c")
    reader.page.locator(".gb-found b").first.wait_for()
    assert sorted(reader.page.locator(".gb-found b").all_text_contents()) == sorted(NAMES)
    assert reader.page.locator("img[src=x]").count() == 0
    outside = [url for url in reader.requests if not url.startswith(page.address)]
    assert outside == []


def test_a_page_in_dutch(out: Path, look: Look) -> None:
    with reviewed.served(out, "--counter", "Anna", "--language", "nl") as page:
        reader = opened(look, page.address)
        assert reader.page.locator("html").get_attribute("lang") == "nl"
        assert reader.page.get_by_text("Tel elke fiets").first.is_visible()


def test_an_answer_that_comes_late_does_not_replace_a_newer_one(reader: Reader) -> None:
    late: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if late:
            route.continue_()
        else:
            late.append(route)

    reader.page.route("**/find", hold_the_first)
    with reader.page.expect_request("**/find"):
        reader.page.keyboard.press("c")
    reader.page.get_by_label("Find a photo by name").fill("NOT_drawn")
    reader.until("document.querySelectorAll('.gb-found button').length === 1")
    with reader.page.expect_response("**/find"):
        late[0].continue_()
    reader.page.wait_for_timeout(200)
    assert reader.page.locator(".gb-found b").all_inner_texts() == [OTHER]


def test_boxes_are_struck_out_and_added_by_mouse(reader: Reader, out: Path) -> None:
    reader.page.keyboard.press("c")
    reader.page.get_by_label("Find a photo by name").fill("NOT_drawn")
    reader.until("document.querySelectorAll('.gb-found button').length === 1")
    reader.page.locator(".gb-found button").click()
    reader.until(f"document.querySelector('.gb-correct .gb-file').textContent === '{OTHER}'")
    reader.until("document.querySelectorAll('.gb-box-mark').length === 2")
    click(reader, 350, 250)
    left, top, scale = fitted(reader)
    mouse = reader.page.mouse
    mouse.move(left + 210 * scale, top + 300 * scale)
    mouse.down()
    mouse.move(left + 290 * scale, top + 400 * scale, steps=5)
    mouse.up()
    reader.saved()
    assert reader.page.locator(".gb-correct .gb-where").inner_text() == "2 bicycles"
    struck, added = reviewed.rows(out / "corrections.csv")
    assert (struck["photo_id"], struck["action"], struck["reviewer"]) == (OTHER, "strike", "Anna")
    sides = ("x_min", "y_min", "x_max", "y_max")
    assert [float(struck[side]) for side in sides] == list(BICYCLES[0])
    assert added["action"] == "add"
    assert [float(added[side]) for side in sides] == pytest.approx([210, 300, 290, 400], abs=3)
    reader.page.keyboard.press("u")
    reader.saved()
    assert len(reviewed.rows(out / "corrections.csv")) == 1


def test_the_photos_that_are_most_likely_wrong_come_first(reader: Reader, page: Served) -> None:
    for name, number in (("list/f.jpg", "9"), ("list/a.jpg", "2")):
        names = sorted(NAMES)
        page.ask("count", counter="Anna", n=names.index(name), bicycles=number, confirmed=True)
    reader.page.keyboard.press("c")
    reader.page.locator(".gb-found b").first.wait_for()
    assert reader.page.locator(".gb-found b").first.text_content() == "list/f.jpg"
    assert (
        "2 detected \u00b7 by hand 9" in reader.page.locator(".gb-found small").first.inner_text()
    )


def test_a_survey_without_a_sample_says_what_to_do(tmp_path: Path, look: Look) -> None:
    with reviewed.served(reviewed.survey(tmp_path), "--counter", "Anna") as page:
        reader = look(page.address)
        reader.page.get_by_text("run geobike sample").first.wait_for()
