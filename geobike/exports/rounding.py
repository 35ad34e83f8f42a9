"""Figures and coordinates with as many decimals as they mean, the same in files of any format."""

from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import shapely

from geobike import metrics, schema

if TYPE_CHECKING:
    import pandas as pd

DEGREES: Final = 7  # decimals of a degree: about 1 cm, the most that RFC 7946 advises

_FINER: Final = 2
"""Decimals of a statistic beyond those that the page shows, so that sums and ratios hold."""

_DECIMALS: Final = {
    "area_km2": 6,  # a square metre
    "street_km": 3,  # a metre
    "covered_km": 3,
    "length_m": 1,
    "covered_m": 1,
    "distance_m": 2,
    "placed_error_m": 2,
    "position_error_m": 2,
    "heading": 2,
    "bearing": 2,
    "covered_share": 4,
    "kerb_seen_share": 4,
    "bicycle_count": 4,  # of a stop, a mean over its visits
    "detected_once": 4,
    "detected_near": 4,
    "detected_per_100m": 4,
    "looks": 4,
    **dict.fromkeys(("pressure_by_hand", "pressure_low", "pressure_high"), 4),
    "weight": 6,  # many are added up
}


def figures(frame: "pd.DataFrame", columns: "list[str]") -> "pd.DataFrame":
    """Return the frame with those of the columns rounded that hold fractions.

    Boxes and scores are not: a score of 0.30004 is above 0.3, also when it is read again. A
    statistic keeps what the page makes of it: its class there, and that it is above zero.
    """
    shown = _digits()
    rounded = {
        name: _rounded(frame[name], decimals, shown.get(name))
        for name, decimals in (_DECIMALS | _decimals(shown)).items()
        if name in columns and frame[name].dtype == schema.FLOAT
    }
    return frame.assign(**rounded)


def _digits() -> dict[str, int]:
    """Return the decimals with which the page shows each statistic and the ends of its range."""
    return {
        column: metric.digits + 2 * metric.percent
        for metric in metrics.METRICS
        for column in (metric.name, *metric.ranges)
    }


def _decimals(shown: dict[str, int]) -> dict[str, int]:
    return {
        name: digits + _FINER
        for name, digits in shown.items()
        if name not in _DECIMALS or _DECIMALS[name] < digits + _FINER
    }


def _rounded(column: "pd.Series[float]", decimals: int, shown: int | None) -> "pd.Series[float]":
    out = column.round(decimals)
    step = 10.0**-decimals
    if shown is not None:  # 2.34499 is 2.34 on the page; 2.345 would be 2.35
        passed = _as_shown(out, shown) > _as_shown(column, shown)
        out = out.mask(passed, (out - step).round(decimals))
    return out.mask((column > 0) & (out == 0), step)


def _as_shown(column: "pd.Series[float]", digits: int) -> Any:
    """Round half up, as a browser does."""
    return np.floor(column * 10**digits + 0.5)


def places(geometry: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return shapes rounded to 1 cm, their exterior rings counter-clockwise.

    A polygon that this would make invalid keeps its coordinates.
    """
    shapes = np.asarray(geometry.array)
    kinds = shapely.get_type_id(shapes)
    if (kinds <= shapely.GeometryType.POINT).all() and not shapely.is_empty(shapes).any():
        exact = schema.coordinates(geometry)
        rounded = [axis.round(DEGREES) for axis in exact]
        if all(map(np.array_equal, exact, rounded, (True, True))):  # a Point takes 150 bytes
            return geometry
        return gpd.GeoSeries(schema.points(*rounded), index=geometry.index, crs=geometry.crs)
    rounded = shapely.transform(shapes, lambda degrees: degrees.round(DEGREES))
    broken = shapely.is_valid(shapes) & ~shapely.is_valid(rounded)
    rounded[broken] = shapes[broken]
    return gpd.GeoSeries(
        shapely.orient_polygons(rounded, exterior_cw=False), index=geometry.index, crs=geometry.crs
    )
