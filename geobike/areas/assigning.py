"""Assign each photo to the area that it is in."""

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geobike import schema
from geobike.areas.finding import Finder
from geobike.reporting import one_line, report, report_number

_RowAt = Callable[[npt.NDArray[np.float64], npt.NDArray[np.float64]], npt.NDArray[np.intp]]


def assign(photos: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the photos with the `area_id` of the one area that each is in.

    A border belongs to its areas: a photo on a shared border, or where areas overlap, counts for
    the first one in the areas' file, so that totals are conserved. A photo in none
    becomes `outside`, unless it has a status already. One whose position may be off by more than
    the size of the areas (the square root of the median area) becomes `unlocated`.

    Examples:
        >>> import geobike
        >>> from geobike import schema
        >>> from shapely import box
        >>> points = schema.points([4.36, 5.9], [52.01, 52.01])
        >>> photos = schema.geotable(schema.PHOTOS, {"photo_id": ["a.jpg", "b.jpg"]}, points)
        >>> centre = {"area_id": ["1"], "name": ["Centre"], "area_km2": [3.05]}
        >>> areas = schema.geotable(schema.AREAS, centre, [box(4.35, 52.0, 4.37, 52.02)])
        >>> geobike.assign_areas(photos, areas)[["photo_id", "area_id", "status"]]
          photo_id area_id   status
        0    a.jpg       1      NaN
        1    b.jpg     NaN  outside
    """
    schema.check(photos, schema.PHOTOS)
    schema.check(areas, schema.AREAS)
    find = Finder(np.asarray(areas.geometry.array)).first
    shapes = np.asarray(photos.geometry.array)
    row = find(shapely.get_x(shapes), shapely.get_y(shapes))
    out = photos.copy(deep=False)  # pandas copies what is written to, and only that
    out["area_id"] = areas["area_id"].array.take(row, allow_fill=True)  # -1 gives NA
    swapped = _swapped(photos, find, row)
    if swapped.any():
        _report_swapped(photos[swapped])
    else:
        _report_if_all_lie_outside(photos, areas, row)
    out = _refuse_uncertain(out, areas)
    outside = out["area_id"].isna() & out["status"].isna() & out.geometry.notna()
    out.loc[outside, "status"] = schema.OUTSIDE
    out.loc[outside, "reason"] = "in none of the areas"
    out.loc[outside & swapped, "reason"] = schema.SWAPPED
    return out


def row_at(areas: gpd.GeoDataFrame) -> _RowAt:
    """Return a function from longitudes and latitudes to the row of the area there, -1 for none.

    By the rule of `assign`: of several areas, the one that comes first in their file.
    """
    schema.check(areas, schema.AREAS)
    return Finder(np.asarray(areas.geometry.array)).first


def _refuse_uncertain(photos: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the photos, without the positions that could be in any of several areas."""
    if "position_error_m" not in photos:
        return photos
    size = 1000 * float(np.sqrt(areas["area_km2"].median()))
    error = photos["position_error_m"]
    refused = (error > size) & photos["status"].isna() & photos.geometry.notna()
    out = photos.copy(deep=False)
    out.loc[refused, "status"] = schema.UNLOCATED
    out.loc[refused, "reason"] = [
        f"the position may be off by {one:.0f} m, more than the size of the areas ({size:.0f} m)"
        for one in error[refused]
    ]
    out.loc[refused, ["area_id", "position_source"]] = None
    out["geometry"] = out.geometry.where(~refused, None)
    return out


def _swapped(
    photos: gpd.GeoDataFrame, find: _RowAt, row: npt.NDArray[np.intp]
) -> npt.NDArray[np.bool_]:
    """Return which photos are outside, and would be in an area with swapped coordinates."""
    swapped: npt.NDArray[np.bool_] = (row < 0) & photos.geometry.notna().to_numpy()
    shapes = np.asarray(photos.geometry.array)[swapped]
    swapped[swapped] = find(shapely.get_y(shapes), shapely.get_x(shapes)) >= 0
    return swapped


def _report_swapped(found: gpd.GeoDataFrame) -> None:
    given = (found["position_source"] == "manifest").all()
    where = "in the manifest" if given else "of the photos, or of the areas"
    remedy = f"swap latitude and longitude {where}"
    report_number(
        f"photo is outside all areas, but would be in one with swapped coordinates; {remedy}",
        f"photos are outside all areas, but would be in them with swapped coordinates; {remedy}",
        [one_line(name, limit=100) for name in found["photo_id"]],
    )


def _report_if_all_lie_outside(
    photos: gpd.GeoDataFrame, areas: gpd.GeoDataFrame, row: npt.NDArray[np.intp]
) -> None:
    if (row >= 0).any() or photos.geometry.isna().all():
        return
    taken, given = (
        "({:.5f}, {:.5f}) to ({:.5f}, {:.5f})".format(*frame.total_bounds)
        for frame in (photos, areas)
    )
    missing = int(photos.geometry.isna().sum())
    if 2 * missing > len(photos):
        report(f"no photo is in any area: {missing} of {len(photos)} have no position at all")
        return
    west, south, east, north = photos.total_bounds
    swapped = shapely.box(south, west, north, east).intersects(shapely.box(*areas.total_bounds))
    hint = (
        "latitude and longitude of one of them seem swapped"
        if swapped
        else "if the areas should be there, their CRS may be wrong: --crs"
    )
    report(
        f"no photo is in any area: the photos are from {taken}, the areas from {given} (degrees "
        f"east, north); {hint}"
    )
