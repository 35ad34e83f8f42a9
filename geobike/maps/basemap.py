"""The background of the map from the user's own file: water, green, rail, main streets, names.

Only what a reader needs to find the way is kept, clipped to the areas and drawn to the pixel. Work
and size are bounded whatever the file holds: shapes are cut, rounded to pixels and thinned, each in
time that grows with their vertices, and nothing repairs, unites or compares them.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geobike import schema
from geobike.errors import InputError
from geobike.io import polygons, vector
from geobike.maps.context import ContextLayer
from geobike.maps.encoding import encode_json
from geobike.reporting import report

KINDS: Final = ("water", "green", "waterway", "street", "rail", "main")
"""What is drawn, from the lowest."""

_LEFT_OUT: Final = ("street", "green", "waterway", "rail", "main", "water")
"""In the order in which they are left out of a background that would be too large."""

MOST: Final = 3_000_000  # characters in the page
_LARGEST: Final = 300_000_000  # bytes of an extract: GDAL reads some 20 MB of it a second
_MARGIN: Final = 0.25  # of the extent of the areas, on each side
_STEPS: Final = 2500  # pixels across the areas
_NAMES: Final = 150
_UNIT: Final = 1e5  # per degree: about one metre

_SURFACES: Final[Mapping[str, Mapping[str, frozenset[str] | None]]] = {
    "water": {
        "natural": frozenset({"water", "bay", "strait"}),
        "landuse": frozenset({"reservoir", "basin"}),
        "waterway": frozenset({"riverbank", "dock"}),
        "fclass": frozenset({"water", "reservoir", "river", "riverbank", "dock", "wetland"}),
    },
    "green": {
        "leisure": frozenset({"park", "garden", "nature_reserve", "golf_course"}),
        "landuse": frozenset({"forest", "grass", "recreation_ground", "cemetery", "meadow"}),
        "natural": frozenset({"wood", "heath", "scrub"}),
        "fclass": frozenset({"park", "forest", "nature_reserve", "cemetery", "recreation_ground"}),
    },
}
_LINES: Final[Mapping[str, Mapping[str, frozenset[str] | None]]] = {
    "waterway": {
        "waterway": frozenset({"river", "canal", "stream"}),
        "fclass": frozenset({"river", "canal", "stream"}),
    },
    "rail": {
        "railway": frozenset({"rail", "light_rail", "tram", "subway"}),
        "fclass": frozenset({"rail", "light_rail", "tram", "subway"}),
    },
    "main": {
        "highway": frozenset({"motorway", "trunk", "primary", "secondary", "tertiary"}),
        "fclass": frozenset({"motorway", "trunk", "primary", "secondary", "tertiary"}),
    },
    "street": {
        "highway": frozenset({"residential", "unclassified", "living_street", "pedestrian"}),
        "fclass": frozenset({"residential", "unclassified", "living_street", "pedestrian"}),
    },
}
"""Values of OpenStreetMap's columns, and of Geofabrik's `fclass`, by what they are drawn as."""

_WORDS: Final = {
    "water": ("water", "lake", "meer", "plas"),
    "green": ("park", "green", "groen", "forest", "bos"),
    "waterway": ("river", "canal", "gracht", "waterloop", "waterway"),
    "rail": ("rail", "spoor", "tram"),
    "main": ("main", "hoofdweg", "highway"),
    "street": ("street", "road", "straat", "weg"),
}
"""Words in the name of a layer that has none of those columns."""

_PLACES: Final = ("city", "town", "suburb", "village", "quarter", "neighbourhood", "hamlet")

_Shapes = npt.NDArray[np.object_]


class Basemap(NamedTuple):
    """What one file holds of each kind, in EPSG:4326."""

    shapes: dict[str, _Shapes]
    names: list[tuple[str, float, float]]
    """Names of places with longitude and latitude, the most important first."""


Layer = ContextLayer | Basemap
"""What the user gives to hold on to on the map."""


def read(path: str | Path) -> Basemap:
    """Read a background from an OpenStreetMap extract, a GeoPackage or another vector file.

    Raises InputError where it cannot be read, or holds nothing that is drawn.
    """
    path = Path(path)
    where = f"basemap {path.name}"
    if path.suffix.lower() == ".pbf" and path.is_file() and path.stat().st_size > _LARGEST:
        raise InputError(
            f"{where}: is over {_LARGEST // 1_000_000} MB, which takes minutes to read; cut it to "
            "your town first, such as with osmium extract --bbox"
        )
    found: dict[str, list[_Shapes]] = {kind: [] for kind in KINDS}
    names: list[tuple[int, str, float, float]] = []
    try:
        with vector.opened(path) as source:
            for layer, geometry in source.layers():
                if geometry is not None and layer not in ("other_relations", "multilinestrings"):
                    _take(source.read(layer), layer, where, found, names)
    except InputError as error:
        said = str(error).removeprefix(f"{where}: ")
        raise InputError(f"{where}: {said}") from None
    shapes = {kind: np.concatenate(parts) for kind, parts in found.items() if parts}
    if not shapes:
        raise InputError(
            f"{where}: holds no water, green, rail or streets that are known by OpenStreetMap's "
            "columns, or by the names of its layers"
        )
    return Basemap(shapes, [(name, x, y) for _, name, x, y in sorted(names)])


def _take(
    frame: Any,
    layer: str,
    where: str,
    found: dict[str, list[_Shapes]],
    names: list[tuple[int, str, float, float]],
) -> None:
    """Sort the shapes of a layer into what they are drawn as."""
    frame = vector.located(frame, f"{where}: layer {layer}")
    shapes = polygons.finite(np.asarray(frame.to_crs(schema.CRS).geometry.array))
    kind_of = shapely.get_dimensions(shapes)
    for dimension, kinds in ((2, _SURFACES), (1, _LINES)):
        rows = kind_of == dimension
        for kind, chosen in _sorted(frame, layer, kinds):
            if (wanted := rows & chosen).any():
                found[kind].append(shapely.force_2d(shapes[wanted]))
    if "place" in frame and "name" in frame:
        points = frame[(kind_of == 0) & frame["place"].isin(_PLACES).to_numpy()]
        middle = points.to_crs(schema.CRS).geometry
        names += [
            (_PLACES.index(place), str(name), x, y)
            for place, name, x, y in zip(
                points["place"], points["name"], middle.x, middle.y, strict=True
            )
            if pd.notna(name) and str(name).strip()
        ]


def _sorted(
    frame: gpd.GeoDataFrame, layer: str, kinds: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
    """Yield for each kind which rows are of it, by columns, else by the name of the layer."""
    columns = {column for values in kinds.values() for column in values} & set(frame)
    if not columns:
        known = (one for one in kinds if any(word in layer.lower() for word in _WORDS[one]))
        named = next(known, None)
        if named is not None:
            yield named, np.ones(len(frame), dtype=bool)
        return
    left = np.ones(len(frame), dtype=bool)
    for kind, values in kinds.items():
        here = np.zeros(len(frame), dtype=bool)
        for column in columns & set(values):
            here |= frame[column].isin(values[column]).to_numpy(bool)
        yield kind, here & left
        left &= ~here


def drawn(basemap: Basemap, areas: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return the background as the page draws it: clipped, to the pixel, at most 3 MB."""
    west, south, east, north = areas.total_bounds
    x, y = _MARGIN * (east - west), _MARGIN * (north - south)
    box = (west - x, south - y, east + x, north + y)
    pixel = max(east - west, north - south, 1e-4) / _STEPS
    layers = {kind: _shown(basemap.shapes[kind], box, pixel) for kind in basemap.shapes}
    left = []
    for kind in _LEFT_OUT:
        if _size(layers) <= MOST:
            break
        if layers.pop(kind, None):
            left.append(kind)
    if left:
        report(f"the background would be over {MOST // 1_000_000} MB, so it is without", left)
    if not any(layers.values()):
        report("the background has nothing near the areas")
    names = [
        [name, round(x, 5), round(y, 5)]
        for name, x, y in basemap.names
        if box[0] <= x <= box[2] and box[1] <= y <= box[3]
    ]
    return {"layers": encode_json(layers), "names": names[:_NAMES]}


def _size(layers: Mapping[str, Any]) -> int:
    packed = encode_json(layers)
    return len(packed if isinstance(packed, str) else json.dumps(packed))


def _shown(shapes: _Shapes, box: tuple[float, ...], pixel: float) -> list[Any]:
    """Return shapes to the pixel: a line as a row of steps, a polygon as a list of rings.

    Outer rings turn one way, inner ones the other. A row of steps is in 1e-5 degrees: x, y, dx,
    dy, ... What is smaller than a pixel is left out.
    """
    bounds = shapely.bounds(shapes)
    near = (bounds[:, 0] <= box[2]) & (bounds[:, 2] >= box[0])
    near &= (bounds[:, 1] <= box[3]) & (bounds[:, 3] >= box[1])
    near &= (bounds[:, 2:] - bounds[:, :2]).max(axis=1, initial=0) >= pixel
    parts = shapely.get_parts(shapely.clip_by_rect(shapes[near], *box))
    parts = shapely.get_parts(parts[~shapely.is_empty(parts)])
    kind = shapely.get_dimensions(parts)
    surfaces = shapely.orient_polygons(parts[kind == 2])
    rings, polygon = shapely.get_rings(surfaces, return_index=True)
    found: dict[int, list[list[int]]] = {}
    for row, steps in _steps(rings, pixel):
        found.setdefault(int(polygon[row]), []).append(steps)
    return [*found.values(), *(steps for _, steps in _steps(parts[kind == 1], pixel))]


def _steps(lines: _Shapes, pixel: float) -> Iterator[tuple[int, list[int]]]:
    """Yield each line's number and steps, where more than one pixel of it is left."""
    xy, line = shapely.get_coordinates(lines, return_index=True)
    cells = np.round(xy / pixel).astype(np.int64)
    keep = np.ones(len(cells), dtype=bool)
    keep[1:] = (cells[1:] != cells[:-1]).any(axis=1) | (line[1:] != line[:-1])
    places, line = np.round(cells[keep] * pixel * _UNIT).astype(np.int64), line[keep]
    starts = np.flatnonzero(np.diff(line, prepend=-1))
    for start, one in zip(starts, np.split(places, starts[1:]), strict=False):
        if len(one) > 1:
            yield int(line[start]), np.diff(one, axis=0, prepend=[[0, 0]]).ravel().tolist()
