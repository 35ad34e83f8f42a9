"""A small town for the map's tests: areas in a row, photos with known counts."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import folium
import geopandas as gpd
import pandas as pd
import shapely
from PIL import Image

from geobike import maps, schema

NAN = float("nan")
NOON = pd.Timestamp("2022-01-19T12:00:00Z")


def areas(
    names: Sequence[str],
    photos: Sequence[int],
    bicycles: Sequence[int],
    shapes: Sequence[shapely.Geometry] | None = None,
    **columns: Sequence[Any],
) -> gpd.GeoDataFrame:
    """Squares of 0.01 degrees in a row from west to east, each said to be 2 km²."""
    seen = [n > 0 for n in photos]
    rates = [b / n if n else NAN for b, n in zip(bicycles, photos, strict=True)]
    times = pd.to_datetime([NOON if s else None for s in seen], utc=True)
    data = {
        "area_id": [f"A{i}" for i in range(len(names))],
        "name": names,
        "area_km2": [2.0] * len(names),
        "photo_count": photos,
        "bicycle_count": pd.array(
            [b if s else None for b, s in zip(bicycles, seen, strict=True)], "Int64"
        ),
        "bicycles_per_photo": rates,
        "bicycles_per_km2": [b / 2 if s else NAN for b, s in zip(bicycles, seen, strict=True)],
        "first_photo_at": times,
        "last_photo_at": times,
    }
    squares = [shapely.box(4 + i / 100, 52, 4.01 + i / 100, 52.01) for i in range(len(names))]
    return schema.geotable(
        schema.AREA_COUNTS,
        pd.DataFrame(data | columns),
        gpd.GeoSeries(list(shapes or squares)),
    )


TOWN = areas(["North", "East", "South", "West", "Centre"], [2, 4, 1, 3, 0], [1, 8, 7, 0, 0])
"""Per photo: 0.50, 2.00, 7.00, 0.00 and none."""


def photos(rows: Mapping[str, tuple[float, float, int | None]]) -> gpd.GeoDataFrame:
    """Photos of 400 x 200 pixels by name: longitude, latitude, bicycles; None is outside."""
    counts = [bicycles for _, _, bicycles in rows.values()]
    data = pd.DataFrame(
        {
            "photo_id": list(rows),
            "width": 400,
            "height": 200,
            "taken_at": NOON,
            "status": [schema.OUTSIDE if n is None else schema.COUNTED for n in counts],
            "bicycle_count": pd.array(counts, dtype="Int64"),
        },
    )
    points = gpd.points_from_xy([r[0] for r in rows.values()], [r[1] for r in rows.values()])
    return schema.geotable(schema.COUNTS, data, points)


NO_PHOTOS = photos({})


def detections(photo_id: str | None = None, label: str = "bicycle") -> pd.DataFrame:
    """Return one kept box over the left half of the photo's upper half, and one dropped box."""
    box = {"photo_id": photo_id, "label": label, "score": 0.9, "model": "m"}
    rows = [
        box | {"xmin": 0.0, "ymin": 0.0, "xmax": 200.0, "ymax": 100.0, "kept": True},
        box | {"xmin": 9.0, "ymin": 9.0, "xmax": 20.0, "ymax": 20.0, "kept": False},
    ]
    return schema.table(schema.DETECTIONS, pd.DataFrame(rows if photo_id else rows[:0]))


def jpeg() -> bytes:
    """Return a small grey picture, half as high as wide."""
    written = io.BytesIO()
    Image.new("RGB", (40, 20), "grey").save(written, "JPEG")
    return written.getvalue()


def build(
    given: gpd.GeoDataFrame = TOWN,
    taken: gpd.GeoDataFrame = NO_PHOTOS,
    found: pd.DataFrame | None = None,
    **options: Any,
) -> folium.Map:
    """Build a map with what a test does not care about filled in."""
    usual: dict[str, Any] = {"model": "tiny", "threshold": 0.5, "ledger": {"counted": 10}}
    return maps.build(given, taken, detections() if found is None else found, **usual | options)
