"""What the page is told: every figure as it stands in the frames, as plain JSON values."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import geopandas as gpd
import pandas as pd
import shapely

from geobike import schema
from geobike.errors import InputError
from geobike.maps import context
from geobike.maps.encoding import encode_json
from geobike.maps.options import PageOptions, is_wms, words
from geobike.maps.photos import finite, photos, time
from geobike.maps.shapes import simplified

METRICS: Final = ("bicycles_per_photo", "bicycle_count", "bicycles_per_km2")
"""Columns that can colour the map; the first one does at the start."""

PER_INHABITANT: Final = "bicycles_per_1000_inhabitants"
"""The metric that is there where the areas' file names their population."""


@dataclass(frozen=True)
class Provenance:
    """How the numbers came about."""

    label: str
    model: str
    threshold: float
    timezone: str
    ledger: Mapping[str, int]

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise InputError(
                f"timezone {self.timezone!r} is not known; give a name such as Europe/Amsterdam"
            ) from None
        if not 0 <= self.threshold <= 1:
            raise InputError(f"threshold {self.threshold!r} is not between 0 and 1")
        unknown = set(self.ledger) - set(schema.STATUSES)
        if unknown:
            raise InputError(f"the ledger counts an unknown status: {', '.join(sorted(unknown))}")


def payload(
    areas: gpd.GeoDataFrame,
    taken: gpd.GeoDataFrame,
    detections: pd.DataFrame,
    thumbnails: Mapping[str, bytes],
    facts: Provenance,
    page: PageOptions,
) -> dict[str, Any]:
    """Check what `geobike.maps.build` was given and return what the page draws from."""
    schema.check(areas, schema.AREA_COUNTS)
    schema.check(taken, schema.COUNTS)
    schema.check(detections, schema.DETECTIONS)
    if areas.empty:
        raise InputError("there is no area to draw; give at least one polygon")
    ledger = facts.ledger
    metrics = [*METRICS, PER_INHABITANT] if PER_INHABITANT in areas else list(METRICS)
    shapes, shifted = simplified(areas)
    catalogue = words(page.language)
    return {
        "title": page.title,
        "label": facts.label,
        "model": facts.model,
        "threshold": facts.threshold,
        "timezone": facts.timezone,
        "language": catalogue["language"],
        "min_photos": page.min_photos,
        "source": page.source,
        "words": catalogue,
        "ledger": {status: int(ledger[status]) for status in schema.STATUSES if ledger.get(status)},
        "metrics": metrics,
        "areas": encode_json(_areas(areas, shapes, metrics, facts.timezone)),
        "photos": photos(taken, detections, thumbnails, areas["area_id"], facts.timezone, shifted),
        "context": context.layers(page.context, areas),
        "tiles": None
        if page.tiles is None
        else {"url": page.tiles, "wms": is_wms(page.tiles), "attribution": page.attribution},
    }


def _areas(
    areas: gpd.GeoDataFrame, shapes: list[shapely.Geometry], metrics: list[str], timezone: str
) -> list[dict[str, Any]]:
    named = areas["name"].fillna(areas["area_id"])
    repeated = named.duplicated(keep=False)
    columns = ["area_km2", "photo_count", *metrics]
    columns += ["population"] if PER_INHABITANT in metrics else []
    return [
        {
            "id": row.area_id,
            "name": f"{name} ({row.area_id})" if again else name,
            **{column: finite(getattr(row, column)) for column in columns},
            "first": time(row.first_photo_at, timezone),
            "last": time(row.last_photo_at, timezone),
            "geometry": json.loads(shapely.to_geojson(shape)),
        }
        for row, name, again, shape in zip(_rows(areas), named, repeated, shapes, strict=True)
    ]


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    """Return the rows by column name, as values whose types `schema.check` has seen to."""
    return iter(frame.itertuples())
