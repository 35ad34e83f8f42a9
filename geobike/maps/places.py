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
) -> tuple[dict[str, Any], "pd.Series[int]"]:
    """Return the places, and the place of each counted photo by `photo_id`.

    `visits` is the visits frame of the photos; without it each photo is a place of its own.
    `street_of` gives the number of the street of a `stop_id`. A place has columns `lon` and `lat`
    in 1e-5 degrees, each the step from the one before, `area` and `street` (positions, -1 for
    none). `looks` has a row for each place and period: `place` (the step from the row before, from
    -1 at first), `period`, `photos`, `visits`, and `things`, the sum over the first photo of each
    visit.
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
    if len(own) > READABLE:  # neighbours in place become neighbours in the file
        order = np.argsort(own.geometry.hilbert_distance().to_numpy(), kind="stable")
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        own, number = own.iloc[order], rank[number]
    lon, lat = schema.coordinates(own.geometry)
    columns = {
        "lon": steps(lon % 360 if shifted else lon),
        "lat": steps(lat),
        "area": positions(own["area_id"], area_ids),
        "street": np.append(street_of.to_numpy(np.int32), np.int32(-1))[
            schema.rows_of(own["photo_id"], street_of.index)
        ],
    }
    looks = _looks(number, period[counted.index], first, counted["bicycle_count"])
    data: dict[str, Any] = {"n": len(own)} | packed("columns", columns)
    data["looks"] = packed("columns", looks)
    data["looks"]["n"] = len(looks["place"])
    return data, pd.Series(number, index=pd.Index(counted["photo_id"]))


def _looks(
    place: npt.NDArray[Any],
    period: "pd.Series[int]",
    first: "pd.Series[bool]",
    count: "pd.Series[Any]",
) -> dict[str, npt.NDArray[np.int32]]:
    """Return what each period shows of each place, ordered by place."""
    rows = pd.DataFrame(
        {
            "place": place,
            "period": period.to_numpy(),
            "visits": first.to_numpy().astype(np.int32),
            "things": np.where(first, count.fillna(0).to_numpy(dtype=np.int64), 0),
        }
    )
    groups = rows.groupby(["place", "period"])
    found = groups[["visits", "things"]].sum().assign(photos=groups.size()).reset_index()
    found["place"] = np.diff(found["place"], prepend=-1)
    return {
        name: found[name].to_numpy(dtype=np.int32)
        for name in ("place", "period", "photos", "visits", "things")
    }


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


def steps(degrees: npt.NDArray[np.float64]) -> npt.NDArray[np.int32]:
    """Return places in 1e-5 degrees, each as the step from the one before."""
    found = np.round(degrees * _DEGREE).astype(np.int32)
    return found - np.concatenate([[0], found[:-1]]).astype(np.int32)


def positions(ids: "pd.Series[str]", of: "pd.Series[str]") -> npt.NDArray[np.int32]:
    """Return the position of each id among those `of` the areas, -1 for none."""
    return pd.Index(of).get_indexer(pd.Index(ids)).astype(np.int32)
