"""Ways to say where bicycles are and how many: each is a row of figures in the benchmark.

A way takes photos with their areas and statuses, and detections, and returns an Estimate. Add a
function to WAYS, and the figures against the truth follow.
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
    """A row for each kept box of a counted photo, on the index of the detections: `photo_id`,
    `lon`, `lat`, `area_id`, `weight`."""
    photos: pd.DataFrame
    """How photos are shared out: `photo_id`, `area_id`, `share`; the shares of a photo sum to 1."""


def by_camera(photos: gpd.GeoDataFrame, detections: pd.DataFrame) -> Estimate:
    """Count each box of a counted photo where the camera stood."""
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
    shared = here[["photo_id", "area_id"]].assign(share=1.0)
    return Estimate(bicycles.assign(weight=1.0), shared)


WAYS: Final[dict[str, Callable[[gpd.GeoDataFrame, pd.DataFrame], Estimate]]] = {
    "by camera position": by_camera,
}
"""What the benchmark measures, by the words that its rows begin with."""
