"""The background of a file of the user's: what is drawn of it, and what it may cost."""

import math
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from shapely import LineString, Point, Polygon, box

from geobike import schema
from geobike.errors import GeobikeWarning, InputError
from geobike.maps import basemap
from tests.support.bounded import processor_seconds
from tests.support.browser import Open
from tests.support.map_frames import areas, build

TOWN = areas(["Centre"], [3], [1])  # from 4.0, 52.0 to 4.01, 52.01
WEST, SOUTH, EAST, NORTH = TOWN.total_bounds


def saved(path: Path, *rows: dict[str, Any], layer: str | None = None) -> Path:
    frame = gpd.GeoDataFrame(list(rows), geometry="geometry", crs=schema.CRS)
    frame.to_file(path, layer=layer) if layer else frame.to_file(path)
    return path


def at(x: float, y: float) -> tuple[float, float]:
    """A share of the way over the town, as degrees."""
    return WEST + x * (EAST - WEST), SOUTH + y * (NORTH - SOUTH)


POND = Polygon([at(0.2, 0.2), at(0.6, 0.2), at(0.6, 0.6), at(0.2, 0.6)])
ROAD = LineString([at(0, 0.5), at(1, 0.5)])


def places(steps: list[int]) -> list[tuple[float, float]]:
    found = np.cumsum(np.array(steps).reshape(-1, 2), axis=0) / 1e5
    return [(float(x), float(y)) for x, y in found]


def test_water_and_streets_of_a_geopackage_are_where_the_file_has_them(tmp_path: Path) -> None:
    path = tmp_path / "town.gpkg"
    saved(path, {"natural": "water", "geometry": POND}, layer="surfaces")
    saved(path, {"highway": "primary", "geometry": ROAD}, layer="lines")
    drawn = basemap.drawn(basemap.read(path), TOWN)["layers"]
    assert sorted(drawn) == ["main", "water"]
    ((ring,),), (line,) = drawn["water"], drawn["main"]
    pixel = max(EAST - WEST, NORTH - SOUTH) / 2500 + 1e-5
    corners = POND.exterior.coords
    assert len(places(ring)) == 5
    for (x, y), (x2, y2) in zip(sorted(places(ring)[:4]), sorted(corners[:4]), strict=True):
        assert math.hypot(x - x2, y - y2) < 2 * pixel
    assert places(line)[0][1] == pytest.approx(at(0, 0.5)[1], abs=2 * pixel)


def test_an_openstreetmap_extract_is_read_with_its_names(tmp_path: Path) -> None:
    osmium = pytest.importorskip("osmium")
    path = tmp_path / "town.osm.pbf"
    writer = osmium.SimpleWriter(str(path))
    nodes = [at(0.1, 0.1), at(0.9, 0.1), at(0.9, 0.9), at(0.1, 0.9)]
    node = osmium.osm.mutable.Node
    for number, place in enumerate(nodes, start=1):
        writer.add_node(node(id=number, location=place))
    tags = {"place": "suburb", "name": "Binnenstad <b>"}
    writer.add_node(node(id=9, location=at(0.5, 0.5), tags=tags))
    way = osmium.osm.mutable.Way
    writer.add_way(way(id=1, nodes=[1, 2, 3, 4, 1], tags={"leisure": "park"}))
    writer.add_way(way(id=2, nodes=[1, 3], tags={"railway": "rail"}))
    writer.add_way(way(id=3, nodes=[2, 4], tags={"highway": "footway"}))
    writer.close()
    found = basemap.read(path)
    assert sorted(found.shapes) == ["green", "rail"]
    assert [name for name, _, _ in found.names] == ["Binnenstad <b>"]


def test_layers_without_columns_are_known_by_their_names(tmp_path: Path) -> None:
    path = tmp_path / "town.gpkg"
    saved(path, {"id": 1, "geometry": POND}, layer="waterdeel")
    saved(path, {"id": 1, "geometry": ROAD}, layer="spoor")
    assert sorted(basemap.read(path).shapes) == ["rail", "water"]


def test_it_is_clipped_to_the_surroundings_of_the_areas(tmp_path: Path) -> None:
    far = LineString([(WEST - 3, SOUTH), (EAST + 3, NORTH)])
    path = saved(tmp_path / "a.geojson", {"railway": "rail", "geometry": far})
    (line,) = basemap.drawn(basemap.read(path), TOWN)["layers"]["rail"]
    xs = [x for x, _ in places(line)]
    assert min(xs) >= WEST - 0.26 * (EAST - WEST)
    assert max(xs) <= EAST + 0.26 * (EAST - WEST)


def test_an_island_stays_land_and_two_lakes_that_overlap_stay_water(tmp_path: Path) -> None:
    lake = POND.difference(box(*at(0.3, 0.3), *at(0.4, 0.4)))
    path = tmp_path / "lakes.geojson"
    saved(path, *({"natural": "water", "geometry": one} for one in (lake, POND)))
    drawn = basemap.drawn(basemap.read(path), TOWN)["layers"]["water"]
    assert sorted(len(rings) for rings in drawn) == [1, 2]


def test_where_nothing_is_near_it_says_so(tmp_path: Path) -> None:
    away = {"natural": "water", "geometry": box(10, 40, 10.1, 40.1)}
    found = basemap.read(saved(tmp_path / "a.geojson", away))
    with pytest.warns(GeobikeWarning, match="nothing near the areas"):
        assert not any(basemap.drawn(found, TOWN)["layers"].values())


def test_a_tangle_takes_seconds_and_no_more_than_three_megabytes() -> None:
    chance = np.random.default_rng(19)
    spread = np.array([EAST - WEST, NORTH - SOUTH])
    tangles = [
        LineString(np.array([WEST, SOUTH]) + chance.random((60_000, 2)) * spread) for _ in range(20)
    ]
    star = Polygon(np.array([WEST, SOUTH]) + chance.random((60_000, 2)) * spread)
    found = basemap.Basemap(
        {
            "street": np.array(tangles, dtype=object),
            "water": np.array([star], dtype=object),
            "main": np.array([ROAD], dtype=object),
        },
        [],
    )
    with (
        processor_seconds(60),
        pytest.warns(GeobikeWarning, match="over 3 MB, so it is without: street"),
    ):
        drawn = basemap.drawn(found, TOWN)
    assert len(str(drawn["layers"])) <= basemap.MOST


@pytest.mark.parametrize("text", ["<OGRVRTDataSource/>", "", "not a file"])
def test_what_is_no_vector_file_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "town.osm.pbf"
    path.write_text(text)
    with pytest.raises(InputError, match=r"basemap town\.osm\.pbf: "):
        basemap.read(path)


def test_a_file_without_anything_to_draw_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "trees.geojson", {"kind": "tree", "geometry": Point(at(0.5, 0.5))})
    with pytest.raises(InputError, match=r"basemap trees\.geojson: holds no water"):
        basemap.read(path)


def test_the_areas_let_the_background_through(show: Open, tmp_path: Path) -> None:
    path = tmp_path / "town.gpkg"
    saved(path, {"natural": "water", "geometry": POND}, layer="surfaces")
    hostile = "<img src=x onerror=alert(1)>"
    name = {"place": "suburb", "name": hostile, "geometry": Point(at(0.5, 0.5))}
    saved(path, name, layer="points")
    opened = show(build(TOWN, basemap=path))
    areas_drawn = opened.page.locator(".leaflet-overlay-pane path").first
    assert areas_drawn.get_attribute("fill-opacity") == "0.75"
    assert opened.texts(".gb-place-name") == [hostile]
    painted = opened.page.locator(".leaflet-gb-basemap-pane path")
    box = painted.first.bounding_box()
    whole = areas_drawn.bounding_box()
    assert box is not None
    assert whole is not None
    assert box["width"] / whole["width"] == pytest.approx(0.4, abs=0.02)
    plain = show(build(TOWN))
    first = plain.page.locator(".leaflet-overlay-pane path").first
    assert first.get_attribute("fill-opacity") == "1"
    assert plain.page.locator(".gb-backed-by-file").count() == 0
