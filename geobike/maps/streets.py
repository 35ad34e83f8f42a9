"""The streets on the page: those of which something was seen, as lines with their figures."""

import json
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import shapely

from geobike import schema
from geobike.maps.encoding import encode_json
from geobike.maps.numbers import finite
from geobike.maps.places import positions

_DECIMALS: Final = 5
_STEPS: Final = 4000  # the tolerance is the extent divided by this


def streets(
    given: gpd.GeoDataFrame | None,
    stops: gpd.GeoDataFrame | None,
    area_ids: "pd.Series[str]",
) -> tuple[Any, "pd.Series[int]"]:
    """Return the streets with a stop, packed where they are many, and the street of each stop.

    `given` is a streets frame, `stops` a stops frame. Where there are none, the list is empty.
    """
    nothing = pd.Series(dtype="int64")
    if given is None or stops is None or not (given["stop_count"] > 0).any():
        return [], nothing
    schema.check(given, schema.STREETS)
    schema.check(stops, schema.STOPS)
    seen = given[given["stop_count"] > 0]
    west, south, east, north = seen.total_bounds
    lines = shapely.simplify(seen.geometry.to_numpy(), max(east - west, north - south) / _STEPS)
    lines = shapely.transform(lines, lambda xy: xy.round(_DECIMALS))
    area = positions(seen["area_id"], area_ids)
    rows = [
        {
            "name": None if pd.isna(row.name_) else row.name_,
            "area": int(number),
            "length": round(row.length_m),
            "share": finite(row.covered_share),
            "stops": int(row.stop_count),
            "once": finite(row.detected_once),
            "rate": finite(row.detected_per_100m),
            "geometry": json.loads(shapely.to_geojson(line)),
        }
        for row, number, line in zip(
            seen.rename(columns={"name": "name_"}).itertuples(), area, lines, strict=True
        )
    ]
    number = pd.Index(seen["street_id"]).get_indexer(pd.Index(stops["street_id"]))
    return encode_json(rows), pd.Series(number, index=stops["stop_id"])
