"""The manifest: a table of positions with a row per photo, as CSV, Parquet or a vector file.

A bad row does not stop the run: it stays in the frame with a reason that names the file, the line
and the value. A table without the required columns raises ManifestError.
"""

import re
from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from geobike import schema
from geobike.io.files import fetch_local
from geobike.io.lookup import is_unique
from geobike.io.matching import Kind, isin, kind_of_match, match
from geobike.positions import columns, tables
from geobike.positions.angles import LATITUDE, LONGITUDE, degrees
from geobike.reporting import report, report_number

_KEPT_STATUSES: Final = (schema.DUPLICATE, schema.UNREADABLE, schema.FAILED)
"""Statuses of an earlier run that do not depend on areas or positions, and so are kept."""

_METRES: Final = "; metres are read from points in a vector file with their CRS, not from a table"

_ROUNDED: Final = 5  # positions that are not all round by chance
_ERRORS: Final = ("55 km", "5 km", "500 m")
"""Half a unit of the last decimal of a latitude, for 0, 1 and 2 decimals."""

_LINES: Final = 5  # line numbers in a message
_SIGNS: Final = 100  # of a name in a message


def read(
    path: str | Path,
    *,
    timezone: tzinfo | None = None,
    photo_ids: Sequence[str] | None = None,
) -> pd.DataFrame:
    r"""Read a manifest and return a manifest frame, one row for each row of the file.

    `timezone` is the zone of times without an offset from UTC. `photo_ids` are the photos that the
    manifest is for, where they are known: if several columns may name the photo, that which names
    most of them is read. Latitude and longitude are in decimal degrees, or in degrees, minutes and
    seconds with a hemisphere. Vector files may be in any CRS. Raises ManifestError, or
    MissingPackageError if Parquet is not installed.

    Examples:
        >>> from pathlib import Path
        >>> import geobike
        >>> _ = Path("manifest.csv").write_text(
        ...     "file,latitude,longitude\na.jpg,52.01,4.36\nb.jpg,95,4\n"
        ... )
        >>> table = geobike.read_manifest("manifest.csv")  # b.jpg is beyond the pole
        >>> table[["file", "lon", "lat"]]
            file   lon    lat
        0  a.jpg  4.36  52.01
        1  b.jpg   NaN    NaN
    """
    with fetch_local(path) as file:
        rows = tables.read(file)
    if rows.table.empty:
        report(f"manifest {file.name}: has no rows, so it names no photo")
    ids = None if photo_ids is None else pd.Series(list(photo_ids), dtype="str")
    raw = _named_columns(rows, f"manifest {file.name}", ids)
    checked = _check_rows(raw, file.name)
    checked["taken_at"] = _times(raw, file.name, timezone)
    _report_coarse(checked["lon"], checked["lat"], file.name)
    return schema.table(schema.MANIFEST, checked)


def _report_coarse(lon: "pd.Series[float]", lat: "pd.Series[float]", source: str) -> None:
    """Report where all positions are rounded, as a spreadsheet does that shows few decimals."""
    degrees = np.column_stack([lon, lat])
    degrees = degrees[np.isfinite(degrees).all(axis=1)]
    if len(degrees) < _ROUNDED:
        return
    for decimals, error in enumerate(_ERRORS):
        if (np.abs(degrees - degrees.round(decimals)) < 1e-9).all():
            report(
                f"manifest {source}: no position has more than {decimals} decimals, so they may be "
                f"off by {error}; give 5 decimals (1 m)"
            )
            return


def _named_columns(
    rows: tables.Rows, source: str, photo_ids: "pd.Series[str] | None"
) -> pd.DataFrame:
    """Return the rows with their columns named as ours."""
    chosen = columns.choose(rows.table, rows.found, rows.header, source, photo_ids)
    kept = [name for name in ("lon", "lat", "line", "fault") if name in rows.table]
    raw = pd.DataFrame(
        {name: rows.table[name] for name in kept}
        | {ours: rows.table[place] for ours, place in chosen.items()}
    )
    return raw.astype({"file": "str"})


def photos(manifest: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return a photos frame of the photos that a manifest names, without their files.

    It has no positions yet, no sizes and no hashes. If the manifest was written by an earlier run,
    a photo that was `duplicate`, `unreadable` or `failed` keeps that status, and one that was not
    `counted` either is `never_processed`; other manifests give no such column.
    """
    schema.check(manifest, schema.MANIFEST)
    named = manifest[manifest["file"].fillna("").str.strip() != ""].drop_duplicates("file")
    known = schema.table(schema.PHOTOS, {"photo_id": named["file"].array})
    for column, said in (("status", "status"), ("reason", "said")):
        if said in named:
            known[column] = named[said].array
    for column in ("width", "height"):
        if column in named:
            known[column] = named[column].array
    if known["status"].isin(schema.STATUSES).any():  # else no earlier run wrote it
        processed = known["status"].isin((schema.COUNTED, *_KEPT_STATUSES))
        known["never_processed"] = ~processed
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
    if "position_error_m" in rows:
        rows["accuracy"] = rows["position_error_m"]
    return schema.table(schema.POSITIONS, rows.assign(refused=bad))


def _check_rows(raw: pd.DataFrame, source: str) -> dict[str, Any]:
    """Return the columns of a manifest frame except the time, checked cell by cell."""
    lon, lon_fault = degrees(raw["lon"], LONGITUDE, _optional(raw, "lon_ref"))
    lat, lat_fault = degrees(raw["lat"], LATITUDE, _optional(raw, "lat_ref"))
    beyond = lat_fault.str.endswith("is beyond ±90").fillna(False)
    swapped = beyond & (lon.abs() <= 90)
    lat_fault = lat_fault.where(~swapped, lat_fault + "; are latitude and longitude swapped?")
    metres = beyond & lon_fault.str.endswith("is beyond ±180").fillna(False)
    lat_fault = lat_fault.where(~metres, lat_fault + _METRES)
    heading = _headings(raw, source)
    incomplete = _where(lon.isna() != lat.isna(), "only one of latitude and longitude is given")
    null_island = _where((lon == 0) & (lat == 0), "position (0, 0), which devices write for none")
    fault = _texts(raw, "fault").replace("", None)
    for more in (lat_fault, lon_fault, incomplete, null_island):
        if more.notna().any():
            fault = fault.fillna(more)
    bad = fault.notna()
    reason = _line_prefix(raw[bad], source) + fault[bad]
    _report_cases("bad row", "in the manifest", reason)
    return (
        {
            "file": raw["file"].str.removeprefix("./"),
            "lon": lon.mask(bad),
            "lat": lat.mask(bad),
            "heading": heading,
            "line": raw["line"],
            "reason": reason.reindex(raw.index),
        }
        | {
            name: _texts(raw, name).replace("", None)
            for name in ("status", "said", "camera")
            if name in raw
        }
        | {
            name: _numbers(raw, name, source, *bounds)
            for name, bounds in _NUMBERS.items()
            if name in raw
        }
    )


def _texts(raw: pd.DataFrame, name: str) -> "pd.Series[str]":
    """Return a column as text; empty where the column or the cell is missing."""
    if name not in raw:
        return pd.Series("", index=raw.index, dtype="str")
    text = raw[name].astype("str").fillna("").str.strip()
    return text.mask(text == "-", "")  # what ExifTool writes for none


def _optional(raw: pd.DataFrame, name: str) -> "pd.Series[str] | None":
    return _texts(raw, name) if name in raw else None


def _where(where: "pd.Series[bool]", message: str) -> "pd.Series[str]":
    """Return the message where the condition holds, and NA otherwise."""
    if not where.any():
        return pd.Series(None, index=where.index, dtype="str")
    return pd.Series(message, index=where.index, dtype="str").where(where)


_YEARS: Final = (1800, 2199)
"""Years of photos; others break calendars, and are what devices write for an unknown time."""

_DATE: Final = re.compile(r"^(\d{4})[:/](\d\d)[:/](\d\d)[ T]")
"""Dates as EXIF and QGIS write them."""

_OFFSET: Final = re.compile(r"[T ]\d.*(?:Z|[+-]\d\d(?::?\d\d)?)$")


def _times(raw: pd.DataFrame, source: str, timezone: tzinfo | None) -> "pd.Series[Any]":
    text = _texts(raw, "taken_at").str.upper()  # pandas knows T and Z, not t and z
    other = text.str.slice(4, 5).isin((":", "/"))  # few tables; the pattern takes its time
    if other.any():
        text = text.mask(other, text[other].str.replace(_DATE, r"\1-\2-\3 ", regex=True))
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
        quoted = _line_prefix(raw[where], source) + "taken_at '" + _quotable(text[where]) + "' "
        _report_cases("time", "left out", quoted + why)
    return times


def _plausible(times: "pd.Series[Any]") -> "pd.Series[bool]":
    good: pd.Series[bool] = times.isna() | times.dt.year.between(*_YEARS)
    return good


_NUMBERS: Final = {
    "focal_length_35mm": (4.0, 2000.0, " mm"),
    "position_error_m": (0.001, 1e6, " m"),
    "width": (1.0, 1e6, ""),
    "height": (1.0, 1e6, ""),
}
"""Columns of numbers: the least, the most, and the unit that ExifTool writes behind them."""


def _numbers(
    raw: pd.DataFrame, name: str, source: str, least: float, most: float, unit: str
) -> "pd.Series[float]":
    """Return a column of numbers, NA where a cell is empty, 0 or bad. Bad ones are reported."""
    text = _texts(raw, name)
    plain = text.str.removesuffix(unit).str.replace(",", ".", n=1)
    number = pd.to_numeric(plain, errors="coerce").astype("float64")
    good = number.between(least, most)
    bad = (text != "") & ~good & (number != 0)  # which cameras write for not known
    quoted = _line_prefix(raw[bad], source) + f"{name} '" + _quotable(text[bad]) + "' "
    _report_cases(name, "left out", quoted + f"is not from {least:g} to {most:,.0f}")
    return number.where(good).round() if name in ("width", "height") else number.where(good)


def _headings(raw: pd.DataFrame, source: str) -> "pd.Series[float]":
    if "heading" not in raw:
        return pd.Series(np.nan, index=raw.index)
    text = _texts(raw, "heading")
    heading = pd.to_numeric(text.str.replace(",", ".", n=1), errors="coerce").astype("float64")
    good = heading.between(0, 360)
    bad = (text != "") & ~good
    quoted = _line_prefix(raw[bad], source) + "heading '" + _quotable(text[bad]) + "' "
    _report_cases("heading", "left out", quoted + "is not from 0 to 360")
    return heading.where(good) % 360


def _quotable(cells: "pd.Series[str]") -> "pd.Series[str]":
    """Return the start of each cell, on one line."""
    starts: pd.Series[str] = cells.str.slice(0, 40).str.replace(r"\s+", " ", regex=True)
    return starts


def _line_prefix(raw: pd.DataFrame, source: str) -> "pd.Series[str]":
    lines: pd.Series[str] = source + " line " + raw["line"].astype("str") + ": "
    return lines


def _report_cases(what: str, fate: str, cases: "pd.Series[str]") -> None:
    if len(cases):
        report(f"{len(cases)} {what}{'s' * (len(cases) != 1)} {fate}", cases.tolist())


def _rows_by_photo(photos: gpd.GeoDataFrame, manifest: pd.DataFrame) -> pd.DataFrame:
    """Return a manifest row per photo, on the index of the photos; empty for one without a row."""
    photo_id = match(manifest["file"], photos["photo_id"])
    _report_inexact(manifest["file"], photo_id)
    unknown = manifest[photo_id.isna()]
    report_number(
        "row names a photo that was not found",
        "rows name photos that were not found",
        [
            f"{_short(file)} (line {line})"
            for file, line in zip(unknown["file"].fillna(""), unknown["line"], strict=True)
        ],
    )
    named = manifest.assign(photo_id=photo_id).dropna(subset="photo_id")
    missing = photos.loc[~isin(photos["photo_id"], named["photo_id"]), "photo_id"]
    if len(missing) <= len(photos) / 2:  # a manifest of fewer only supplements EXIF
        report_number(
            "photo is missing from the manifest",
            "photos are missing from the manifest",
            missing.map(_short).tolist(),
        )
    rows = _merge_rows(named).set_index("photo_id").reindex(photos["photo_id"])
    return rows.set_index(photos.index)


_INEXACT: Final[dict[Kind, tuple[str, str]]] = {
    "path": ("the end of its path", "the end of their paths"),
    "case": ("its name in another letter case", "their names in another letter case"),
    "ending": ("its name without the ending", "their names without the ending"),
}


def _report_inexact(files: "pd.Series[str]", photo_id: "pd.Series[str]") -> None:
    """Report the rows that match a photo other than by its whole path, by kind of match."""
    differs = photo_id.notna() & (photo_id != files)
    pairs: dict[Kind, list[str]] = {}
    for file, found in zip(files[differs], photo_id[differs], strict=True):
        pairs.setdefault(kind_of_match(file, found), []).append(f"{_short(file)} for {found}")
    for kind, (how, hows) in _INEXACT.items():
        report_number(
            f"row is matched to a photo by {how}",
            f"rows are matched to photos by {hows}",
            pairs.get(kind, []),
        )


def _short(name: str) -> str:
    """Return the start of a name, its control characters escaped."""
    start = name if len(name) <= _SIGNS else name[: _SIGNS - 1] + "…"
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in start)


def _merge_rows(named: pd.DataFrame) -> pd.DataFrame:
    """Return a row per photo: the first of several, or a bad one if their positions differ.

    A row without a position contradicts none.
    """
    if is_unique(named["photo_id"]):
        return named
    several = named[named["photo_id"].duplicated(keep=False)]
    lines = {
        str(photo_id): _listed_lines(rows) for photo_id, rows in several.groupby("photo_id")["line"]
    }
    report_number(
        "photo has more than one row in the manifest",
        "photos have more than one row in the manifest",
        [f"{_short(photo_id)} (lines {rows})" for photo_id, rows in lines.items()],
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


def _listed_lines(lines: "pd.Series[int]") -> str:
    """Return the numbers of the first lines, and how many more there are."""
    more = f" and {len(lines) - _LINES} more" if len(lines) > _LINES else ""
    return ", ".join(map(str, lines.iloc[:_LINES])) + more
