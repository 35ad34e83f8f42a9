"""The user's water, streets and borders: read, clipped to the map, simplified."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geobike import schema
from geobike.errors import InputError
from geobike.io import polygons, vector
from geobike.maps.encoding import encode_json
from geobike.maps.numbers import DECIMALS
from geobike.reporting import report

_MARGIN: Final = 0.5  # of the extent of the areas, on each side
_STEPS: Final = 3000  # the tolerance is the extent divided by this


class ContextLayer(NamedTuple):
    """What one file holds."""

    name: str
    """Of the file, without its ending."""
    shapes: NDArray[np.object_]
    """Lines and polygons in EPSG:4326."""
    names: NDArray[np.object_] | None = None
    """The name of each shape, None where it has none; None where the file has no names."""


def read(path: str | Path) -> ContextLayer:
    """Read the lines and polygons of a file. Raises InputError where there are none."""
    return ContextLayer(Path(path).stem, *_shapes(Path(path)))


def drawn(layers: Iterable[ContextLayer], areas: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Return each layer as the page draws it, clipped to the surroundings of the areas."""
    return [_drawn(layer, areas.total_bounds) for layer in layers]


def _drawn(layer: ContextLayer, bounds: Any) -> dict[str, Any]:
    west, south, east, north = bounds
    x, y = _MARGIN * (east - west), _MARGIN * (north - south)
    near = shapely.clip_by_rect(layer.shapes, west - x, south - y, east + x, north + y)
    if shapely.is_empty(near).all():
        report(f"context {layer.name}: has no shapes near the areas")
    simple = shapely.simplify(near, max(east - west, north - south) / _STEPS)
    left = ~shapely.is_empty(simple)
    simple = shapely.transform(simple[left], lambda xy: xy.round(DECIMALS))
    geometries = [json.loads(text) for text in shapely.to_geojson(simple)]
    out = {"name": layer.name, "geometries": encode_json(geometries)}
    if layer.names is not None:
        out["names"] = encode_json(layer.names[left].tolist())
    return out


_NAME: Final = ("name", "naam", "street_name", "straatnaam", "label")
"""Columns with the names of shapes, in lower case; the first that a file has."""


def _names(frame: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Return the name of each row, None where it has none."""
    columns = {str(column).lower(): column for column in frame.columns}
    found = next((columns[name] for name in _NAME if name in columns), None)
    if found is None:
        return np.full(len(frame), None, dtype=object)
    given = frame[found].astype(object).where(frame[found].notna())
    names: NDArray[np.object_] = given.map(str, na_action="ignore").to_numpy(object)
    return names


def _layers(source: vector.Source) -> list[str]:
    """Return the layers that may hold lines or polygons, or the first if none says so."""
    layers = source.layers()
    shaped = [name for name, kind in layers if kind is not None and "Point" not in kind]
    return shaped or [layers[0][0]]


def _shapes(path: Path) -> Any:
    """Return the lines and polygons of a file, in EPSG:4326, and their names."""
    if not path.exists():
        raise InputError(f"context {path}: no such file")
    try:
        with vector.opened(path) as source:
            frames = [source.read(layer) for layer in _layers(source)]
    except InputError as error:
        raise InputError(f"context {path}: cannot be read: {error}") from None
    located = [vector.located(frame, f"context {path}") for frame in frames]
    shapes = np.concatenate([frame.to_crs(schema.CRS).geometry.array for frame in located])
    names = np.concatenate([_names(frame) for frame in located])
    shapes = polygons.repaired(polygons.finite(shapes), f"context {path}")
    present = np.flatnonzero(~shapely.is_missing(shapes))
    shapes, row = shapely.get_parts(shapely.force_2d(shapes[present]), return_index=True)
    wide = shapely.get_dimensions(shapes) > 0  # points do not help orientation
    if not wide.any():
        raise InputError(f"context {path}: has no lines and no polygons")
    named = _plain(names[present[row[wide]]])
    return shapes[wide], named if any(named) else None


def _plain(names: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return names as text or None, whatever a file has for an empty one."""
    return np.array([name if isinstance(name, str) and name else None for name in names], object)
