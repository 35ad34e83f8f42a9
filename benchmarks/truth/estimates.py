"""Ways to say where bicycles are and how many: each is a row of figures in the benchmark.

A way takes photos with their areas and statuses, detections and areas, and returns an Estimate. Add
a function to WAYS, and the figures against the truth follow.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import pandas as pd

import geobike
from geobike import schema


@dataclass(frozen=True)
class Estimate:
    """What a way says of one survey."""

    bicycles: pd.DataFrame
    """A row for each kept box, on its index: `photo_id`, `lon`, `lat`, `area_id`, `weight`."""
    rates: "pd.Series[float]"
    """Bicycles per photo, or per stop, by `area_id`; NA where none counts."""


def by_camera(photos: gpd.GeoDataFrame, detections: pd.DataFrame, _: gpd.GeoDataFrame) -> Estimate:
    """Count each box where the camera stood."""
    counts = geobike.count_per_photo(photos, detections)
    counts = counts[counts["status"] == schema.COUNTED]
    here = pd.DataFrame(
        {
            "photo_id": counts["photo_id"],
            "lon": counts.geometry.x,
            "lat": counts.geometry.y,
            "area_id": counts["area_id"],
        }
    )
    kept = detections.loc[detections["kept"], "photo_id"].astype("str")
    kept = kept[kept.isin(here["photo_id"])]
    bicycles = here.set_index("photo_id").loc[kept].reset_index().set_index(kept.index)
    taken = here.groupby("area_id").size()
    rates = bicycles.groupby("area_id").size().reindex(taken.index).fillna(0) / taken
    return Estimate(bicycles.assign(weight=1.0), rates)


def by_place(
    photos: gpd.GeoDataFrame, detections: pd.DataFrame, areas: gpd.GeoDataFrame
) -> Estimate:
    """Count each box where its bicycle stands, each place once; rates per stop."""
    counts = geobike.count_per_photo(photos, detections)
    counted = geobike.count_areas(counts, detections, areas)
    rates = counted.areas.set_index("area_id")["detected_per_stop"]
    return Estimate(counted.bicycles.astype({"area_id": "str", "photo_id": "str"}), rates)


Way = Callable[[gpd.GeoDataFrame, pd.DataFrame, gpd.GeoDataFrame], Estimate]

WAYS: Final[dict[str, Way]] = {
    "by camera position": by_camera,
    "by place, once": by_place,
}
"""What the benchmark measures, by the words that its rows begin with."""
