"""The positions that EXIF gives: read with the photos, and kept in the photos frame."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geobike import schema


def positions(photos: gpd.GeoDataFrame, _: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the positions frame of a photos frame as `photos.reading` makes it."""
    points = np.asarray(photos.geometry.array)
    return schema.table(
        schema.POSITIONS,
        photos[["heading", "taken_at", "reason"]].assign(
            lon=shapely.get_x(points),
            lat=shapely.get_y(points),
            accuracy=photos.get("position_error_m"),
            source=photos["position_source"],
        ),
    )
