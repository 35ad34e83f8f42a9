"""Bicycles per photo, and in the end the metrics of each area.

Where nobody looked, all but the number of photos is NA: no photos is not no bicycles.
"""

from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import pandas as pd

from geobike import metrics, schema, sums
from geobike.counting import coverage, riding


def per_photo(photos: gpd.GeoDataFrame, detections: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return a counts frame: every photo without a status becomes `counted`.

    `bicycle_count` is the number of kept boxes, 0 where there is none, and NA for every photo that
    is not `counted`. Detections that say which are `ridden` give `parked_count` and `ridden_count`.

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
    return out.assign(**riding.per_photo(out, detections)) if "ridden" in detections else out


def kept_boxes(detections: pd.DataFrame, photo_ids: Iterable[str]) -> "pd.Series[int]":
    """Return the number of kept boxes by `photo_id`, 0 for a photo without any."""
    ids = pd.Index(photo_ids)
    row = schema.rows_of(detections["photo_id"], ids)[detections["kept"].to_numpy()]
    return pd.Series(np.bincount(row[row >= 0], minlength=len(ids)), index=ids)


def per_area(
    areas: gpd.GeoDataFrame,
    photos: gpd.GeoDataFrame,
    tallied: pd.DataFrame,
    measured: pd.DataFrame,
) -> gpd.GeoDataFrame:
    """Return an area counts frame: every metric of each area, and how well it was seen.

    `areas` is an areas frame, `photos` a counts frame, `tallied` its tallies frame. `measured` has,
    by `area_id`, what is known from the whole survey: `detected_once`, `detected_at_least`,
    `streets_seen`, where streets are given `street_km`, `covered_km`, `covered_share`, and where
    riders are told apart `parked_count`, `ridden_count`. See
    `geobike.metrics` for units, formulas, and where a metric is NA.
    """
    schema.check(areas, schema.AREAS)
    schema.check(photos, schema.COUNTS)
    added = sums.by_area(tallied, areas["area_id"])
    columns = pd.concat([added, measured.reindex(areas["area_id"])], axis=1)
    # Areas that an earlier count gave have its figures; they are counted anew.
    earlier = [name for name in schema.AREA_COUNTS.optional if name not in schema.AREAS.optional]
    earlier += [metric.name for metric in metrics.METRICS]
    out = areas.drop(columns=earlier, errors="ignore")
    known = pd.concat([out, columns.set_axis(areas.index)], axis=1)
    for metric in metrics.available(list(known)):
        values = metrics.values(metric, known)
        out[metric.name] = (
            values.astype(schema.COUNT) if metric.is_whole else values.astype(schema.FLOAT)
        )
    looked = metrics.looked(known)
    for name in (riding.PARKED, riding.RIDDEN):
        if name in measured:
            out[name] = known[name].where(looked).astype(schema.COUNT)
    out["status"] = coverage.status(known)
    taken = photos[photos["status"] == schema.COUNTED].groupby("area_id")["taken_at"]
    for column, times in (("first_photo_at", taken.min()), ("last_photo_at", taken.max())):
        out[column] = times.reindex(areas["area_id"]).astype(schema.TIME).array
    return out
