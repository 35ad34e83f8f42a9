"""Coverage: how much of an area's streets was seen, and whether that suffices to compare it.

A stop covers its nearest street only, within 25 m: parallel streets that a free buffer would
credit were never looked at, and at a junction the camera passes into the other street or not. A
camera that looks across a street on a border covers only the side that it looks at: the area on the
other side was not seen. Elsewhere one side is taken for both.
"""

from typing import Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import Transformer

from geobike import metrics, schema
from geobike.counting import stretches
from geobike.counting.arrays import Flags, runs
from geobike.streets import Network

SIGHT: Final = 25.0  # metres along its street that a stop covers, and from a stop to its street
SQUARE: Final = 150.0  # metres: where no streets are given, squares with a stop are counted
ACROSS: Final = (60.0, 120.0)  # degrees from the street at which a camera sees one side of it

# Share of the street length, and streets seen.
_FLOOR: Final = {schema.COMPARED: (0.30, 6), schema.THIN: (0.15, 3)}
_SEEN: Final = 12.5  # metres of a street in an area that make it one of those seen there

_CHUNK: Final = 20_000  # stops at once: bounds memory at some 100 MB
_Rows = npt.NDArray[np.intp]


class Coverage(NamedTuple):
    """What stops cover."""

    street_of_stop: "pd.Series[str]"
    """`street_id`, on the index of the stops; NA where none is within 25 m."""
    streets: pd.DataFrame
    """`covered_m` and `stop_count`, on the index of the network's streets."""
    areas: pd.DataFrame
    """`street_km`, `covered_km`, `covered_share`, `streets_seen`, by `area_id`; NA is outside."""
    stretches: pd.DataFrame
    """Stretches frame."""


def cover(stops: gpd.GeoDataFrame, network: Network, area_ids: "pd.Series[str]") -> Coverage:
    """Return what the stops cover of each street and of each area, in metres and kilometres.

    `stops` is a stops frame; `area_ids` are those that the network was built with, in order. The
    covered length of all areas and of what is outside adds up to that of the streets.
    """
    schema.check(stops, schema.STOPS)
    row = _nearest_street(stops, network)
    left, right = _covered_sides(stops, row, network)
    steps = network.steps
    whole = (steps["left"] == steps["right"]).to_numpy() & (left | right)
    left, right = left | whole, right | whole
    half = steps["length_m"].to_numpy() / 2
    covered = half * left + half * right
    count = len(network.streets)
    streets = pd.DataFrame(
        {
            "covered_m": np.bincount(steps["street"], covered, minlength=count),
            "stop_count": np.bincount(row[row >= 0], minlength=count),
        },
        index=network.streets.index,
    )
    ids = network.streets["street_id"].array.take(row, allow_fill=True)
    parts = _parts(steps, left, right)
    return Coverage(
        pd.Series(ids, index=stops.index),
        streets,
        _by_area(parts, area_ids),
        stretches.find(network, left, right, parts["seen"], area_ids),
    )


def street_of_bicycle(
    covered: Coverage,
    bicycles: pd.DataFrame,
    visits: pd.DataFrame,
    photos: gpd.GeoDataFrame,
    stops: gpd.GeoDataFrame,
) -> "pd.Series[str]":
    """Return the `street_id` of each bicycle, on their index; NA where its photo shows no street.

    Bicycles belong to the street of the stop whose photo shows them, as the covered length does, so
    that bicycles per 100 m divide like by like.
    """
    street_of_stop = covered.street_of_stop.set_axis(stops["stop_id"])
    street_of_photo = schema.looked_up(visits["stop_id"], street_of_stop)
    return schema.looked_up(bicycles["photo_id"], street_of_photo.set_axis(photos["photo_id"]))


def describe_streets(
    network: Network, covered: Coverage, bicycles: pd.DataFrame, street: "pd.Series[str]"
) -> gpd.GeoDataFrame:
    """Return a streets frame: what the photos of its stops show of each street, each place once.

    `street` is that of each bicycle, as `street_of_bicycle` returns it.
    """
    schema.check(bicycles, schema.BICYCLES)
    once = bicycles["weight"].groupby(street).sum()
    out = network.streets.assign(
        covered_m=covered.streets["covered_m"],
        stop_count=covered.streets["stop_count"].astype(schema.COUNT),
        detected_once=network.streets["street_id"].map(once).fillna(0.0),
    )
    out["covered_share"] = out["covered_m"] / out["length_m"]
    seen = out["covered_m"].where(out["covered_m"] > 0)
    out["detected_once"] = out["detected_once"].where(seen.notna())
    out["detected_per_100m"] = 100 * out["detected_once"] / seen
    return schema.geotable(schema.STREETS, out.drop(columns="geometry"), out.geometry)


def squares_seen(square: "pd.Series[str]", exposure: pd.DataFrame) -> "pd.Series[int]":
    """Return the number of squares of 150 m with a stop that shows the area, by `area_id`.

    `square` is that of each stop, as `square_of_stop` returns it.
    """
    schema.check(exposure, schema.EXPOSURE)
    if square.empty:
        return pd.Series(dtype=int)
    shown = exposure[exposure["share"] > 0]
    number = pd.factorize(square)[0][schema.rows_of(shown["stop_id"], square.index)]
    seen = pd.DataFrame({"area_id": shown["area_id"].array, "square": number})
    once = seen.drop_duplicates()
    return once["square"].groupby(schema.text(once["area_id"])).size()


def square_of_stop(stops: gpd.GeoDataFrame) -> "pd.Series[str]":
    """Return the square of 150 m in which each stop is, by `stop_id`."""
    schema.check(stops, schema.STOPS)
    if stops.empty:
        return pd.Series(dtype=schema.TEXT)
    to_plane = Transformer.from_crs(schema.CRS, stops.estimate_utm_crs(), always_xy=True).transform
    metres = to_plane(*schema.coordinates(stops.geometry))
    squares = pd.DataFrame({axis: each // SQUARE for axis, each in zip("xy", metres, strict=True)})
    number = squares.groupby(["x", "y"], sort=False).ngroup()
    once = squares.drop_duplicates().astype(int).astype(schema.TEXT)  # in the order of the numbers
    names = "square " + once["x"] + " " + once["y"]
    return pd.Series(names.array.take(number.to_numpy()), index=stops["stop_id"])


def street_or_square(stops: gpd.GeoDataFrame, square: "pd.Series[str]") -> "pd.Series[str]":
    """Return by `stop_id` the street that each stop is on, its square where there is none."""
    street: pd.Series[str] = stops["street_id"].set_axis(square.index)
    return square.where(street.isna(), street)


def metres_of_stop(stops: gpd.GeoDataFrame, streets: gpd.GeoDataFrame) -> "pd.Series[float]":
    """Return by `stop_id` the metres of covered street that it stands for, NA beside streets."""
    by_street = streets.set_index("street_id")
    metres = by_street["covered_m"] / by_street["stop_count"]
    out: pd.Series[float] = stops["street_id"].map(metres).astype(schema.FLOAT)
    return out.set_axis(stops["stop_id"])


def status(seen: pd.DataFrame) -> "pd.Series[str]":
    """Return how well each area was seen: `compared`, `thin`, `too_thin` or `unseen`.

    `seen` has the sums of areas, `streets_seen` (squares of 150 m where no streets are given) and,
    where streets are given, `covered_share`. An area is compared and ranked from 30 %
    of its street length and 6 streets; from 15 % and 3 streets its figure is shown as thin.
    """
    share = seen[metrics.SHARE] if metrics.SHARE in seen else pd.Series(1.0, seen.index)
    found = pd.Series(schema.TOO_THIN, index=seen.index, dtype=schema.TEXT)
    for name in (schema.THIN, schema.COMPARED):
        least, streets = _FLOOR[name]
        found = found.mask((share >= least) & (seen["streets_seen"] >= streets), name)
    return found.where(metrics.looked(seen), schema.UNSEEN)


def _nearest_street(stops: gpd.GeoDataFrame, network: Network) -> _Rows:
    points = _flat(stops, network)
    tree = shapely.STRtree(network.shapes)
    stop, street = tree.query_nearest(points, max_distance=SIGHT, all_matches=False)
    out = np.full(len(stops), -1, dtype=np.intp)
    out[stop] = street
    return out


def _flat(stops: gpd.GeoDataFrame, network: Network) -> Any:
    return np.asarray(stops.geometry.to_crs(network.plane).array)


def _covered_sides(stops: gpd.GeoDataFrame, street: _Rows, network: Network) -> tuple[Flags, Flags]:
    """Return whether the left and the right side of each step is seen from a stop on its street."""
    steps = network.steps
    to_plane = Transformer.from_crs(schema.CRS, network.plane, always_xy=True).transform
    x, y = to_plane(steps["lon"].to_numpy(), steps["lat"].to_numpy())
    begin = np.searchsorted(steps["street"], np.arange(len(network.streets) + 1))
    points = shapely.get_coordinates(_flat(stops, network))
    heading = stops["heading"].to_numpy(dtype=float)
    bearing = steps["bearing"].to_numpy()
    left, right = (np.zeros(len(steps), dtype=bool) for _ in range(2))
    on_street = np.flatnonzero(street >= 0)
    for start in range(0, len(on_street), _CHUNK):
        some = on_street[start : start + _CHUNK]
        count = begin[street[some] + 1] - begin[street[some]]
        stop, step = np.repeat(some, count), runs(begin[street[some]], count)
        near = np.hypot(x[step] - points[stop, 0], y[step] - points[stop, 1]) <= SIGHT
        stop, step = stop[near], step[near]
        turn = (heading[stop] - bearing[step]) % 360  # NaN looks both ways
        left[step[~((turn >= ACROSS[0]) & (turn <= ACROSS[1]))]] = True
        right[step[~((turn >= 360 - ACROSS[1]) & (turn <= 360 - ACROSS[0]))]] = True
    return left, right


def _parts(steps: pd.DataFrame, left: Flags, right: Flags) -> pd.DataFrame:
    """Return metres of each street in each area, by the rows of both: of sides, and of those seen.

    `seen` says whether the street is one of those seen in that area.
    """
    area = np.concatenate([steps["left"], steps["right"]])
    street = np.tile(steps["street"], 2)
    half = np.tile(steps["length_m"] / 2, 2)
    covered = half * np.concatenate([left, right])
    parts = pd.DataFrame({"half": half, "covered": covered}).groupby([street, area]).sum()
    least = parts["half"].clip(upper=_SEEN)
    return parts.assign(seen=parts["covered"] >= least - 1e-6)


def _by_area(parts: pd.DataFrame, area_ids: "pd.Series[str]") -> pd.DataFrame:
    rows = [*range(len(area_ids)), -1]  # outside is last
    total = parts.groupby(level=1).sum().reindex(rows, fill_value=0)
    ids = pd.Index([*area_ids, None], dtype=schema.TEXT, name="area_id")
    with np.errstate(invalid="ignore"):
        share = total["covered"].to_numpy() / total["half"].to_numpy()  # NaN: no street
    return pd.DataFrame(
        {
            "street_km": total["half"].to_numpy() / 1000,
            "covered_km": total["covered"].to_numpy() / 1000,
            "covered_share": share,
            "streets_seen": total["seen"].to_numpy(),
        },
        index=ids,
    )
