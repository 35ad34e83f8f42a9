"""Supply beside demand: places in racks, and the bicycles that stand near them.

Parking pressure is all parked bicycles by all places, as counting bureaus have it; bicycles are
those that were detected, each place once. It is given only where 90 % of the racks have a capacity
and 80 % of the kerb was in view: it is a sum, of which what no photo shows is missing. A tenth of
the places should be free, for nobody hunts for the last one:
`shortage = max(0, ceil(parked - 0.9 * capacity))`.

Photos of streets see no garage, courtyard or shed, not what parked cars hide, and nothing of the
night: of those bicycles and places nothing is said here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import Transformer

from geobike import config, metrics, schema
from geobike.parking import account, ratios, walking
from geobike.reporting import report_number
from geobike.streets import Network

REACH: Final = 25.0  # metres from a street to its racks

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What was counted."""

    bicycles: pd.DataFrame
    """Bicycles frame."""
    stops: gpd.GeoDataFrame
    """Stops frame."""
    areas: gpd.GeoDataFrame
    """Area counts frame."""
    streets: gpd.GeoDataFrame | None = None
    """Streets frame."""
    street_of_bicycle: "pd.Series[str] | None" = None
    """`street_id` of the street that the photo of each bicycle shows, on their index."""


@dataclass(frozen=True, kw_only=True)
class Supply:
    """Racks, and what they are to the streets and areas."""

    racks: gpd.GeoDataFrame
    """Racks frame, with the street and area of each rack."""
    streets: gpd.GeoDataFrame | None
    """Streets frame with the columns of parking; None without streets."""
    areas: gpd.GeoDataFrame
    """Area counts frame with the metrics of parking."""
    total: Mapping[str, Any]
    """Of all areas together, and lists of streets, as in `summary.json`."""


def measure(
    racks: gpd.GeoDataFrame,
    demand: Demand,
    *,
    row_at: Callable[[_Floats, _Floats], npt.NDArray[np.intp]],
    network: Network | None = None,
    walk: float = config.WALK,
) -> Supply:
    """Return pressure, shortage and free places of each street, each area, and in all.

    `racks` is a racks frame, of which those without `left_out` count; `row_at` gives the row of the
    areas at a place. Without a network of streets, racks are counted by area, and neither pressure
    nor shortage is known.
    """
    schema.check(racks, schema.RACKS)
    plane = demand.areas.estimate_utm_crs() if network is None else network.plane
    placed = _placed(racks, demand.areas, row_at, network)
    placed = placed.assign(seen=_is_seen(placed, demand.stops, plane, network))
    counting = placed[placed["left_out"].isna()]
    nearest = _nearest(demand.bicycles, counting, plane, walk)
    near = demand.bicycles["weight"].where(nearest.notna(), 0.0)
    placed["detected_near"] = _at_racks(placed, demand.bicycles, nearest)
    streets = None
    if demand.streets is not None and demand.street_of_bicycle is not None:
        streets = _streets(demand.streets, counting, near.groupby(demand.street_of_bicycle).sum())
        streets["free_within_walk"] = _free_within(streets, counting, demand, plane, walk)
    areas = _areas(demand.areas, counting, near, demand.bicycles, streets)
    total = account.of(areas, placed, streets, walk=walk)
    return Supply(racks=placed, streets=streets, areas=areas, total=total)


def _placed(
    racks: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame,
    row_at: Callable[[_Floats, _Floats], npt.NDArray[np.intp]],
    network: Network | None,
) -> gpd.GeoDataFrame:
    """Return the racks with `area_id` and, where there are streets, `street_id`."""
    row = row_at(racks.geometry.x.to_numpy(), racks.geometry.y.to_numpy())
    out = racks.assign(area_id=areas["area_id"].array.take(row, allow_fill=True))
    if network is not None:
        points = np.asarray(racks.geometry.to_crs(network.plane).array)
        tree = shapely.STRtree(network.shapes)
        rack, found = tree.query_nearest(points, max_distance=REACH, all_matches=False)
        street = np.full(len(racks), -1, dtype=np.intp)
        street[rack] = found
        out["street_id"] = network.streets["street_id"].array.take(street, allow_fill=True)
    return out


def _is_seen(
    racks: gpd.GeoDataFrame, stops: gpd.GeoDataFrame, plane: Any, network: Network | None
) -> npt.NDArray[np.bool_]:
    """Return whether a stop on the street of each rack is near where it stands along the street."""
    points = np.asarray(racks.geometry.to_crs(plane).array)
    places = np.asarray(stops.geometry.to_crs(plane).array)
    if network is not None:
        row = pd.Index(network.streets["street_id"]).get_indexer(pd.Index(racks["street_id"]))
        street = network.shapes[row]
        along = shapely.line_interpolate_point(street, shapely.line_locate_point(street, points))
        points = np.where(row >= 0, along, points)
    rack, stop = shapely.STRtree(places).query(points, predicate="dwithin", distance=REACH)
    ids = racks["street_id"].fillna("").to_numpy(), stops["street_id"].fillna("").to_numpy()
    seen = np.zeros(len(racks), dtype=bool)
    seen[rack[ids[0][rack] == ids[1][stop]]] = True
    return seen


def _nearest(
    bicycles: pd.DataFrame, racks: gpd.GeoDataFrame, plane: Any, walk: float
) -> "pd.Series[str]":
    """Return the `rack_id` nearest to each bicycle, NA where none is within the walk."""
    x, y = _metres(bicycles["lon"], bicycles["lat"], plane)
    known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    tree = shapely.STRtree(np.asarray(racks.geometry.to_crs(plane).array))
    points = shapely.points(x[known], y[known])
    found, rack = tree.query_nearest(points, max_distance=walk, all_matches=False)
    row = np.full(len(bicycles), -1, dtype=np.intp)
    row[known[found]] = rack
    ids = racks["rack_id"].array.take(row, allow_fill=True)
    return pd.Series(ids, index=bicycles.index)


def _at_racks(
    racks: gpd.GeoDataFrame, bicycles: pd.DataFrame, nearest: "pd.Series[str]"
) -> "pd.Series[float]":
    """Return the bicycles of which each rack is the nearest, NA where it was not seen."""
    sums = bicycles["weight"].groupby(nearest).sum()
    found: pd.Series[float] = racks["rack_id"].map(sums).fillna(0.0).astype(schema.FLOAT)
    return found.where(racks["seen"] & racks["left_out"].isna())


def _metres(lon: Any, lat: Any, plane: Any) -> tuple[_Floats, _Floats]:
    to_plane = Transformer.from_crs(schema.CRS, plane, always_xy=True).transform
    x, y = to_plane(np.asarray(lon, dtype=float), np.asarray(lat, dtype=float))
    return np.asarray(x), np.asarray(y)


def _streets(
    streets: gpd.GeoDataFrame, racks: gpd.GeoDataFrame, near: "pd.Series[float]"
) -> gpd.GeoDataFrame:
    supply = ratios.racks_by(racks, "street_id", streets["street_id"])
    parked = streets["detected_once"]
    seen = streets[metrics.KERB] >= metrics.KERB_ENOUGH - ratios.TINY
    places = supply["rack_capacity"].astype(schema.FLOAT)
    judged = seen & parked.notna() & ratios.is_known(supply)
    lacking = ratios.shortage(parked, places).where(judged)
    nearby = streets["street_id"].map(near).fillna(0.0).where(parked.notna())
    _report_blind(streets[streets[metrics.KERB].isna() & (supply["rack_count"] > 0)])
    out = streets.join(supply).assign(
        detected_near_racks=nearby.astype(schema.FLOAT),
        pressure=ratios.pressure(parked, supply).where(judged),
        shortage=lacking.astype(schema.COUNT),
    )
    return out.assign(parking=_state(out, seen, ratios.is_known(supply)))


def _report_blind(streets: gpd.GeoDataFrame) -> None:
    """Report streets of which nobody can say what their photos show."""
    report_number(
        "street with racks has photos without headings, so what they show of it is not known, nor "
        "its pressure and shortage; give --track FILE, or headings in the manifest",
        "streets with racks have photos without headings, so what they show of them is not known, "
        "nor their pressure and shortage; give --track FILE, or headings in the manifest",
        streets["name"].fillna(streets["street_id"]).tolist(),
    )


def _state(
    streets: gpd.GeoDataFrame, seen: "pd.Series[bool]", known: "pd.Series[bool]"
) -> "pd.Series[str]":
    """Return what is known of each street. Bicycles where there is no rack need no further look."""
    bare, bicycles = streets["rack_count"] == 0, streets["detected_once"] > 0
    state = pd.Series(schema.FREE, index=streets.index, dtype=schema.TEXT)
    state = state.mask((streets["shortage"] > 0).fillna(False), schema.FULL)
    state = state.mask(bare, schema.EMPTY).mask(~known, schema.NO_CAPACITY)
    return state.mask(~seen, schema.UNCOVERED).mask(bare & bicycles, schema.NO_RACKS)


def _free_within(
    streets: gpd.GeoDataFrame, racks: gpd.GeoDataFrame, demand: Demand, plane: Any, walk: float
) -> "pd.Series[Any]":
    """Return the free places near the bicycles of each street that lacks places, 0 where none does.

    What a street lacks is shared out over its bicycles, what is free over its racks.
    """
    by_id = streets.set_index("street_id")
    parked = by_id["detected_once"].astype(float)
    each = by_id["shortage"].astype(schema.FLOAT) / parked.where(parked > 0)
    street = demand.street_of_bicycle.astype(schema.TEXT)  # type: ignore[union-attr]
    x, y = _metres(demand.bicycles["lon"], demand.bicycles["lat"], plane)
    lacks = demand.bicycles["weight"].to_numpy() * street.map(each).to_numpy(dtype=float)
    rows = pd.DataFrame({"street": street, "x": x, "y": y, "places": lacks})
    wanting = walking.gathered(rows[(rows["places"] > 0) & np.isfinite(x) & np.isfinite(y)])
    taken = walking.share_out(wanting, _free(by_id, racks, plane), walk=walk)
    moved = pd.Series(taken).groupby(wanting["street"]).sum()
    found = streets["street_id"].map(moved).fillna(0.0) + ratios.TINY
    whole: pd.Series[Any] = found.floordiv(1).where(streets["shortage"].notna())
    return whole.astype(schema.COUNT)


def _free(streets: pd.DataFrame, racks: gpd.GeoDataFrame, plane: Any) -> pd.DataFrame:
    """Return the free places of each rack whose street has some: a share of those of the street."""
    places = streets["rack_capacity"].astype(schema.FLOAT)
    spare = ratios.USABLE * places - streets["detected_once"].astype(float) + ratios.TINY
    left = spare.floordiv(1)
    each = (left / places).where((streets["parking"] == schema.FREE) & (left > 0))
    points = racks.geometry.to_crs(plane)
    share = racks["street_id"].map(each).astype(float) * racks["capacity"].astype(schema.FLOAT)
    rows = pd.DataFrame({"x": points.x, "y": points.y, "places": share})
    return rows[rows["places"] > 0].reset_index(drop=True)


def _areas(
    areas: gpd.GeoDataFrame,
    racks: gpd.GeoDataFrame,
    near: "pd.Series[float]",
    bicycles: pd.DataFrame,
    streets: gpd.GeoDataFrame | None,
) -> gpd.GeoDataFrame:
    """Return the areas with every metric that racks bring."""
    supply = ratios.racks_by(racks, "area_id", areas["area_id"])
    by_area = near.groupby(bicycles["area_id"].astype(schema.TEXT)).sum()
    known = pd.concat([areas.drop(columns=supply, errors="ignore"), supply], axis=1).assign(
        detected_near_racks=areas["area_id"].map(by_area).fillna(0.0).astype(schema.FLOAT),
        pressure=ratios.pressure(areas["detected_once"], supply),
    )
    if metrics.KERB not in areas:  # without streets there is no kerb
        known[metrics.KERB] = np.nan
    sums = _street_sums(streets, areas["area_id"])
    known = known.assign(**{name: sums[name] for name in _SUMMED})
    out = areas
    for metric in metrics.METRICS:
        if metric.needs == metrics.RACKS:
            values = metrics.values(metric, known)
            values = values.astype(schema.COUNT) if metric.is_whole else values.astype(schema.FLOAT)
            out = out.assign(**{metric.name: values})
    return out


_SUMMED: Final = ("shortage", "shortage_net", "free_within_walk")


def _street_sums(streets: gpd.GeoDataFrame | None, ids: "pd.Series[str]") -> pd.DataFrame:
    """Return shortages and free places of the streets of each area, NA where none is known."""
    if streets is None:
        return pd.DataFrame(None, index=ids.index, columns=list(_SUMMED), dtype=schema.FLOAT)
    judged = streets[streets["shortage"].notna()]
    table = pd.DataFrame(
        {
            "shortage": judged["shortage"].astype(schema.FLOAT),
            "free_within_walk": judged["free_within_walk"].astype(schema.FLOAT),
            "parked": judged["detected_once"],
            "places": judged["rack_capacity"].astype(schema.FLOAT),
        }
    )
    sums = table.groupby(judged["area_id"]).sum()
    sums["shortage_net"] = ratios.shortage(sums["parked"], sums["places"])
    return sums.reindex(ids.array).set_axis(ids.index)[list(_SUMMED)]
