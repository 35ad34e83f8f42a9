"""Files that are drawn below the areas, read without a page."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, Polygon, box

from geobike.errors import GeobikeWarning, InputError
from geobike.maps import context
from tests.support.bounded import processor_seconds


def write(path: Path, *shapes: shapely.Geometry) -> Path:
    gpd.GeoDataFrame(geometry=list(shapes), crs=4326).to_file(path)
    return path


def tangle(vertices: int) -> Polygon:
    chance = np.random.default_rng(4)
    return Polygon(chance.uniform((4.0, 52.0), (4.2, 52.2), (vertices, 2)))


def test_a_polygon_of_many_crossings_is_drawn_in_seconds(tmp_path: Path) -> None:
    with (
        processor_seconds(5),
        pytest.warns(GeobikeWarning, match=r"context .*invalid polygons repaired, at row: 0"),
    ):
        shapes = context.read(write(tmp_path / "a.gpkg", tangle(300))).shapes
    assert shapely.is_valid(shapes).all()


def test_a_polygon_that_would_take_minutes_to_repair_is_refused(tmp_path: Path) -> None:
    with (
        processor_seconds(10),
        pytest.raises(InputError, match=r"context .* cross each other over 100,000 times; repair"),
    ):
        context.read(write(tmp_path / "a.gpkg", tangle(3000)))


def test_a_line_of_any_length_is_drawn_as_it_is(tmp_path: Path) -> None:
    line = LineString(tangle(20_000).exterior.coords)
    [shape] = context.read(write(tmp_path / "a.gpkg", line)).shapes
    assert shape.coords[:] == line.coords[:]


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_a_shape_whose_coordinates_are_not_finite_spoils_no_other(tmp_path: Path) -> None:
    odd = LineString([(4, 52), (float("nan"), 52)])
    whole = box(4, 52, 5, 53)
    assert context.read(write(tmp_path / "a.gpkg", odd, whole)).shapes.tolist() == [whole]
