"""Where each photo was taken: the manifest's word against EXIF's."""

from typing import Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj

from geobike import schema
from geobike.io.matching import isin, match
from geobike.reporting import report_number

DISAGREEMENT: Final = 100.0
"""Metres between manifest and EXIF above which a photo is reported."""

Source = Literal["manifest", "exif"]


def locate(
    photos: gpd.GeoDataFrame, manifest: pd.DataFrame | None = None, *, prefer: Source = "manifest"
) -> gpd.GeoDataFrame:
    """Return the photos with their positions settled; those without one are `unlocated`.

    A photo whose manifest row is bad stays without a position, whatever EXIF says: a mistyped
    correction must not bring back what it was to correct. Reported are rows that name no photo or
    name one twice, photos that a manifest of most of them lacks, and disagreements of more than
    100 m.

    Examples:
        >>> import geobike
        >>> photos = geobike.read_photos(geobike.find_photos("sample/photos"))
        >>> located = geobike.locate(photos, geobike.read_manifest("sample/manifest.csv"))
        >>> located["position_source"].value_counts().to_dict()
        {'exif': 61, 'manifest': 3}
    """
    schema.check(photos, schema.PHOTOS)
    out = photos.copy(deep=False)
    if manifest is not None:
        schema.check(manifest, schema.MANIFEST)
        out = _apply(out, _rows_by_photo(photos, manifest), prefer)
        out = _borrow_from_copies(out)
    unlocated = out.geometry.isna() & out["status"].isna()
    out.loc[unlocated, "status"] = schema.UNLOCATED
    out.loc[out.geometry.notna() & out["status"].isna(), "reason"] = None
    return out


def _rows_by_photo(photos: gpd.GeoDataFrame, manifest: pd.DataFrame) -> pd.DataFrame:
    """Return the manifest's rows on the photos' index, empty where it does not name a photo."""
    photo_id = match(manifest["file"], photos["photo_id"])
    by_end = photo_id.notna() & (photo_id != manifest["file"])
    report_number(
        "row is taken to mean the photo whose path ends alike",
        "rows are taken to mean the photos whose paths end alike",
        [
            f"{file} for {found}"
            for file, found in zip(manifest.loc[by_end, "file"], photo_id[by_end], strict=True)
        ],
    )
    unknown = manifest[photo_id.isna()]
    report_number(
        "row names a photo that is not there",
        "rows name photos that are not there",
        [
            f"{file} (line {line})"
            for file, line in zip(unknown["file"], unknown["line"], strict=True)
        ],
    )
    named = manifest.assign(photo_id=photo_id).dropna(subset="photo_id")
    missing = photos.loc[~isin(photos["photo_id"], named["photo_id"]), "photo_id"]
    if len(missing) <= len(photos) / 2:  # a manifest of fewer is there to help EXIF out
        report_number(
            "photo is missing from the manifest and keeps what its EXIF says",
            "photos are missing from the manifest and keep what their EXIF says",
            missing.tolist(),
        )
    rows = _one_row_each(named).set_index("photo_id").reindex(photos["photo_id"])
    return rows.set_index(photos.index)


def _one_row_each(named: pd.DataFrame) -> pd.DataFrame:
    """Merge rows that name one photo: alike, the first stands; unlike, none can be trusted.

    A row that gives no position contradicts none.
    """
    twice = named[named["photo_id"].duplicated(keep=False)]
    lines = {
        str(photo_id): ", ".join(map(str, rows))
        for photo_id, rows in twice.groupby("photo_id")["line"]
    }
    report_number(
        "photo stands twice in the manifest",
        "photos stand twice in the manifest",
        [f"{photo_id} (lines {rows})" for photo_id, rows in lines.items()],
    )
    placed_first = named.sort_values("lon", key=pd.isna, kind="stable")
    rows = placed_first.drop_duplicates("photo_id").copy()
    apart = twice.groupby("photo_id")[["lon", "lat"]].nunique().gt(1).any(axis=1)
    torn = rows["photo_id"].isin(apart.index[apart])
    rows.loc[torn, ["lon", "lat"]] = np.nan
    rows.loc[torn, "reason"] = [
        f"manifest lines {lines[photo_id]} give different positions"
        for photo_id in rows.loc[torn, "photo_id"]
    ]
    return rows


def _apply(photos: gpd.GeoDataFrame, rows: pd.DataFrame, prefer: Source) -> gpd.GeoDataFrame:
    out = photos.copy(deep=False)
    position = gpd.GeoSeries(
        schema.points(rows["lon"], rows["lat"]), index=photos.index, crs=schema.CRS
    )
    _report_disagreement(photos, position)
    use = position.notna() & ((prefer == "manifest") | photos.geometry.isna())
    out.loc[use, "geometry"] = position[use]
    out.loc[use, "position_source"] = "manifest"
    for column in ("taken_at", "heading"):
        first, second = rows[column], photos[column]
        if prefer == "exif":
            first, second = second, first
        out[column] = first.fillna(second).astype(schema.PHOTOS.columns[column])
    bad = rows["reason"].notna() & photos["status"].isna() & (prefer == "manifest")
    out.loc[bad, "geometry"] = None
    out.loc[bad, "position_source"] = None
    out.loc[bad, "status"] = schema.UNLOCATED
    out.loc[bad, "reason"] = rows.loc[bad, "reason"]
    return out


def _borrow_from_copies(photos: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give a photo without a position that of a copy, where the manifest names only the copy."""
    copies = photos[(photos["status"] == schema.DUPLICATE) & photos.geometry.notna()]
    lenders = copies.drop_duplicates("sha256").set_index("sha256")
    lost = photos["status"].isna() & photos.geometry.isna() & photos["sha256"].notna()
    needy = photos.index[lost & photos["sha256"].isin(lenders.index)]
    lent = lenders.loc[photos.loc[needy, "sha256"]].set_index(needy)
    out = photos.copy(deep=False)
    for column in ("geometry", "position_source", "taken_at", "heading"):
        out.loc[needy, column] = lent[column]
    return out


def _report_disagreement(photos: gpd.GeoDataFrame, position: gpd.GeoSeries) -> None:
    both = photos.geometry.notna() & position.notna()
    exif, ours = photos.geometry[both], position[both]
    geod = pyproj.Geod(ellps="WGS84")
    metres = geod.inv(exif.x, exif.y, ours.x, ours.y)[2]
    gaps = pd.Series(metres, index=exif.index, dtype="float64")
    far = gaps[gaps > DISAGREEMENT].sort_values(ascending=False)
    report_number(
        "photo lies more than 100 m apart in manifest and EXIF",
        "photos lie more than 100 m apart in manifest and EXIF",
        [f"{photos.at[row, 'photo_id']} ({gap:.0f} m)" for row, gap in far.items()],
    )
