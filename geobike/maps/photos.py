"""The photos in the data of the page: numbers in named columns, texts and pictures apart."""

import base64
import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike import schema
from geobike.detectors.protocol import Box
from geobike.errors import InputError
from geobike.maps.encoding import encode_columns, encode_json
from geobike.reporting import report

READABLE: Final = 10_000
"""Photos up to which each is a circle of its own; more are clustered, and their data packed."""
SINGLE: Final = 100_000
"""Photos up to which each can be opened; of more the page holds only place, day and count."""

_DEGREE: Final = 100_000  # steps of a degree: five decimals, about one metre
_CLOCK: Final = "%Y-%m-%d %H:%M"
_PERIODS: Final = ("D", "M", "Y")  # days, months, years: the first of which there are not too many
_MOST_PERIODS: Final = 62  # steps of the time slider: two months of days, five years of months


def photos(
    given: gpd.GeoDataFrame,
    detections: pd.DataFrame,
    thumbnails: Mapping[str, bytes],
    area_ids: "pd.Series[str]",
    timezone: str,
    shifted: bool,
) -> tuple[dict[str, Any], "pd.Series[int]"]:
    """Return the located photos, and the period of each: by `photo_id`, only where it has one.

    The columns are `lon` and `lat` in 1e-5 degrees, each the step from the photo before, `area`
    and `period` (positions, -1 for none), and `count`, the bicycles (-1 where the photo is not
    counted). Where photos are many, the columns are packed in the order of `names`. `periods` are
    the days, months or years that the slider steps through.
    """
    nowhere = given.geometry.isna() | given.geometry.is_empty
    located = given[~nowhere & given["status"].isin(schema.STATUSES)]
    if len(located) > READABLE:  # neighbours in place become neighbours in the file
        located = located.iloc[np.argsort(located.geometry.hilbert_distance().to_numpy())]
    lon = located.geometry.x.to_numpy()
    lon = lon % 360 if shifted else lon
    counted = located["status"] == schema.COUNTED
    period, periods = _periods(located["taken_at"].where(counted), timezone)
    columns = {
        "lon": _steps(lon),
        "lat": _steps(located.geometry.y.to_numpy()),
        "area": pd.Index(area_ids).get_indexer(located["area_id"]).astype(np.int32),
        "period": period.astype(np.int32),
        "count": located["bicycle_count"].mask(~counted).fillna(-1).to_numpy(dtype=np.int32),
    }
    packed = len(located) > READABLE
    details = None
    if len(located) <= SINGLE:
        details = _details(located, detections, thumbnails, timezone)
    else:
        report(
            f"the map shows {len(located):,} photos only by place and count, without names and "
            f"pictures: single photos can be opened up to {SINGLE:,}"
        )
    data = {
        "n": len(located),
        "periods": periods,
        "names": list(columns),
        "columns": encode_columns(list(columns.values()))
        if packed
        else {name: column.tolist() for name, column in columns.items()},
        "details": encode_json(details) if packed else details,
    }
    known = period >= 0
    return data, pd.Series(period[known], index=located["photo_id"].to_numpy()[known])


def _steps(degrees: npt.NDArray[np.float64]) -> npt.NDArray[np.int32]:
    places = np.round(degrees * _DEGREE).astype(np.int32)
    return places - np.concatenate([[0], places[:-1]]).astype(np.int32)


def _periods(taken: "pd.Series[Any]", timezone: str) -> tuple[Any, list[str]]:
    """Return each photo's period and their names: days, or months or years where days are many."""
    local = taken.dt.tz_convert(timezone).dt.tz_localize(None)
    for unit in _PERIODS:
        numbers, starts = pd.factorize(local.dt.to_period(unit), sort=True)
        if len(starts) <= _MOST_PERIODS:
            break
    return numbers, [str(start) for start in starts] if len(starts) > 1 else []


def _details(
    located: gpd.GeoDataFrame,
    detections: pd.DataFrame,
    thumbnails: Mapping[str, bytes],
    timezone: str,
) -> list[dict[str, Any]]:
    kept = detections[detections["kept"]]
    kept = kept[kept["photo_id"].isin(list(thumbnails))]
    boxes = {photo_id: found for photo_id, found in kept.groupby("photo_id")}  # noqa: C416 - dict() drops the types
    local = located["taken_at"].dt.tz_convert(timezone).dt.strftime(_CLOCK).astype(object)
    times = local.where(located["taken_at"].notna(), None)
    return [
        {"id": row.photo_id, "status": row.status, "taken": taken}
        | (_picture(row, thumbnails, boxes) if row.photo_id in thumbnails else {})
        for row, taken in zip(_rows(located), times, strict=True)
    ]


def _picture(row: Any, thumbnails: Mapping[str, bytes], boxes: Mapping[Any, Any]) -> dict[str, Any]:
    content = thumbnails[row.photo_id]
    if not content.startswith(b"\xff\xd8"):
        raise InputError(f"the thumbnail of {row.photo_id!r} is not a JPEG; encode it as JPEG")
    return {
        "image": f"data:image/jpeg;base64,{base64.b64encode(content).decode()}",
        "width": finite(row.width),
        "height": finite(row.height),
        "boxes": _boxes(boxes.get(row.photo_id), row.width, row.height),
    }


def _boxes(found: pd.DataFrame | None, width: Any, height: Any) -> list[dict[str, Any]]:
    """Return boxes in percent of the photo, so that they fit a thumbnail of any size."""
    if found is None or pd.isna(width) or pd.isna(height):
        return []
    return [
        {
            "label": row.label,
            "score": finite(row.score),
            "left": round(100 * box.xmin / width, 2),
            "top": round(100 * box.ymin / height, 2),
            "width": round(100 * (box.xmax - box.xmin) / width, 2),
            "height": round(100 * (box.ymax - box.ymin) / height, 2),
        }
        for row in _rows(found)
        for box in Box(row.xmin, row.ymin, row.xmax, row.ymax).pieces(width)
    ]


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    """Return the rows by column name, as values with the types that `schema.check` has checked."""
    return iter(frame.itertuples())


def finite(value: Any) -> int | float | None:
    """Return a plain number, None for NA, NaN and infinity, which JSON does not have."""
    if pd.isna(value) or not math.isfinite(value):
        return None
    return float(value) if isinstance(value, float) else int(value)


def time(value: Any, timezone: str) -> str | None:
    """Return a time in the timezone of the map."""
    return None if pd.isna(value) else value.tz_convert(timezone).strftime(_CLOCK)
