"""How many bicycles there are at least, and how many with each place counted once.

Nobody is recognised: at least so many were on one photo of each square, and a bicycle that ten
photos show counts a tenth on each. Neither claims to know which boxes are the same bicycle.
"""

from typing import Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from geobike import metrics, schema
from geobike.counting.ellipsoid import DEGREE, metres_per_degree

SQUARE: Final = 20.0  # metres
_ERRORS: Final = (
    5.0  # a square is at least so many position errors wide, so that few cross its edge
)


class Total(NamedTuple):
    """Bicycles of the detector: at least <= once <= boxes."""

    at_least: int
    once: float
    boxes: int


def overall(bicycles: pd.DataFrame, *, side: float = SQUARE) -> Total:
    """Return the numbers of all bicycles of a bicycles frame together.

    `side` is that of the squares in metres, as `square_side` gives it.
    """
    at_least, once, boxes = _totals(bicycles, np.zeros(len(bicycles), dtype=np.intp), side)
    return Total(int(at_least.sum()), float(once.sum()), int(boxes.sum()))


def by_area(
    bicycles: pd.DataFrame, area_ids: "pd.Series[str]", *, side: float = SQUARE
) -> pd.DataFrame:
    """Return `detected_once` and `detected_at_least` of each area, in the order of `area_ids`."""
    schema.check(bicycles, schema.BICYCLES)
    codes = schema.coded(bicycles["area_id"])
    row = pd.Index(area_ids).get_indexer(codes.categories)
    at_least, once, _ = _totals(bicycles, np.append(row, -1)[codes.codes], side)
    rows = range(len(area_ids))
    return pd.DataFrame(
        {
            metrics.ONCE: once.reindex(rows, fill_value=0.0).to_numpy(),
            metrics.AT_LEAST: at_least.reindex(rows, fill_value=0).to_numpy(),
        },
        index=pd.Index(area_ids),
    )


def square_side(photos: gpd.GeoDataFrame, *, position_error: float) -> float:
    """Return the side in metres of squares that few bicycles miss by the error of their position.

    `position_error` is that of photos without their own, in metres.
    """
    error = position_error
    if "position_error_m" in photos and len(photos):
        error = float(photos["position_error_m"].fillna(position_error).median())
    return max(SQUARE, _ERRORS * error)


def _totals(
    bicycles: pd.DataFrame, group: Any, side: float
) -> tuple["pd.Series[int]", "pd.Series[float]", "pd.Series[int]"]:
    """Return at least, once and boxes by group; a group below 0 is left out."""
    table = pd.DataFrame(
        {
            "group": group,
            "square": _squares(bicycles, side),
            "photo": schema.coded(bicycles["photo_id"]).codes,
            "weight": bicycles["weight"].to_numpy(),
        }
    )
    table = table[table["group"] >= 0]
    shown = table.groupby(["group", "square", "photo"], sort=False).size()
    fullest = shown.groupby(level=["group", "square"]).max()
    at_least = fullest.groupby(level="group").sum()
    by_group = table.groupby("group")["weight"]
    once = by_group.sum()
    return at_least, once.where(once > at_least, at_least), by_group.size()


def _squares(bicycles: pd.DataFrame, side: float) -> Any:
    """Return the number of the square in which each bicycle stands."""
    lat = bicycles["lat"].to_numpy()
    band = np.floor(lat * DEGREE / side)
    east, _ = metres_per_degree(band * side / DEGREE)
    column = np.floor(bicycles["lon"].to_numpy() * east / side)
    return (band * 2**24 + column).astype(np.int64)
