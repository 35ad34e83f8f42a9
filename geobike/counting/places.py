"""How many bicycles stand in a place, if each place is counted once.

Between two numbers that are sure: at least as many as one photo shows in each square of ground, for
they were there together; at most as many as there are boxes. `detected_once` lies between: each
bicycle counts 1 / the photos that have its place in view. It is not a number of distinct bicycles;
which boxes show the same one is not known.
"""

from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike import schema
from geobike.config import POSITION_ERROR
from geobike.counting.arrays import Numbers
from geobike.counting.ellipsoid import DEGREE, metres_per_degree

SIZE: Final = 20.0  # metres of the side of a square, where positions are good
_ERRORS: Final = 5.0  # likely errors of a position that a square is wide, so that few leave it
_MOST: Final = 500.0  # metres: larger squares say nothing of a place
_QUARTILE: Final = 0.75  # of the photos have a smaller error than that which decides


def square_size(photos: pd.DataFrame, *, position_error_m: float = POSITION_ERROR) -> float:
    """Return the side of the squares in metres for a photos frame.

    20 m, or five likely errors of a position where that is more: in smaller squares, one bicycle
    on two photos would stand in two. A quarter of the photos may err more than is reckoned with.

    >>> import pandas as pd
    >>> square_size(pd.DataFrame({"position_error_m": [2.0, 3.0, None]}), position_error_m=8.0)
    27.5
    """
    errors = pd.Series([position_error_m])
    if "position_error_m" in photos and len(photos):
        errors = photos["position_error_m"].fillna(position_error_m)
    return float(np.clip(_ERRORS * errors.quantile(_QUARTILE), SIZE, _MOST))


def count_once(
    bicycles: pd.DataFrame, *, size_m: float = SIZE, by: str | None = None
) -> pd.DataFrame:
    """Return `bicycle_count`, `detected_once` and `detected_at_least` of bicycles.

    The rows are the values of the column `by`, such as `area_id`, without NA; a single row where it
    is None. Of all bicycles together, `detected_at_least` may be less than the sum over areas: a
    square on a border has the same fullest photo on both sides. Always
    `detected_at_least` <= `detected_once` <= `bicycle_count`.

    Examples:
        >>> from geobike import schema
        >>> from geobike.counting import places
        >>> rack = {"photo_id": ["a.jpg", "a.jpg", "b.jpg"], "weight": 0.5, "looks": 2.0}
        >>> there = {"lon": 4.36, "lat": 52.01, "placed": True}
        >>> places.count_once(schema.table(schema.BICYCLES, rack | there))
           bicycle_count  detected_once  detected_at_least
        0              3            2.0                  2
    """
    schema.check(bicycles, schema.BICYCLES)
    group = pd.Series(0, bicycles.index) if by is None else bicycles[by].astype(schema.TEXT)
    code, keys = pd.factorize(group)
    keys = keys if by is not None else pd.Index([0])
    count = np.bincount(code[code >= 0], minlength=len(keys))
    once = np.bincount(code[code >= 0], bicycles["weight"][code >= 0], len(keys))
    least = _at_least(bicycles, np.asarray(code), len(keys), size_m)
    out = pd.DataFrame(
        {
            "bicycle_count": count,
            "detected_once": np.clip(once, least, count),
            "detected_at_least": least,
        },
        index=pd.Index(keys, name=by),
    )
    return out.astype({"bicycle_count": schema.COUNT, "detected_at_least": schema.COUNT})


def find_places(bicycles: pd.DataFrame, *, size_m: float = SIZE) -> gpd.GeoDataFrame:
    """Return a places frame: the squares in which bicycles stand, from north to south."""
    schema.check(bicycles, schema.BICYCLES)
    here = bicycles[bicycles["lon"].notna()]
    square, photo = _squares(here, size_m), np.asarray(schema.coded(here["photo_id"]).codes)
    fullest = _fullest(square, photo)
    rows = pd.DataFrame({"square": square, **{name: here[name] for name in ("lon", "lat")}})
    groups = rows.assign(weight=here["weight"]).groupby("square")
    middle, total = groups[["lon", "lat"]].mean(), groups["weight"].sum()
    boxes = groups.size()
    found = pd.DataFrame(
        {
            "bicycle_count": boxes,
            "detected_once": np.clip(total, fullest["boxes"], boxes),
            "detected_at_least": fullest["boxes"],
            "photo_count": fullest["photos"],
            "photo_id": schema.coded(here["photo_id"])[fullest["row"].to_numpy()],
            "size_m": size_m,
        }
    ).iloc[::-1]
    points = schema.points(*(middle[axis].reindex(found.index) for axis in ("lon", "lat")))
    return schema.geotable(schema.PLACES, found.reset_index(drop=True), points)


def _at_least(
    bicycles: pd.DataFrame, group: npt.NDArray[Any], count: int, size_m: float
) -> Numbers:
    """Return the sum over squares of the fullest photo of each, by group.

    Bicycles that are placed and those that stand where the camera stood may be the same ones in
    two squares; the larger of the two sums is sure.
    """
    sums = np.zeros((2, count), dtype=np.int64)
    placed = bicycles["placed"].to_numpy()
    for row, some in enumerate((placed, ~placed)):
        rows = np.flatnonzero(some & (group >= 0) & bicycles["lon"].notna().to_numpy())
        chosen = bicycles.iloc[rows]
        square = pd.factorize(_squares(chosen, size_m))[0] * count + group[rows]
        fullest = _fullest(square, np.asarray(schema.coded(chosen["photo_id"]).codes))
        where = fullest.index.to_numpy() % max(count, 1)
        sums[row] = np.bincount(where, fullest["boxes"], count).astype(np.int64)
    out: Numbers = sums.max(axis=0)
    return out


def _fullest(square: Numbers, photo: npt.NDArray[Any]) -> pd.DataFrame:
    """Return by square the boxes on its fullest photo, the first row of that, and its photos."""
    rows = pd.DataFrame({"square": square, "photo": photo, "row": np.arange(len(square))})
    each = rows.groupby(["square", "photo"], sort=False)["row"].agg(["size", "first"]).reset_index()
    best = each.sort_values(["square", "size"], ascending=[True, False], kind="stable")
    first = best.drop_duplicates("square").set_index("square")
    photos = each.groupby("square").size()
    return pd.DataFrame({"boxes": first["size"], "row": first["first"], "photos": photos})


def _squares(bicycles: pd.DataFrame, size_m: float) -> Numbers:
    """Return the number of the square in which each bicycle stands, growing to the north.

    Squares lie in bands of latitude, and are as wide as the middle of the band lets them be.
    """
    lon, lat = (bicycles[axis].to_numpy(dtype=float) for axis in ("lon", "lat"))
    height = size_m / DEGREE
    band = np.floor(lat / height)
    width = size_m / metres_per_degree((band + 0.5) * height)[0]
    column = np.floor((lon + 180) / width)
    out: Numbers = (band.astype(np.int64) << 24) + column.astype(np.int64)
    return out
