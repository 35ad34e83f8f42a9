"""The area at a place, held to shapely's own answer for each place and each polygon."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geobike.areas import finding


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 100_000), shapes=st.integers(0, 8))
def test_each_of_many_places_is_in_the_first_area_that_holds_it(seed: int, shapes: int) -> None:
    """Areas that overlap, touch, have holes, cross themselves, and are finer than a cell."""
    chance = np.random.default_rng(seed)
    polygons = np.array(
        [
            shapely.polygons(
                chance.uniform(4, 5, 2)
                + 10 ** chance.uniform(-3, 0) * chance.normal(0, 1, (chance.integers(3, 9), 2))
            )
            for _ in range(shapes)
        ],
        dtype=object,
    )
    if shapes > 2:
        polygons[1] = shapely.difference(shapely.envelope(polygons[0]), polygons[0].convex_hull)
        polygons[2] = polygons[1].centroid.buffer(0.05)
    lon, lat = chance.uniform(3, 6, (2, 1500))
    corners = shapely.get_coordinates(polygons)
    lon, lat = np.append(lon, corners[:, 0]), np.append(lat, corners[:, 1])  # borders belong
    lon[:5] = np.nan
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finding, "_MANY", 10)
        patch.setattr(finding, "_CHUNK", 700)
        found = finding.Finder(polygons).first(lon, lat)
    wanted = np.full(len(lon), -1)
    for row in reversed(range(shapes)):
        wanted[shapely.intersects_xy(polygons[row], lon, lat)] = row
    assert found.tolist() == wanted.tolist()
