"""How far chance moves totals of the drive: poses recorded again, and every n-th photo."""

from collections.abc import Iterator
from typing import Final

import geopandas as gpd
import pandas as pd

import geobike
from benchmarks.measure import Row
from benchmarks.truth import drive
from benchmarks.truth.drive import EXACT, NOISES, Noise
from benchmarks.truth.matching import match
from geobike.counting import places, placing

DRAWS: Final = 10
EVERY: Final = {1: "all photos", 2: "every second photo", 3: "every third photo"}


def rows() -> Iterator[Row]:
    for noise in NOISES:
        for every, words in EVERY.items():
            off = errors(noise, every)
            once, least = off["detected_once"], off["detected_at_least"]
            note = (
                f"{once.min():+.0f} to {once.max():+.0f} in {len(off)} surveys; of distinct "
                f"bicycles found; without boxes that match none {off['matched'].mean():+.0f}; "
                f"at least {least.mean():+.0f}, {least.min():+.0f} to {least.max():+.0f}"
            )
            what = f"drive, {noise.words}, {words}: each place once, mean error"
            yield Row(what, round(once.mean(), 1), unit="%", note=note)


def errors(noise: Noise, every: int, *, draws: int = DRAWS) -> pd.DataFrame:
    """Return how far totals are off, in percent of the distinct bicycles found, a row a survey.

    A survey is one draw of the errors, and each camera's photos from the first, second, ... on.
    `matched` is `detected_once` of boxes alone whose bicycle is known: others are doubles, boxes
    over two bicycles, and parts of hidden ones.
    """
    surveys = [
        thinned(drive.photos(noise, draw=draw), every, first)
        for draw in range(1 if noise == EXACT else draws)
        for first in range(every)
    ]
    return pd.DataFrame([_error(photos, noise) for photos in surveys])


def thinned(photos: gpd.GeoDataFrame, every: int, first: int = 0) -> gpd.GeoDataFrame:
    """Return every n-th photo of each camera and pass."""
    folder = photos["photo_id"].str.split("/").str[0]
    return photos[photos.groupby([folder, "camera"]).cumcount() % every == first]


def _error(photos: gpd.GeoDataFrame, noise: Noise) -> "pd.Series[float]":
    boxes = drive.detections(photos)
    counts = geobike.count_per_photo(photos, boxes)
    errors = {"position_error_m": noise.within_m, "heading_error": noise.heading}
    found = placing.place(counts, boxes, **errors)
    size = places.square_size(counts, position_error_m=noise.within_m)
    totals = places.count_once(found, size_m=size).iloc[0].astype(float)
    true = drive.truth(match(boxes, drive.seen()).dropna(), found["photo_id"].astype("str"))
    totals["matched"] = found.loc[true.index, "weight"].sum()
    return 100 * (totals / true["bicycle_id"].nunique() - 1)
