"""The map without a browser: what goes into the page, and what is refused."""

import hashlib
import json
import re
import zoneinfo
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pytest
import shapely
from branca.element import MacroElement
from folium import plugins

from geobike import maps, schema
from geobike.errors import InputError, SchemaError
from geobike.maps import assets
from geobike.maps.context import ContextLayer
from geobike.maps.shapes import outlines, simplified
from tests.support.map_frames import TOWN, areas, build, detections, jpeg, photos


def block(html: str) -> Any:
    """Return the data of the page."""
    found = re.search(r'<script type="application/json" id="\w+">(.*?)</script>', html, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_the_page_gets_the_values_of_the_frame() -> None:
    given = areas(["a", "b"], [3, 0], [1, 0])
    data = block(build(given).get_root().render())["areas"]
    assert [area["figures"]["bicycles_per_photo"] for area in data] == [1 / 3, None]
    assert [area["figures"]["bicycle_count"] for area in data] == [1, None]
    assert [area["figures"]["bicycles_per_km2"] for area in data] == [0.5, None]


def test_an_infinite_rate_is_sent_as_null() -> None:
    given = areas(["a", "b"], [1, 1], [1, 2], bicycles_per_km2=[float("inf"), 2.0])
    data = block(build(given).get_root().render())
    assert data["areas"][0]["figures"]["bicycles_per_km2"] is None


def test_only_kept_boxes_of_photos_with_a_picture_reach_the_page() -> None:
    taken = photos({"a.jpg": (4.005, 52.005, 1)})
    page = build(taken=taken, found=detections("a.jpg"), thumbnails={"a.jpg": jpeg()})
    assert len(block(page.get_root().render())["photos"]["details"][0]["boxes"]) == 1


def test_a_photo_without_a_position_is_not_drawn() -> None:
    taken = photos({"a.jpg": (4.005, 52.005, 1), "b.jpg": (4.0, 52.0, None)})
    taken.loc[1, "geometry"] = None
    data = block(build(taken=taken).get_root().render())["photos"]
    assert [photo["id"] for photo in data["details"]] == ["a.jpg"]


def numbers(value: Any) -> Iterator[float]:
    """Yield every number in nested lists and dicts."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from numbers(item)
    elif isinstance(value, int | float):
        yield value


@pytest.mark.parametrize("east", [0.0, 175.55])
def test_no_coordinate_on_the_page_is_finer_than_five_decimals(east: float) -> None:
    ring = [(4 + east, 52), (4.9876543219 + east, 52), (4.4444444444 + east, 52.1234567891)]
    given = areas(["a"], [1], [1], [shapely.Polygon(ring)])
    if east:  # in two parts, at either side of 180°
        parts = [shapely.box(179.1, 52, 180, 53), shapely.box(-180, 52, -179.1234567891, 53)]
        given = areas(["a"], [1], [1], [shapely.MultiPolygon(parts)])
    line = shapely.LineString([(x, y + 0.00000123) for x, y in ring])
    layers = [ContextLayer("streets", np.array([line], dtype=object))]
    taken = photos({"a.jpg": (4.123456789, 52.0123456789, 1)})
    data = block(build(given, taken, context_layers=layers).get_root().render())
    found = [
        *numbers([area["centre"] for area in data["areas"]]),
        *numbers([layer["geometries"] for layer in data["context"]]),
    ]
    assert len(found) >= 8
    assert all(number == round(number, 5) for number in found)
    steps = [*numbers([area["rings"] for area in data["areas"]])]
    assert len(steps) >= 6
    assert all(isinstance(step, int) for step in steps)  # of 1e-5 degrees
    place = [data["places"]["columns"][name] for name in ("lon", "lat")]
    assert place == [[412_346], [5_201_235]]  # whole steps of 1e-5 degrees


def test_the_outlines_that_are_sent_add_up_to_the_shapes() -> None:
    square, island = shapely.box(4, 52, 4.3, 52.3), shapely.box(4.5, 52, 4.6, 52.1)
    holed = square.difference(shapely.box(4.1, 52.1, 4.2, 52.2))
    sent = outlines([shapely.MultiPolygon([holed, island]), square])
    assert [[len(rings) for rings in polygons] for polygons in sent] == [[2, 1], [1]]
    for polygons, shape in zip(sent, [shapely.union(holed, island), square], strict=True):
        whole = [[np.reshape(ring, (-1, 2)).cumsum(axis=0) / 1e5 for ring in p] for p in polygons]
        found = shapely.MultiPolygon([(p[0], p[1:]) for p in whole])
        assert shapely.symmetric_difference(found, shape).area < 1e-12


def test_our_scripts_lose_their_comments_and_nothing_else() -> None:
    for script in (resources.files(maps) / "page").iterdir():
        if script.name.endswith(".js"):
            lines = script.read_text("utf-8").splitlines()
            assert all(line.count("`") % 2 == 0 for line in lines)  # no text over several lines
    page = build().get_root().render()
    script = page.split("geobike.start = ")[1].split("</script>")[0]
    assert not re.search(r"^\s*//|^ ", script, re.MULTILINE)


def test_no_two_scripts_of_the_page_define_the_same_name() -> None:
    """The page joins them into one: the later definition would silently replace the other."""
    defined: dict[str, list[str]] = {}
    for script in sorted((resources.files(maps) / "page").iterdir(), key=str):
        if script.name.endswith(".js"):
            text = script.read_text("utf-8")
            for name in re.findall(r"^geobike\.(\w+)\s*=(?!=)", text, re.MULTILINE):
                defined.setdefault(name, []).append(script.name)
    assert {"start", "columns"} <= set(defined)
    assert {name: files for name, files in defined.items() if len(files) > 1} == {}


def test_times_are_in_the_chosen_timezone() -> None:
    page = build(timezone="Asia/Kathmandu")
    assert block(page.get_root().render())["areas"][0]["first"] == "2022-01-19 17:45"


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "no area": (lambda: build(TOWN.iloc[:0]), "no areas"),
    "unknown status": (lambda: build(ledger={"lost": 1}), "lost"),
    "unknown timezone": (lambda: build(timezone="Mars/Olympus"), "Mars/Olympus"),
    "path as timezone": (lambda: build(timezone="/etc/passwd"), "/etc/passwd"),
    "unknown language": (lambda: build(language="../en"), "choose from en, nl"),
    "threshold": (lambda: build(threshold=float("nan")), "nan"),
    "min_photos": (lambda: build(min_photos=0), "min_photos"),
    "no JPEG": (
        lambda: build(
            taken=photos({"a.jpg": (4.0, 52.0, 1)}), thumbnails={"a.jpg": b"<svg onload=x>"}
        ),
        "a.jpg",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_refused_with_its_value(case: str) -> None:
    call, words = REFUSED[case]
    with pytest.raises(InputError, match=re.escape(words)):
        call()


def test_a_frame_of_another_kind_is_refused() -> None:
    with pytest.raises(SchemaError, match="photo_count"):
        build(TOWN.drop(columns="photo_count"))


@pytest.mark.parametrize("timezone", ["UTC", "Europe/Amsterdam", "America/St_Johns"])
def test_every_usual_timezone_is_taken(timezone: str) -> None:
    assert timezone in zoneinfo.available_timezones()
    build(timezone=timezone)


def test_the_file_is_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "map.html"
    path.write_text("old")
    maps.save(build(), path)
    assert path.read_text().rstrip().endswith("</html>")
    assert [file.name for file in tmp_path.iterdir()] == ["map.html"]


def test_a_map_that_cannot_be_written_says_where(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"file/map\.html: cannot be written"):
        maps.save(build(), tmp_path / "file" / "map.html")


def test_a_notebook_shows_the_same_page() -> None:
    shown = build(title="Our town")._repr_html_()
    assert "<iframe srcdoc=" in shown
    assert "Our town" in shown


def test_rendering_twice_gives_the_same_page() -> None:
    figure = build().get_root()
    assert figure.render() == figure.render()


def test_two_maps_in_one_process_do_not_disturb_each_other() -> None:
    plugins.HeatMap([[52.0, 4.0]]).add_to(build())
    assert "Our town" in build(title="Our town").get_root().render()


@pytest.mark.parametrize(
    "layer",
    [
        plugins.Fullscreen(),
        plugins.MiniMap(),
        folium.Marker([52, 4], icon=folium.Icon(icon="bicycle")),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_a_layer_that_needs_the_network_is_refused(layer: MacroElement) -> None:
    drawn = build()
    layer.add_to(drawn)
    with pytest.raises(maps.UnknownLibrary, match="does not carry"):
        drawn.get_root().render()


def test_a_script_by_address_is_refused() -> None:
    page = build()
    page.get_root().header.add_child(folium.Element('<script src="//example.org/x.js"></script>'))
    with pytest.raises(maps.UnknownLibrary, match="example"):
        page.get_root().render()


def test_the_page_stays_small() -> None:
    many = photos({f"{n}.jpg": (4 + n / 1000, 52.005, n % 9) for n in range(1000)})
    town = areas([f"Area {n}" for n in range(100)], [10] * 100, list(range(100)))
    assert len(build(town, many).get_root().render()) < 1_000_000


def test_without_the_bundled_libraries_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        assets, "_file", lambda name: (_ for _ in ()).throw(assets.MapAssetsMissing(name))
    )
    assets.script.cache_clear()
    assets.style.cache_clear()
    with pytest.raises(maps.MapAssetsMissing, match="pip install --editable"):
        build().get_root().render()


def test_the_bundled_libraries_are_those_of_the_manifest() -> None:
    folder = resources.files("geobike.maps") / "assets"
    manifest = json.loads((folder / "MANIFEST.json").read_text("utf-8"))
    versions = {name: entry["version"] for name, entry in manifest["libraries"].items()}
    assert versions == {"leaflet": "1.9.4", "leaflet.markercluster": "1.5.3"}
    for library, entry in manifest["libraries"].items():
        for name, digest in entry["sha256"].items():
            content = (folder / library / name).read_bytes()
            assert hashlib.sha256(content).hexdigest() == digest
        assert any("LICEN" in name for name in entry["sha256"])


def test_simplified_areas_keep_their_shared_border() -> None:
    border = [(4.01 + 0.0000002 * (n % 2), 52 + n / 10_000) for n in range(101)]
    west = shapely.Polygon([(4, 52), *border, (4, 52.01)])
    east = shapely.Polygon([*border, (4.02, 52.01), (4.02, 52)])
    given = schema.geotable(
        schema.AREAS,
        {"area_id": ["w", "e"], "name": ["w", "e"], "area_km2": [1.0, 1.0]},
        gpd.GeoSeries([west, east]),
    )
    shapes, shifted = simplified(given)
    assert not shifted
    assert sum(shapely.get_num_coordinates(shapes)) < 60  # of 208
    assert shapely.area(shapely.intersection(*shapes)) == pytest.approx(0, abs=1e-12)
    assert shapely.union_all(shapes).area == pytest.approx(0.02 * 0.01, rel=1e-3)
    assert shapely.union_all(shapes).geom_type == "Polygon"


def test_areas_that_overlap_are_drawn_all_the_same() -> None:
    square = shapely.box(4, 52, 4.01, 52.01)
    shapes, _ = simplified(areas(["a", "b"], [1, 1], [1, 1], [square, square]))
    assert [shape.area for shape in shapes] == pytest.approx([1e-4, 1e-4])


def test_a_ring_across_the_antimeridian_is_drawn_in_one_piece() -> None:
    ring = shapely.Polygon([(179, -17), (-179, -17), (-179, -16), (179, -16)])
    shapes, shifted = simplified(areas(["Fiji"], [1], [1], [ring]))
    assert shifted
    assert shapes[0].bounds == (179, -17, 181, -16)


def test_two_halves_that_meet_at_the_antimeridian_lose_the_cut() -> None:
    halves = shapely.MultiPolygon(
        [shapely.box(179, -17, 180, -16), shapely.box(-180, -17, -179, -16)]
    )
    shapes, _ = simplified(areas(["Fiji"], [1], [1], [halves]))
    assert shapes[0].equals(shapely.box(179, -17, 181, -16))
