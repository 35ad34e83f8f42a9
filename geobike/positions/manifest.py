"""The manifest: a table of positions with a row per photo, as CSV, GeoJSON points or Parquet.

A bad row does not stop the run: it stays in the frame with a reason that names the file, the line
and the value. A table without the required columns raises ManifestError.
"""

import csv
import itertools
import re
from collections.abc import Iterable
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from geobike import schema
from geobike.errors import InputError, ManifestError, MissingPackageError
from geobike.io import delimited, vector
from geobike.io.files import fetch_local
from geobike.io.matching import isin, match, normalize_names
from geobike.reporting import report, report_number

_KEPT_STATUSES: Final = (schema.DUPLICATE, schema.UNREADABLE, schema.FAILED)
"""Statuses of an earlier run that do not depend on areas or positions, and so are kept."""

_CHUNK: Final = 10_000  # rows of a CSV that are held as Python objects at a time

_NAMES: Final = {
    "file": ("file", "filename", "file_name", "photo", "photo_id", "image", "path"),
    "lat": ("lat", "latitude"),
    "lon": ("lon", "lng", "long", "longitude"),
    "taken_at": ("taken_at", "timestamp", "datetime", "time"),
    "heading": ("heading", "bearing", "direction"),
    "status": ("status",),
    "said": ("reason",),
}
"""Accepted names of each column, in any letter case."""


def read(path: str | Path, *, timezone: tzinfo | None = None) -> pd.DataFrame:
    r"""Read a manifest and return a manifest frame, one row for each row of the file.

    `timezone` is the zone of times without an offset from UTC. Raises ManifestError, or
    MissingPackageError if Parquet is not installed.

    Examples:
        >>> from pathlib import Path
        >>> import geobike
        >>> _ = Path("manifest.csv").write_text(
        ...     "file,latitude,longitude\na.jpg,52.01,4.36\nb.jpg,95,4\n"
        ... )
        >>> table = geobike.read_manifest("manifest.csv")  # b.jpg lies beyond the pole
        >>> table[["file", "lon", "lat"]]
            file   lon    lat
        0  a.jpg  4.36  52.01
        1  b.jpg   NaN    NaN
    """
    readers = {".geojson": _read_points, ".json": _read_points, ".parquet": _read_parquet}
    with fetch_local(path) as file:
        if not file.is_file():
            raise ManifestError(f"manifest {file}: no such file")
        raw = readers.get(file.suffix.lower(), _read_csv)(file)
    if raw.empty:
        report(f"manifest {file.name}: has no rows, so it names no photo")
    checked = _check_rows(raw, file.name)
    checked["taken_at"] = _times(raw, file.name, timezone)
    return schema.table(schema.MANIFEST, checked)


def photos(manifest: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return a photos frame of the photos that a manifest names, without their files.

    It has no positions yet, no sizes and no hashes. If the manifest was written by an earlier run,
    a photo that was `duplicate`, `unreadable` or `failed` keeps that status, and one that was
    `outside` the areas or `unlocated` is `never_processed`.
    """
    schema.check(manifest, schema.MANIFEST)
    named = manifest[manifest["file"].fillna("").str.strip() != ""].drop_duplicates("file")
    known = schema.table(schema.PHOTOS, {"photo_id": named["file"].array})
    for column, said in (("status", "status"), ("reason", "said")):
        if said in named:
            known[column] = named[said].array
    known["never_processed"] = known["status"].isin((schema.OUTSIDE, schema.UNLOCATED))
    known["status"] = known["status"].where(known["status"].isin(_KEPT_STATUSES))
    known["reason"] = known["reason"].fillna("the manifest gives no position")
    return schema.geotable(schema.PHOTOS, known, np.full(len(known), None, dtype=object))


def positions(photos: gpd.GeoDataFrame, manifest: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return the positions frame of a manifest; None without one.

    Reported are rows that match no photo, or the same photo, and photos that a manifest of most of
    them lacks.
    """
    if manifest is None:
        return None
    schema.check(manifest, schema.MANIFEST)
    rows = _rows_by_photo(photos, manifest)
    bad = rows["reason"].notna()
    rows[["lon", "lat"]] = rows[["lon", "lat"]].mask(bad)
    rows["source"] = pd.Series("manifest", index=rows.index).where(rows["lon"].notna())
    return schema.table(schema.POSITIONS, rows.assign(refused=bad))


def _read_csv(path: Path) -> pd.DataFrame:
    """Return the cells as text, with `line`, and `fault` for rows of the wrong length."""
    try:
        with delimited.open_text(path) as file:
            delimiter, skip = delimited.sniff(file)
            lines = delimited.read_rows(file, delimiter, skip=skip)
            _, header = next(lines, (1, []))
            columns = _columns(header, path, needed=("file", "lat", "lon"))
            places = {name: header.index(column) for name, column in columns.items()}
            chunks = [_chunk([], places, len(header))]
            while some := list(itertools.islice(lines, _CHUNK)):
                chunks.append(_chunk(some, places, len(header)))
    except UnicodeDecodeError as error:
        raise ManifestError(
            f"manifest {path}: byte {error.start} is not UTF-8; save it as CSV in UTF-8"
        ) from None
    except (OSError, csv.Error) as error:
        raise ManifestError(f"manifest {path}: {error}") from None
    return pd.concat(chunks, ignore_index=True)


def _chunk(lines: list[tuple[int, list[str]]], places: dict[str, int], width: int) -> pd.DataFrame:
    """Return the columns at `places` in rows of `width` cells."""
    whole = [cells if len(cells) == width else (cells + [""] * width)[:width] for _, cells in lines]
    table = {
        name: pd.Series([cells[place] for cells in whole], dtype="str").str.strip()
        for name, place in places.items()
    }
    faults = pd.Series(
        [delimited.width_fault(len(cells), width) for _, cells in lines], dtype="str"
    )
    table["file"] = normalize_names(table["file"])
    numbers = pd.Series([line for line, _ in lines], dtype="int64")
    return pd.DataFrame({**table, "line": numbers, "fault": faults})


def _read_points(path: Path) -> pd.DataFrame:
    try:
        with vector.opened(path) as source:
            table = source.read()
    except InputError as error:
        raise ManifestError(f"manifest {path}: cannot be read as GeoJSON: {error}") from None
    return _from_geotable(table, path)


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        import pyarrow.parquet
    except ImportError:
        raise MissingPackageError("A Parquet manifest", "parquet") from None
    try:
        is_geo = b"geo" in (pyarrow.parquet.read_schema(path).metadata or {})
        table = gpd.read_parquet(path) if is_geo else pd.read_parquet(path)
    except Exception as error:  # noqa: BLE001 - the errors of pyarrow share no base
        raise ManifestError(f"manifest {path}: cannot be read as Parquet: {error}") from None
    if isinstance(table, gpd.GeoDataFrame):
        return _from_geotable(table, path)
    columns = _columns(list(table.columns), path, needed=("file", "lat", "lon"))
    return _with_lines(pd.DataFrame({name: table[column] for name, column in columns.items()}))


def _from_geotable(table: gpd.GeoDataFrame, path: Path) -> pd.DataFrame:
    if not isinstance(table, gpd.GeoDataFrame) or table.crs is None:
        raise ManifestError(f"manifest {path}: has no points with a CRS")
    columns = _columns(list(table.columns), path, needed=("file",))
    kinds = table.geometry.geom_type
    no_point = kinds.notna() & (kinds != "Point")
    points = table.geometry.where(~no_point & ~table.geometry.is_empty).to_crs(schema.CRS)
    out = {name: table[column] for name, column in columns.items()}
    out |= {"lon": points.x, "lat": points.y}
    out["fault"] = ("its geometry is a " + kinds + ", not a Point").where(no_point)
    return _with_lines(pd.DataFrame(out))


def _with_lines(table: pd.DataFrame) -> pd.DataFrame:
    return table.reset_index(drop=True).assign(line=np.arange(1, len(table) + 1))


def _columns(header: list[str], path: Path, *, needed: Iterable[str]) -> dict[str, str]:
    """Return the file's name for each of our columns that it has."""
    by_name = {str(name).strip().lower(): name for name in reversed(header)}
    columns = {
        ours: by_name[theirs]
        for ours, names in _NAMES.items()
        for theirs in reversed(names)
        if theirs in by_name
    }
    for name in needed:
        if name not in columns:
            raise ManifestError(
                f"manifest {path}: no column named {' or '.join(_NAMES[name])}; "
                f"the columns are {', '.join(map(str, header))[:200]}"
            )
    return columns


def _check_rows(raw: pd.DataFrame, source: str) -> dict[str, Any]:
    """Return the columns of a manifest frame except the time, checked cell by cell."""
    lon, lon_fault = _numbers(raw["lon"], "longitude", limit=180)
    lat, lat_fault = _numbers(raw["lat"], "latitude", limit=90)
    heading = _headings(raw, source)
    incomplete = _where(lon.isna() != lat.isna(), "only one of latitude and longitude is given")
    null_island = _where((lon == 0) & (lat == 0), "position (0, 0), which devices write for none")
    fault = _texts(raw, "fault").replace("", None)
    for more in (lat_fault, lon_fault, incomplete, null_island):
        fault = fault.fillna(more)
    bad = fault.notna()
    reason = _line_prefix(raw[bad], source) + fault[bad]
    _report_cases("bad row", "in the manifest", reason)
    return {
        "file": raw["file"].astype("str").str.removeprefix("./"),
        "lon": lon.mask(bad),
        "lat": lat.mask(bad),
        "heading": heading,
        "line": raw["line"],
        "reason": reason.reindex(raw.index),
    } | {name: _texts(raw, name).replace("", None) for name in ("status", "said") if name in raw}


def _texts(raw: pd.DataFrame, name: str) -> "pd.Series[str]":
    """Return a column as text; empty where the column or the cell is missing."""
    if name not in raw:
        return pd.Series("", index=raw.index, dtype="str")
    return raw[name].astype("str").fillna("").str.strip()


def _numbers(
    column: "pd.Series[Any]", name: str, *, limit: float
) -> tuple["pd.Series[float]", "pd.Series[str]"]:
    """Return degrees, NA where the cell is empty or bad, and what is wrong with it, or NA."""
    text = column.astype("str").fillna("").str.strip()
    degrees = pd.to_numeric(text.str.replace(",", ".", n=1), errors="coerce")
    degrees = degrees.astype("float64")
    wrong = (text != "") & ~np.isfinite(degrees)
    beyond = ~wrong & (degrees.abs() > limit)
    bad = wrong | beyond
    kind = np.where(beyond[bad], f"is beyond ±{limit}", "is not a number")
    fault: pd.Series[str] = f"{name} '" + text[bad].str[:40] + "' " + kind
    return degrees.mask(bad), fault.reindex(text.index)


def _where(where: "pd.Series[bool]", message: str) -> "pd.Series[str]":
    """Return the message where the condition holds, and NA elsewhere."""
    return pd.Series(message, index=where.index, dtype="str").where(where)


_YEARS: Final = (1800, 2199)
"""Years of photos; others break calendars, and are what devices write for an unknown time."""

_OFFSET = re.compile(r"[T ]\d.*(?:Z|[+-]\d\d(?::?\d\d)?)$")


def _times(raw: pd.DataFrame, source: str, timezone: tzinfo | None) -> "pd.Series[Any]":
    text = _texts(raw, "taken_at").str.upper()  # pandas knows T and Z, not t and z
    named = text.str.contains(_OFFSET)
    times = pd.to_datetime(text.where(named), utc=True, format="ISO8601", errors="coerce")
    local = pd.to_datetime(text.where(~named), utc=True, format="ISO8601", errors="coerce")
    local = local.dt.tz_localize(None)
    odd = ~_plausible(times) | ~_plausible(local)
    times, local = times.mask(odd), local.mask(odd)
    fault = "has no offset from UTC; pass --timezone"
    if timezone is not None:
        in_zone = local.dt.tz_localize(timezone, ambiguous="NaT", nonexistent="NaT")
        times = times.fillna(in_zone.dt.tz_convert("UTC"))
        fault = f"is ambiguous or does not exist in {timezone} (clock change)"
    no_time = (text != "") & times.isna() & local.isna() & ~odd
    for where, why in (
        (no_time, "is not a valid ISO 8601 time such as 2026-05-31T10:12"),
        (odd, f"is outside the years {_YEARS[0]} to {_YEARS[1]}"),
        (times.isna() & local.notna(), fault),
    ):
        quoted = _line_prefix(raw[where], source) + "taken_at '" + text[where].str[:40] + "' "
        _report_cases("time", "left out", quoted + why)
    return times


def _plausible(times: "pd.Series[Any]") -> "pd.Series[bool]":
    good: pd.Series[bool] = times.isna() | times.dt.year.between(*_YEARS)
    return good


def _headings(raw: pd.DataFrame, source: str) -> "pd.Series[float]":
    text = _texts(raw, "heading")
    heading = pd.to_numeric(text.str.replace(",", ".", n=1), errors="coerce").astype("float64")
    good = heading.between(0, 360)
    bad = (text != "") & ~good
    quoted = _line_prefix(raw[bad], source) + "heading '" + text[bad].str[:40] + "' "
    _report_cases("heading", "left out", quoted + "is not from 0 to 360")
    return heading.where(good) % 360


def _line_prefix(raw: pd.DataFrame, source: str) -> "pd.Series[str]":
    lines: pd.Series[str] = source + " line " + raw["line"].astype("str") + ": "
    return lines


def _report_cases(what: str, fate: str, cases: "pd.Series[str]") -> None:
    if len(cases):
        report(f"{len(cases)} {what}{'s' * (len(cases) != 1)} {fate}", cases.tolist())


def _rows_by_photo(photos: gpd.GeoDataFrame, manifest: pd.DataFrame) -> pd.DataFrame:
    """Return a manifest row per photo, on the index of the photos; empty for one without a row."""
    photo_id = match(manifest["file"], photos["photo_id"])
    by_end = photo_id.notna() & (photo_id != manifest["file"])
    report_number(
        "row is matched to a photo by the end of its path",
        "rows are matched to photos by the end of their paths",
        [
            f"{file} for {found}"
            for file, found in zip(manifest.loc[by_end, "file"], photo_id[by_end], strict=True)
        ],
    )
    unknown = manifest[photo_id.isna()]
    report_number(
        "row names a photo that was not found",
        "rows name photos that were not found",
        [
            f"{file} (line {line})"
            for file, line in zip(unknown["file"], unknown["line"], strict=True)
        ],
    )
    named = manifest.assign(photo_id=photo_id).dropna(subset="photo_id")
    missing = photos.loc[~isin(photos["photo_id"], named["photo_id"]), "photo_id"]
    if len(missing) <= len(photos) / 2:  # a manifest of fewer only supplements EXIF
        report_number(
            "photo is missing from the manifest",
            "photos are missing from the manifest",
            missing.tolist(),
        )
    rows = _merge_rows(named).set_index("photo_id").reindex(photos["photo_id"])
    return rows.set_index(photos.index)


def _merge_rows(named: pd.DataFrame) -> pd.DataFrame:
    """Return a row per photo: the first of several, or a bad one if their positions differ.

    A row without a position contradicts none.
    """
    several = named[named["photo_id"].duplicated(keep=False)]
    lines = {
        str(photo_id): ", ".join(map(str, rows))
        for photo_id, rows in several.groupby("photo_id")["line"]
    }
    report_number(
        "photo has more than one row in the manifest",
        "photos have more than one row in the manifest",
        [f"{photo_id} (lines {rows})" for photo_id, rows in lines.items()],
    )
    located_first = named.sort_values("lon", key=pd.isna, kind="stable")
    rows = located_first.drop_duplicates("photo_id").copy()
    differ = several.groupby("photo_id")[["lon", "lat"]].nunique().gt(1).any(axis=1)
    contradictory = rows["photo_id"].isin(differ.index[differ])
    rows.loc[contradictory, ["lon", "lat"]] = np.nan
    rows.loc[contradictory, "reason"] = [
        f"manifest lines {lines[photo_id]} give different positions"
        for photo_id in rows.loc[contradictory, "photo_id"]
    ]
    return rows
