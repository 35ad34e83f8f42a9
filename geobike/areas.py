"""Neighbourhood polygons: read, mend and report them; say in which one each photo lies."""

from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from geobike import schema
from geobike.errors import AreasError, InputError
from geobike.io import vector
from geobike.io.files import fetch_local
from geobike.io.redaction import redact
from geobike.reporting import report, report_number

_USUAL_NAMES: Final = (
    "name",
    "naam",
    "neighbourhood",
    "neighborhood",
    "buurtnaam",
    "bu_naam",
    "wijknaam",
    "wk_naam",
    "gm_naam",
    "district",
    "nom",
    "nombre",
    "label",
    "title",
)
"""Columns that are taken for the name, in this order and any letter case."""

_Shapes = npt.NDArray[np.object_]

_CHUNK: Final = 200_000  # points asked for at once: bounds memory at about 30 MB
_SLIVER: Final = 1e-6  # overlaps smaller than this share of an area are drawing noise


def read(
    path: str | Path,
    *,
    layer: str | None = None,
    name_column: str | None = None,
    id_column: str | None = None,
    crs: str | None = None,
    population_column: str | None = None,
) -> gpd.GeoDataFrame:
    """Read polygons from a vector file and return an areas frame in EPSG:4326.

    `layer` names one of a file that has several. `crs` says what the coordinates are where the
    file does not, or says it wrongly, which is reported. `area_id` is the column the user names,
    else the name where names are unique, else a running number from 1. `area_km2` is geodesic, on
    the WGS 84 ellipsoid. Invalid polygons are mended, and other geometries left out, with a
    GeobikeWarning. Raises AreasError.

    Examples:
        >>> import geobike
        >>> areas = geobike.read_areas("sample/areas.geojson", population_column="population")
        >>> areas.loc[:1, ["area_id", "population"]]
               area_id  population
        0   Zilverwijk        1640
        1  Oude Gracht        1485
    """
    raw = _read_file(path, layer)
    path = redact(path)  # for what is said of it
    raw = _with_crs(raw, path, crs)
    polygons = _polygons(raw, path)
    column = _name_column(polygons, path, name_column)
    names = _names(polygons, path, column)
    people = (
        {}
        if population_column is None
        else {"population": _population(polygons, path, population_column)}
    )
    areas = schema.geotable(
        schema.AREAS,
        people
        | {
            "area_id": _ids(polygons, path, column=id_column, names=names if column else None),
            "name": names,
            "area_km2": _km2(polygons.geometry),
        },
        polygons.geometry,
    ).reset_index(drop=True)
    _report_overlaps(areas)
    return areas


def assign(photos: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the photos with the `area_id` of the one area each lies in.

    A border belongs to its areas: a photo on a shared border, or where areas overlap, counts for
    the one that stands first in the areas' file, so that totals are conserved. A photo in none
    becomes `outside`, unless it has a status already. One whose position may be off by more than
    the size of the areas (the square root of the median area) becomes `unlocated`.

    Examples:
        >>> import geobike
        >>> from geobike import schema
        >>> from shapely import box
        >>> points = schema.points([4.36, 5.9], [52.01, 52.01])
        >>> photos = schema.geotable(schema.PHOTOS, {"photo_id": ["a.jpg", "b.jpg"]}, points)
        >>> centre = {"area_id": ["1"], "name": ["Centre"], "area_km2": [3.05]}
        >>> areas = schema.geotable(schema.AREAS, centre, [box(4.35, 52.0, 4.37, 52.02)])
        >>> geobike.assign_areas(photos, areas)[["photo_id", "area_id", "status"]]
          photo_id area_id   status
        0    a.jpg       1      NaN
        1    b.jpg     NaN  outside
    """
    schema.check(photos, schema.PHOTOS, unique_key=False)  # nothing is looked up by it here
    schema.check(areas, schema.AREAS)
    row = _first_area(np.asarray(photos.geometry.array), np.asarray(areas.geometry.array))
    out = photos.copy(deep=False)  # pandas copies what is written to, and only that
    out["area_id"] = areas["area_id"].array.take(row, allow_fill=True)  # -1 gives NA
    _report_if_all_lie_outside(photos, areas, row)
    out = _refuse_uncertain(out, areas)
    outside = out["area_id"].isna() & out["status"].isna() & out.geometry.notna()
    out.loc[outside, "status"] = schema.OUTSIDE
    out.loc[outside, "reason"] = "in none of the areas"
    return out


def _first_area(points: _Shapes, polygons: _Shapes) -> npt.NDArray[np.intp]:
    """Return for each point the row of the first polygon that holds it, -1 for none.

    The tree of polygons is asked with all points at once for the boxes they fall in; then each
    polygon, prepared once, judges its candidates by their bare coordinates.
    """
    shapely.prepare(polygons)
    tree = shapely.STRtree(polygons)
    none = len(polygons)
    first = np.full(len(points), none, dtype=np.intp)
    for start in range(0, len(points), _CHUNK):
        chunk = points[start : start + _CHUNK]
        point, polygon = tree.query(chunk)  # photos without a position are in no box
        x, y = shapely.get_x(chunk), shapely.get_y(chunk)
        inside = shapely.intersects_xy(polygons[polygon], x[point], y[point])
        np.minimum.at(first, start + point[inside], polygon[inside])
    return np.where(first < none, first, -1)


def _refuse_uncertain(photos: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the photos, without the positions that could lie in any of several areas."""
    if "position_error_m" not in photos:
        return photos
    size = 1000 * float(np.sqrt(areas["area_km2"].median()))
    error = photos["position_error_m"]
    refused = (error > size) & photos["status"].isna() & photos.geometry.notna()
    out = photos.copy(deep=False)
    out.loc[refused, "status"] = schema.UNLOCATED
    out.loc[refused, "reason"] = [
        f"the position may be off by {one:.0f} m, more than the size of the areas ({size:.0f} m)"
        for one in error[refused]
    ]
    out.loc[refused, ["area_id", "position_source"]] = None
    out["geometry"] = out.geometry.where(~refused, None)
    return out


def _report_if_all_lie_outside(
    photos: gpd.GeoDataFrame, areas: gpd.GeoDataFrame, row: npt.NDArray[np.intp]
) -> None:
    if (row >= 0).any() or photos.geometry.isna().all():
        return
    taken, given = (
        "({:.4g}, {:.4g}) to ({:.4g}, {:.4g})".format(*frame.total_bounds)
        for frame in (photos, areas)
    )
    west, south, east, north = photos.total_bounds
    swapped = shapely.box(south, west, north, east).intersects(shapely.box(*areas.total_bounds))
    hint = (
        "latitude and longitude of one of them seem swapped"
        if swapped
        else "if the areas should lie there, their CRS may be wrong: --crs"
    )
    report(
        f"no photo lies in any area: the photos lie from {taken}, the areas from {given} (degrees "
        f"east, north); {hint}"
    )


def _read_file(path: str | Path, layer: str | None) -> gpd.GeoDataFrame:
    with fetch_local(path) as file:
        if not file.exists():
            raise AreasError(f"areas {file}: no such file")
        try:
            with vector.opened(file) as source, np.errstate(invalid="ignore"):  # NaN is reported
                frame = source.read(_layer(source, file, layer))
        except AreasError:
            raise
        except InputError as error:
            raise AreasError(f"areas {file}: cannot be read: {error}") from None
    if not isinstance(frame, gpd.GeoDataFrame):
        raise AreasError(f"areas {redact(path)}: a table without geometry")
    return frame


def _layer(source: vector.Source, path: str | Path, wanted: str | None) -> str:
    """Return the layer to read: the one wanted, or the only one that has geometry."""
    layers = source.layers()
    names = [name for name, geometry in layers if geometry is not None] or [layers[0][0]]
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted not in names:
        asked = "has several layers" if wanted is None else f"has no layer {wanted!r}"
        raise AreasError(f"areas {path}: {asked}; name one with --layer: {', '.join(names)}")
    return wanted


def _with_crs(frame: gpd.GeoDataFrame, path: str | Path, crs: str | None) -> gpd.GeoDataFrame:
    if crs is not None:
        try:
            given = pyproj.CRS.from_user_input(crs)
        except pyproj.exceptions.CRSError:
            raise AreasError(f"--crs {crs!r} is no CRS; give one such as EPSG:28992") from None
        if frame.crs is not None and frame.crs != given:
            report(f"areas {path}: its CRS is {frame.crs.name}, but read as {given.name}: --crs")
        frame = frame.set_crs(given, allow_override=True)
    if frame.crs is None:
        raise AreasError(f"areas {path}: declares no CRS; pass --crs, such as --crs EPSG:28992")
    if frame.crs.is_geographic:
        _refuse_metres(frame, path)
    return frame.to_crs(schema.CRS)


def _refuse_metres(frame: gpd.GeoDataFrame, path: str | Path) -> None:
    west, south, east, north = frame.total_bounds
    # Up to 360 is taken: files that cross the antimeridian may count eastward.
    if max(abs(west), abs(east)) > 360 or max(abs(south), abs(north)) > 90:
        raise AreasError(
            f"areas {path}: coordinates such as ({west:.6g}, {south:.6g}) are no degrees, though "
            f"its CRS is {frame.crs.name}; pass --crs with the true one, such as --crs EPSG:28992"
        )


def _polygons(frame: gpd.GeoDataFrame, path: str | Path) -> gpd.GeoDataFrame:
    """Return the rows that hold polygons, mended; report what was mended and what left out."""
    out = frame.copy()
    shapes = _finite(np.asarray(frame.geometry.array))
    faults = [
        f"{row}: {shapely.is_valid_reason(shapes[row])}"
        for row in np.flatnonzero(~shapely.is_valid(shapes) & ~shapely.is_missing(shapes))
    ]
    if faults:
        report(f"areas {path}: invalid polygons mended, at row", faults)
    out.geometry = [_polygonal_part(shape) for shape in shapely.make_valid(shapes)]
    usable = out.geometry.notna()
    empty = [f"{row} ({frame.geometry.iloc[row]})"[:60] for row in np.flatnonzero(~usable)]
    if empty:
        report(f"areas {path}: rows without a polygon left out", empty)
    if not usable.any():
        raise AreasError(f"areas {path}: holds no polygon ({len(frame)} rows)")
    return out[usable]


def _finite(shapes: _Shapes) -> _Shapes:
    """Return the shapes, those with NaN or infinite coordinates as None."""
    coordinates, row = shapely.get_coordinates(shapes, return_index=True)
    out = shapes.copy()
    out[np.unique(row[~np.isfinite(coordinates).all(axis=1)])] = None
    return out


def _polygonal_part(shape: Any) -> Any:
    """Return the polygons of a shape as one, or None; lines that mending left over are dropped."""
    if shape is None or shape.is_empty:
        return None
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shapely.force_2d(shape)
    parts = [_polygonal_part(part) for part in getattr(shape, "geoms", ())]
    polygons = [part for part in parts if part is not None]
    return shapely.union_all(polygons) if polygons else None


def _names(frame: gpd.GeoDataFrame, path: str | Path, column: str | None) -> "pd.Series[str]":
    numbers = pd.Series(range(1, len(frame) + 1), index=frame.index).astype("str")
    if column is None:
        report(
            f"areas {path}: no name found, so areas are numbered; name the column with "
            f"--name-column ({_listed(frame)})"
        )
        return ("Area " + numbers).astype("str")
    names: pd.Series[str] = frame[column].astype("str").str.strip().replace("", None)
    return names.fillna("Area " + numbers)


def _name_column(frame: gpd.GeoDataFrame, path: str | Path, wanted: str | None) -> str | None:
    if wanted is not None:
        return _column(frame, path, wanted, "--name-column")
    columns = frame.columns.drop(frame.geometry.name)
    by_lower = {str(column).lower(): str(column) for column in reversed(columns)}
    for usual in _USUAL_NAMES:
        if usual in by_lower:
            return by_lower[usual]
    texts = [column for column in columns if pd.api.types.is_string_dtype(frame[column])]
    unique = [column for column in texts if frame[column].is_unique]
    return next(iter(unique + texts), None)


def _ids(
    frame: gpd.GeoDataFrame,
    path: str | Path,
    *,
    column: str | None,
    names: "pd.Series[str] | None",
) -> "pd.Series[str]":
    if column is not None:
        ids: pd.Series[str] = frame[_column(frame, path, column, "--id-column")].astype("str")
        if ids.isna().any() or not ids.is_unique:
            raise AreasError(f"areas {path}: --id-column {column!r} has empty or repeated values")
        return ids
    if names is not None and names.is_unique:
        return names
    return pd.Series(range(1, len(frame) + 1), index=frame.index).astype("str")


def _population(frame: gpd.GeoDataFrame, path: str | Path, wanted: str) -> "pd.Series[Any]":
    """Return inhabitants; what is negative, as statistics mark what they withhold, becomes NA.

    Text such as 1.640 or 2.000 is refused: in half of Europe its point parts thousands.
    """
    column = frame[_column(frame, path, wanted, "--population-column")]
    numbers = pd.to_numeric(column, errors="coerce").astype("float64")
    strange = (numbers.isna() & column.notna()) | (numbers % 1 > 0)
    if pd.api.types.is_string_dtype(column):
        strange |= column.str.contains(".", regex=False, na=False)
    if strange.any():
        row = strange.idxmax()
        raise AreasError(
            f"areas {path}: --population-column {wanted!r} holds {str(column[row])!r} at row "
            f"{row}; give whole numbers, with nothing between the thousands"
        )
    unknown = numbers.isna() | ~np.isfinite(numbers) | (numbers < 0)
    report_number(
        f"area has no population in {wanted!r} of {path}",
        f"areas have no population in {wanted!r} of {path}",
        number=int(unknown.sum()),
    )
    inhabitants: pd.Series[Any] = numbers.mask(unknown).astype(schema.COUNT)
    return inhabitants


def _column(frame: gpd.GeoDataFrame, path: str | Path, wanted: str, option: str) -> str:
    if wanted not in frame.columns or wanted == frame.geometry.name:
        raise AreasError(f"areas {path}: {option} {wanted!r} is not there; {_listed(frame)}")
    return wanted


def _listed(frame: gpd.GeoDataFrame) -> str:
    columns = [str(column) for column in frame.columns if column != frame.geometry.name]
    more = f" and {len(columns) - 12} more" if len(columns) > 12 else ""
    return f"its columns are {', '.join(columns[:12])}{more}"


def _km2(geometry: gpd.GeoSeries) -> list[float]:
    # Geodesic (Karney 2013, doi:10.1007/s00190-012-0578-z), as PostGIS geography and QGIS measure:
    # no projection to choose, and none to distort a large or far northern area.
    geod = pyproj.Geod(ellps="WGS84")
    return [abs(geod.geometry_area_perimeter(shapely.normalize(g))[0]) / 1e6 for g in geometry]


def _report_overlaps(areas: gpd.GeoDataFrame) -> None:
    shapes = np.asarray(areas.geometry.array)
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    left, right = one[one < other], other[one < other]
    common = shapely.area(shapely.intersection(shapes[left], shapes[right]))
    real = common > _SLIVER * np.minimum(shapely.area(shapes[left]), shapely.area(shapes[right]))
    name = areas["name"]
    pairs = [f"{name[a]!r} and {name[b]!r}" for a, b in zip(left[real], right[real], strict=True)]
    if pairs:
        report("areas overlap; a photo there counts for the one first in the file", pairs)
