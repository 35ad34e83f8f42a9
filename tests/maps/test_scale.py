"""The page where there is much: packed data, clustered photos, canvas, sizes that hold."""

import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geobike import maps, schema
from geobike.errors import GeobikeWarning, InputError
from tests.support.browser import Open, Opened
from tests.support.map_frames import areas, build, jpeg, photos


def many_photos(count: int) -> gpd.GeoDataFrame:
    """Photos over the first area of the town, each with one bicycle, every fourth a day later."""
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(4.0005, 4.0095, count), rng.uniform(52.0005, 52.0095, count)
    later = np.arange(count) % 4 == 0
    start = pd.Timestamp("2022-01-19T12:00:00Z")
    data = {
        "photo_id": [f"{n}.jpg" for n in range(count)],
        "taken_at": start + pd.to_timedelta(later.astype(int), unit="D"),
        "status": schema.COUNTED,
        "bicycle_count": 1,
        "area_id": "A0",
    }
    return schema.geotable(schema.COUNTS, pd.DataFrame(data), shapely.points(lon, lat))


def shown(opened: Opened) -> int:
    """Return the places that the dots of crowded cells stand for."""
    labels = opened.page.evaluate(
        """Object.values(map_of_test()._layers)
          .filter((each) => each.options.pane === "gb-places" && each.getTooltip)
          .map((each) => each.getTooltip()._content().textContent)""".replace(
            "map_of_test()", opened.map_name()
        )
    )
    return sum(int(re.search(r"([\d,]+) places?", each)[1].replace(",", "")) for each in labels)


@pytest.mark.parametrize("count", [10_001, 100_001])
@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_many_places_give_way_to_cells_and_none_is_lost(show: Open, count: int) -> None:
    opened = show(build(taken=many_photos(count)))
    assert opened.page.locator(".gb-place").count() == 0
    assert opened.page.locator(".gb-cell").count() < 100
    assert shown(opened) == count
    assert opened.texts(".gb-legend-note") == ["Too many places to show: zoom in to see each."]
    opened.page.get_by_label("20 Jan 2022").check()
    assert shown(opened) == (count + 3) // 4


def test_a_place_is_where_its_photo_was_taken_and_opens_once_one_zooms_in(show: Open) -> None:
    taken = many_photos(10_001)
    alone = (4.045, 52.005)
    taken.loc[77, ["geometry", "area_id"]] = [shapely.Point(alone), "A4"]
    opened = show(build(taken=taken, thumbnails={"77.jpg": jpeg()}))
    opened.page.evaluate(f"{opened.map_name()}.setView([52.005, 4.045], 18, {{animate: false}})")
    opened.page.locator(".gb-place").click()
    opened.page.locator(".gb-tile").click()
    assert opened.texts(".gb-light .gb-file") == ["77.jpg"]
    assert opened.page.locator(".gb-picture img").count() == 1
    opened.page.keyboard.press("Escape")
    place = opened.page.evaluate(
        f"""() => {{ const found = [];
          {opened.map_name()}.eachLayer((l) => l.options.pane === "gb-places" && l.getLatLng
            && found.push(l.getLatLng().lng, l.getLatLng().lat));
          return found; }}"""
    )
    assert place == pytest.approx(alone, abs=1e-5)


def test_beyond_a_hundred_thousand_no_photo_opens_and_that_is_said(show: Open) -> None:
    taken = many_photos(100_001)
    with pytest.warns(GeobikeWarning, match="the places of 100,001 photos, without names"):
        drawn = build(taken=taken, thumbnails={"77.jpg": jpeg()})
    opened = show(drawn)
    opened.page.locator(".gb-table tbody tr").first.click()
    said = "There are too many photos to open single ones here."
    assert said in opened.texts(".gb-detail .gb-why")
    assert "77.jpg" not in opened.page.content()


def test_a_cell_zooms_in(show: Open) -> None:
    opened = show(build(taken=many_photos(10_001)))
    zoom = f"{opened.map_name()}.getZoom()"
    start = opened.page.evaluate(zoom)
    opened.page.locator(".gb-cell").first.click(force=True)
    opened.wait_until(f"{zoom} === {start + 2}")


def grid(side: int) -> gpd.GeoDataFrame:
    """Squares in rows; the figures grow from north to south, the last area has no photo."""
    cells = [
        shapely.box(4 + x / 100, 53 - y / 100, 4.01 + x / 100, 53.01 - y / 100)
        for y in range(side)
        for x in range(side)
    ]
    count = side * side
    names = [f"Area {n}" for n in range(count)]
    return areas(names, [1] * (count - 1) + [0], [*range(count - 1), 0], cells)


def test_many_areas_are_one_canvas_with_the_legends_colours(show: Open) -> None:
    opened = show(build(grid(40)))  # 1,600
    assert opened.page.locator(".leaflet-overlay-pane path").count() == 0
    canvas = opened.page.locator(".leaflet-overlay-pane canvas")
    assert canvas.count() == 1
    assert opened.page.locator(".gb-table tbody tr").count() == 200
    opened.page.get_by_role("button", name="Show all 1,600 areas").click()
    assert opened.page.locator(".gb-table tbody tr[tabindex]").count() == 1600
    box = canvas.bounding_box()
    assert box is not None
    opened.page.get_by_label("Find an area").fill("Area 1234")
    opened.page.get_by_label("Find an area").press("Enter")
    assert opened.detail()["bicycle_count"] == "1,234"
    # The middle of the map is now that area: one of the upper classes, and no zero.
    pixel = canvas.evaluate(
        """(canvas) => {
          const pen = canvas.getContext("2d", { willReadFrequently: true });
          const { width, height } = canvas;
          return Array.from(pen.getImageData(width / 2 - 40, height / 2, 1, 1).data);
        }"""
    )
    opened.complaints.clear()  # Chromium's advice on reading pixels back
    assert pixel == [0x23, 0x4D, 0xA0, 255]


def test_budgets_of_the_file_hold() -> None:
    size = {
        "100 areas, 1,000 photos": len(build(grid(10), thinly(1_000)).get_root().render()),
        "1,000 areas": len(build(grid(32)).get_root().render()),
    }
    assert size["100 areas, 1,000 photos"] < 1_000_000
    assert size["1,000 areas"] < 2_500_000


def thinly(count: int) -> gpd.GeoDataFrame:
    return photos({f"{n}.jpg": (4 + n / 1000, 52.005, n % 9) for n in range(count)})


def test_a_heavy_map_is_reported_and_a_heavier_one_refused(tmp_path: Path) -> None:
    taken = photos({"a.jpg": (4.0, 52.0, 1)})
    heavy = build(taken=taken, thumbnails={"a.jpg": jpeg() + bytes(8_000_000)})
    with pytest.warns(GeobikeWarning, match="11 MB.*--pictures none"):
        maps.save(heavy, tmp_path / "map.html")
    heavier = build(taken=taken, thumbnails={"a.jpg": jpeg() + bytes(20_000_000)})
    with pytest.raises(InputError, match=r"over 25 MB.*--pictures none"):
        maps.save(heavier, tmp_path / "other.html")
    assert not (tmp_path / "other.html").exists()
