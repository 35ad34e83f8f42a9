"""Matching the stops of two surveys: the same place, looked at the same way, twice.

Two surveys see different streets. A difference of all they saw is a difference of routes as well,
so only stops that both have are compared, each with one of the other survey.
"""

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from geobike import schema
from geobike.config import STOP_DISTANCE, STOP_TURN


def match(
    before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, *, reach: float = STOP_DISTANCE
) -> pd.DataFrame:
    """Return the pairs of stops that see the same place: columns `before` and `after`, stop ids.

    `before` and `after` are stops frames. Two stops match where they are within `reach` metres and
    their headings within 45 degrees; a stop without a heading matches any. Each stop is in one pair
    at most, the nearest pairs come first, and the order of the rows does not matter. Raises
    SchemaError for a frame of another kind.

    Examples:
        >>> from geobike import schema
        >>> from geobike.estimates import matching
        >>> def stops(names, lons, headings):
        ...     seen = {"stop_id": names, "heading": headings}
        ...     return schema.geotable(schema.STOPS, seen, schema.points(lons, [52.01] * len(lons)))
        >>> spring = stops(["a.jpg", "b.jpg"], [4.36, 4.361], [0, 0])
        >>> autumn = stops(["x.jpg", "y.jpg"], [4.3601, 4.361], [10, 180])
        >>> matching.match(spring, autumn)
          before  after
        0  a.jpg  x.jpg
    """
    schema.check(before, schema.STOPS)
    schema.check(after, schema.STOPS)
    near = _near(before, after, reach).sort_values(["metres", "before", "after"])
    chosen = near.loc[_both_free(near)]
    return chosen[["before", "after"]].sort_values("before", ignore_index=True)


def _near(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, reach: float) -> pd.DataFrame:
    """Return all pairs that could match, with the metres between them."""
    if before.empty or after.empty:
        return pd.DataFrame({"before": [], "after": [], "metres": []})
    flat = _around(before)
    here, there = (np.asarray(frame.geometry.to_crs(flat).array) for frame in (before, after))
    one, other = shapely.STRtree(there).query(here, predicate="dwithin", distance=reach)
    turn = np.abs(before["heading"].to_numpy()[one] - after["heading"].to_numpy()[other]) % 360
    same = ~(np.minimum(turn, 360 - turn) > STOP_TURN)  # true where a heading is NaN
    one, other = one[same], other[same]
    return pd.DataFrame(
        {
            "before": before["stop_id"].to_numpy()[one],
            "after": after["stop_id"].to_numpy()[other],
            "metres": shapely.distance(here[one], there[other]).round(3),
        }
    )


def _around(stops: gpd.GeoDataFrame) -> CRS:
    """Return a projection whose distances are true near the stops, wherever on earth they are."""
    place = stops.geometry.iloc[0]
    return CRS.from_dict({"proj": "aeqd", "lat_0": place.y, "lon_0": place.x, "ellps": "WGS84"})


def _both_free(pairs: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Tell of each pair, in their order, whether neither of its stops is in an earlier one."""
    taken: tuple[set[str], set[str]] = set(), set()
    free = []
    for one, other in zip(pairs["before"], pairs["after"], strict=True):
        free.append(one not in taken[0] and other not in taken[1])
        if free[-1]:
            taken[0].add(one)
            taken[1].add(other)
    return np.array(free, dtype=bool)
