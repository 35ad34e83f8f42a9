"""Read the street lines of a file that the user names."""

from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geobike import schema
from geobike.errors import InputError
from geobike.io import files, polygons, vector
from geobike.reporting import report_number

_NAMES: Final = (
    "name",
    "naam",
    "straatnaam",
    "street",
    "street_name",
    "streetname",
    "stt_naam",
    "openbareruimte",
    "openbareruimtenaam",
    "strasse",
    "rue",
)
"""Columns that hold the name of a street, in small letters; the first that is there is used."""

_KINDS: Final = "highway"  # OpenStreetMap's column
# Streets with kerbs that bicycles are parked on. Footways and cycleways beside a carriageway would
# count its length twice; nobody parks a bicycle on a motorway.
_STREETS: Final = frozenset(
    kind + link for kind in ("primary", "secondary", "tertiary") for link in ("", "_link")
) | {"unclassified", "residential", "living_street", "pedestrian", "road"}


def read(path: str | Path, areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the street lines around the areas: `name` and geometry, EPSG:4326.

    Of a file with OpenStreetMap's `highway` column, such as an extract (`.osm.pbf`), only the
    streets are taken: no motorway, no path for walking or cycling alone. Raises InputError where
    the file cannot be read, declares no CRS, or has no line near the areas.

    Examples:
        >>> import geobike
        >>> areas = geobike.read_areas("sample/areas.geojson")
        >>> streets = geobike.read_streets("sample/streets.geojson", areas)
        >>> sorted(streets.columns)
        ['geometry', 'name']
    """
    where = f"streets {files.name(Path(path))}"
    try:
        with vector.opened(Path(path)) as source:
            frame = source.read(_layer(source, where))
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    frame = _only_streets(vector.located(frame, where), where).to_crs(schema.CRS)
    lines = gpd.GeoDataFrame({"name": _names(frame)}, geometry=_lines(frame), crs=schema.CRS)
    lines = lines.explode(index_parts=False, ignore_index=True)
    near = lines[_near(lines, areas)]
    if near.empty:
        raise InputError(
            f"{where}: has no street line near the areas; check that both are of the same place"
        )
    polygons.check_tangle(np.asarray(near.geometry.array), where)
    return near.reset_index(drop=True)


def _layer(source: vector.Source, where: str) -> str | None:
    """Return the layer to read: the only one with lines, or the one that is called `lines`."""
    layers = source.layers()
    if len(layers) == 1:
        return None
    with_lines = [name for name, kind in layers if "LineString" in str(kind)]
    if "lines" in with_lines:  # OpenStreetMap extracts
        return "lines"
    if len(with_lines) == 1:
        return with_lines[0]
    raise InputError(
        f"{where}: has {len(with_lines)} layers with lines; save the streets as a file of their own"
    )


def _only_streets(frame: gpd.GeoDataFrame, where: str) -> gpd.GeoDataFrame:
    if _KINDS not in frame:
        return frame
    streets = frame[frame[_KINDS].isin(_STREETS)]
    if streets.empty:
        raise InputError(f"{where}: no line has a street's {_KINDS}, such as 'residential'")
    return streets


def _names(frame: gpd.GeoDataFrame) -> Any:
    lowered = {str(column).lower(): column for column in reversed(list(frame))}
    found = next((lowered[name] for name in _NAMES if name in lowered), None)
    if found is None:
        return pd.Series(None, index=frame.index, dtype=schema.TEXT)
    return frame[found].astype(schema.TEXT)


def _lines(frame: gpd.GeoDataFrame) -> Any:
    """Return the lines of each shape, None where it has none; polygons are not streets."""
    shapes = shapely.force_2d(np.asarray(frame.geometry.array))
    is_line = np.isin(shapely.get_type_id(shapes), (1, 2, 5))  # lines, rings, several lines
    west, south, east, north = shapely.bounds(shapes).T  # NaN where there is none
    on_earth = (west >= -360) & (east <= 360) & (south >= -90) & (north <= 90)
    report_number(
        "street line is left out: its coordinates are not degrees",
        "street lines are left out: their coordinates are not degrees",
        number=int((is_line & (west <= east) & ~on_earth).sum()),
    )
    return np.where(is_line & on_earth & shapely.is_valid(shapes), shapes, None)


def _near(lines: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> Any:
    west, south, east, north = areas.total_bounds
    margin = 0.001  # degrees, some 100 m
    box = shapely.box(west - margin, south - margin, east + margin, north + margin)
    return lines.intersects(box)
