"""The photos in the data of the page: numbers in named columns, texts and pictures apart."""

import base64
import itertools
import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike import schema
from geobike.detectors.protocol import Box
from geobike.errors import InputError
from geobike.maps.borders import across
from geobike.maps.encoding import pack_json
from geobike.maps.numbers import CLOCK, finite
from geobike.maps.places import READABLE, packed, positions, whole
from geobike.reporting import report

SINGLE: Final = 100_000
"""Photos up to which each can be opened; of more the page holds only their places."""


class Pictures(NamedTuple):
    """What is known of the pictures, by `photo_id`."""

    files: Mapping[str, bytes | str]
    """A JPEG, or the address of one beside the page."""
    obscured: Mapping[str, int]
    """How many of the counted boxes it hides."""


_REJECTED: Final = ("threshold", "duplicate", "ridden")
"""Why a box of a wanted label does not count; boxes of other labels are not shown."""
_NEARLY: Final = 0.5  # of the threshold: what scores less is noise to a reader too
_MOST_REJECTED: Final = 12  # boxes of a photo: those with the highest scores
_FRAME: Final = 36.0  # mm: the width of the frame that focal lengths refer to


def photos(
    given: gpd.GeoDataFrame,
    detections: pd.DataFrame,
    pictures: Pictures,
    period: "pd.Series[int]",
    stood: pd.DataFrame,
    tallies: pd.DataFrame,
    area_ids: "pd.Series[str]",
    *,
    timezone: str,
    threshold: float,
    shifted: bool,
) -> dict[str, Any]:
    """Return the located photos; only their number where there are too many to open one.

    `stood` says of the counted photos what their places are. The columns are `lon` and `lat` in
    1e-5 degrees, each the step from its place, or without one from the photo before, `area`,
    `place` and `period` (positions, -1 for none), `count`, the bicycles (-1 where the photo is not
    counted), `first`, 1 for the first of a visit, and `ridden`, those that do not count because
    they are ridden, if there are any. Where photos are many, the columns are packed in the order of
    `names`, and the details are sent by column too. `across` says which show other areas.
    """
    nowhere = given.geometry.isna() | given.geometry.is_empty
    located = given[~nowhere & given["status"].isin(schema.STATUSES)]
    if len(located) > SINGLE:
        report(
            f"the map shows the places of {len(located):,} photos, without names and pictures: "
            f"single photos can be opened up to {SINGLE:,}"
        )
        return {"n": len(located), "names": [], "columns": {}, "details": None}
    if len(located) > READABLE:  # neighbours in place become neighbours in the file
        located = located.iloc[np.argsort(located.geometry.hilbert_distance().to_numpy())]
    lon, lat = whole(located.geometry, shifted)
    at = stood.reindex(located["photo_id"])
    counted = located["status"] == schema.COUNTED
    columns = {
        "lon": _steps(lon, at["lon"]),
        "lat": _steps(lat, at["lat"]),
        "area": positions(located["area_id"], area_ids),
        "place": at["place"].fillna(-1).to_numpy(dtype=np.int32),
        "period": period[located.index].to_numpy(dtype=np.int32),
        "count": located["bicycle_count"].mask(~counted).fillna(-1).to_numpy(dtype=np.int32),
        "first": at["first"].fillna(0).to_numpy(dtype=np.int32),
    }
    riding = ridden(located, detections)
    if riding.any():
        columns["ridden"] = riding.to_numpy(dtype=np.int32)
    beyond = across(tallies, located["photo_id"], columns["area"], area_ids)
    details = _details(located, _shown(detections, pictures, threshold), pictures, timezone)
    many = len(located) > READABLE
    return {
        "n": len(located),
        **packed("columns", columns),
        "across": beyond,
        "details": pack_json(_by_column(details)) if many else details,
    }


def _steps(found: npt.NDArray[Any], place: "pd.Series[float]") -> npt.NDArray[np.int32]:
    """Return each as the step from its place, or without one from the photo before."""
    before = np.concatenate([[0], found[:-1]])
    return (found - np.where(place.isna(), before, place)).astype(np.int32)


def _by_column(details: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Return the values by name, None where a photo has none: alike beside alike packs best."""
    names = dict.fromkeys(itertools.chain.from_iterable(details))
    return {name: [each.get(name) for each in details] for name in names}


def _shown(detections: pd.DataFrame, pictures: Pictures, threshold: float) -> pd.DataFrame:
    """Return the boxes of photos with a picture: those that count, and those that nearly did."""
    nearly = detections["dropped_by"].isin(_REJECTED) & (detections["score"] >= _NEARLY * threshold)
    return detections[
        (detections["kept"] | nearly) & detections["photo_id"].isin(list(pictures.files))
    ]


def _drawn(shown: pd.DataFrame) -> pd.DataFrame:
    """Return the boxes that are drawn: of those that do not count, the best of each photo."""
    best = shown.sort_values("score", ascending=False, kind="stable")
    place = best[~best["kept"]].groupby("photo_id", observed=True).cumcount()
    return shown.drop(index=place.index[place >= _MOST_REJECTED])


def ridden(given: pd.DataFrame, detections: pd.DataFrame) -> "pd.Series[int]":
    """Return how many bicycles of each photo do not count because they are ridden."""
    boxes = detections.loc[detections["dropped_by"] == "ridden", "photo_id"]
    if boxes.empty:
        return pd.Series(0, index=given.index, dtype="int64")
    row = schema.rows_of(boxes, given["photo_id"])
    found = np.bincount(row[row >= 0], minlength=len(given))
    return pd.Series(found, index=given.index, dtype="int64")


def _rejected(shown: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Return how many boxes of each photo do not count, drawn or not, besides ridden ones."""
    left = shown[~shown["kept"] & (shown["dropped_by"] != "ridden")]
    numbers = left["photo_id"].value_counts()  # 0 for photos without
    return {str(photo_id): {"faint": int(n)} for photo_id, n in numbers[numbers > 0].items()}


def _details(
    located: gpd.GeoDataFrame, shown: pd.DataFrame, pictures: Pictures, timezone: str
) -> list[dict[str, Any]]:
    boxes = {photo_id: found for photo_id, found in _drawn(shown).groupby("photo_id")}  # noqa: C416 - dict() drops the types
    rejected = _rejected(shown)
    local = located["taken_at"].dt.tz_convert(timezone).dt.strftime(CLOCK).astype(object)
    times = local.where(located["taken_at"].notna(), None)
    names = located["photo_id"].tolist()
    common = zip(names, located["status"].tolist(), times, _directions(located), strict=True)
    out = [
        {"id": name, "status": status, "taken": taken} | direction
        for name, status, taken, direction in common
    ]
    shows = located["photo_id"].isin(list(pictures.files)).to_numpy()
    for place, row in zip(np.flatnonzero(shows), _rows(located[shows]), strict=True):
        out[place] |= _picture(row, pictures, boxes) | rejected.get(row.photo_id, {})
    return out


def _directions(located: gpd.GeoDataFrame) -> Iterator[dict[str, int]]:
    """Yield where the camera looked, and how wide where its lens is known."""
    focal = located.get("focal_length_35mm")
    lenses = itertools.repeat(math.nan) if focal is None else focal.tolist()
    for heading, lens in zip(located["heading"].tolist(), lenses, strict=False):
        if math.isnan(heading):
            yield {}
        elif not lens > 0:
            yield {"heading": round(heading) % 360}
        else:
            yield {"heading": round(heading) % 360, "view": _view(lens)}


@lru_cache(maxsize=256)
def _view(focal: float) -> int:
    """Return the degrees that a lens sees across."""
    return round(2 * math.degrees(math.atan(_FRAME / 2 / focal)))


def _picture(row: Any, pictures: Pictures, boxes: Mapping[Any, Any]) -> dict[str, Any]:
    obscured = pictures.obscured.get(row.photo_id, 0)
    return ({"obscured": obscured} if obscured else {}) | {
        "image": _address(pictures.files[row.photo_id], row.photo_id),
        "width": finite(row.width),
        "height": finite(row.height),
        "boxes": _boxes(boxes.get(row.photo_id), row.width, row.height),
    }


def _address(picture: bytes | str, photo_id: str) -> str:
    if isinstance(picture, str):
        return picture
    if not picture.startswith(b"\xff\xd8"):
        raise InputError(f"the thumbnail of {photo_id!r} is not a JPEG; encode it as JPEG")
    return f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"


def _boxes(found: pd.DataFrame | None, width: Any, height: Any) -> list[dict[str, Any]]:
    """Return boxes in percent of the photo, so that they fit a picture of any size."""
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
        | ({} if row.kept else {"dropped": row.dropped_by})
        for row in _rows(found)
        for box in Box(row.xmin, row.ymin, row.xmax, row.ymax).pieces(width)
    ]


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    """Return the rows by column name, as values with the types that `schema.check` has checked."""
    return iter(frame.itertuples())
