"""The page for everybody: axe-core's findings, a telephone, and a dark screen."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from geobike.maps import assets
from geobike.review import session
from tests.support import reviewed
from tests.support.reviewed import Look, Served

pytest.importorskip("uvicorn", reason="needs the extra `review`")

SCREENS = {"laptop": {"width": 1366, "height": 768}, "telephone": {"width": 390, "height": 844}}
TABS = {"list": "l", "sheets": "s", "people": "d", "correct": "c", "try": "t"}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    out = reviewed.survey(tmp_path_factory.mktemp("access"))
    reviewed.draw(out)
    with reviewed.served(out, "--counter", "Anna") as running:
        for counter, typed in (("Anna", "2"), ("Ben", "3")):
            running.ask("count", counter=counter, n=0, bicycles=typed, confirmed=True)
        yield running


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("tab", [*TABS, "keys", "large", "reasons"])
def test_axe_finds_nothing(
    page: Served,
    look: Look,
    axe: Path,
    screen: str,
    scheme: str,
    tab: str,
) -> None:
    reader = look(
        page.address, viewport=SCREENS[screen], color_scheme=scheme, reduced_motion="reduce"
    )
    reader.shown()
    keys = reader.page.keyboard
    match tab:
        case "keys":
            keys.press("?")
        case "reasons":
            keys.press("x")
        case "large":
            keys.press("s")
            reader.page.locator(".gb-grid figure").first.wait_for()
            keys.press(" ")
            reader.page.locator(".gb-large .gb-photo:not(.gb-hidden)").wait_for()
        case _:
            keys.press(TABS[tab])
            reader.entered(tab)
    reader.page.evaluate(axe.read_text("utf-8"))
    found = reader.page.evaluate("axe.run()")["violations"]
    assert [
        (each["id"], each["impact"], [node["html"][:200] for node in each["nodes"]])
        for each in found
    ] == []


@pytest.mark.parametrize("width", [320, 390])
@pytest.mark.parametrize("tab", TABS)
def test_nothing_is_wider_than_a_telephone(
    page: Served,
    look: Look,
    width: int,
    tab: str,
) -> None:
    reader = look(page.address, viewport={"width": width, "height": 844})
    reader.shown()
    reader.page.keyboard.press(TABS[tab])
    reader.entered(tab)
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_telephone_counts_with_the_photo_in_sight(page: Served, look: Look) -> None:
    reader = look(page.address, viewport=SCREENS["telephone"], has_touch=True)
    reader.shown()
    stage = reader.page.locator(".gb-stage").first.bounding_box()
    number = reader.page.get_by_label("Bicycles").bounding_box()
    onward = reader.page.locator(".gb-steps .gb-main").bounding_box()
    assert stage is not None
    assert number is not None
    assert onward is not None
    assert stage["height"] > 300
    assert onward["y"] + onward["height"] <= 844
    before = reader.page.locator(".gb-dot-mark").count()
    reader.page.touchscreen.tap(
        stage["x"] + stage["width"] * 0.6, stage["y"] + stage["height"] * 0.5
    )
    reader.until(f"document.querySelectorAll('.gb-dot-mark').length === {before + 1}")


def test_the_words_of_all_languages_say_the_same_things() -> None:
    import json
    import re

    from geobike.review import session

    def shape(words: object) -> object:
        if isinstance(words, dict):
            return {key: shape(value) for key, value in words.items()}
        if isinstance(words, list):
            return len(words)
        return sorted(set(re.findall(r"\{(\w+)\}", json.dumps(words))))

    english, *others = [session.words(language) for language in session.LANGUAGES]
    for other in others:
        assert shape(other) == shape(english)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_its_colours_are_those_of_the_map(
    page: Served,
    look: Look,
    scheme: str,
) -> None:
    reader = look(page.address, color_scheme=scheme)
    reader.shown()
    wanted = set(re.findall(r"var\((--gb-[a-z-]+)", session.page_file("page.css").decode()))
    found = reader.page.evaluate(
        "(names) => names.map((name) => getComputedStyle(document.documentElement)"
        ".getPropertyValue(name).trim())",
        sorted(wanted),
    )
    assert "" not in found
    of_map = assets.page("page.css")
    dark = of_map[of_map.index('data-theme="dark"') :]
    accent = found[sorted(wanted).index("--gb-accent")]
    assert accent in re.findall("--gb-accent: (.*);", dark if scheme == "dark" else of_map)[:1]
