"""Places and bicycles of all areas together, and the streets to look at: for `summary.json`."""

from typing import Any, Final

import geopandas as gpd
import pandas as pd

from geobike import metrics, schema
from geobike.parking import ratios

MOST: Final = 50
"""Streets in one list; `streets.geojson` has all."""

_COLUMNS: Final = (
    "street_id",
    "name",
    "area_id",
    "detected_once",
    "rack_capacity",
    "shortage",
    "free_within_walk",
)


def of(
    areas: gpd.GeoDataFrame,
    racks: gpd.GeoDataFrame,
    streets: gpd.GeoDataFrame | None,
    *,
    walk: float,
) -> dict[str, Any]:
    """Return the figures of all areas together."""
    inside = racks[racks["area_id"].notna()]
    counting = inside[inside["left_out"].isna()].assign(all="all")
    supply = ratios.racks_by(counting, "all", pd.Series(["all"], dtype=schema.TEXT))
    parked = pd.Series([areas["detected_once"].sum()])
    seen = _seen(areas)
    kerb = _in_view(areas)
    enough = kerb is not None and kerb >= metrics.KERB_ENOUGH
    out: dict[str, Any] = {
        "walk_m": walk,
        "left_out": {str(k): int(v) for k, v in inside["left_out"].value_counts().items()},
        **{str(name): _plain(supply[name].iloc[0]) for name in supply},
        "detected_once": round(float(parked.iloc[0]), 1),
        "detected_near_racks": round(float(areas["detected_near_racks"].sum()), 1),
        "covered_share": None if seen is None else round(seen, 3),
        "kerb_seen_share": None if kerb is None else round(kerb, 3),
        "pressure": _plain(ratios.pressure(parked, supply).round(3).iloc[0]) if enough else None,
    }
    if streets is None:
        return out
    return out | {"judged_streets": _judged(streets), "lists": _lists(streets)}


def _judged(streets: gpd.GeoDataFrame) -> dict[str, int]:
    """Return the sum of the shortages, and beside it what were short if all were in one place.

    Of the streets in areas that were seen well enough and whose capacities are known: no others.
    """
    inside = streets[streets["area_id"].notna()]
    judged = inside[inside["shortage"].notna()]
    net = ratios.shortage(judged["detected_once"].sum(), judged["rack_capacity"].sum())
    bare = judged["rack_count"] == 0
    return {
        "number": len(judged),
        "of": len(inside),
        "shortage": int(judged["shortage"].sum()),
        "shortage_without_racks": int(judged.loc[bare, "shortage"].sum()),
        "shortage_net": int(net),
        "free_within_walk": int(judged["free_within_walk"].sum()),
    }


def _seen(areas: gpd.GeoDataFrame) -> float | None:
    """Return the share of all areas' street length that was seen; None without streets."""
    if metrics.SHARE not in areas or not areas["street_km"].sum() > 0:
        return None
    return float(areas["covered_km"].sum() / areas["street_km"].sum())


def _in_view(areas: gpd.GeoDataFrame) -> float | None:
    """Return the share of all areas' kerb that was in view; None where nothing is known of it."""
    if metrics.SHARE not in areas or not areas[metrics.KERB].notna().any():
        return None
    return float((areas[metrics.KERB] * areas["street_km"]).sum() / areas["street_km"].sum())


def _plain(value: Any) -> Any:
    return None if pd.isna(value) else value.item() if hasattr(value, "item") else value


def _lists(streets: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return three lists of streets with their numbers, those that lack most places first.

    `no_facility`: bicycles were seen, and no rack is there. `full`: racks whose places do not
    suffice. `free_near_by`: bicycles without a place although places are free within the walk; a
    street may be in this one and in another.
    """
    near = (streets["free_within_walk"] > 0).fillna(False)
    return {
        "no_facility": _listed(streets[streets["parking"] == schema.NO_RACKS]),
        "full": _listed(streets[streets["parking"] == schema.FULL]),
        "free_near_by": _listed(streets[near]),
    }


def _listed(streets: gpd.GeoDataFrame) -> dict[str, Any]:
    worst = streets.sort_values(
        ["shortage", "detected_once"], ascending=False, kind="stable", na_position="last"
    )
    rows = pd.DataFrame(worst[list(_COLUMNS)]).head(MOST).round({"detected_once": 1})
    known = rows.astype(object).where(rows.notna(), None)
    return {"number": len(streets), "streets": known.to_dict("records")}
