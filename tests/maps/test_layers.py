"""Hexagons, the user's own lines and water, and the user's own tiles."""

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from geobike import maps
from geobike.errors import InputError
from tests.support.browser import Open
from tests.support.map_frames import TOWN, areas, build, jpeg, photos

LEGEND = ".gb-classes:not(.gb-photo-key) li"


def test_hexagons_show_bicycles_per_photo_with_a_legend_of_their_own(show: Open) -> None:
    taken = photos(
        {
            "a.jpg": (4.005, 52.005, 1),
            "b.jpg": (4.005, 52.005, 4),
            "c.jpg": (4.045, 52.005, 0),
            "far.jpg": (4.025, 52.005, None),
        }
    )
    opened = show(build(taken=taken))
    opened.page.get_by_label("Hexagons: bicycles per photo").check()
    assert opened.texts(".gb-legend summary") == ["Bicycles per photo"]
    assert opened.texts(LEGEND) == ["Hexagons of 200 m", "0", "2.50"]
    cells = opened.page.evaluate(
        """() => {
          const found = [];
          for (const each of Object.values(map_of_test()._layers))
            if (each.options.pane === "gb-hexbins" && each.getLatLngs)
              found.push([each.getLatLngs()[0].length, each.options.fillColor]);
          return found;
        }""".replace("map_of_test()", opened.map_name())
    )
    assert sorted(cells) == [[6, "#2498c1"], [6, "#fbfbf3"]]
    areas_drawn = opened.page.locator(".leaflet-overlay-pane path[fill-opacity='0']")
    assert areas_drawn.count() == len(TOWN)
    opened.page.get_by_label("Areas", exact=True).check()
    assert opened.texts(LEGEND)[0] == "0"
    assert opened.page.locator(".leaflet-overlay-pane path[fill-opacity='1']").count() == len(TOWN)


def lines(path: Path, crs: str = "EPSG:28992") -> Path:
    street = shapely.LineString([(4.0, 52.005), (4.05, 52.005)])
    water = shapely.box(4.01, 52.006, 4.02, 52.009)
    frame = gpd.GeoDataFrame({"x": [1, 2]}, geometry=[street, water], crs="EPSG:4326")
    frame.to_crs(crs).to_file(path)
    return path


def test_streets_are_drawn_below_the_areas_and_take_no_clicks(show: Open, tmp_path: Path) -> None:
    opened = show(build(context=(lines(tmp_path / "streets.gpkg"),)))
    drawn = opened.page.locator(".leaflet-gb-context-pane canvas")
    assert drawn.count() == 1
    inked = """canvas => {
      const blank = document.createElement("canvas");
      Object.assign(blank, { width: canvas.width, height: canvas.height });
      return canvas.toDataURL() !== blank.toDataURL();
    }"""
    assert drawn.evaluate(inked)
    # The street runs through the middle of the first area; the click is still the area's.
    opened.page.locator(".leaflet-overlay-pane path").first.click()
    assert opened.texts(".gb-detail h2") == ["North"]
    opened.page.get_by_label("streets").uncheck()
    opened.settle()
    assert not drawn.evaluate(inked)


CONTEXT_FAULTS = {
    "none.gpkg": (None, "no such file"),
    "text.geojson": ("not GeoJSON", "cannot be read"),
    "points.geojson": (
        '{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[4,52]}}',
        "no lines and no polygons",
    ),
}


@pytest.mark.parametrize("name", CONTEXT_FAULTS)
def test_a_context_file_that_cannot_be_drawn_is_named(tmp_path: Path, name: str) -> None:
    text, words = CONTEXT_FAULTS[name]
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=f"{re.escape(name)}.*{words}"):
        build(context=(tmp_path / name,))


class Tiles(BaseHTTPRequestHandler):
    """Answers every tile with a picture, or none at all."""

    working = True
    asked = 0

    def do_GET(self) -> None:
        Tiles.asked += 1
        self.send_response(200 if self.working else 404)
        self.end_headers()
        self.wfile.write(jpeg() if self.working else b"")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def tiles() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Tiles)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Tiles.working, Tiles.asked = True, 0
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("kind", ["xyz", "wms"])
def test_tiles_are_requested_only_from_the_named_host(show: Open, tiles: str, kind: str) -> None:
    path = "/{z}/{x}/{y}.png" if kind == "xyz" else "/wms?service=WMS&layers=base"
    drawn = build(tiles=tiles + path, attribution="<b>Kadaster</b>")
    opened = show(drawn, allowed=tiles)
    opened.page.locator("img.leaflet-tile-loaded").first.wait_for()
    assert opened.texts(".leaflet-control-attribution") == ["<b>Kadaster</b>"]
    asked = [url for url in opened.requests if url.startswith("http")]
    assert asked
    if kind == "wms":
        assert all("layers=base" in url and "request=GetMap" in url for url in asked)
    policy = opened.page.get_attribute("meta[http-equiv]", "content") or ""
    assert f"img-src data: {tiles};" in policy


def test_tiles_that_fail_are_removed_with_a_message(show: Open, tiles: str) -> None:
    Tiles.working = False
    opened = show(build(tiles=tiles + "/{z}/{x}/{y}.png", attribution="K"), allowed=tiles)
    told = opened.page.locator(".gb-message")
    told.wait_for()
    assert told.inner_text() == "No background map: it could not be loaded."
    assert opened.page.locator("img.leaflet-tile").count() == 0
    assert "K" not in opened.texts(".leaflet-control-attribution")
    assert all("404" in text for text in opened.complaints)
    opened.complaints.clear()


def test_the_policy_keeps_out_every_other_host(show: Open, tiles: str) -> None:
    drawn = build(tiles="https://tiles.example/{z}/{x}/{y}.png", attribution="K")
    html = drawn.get_root().render().replace("https://tiles.example/{z}", f"{tiles}/{{z}}")
    assert "img-src data: https://tiles.example;" in html
    opened = show(html, allowed=tiles)  # the browser tells of what it then does not send
    opened.page.locator(".gb-message").wait_for()
    assert Tiles.asked == 0
    assert all("Content Security Policy" in text for text in opened.complaints)
    opened.complaints.clear()


TILE_FAULTS = {
    "no address": "tiles",
    "another scheme": "javascript:alert(1)/{z}/{x}/{y}",
    "a policy in the host": "https://a.example;script-src *//{z}/{x}/{y}",
    "a space in the host": "https://a.example *.example/{z}/{x}/{y}",
    "any host": "https://{x}.example/{z}/{x}/{y}",
    "a password": "https://me:secret@a.example/{z}/{x}/{y}",
    "no place": "https://a.example/tile.png",
}


@pytest.mark.parametrize("case", TILE_FAULTS)
def test_a_tile_address_that_cannot_be_used_is_refused(case: str) -> None:
    with pytest.raises(InputError, match="tiles"):
        maps.PageOptions(tiles=TILE_FAULTS[case], attribution="K")


def test_tiles_without_a_name_for_their_owner_are_refused() -> None:
    with pytest.raises(InputError, match="--attribution"):
        maps.PageOptions(tiles="https://a.example/{z}/{x}/{y}.png")


def test_subdomains_are_named_one_by_one_in_the_policy() -> None:
    drawn = build(tiles="https://{s}.tiles.example/{z}/{x}/{y}.png", attribution="K")
    hosts = " ".join(f"https://{letter}.tiles.example" for letter in "abc")
    assert f"img-src data: {hosts};" in drawn.get_root().render()


def test_a_photo_exactly_on_a_border_is_drawn_once_and_on_it(show: Open) -> None:
    opened = show(build(areas(["a", "b"], [1, 0], [2, 0]), photos({"on.jpg": (4.01, 52.005, 2)})))
    west = opened.page.locator(".leaflet-overlay-pane path").first.bounding_box()
    photo = opened.page.locator("path.gb-photo").bounding_box()
    assert west is not None
    assert photo is not None
    assert photo["x"] + photo["width"] / 2 == pytest.approx(west["x"] + west["width"], abs=2)
    assert opened.texts(".gb-finding")[0].startswith("2 bicycles in 1 photo")
