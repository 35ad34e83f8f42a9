"""Street lines of the user's file, in every form that they come in."""

from pathlib import Path

import numpy as np
import pytest
from shapely import LineString

from geobike import schema, streets
from geobike.errors import GeobikeWarning, InputError
from tests.streets.test_network import at, halves, lines
from tests.support.bounded import processor_seconds


def named(path: Path) -> list[str]:
    return sorted(streets.read(path, halves())["name"].fillna("-"))


def test_lines_are_read_in_any_format_and_crs(tmp_path: Path) -> None:
    frame = lines(Dam=at((0, 0), (200, 0)), Lane=at((0, 0), (0, 200)))
    frame.to_crs(28992).to_file(tmp_path / "streets.gpkg")
    frame.to_crs(32631).to_file(tmp_path / "streets.shp")
    frame.rename(columns={"name": "STRAATNAAM"}).to_file(tmp_path / "streets.geojson")
    for name in ("streets.gpkg", "streets.shp", "streets.geojson"):
        assert named(tmp_path / name) == ["Dam", "Lane"]
        read = streets.read(tmp_path / name, halves())
        assert read.crs == schema.CRS
        assert read.total_bounds == pytest.approx(frame.total_bounds, abs=1e-5)


def test_lines_far_from_the_areas_are_left_out(tmp_path: Path) -> None:
    far = LineString([(6, 52), (6.1, 52)])
    lines(Dam=at((0, 0), (200, 0)), Far=far).to_file(tmp_path / "streets.geojson")
    assert named(tmp_path / "streets.geojson") == ["Dam"]
    lines(Far=far).to_file(tmp_path / "far.geojson")
    with pytest.raises(InputError, match=r"far\.geojson: has no street line near the areas"):
        streets.read(tmp_path / "far.geojson", halves())


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_line_that_leaves_the_earth_is_left_out(tmp_path: Path) -> None:
    beyond = LineString([(4.36, 52.01), (1e300, 52.01)])
    lines(Dam=at((0, 0), (200, 0)), Beyond=beyond).to_file(tmp_path / "streets.geojson")
    with pytest.warns(GeobikeWarning, match="1 street line is left out: .* are not degrees"):
        assert named(tmp_path / "streets.geojson") == ["Dam"]


def test_of_openstreetmap_only_streets_are_taken(tmp_path: Path) -> None:
    frame = lines(
        Dam=at((0, 0), (200, 0)), A4=at((0, 9), (200, 9)), Path=at((0, 3), (200, 3))
    ).assign(highway=["residential", "motorway", "footway"])
    frame.to_file(tmp_path / "streets.geojson")
    assert named(tmp_path / "streets.geojson") == ["Dam"]
    frame[1:].to_file(tmp_path / "none.geojson")
    with pytest.raises(InputError, match="no line has a street's highway"):
        streets.read(tmp_path / "none.geojson", halves())


def test_an_openstreetmap_extract_is_read(tmp_path: Path) -> None:
    osmium = pytest.importorskip("osmium")
    path = tmp_path / "town.osm.pbf"
    writer = osmium.SimpleWriter(str(path))
    for number, (lon, lat) in enumerate([(4.36, 52.01), (4.361, 52.01), (4.361, 52.011)], start=1):
        writer.add_node(osmium.osm.mutable.Node(id=number, location=(lon, lat)))
    tags = {"highway": "residential", "name": "Oude Delft"}
    writer.add_way(osmium.osm.mutable.Way(id=1, nodes=[1, 2], tags=tags))
    writer.add_way(osmium.osm.mutable.Way(id=2, nodes=[2, 3], tags={"highway": "cycleway"}))
    writer.close()
    before = sorted(tmp_path.iterdir())
    assert named(path) == ["Oude Delft"]
    assert sorted(tmp_path.iterdir()) == before


def test_a_file_that_only_calls_itself_an_extract_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "town.osm.pbf"
    path.write_text("<OGRVRTDataSource/>")
    with pytest.raises(InputError, match=r"streets .*town\.osm\.pbf: "):
        streets.read(path, halves())


def test_what_is_no_line_is_refused_by_name(tmp_path: Path) -> None:
    halves().to_file(tmp_path / "areas.geojson")
    with pytest.raises(InputError, match="has no street line near the areas"):
        streets.read(tmp_path / "areas.geojson", halves())
    with pytest.raises(InputError, match=r"streets .*nowhere\.geojson"):
        streets.read(tmp_path / "nowhere.geojson", halves())
    lines(Dam=at((0, 0), (200, 0))).to_file(tmp_path / "streets.shp")
    (tmp_path / "streets.prj").unlink()
    with pytest.raises(InputError, match="declares no CRS"):
        streets.read(tmp_path / "streets.shp", halves())


def test_a_tangle_that_would_take_minutes_to_cut_is_refused(tmp_path: Path) -> None:
    chance = np.random.default_rng(4)
    tangle = at(*chance.uniform(-400, 400, (2000, 2)))
    lines(Tangle=tangle).to_file(tmp_path / "streets.geojson")
    with (
        processor_seconds(5),
        pytest.raises(
            InputError, match=r"streets\.geojson: its lines cross each other over 69,990"
        ),
    ):
        streets.read(tmp_path / "streets.geojson", halves())


def test_a_grid_of_thousands_of_streets_is_no_tangle(tmp_path: Path) -> None:
    grid = {}
    for n in range(-60, 60):  # every block a side of its own, so that four meet at each corner
        grid[f"E{n}"] = at(*((6.0 * x, 6.0 * n) for x in range(-60, 60)))
        grid[f"N{n}"] = at(*((6.0 * n, 6.0 * y) for y in range(-60, 60)))
    lines(**grid).to_file(tmp_path / "streets.geojson")
    assert len(streets.read(tmp_path / "streets.geojson", halves())) == 240
