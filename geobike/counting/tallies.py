"""Tallies: what each photo adds to the sums of each area. Numbers of areas are sums over this.

Photos belong to the area where they were taken, bicycles to the area where they stand, and stops
are shared out over the areas that they show; one table holds them all, so that every sum can be
taken by area, by period, and checked against the whole.
"""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from geobike import metrics, schema


def tally(photos: gpd.GeoDataFrame, bicycles: pd.DataFrame, exposure: pd.DataFrame) -> pd.DataFrame:
    """Return a tallies frame from a counts frame, its bicycles and its exposure."""
    schema.check(photos, schema.COUNTS)
    schema.check(bicycles, schema.BICYCLES)
    schema.check(exposure, schema.EXPOSURE)
    parts = [_of_photos(photos), _of_bicycles(bicycles), _of_stops(exposure)]
    stop = schema.coded(exposure["stop_id"])  # only rows of stops have one, and they come last
    none = np.full(len(parts[0]) + len(parts[1]), -1)
    data: dict[str, Any] = {
        name: union_categoricals([schema.coded(part[name]) for part in parts])
        for name in ("photo_id", "area_id")
    }
    data["stop_id"] = pd.Categorical.from_codes(np.append(none, stop.codes), dtype=stop.dtype)
    for name in metrics.SUMS:
        data[name] = np.concatenate([part.get(name, np.zeros(len(part))) for part in parts])
    return schema.table(schema.TALLIES, pd.DataFrame(data, copy=False))


def _of_photos(photos: gpd.GeoDataFrame) -> pd.DataFrame:
    row = np.flatnonzero(photos["status"] == schema.COUNTED)
    return pd.DataFrame(
        {
            "photo_id": schema.as_codes(row, photos["photo_id"]),
            "area_id": photos["area_id"].array[row],
            metrics.PHOTOS: 1.0,
            metrics.SHOWN: photos["bicycle_count"].array[row].astype(schema.FLOAT),
        }
    )


def _of_bicycles(bicycles: pd.DataFrame) -> pd.DataFrame:
    photo, area = (schema.coded(bicycles[name]) for name in ("photo_id", "area_id"))
    # A photo and an area as one number, as they come; NA is an area of its own.
    areas = len(area.categories) + 1
    number, keys = pd.factorize(photo.codes.astype(np.int64) * areas + area.codes + 1)
    return pd.DataFrame(
        {
            "photo_id": pd.Categorical.from_codes(keys // areas, dtype=photo.dtype),
            "area_id": pd.Categorical.from_codes(keys % areas - 1, dtype=area.dtype),
            metrics.BICYCLES: np.bincount(number).astype(float),
        }
    )


def _of_stops(exposure: pd.DataFrame) -> pd.DataFrame:
    weight = exposure["weight"]
    return pd.DataFrame(
        {
            "photo_id": exposure["photo_id"],
            "area_id": exposure["area_id"],
            metrics.STOPS: weight * exposure["share"],
            metrics.ON_STOPS: weight * exposure["bicycle_count"].astype(schema.FLOAT),
        }
    )
