"""A colour on the map is in the legend, read off the screen as a reader sees both."""

import io
from collections.abc import Sequence
from pathlib import Path

import pytest
import shapely
from PIL import Image

from tests.maps.test_basemap import at, saved
from tests.maps.test_ranges import CLEAR
from tests.support.browser import Open, Opened
from tests.support.map_frames import areas, build

Colour = tuple[int, int, int]

PART = areas(["Seen", "Hardly", "Never"], [10, 1, 0], [5, 1, 0]).assign(
    status=["compared", "too_thin", "unseen"]
)


def seen(opened: Opened, selector: str, spots: Sequence[float]) -> list[list[Colour]]:
    """Return the pixels of each element at shares of its width, halfway down."""
    screen = Image.open(io.BytesIO(opened.page.screenshot())).convert("RGB")
    found = []
    for element in opened.page.locator(selector).all():
        box = element.bounding_box()
        assert box is not None
        row = box["y"] + box["height"] / 2
        found.append([screen.getpixel((box["x"] + share * box["width"], row)) for share in spots])
    return found  # type: ignore[return-value]  # of an RGB picture


def tones(opened: Opened, selector: str) -> list[Colour]:
    """Return the mean colour of the middle of each element."""
    screen = Image.open(io.BytesIO(opened.page.screenshot())).convert("RGB")
    found = []
    for element in opened.page.locator(selector).all():
        box = element.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        middle = (x - 9, y - 6, x + 9, y + 6)
        found.append(screen.resize((1, 1), Image.Resampling.BOX, middle).getpixel((0, 0)))
    return found  # type: ignore[return-value]  # of an RGB picture


def without_names(opened: Opened) -> None:
    opened.layers()
    opened.page.get_by_label("Names").uncheck()
    opened.page.evaluate("document.querySelector('.gb-layers').open = false")
    opened.settle()


def away(one: Colour, other: Colour) -> int:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


SWATCHES = ".gb-classes:not(.gb-photo-key) .gb-swatch"


@pytest.mark.parametrize("background", ["none", "a file"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("figure", ["per stop", "groups"])
def test_every_colour_on_the_map_is_in_the_legend(
    show: Open, tmp_path: Path, scheme: str, background: str, figure: str
) -> None:
    basemap = None
    if background == "a file":
        basemap = tmp_path / "town.gpkg"
        pond = shapely.box(*at(0.01, 0.01), *at(0.1, 0.1))  # where no pixel is read
        saved(basemap, {"natural": "water", "geometry": pond}, layer="surfaces")
    opened = show(build(CLEAR, basemap=basemap), color_scheme=scheme)
    if figure == "groups":
        opened.page.locator("#gb-metric").select_option("by-group")
    without_names(opened)
    drawn = [colour for (colour,) in seen(opened, "path.gb-area", [0.9])]
    key = [colour for both in seen(opened, SWATCHES, [0.25, 0.75]) for colour in both]
    assert len(set(drawn)) == 3  # North and South differ from the average, the others may not
    for colour in drawn:
        assert min(away(colour, other) for other in key) <= 2, (colour, key)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_hatches_have_the_tone_that_the_legend_shows(show: Open, scheme: str) -> None:
    opened = show(build(PART), color_scheme=scheme)
    opened.page.get_by_role("button", name="Show all areas").click()
    without_names(opened)
    drawn = tones(opened, "path.gb-area")[1:]
    for area, swatch in zip(drawn, tones(opened, SWATCHES)[-2:], strict=True):
        assert away(area, swatch) <= 8
