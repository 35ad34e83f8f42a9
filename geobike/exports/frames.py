"""The columns of output files, the same in every format."""

from typing import Any, Final

import geopandas as gpd
import pandas as pd

from geobike import schema
from geobike.exports import own_columns, rounding
from geobike.exports.protocol import Frames

_OF_PHOTOS: Final = (
    "photo_id",
    "status",
    "reason",
    "bicycle_count",
    "area_id",
    "taken_at",
    "taken_local",
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

_OF_SOME: Final = (
    # Where some are panoramas: without these a bearing cannot be told again.
    *("panorama", "turn_px", "horizon_px"),
    # Of photos that were counted; the last where people corrected boxes.
    *("parked_count", "ridden_count", "stop_id", "stop_photo", "detected_count"),
    # Where people counted some.
    *("hand_count", "hand_count_high", "stratum", "origin"),
)
"""Columns that photos have in some surveys."""

PHOTO_COLUMNS: Final = (*_OF_PHOTOS, *_OF_SOME)
"""All columns that photos have in files."""

_CLOCK: Final = "%Y-%m-%d %H:%M:%S"


def select(frames: Frames) -> Frames:
    """Check the frames and return them with the columns that files have.

    `areas` is an area counts frame, `photos` a photos or a counts frame (the `bicycle_count` of a
    photos frame becomes null), `detections` a detections frame. Other columns of the areas are kept
    as the user's own. `taken_local` becomes text, the time in the survey's zone, where one is
    named, else what the camera's clock showed: no program converts it. Raises SchemaError.
    """
    return Frames(
        areas=None if frames.areas is None else _areas(frames.areas),
        streets=None if frames.streets is None else _known(frames.streets, schema.STREETS),
        racks=None if frames.racks is None else _known(frames.racks, schema.RACKS),
        stops=None if frames.stops is None else _known(frames.stops, schema.STOPS),
        bicycles=None if frames.bicycles is None else _bicycles(frames.bicycles),
        photos=None if frames.photos is None else _photos(frames.photos, frames.about.timezone),
        detections=None if frames.detections is None else _detections(frames.detections),
        about=frames.about,
    )


def _areas(areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    schema.check(areas, schema.AREA_COUNTS)
    columns = [*schema.AREA_COUNTS.columns, *schema.present(areas, schema.AREA_COUNTS)]
    own = areas.drop(columns=[*columns, areas.geometry.name])
    ours = rounding.figures(pd.DataFrame(areas[columns]), columns)
    return _shaped(own_columns.joined(ours, own), areas.geometry)


def _known(frame: gpd.GeoDataFrame, kind: schema.Frame) -> gpd.GeoDataFrame:
    schema.check(frame, kind)
    columns = [*kind.columns, *schema.present(frame, kind)]
    return _shaped(rounding.figures(pd.DataFrame(frame[columns]), columns), frame.geometry)


def _bicycles(bicycles: pd.DataFrame) -> gpd.GeoDataFrame:
    schema.check(bicycles, schema.BICYCLES)
    known = [*schema.BICYCLES.columns, *schema.present(bicycles, schema.BICYCLES)]
    columns = [name for name in known if name not in ("lon", "lat")]
    texts = {name: schema.text(bicycles[name]) for name in ("photo_id", "reason", "area_id")}
    points = schema.points(*(bicycles[axis].round(rounding.DEGREES) for axis in ("lon", "lat")))
    places = gpd.GeoSeries(points, index=bicycles.index, crs=schema.CRS)
    return _shaped(rounding.figures(bicycles[columns].assign(**texts), columns), places)


def _photos(photos: gpd.GeoDataFrame, timezone: str | None) -> gpd.GeoDataFrame:
    schema.check(photos, schema.COUNTS if "bicycle_count" in photos else schema.PHOTOS)
    names = [*_OF_PHOTOS, *(name for name in _OF_SOME if name in photos)]
    columns = pd.DataFrame(photos).reindex(columns=names)
    absent = {name: dtype for name, dtype in schema.PHOTOS.optional.items() if name not in photos}
    columns = columns.astype({name: absent[name] for name in absent if name in columns})
    columns["taken_local"] = _clock(photos, timezone)
    return _shaped(rounding.figures(columns, names), photos.geometry)


def _clock(photos: pd.DataFrame, timezone: str | None) -> "pd.Series[str]":
    """Return the local times as text."""
    local: pd.Series[Any]
    if timezone is not None:
        local = photos["taken_at"].dt.tz_convert(timezone)
    elif "taken_local" in photos:
        local = photos["taken_local"]
    else:
        return pd.Series(None, index=photos.index, dtype=schema.TEXT)
    text: pd.Series[str] = local.dt.strftime(_CLOCK).astype(schema.TEXT)
    return text


def _detections(detections: pd.DataFrame) -> pd.DataFrame:
    schema.check(detections, schema.DETECTIONS)
    columns = [*schema.DETECTIONS.columns, *schema.present(detections, schema.DETECTIONS)]
    return detections[columns].rename(columns=schema.IN_FILES)


def _shaped(columns: pd.DataFrame, geometry: gpd.GeoSeries) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=rounding.places(geometry), crs=schema.CRS)
