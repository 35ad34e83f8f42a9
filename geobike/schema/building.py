"""How a frame of a kind is made from columns."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geobike.schema.frame import CODED, CRS, FLAG, TEXT, Frame, present
from geobike.schema.recurring import coded


def table(frame: Frame, data: Mapping[str, Any] | pd.DataFrame) -> pd.DataFrame:
    """Build a plain table of this kind; columns that `data` lacks become NA, flags False."""
    given = pd.DataFrame(data)
    columns = {
        name: _typed(given[name], dtype) if name in given else _absent(dtype, given.index)
        for name, dtype in (dict(frame.columns) | present(given, frame)).items()
    }
    return pd.DataFrame(columns, index=given.index, copy=False)


def geotable(
    frame: Frame, data: Mapping[str, Any] | pd.DataFrame, geometry: Any
) -> gpd.GeoDataFrame:
    """Build a table of this kind with `geometry` in EPSG:4326."""
    return gpd.GeoDataFrame(table(frame, data), geometry=geometry, crs=CRS)


def points(lon: Any, lat: Any) -> "np.ndarray[Any, np.dtype[np.object_]]":
    """Return Points from longitudes and latitudes in degrees; None where either is NA."""
    x, y = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    out = np.full(len(x), None, dtype=object)
    known = ~(np.isnan(x) | np.isnan(y))
    out[known] = shapely.points(x[known], y[known])
    return out


def coordinates(
    points: gpd.GeoSeries,
) -> tuple["np.ndarray[Any, np.dtype[np.float64]]", "np.ndarray[Any, np.dtype[np.float64]]"]:
    """Return longitudes and latitudes in degrees of points; NaN where there is none.

    `points.x` names the type of each of them first, which takes twenty times as long.
    """
    shapes = np.asarray(points.array)
    return shapely.get_x(shapes), shapely.get_y(shapes)


def _typed(values: "pd.Series[Any]", dtype: Any) -> "pd.Series[Any]":
    if dtype != CODED:
        return values.astype(dtype)
    return pd.Series(coded(values), index=values.index)


def _absent(dtype: Any, index: "pd.Index[Any]") -> "pd.Series[Any]":
    if dtype == CODED:  # a byte a row, where text without any takes fifty on its way
        code = np.full(len(index), -1, dtype=np.int8)
        return pd.Series(pd.Categorical.from_codes(code, pd.Index([], dtype=TEXT)), index=index)
    return pd.Series(False if dtype == FLAG else None, index=index, dtype=dtype)
