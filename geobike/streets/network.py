"""Streets between junctions, in steps of two metres whose two sides belong to areas.

Borders of areas run along streets, so each side of a street belongs to the area on that side: of a
street on a border, half the length is in either. All lengths are sums of steps, so that what is in
the areas and what is outside add up to the whole.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import Geod, Transformer

from geobike import schema

STEP: Final = 2.0  # metres, at most
BESIDE: Final = 8.0  # metres from the centre line to where bicycles are parked
_SHORT: Final = 25.0  # metres of a street in another area that do not make another street
_LOOSE: Final = 10.0  # metres by which a line runs past a junction without being a street

_ELLIPSOID: Final = Geod(ellps="WGS84")
_Floats = npt.NDArray[np.float64]
_Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Network:
    """Streets and their steps."""

    streets: gpd.GeoDataFrame
    """`street_id`, `name`, `area_id` (of the larger part), `length_m`; EPSG:4326."""
    steps: pd.DataFrame
    """In order along each street: `street` (row), `lon`, `lat` (middle of the step), `bearing` in
    degrees, `length_m`, and `left` and `right`, the row of the area on each side, -1 for none."""
    plane: Any
    """The CRS in metres in which distances to the streets are measured."""
    shapes: npt.NDArray[np.object_]
    """The streets in that CRS."""


def build(
    lines: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame,
    row_at: Callable[[_Floats, _Floats], _Rows],
) -> Network:
    """Cut street lines at junctions and at the borders that they cross.

    `lines` has `name` and lines in EPSG:4326, `areas` is an areas frame, of which `row_at` gives
    the row at longitudes and latitudes. Lines meet where they touch or cross; a line that is there
    twice is one street. Lengths are on the WGS 84 ellipsoid.

    Examples:
        >>> import geopandas as gpd
        >>> import numpy as np
        >>> from geobike import schema, streets
        >>> from shapely import LineString, box
        >>> shapes = [LineString([(4.36, 52.0), (4.36, 52.01)]),
        ...           LineString([(4.355, 52.005), (4.365, 52.005)])]
        >>> lines = gpd.GeoDataFrame({"name": ["Oude Delft", "Peperstraat"]}, geometry=shapes,
        ...                          crs=schema.CRS)
        >>> names = {"area_id": ["1"], "name": ["Centre"], "area_km2": [1.5]}
        >>> areas = schema.geotable(schema.AREAS, names, [box(4.35, 51.99, 4.37, 52.02)])
        >>> network = streets.build(lines, areas, lambda lon, lat: np.zeros(len(lon), dtype=int))
        >>> network.streets[["name", "length_m"]].round()
                  name  length_m
        0  Peperstraat     343.0
        1   Oude Delft     556.0
        2  Peperstraat     343.0
        3   Oude Delft     556.0
    """
    schema.check(areas, schema.AREAS)
    plane = areas.estimate_utm_crs()
    flat = lines.to_crs(plane)
    whole = _between_junctions(np.asarray(flat.geometry.array))
    names = _names(whole, flat)
    steps = _steps(whole, plane, row_at)
    shapes, source = _cut_at_borders(whole, steps)
    steps = _steps(shapes, plane, row_at)
    return Network(_streets(shapes, names[source], steps, areas, plane), steps, plane, shapes)


def _between_junctions(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Return the lines between junctions, in an order that follows from their places alone."""
    noded = shapely.get_parts(shapely.union_all(shapes))
    whole = shapely.line_merge(shapely.multilinestrings(noded[~_is_loose(noded)]))
    parts = shapely.get_parts(whole)
    parts = shapely.normalize(parts[shapely.length(parts) > 0])
    ordered: npt.NDArray[np.object_] = parts[np.lexsort(shapely.bounds(parts).T)]
    return ordered


def _is_loose(parts: npt.NDArray[np.object_]) -> npt.NDArray[np.bool_]:
    """Return whether each part is a short end that leads nowhere, as lines drawn too far have."""
    ends = [shapely.get_point(parts, end) for end in (0, -1)]
    place = pd.Series(shapely.to_wkb(np.concatenate(ends)))
    alone = (place.groupby(place).transform("size") == 1).to_numpy().reshape(2, -1)
    return np.asarray((alone.sum(axis=0) == 1) & (shapely.length(parts) < _LOOSE))


def _names(shapes: npt.NDArray[np.object_], lines: gpd.GeoDataFrame) -> npt.NDArray[np.object_]:
    """Return the name of the line that runs through the middle of each street."""
    middle = shapely.line_interpolate_point(shapes, 0.5, normalized=True)
    nearest = shapely.STRtree(lines.geometry.array).nearest(middle)
    named: npt.NDArray[np.object_] = lines["name"].to_numpy(dtype=object)[nearest]
    return named


def _steps(
    shapes: npt.NDArray[np.object_], plane: Any, row_at: Callable[[_Floats, _Floats], _Rows]
) -> pd.DataFrame:
    length = shapely.length(shapes)
    count = np.maximum(1, np.ceil(length / STEP)).astype(int)
    street = np.repeat(np.arange(len(shapes)), count)
    number = np.arange(len(street)) - np.repeat(np.cumsum(count) - count, count)
    size = (length / count)[street]
    middle = _points(shapes[street], (number + 0.5) * size)
    begin, end = (
        _points(shapes[street], number * size),
        _points(shapes[street], (number + 1) * size),
    )
    ahead = end - begin
    ahead /= np.maximum(np.hypot(*ahead.T), 1e-9)[:, None]
    across = np.column_stack([-ahead[:, 1], ahead[:, 0]]) * BESIDE  # to the left
    to_degrees = Transformer.from_crs(plane, schema.CRS, always_xy=True).transform
    lon, lat = to_degrees(*middle.T)
    bearing, _, chord = _ELLIPSOID.inv(*to_degrees(*begin.T), *to_degrees(*end.T))
    stretched = np.maximum(np.hypot(*(end - begin).T), 1e-9)
    return pd.DataFrame(
        {
            "street": street,
            "lon": lon,
            "lat": lat,
            "bearing": np.asarray(bearing) % 360,
            "length_m": size * np.asarray(chord) / stretched,
            "left": row_at(*map(np.asarray, to_degrees(*(middle + across).T))),
            "right": row_at(*map(np.asarray, to_degrees(*(middle - across).T))),
        }
    )


def _points(shapes: npt.NDArray[np.object_], metres: _Floats) -> _Floats:
    return np.asarray(shapely.get_coordinates(shapely.line_interpolate_point(shapes, metres)))


def _cut_at_borders(
    shapes: npt.NDArray[np.object_], steps: pd.DataFrame
) -> tuple[npt.NDArray[np.object_], _Rows]:
    """Return the streets, cut where they cross into another area, and the row each comes from.

    A stretch along a border is in two areas at once, and goes with what comes before it.
    """
    area = steps["left"].where(steps["left"] == steps["right"])
    area = area.groupby(steps["street"]).ffill()
    area = area.groupby(steps["street"]).bfill().fillna(-2)
    crosses = area.groupby(steps["street"]).nunique().to_numpy() > 1
    parts: list[Any] = []
    source: list[int] = []
    for row, shape in enumerate(shapes):
        cut = [shape]
        if crosses[row]:
            cut = _substrings(shape, area[steps["street"] == row].to_numpy())
        parts += cut
        source += [row] * len(cut)
    return np.array(parts, dtype=object), np.array(source, dtype=np.intp)


def _substrings(shape: Any, area: _Floats) -> list[Any]:
    """Return the parts of a street in one area each; areas are those of its steps, in order."""
    from shapely.ops import substring

    size = shape.length / len(area)
    ends = [number for number in range(1, len(area)) if area[number] != area[number - 1]]
    cuts = [0.0]
    for end in ends:
        if end * size - cuts[-1] >= _SHORT and shape.length - end * size >= _SHORT:
            cuts.append(end * size)
    return [
        substring(shape, begin, end)
        for begin, end in zip(cuts, [*cuts[1:], shape.length], strict=True)
    ]


def _streets(
    shapes: npt.NDArray[np.object_],
    names: npt.NDArray[np.object_],
    steps: pd.DataFrame,
    areas: gpd.GeoDataFrame,
    plane: Any,
) -> gpd.GeoDataFrame:
    count = len(shapes)
    sides = pd.concat([steps["left"], steps["right"]])
    halves = pd.Series(np.tile(steps["length_m"] / 2, 2))
    table = halves.groupby([np.tile(steps["street"], 2), sides.to_numpy()]).sum().reset_index()
    table.columns = pd.Index(["street", "area", "metres"])
    largest = table.sort_values("metres", kind="stable").drop_duplicates("street", keep="last")
    area = largest.set_index("street")["area"].reindex(range(count)).to_numpy(dtype=np.intp)
    data = {
        "street_id": [str(number) for number in range(1, count + 1)],
        "name": pd.array(names, dtype=schema.TEXT),
        "area_id": areas["area_id"].array.take(area, allow_fill=True),
        "length_m": np.bincount(steps["street"], steps["length_m"], minlength=count),
    }
    geometry = gpd.GeoSeries(shapes, crs=plane).to_crs(schema.CRS)
    return gpd.GeoDataFrame(data, geometry=geometry.array, crs=schema.CRS)
