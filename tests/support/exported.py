"""Frames to export, and a strict reader of JSON."""

import json
from pathlib import Path

import geopandas as gpd
from shapely import MultiPolygon, Polygon

from geobike import schema
from geobike.counting import counts
from tests.support.making import photos_frame


def area_counts(*shapes: Polygon | MultiPolygon) -> gpd.GeoDataFrame:
    names = [f"area {i}" for i in range(len(shapes))]
    data = {"area_id": names, "name": names, "area_km2": [1.0] * len(shapes)}
    nobody = counts.per_photo(photos_frame({}), schema.table(schema.DETECTIONS, {}))
    return counts.per_area(nobody, schema.geotable(schema.AREAS, data, list(shapes)))


def read_json(path: Path) -> dict:
    """Read JSON as the standard has it: NaN and Infinity are not JSON."""

    def refuse(word: str) -> None:
        raise ValueError(word)

    return json.loads(path.read_text("utf-8"), parse_constant=refuse)
