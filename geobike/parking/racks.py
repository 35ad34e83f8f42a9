"""Read the bicycle racks of a file that the user names."""

import json
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geobike import schema
from geobike.errors import InputError
from geobike.io import files, vector, vector_kinds
from geobike.parking import columns
from geobike.reporting import one_line, report, report_number

_OSM: Final = "an OpenStreetMap extract"
_AMENITY: Final = "amenity"
_RACK: Final = "bicycle_parking"
_LAYERS: Final = {
    "points": ("node", f"""other_tags LIKE '%"{_AMENITY}"=>"{_RACK}"%'"""),
    "lines": ("way", f"""other_tags LIKE '%"{_AMENITY}"=>"{_RACK}"%'"""),
    "multipolygons": ("relation", f"{_AMENITY} = '{_RACK}'"),
}
"""Layers of an extract, what their objects are, and how GDAL finds the racks among them."""

_POINT: Final = "coordonneesxy"  # "[lon, lat]", of the French national file
_PAIRS: Final = (("xlong", "ylat"), ("longitude", "latitude"), ("lon", "lat"), ("lng", "lat"))
"""Columns of degrees in a table without geometry."""


def read(
    path: str | Path,
    areas: gpd.GeoDataFrame,
    *,
    capacity_column: str | None = None,
    date: str | None = None,
) -> gpd.GeoDataFrame:
    """Return the racks around the areas: a racks frame, each rack a point in EPSG:4326.

    Reads an OpenStreetMap extract (`.osm.pbf`), of which the objects with the tag
    `amenity=bicycle_parking` are taken, as they are of any file with a column `amenity`; the French
    national file (`coordonneesxy`, `capacite`); and any vector file with a rack per row.
    `capacity_column` names its column of capacities where that is not `capacity`. `date` is the
    day of the capacities, as in 2026-05-12, where the file does not say it rack by rack.

    A capacity is a whole number from 1 to 20,000, or NA; `capacity_said` keeps what the file said.
    Racks that are not for everybody, or that no photo of a street sees into, say why in `left_out`.
    Raises InputError where the file cannot be read, declares no CRS, or has no rack near the areas.

    Examples:
        >>> import geobike
        >>> areas = geobike.read_areas("sample/areas.geojson")
        >>> racks = geobike.read_racks("sample/racks.geojson", areas)
        >>> len(racks), int(racks["capacity"].sum()), int(racks["capacity"].isna().sum())
        (17, 456, 3)
    """
    where = f"racks {files.name(Path(path))}"
    try:
        table, shapes = _rows(Path(path), where)
    except InputError as error:
        said = str(error)
        raise InputError(said if said.startswith(where) else f"{where}: {said}") from None
    table, shapes = _only_racks(table, shapes, where)
    twice = _is_twice(shapes)
    points = shapely.centroid(shapes)
    racks = _described(table, points, twice, where, capacity_column, date)
    near = _near(points, areas)
    if not near.any():
        raise InputError(
            f"{where}: has no rack near the areas; check that both are of the same place"
        )
    found = racks[near].reset_index(drop=True)
    _report_capacities(found, where)
    return found


def _rows(path: Path, where: str) -> tuple[pd.DataFrame, Any]:
    """Return what the file says of each object, and its shape in EPSG:4326."""
    with vector.opened(path) as source:
        if vector_kinds.format_name(path) == _OSM:
            frame = _from_extract(source)
        else:
            frame = source.read(_layer(source, where))
    if not isinstance(frame, gpd.GeoDataFrame):
        frame = _with_points(frame, where)
    if frame.crs is None:
        raise InputError(f"{where}: declares no CRS; save it with one")
    shapes = np.asarray(frame.to_crs(schema.CRS).geometry.array)
    return pd.DataFrame(frame.drop(columns=frame.geometry.name)), shapely.force_2d(shapes)


def _from_extract(source: vector.Source) -> gpd.GeoDataFrame:
    """Return nodes, ways and relations that are racks, with a column for each tag."""
    parts = []
    for layer, (kind, rule) in _LAYERS.items():
        part = source.read(layer, where=rule).reset_index(drop=True)
        ids = f"{kind}/" + part["osm_id"].astype(schema.TEXT)
        if "osm_way_id" in part:
            ids = ids.fillna("way/" + part["osm_way_id"].astype(schema.TEXT))
        tags = columns.hstore(part["other_tags"].astype(schema.TEXT))
        known = {"rack_id": ids, _AMENITY: _RACK}
        parts.append(gpd.GeoDataFrame(tags.assign(**known), geometry=part.geometry))
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=schema.CRS)


def _layer(source: vector.Source, where: str) -> str | None:
    layers = [name for name, _ in source.layers()]
    if len(layers) == 1:
        return None
    named = [name for name in layers if name.lower() == "racks"]
    if named:
        return named[0]
    raise InputError(
        f"{where}: has {len(layers)} layers ({one_line(', '.join(layers), limit=80)}); save the "
        "racks as a file of their own, or name the layer racks"
    )


def _with_points(table: pd.DataFrame, where: str) -> gpd.GeoDataFrame:
    """Return a table without geometry with the points that its columns say, in degrees."""
    lowered = {str(column).lower(): column for column in reversed(list(table))}
    if _POINT in lowered:
        pairs = [_pair(value) for value in table[lowered[_POINT]]]
        lon, lat = np.array(pairs, dtype=float).reshape(-1, 2).T
    else:
        found = next((p for p in _PAIRS if p[0] in lowered and p[1] in lowered), None)
        if found is None:
            raise InputError(
                f"{where}: says no places; give it geometry, or columns longitude and latitude in "
                f"degrees. {_listed(table)}"
            )
        lon, lat = (_degrees(table[lowered[name]]) for name in found)
    valid = (np.abs(lon) <= 180) & (np.abs(lat) <= 90) & ~((lon == 0) & (lat == 0))
    points = schema.points(np.where(valid, lon, np.nan), np.where(valid, lat, np.nan))
    return gpd.GeoDataFrame(table, geometry=points, crs=schema.CRS)


def _degrees(column: "pd.Series[Any]") -> Any:
    """Return numbers, whose decimal sign may be a comma; NaN for what is none."""
    texts = column.astype("str").str.replace(",", ".", n=1, regex=False)
    return pd.to_numeric(texts, errors="coerce").to_numpy(dtype=float)


def _pair(value: object) -> tuple[float, float]:
    """Return the longitude and latitude of text such as `[4.36, 52.01]`, NaN of any other."""
    try:
        lon, lat = json.loads(str(value))
        return float(lon), float(lat)
    except (ValueError, TypeError, RecursionError):
        return np.nan, np.nan


def _listed(table: pd.DataFrame) -> str:
    names = [one_line(str(column), limit=40) for column in table]
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return f"Its columns are {', '.join(names[:12])}{more}"


def _only_racks(table: pd.DataFrame, shapes: Any, where: str) -> tuple[pd.DataFrame, Any]:
    """Return the objects that are bicycle racks and have a place."""
    named = [column for column in table if str(column).lower() == _AMENITY]
    if named:
        is_rack = (columns.texts(table[named[0]]) == _RACK).to_numpy(dtype=bool)
        if not is_rack.any():
            raise InputError(f"{where}: no object has {_AMENITY}={_RACK}")
        table, shapes = table[is_rack], shapes[is_rack]
    placed = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    placed &= np.isfinite(shapely.bounds(shapes)).all(axis=1)
    report_number(
        f"rack of {where[6:]} has no valid place, and is left out",
        f"racks of {where[6:]} have no valid place, and are left out",
        number=int((~placed).sum()),
    )
    return table[placed].reset_index(drop=True), shapes[placed]


def _is_twice(shapes: Any) -> Any:
    """Return which points lie in the area of another object: a rack drawn as both is one."""
    point = np.flatnonzero(shapely.get_type_id(shapes) == shapely.GeometryType.POINT)
    solid = np.flatnonzero(shapely.get_dimensions(shapes) == 2)
    inside, _ = shapely.STRtree(shapes[solid]).query(shapes[point], predicate="intersects")
    twice = np.zeros(len(shapes), dtype=bool)
    twice[point[inside]] = True
    return twice


def _described(
    table: pd.DataFrame,
    points: Any,
    twice: Any,
    where: str,
    capacity_column: str | None,
    date: str | None,
) -> gpd.GeoDataFrame:
    said = _capacities(table, where, capacity_column)
    access, indoor = columns.said(table, "access"), columns.indoor(table)
    left_out = columns.left_out(access, indoor)
    data = {
        "rack_id": _ids(table),
        "kind": columns.said(table, "kind"),
        "capacity": columns.capacity(said),
        "capacity_said": said,
        "capacity_date": columns.dates(columns.said(table, "capacity_date"), date),
        "access": access,
        "indoor": indoor,
        "left_out": left_out.mask(left_out.isna() & twice, columns.TWICE),
    }
    return schema.geotable(schema.RACKS, data, points)


def _capacities(table: pd.DataFrame, where: str, wanted: str | None) -> "pd.Series[str]":
    if wanted is None:
        if columns.find(table, "capacity") is None:
            report(
                f"{where}: no column of capacities is known, so no capacity is; name one with "
                f"--capacity-column. {_listed(table)}"
            )
        return columns.said(table, "capacity")
    if wanted not in table:
        raise InputError(f"{where}: no column {wanted!r} (--capacity-column). {_listed(table)}")
    return columns.texts(table[wanted])


def _ids(table: pd.DataFrame) -> "pd.Series[str]":
    """Return the ids of the file where each row has one of its own, else running numbers."""
    ids = columns.said(table, "rack_id")
    if ids.isna().any() or not ids.is_unique:
        return pd.Series(np.arange(1, len(table) + 1), index=table.index).astype(schema.TEXT)
    return ids


def _near(points: Any, areas: gpd.GeoDataFrame) -> Any:
    west, south, east, north = areas.total_bounds
    margin = 0.001  # degrees, some 100 m
    box = shapely.box(west - margin, south - margin, east + margin, north + margin)
    return shapely.intersects(points, box)


def _report_capacities(racks: gpd.GeoDataFrame, where: str) -> None:
    odd = racks.loc[racks["capacity"].isna() & racks["capacity_said"].notna(), "capacity_said"]
    no_number = f"that is not a whole number from 1 to {columns.MOST:,}, so it is not known"
    report_number(
        f"rack of {where[6:]} has a capacity {no_number}",
        f"racks of {where[6:]} have a capacity {no_number}",
        [repr(text) for text in odd],
    )
