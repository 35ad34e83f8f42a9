"""The racks as the page draws them: places, capacities, and the bicycles near by."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geobike import metrics, schema
from geobike.maps.encoding import encode_json
from geobike.maps.numbers import DECIMALS, finite
from geobike.maps.places import positions

_FIGURES: Final = {
    "racks": "rack_count",
    "places": "rack_capacity",
    "known": "rack_capacity_known",
    "near": "detected_near_racks",
    "fullness": "pressure",
    "short": "shortage",
    "free": "free_within_walk",
    "kerb": metrics.KERB,
}
"""What the page knows of the racks of a street or an area: columns, by its own words."""

_BY_HAND: Final = {
    "fullness": ("pressure_by_hand", "pressure_low", "pressure_high"),
    "short": ("shortage_by_hand", "shortage_low", "shortage_high"),
}
"""The same as people count, with the ends of the range."""


def drawn(
    racks: gpd.GeoDataFrame | None, *, walk: float, streets: gpd.GeoDataFrame | None = None
) -> dict[str, Any] | None:
    """Return a racks frame as columns for the page; None where no racks were given.

    `state` is what is known: `places`, `unknown` (no capacity), or `left` (does not count).
    `street` is the position among the streets that were seen. `unseen` counts the streets in areas
    that have racks and are on no photo.
    """
    if racks is None:
        return None
    schema.check(racks, schema.RACKS)
    points = np.asarray(racks.geometry.array)
    state = np.where(racks["capacity"].isna(), "unknown", "places")
    columns = {
        "lon": shapely.get_x(points).round(DECIMALS).tolist(),
        "lat": shapely.get_y(points).round(DECIMALS).tolist(),
        "places": _values(racks["capacity"]),
        "near": _values(racks["detected_near"].round(1)),
        "date": _values(racks["capacity_date"]),
        "why": _values(racks["left_out"]),
        "state": np.where(racks["left_out"].notna(), "left", state).tolist(),
    }
    unseen = 0
    if streets is not None and "rack_count" in streets:
        seen = streets["stop_count"] > 0
        columns["street"] = positions(racks["street_id"], streets.loc[seen, "street_id"]).tolist()
        unseen = int((~seen & (streets["rack_count"] > 0) & streets["area_id"].notna()).sum())
    return {
        "walk": walk,
        "needed": {"kerb": metrics.KERB_ENOUGH, "known": metrics.KNOWN},
        "figures": _FIGURES,
        "unseen": unseen,
        "columns": encode_json(columns),
    }


def of_streets(streets: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Return of each street what it adds to the page: its `parking`; nothing without racks."""
    if "rack_count" not in streets:
        return [{} for _ in range(len(streets))]
    known = {name: _values(streets[column].round(4)) for name, column in _FIGURES.items()}
    rows = zip(_rows(known), by_hand(streets), strict=True)
    return [{"parking": figures | counted} for figures, counted in rows]


def by_hand(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return of each row `byHand`: figure, low and high by name, where people counted."""
    if "pressure_by_hand" not in frame:
        return [{} for _ in range(len(frame))]
    known = {
        name: list(zip(*(_values(frame[column]) for column in columns), strict=True))
        for name, columns in _BY_HAND.items()
    }
    found = ({k: v for k, v in row.items() if v[0] is not None} for row in _rows(known))
    return [{"byHand": row} if row else {} for row in found]


def _rows(columns: Mapping[str, list[Any]]) -> Iterator[dict[str, Any]]:
    """Return the rows of columns, without what is not known."""
    for values in zip(*columns.values(), strict=True):
        row = zip(columns, values, strict=True)
        yield {name: value for name, value in row if value is not None}


def _values(column: "pd.Series[Any]") -> list[Any]:
    return [value if isinstance(value, str) else finite(value) for value in column]
