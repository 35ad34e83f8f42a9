"""The columns of output files, the same in every format."""

from typing import Final

import geopandas as gpd
import pandas as pd

from geobike import schema
from geobike.exports import own_columns
from geobike.exports.protocol import Frames

_PHOTO_COLUMNS: Final = (
    "photo_id",
    "status",
    "reason",
    "bicycle_count",
    "area_id",
    "taken_at",
    "heading",
    "position_source",
    "position_error_m",
    "width",
    "height",
    "camera",
    "focal_length_35mm",
    "sha256",
)
"""All but `path`: where a file is on one machine must not be published."""

_OF_STOPS: Final = ("stop_id", "stop_photo")
"""Columns of photos that were counted."""

_BY_HAND: Final = ("hand_count", "hand_count_high", "stratum", "origin")
"""Columns of photos where people counted some."""


def select(frames: Frames) -> Frames:
    """Check the frames and return them with the columns that files have.

    `areas` is an area counts frame, `photos` a photos or a counts frame (the `bicycle_count` of a
    photos frame becomes null), `detections` a detections frame. Other columns of the areas are kept
    as the user's own. Raises SchemaError.
    """
    return Frames(
        areas=None if frames.areas is None else _areas(frames.areas),
        streets=None if frames.streets is None else _known(frames.streets, schema.STREETS),
        stops=None if frames.stops is None else _known(frames.stops, schema.STOPS),
        bicycles=None if frames.bicycles is None else _bicycles(frames.bicycles),
        photos=None if frames.photos is None else _photos(frames.photos),
        detections=None if frames.detections is None else _detections(frames.detections),
    )


def _areas(areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    schema.check(areas, schema.AREA_COUNTS)
    columns = [*schema.AREA_COUNTS.columns, *schema.present(areas, schema.AREA_COUNTS)]
    frame = own_columns.joined(areas[columns], areas.drop(columns=[*columns, areas.geometry.name]))
    return gpd.GeoDataFrame(frame, geometry=areas.geometry)


def _known(frame: gpd.GeoDataFrame, kind: schema.Frame) -> gpd.GeoDataFrame:
    schema.check(frame, kind)
    columns = [*kind.columns, *schema.present(frame, kind)]
    return gpd.GeoDataFrame(frame[columns], geometry=frame.geometry)


def _bicycles(bicycles: pd.DataFrame) -> gpd.GeoDataFrame:
    schema.check(bicycles, schema.BICYCLES)
    columns = [name for name in schema.BICYCLES.columns if name not in ("lon", "lat")]
    texts = dict.fromkeys(("photo_id", "reason", "area_id"), schema.TEXT)
    places = schema.points(bicycles["lon"], bicycles["lat"])
    return gpd.GeoDataFrame(bicycles[columns].astype(texts), geometry=places, crs=schema.CRS)


def _photos(photos: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    schema.check(photos, schema.COUNTS if "bicycle_count" in photos else schema.PHOTOS)
    counted = [name for name in (*_OF_STOPS, *_BY_HAND) if name in photos]
    columns = photos.reindex(columns=[*_PHOTO_COLUMNS, *counted])
    absent = {name: dtype for name, dtype in schema.PHOTOS.optional.items() if name not in photos}
    columns = columns.astype({name: absent[name] for name in absent if name in columns})
    return gpd.GeoDataFrame(columns, geometry=photos.geometry)


def _detections(detections: pd.DataFrame) -> pd.DataFrame:
    schema.check(detections, schema.DETECTIONS)
    columns = [*schema.DETECTIONS.columns, *schema.present(detections, schema.DETECTIONS)]
    return detections[columns]
