"""Names, titles and labels that try to become markup, in a real browser."""

from pathlib import Path

import folium
import pandas as pd
import pytest

from tests.support.browser import Open
from tests.support.map_frames import TOWN, areas, build, detections, jpeg, photos

EVIL = {
    "image": "<img src=x onerror=window.__xss=1>",
    "script": "</script><script>window.__xss=1</script>",
    "template literal": "${window.__xss=1}",
    "backtick": "`+(window.__xss=1)+`",
    "escaped backtick": "\\`+(window.__xss=1)+`",
    "title": "</title><script>window.__xss=1</script>",
    "style": "</style><script>window.__xss=1</script>",
    "quotes": "\"'><b onmouseover=window.__xss=1>",
    "jinja": "{{ 7*7 }}{% raw %}",
    "comment": "<!--<script>",
    "word of ours": "{n} {title}",
}


@pytest.mark.parametrize("kind", EVIL)
def test_markup_in_any_text_is_shown_and_never_runs(show: Open, kind: str) -> None:
    text = EVIL[kind]
    drawn = build(
        areas([text, "b"], [1, 2], [5, 1]),
        photos({text: (4.005, 52.005, 5)}).assign(area_id=pd.array(["A0"], "str")),
        detections(text, label=text),
        thumbnails={text: jpeg()},
        title=text,
        label=text,
        model=text,
        source=text,
    )
    opened = show(drawn)
    assert opened.page.title() == text
    assert opened.texts("h1") == [text]
    scores = "It gives all that it finds a score from 0 to 1; from 0.5 on it counts."
    said = (
        f"Counted by a detection model: {text}. {scores} Times in UTC. "
        f"Model, or table of its boxes: {text}."
    )
    assert opened.said(".gb-method") == [said]
    assert opened.said(".gb-source") == [f"Source: {text}"]
    assert opened.texts(".gb-table tbody th div > span")[0] == text
    opened.page.locator(".leaflet-overlay-pane path").first.hover(position={"x": 20, "y": 20})
    assert opened.texts(".leaflet-tooltip strong") == [text]
    # A name that does not fit its area is not drawn, and one that does may be on several lines.
    names = [" ".join(name.split()) for name in opened.texts(".gb-name span")]
    assert set(names) <= {text, "b"}
    opened.page.locator(".gb-place").click()
    opened.page.locator(".gb-tile").click()
    light = opened.page.get_by_role("dialog")
    assert light.locator(".gb-file").inner_text() == text
    assert light.locator("img").get_attribute("alt") == f"Photo {text}"
    assert light.locator(".gb-box").get_attribute("title") == f"{text} 90 %"
    opened.page.keyboard.press("Escape")
    opened.page.keyboard.press("Escape")
    opened.page.locator(".gb-table tbody tr").first.click()
    assert opened.texts(".gb-detail h2") == [text]
    assert opened.page.locator(".gb-tile").get_attribute("aria-label") == f"5 detected, {text}"
    assert opened.page.evaluate("window.__xss") is None


@pytest.mark.parametrize("kind", ["image", "template literal", "backtick", "jinja", "quotes"])
def test_markup_in_a_context_files_name_is_shown_and_never_runs(
    show: Open, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / f"{EVIL[kind]}.geojson"
    TOWN[["geometry"]].to_file(path, driver="GeoJSON")
    opened = show(build(context=(path,)))
    assert f" {EVIL[kind]}" in opened.said(".gb-choice")
    assert opened.page.evaluate("window.__xss") is None


def test_markup_that_slips_into_the_body_is_stopped_by_the_policy(show: Open) -> None:
    drawn = build()
    drawn.get_root().html.add_child(folium.Element("<script>window.__xss = 1</script>"))
    opened = show(drawn)
    assert opened.page.evaluate("window.__xss") is None
    assert any("Content Security Policy" in text for text in opened.complaints)
    opened.complaints.clear()
