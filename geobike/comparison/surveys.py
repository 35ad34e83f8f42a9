"""A finished survey, counted again with the areas of another."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geobike import areas as area_room
from geobike import schema
from geobike.counting import counts, stage
from geobike.counting.exposure import RowAt
from geobike.detections import filtering
from geobike.estimates import figures, looks, parts
from geobike.estimates.draws import Draws
from geobike.saved import SavedSurvey
from geobike.survey.estimating import IN_PHOTOS


@dataclass(frozen=True, kw_only=True)
class Recounted:
    """The stops of a survey, and what they show of the areas."""

    stops: gpd.GeoDataFrame
    """Stops frame, with the streets of the survey's own files."""
    parts: pd.DataFrame
    """What areas get of each look, as `estimates.parts.share_out` returns it."""
    units: "pd.Series[str]"
    """By `stop_id`, its street, or the square of 150 m where none is known."""
    draws: Draws | None
    """Of its hand counts; None where there are too few for a range."""
    missing: tuple[str, ...]
    """What would have to be counted by hand for a range."""


def recount(finished: SavedSurvey, areas: gpd.GeoDataFrame) -> Recounted:
    """Count a finished survey with these areas, by its own settings.

    `areas` is an areas frame. Raises InputError where a file of the survey cannot be used.
    """
    row_at = area_room.row_at(areas)
    detected = filtering.filter_detections(finished.detections(), **asdict(finished.rules))
    written = finished.placed_photos()
    photos = counts.per_photo(_photos(written, areas, row_at), detected)
    counted = stage.count(photos, detected, areas, row_at=row_at, rules=_rules(finished.summary))
    found = looks.find(counted.exposure).sort_values("photo_id", ignore_index=True)
    shared = parts.share_out(found, counted.exposure)
    streets = _streets(finished)
    units = streets.reindex(counted.street_of_stop.index).fillna(counted.street_of_stop)
    by_hand = _hand_counts(written)
    drawn: Draws | None = None
    missing: tuple[str, ...] = ("no photo of it was counted by hand",)
    if by_hand is not None:
        seed = _seed(found, counted.exposure, by_hand)
        estimated = figures.estimate(found, counted.exposure, by_hand, seed=seed)
        drawn, missing = None if estimated.missing else estimated.draws, estimated.missing
    streets_of = counted.stops["stop_id"].map(streets).astype(schema.TEXT)
    stops = counted.stops.assign(street_id=streets_of)
    return Recounted(stops=stops, parts=shared, units=units, draws=drawn, missing=missing)


def _photos(saved: gpd.GeoDataFrame, areas: gpd.GeoDataFrame, row_at: RowAt) -> gpd.GeoDataFrame:
    """Return the photos frame of a survey's file, in these areas."""
    place = saved.geometry
    row = np.full(len(saved), -1)
    known = (saved["status"] == schema.COUNTED).to_numpy()
    row[known] = row_at(place.x.to_numpy()[known], place.y.to_numpy()[known])
    ids = pd.Series(areas["area_id"].to_numpy(), dtype=schema.TEXT)
    wanted = [*schema.PHOTOS.columns, *schema.PHOTOS.optional]
    columns = {name: saved[name].array for name in wanted if name in saved}
    columns["area_id"] = ids.reindex(row).array
    return schema.geotable(schema.PHOTOS, columns, place.to_numpy())


def _rules(summary: Mapping[str, Any]) -> stage.Rules:
    """Return how a survey placed bicycles and made stops: what its settings do not say, as now."""
    said = summary.get("settings", {}).get("survey", {})
    names = {field.name for field in fields(stage.Rules)}
    known = {name: value for name, value in said.items() if name in names and value is not None}
    if "place" in known:
        known["place"] = known["place"] == "auto"
    return stage.Rules(**known)


def _streets(finished: SavedSurvey) -> "pd.Series[str]":
    stops = finished.stops()
    if stops is None:
        return pd.Series(dtype=schema.TEXT)
    known: pd.Series[str] = stops.set_index("stop_id")["street_id"].dropna()
    return known


def _hand_counts(photos: pd.DataFrame) -> pd.DataFrame | None:
    """Return the hand counts frame of a survey that was estimated from some."""
    if "hand_count" not in photos:
        return None
    known = photos[photos["hand_count"].notna()]
    if known.empty:
        return None
    names = {name: IN_PHOTOS.get(name, name) for name in schema.HAND_COUNTS.columns}
    return schema.table(schema.HAND_COUNTS, {ours: known[name] for ours, name in names.items()})


def _seed(*frames: pd.DataFrame) -> int:
    """Return a seed that follows from the content.

    So the draws of two surveys are independent, and those of a survey compared with itself equal.
    """
    digest = hashlib.sha256()
    for frame in frames:
        digest.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    return int.from_bytes(digest.digest()[:8], "big") >> 1
