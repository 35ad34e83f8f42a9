"""Tallies: what each photo adds to the sums of each area. Numbers of areas are sums over this.

Photos belong to the area where they were taken, bicycles to the area where they stand, and stops
are shared out over the areas that they show; one table holds them all, so that every sum can be
taken by area, by period, and checked against the whole.
"""

import geopandas as gpd
import pandas as pd

from geobike import metrics, schema


def tally(photos: gpd.GeoDataFrame, bicycles: pd.DataFrame, exposure: pd.DataFrame) -> pd.DataFrame:
    """Return a tallies frame from a counts frame, its bicycles and its exposure."""
    schema.check(photos, schema.COUNTS)
    schema.check(bicycles, schema.BICYCLES)
    schema.check(exposure, schema.EXPOSURE)
    parts = [_of_photos(photos), _of_bicycles(bicycles), _of_stops(exposure)]
    nothing = dict.fromkeys(metrics.SUMS, 0.0)
    return schema.table(schema.TALLIES, pd.concat(parts, ignore_index=True).fillna(nothing))


def _of_photos(photos: gpd.GeoDataFrame) -> pd.DataFrame:
    counted = photos[photos["status"] == schema.COUNTED]
    return pd.DataFrame(
        {
            "photo_id": counted["photo_id"],
            "area_id": counted["area_id"],
            metrics.PHOTOS: 1.0,
            metrics.SHOWN: counted["bicycle_count"].astype(schema.FLOAT),
        }
    )


def _of_bicycles(bicycles: pd.DataFrame) -> pd.DataFrame:
    # By codes: text of millions of boxes takes seconds, and NA is an area of its own.
    keys = ["photo_id", "area_id"]
    sizes = bicycles.groupby(keys, observed=True, dropna=False, sort=False).size()
    table = sizes.rename(metrics.BICYCLES).reset_index()
    texts = {"photo_id": schema.TEXT, "area_id": schema.TEXT, metrics.BICYCLES: schema.FLOAT}
    return table.astype(texts)


def _of_stops(exposure: pd.DataFrame) -> pd.DataFrame:
    weight = exposure["weight"]
    return pd.DataFrame(
        {
            "photo_id": exposure["photo_id"],
            "area_id": exposure["area_id"],
            "stop_id": exposure["stop_id"],
            metrics.STOPS: weight * exposure["share"],
            metrics.ON_STOPS: weight * exposure["bicycle_count"].astype(schema.FLOAT),
        }
    )
