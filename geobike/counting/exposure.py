"""Exposure: what was looked at, shared out over the areas whose ground a photo shows.

Borders of neighbourhoods run along streets: a camera on one side of a border shows the bicycles
and the ground of the other. So the ground in view is shared out over areas by the same rule by
which bicycles belong to the area where they stand. Numbers of an area are sums over this table:
bicycles and looks follow one rule, and no ratio of unlike things can arise.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike import schema
from geobike.counting.arrays import Floats
from geobike.counting.ellipsoid import moved

_Rows = npt.NDArray[np.intp]
RowAt = Callable[[Floats, Floats], _Rows]
"""Returns the row of the area at longitudes and latitudes in degrees, -1 outside every area."""

DISTANCES: Final = (4.0, 8.0, 12.0)  # metres from the camera: the ground on which bicycles show
TURNS: Final = (-0.6, 0.0, 0.6)  # of half the angle of view, from the middle of the photo
NEAR: Final = 12.0  # metres to a border within which a photo without a heading shows both sides
_CHUNK: Final = 50_000  # photos whose points are looked up at once
_AROUND: Final = np.arange(0, 360, 10.0)  # bearings at which the border is looked for


def share_out(
    photos: gpd.GeoDataFrame,
    visits: pd.DataFrame,
    bicycles: pd.DataFrame,
    areas: gpd.GeoDataFrame,
    *,
    row_at: RowAt,
    half_view: "pd.Series[float]",
) -> pd.DataFrame:
    """Return an exposure frame: what each visit shows of each area.

    The ground in view is nine points: 4, 8 and 12 m from the camera, in three directions within
    the angle of view; each weighs a ninth. A photo without a heading shows the ground where its
    camera is, and where a border is within 12 m, each of the areas there equally. Bicycles on the
    first photo of a visit belong to the area where they stand (`area_id` of the bicycles frame);
    an area that shows bicycles but none of the nine points has a row with share 0.

    `photos` is a counts frame, `visits` its visits frame, `areas` an areas frame, of which `row_at`
    gives the row at a place. `half_view` is half of the horizontal angle of view in degrees, on
    the index of `photos`; NaN for photos that look all around. Shares of a photo add up to 1, and
    weights over the visits of a stop as well.

    Examples:
        >>> import pandas as pd
        >>> from geobike import schema
        >>> from geobike.counting import exposure, stops
        >>> from shapely import box
        >>> names = {"area_id": ["south", "north"], "name": ["South", "North"], "area_km2": 0.07}
        >>> shapes = [box(4.35, 52.0, 4.37, 52.01), box(4.35, 52.01, 4.37, 52.02)]
        >>> areas = schema.geotable(schema.AREAS, names, shapes)
        >>> points = schema.points([4.36], [52.00991])
        >>> seen = {"photo_id": ["a.jpg"], "heading": [0], "status": "counted"}
        >>> photos = schema.geotable(schema.COUNTS, {**seen, "bicycle_count": [1]}, points)
        >>> shown = {"photo_id": ["a.jpg"], "area_id": ["north"]}
        >>> exposure.share_out(
        ...     photos,
        ...     stops.find_stops(photos),
        ...     schema.table(schema.BICYCLES, shown),
        ...     areas,
        ...     row_at=lambda lon, lat: (lat > 52.01).astype(int),
        ...     half_view=pd.Series([33.0]),
        ... )[["area_id", "weight", "share", "bicycle_count"]].round(3)
          area_id  weight  share  bicycle_count
        0   south     1.0  0.667              0
        1   north     1.0  0.333              1
    """
    schema.check(photos, schema.COUNTS)
    schema.check(visits, schema.VISITS)
    schema.check(bicycles, schema.BICYCLES)
    schema.check(areas, schema.AREAS)
    row = np.flatnonzero(visits["first"])
    first = photos.iloc[row]
    table = _Table(len(areas))
    shares = _shares(first, half_view.loc[first.index], row_at, table)
    shown = _bicycles(bicycles, photos["photo_id"], row, areas["area_id"], table)
    # A photo and an area as one number: sorting a million of these is quick, of names it is not.
    keys = np.sort(np.append(shares.index, shown.index), kind="stable")  # both mostly in order
    keys = keys[np.diff(keys, prepend=-1) > 0]
    photo, area = table.apart(keys)
    stop_id = schema.coded(visits["stop_id"])[row]
    weight = 1 / np.bincount(stop_id.codes)[stop_id.codes]
    return schema.table(
        schema.EXPOSURE,
        {
            "stop_id": stop_id[photo],
            "photo_id": schema.as_codes(row[photo], photos["photo_id"]),
            "area_id": schema.as_codes(area, areas["area_id"]),
            "weight": weight[photo],
            "share": _at(keys, shares),
            "bicycle_count": _at(keys, shown),
        },
    )


def _at(keys: _Rows, values: "pd.Series[Any]") -> npt.NDArray[Any]:
    """Return the values at these keys, 0 where there is none."""
    out = np.zeros(len(keys), dtype=values.to_numpy().dtype)
    out[np.searchsorted(keys, values.index)] = values
    return out


class _Table(NamedTuple):
    """Numbers for the cells of a table of photos by areas; -1 is the area outside all of them."""

    areas: int

    def key(self, photo: _Rows, area: _Rows) -> _Rows:
        return photo * (self.areas + 1) + area + 1

    def apart(self, keys: _Rows) -> tuple[_Rows, _Rows]:
        photo, area = np.divmod(keys, self.areas + 1)
        return photo, area - 1


def _bicycles(
    bicycles: pd.DataFrame,
    photo_ids: "pd.Series[str]",
    chosen: _Rows,
    area_ids: "pd.Series[str]",
    table: _Table,
) -> "pd.Series[int]":
    """Return the bicycles on each of the chosen photos in each area, by key."""
    number = np.full(len(photo_ids) + 1, -1)  # the last for what is not there
    number[chosen] = np.arange(len(chosen))
    photo = number[schema.rows_of(bicycles["photo_id"], photo_ids)]
    area = schema.rows_of(bicycles["area_id"], area_ids)
    keys = table.key(photo, area)[photo >= 0]
    return pd.Series(1, index=keys).groupby(level=0).size()


def _shares(
    photos: gpd.GeoDataFrame, half_view: "pd.Series[float]", row_at: RowAt, table: _Table
) -> "pd.Series[float]":
    """Return the share of the ground that each photo shows in each area, by key."""
    turned = (photos["heading"].notna() & half_view.notna()).to_numpy()
    ahead, around = np.flatnonzero(turned), np.flatnonzero(~turned)
    parts = []
    for some in _chunks(ahead):
        ground = _ahead(photos.iloc[some], half_view.iloc[some])
        parts.append(_points_by_key(ground, some, row_at, table))
    for some in _chunks(around):
        near = _points_by_key(_around(photos.iloc[some]), some, row_at, table)
        photo, _ = table.apart(near.index.to_numpy())
        near[:] = 1 / pd.Series(photo).groupby(photo).transform("size").to_numpy()
        parts.append(near)
    both: pd.Series[float] = pd.concat(parts)
    return both


def _chunks(rows: _Rows) -> list[_Rows]:
    """Points are many, so photos are looked at some at a time."""
    return np.array_split(rows, 1 + len(rows) // _CHUNK)


class _Ground(NamedTuple):
    """Points on the ground: as many for each photo."""

    points: int
    lon: Floats
    lat: Floats


def _ahead(photos: gpd.GeoDataFrame, half_view: "pd.Series[float]") -> _Ground:
    turns = np.repeat(TURNS, len(DISTANCES))
    bearings = photos["heading"].to_numpy()[:, None] + half_view.to_numpy()[:, None] * turns
    return _walk(photos, bearings, np.tile(DISTANCES, len(TURNS)))


def _around(photos: gpd.GeoDataFrame) -> _Ground:
    """Return the place of the camera, and a ring around it."""
    bearings = np.broadcast_to(np.append(_AROUND, 0.0), (len(photos), len(_AROUND) + 1))
    return _walk(photos, bearings, np.append(np.full(len(_AROUND), NEAR), 0.0))


def _walk(photos: gpd.GeoDataFrame, bearings: Floats, metres: Floats) -> _Ground:
    count = bearings.shape[1]
    x, y = schema.coordinates(photos.geometry)
    lon, lat = moved(
        np.repeat(x, count),
        np.repeat(y, count),
        bearings.ravel(),
        np.tile(metres, len(photos)),
    )
    return _Ground(count, lon, lat)


def _points_by_key(ground: _Ground, photo: _Rows, row_at: RowAt, table: _Table) -> "pd.Series[Any]":
    """Return the share of the points of each photo in each area."""
    area = row_at(ground.lon, ground.lat).reshape(len(photo), ground.points)
    alike = (area == area[:, :1]).all(axis=1)  # sorting the points of these would find nothing new
    keys = table.key(np.repeat(photo[~alike], ground.points), area[~alike].ravel())
    found, counts = np.unique(keys, return_counts=True)
    whole = table.key(photo[alike], area[alike, 0])
    shares = np.append(counts / ground.points, np.ones(len(whole)))
    return pd.Series(shares, index=np.append(found, whole))
