"""How many bicycles are parked and how many are ridden: by photo, stop and area.

Where the detector knows no persons, both are NA: a bicycle of which nothing is known is not parked.
"""

from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike import schema
from geobike.config import PERSONS

PARKED: Final = "parked_count"
RIDDEN: Final = "ridden_count"


def per_photo(photos: gpd.GeoDataFrame, detections: pd.DataFrame) -> pd.DataFrame:
    """Return `parked_count` and `ridden_count` of a photos frame, on its index.

    Ridden ones are told whether they count or not (`dropped_by`). NA for photos that are not
    counted, and where nobody told ridden ones apart.
    """
    rides = detections.get("ridden", pd.Series(pd.NA, detections.index, dtype=schema.MAYBE))
    counted = (photos["status"] == schema.COUNTED) & knows_persons(detections["label"])
    rides = rides.fillna(False)  # a box that a person added: only what counts is added
    marked = {PARKED: detections["kept"] & ~rides, RIDDEN: rides}
    ids = detections["photo_id"]
    return pd.DataFrame(
        {
            name: _by(ids[flags.to_numpy(bool)], photos["photo_id"])
            .set_axis(photos.index)
            .where(counted)
            for name, flags in marked.items()
        }
    )


def knows_persons(labels: "pd.Series[str]") -> bool:
    """Return whether any box is a person, counted or not: else riders cannot be told apart."""
    return any(str(label).strip().casefold() in PERSONS for label in labels.dropna().unique())


def per_stop(photos: gpd.GeoDataFrame, stop: npt.NDArray[np.intp]) -> dict[str, Any]:
    """Return columns of the mean over the photos of each stop, in the order of their numbers."""
    names = [name for name in (PARKED, RIDDEN) if name in photos]
    means = photos[names].astype(schema.FLOAT).groupby(stop).mean()
    return {name: means[name].to_numpy() for name in names}


def per_area(
    photos: gpd.GeoDataFrame, bicycles: pd.DataFrame, area_ids: "pd.Series[str]"
) -> pd.DataFrame:
    """Return both by `area_id`: parked ones where they stand, ridden ones by their photo's area.

    Without columns where photos or bicycles have none.
    """
    if RIDDEN not in photos or "ridden" not in bicycles:
        return pd.DataFrame(index=pd.Index(area_ids))
    counted = photos[photos[RIDDEN].notna()]
    parks = ~bicycles["ridden"].fillna(False).to_numpy(bool)
    rides = counted[RIDDEN].astype(int).groupby(counted["area_id"]).sum()
    out = pd.DataFrame(
        {
            PARKED: _by(bicycles["area_id"][parks], area_ids),
            RIDDEN: rides.reindex(pd.Index(area_ids)).fillna(0).astype(schema.COUNT),
        }
    )
    return out if len(counted) else out.mask(out.notna())


def _by(ids: "pd.Series[str]", wanted: "pd.Series[str]") -> "pd.Series[int]":
    """Return how often each of the wanted ids occurs, by id."""
    row = schema.rows_of(ids, wanted)
    times = np.bincount(row[row >= 0], minlength=len(wanted))
    return pd.Series(times, index=pd.Index(wanted), dtype=schema.COUNT)
