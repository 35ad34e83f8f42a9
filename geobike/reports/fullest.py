"""The fullest streets and places of a survey, and the photo that shows each."""

from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from geobike import schema
from geobike.counting import places

MOST: Final = 10
LEAST_M: Final = 50.0
"""Metres of a street that must have been seen: on less, one rack makes any street full."""
LEAST_STOPS: Final = 2
_NEAR: Final = 50.0  # metres from the street that a place is named after


def by_street(streets: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the streets by name and area, summed over their pieces, fullest first.

    `detected_per_100m` is NA where nothing of a street was seen. Nameless pieces stay apart.
    """
    name = streets["name"].astype(schema.TEXT)
    key = name.fillna("#" + streets["street_id"].astype(schema.TEXT))
    groups = streets.assign(name=name, key=key).groupby(
        ["key", "area_id"], dropna=False, sort=False
    )
    sums = groups[["length_m", "covered_m", "stop_count", "detected_once"]].sum()
    sums["name"] = groups["name"].first()
    sums["pieces"] = groups["street_id"].agg(list)
    covered = sums["covered_m"].where(sums["covered_m"] > 0)
    sums["detected_per_100m"] = 100 * sums["detected_once"] / covered
    order = ["detected_per_100m", "detected_once"]
    ordered: pd.DataFrame = sums.reset_index().sort_values(
        order, ascending=False, na_position="last"
    )
    return ordered


def streets(found: pd.DataFrame, stops: gpd.GeoDataFrame | None) -> pd.DataFrame:
    """Return the fullest of `by_street`, each with the `photo_id` of its fullest stop."""
    enough = (found["covered_m"] >= LEAST_M) & (found["stop_count"] >= LEAST_STOPS)
    fullest = found[enough & (found["detected_once"] > 0)].head(MOST).copy()
    fullest["photo_id"] = [_photo(pieces, stops) for pieces in fullest["pieces"]]
    return fullest


def _photo(pieces: list[str], stops: gpd.GeoDataFrame | None) -> str | None:
    if stops is None:
        return None
    here = stops[stops["street_id"].isin(pieces)]
    return None if here.empty else str(here.loc[here["bicycle_count"].idxmax(), "stop_id"])


def find_places(
    bicycles: pd.DataFrame,
    photos: pd.DataFrame,
    streets: gpd.GeoDataFrame | None,
    areas: gpd.GeoDataFrame,
) -> tuple[gpd.GeoDataFrame, float]:
    """Return the fullest places, with `street` and `area` by name, and the side of a square."""
    size = places.square_size(photos)
    found = places.find_places(bicycles, size_m=size)
    fullest = found.sort_values("detected_once", ascending=False, kind="stable").head(MOST)
    fullest = fullest.reset_index(drop=True)
    named = areas[["name", "geometry"]].assign(name=areas["name"].fillna(areas["area_id"]))
    return fullest.assign(street=_nearest(fullest, streets), area=_within(fullest, named)), size


def _nearest(found: gpd.GeoDataFrame, streets: gpd.GeoDataFrame | None) -> Any:
    """Return the name of the street that each place is at, None where none is near."""
    if streets is None or streets.empty or found.empty:
        return np.full(len(found), None, dtype=object)
    metric = found.estimate_utm_crs()
    near = (
        found[["geometry"]]
        .to_crs(metric)
        .sjoin_nearest(streets[["name", "geometry"]].to_crs(metric), max_distance=_NEAR, how="left")
    )
    name = near["name"].groupby(level=0).first().reindex(found.index)
    return name.astype(object).where(name.notna(), None).to_numpy()


def _within(found: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> Any:
    """Return the name of the area that each place is in, None where it is in none."""
    joined = found[["geometry"]].sjoin(areas, predicate="within", how="left")["name"]
    name = joined.groupby(level=0).first().reindex(found.index)
    return name.astype(object).where(name.notna(), None).to_numpy()
