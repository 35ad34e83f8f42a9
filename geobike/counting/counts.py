"""Bicycles per photo, then the metrics of each area.

Where no photo was counted, all but the number of photos is NA: no photos is not no bicycles.
"""

from collections.abc import Iterable
from typing import Any

import geopandas as gpd
import pandas as pd

from geobike import metrics, schema


def per_photo(photos: gpd.GeoDataFrame, detections: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return a counts frame: every photo without a status becomes `counted`.

    `bicycle_count` is the number of kept boxes, 0 where there is none, and NA for every photo that
    is not `counted`.

    Examples:
        >>> import geobike
        >>> from geobike import schema
        >>> points = schema.points([4.36, 4.36], [52.01, 52.01])
        >>> photos = schema.geotable(schema.PHOTOS, {"photo_id": ["a.jpg", "b.jpg"]}, points)
        >>> boxes = {"photo_id": ["a.jpg", "a.jpg"], "kept": [True, False]}
        >>> counts = geobike.count_per_photo(photos, schema.table(schema.DETECTIONS, boxes))
        >>> counts[["photo_id", "status", "bicycle_count"]]
          photo_id   status  bicycle_count
        0    a.jpg  counted              1
        1    b.jpg  counted              0
    """
    schema.check(photos, schema.PHOTOS)
    schema.check(detections, schema.DETECTIONS)
    out = photos.copy(deep=False)
    out["status"] = out["status"].fillna(schema.COUNTED)
    boxes = kept_boxes(detections, out["photo_id"]).astype(schema.COUNT).set_axis(out.index)
    out["bicycle_count"] = boxes.mask(out["status"] != schema.COUNTED)
    return out


def kept_boxes(detections: pd.DataFrame, photo_ids: Iterable[str]) -> "pd.Series[int]":
    """Return the number of kept boxes by `photo_id`, 0 for a photo without any."""
    kept = detections.loc[detections["kept"], "photo_id"].astype(schema.TEXT).value_counts()
    boxes: pd.Series[int] = kept.reindex(pd.Index(photo_ids)).fillna(0).astype(int)
    return boxes


def per_area(counts: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return an area counts frame: every metric of the counted photos of each area.

    See `geobike.metrics` for units, formulas, and where a metric is NA. `status` is `unseen` where
    no photo was counted, and NA otherwise: how well an area was seen needs stops, not photos.

    Examples:
        >>> import geobike
        >>> from geobike import schema
        >>> from shapely import box
        >>> points = schema.points([4.36, 4.36], [52.01, 52.01])
        >>> seen = {"photo_id": ["a.jpg", "b.jpg"], "area_id": ["1", "1"], "bicycle_count": [3, 0]}
        >>> counts = schema.geotable(schema.COUNTS, {**seen, "status": ["counted"] * 2}, points)
        >>> names = {"area_id": ["1", "2"], "name": ["Centre", "East"], "area_km2": [3.05, 3.05]}
        >>> shapes = [box(4.35, 52.0, 4.37, 52.02), box(4.37, 52.0, 4.39, 52.02)]
        >>> areas = geobike.count_per_area(counts, schema.geotable(schema.AREAS, names, shapes))
        >>> areas[["name", "photo_count", "bicycle_count", "status"]]
             name  photo_count  bicycle_count  status
        0  Centre            2              3     NaN
        1    East            0           <NA>  unseen
    """
    schema.check(counts, schema.COUNTS)
    schema.check(areas, schema.AREAS)
    groups = counts[counts["status"] == schema.COUNTED].groupby("area_id")
    area_id = areas["area_id"]
    known = areas.assign(**{total.name: _total(total, groups, area_id) for total in metrics.SUMS})
    out = areas.copy()
    for metric in metrics.available(list(areas)):
        out[metric.name] = metrics.values(metric, known)
    unseen = pd.Series(schema.UNSEEN, index=out.index, dtype=schema.TEXT)
    out["status"] = unseen.where(known[metrics.PHOTOS] == 0)
    for column, times in (
        ("first_photo_at", groups["taken_at"].min()),
        ("last_photo_at", groups["taken_at"].max()),
    ):
        out[column] = times.reindex(area_id).astype(schema.TIME).array
    return out


def _total(total: metrics.Sum, groups: Any, area_id: "pd.Series[str]") -> "pd.Series[int]":
    """Return a sum over the photos of each area, 0 where there are none."""
    sums = groups.size() if total.column is None else groups[total.column].sum()
    return area_id.map(sums).fillna(0).astype(schema.COUNT)
