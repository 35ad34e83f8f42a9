"""The places on the page: one circle for each stop, with what each period shows of it."""

from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike import schema
from geobike.maps.encoding import encode_columns
from geobike.maps.numbers import DECIMALS

READABLE: Final = 10_000
"""Places up to which their numbers stay readable in the file; of more they are packed."""

_DEGREE: Final = 10**DECIMALS  # steps of a degree


def places(
    taken: gpd.GeoDataFrame,
    visits: pd.DataFrame | None,
    period: "pd.Series[int]",
    street_of: "pd.Series[int]",
    area_ids: "pd.Series[str]",
    shifted: bool,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Return the places, and what each counted photo says of its place, by `photo_id`.

    `visits` is the visits frame of the photos; without it each photo is a place of its own.
    `street_of` gives the number of the street of a `stop_id`. A place has columns `lon` and `lat`
    in 1e-5 degrees, each the step from the one before, `area` and `street` (positions, -1 for
    none). A photo has its `place` (a position), where that is (`lon` and `lat`), its `period`,
    whether it is the `first` of a visit, and `things`, its bicycles if it is, else 0.
    """
    row = np.flatnonzero((taken["status"] == schema.COUNTED) & ~taken.geometry.isna())
    counted = taken[["photo_id", "bicycle_count"]].iloc[row]
    leader = row
    first = pd.Series(True, index=counted.index)
    if visits is not None:
        leader = schema.rows_of(visits["stop_id"].reindex(counted.index), taken["photo_id"])
        leader = np.where(leader < 0, row, leader)
        first = visits["first"].reindex(counted.index).fillna(True).astype(bool)
    # A stop has the id of its first photo, and stands where that was taken.
    number, stops = pd.factorize(leader)
    own = taken[["photo_id", "area_id", "geometry"]].iloc[stops]
    lon, lat = whole(own.geometry, shifted)
    if len(own) > READABLE:  # neighbours in place become neighbours in the file
        order = np.argsort(own.geometry.hilbert_distance().to_numpy(), kind="stable")
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        own, lon, lat, number = own.iloc[order], lon[order], lat[order], rank[number]
    columns = {
        "lon": np.diff(lon, prepend=0).astype(np.int32),
        "lat": np.diff(lat, prepend=0).astype(np.int32),
        "area": positions(own["area_id"], area_ids),
        "street": np.append(street_of.to_numpy(np.int32), np.int32(-1))[
            schema.rows_of(own["photo_id"], street_of.index)
        ],
    }
    stood = {
        "place": number,
        "lon": lon[number],
        "lat": lat[number],
        "period": period[counted.index].to_numpy(),
        "first": first.to_numpy(np.int32),
        "things": counted["bicycle_count"].fillna(0).to_numpy(np.int64) * first.to_numpy(),
    }
    data = {"n": len(own)} | packed("columns", columns)
    return data, pd.DataFrame(stood, index=pd.Index(counted["photo_id"]))


def looks(stood: pd.DataFrame) -> dict[str, Any]:
    """Return the sums over the photos of each place and period, for a page without the photos.

    The columns are `place` (the step from the row before, from -1 at first), `period`, `photos`,
    `visits`, and `things`, the sum over the first photo of each visit.
    """
    groups = stood.groupby(["place", "period"])
    sums = groups[["first", "things"]].sum().rename(columns={"first": "visits"})
    found = sums.assign(photos=groups.size()).reset_index()
    found["place"] = np.diff(found["place"], prepend=-1)
    names = ("place", "period", "photos", "visits", "things")
    columns = {name: found[name].to_numpy(dtype=np.int32) for name in names}
    return {"n": len(found)} | packed("columns", columns)


def packed(key: str, columns: dict[str, npt.NDArray[np.int32]]) -> dict[str, Any]:
    """Return columns under `key`: packed in the order of `names` where they are long.

    Of a packed column that is the same throughout, only its value is sent, in `same`.
    """
    if len(next(iter(columns.values()))) <= READABLE:
        return {
            "names": list(columns),
            key: {name: each.tolist() for name, each in columns.items()},
        }
    same = {name: int(each[0]) for name, each in columns.items() if (each == each[0]).all()}
    names = [name for name in columns if name not in same]
    return {"names": names, "same": same, key: encode_columns([columns[name] for name in names])}


def whole(points: gpd.GeoSeries, shifted: bool) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return longitudes and latitudes in whole steps of 1e-5 degrees."""
    lon, lat = schema.coordinates(points)
    degrees = lon % 360 if shifted else lon, lat
    east, north = (np.round(each * _DEGREE).astype(np.int64) for each in degrees)
    return east, north


def positions(ids: "pd.Series[str]", of: "pd.Series[str]") -> npt.NDArray[np.int32]:
    """Return the position of each id among those `of` the areas, -1 for none."""
    return pd.Index(of).get_indexer(pd.Index(ids)).astype(np.int32)
