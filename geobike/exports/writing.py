"""The files that leave the house: GeoJSON by RFC 7946, CSV, JSON, and Parquet for many rows."""

import csv
import importlib.util
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geobike import schema
from geobike.errors import InputError, MissingPackageError
from geobike.io.files import Transaction, atomic_open, atomic_path, join, read_bytes, same
from geobike.reporting import report

TableFormat = Literal["auto", "text", "parquet"]

MANY: Final = 100_000
"""Rows above which a table is better Parquet: GIS programs take minutes over such a GeoJSON, and
spreadsheets do not show such a CSV to its end."""

_DECIMALS: Final = 7  # of a degree: about 1 cm, the most that RFC 7946 advises

_FILES: Final = {
    "photos": ("photos.geojson", "photos.parquet"),
    "detections": ("detections.csv", "detections.parquet"),
}
"""Each table's names, as text and as Parquet."""

_OTHER_FILES: Final = ("areas.geojson", "map.html", "summary.json")

_CHUNK: Final = 20_000  # features that are Python objects at a time

_PHOTO_PROPERTIES: Final = (
    "photo_id",
    "status",
    "reason",
    "bicycle_count",
    "area_id",
    "taken_at",
    "heading",
    "position_source",
    "width",
    "height",
    "sha256",
)


def write_areas(areas: gpd.GeoDataFrame, path: str | Path) -> None:
    """Write an area counts frame as GeoJSON, its properties those of the frame.

    Examples:
        >>> import geobike
        >>> import geopandas
        >>> survey = geobike.Survey(
        ...     photos="sample/photos/day1",
        ...     areas="sample/areas.geojson",
        ...     detector=geobike.DetectorChoice(kind="cached"),
        ... )
        >>> result = geobike.run(survey, store="sample/detections.sqlite")
        >>> geobike.write_areas(result.areas, "areas.geojson")
        >>> len(geopandas.read_file("areas.geojson"))
        13
    """
    schema.check(areas, schema.AREA_COUNTS)
    columns = [*schema.AREA_COUNTS.columns, *schema.present(areas, schema.AREA_COUNTS)]
    _write_geojson(areas, columns, path)


def check_format(form: TableFormat) -> None:
    """Raise InputError for a format that is not known, MissingPackageError for one not there."""
    if form not in ("auto", "text", "parquet"):
        raise InputError(f"table format {form!r} is not auto, text or parquet")
    if form == "parquet" and not _parquet_is_there():
        raise MissingPackageError("Writing Parquet", "parquet")


def write_tables(
    photos: gpd.GeoDataFrame,
    detections: pd.DataFrame,
    out: Transaction,
    *,
    form: TableFormat = "auto",
) -> dict[str, str]:
    """Write photos and detections; return the names of their files.

    `form` text is `photos.geojson` and `detections.csv`, parquet is `.parquet` both; auto is
    Parquet for a table of more than MANY rows, if it is installed. The same table in the other
    format is removed where `summary.json` says that an earlier run wrote it, for it would
    contradict this one.
    """
    check_format(form)
    names, earlier = {}, _written_before(out.folder)
    for name, frame, write in (
        ("photos", photos, write_photos),
        ("detections", detections, write_detections),
    ):
        parquet = _better_parquet(frame, name, form)
        names[name], other = _FILES[name][:: -1 if parquet else 1]
        write(frame, out.staging / names[name])
        if other in earlier:
            out.discard(other)
    return names


def _written_before(folder: str | Path) -> list[str]:
    """Return the tables that an earlier run says it wrote into a folder."""
    try:
        return list(json.loads(read_bytes(join(folder, "summary.json")))["files"].values())
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return []  # no run, or none that left its account


def replaces(folder: str | Path, path: str | Path) -> bool:
    """Tell whether a survey that is written into a folder may replace or remove this very file."""
    ours = (*_OTHER_FILES, *chain(*_FILES.values()))
    return any(same(path, join(folder, file)) for file in ours)


def write_photos(photos: gpd.GeoDataFrame, path: str | Path) -> None:
    """Write every photo, also those without a position (null geometry).

    A path that ends in `.parquet` becomes GeoParquet 1.1, which needs an extra; every other
    GeoJSON. Takes a photos or a counts frame; the `bicycle_count` of a photos frame is null.

    Examples:
        >>> import geobike
        >>> import geopandas
        >>> photos = geobike.locate(geobike.read_photos(geobike.find_photos("sample/photos")))
        >>> geobike.write_photos(photos, "photos.geojson")
        >>> int(geopandas.read_file("photos.geojson").geometry.notna().sum())
        61
    """
    schema.check(photos, schema.COUNTS if "bicycle_count" in photos else schema.PHOTOS)
    out = photos.reindex(columns=[*_PHOTO_PROPERTIES, "geometry"])
    if Path(path).suffix == ".parquet":
        _write_parquet(out, path, schema_version="1.1.0")
    else:
        _write_geojson(out, _PHOTO_PROPERTIES, path)


def write_detections(detections: pd.DataFrame, path: str | Path) -> None:
    """Write a detections frame, as Parquet or CSV by the path's ending.

    Scores and pixels are written in full: a score of 0.30004 is above 0.3, also when it is read
    again. Text in the CSV is made inert for spreadsheets.

    Examples:
        >>> from pathlib import Path
        >>> import geobike
        >>> from geobike import schema
        >>> boxes = {"photo_id": ["a.jpg"], "label": ["=cmd"], "score": [0.9], "kept": [True]}
        >>> geobike.write_detections(schema.table(schema.DETECTIONS, boxes), "detections.csv")
        >>> print(Path("detections.csv").read_text())
        photo_id,label,score,xmin,ymin,xmax,ymax,model,kept,dropped_by
        a.jpg,'=cmd,0.9,,,,,,True,
        <BLANKLINE>
    """
    schema.check(detections, schema.DETECTIONS)
    columns = schema.DETECTIONS.columns
    texts = [name for name, dtype in columns.items() if dtype == schema.CODED]
    out = detections[list(columns)]
    if Path(path).suffix == ".parquet":
        # As text: photos are so many that their codes would be spelt out again block by block.
        _write_parquet(out.astype({"photo_id": schema.TEXT}), path)
        return
    _write_csv(out.astype(dict.fromkeys(texts, schema.TEXT)), texts, path)


def write_labels(answers: Mapping[str, Sequence[Mapping[str, Any]]], path: str | Path) -> None:
    """Write labels with their scores, by photo, as CSV."""
    rows = [{"photo_id": photo, **one} for photo, found in answers.items() for one in found]
    out = pd.DataFrame(rows, columns=["photo_id", "label", "score"])
    _write_csv(out, ("photo_id", "label"), path)


def write_summary(summary: Mapping[str, Any], path: str | Path) -> None:
    """Write the account of a run as JSON."""
    with atomic_open(path) as file:
        json.dump(summary, file, indent=2, ensure_ascii=False, allow_nan=False)
        file.write("\n")


def _parquet_is_there() -> bool:
    return importlib.util.find_spec("pyarrow") is not None


def _better_parquet(frame: pd.DataFrame, name: str, form: TableFormat) -> bool:
    if form != "auto" or len(frame) <= MANY:
        return form == "parquet"
    if not _parquet_is_there():
        report(
            f"{len(frame):,} rows of {name} are written as text; Parquet would take a tenth of the "
            "room and open sooner: pip install 'geobike[parquet]'"
        )
    return _parquet_is_there()


def _write_parquet(frame: pd.DataFrame, path: str | Path, **options: Any) -> None:
    check_format("parquet")
    with atomic_path(path) as part:
        frame.to_parquet(part, index=False, compression="zstd", **options)


def _write_csv(frame: pd.DataFrame, texts: Sequence[str], path: str | Path) -> None:
    """Write CSV; what stands in the columns `texts` is made inert for spreadsheets."""
    out = frame.assign(**{text: _escape_formula(frame[text]) for text in texts})
    # Before Python 3.13, csv leaves a carriage return bare that ends a row for every reader.
    returns = any(out[text].str.contains("\r", regex=False).any() for text in texts)
    quoting: Literal[0, 2] = csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL
    with atomic_open(path) as file:
        out.to_csv(file, index=False, quoting=quoting, lineterminator="\n")


def _escape_formula(column: "pd.Series[str]") -> "pd.Series[str]":
    """Return text that a spreadsheet does not take for a formula, and `tables` can undo."""
    risky = column.str.match(r"'*[=+\-@\t\r]")
    return column.mask(risky, "'" + column)


def _write_geojson(frame: gpd.GeoDataFrame, properties: Any, path: str | Path) -> None:
    """Write features line by line: valid GeoJSON, and kind to `diff` and `grep`."""
    with atomic_open(path) as file:
        file.write('{"type": "FeatureCollection", "features": [')
        for number, (geometry, *values) in enumerate(_json_rows(frame, properties)):
            attributes = json.dumps(
                dict(zip(properties, values, strict=True)), ensure_ascii=False, allow_nan=False
            )
            comma = ",\n" if number else "\n"
            file.write(
                f'{comma}{{"type": "Feature", "geometry": {geometry}, "properties": {attributes}}}'
            )
        file.write("\n]}\n")


def _json_rows(frame: gpd.GeoDataFrame, properties: Any) -> Iterator[tuple[Any, ...]]:
    """Yield geometry and values row by row, so many at a time that memory stays small."""
    for start in range(0, len(frame), _CHUNK):
        chunk = frame.iloc[start : start + _CHUNK]
        columns = [_json_values(chunk[name]) for name in properties]
        yield from zip(_json_geometries(chunk.geometry), *columns, strict=True)


def _json_values(column: "pd.Series[Any]") -> list[Any]:
    """Return Python values; NA, NaN and infinity as None, times in ISO 8601 with Z."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    known = np.isfinite(column) if column.dtype == "float64" else column.notna()
    return column.astype(object).where(known, None).tolist()


def _json_geometries(geometry: gpd.GeoSeries) -> Iterator[str]:
    """Yield RFC 7946 geometries: 7 decimals at most, exterior rings counter-clockwise."""
    shapes = shapely.transform(np.asarray(geometry.array), lambda degrees: degrees.round(_DECIMALS))
    shapes = shapely.orient_polygons(shapes, exterior_cw=False)
    for text in shapely.to_geojson(shapes):
        yield "null" if text is None else text
