"""Areas counted from frames, as a survey without streets does."""

from typing import Any

import geopandas as gpd
import pandas as pd

import geobike
from geobike import schema


def no_boxes() -> pd.DataFrame:
    return schema.table(schema.DETECTIONS, {"photo_id": []})


def no_tallies() -> pd.DataFrame:
    return schema.table(schema.TALLIES, {"photo_id": []})


def area_counts(
    photos: gpd.GeoDataFrame, areas: gpd.GeoDataFrame, detections: pd.DataFrame | None = None
) -> gpd.GeoDataFrame:
    """Return the area counts frame of a counts frame and the boxes on its photos."""
    return counted(photos, areas, detections).areas


def counted(
    photos: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame,
    detections: pd.DataFrame | None = None,
    **options: Any,
) -> geobike.Counted:
    boxes = no_boxes() if detections is None else detections
    return geobike.count_areas(photos, boxes, areas, **options)
