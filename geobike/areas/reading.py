"""Neighbourhood polygons, read from a vector file."""

import codecs
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from geobike import schema
from geobike.areas import antimeridian, columns, declared, naming, repairing
from geobike.errors import AreasError, InputError
from geobike.io import vector
from geobike.io.files import fetch_local
from geobike.io.redaction import redact
from geobike.reporting import one_line, report

_ALL: Final = "all"
"""The layer that means all layers."""


def read(
    path: str | Path,
    *,
    layer: str | None = None,
    name_column: str | None = None,
    id_column: str | None = None,
    crs: str | None = None,
    encoding: str | None = None,
    population_column: str | None = None,
    language: str | None = None,
) -> gpd.GeoDataFrame:
    """Read polygons from a vector file and return an areas frame in EPSG:4326.

    `layer` names one of a file that has several, "all" reads them together. `encoding` is that of
    the file's text, where the file does not say it. `crs` says what the coordinates are where the
    file does not, or says it wrongly, which is reported. `area_id` is the column the user names,
    else the name where names are unique, else a running number from 1. `area_km2` is geodesic, on
    the WGS 84 ellipsoid. The other columns of the file are kept; one that has the name of one of
    geobike's is called `own:NAME`. `language`, such as nl, chooses among names by language.
    Polygons across 180 degrees are cut there, invalid ones repaired, and other geometries left
    out, with a GeobikeWarning. Raises AreasError.

    Examples:
        >>> import geobike
        >>> areas = geobike.read_areas("sample/areas.geojson", population_column="population")
        >>> areas.loc[:1, ["area_id", "population"]]
               area_id  population
        0   Zilverwijk        1640
        1  Oude Gracht        1485
    """
    raw = _read_file(path, layer, crs=crs, encoding=encoding)
    path = redact(path)  # for messages
    polygons = antimeridian.cut(repairing.polygons(_with_crs(raw, path, crs), path), path)
    column = naming.name_column(polygons, path, name_column)
    names = naming.names(polygons, path, column, language=language)
    ids = naming.ids(polygons, path, column=id_column, names=names if column else None)
    data = {"area_id": ids, "name": names, "area_km2": _km2(polygons.geometry)}
    if population_column is not None:
        data["population"] = columns.population(polygons, path, population_column)
    found = schema.geotable(schema.AREAS, data, polygons.geometry)
    areas = found.join(_own(polygons)).reset_index(drop=True)
    repairing.report_overlaps(areas)
    return areas


def _own(polygons: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the columns of the file, those that have a name of geobike's behind `schema.OWN`."""
    ours = {*schema.AREA_COUNTS.columns, *schema.AREA_COUNTS.optional, "geometry"}
    own = pd.DataFrame(polygons.drop(columns=polygons.geometry.name))
    names = [str(name) for name in own.columns]
    return own.set_axis([schema.OWN + name if name in ours else name for name in names], axis=1)


def _read_file(
    path: str | Path, layer: str | None, *, crs: str | None, encoding: str | None
) -> gpd.GeoDataFrame:
    if encoding is not None:
        _check_encoding(encoding)
    with fetch_local(path) as file:
        if not file.exists():
            raise AreasError(f"areas {file}: no such file")
        try:
            with vector.opened(file) as source, np.errstate(invalid="ignore"):  # NaN is reported
                frame = _frame(source, redact(path), layer, encoding)
                _check_declared(source, redact(path), len(frame), crs)
        except AreasError:
            raise
        except InputError as error:
            raise AreasError(f"areas {file}: cannot be read: {error}") from None
    return frame


def _check_encoding(encoding: str) -> None:
    try:
        codecs.lookup(encoding)
    except (LookupError, ValueError):
        raise AreasError(
            f"--encoding {encoding!r} is not known; give one such as UTF-8, cp1252 or gbk"
        ) from None


def _check_declared(source: vector.Source, path: str | Path, rows: int, crs: str | None) -> None:
    """Report a first page; raise AreasError for a CRS that does not exist."""
    for file in source.files if len(source.files) == 1 else ():
        if said := declared.first_page(file, rows):
            report(f"areas {path}: {said}; get the others too, or photos there count as outside")
        if crs is None and (name := declared.unknown_crs(file)):
            raise AreasError(
                f"areas {path}: its CRS {one_line(name, limit=80)!r} is not known; pass --crs with "
                "the true one, such as --crs EPSG:4326"
            )


def _frame(
    source: vector.Source, path: str | Path, layer: str | None, encoding: str | None
) -> gpd.GeoDataFrame:
    read = [
        _with_polygons(source.read(name, encoding=encoding), path)
        for name in _layers(source, path, layer)
    ]
    if len(read) == 1:
        return read[0]
    crs = next((frame.crs for frame in read if frame.crs is not None), None)
    same = [frame if frame.crs in (None, crs) else frame.to_crs(crs) for frame in read]
    parts = [part.drop(columns=_empty(part)) for part in same]
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=crs)


def _empty(frame: gpd.GeoDataFrame) -> list[Any]:
    """Return the empty columns, which would determine the types of all layers."""
    return [name for name in frame.columns.drop(frame.geometry.name) if frame[name].isna().all()]


def _with_polygons(frame: Any, path: str | Path) -> gpd.GeoDataFrame:
    """Return a table with geometry: its own, or that of the one column that holds polygons."""
    if isinstance(frame, gpd.GeoDataFrame):
        return frame
    columns = [str(name) for name in frame if _is_wkt(frame[name])]
    if len(columns) != 1:
        raise AreasError(
            f"areas {path}: a table without geometry; of a CSV, one column must hold polygons as "
            "well-known text"
        )
    report(f"areas {path}: polygons are read from the column {columns[0]!r}")
    try:
        shapes = gpd.GeoSeries.from_wkt(frame[columns[0]])
    except shapely.errors.ShapelyError as error:
        raise AreasError(
            f"areas {path}: the column {columns[0]!r} is not well-known text: {error}"
        ) from None
    return gpd.GeoDataFrame(frame.drop(columns=columns), geometry=shapes)


def _is_wkt(column: "pd.Series[Any]") -> bool:
    if not pd.api.types.is_string_dtype(column) or column.isna().all():
        return False
    return bool(column.dropna().str.match(r"(?i)\s*(MULTI)?POLYGON\b").all())


def _layers(source: vector.Source, path: str | Path, wanted: str | None) -> list[str]:
    """Return the layers to read: the one requested, all, or the only one with geometry."""
    layers = source.layers()
    names = [name for name, geometry in layers if geometry is not None] or [layers[0][0]]
    if wanted is None and len(names) == 1:
        return names
    if wanted == _ALL and _ALL not in names:
        return names
    if wanted is None or wanted not in names:
        asked = "has several layers" if wanted is None else f"has no layer {wanted!r}"
        shown = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if names[12:] else "")
        raise AreasError(
            f"areas {path}: {asked}; name one with --layer: {shown}; or read them together with "
            "--layer all"
        )
    return [wanted]


def _with_crs(frame: gpd.GeoDataFrame, path: str | Path, crs: str | None) -> gpd.GeoDataFrame:
    if crs is not None:
        try:
            given = pyproj.CRS.from_user_input(crs)
        except pyproj.exceptions.CRSError:
            raise AreasError(f"--crs {crs!r} is not a CRS; give one such as EPSG:28992") from None
        if frame.crs is not None and frame.crs != given:
            report(f"areas {path}: its CRS is {frame.crs.name}, but read as {given.name}: --crs")
        frame = frame.set_crs(given, allow_override=True)
    if frame.crs is None:
        west, south, east, north = _bounds(frame)
        if -180 <= west <= east <= 180 and -90 <= south <= north <= 90:
            raise AreasError(
                f"areas {path}: declares no CRS, and its coordinates look like degrees; if they "
                "are longitudes and latitudes, pass --crs EPSG:4326"
            )
        raise AreasError(f"areas {path}: declares no CRS; pass --crs, such as --crs EPSG:28992")
    if frame.crs.is_geographic:
        _refuse_metres(frame, path)
    return frame.to_crs(schema.CRS)


def _refuse_metres(frame: gpd.GeoDataFrame, path: str | Path) -> None:
    west, south, east, north = _bounds(frame)
    # Up to 360 is taken: files that cross the antimeridian may count eastward.
    x, y = max(west, east, key=abs), max(south, north, key=abs)
    if abs(x) > 360 or abs(y) > 90:
        raise AreasError(
            f"areas {path}: coordinates such as ({x:.6g}, {y:.6g}) are not degrees, though "
            f"its CRS is {frame.crs.name}; pass --crs with the true one, such as --crs EPSG:28992"
        )


def _bounds(frame: gpd.GeoDataFrame) -> Sequence[float]:
    """Return west, south, east, north of the rows whose coordinates are finite, else NaN."""
    each = frame.bounds.to_numpy()
    each = each[np.isfinite(each).all(axis=1)]
    if not len(each):
        return (math.nan,) * 4
    return [*each[:, :2].min(axis=0), *each[:, 2:].max(axis=0)]


def _km2(geometry: gpd.GeoSeries) -> list[float]:
    # Geodesic (Karney 2013, doi:10.1007/s00190-012-0578-z), as PostGIS geography and QGIS measure:
    # no projection to choose, and none to distort a large or far northern area.
    geod = pyproj.Geod(ellps="WGS84")
    return [abs(geod.geometry_area_perimeter(shapely.normalize(g))[0]) / 1e6 for g in geometry]
