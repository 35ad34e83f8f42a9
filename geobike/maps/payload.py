"""What the page is told: every figure as it stands in the frames, as plain JSON values."""

import base64
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geobike import schema
from geobike.errors import InputError
from geobike.maps import assets
from geobike.maps.classes import DIGITS, classify
from geobike.maps.shapes import drawn, east

METRICS: Final = ("bicycles_per_photo", "bicycle_count", "bicycles_per_km2")
"""Columns that can colour the map; the first one does at the start."""


@dataclass(frozen=True)
class Options:
    """What `build` was told besides the frames."""

    title: str
    label: str
    model: str
    threshold: float
    language: str
    timezone: str
    min_photos: int

    def __post_init__(self) -> None:
        if self.language not in _languages():
            raise InputError(
                f"language {self.language!r} has no words for the map; choose from "
                f"{', '.join(_languages())}"
            )
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise InputError(
                f"timezone {self.timezone!r} is not known; give a name such as Europe/Amsterdam"
            ) from None
        if not 0 <= self.threshold <= 1:
            raise InputError(f"threshold {self.threshold!r} is not between 0 and 1")
        if self.min_photos < 1:
            raise InputError(f"min_photos {self.min_photos!r} is not 1 or more")


def payload(
    areas: gpd.GeoDataFrame,
    photos: gpd.GeoDataFrame,
    detections: pd.DataFrame,
    ledger: Mapping[str, int],
    thumbnails: Mapping[str, bytes],
    options: Options,
) -> dict[str, Any]:
    """Check what `geobike.maps.build` was given and return what the page draws from."""
    schema.check(areas, schema.AREA_COUNTS)
    schema.check(photos, schema.COUNTS)
    schema.check(detections, schema.DETECTIONS)
    if areas.empty:
        raise InputError("there is no area to draw; give at least one polygon")
    unknown = set(ledger) - set(schema.STATUSES)
    if unknown:
        raise InputError(f"the ledger counts an unknown status: {', '.join(sorted(unknown))}")
    classes, metrics = _classes(areas, options.min_photos)
    shapes, shifted = drawn(areas)
    return {
        "title": options.title,
        "label": options.label,
        "model": options.model,
        "threshold": options.threshold,
        "language": options.language,
        "timezone": options.timezone,
        "min_photos": options.min_photos,
        "words": json.loads(assets.page(f"words-{options.language}.json")),
        "ledger": {status: int(ledger[status]) for status in schema.STATUSES if ledger.get(status)},
        "digits": DIGITS,
        "metrics": metrics,
        "areas": _areas(areas, shapes, classes, options.timezone),
        "photos": _photos(photos, detections, thumbnails, options.timezone, shifted),
    }


def _languages() -> list[str]:
    files = (resources.files(__package__) / "page").iterdir()
    found = (re.fullmatch(r"words-(\w+)\.json", file.name) for file in files)
    return sorted(match[1] for match in found if match)


def _classes(
    areas: gpd.GeoDataFrame, min_photos: int
) -> tuple[dict[str, list[int | str]], list[dict[str, Any]]]:
    """Return each area's class per metric, and each metric's classes.

    A class is a number, or why there is none: `none` without photos, `few` below `min_photos`,
    `missing` where the frame has no finite figure.
    """
    numbers, metrics = {}, []
    taken = areas["photo_count"].fillna(0).to_numpy(dtype=int)
    for metric in METRICS:
        figures = areas[metric].to_numpy(dtype=float, na_value=math.nan)
        known = (taken >= min_photos) & np.isfinite(figures)
        found, positions = classify(figures[known])
        state = np.select([taken == 0, taken < min_photos], ["none", "few"], "missing")
        placed: list[int | str] = state.tolist()
        for row, position in zip(np.flatnonzero(known), positions, strict=True):
            placed[row] = int(position)
        numbers[metric] = placed
        metrics.append({"key": metric, "classes": [vars(each) for each in found]})
    return numbers, metrics


def _areas(
    areas: gpd.GeoDataFrame,
    shapes: list[shapely.Geometry],
    classes: Mapping[str, list[int | str]],
    timezone: str,
) -> list[dict[str, Any]]:
    named = areas["name"].fillna(areas["area_id"])
    repeated = named.duplicated(keep=False)
    return [
        {
            "id": row.area_id,
            "name": f"{name} ({row.area_id})" if again else name,
            "area_km2": _number(row.area_km2),
            "photo_count": _number(row.photo_count),
            **{metric: _number(getattr(row, metric)) for metric in METRICS},
            "first": _time(row.first_photo_at, timezone),
            "last": _time(row.last_photo_at, timezone),
            "classes": {metric: classes[metric][position] for metric in METRICS},
            "geometry": json.loads(shapely.to_geojson(shape)),
        }
        for position, (row, name, again, shape) in enumerate(
            zip(_rows(areas), named, repeated, shapes, strict=True)
        )
    ]


def _photos(
    photos: gpd.GeoDataFrame,
    detections: pd.DataFrame,
    thumbnails: Mapping[str, bytes],
    timezone: str,
    shifted: bool,
) -> list[dict[str, Any]]:
    nowhere = photos.geometry.isna() | photos.geometry.is_empty
    located = photos[~nowhere & photos["status"].isin(schema.STATUSES)]
    kept = detections[detections["kept"] & detections["photo_id"].isin(list(thumbnails))]
    boxes = {photo_id: found for photo_id, found in kept.groupby("photo_id")}  # noqa: C416 - dict() drops the types
    return [
        {
            "id": row.photo_id,
            "lon": round(east(row.geometry.x) if shifted else row.geometry.x, 6),
            "lat": round(row.geometry.y, 6),
            "status": row.status,
            "bicycle_count": _number(row.bicycle_count),
            "taken": _time(row.taken_at, timezone),
            "image": _image(row.photo_id, thumbnails),
            "width": _number(row.width),
            "height": _number(row.height),
            "boxes": _boxes(boxes.get(row.photo_id), row.width, row.height),
        }
        for row in _rows(located)
    ]


def _boxes(found: pd.DataFrame | None, width: Any, height: Any) -> list[dict[str, Any]]:
    """Return boxes in percent of the photo, so that they fit a thumbnail of any size."""
    if found is None or pd.isna(width) or pd.isna(height):
        return []
    return [
        {
            "label": row.label,
            "score": _number(row.score),
            "left": round(100 * row.xmin / width, 2),
            "top": round(100 * row.ymin / height, 2),
            "width": round(100 * (row.xmax - row.xmin) / width, 2),
            "height": round(100 * (row.ymax - row.ymin) / height, 2),
        }
        for row in _rows(found)
    ]


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    """Return the rows by column name, as values whose types `schema.check` has seen to."""
    return iter(frame.itertuples())


def _image(photo_id: str, thumbnails: Mapping[str, bytes]) -> str | None:
    content = thumbnails.get(photo_id)
    if content is None:
        return None
    if not content.startswith(b"\xff\xd8"):
        raise InputError(f"the thumbnail of {photo_id!r} is no JPEG; encode it as one")
    return f"data:image/jpeg;base64,{base64.b64encode(content).decode()}"


def _number(value: Any) -> int | float | None:
    """Return a plain number, None for NA, NaN and infinity, which JSON does not have."""
    if pd.isna(value) or not math.isfinite(value):
        return None
    return float(value) if isinstance(value, float) else int(value)


def _time(value: Any, timezone: str) -> str | None:
    return None if pd.isna(value) else value.tz_convert(timezone).strftime("%Y-%m-%d %H:%M")
