"""Hexagons, the user's own lines and water, and the user's own tiles."""

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geobike import maps, schema
from geobike.errors import InputError
from tests.support.browser import Open, Opened
from tests.support.map_frames import NOON, TOWN, areas, build, jpeg, photos, visits


def test_hexagons_show_the_places_with_a_legend_of_their_own(show: Open) -> None:
    taken = photos(
        {
            "a.jpg": (4.005, 52.005, 1),
            "b.jpg": (4.005, 52.005, 4),
            "c.jpg": (4.045, 52.005, 0),
            "far.jpg": (4.025, 52.005, None),
        }
    )
    opened = show(build(taken=taken))
    opened.show("Hexagons")
    assert opened.texts(".gb-legend summary") == ["Bicycles detected per stop"]
    assert opened.texts(".gb-legend-note") == ["Hexagons of 100 m"]
    assert opened.legend() == ["0", "0 - 1", "1 - 2", "2 or more", "no photos"]
    cells = opened.page.evaluate(
        """() => {
          const found = [];
          for (const each of Object.values(map_of_test()._layers))
            if (each.options.pane === "gb-hexbins" && each.getLatLngs)
              found.push([each.getLatLngs()[0].length, each.options.fillColor]);
          return found;
        }""".replace("map_of_test()", opened.map_name())
    )
    assert sorted(cells) == [[6, "#081d58"], [6, "#fbfbf3"]]
    areas_drawn = opened.page.locator(".leaflet-overlay-pane path[fill-opacity='0']")
    assert areas_drawn.count() == len(TOWN) - 1  # no photo shows one: it keeps its hatch
    opened.page.get_by_label("Areas", exact=True).check()
    assert opened.legend()[0] == "0"
    assert opened.page.locator(".leaflet-overlay-pane path[fill-opacity='1']").count() == len(TOWN)


@pytest.mark.parametrize("surface", ["Streets: detected", "Hexagons", "Heat map"])
def test_an_area_without_photos_is_hatched_below_every_surface(show: Open, surface: str) -> None:
    opened = show(build(**street_frames()))
    opened.show(surface)
    hatched = opened.page.locator(".leaflet-overlay-pane path[fill='url(#gb-none)']")
    assert {each.get_attribute("fill-opacity") for each in hatched.all()} == {"1"}
    assert hatched.count() == 1
    assert opened.legend()[-1] == "no photos"


def test_hexagons_of_a_day_hatch_what_that_day_did_not_see_and_streets_do_not(show: Open) -> None:
    taken = photos({"a.jpg": (4.003, 52.005, 6), "b.jpg": (4.015, 52.005, 2)})
    taken["taken_at"] = [NOON, NOON + pd.Timedelta(days=1)]
    taken["area_id"] = pd.array(["A0", "A1"], dtype="str")
    opened = show(build(**street_frames() | {"taken": taken}))
    opened.page.get_by_label("19 Jan 2022").check()
    opened.show("Hexagons")
    hatched = opened.page.locator(
        ".leaflet-overlay-pane path[fill='url(#gb-none)'][fill-opacity='1']"
    )
    assert hatched.count() == len(TOWN) - 1
    assert opened.legend()[-1] == "not seen on this day"
    opened.show("Streets: detected")  # of all days
    assert hatched.count() == 1
    assert opened.legend()[-1] == "no photos"


def test_hexagons_are_not_offered_for_a_figure_that_they_do_not_show(show: Open) -> None:
    opened = show(build(taken=photos({"a.jpg": (4.005, 52.005, 1)})))
    opened.show("Hexagons")
    opened.colour_by("Bicycles detected, each place once")
    assert opened.page.get_by_label("Hexagons").is_disabled()
    assert opened.page.get_by_label("Areas", exact=True).is_checked()
    said = "Hexagons and heat map show bicycles detected per stop only."
    assert opened.texts(".gb-layers .gb-why")[0] == said


def test_circles_are_not_offered_above_hexagons_and_come_back_after(show: Open) -> None:
    opened = show(build(taken=photos({"a.jpg": (4.005, 52.005, 1)})))
    opened.show("Hexagons")
    circles = opened.page.get_by_label("Places that were looked at")
    assert (circles.is_disabled(), circles.is_checked()) == (True, False)
    said = "Hexagons and heat map are made of the places: these have no circles."
    assert said in opened.texts(".gb-layers .gb-why")
    opened.page.get_by_label("Areas", exact=True).check()
    assert (circles.is_disabled(), circles.is_checked()) == (False, True)
    assert opened.places() == ["1 detected, 1 photo"]


@pytest.mark.parametrize("where", [".gb-place", ".leaflet-overlay-pane path", ".folium-map"])
def test_a_click_on_the_map_closes_the_box_of_layers(show: Open, where: str) -> None:
    opened = show(build(taken=photos({"a.jpg": (4.005, 52.005, 1)})))
    box = opened.page.locator(".gb-layers")
    opened.layers()
    opened.page.get_by_label("Names").uncheck()
    assert box.get_attribute("open") is not None  # beside a wide map it stays for the next choice
    at = {"x": 300, "y": 30} if where == ".folium-map" else None
    opened.page.locator(where).last.click(position=at)
    assert box.get_attribute("open") is None


def street_frames() -> dict[str, object]:
    """Two streets in the first area, of which one was seen from two stops."""
    taken = photos({"a.jpg": (4.003, 52.005, 6), "b.jpg": (4.006, 52.005, 2)})
    lines = [
        shapely.LineString([(4.001, 52.005), (4.009, 52.005)]),
        shapely.LineString([(4.001, 52.002), (4.009, 52.002)]),
    ]
    data = {
        "street_id": ["1", "2"],
        "name": ["<b>Quay</b>", "Lane"],
        "area_id": ["A0", "A0"],
        "length_m": 548.0,
        "covered_m": [100.0, 0.0],
        "covered_share": [0.18, 0.0],
        "stop_count": pd.array([2, 0], "Int64"),
        "detected_once": [8.0, 0.0],
        "detected_per_100m": [8.0, float("nan")],
    }
    stops = {
        "stop_id": ["a.jpg", "b.jpg"],
        "photo_count": 1,
        "visit_count": 1,
        "bicycle_count": 1.0,
    }
    stops |= {"bicycle_count_max": 1, "street_id": ["1", "1"]}
    return {
        "taken": taken,
        "visits": visits(taken, ["a.jpg", "b.jpg"]),
        "streets": schema.geotable(schema.STREETS, pd.DataFrame(data), lines),
        "stops": schema.geotable(schema.STOPS, pd.DataFrame(stops), list(taken.geometry)),
    }


def test_streets_are_ribbons_by_what_was_detected_per_100_m(show: Open) -> None:
    opened = show(build(**street_frames()))
    ribbons = opened.page.locator(".leaflet-gb-streets-pane path.leaflet-interactive")
    assert ribbons.count() == 0  # circles show the places until one zooms in
    opened.show("Streets: detected per 100 m")
    assert ribbons.count() == 1  # nothing is known of the other
    assert opened.texts(".gb-legend summary") == ["Detected per 100 m of street"]
    opened.page.locator(".gb-layers summary").click()
    ribbons.hover(force=True)
    assert opened.texts(".leaflet-tooltip strong") == ["<b>Quay</b>"]
    ribbons.dispatch_event("click")
    assert opened.texts(".gb-detail h2") == ["<b>Quay</b>"]
    expected = {"rate": "8.0", "once": "8.0", "stops": "2", "length": "548 m", "area": "North"}
    assert expected.items() <= opened.detail().items()
    counts = "Array.from(document.querySelectorAll('.gb-tile'), (tile) => tile.dataset.count)"
    assert opened.page.evaluate(counts) == ["6", "2"]


def what_counts(opened: Opened) -> dict[str, str]:
    """Return what stands below the names of figures, by the name of the figure."""
    found: dict[str, str] = opened.page.evaluate(
        "Object.fromEntries(Array.from(document.querySelectorAll('.gb-detail dt small'),"
        "(each) => [each.parentNode.nextSibling.dataset.metric, each.innerText]))"
    )
    return found


def test_totals_that_differ_say_what_each_of_them_counts(show: Open) -> None:
    opened = show(build(areas(["North"], [2], [9], detected_once=[7.0]), **street_frames()))
    opened.page.locator(".gb-table tbody tr").press("Enter")
    assert (opened.detail()["bicycle_count"], opened.detail()["detected_once"]) == ("9", "7.0")
    said = what_counts(opened)
    assert said["bicycle_count"] == "those on several photos count each time"
    assert said["detected_once"] == "those that stand in this area; on several photos once"
    opened.page.locator(".gb-list li button").press("Enter")
    assert opened.detail()["once"] == "8.0"
    once = "on the photos taken in it, wherever they stand; on several photos once"
    assert what_counts(opened)["once"] == once
    opened.page.locator(".gb-place", has_text="6").press("Enter")
    assert opened.detail()["things"] == "6"
    first = "on the first photo of a place; of several visits the mean"
    assert what_counts(opened) == {"things": first}


def test_streets_say_that_they_are_of_all_days_while_a_day_is_chosen(show: Open) -> None:
    frames = street_frames()
    taken = frames["taken"]
    assert isinstance(taken, gpd.GeoDataFrame)
    taken["area_id"] = "A0"
    taken.loc[1, "taken_at"] += pd.Timedelta(days=1)
    opened = show(build(**frames))
    opened.page.get_by_label("19 Jan 2022").check()
    opened.page.locator(".gb-table tbody tr", has_text="North").click()
    assert opened.texts(".gb-list h3") == ["Fullest streets, detected per 100 m (all days)"]
    assert "Detected per 100 m of street (all days)" in opened.texts(".gb-legend-note")
    ribbon = opened.page.locator(".leaflet-gb-streets-pane path.leaflet-interactive")
    ribbon.hover(force=True)
    said = "Detected per 100 m of street (all days): 8.0"
    assert said in opened.texts(".leaflet-tooltip")[0]
    opened.page.keyboard.press("Escape")
    opened.show("Streets: detected per 100 m")
    assert opened.texts(".gb-legend summary") == ["Detected per 100 m of street (all days)"]
    opened.page.get_by_label("all days").check()
    assert opened.texts(".gb-legend summary") == ["Detected per 100 m of street"]


def test_streets_appear_when_one_zooms_in(show: Open) -> None:
    opened = show(build(**street_frames()))
    opened.page.locator(".gb-table tbody tr", has_text="North").click()
    assert opened.page.locator(".leaflet-gb-streets-pane path.leaflet-interactive").count() == 1
    assert opened.texts(".gb-list li") == ["<b>Quay</b>\n8.0"]
    opened.page.locator(".gb-list button").click()
    assert opened.texts(".gb-detail h2") == ["<b>Quay</b>"]


def pieces() -> dict[str, object]:
    """Return Quay in four pieces, each with a photo; Lane and Alley cross it, nobody saw them."""
    at = [4.001, 4.003, 4.005, 4.007, 4.009]
    quay = [shapely.LineString([(a, 52.005), (b, 52.005)]) for a, b in pairwise(at)]
    across = [shapely.LineString([(x, 52.005), (x, 52.008)]) for x in at[:3]]
    given = {
        "street_id": [str(number) for number in range(7)],
        "name": ["Quay"] * 4 + ["Alley", "Lane", "Mews"],
        "area_id": "A0",
        "length_m": 137.0,
        "covered_m": [100.0] * 4 + [0.0] * 3,
        "covered_share": [0.7] * 4 + [0.0] * 3,
        "stop_count": pd.array([1] * 4 + [0] * 3, "Int64"),
        "detected_once": [5.0, 4.0, 3.0, 2.0, 0.0, 0.0, 0.0],
        "detected_per_100m": [5.0, 4.0, 3.0, 2.0, *[float("nan")] * 3],
    }
    names = [f"{number}.jpg" for number in range(4)]
    taken = photos({name: (x + 0.001, 52.005, 1) for name, x in zip(names, at, strict=False)})
    stops = {"stop_id": names, "photo_count": 1, "visit_count": 1, "bicycle_count": 1.0}
    stops |= {"bicycle_count_max": 1, "street_id": ["0", "1", "2", "3"]}
    return {
        "taken": taken,
        "visits": visits(taken, names),
        "streets": schema.geotable(schema.STREETS, pd.DataFrame(given), [*quay, *across]),
        "stops": schema.geotable(schema.STOPS, pd.DataFrame(stops), list(taken.geometry)),
    }


QUAY = [
    "Quay, between Alley and Lane",
    "Quay, between Lane and Mews",
    "Quay, part 3",  # no street at its other end
    "Quay, part 4",
]


def test_pieces_of_one_street_are_told_apart_and_a_place_names_it_once(show: Open) -> None:
    opened = show(build(**pieces()))
    opened.page.locator(".gb-table tbody tr", has_text="North").click()
    assert [text.split("\n")[0] for text in opened.texts(".gb-list li")] == QUAY
    opened.page.keyboard.press("Escape")
    opened.page.get_by_role("button", name="Show all areas").click()
    opened.page.locator(".gb-place").last.click()  # all four lie in one circle
    assert opened.detail()["street"] == "Quay"


def test_the_search_finds_streets_and_opens_them(show: Open) -> None:
    opened = show(build(**pieces()))
    box = opened.page.get_by_label("Find an area or a street")
    box.fill("quay")
    assert opened.texts(".gb-found-streets li") == QUAY
    assert opened.texts(".gb-search span") == ["0 areas found, 4 pieces of streets"]
    opened.page.get_by_role("button", name=QUAY[1]).click()
    assert opened.texts(".gb-detail h2") == [QUAY[1]]
    opened.page.keyboard.press("Escape")
    box.press("Enter")
    assert opened.texts(".gb-detail h2") == [QUAY[0]]


def test_names_of_areas_stand_on_the_map_with_their_figure_and_never_on_each_other(
    show: Open,
) -> None:
    opened = show(build())
    names = opened.texts(".gb-name")
    assert ["North", "0.50"] in [name.split("\n") for name in names]
    assert set(opened.texts(".gb-name span")) == set(TOWN["name"])
    boxes = [each.bounding_box() for each in opened.page.locator(".gb-name span").all()]
    for one in boxes:
        for other in boxes:
            apart = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
            assert one is other or apart  # the areas lie in a row
    opened.layers()
    opened.page.get_by_label("Names").uncheck()
    assert opened.texts(".gb-name") == []


def lines(path: Path, crs: str = "EPSG:28992") -> Path:
    street = shapely.LineString([(4.0, 52.005), (4.05, 52.005)])
    water = shapely.box(4.01, 52.006, 4.02, 52.009)
    names = {"name": ["High <i>Street</i>", None]}
    frame = gpd.GeoDataFrame(names, geometry=[street, water], crs="EPSG:4326")
    frame.to_crs(crs).to_file(path)
    return path


def test_context_is_drawn_above_the_areas_with_names_and_takes_no_clicks(
    show: Open, tmp_path: Path
) -> None:
    opened = show(build(context=(lines(tmp_path / "streets.gpkg"),)))
    drawn = opened.page.locator(".leaflet-gb-context-0-pane canvas")
    assert drawn.count() == 1
    inked = """canvas => {
      const blank = document.createElement("canvas");
      Object.assign(blank, { width: canvas.width, height: canvas.height });
      return canvas.toDataURL() !== blank.toDataURL();
    }"""
    assert drawn.evaluate(inked)
    levels = [
        f"+getComputedStyle(document.querySelector('.leaflet-{pane}-pane')).zIndex"
        for pane in ("overlay", "gb-context-0")
    ]
    assert opened.page.evaluate(f"{levels[0]} < {levels[1]}")
    assert "High <i>Street</i>" in opened.texts(".gb-line-name")
    # The street runs through the middle of the first area; the click is still the area's.
    opened.page.locator(".leaflet-overlay-pane path").first.click()
    assert opened.texts(".gb-detail h2") == ["North"]
    opened.layers()
    opened.page.get_by_label("streets", exact=True).uncheck()
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
    place = opened.page.locator(".gb-place").bounding_box()
    assert west is not None
    assert place is not None
    assert place["x"] + place["width"] / 2 == pytest.approx(west["x"] + west["width"], abs=2)
    (finding,) = opened.texts(".gb-finding")
    assert finding.endswith("About 2 detected in all, each place counted once.")


def name_boxes(opened: Opened) -> dict[str, list[float]]:
    """Return the box of each name of an area in degrees: west, south, east, north."""
    found: dict[str, list[float]] = opened.page.evaluate(
        """() => {
          const map = map_of_test();
          const frame = map.getContainer().getBoundingClientRect();
          const place = (x, y) => map.containerPointToLatLng([x - frame.left, y - frame.top]);
          return Object.fromEntries(Array.from(document.querySelectorAll(".gb-name"), (name) => {
            const range = document.createRange();
            range.selectNodeContents(name);
            const all = (side) => [...range.getClientRects()].map((box) => box[side]);
            const low = place(Math.min(...all("left")), Math.max(...all("bottom")));
            const high = place(Math.max(...all("right")), Math.min(...all("top")));
            return [name.dataset.area, [low.lng, low.lat, high.lng, high.lat]];
          }));
        }""".replace("map_of_test()", opened.map_name())
    )
    return found


@pytest.mark.parametrize("size", [(390, 844), (1366, 768)])
def test_a_name_stands_inside_its_own_area_and_gives_way_to_its_figure(
    show: Open, size: tuple[int, int]
) -> None:
    names = ["Binnenstad Noord", "Aan de Dijk", "Stationskwartier", "Zilverwijk"]
    shapes = [
        shapely.Polygon([(4, 52), (4.01, 52), (4.01, 52.01), (4.004, 52.006), (4, 52.01)]),
        shapely.box(4, 52.01, 4.03, 52.0112),  # a dyke: long, and lower than a figure on a phone
        shapely.box(4.01, 52, 4.016, 52.01),  # too narrow for a name on a phone
        shapely.Polygon([(4.016, 52), (4.03, 52), (4.03, 52.01), (4.026, 52.002)]),
    ]
    given = areas(names, [2, 3, 1, 4], [3, 1, 5, 2], shapes)
    width, height = size
    opened = show(build(given), viewport={"width": width, "height": height})
    boxes = name_boxes(opened)
    for shape, area in zip(shapes, given["area_id"], strict=True):
        if area in boxes:
            box = shapely.box(*boxes[area])
            assert shape.contains(box.centroid)
            assert shape.intersection(box).area > 0.75 * box.area
    assert opened.texts(".gb-name[data-area=A2] b") == ["5.0"]
    long_names = opened.texts(".gb-name[data-area=A2] span")
    assert long_names == ([] if width == 390 else ["Stationskwartier"])


def on_the_quay(**spots: tuple[float, float | None]) -> dict[str, object]:
    """Return Quay from Alley, in the west, on; spots are metres along it and where photos look."""
    metre = 0.002 / 137.06  # of longitude here
    quay = shapely.LineString([(4.001, 52.005), (4.003, 52.005)])
    alley = shapely.LineString([(4.001, 52.005), (4.001, 52.008)])
    given = {
        "street_id": ["0", "1"],
        "name": ["Quay", "Alley"],
        "area_id": "A0",
        "length_m": 137.0,
        "covered_m": [100.0, 0.0],
        "covered_share": [0.7, 0.0],
        "stop_count": pd.array([len(spots), 0], "Int64"),
        "detected_once": [5.0, 0.0],
        "detected_per_100m": [5.0, float("nan")],
    }
    rows = {
        name: (4.001 + at * metre, 52.005, 9 - k) for k, (name, (at, _)) in enumerate(spots.items())
    }
    looks = [float("nan") if look is None else look for _, look in spots.values()]
    taken = photos(rows).assign(heading=looks)
    stops = {"stop_id": list(rows), "photo_count": 1, "visit_count": 1, "bicycle_count": 1.0}
    stops |= {"bicycle_count_max": 1, "street_id": "0"}
    return {
        "taken": taken,
        "visits": visits(taken, list(rows)),
        "streets": schema.geotable(schema.STREETS, pd.DataFrame(given), [quay, alley]),
        "stops": schema.geotable(schema.STOPS, pd.DataFrame(stops), list(taken.geometry)),
    }


def test_places_on_one_street_are_told_apart_by_the_crossing_or_where_they_look(show: Open) -> None:
    spots = {"a": (21.0, None), "b": (34.0, 180.0), "c": (34.0, 2.0), "d": (60.0, None)}
    opened = show(build(**on_the_quay(**spots)))
    opened.page.get_by_role("button", name="30 detected, 4 places, 4 photos").click()
    assert [text.split("\n")[0] for text in opened.texts(".gb-list li")] == [
        "Quay, 20 m from Alley",
        "Quay, 35 m from Alley, looking south",
        "Quay, 35 m from Alley, looking north",
        "Quay, 60 m from Alley",
    ]
    assert opened.texts(".gb-detail h2") == ["4 places"]


def test_places_on_a_street_without_crossings_are_told_apart_by_its_ends(show: Open) -> None:
    frames = on_the_quay(a=(20.0, None), b=(130.0, None), c=(130.0, None))
    frames["streets"] = frames["streets"].iloc[:1]  # type: ignore[attr-defined]  # without Alley
    opened = show(build(TOWN, **frames), viewport={"width": 390, "height": 844})
    opened.page.get_by_role("button", name="24 detected, 3 places, 3 photos").click()
    assert [text.split("\n")[0] for text in opened.texts(".gb-list li")] == [
        "Quay, 20 m from its west end",
        "Quay, 5 m from its east end (1)",
        "Quay, 5 m from its east end (2)",
    ]
