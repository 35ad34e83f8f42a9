"""One million points into 91 polygons: geobike.assign_areas against geopandas.sjoin."""

from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

import geobike
from benchmarks.measure import Row, in_turn
from geobike import schema

POINTS = 1_000_000


def run(shared: Path) -> Iterator[Row]:
    real = shared / "areas" / "delft_neighbourhoods.geojson"
    areas = geobike.read_areas(real) if real.is_file() else made_areas()
    photos = scatter(areas)
    # Copies of their own: what one way prepares must not help the other.
    points, polygons = copied(photos[["geometry"]]), copied(areas[["area_id", "geometry"]])
    ours, theirs = in_turn(
        lambda: geobike.assign_areas(photos, areas),
        lambda: gpd.sjoin(points, polygons, how="left"),
    )
    kind = "real" if real.is_file() else "made"
    yield Row(
        f"{POINTS:,} points into {len(areas)} {kind} polygons", ours, theirs, "geopandas.sjoin"
    )


def copied(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return frame.set_geometry(gpd.GeoSeries.from_wkb(frame.geometry.to_wkb(), crs=frame.crs))


def scatter(areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a photos frame of points spread over the box around the areas."""
    rng = np.random.default_rng(1)
    west, south, east, north = areas.total_bounds
    lon, lat = rng.uniform(west, east, POINTS), rng.uniform(south, north, POINTS)
    ids = pd.RangeIndex(POINTS).astype(str)
    return schema.geotable(schema.PHOTOS, {"photo_id": ids}, shapely.points(lon, lat))


def made_areas() -> gpd.GeoDataFrame:
    """Return 91 cells about random points, their borders broken into about 100 pieces."""
    rng = np.random.default_rng(2)
    seeds = shapely.MultiPoint(rng.uniform((4.3, 51.9), (4.5, 52.1), (91, 2)))
    cells = shapely.get_parts(
        shapely.voronoi_polygons(seeds, extend_to=shapely.box(4.3, 51.9, 4.5, 52.1))
    )
    cells = shapely.segmentize(cells, 0.0008)
    names = [str(i) for i in range(len(cells))]
    data = {"area_id": names, "name": names, "area_km2": np.ones(len(cells))}
    return schema.geotable(schema.AREAS, data, cells)
