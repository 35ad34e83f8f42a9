"""The streets on the page: those of which something was seen, as lines with their figures."""

from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geobike import schema
from geobike.maps.encoding import encode_json
from geobike.maps.numbers import finite
from geobike.maps.places import positions
from geobike.maps.racks import of_streets
from geobike.maps.shapes import steps

_STEPS: Final = 4000  # the tolerance is the extent divided by this


def streets(
    given: gpd.GeoDataFrame | None,
    stops: gpd.GeoDataFrame | None,
    stretches: pd.DataFrame | None,
    area_ids: "pd.Series[str]",
) -> tuple[Any, "pd.Series[int]"]:
    """Return the streets with a stop, packed where they are many, and the street of each stop.

    `given` is a streets frame, `stops` a stops frame, `stretches` a stretches frame. Where there
    are none, the list is empty. A street has `seen` where a part of it was, as in `_seen`, and
    `areas` where it is not listed in its own area alone: positions of those in which it is.
    """
    nothing = pd.Series(dtype="int64")
    if given is None or stops is None or not (given["stop_count"] > 0).any():
        return [], nothing
    schema.check(given, schema.STREETS)
    schema.check(stops, schema.STOPS)
    seen = given[given["stop_count"] > 0]
    west, south, east, north = seen.total_bounds
    lines = shapely.simplify(seen.geometry.to_numpy(), max(east - west, north - south) / _STEPS)
    area = positions(seen["area_id"], area_ids)
    crossings = _crossings(given, seen)
    rows = [
        {
            "ends": ends,
            "name": None if pd.isna(row.name_) else row.name_,
            "area": int(number),
            "length": round(row.length_m),
            "share": finite(row.covered_share),
            "stops": int(row.stop_count),
            "once": finite(row.detected_once),
            "rate": finite(row.detected_per_100m),
            "lines": drawn,
        }
        | parked
        | ({} if pieces is None else {"seen": pieces})
        | ({} if listed == [int(number)] else {"areas": listed})
        for row, number, drawn, ends, parked, pieces, listed in zip(
            seen.rename(columns={"name": "name_"}).itertuples(),
            area,
            _drawn(lines),
            crossings,
            of_streets(seen),
            _seen(stretches, seen["street_id"]),
            _listed(stretches, seen, area_ids),
            strict=True,
        )
    ]
    number = pd.Index(seen["street_id"]).get_indexer(pd.Index(stops["street_id"]))
    return encode_json(rows), pd.Series(number, index=stops["stop_id"])


_PARTS: Final = 1000  # of a street's length: the steps in which the page is told what was seen


def _seen(stretches: pd.DataFrame | None, street_ids: "pd.Series[str]") -> list[list[int] | None]:
    """Return where each street was seen: begin, end, begin, end, ... in thousandths of its length.

    None where it was seen whole, or nobody knows.
    """
    whole = [0, _PARTS]
    if stretches is None:
        return [None] * len(street_ids)
    schema.check(stretches, schema.STRETCHES)
    found: dict[str, list[int]] = {name: [] for name in street_ids}
    steps = (stretches[["begin", "end"]] * _PARTS).round().astype(int)
    rows = pd.concat([stretches["street_id"], steps], axis=1).sort_values(["street_id", "begin"])
    for name, begin, end in rows.itertuples(index=False):
        pieces = found.get(name, [])
        if pieces and begin <= pieces[-1]:
            pieces[-1] = max(pieces[-1], end)
        else:
            pieces += [begin, end]
    return [None if pieces == whole else pieces for pieces in found.values()]


def _listed(
    stretches: pd.DataFrame | None, seen: gpd.GeoDataFrame, area_ids: "pd.Series[str]"
) -> list[list[int]]:
    """Return the areas of which each street is one of those seen; its own where nobody knows."""
    if stretches is None:
        return [[int(area)] for area in positions(seen["area_id"], area_ids)]
    found: dict[str, list[int]] = {name: [] for name in seen["street_id"]}
    listed = stretches[stretches["listed"] & stretches["area_id"].notna()]
    pairs = listed[["street_id", "area_id"]].drop_duplicates()
    for name, area in zip(
        pairs["street_id"], positions(pairs["area_id"], area_ids).tolist(), strict=True
    ):
        found.get(name, []).append(area)
    return list(found.values())


def _drawn(shapes: npt.NDArray[np.object_]) -> list[list[list[int]]]:
    """Return each street as rows of steps, one for each of its pieces."""
    found: list[list[list[int]]] = [[] for _ in shapes]
    pieces, street = shapely.get_parts(shapes, return_index=True)
    for row, piece in zip(*steps(pieces), strict=True):
        found[street[piece]].append(row)
    return found


def _crossings(given: gpd.GeoDataFrame, seen: gpd.GeoDataFrame) -> list[list[str | None]]:
    """Return for each seen piece the other street at its start and the one at its end."""
    met = _ends(seen).merge(_ends(given), on=["x", "y"], suffixes=("", "_met"))
    met = met[met["name_met"].notna() & (met["name_met"] != met["name"])]
    first = met.sort_values("name_met").drop_duplicates(["row", "end"])
    names = dict(zip(zip(first["row"], first["end"], strict=True), first["name_met"], strict=True))
    return [[names.get((row, end)) for end in (0, -1)] for row in seen.index]


def _ends(streets: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return both ends of each street: `row` is its index, `end` 0 or -1."""
    lines = streets.geometry.to_numpy()
    parts = []
    for end in (0, -1):
        point = shapely.get_point(lines, end)
        at = {"x": shapely.get_x(point).round(7), "y": shapely.get_y(point).round(7)}
        parts.append(
            pd.DataFrame({"row": streets.index, "end": end, "name": streets["name"], **at})
        )
    return pd.concat(parts, ignore_index=True).dropna(subset=["x", "y"])
