"""Places, pressure and shortage: the formulas of parking."""

from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from geobike import metrics, schema

USABLE: Final = 0.9  # share of the places that bicycles can be expected to fill
TINY: Final = 1e-6  # of sums of weights, so that 3.0000001 is 3


def racks_by(racks: gpd.GeoDataFrame, key: str, ids: "pd.Series[str]") -> pd.DataFrame:
    """Return number, known capacities and capacity of the racks of each id, on the ids' index.

    Where there are racks and no capacity is known, the capacity is NA; where there is none, 0.
    """
    groups = racks.groupby(key)["capacity"]
    found = pd.DataFrame(
        {
            "rack_count": groups.size(),
            "rack_capacity_known": groups.count(),
            "rack_capacity": groups.sum(min_count=0),
        }
    ).reindex(ids.array, fill_value=0)
    out = found.set_axis(ids.index).astype(schema.COUNT)
    unknown = (out["rack_count"] > 0) & (out["rack_capacity_known"] == 0)
    return out.assign(rack_capacity=out["rack_capacity"].mask(unknown))


def is_known(supply: pd.DataFrame) -> "pd.Series[bool]":
    """Return whether enough of the racks have a capacity, as all of none have."""
    needed = metrics.KNOWN * supply["rack_count"] - TINY
    known: pd.Series[bool] = supply["rack_capacity_known"] >= needed
    return known.astype(bool)


def pressure(parked: "pd.Series[float]", supply: pd.DataFrame) -> "pd.Series[float]":
    """Return parked bicycles by places, NA where too few capacities are known or there is none."""
    places = supply["rack_capacity"].astype(schema.FLOAT).where(is_known(supply))
    return parked.astype(schema.FLOAT) / places.mask(places == 0)


def shortage(parked: Any, places: Any) -> Any:
    """Return the places that are lacking: whole, 0 where there are enough.

    Examples:
        >>> shortage(np.array([14.0, 18.0, 18.2, 40.0]), np.array([20, 20, 20, 20]))
        array([ 0.,  0.,  1., 22.])
    """
    return np.maximum(0.0, np.ceil(parked - USABLE * places - TINY))
