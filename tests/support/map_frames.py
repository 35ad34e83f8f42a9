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
    """Squares of 0.01 degrees in a row from west to east, each said to be 2 km².

    Each photo is a stop, and each area with a photo was seen in all its streets.
    """
    seen = [n > 0 for n in photos]
    rates = [b / n if n else NAN for b, n in zip(bicycles, photos, strict=True)]
    found = [b if s else None for b, s in zip(bicycles, seen, strict=True)]
    times = pd.to_datetime([NOON if s else None for s in seen], utc=True)
    data = {
        "area_id": [f"A{i}" for i in range(len(names))],
        "name": names,
        "area_km2": [2.0] * len(names),
        "detected_per_stop": rates,
        "stop_count": photos,
        "photo_count": photos,
        "bicycle_count": pd.array(found, "Int64"),
        "detected_once": pd.array(found, "Float64").to_numpy(float, na_value=NAN),
        "detected_at_least": pd.array(found, "Int64"),
        "bicycles_per_photo": rates,
        "bicycles_per_km2": [b / 2 if s else NAN for b, s in zip(bicycles, seen, strict=True)],
        "streets_seen": [8 if s else 0 for s in seen],
        "street_km": 3.2,
        "covered_km": [3.2 if s else 0.0 for s in seen],
        "covered_share": [1.0 if s else 0.0 for s in seen],
        "status": [schema.COMPARED if s else schema.UNSEEN for s in seen],
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
"""Per stop: 0.50, 2.00, 7.00, 0.00 and none."""


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


def tallies(taken: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the tallies of photos that are a stop each, and show their own area only."""
    counted = taken[taken["status"] == schema.COUNTED]
    number = counted["bicycle_count"].astype("float64")
    sums = {
        "photo_count": 1.0,
        "stop_count": 1.0,
        "bicycle_count": number,
        "bicycles_on_stops": number,
        "bicycles_shown": number,
    }
    keys = {"photo_id": counted["photo_id"], "area_id": counted["area_id"]}
    return schema.table(
        schema.TALLIES, pd.DataFrame(keys | {"stop_id": counted["photo_id"]} | sums)
    )


def visits(taken: gpd.GeoDataFrame, stops: Sequence[str]) -> pd.DataFrame:
    """Return the visits frame of photos whose stops are given; each is seen once."""
    stop = pd.Series(list(stops), index=taken.index, dtype="str")
    return schema.table(
        schema.VISITS,
        pd.DataFrame({"stop_id": stop, "visit": 1, "first": stop == taken["photo_id"]}),
    )


def jpeg() -> bytes:
    """Return a small grey picture, half as high as wide."""
    written = io.BytesIO()
    Image.new("RGB", (40, 20), "grey").save(written, "JPEG")
    return written.getvalue()


def build(
    given: gpd.GeoDataFrame = TOWN,
    taken: gpd.GeoDataFrame = NO_PHOTOS,
    found: pd.DataFrame | None = None,
    tallied: pd.DataFrame | None = None,
    **options: Any,
) -> folium.Map:
    """Build a map with what a test does not care about filled in."""
    usual: dict[str, Any] = {"model": "tiny", "threshold": 0.5, "ledger": {"counted": 10}}
    boxes = detections() if found is None else found
    sums = tallies(taken) if tallied is None else tallied
    return maps.build(given, taken, boxes, sums, **usual | options)
