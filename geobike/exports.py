"""The files that leave the house: GeoJSON by RFC 7946, CSV and JSON."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geobike import schema
from geobike.files import replacing

_DECIMALS: Final = 7  # of a degree: about 1 cm, the most that RFC 7946 advises

_PHOTO_PROPERTIES: Final = (
    "photo_id",
    "status",
    "reason",
    "bicycle_count",
    "area_id",
    "taken_at",
    "heading",
    "position_source",
    "width",
    "height",
    "sha256",
)


def write_areas(areas: gpd.GeoDataFrame, path: str | Path) -> None:
    """Write an area counts frame as GeoJSON, its properties those of the frame."""
    schema.check(areas, schema.AREA_COUNTS)
    columns = [*schema.AREA_COUNTS.columns, *schema.present(areas, schema.AREA_COUNTS)]
    _write_geojson(areas, columns, path)


def write_photos(photos: gpd.GeoDataFrame, path: str | Path) -> None:
    """Write every photo as GeoJSON, also those without a position (`geometry` null).

    Takes a photos or a counts frame; the `bicycle_count` of a photos frame is null.
    """
    schema.check(photos, schema.COUNTS if "bicycle_count" in photos else schema.PHOTOS)
    _write_geojson(
        photos.reindex(columns=[*_PHOTO_PROPERTIES, "geometry"]), _PHOTO_PROPERTIES, path
    )


def write_detections(detections: pd.DataFrame, path: str | Path) -> None:
    """Write a detections frame as CSV; pixels with one decimal, scores with four."""
    schema.check(detections, schema.DETECTIONS)
    out = detections[list(schema.DETECTIONS.columns)].copy()
    out["score"] = out["score"].round(4)
    for side in ("xmin", "ymin", "xmax", "ymax"):
        out[side] = out[side].round(1)
    for text in ("photo_id", "label", "model"):
        out[text] = out[text].map(_inert)
    with replacing(path) as file:
        out.to_csv(file, index=False, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")


def write_labels(answers: Mapping[str, Sequence[Mapping[str, Any]]], path: str | Path) -> None:
    """Write labels with their scores, by photo, as CSV."""
    rows = [{"photo_id": photo, **one} for photo, found in answers.items() for one in found]
    out = pd.DataFrame(rows, columns=["photo_id", "label", "score"])
    for text in ("photo_id", "label"):
        out[text] = out[text].map(_inert)
    with replacing(path) as file:
        out.to_csv(file, index=False, lineterminator="\n")


def write_summary(summary: Mapping[str, Any], path: str | Path) -> None:
    """Write the account of a run as JSON."""
    with replacing(path) as file:
        json.dump(summary, file, indent=2, ensure_ascii=False, allow_nan=False)
        file.write("\n")


def _inert(text: str) -> str:
    """Return text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _write_geojson(frame: gpd.GeoDataFrame, properties: Any, path: str | Path) -> None:
    """Write features line by line: valid GeoJSON, and kind to `diff` and `grep`."""
    columns = [_json_values(frame[name]) for name in properties]
    rows = zip(_json_geometries(frame.geometry), *columns, strict=True)
    with replacing(path) as file:
        file.write('{"type": "FeatureCollection", "features": [')
        for number, (geometry, *values) in enumerate(rows):
            attributes = json.dumps(
                dict(zip(properties, values, strict=True)), ensure_ascii=False, allow_nan=False
            )
            comma = ",\n" if number else "\n"
            file.write(
                f'{comma}{{"type": "Feature", "geometry": {geometry}, "properties": {attributes}}}'
            )
        file.write("\n]}\n")


def _json_values(column: "pd.Series[Any]") -> list[Any]:
    """Return Python values; NA, NaN and infinity as None, times in ISO 8601 with Z."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    known = np.isfinite(column) if column.dtype == "float64" else column.notna()
    return column.astype(object).where(known, None).tolist()


def _json_geometries(geometry: gpd.GeoSeries) -> Iterator[str]:
    """Yield RFC 7946 geometries: 7 decimals at most, exterior rings counter-clockwise."""
    shapes = shapely.transform(np.asarray(geometry.array), lambda degrees: degrees.round(_DECIMALS))
    shapes = shapely.orient_polygons(shapes, exterior_cw=False)
    for text in shapely.to_geojson(shapes):
        yield "null" if text is None else text
