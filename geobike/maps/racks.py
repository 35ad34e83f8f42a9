"""The racks as the page draws them: places, capacities, and the bicycles near by."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geobike import schema
from geobike.maps.encoding import encode_json
from geobike.maps.numbers import DECIMALS, finite


def drawn(racks: gpd.GeoDataFrame | None, *, walk: float) -> dict[str, Any] | None:
    """Return a racks frame as columns for the page; None where no racks were given.

    `state` is what is known: `places`, `unknown` (no capacity), or `left` (does not count).
    """
    if racks is None:
        return None
    schema.check(racks, schema.RACKS)
    points = np.asarray(racks.geometry.array)
    state = np.where(racks["capacity"].isna(), "unknown", "places")
    columns = {
        "lon": shapely.get_x(points).round(DECIMALS).tolist(),
        "lat": shapely.get_y(points).round(DECIMALS).tolist(),
        "places": _values(racks["capacity"]),
        "near": _values(racks["detected_near"].round(1)),
        "date": _values(racks["capacity_date"]),
        "why": _values(racks["left_out"]),
        "state": np.where(racks["left_out"].notna(), "left", state).tolist(),
    }
    return {"walk": walk, "columns": encode_json(columns)}


def _values(column: "pd.Series[Any]") -> list[Any]:
    return [value if isinstance(value, str) else finite(value) for value in column]
