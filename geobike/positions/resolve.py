"""Resolve positions: the first valid one of several sources, in order."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from geobike import schema
from geobike.positions import limits, offsets, sources, zones
from geobike.reporting import report_number

DISAGREEMENT: Final = 100.0
"""Metres between two sources above which a photo is reported."""

_PLACE: Final = ("lon", "lat", "accuracy", "source")
"""Columns of a positions frame that are all taken from the same source."""

_OF_CAMERA: Final = ("camera", "focal_length_35mm")
"""Columns that a source may give, and that photos keep where none does."""


def locate(
    photos: gpd.GeoDataFrame,
    manifest: pd.DataFrame | None = None,
    *,
    positions: Sequence[str] = sources.DEFAULT,
    **tables: pd.DataFrame | None,
) -> gpd.GeoDataFrame:
    """Return the photos with their positions resolved; those without one are `unlocated`.

    `positions` names the sources in order. The first valid position wins; so do, each by itself,
    the first heading and the first time. A source that is not named is not used, except that a
    photo without any other time keeps its own; if that has no offset from UTC, it is that of the
    place. `tables` are those of further sources, by name.

    A photo with a bad manifest row does not get its position from a source named after the
    manifest: a mistyped correction must not bring back the position that it was to correct.
    Reported are manifest rows that match no photo or the same photo, photos that a manifest of
    most of them lacks, and photos whose position differs by more than 100 m between two sources.

    Raises InputError for names that are unknown, repeated or empty, or where no source can give a
    position, and SchemaError for a frame of another kind.

    Examples:
        >>> import geobike
        >>> photos = geobike.read_photos(geobike.find_photos("sample/photos"))
        >>> located = geobike.locate(photos, geobike.read_manifest("sample/manifest.csv"))
        >>> located["position_source"].value_counts().to_dict()
        {'exif': 176, 'manifest': 3}
    """
    schema.check(photos, schema.PHOTOS)
    given = {"manifest": manifest, **tables}
    sources.check(positions, given=[name for name, table in given.items() if table is not None])
    found: dict[str, pd.DataFrame] = {}
    for source in (sources.SOURCES[name] for name in positions):
        frame = source.positions(photos, given.get(source.name))
        if frame is not None:
            limits.check(frame, photos, source=source.name, known=sources.SOURCES)
            found[source.label] = frame
    fixes = given.get("track")
    if fixes is not None and "track" in positions:
        offsets.propose(photos, fixes, found)
    for pair in combinations(found.items(), 2):
        _report_disagreement(photos["photo_id"], *pair)
    located = _borrow_from_copies(_apply(photos, list(found.values())))
    return zones.fill_times(_mark_unlocated(located, list(found)))


def _apply(photos: gpd.GeoDataFrame, found: Sequence[pd.DataFrame]) -> gpd.GeoDataFrame:
    """Return the photos with the first valid values; refused ones are `unlocated` for good."""
    undecided = photos["status"].isna()
    place, refusal = _first_valid(found, undecided)
    out = photos.copy(deep=False)
    out["geometry"] = _moved(photos.geometry, place["lon"], place["lat"])
    out["position_source"] = place["source"].where(place["lon"].notna())
    if "position_error_m" in photos or place["accuracy"].notna().any():
        out["position_error_m"] = place["accuracy"]
    out["heading"] = _first([frame["heading"] for frame in found])
    out["taken_at"] = _first([*(frame["taken_at"] for frame in found), photos["taken_at"]])
    for column in _OF_CAMERA:
        values = [frame[column] for frame in (*found, photos) if column in frame]
        if values:
            out[column] = _first(values)
    reason = refusal.fillna(_all([frame["reason"] for frame in found]))
    out["reason"] = photos["reason"].where(~undecided, reason)
    out.loc[refusal.notna(), "status"] = schema.UNLOCATED
    return out


def _first_valid(
    found: Sequence[pd.DataFrame], undecided: "pd.Series[bool]"
) -> tuple[pd.DataFrame, "pd.Series[str]"]:
    """Return the first valid place of each photo, and why it must not have one, or NA.

    A refusal blocks the sources after it. That of the last of several blocks nothing, so that a
    copy may still give the position; that of the first does not allow even this.
    """
    place = found[0][list(_PLACE)]
    refusal = found[0]["reason"].where(found[0]["refused"] & undecided)
    for number, frame in enumerate(found[1:], start=2):
        missing = place["lon"].isna() & refusal.isna()
        use = missing & frame["lon"].notna()
        place = pd.DataFrame({name: place[name].where(~use, frame[name]) for name in _PLACE})
        if number < len(found):
            refused = frame["reason"].where(frame["refused"] & undecided & missing)
            refusal = refusal.fillna(refused)
    return place, refusal


def _first(columns: Sequence["pd.Series[Any]"]) -> "pd.Series[Any]":
    """Return the first value of each row that is not NA."""
    out = columns[0]
    for column in columns[1:]:
        out = out.fillna(column)
    return out


def _all(reasons: Sequence["pd.Series[str]"]) -> "pd.Series[str]":
    """Return what all sources say of each photo, so that none hides why another has no position."""
    out = reasons[0]
    for reason in reasons[1:]:
        if reason.isna().all():
            continue
        both = out.notna() & reason.notna()
        out = out.fillna(reason).mask(both, out + "; " + reason)
    return out


def _moved(
    points: gpd.GeoSeries, lon: "pd.Series[float]", lat: "pd.Series[float]"
) -> gpd.GeoSeries:
    """Return the points at other coordinates; those that stay are the same objects."""
    out = np.array(points.array, dtype=object)
    x, y = shapely.get_x(out), shapely.get_y(out)
    same = (x == lon) & (y == lat) | np.isnan(x) & lon.isna()
    out[~same] = schema.points(lon[~same], lat[~same])
    return gpd.GeoSeries(out, index=points.index, crs=schema.CRS)


def _borrow_from_copies(photos: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give a photo without a position that of a copy, where the manifest names only the copy."""
    copies = photos[(photos["status"] == schema.DUPLICATE) & photos.geometry.notna()]
    lenders = copies.drop_duplicates("sha256").set_index("sha256")
    lost = photos["status"].isna() & photos.geometry.isna() & photos["sha256"].notna()
    borrowers = photos.index[lost & photos["sha256"].isin(lenders.index)]
    lent = lenders.loc[photos.loc[borrowers, "sha256"]].set_index(borrowers)
    out = photos.copy(deep=False)
    for column in ("geometry", "position_source", "position_error_m", "taken_at", "heading"):
        if column in photos:
            out.loc[borrowers, column] = lent[column]
    return out


def _mark_unlocated(photos: gpd.GeoDataFrame, labels: Sequence[str]) -> gpd.GeoDataFrame:
    """Give each photo without a position its status and a reason, and the others no reason."""
    out = photos.copy(deep=False)
    undecided = out["status"].isna()
    unlocated = out.geometry.isna() & undecided
    out.loc[unlocated, "status"] = schema.UNLOCATED
    out.loc[unlocated & out["reason"].isna(), "reason"] = f"no position in {' or '.join(labels)}"
    out.loc[undecided & ~unlocated, "reason"] = None
    return out


def _report_disagreement(
    photo_ids: "pd.Series[str]", one: tuple[str, pd.DataFrame], other: tuple[str, pd.DataFrame]
) -> None:
    (label, here), (other_label, there) = one, other
    both = here["lon"].notna() & there["lon"].notna()
    here, there = here[both], there[both]
    geod = pyproj.Geod(ellps="WGS84")
    metres = geod.inv(here["lon"], here["lat"], there["lon"], there["lat"])[2]
    gaps = pd.Series(metres, index=here.index, dtype="float64")
    far = gaps[gaps > DISAGREEMENT].sort_values(ascending=False)
    where = f"more than {DISAGREEMENT:g} m apart in {label} and {other_label}"
    report_number(
        f"photo has positions {where}",
        f"photos have positions {where}",
        [f"{name} ({gap:.0f} m)" for name, gap in zip(photo_ids[far.index], far, strict=True)],
    )
