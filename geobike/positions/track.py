"""The positions of photos along GPX tracks, by the time at which each was taken.

A place is interpolated between two fixes of one segment that are at most `--track-max-gap` seconds
apart, else taken from a fix at most five seconds away: a longer gap is a tunnel, or a lunch.
The camera's clock counts as the photo gives it, plus `--track-offset`; the time zone of this
computer is never used.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj

from geobike import schema
from geobike.errors import InputError
from geobike.io import files, vector
from geobike.reporting import one_line, report_number

ENDS: Final = 5.0  # seconds from a fix, where there is none on the other side
_AROUND: Final = 3.0  # seconds before and after a photo, between which the heading is taken
_MOVING: Final = 1.0  # metres a second: slower fixes point anywhere
_FASTEST: Final = 100.0  # metres a second: a fast train
_FIX_ERROR: Final = 100.0  # metres by which two fixes may be off
_WEEK: Final = 7 * 24 * 3600.0
_LAYER: Final = "track_points"  # as GDAL calls it
_LARGEST: Final = 500.0  # MB; a track of a fix a second has some 7 a day
_HEAD: Final = 4096  # bytes in which a GPX says what it is

_TIME: Final = re.compile(rb"<(?:\w+:)?time>\s*([^<\s]*)\s*</")
_ZONED: Final = re.compile(rb"(?:[zZ]|[+-]\d\d:?\d\d)\Z")
_GEOD: Final = pyproj.Geod(ellps="WGS84")

_Floats = npt.NDArray[np.float64]


def check(*, offset: float, max_gap: float) -> None:
    """Raise InputError for an offset or a gap that cannot be."""
    if not -_WEEK <= offset <= _WEEK:
        raise InputError(f"--track-offset {offset:g} is not within a week; give seconds")
    if not 1 <= max_gap <= 3600:
        raise InputError(f"--track-max-gap {max_gap:g} is not from 1 to 3600 seconds")


def read(paths: Sequence[Path], *, offset: float = 0.0, max_gap: float = 30.0) -> pd.DataFrame:
    """Return the fixes of all tracks as a track frame, in the order of time.

    `offset` in seconds is added to the camera's time, as by `exiftool -geosync`: that of a camera
    37 s fast is -37. Raises InputError for a file that is no GPX, whose times have no offset from
    UTC or do not increase, and for tracks that are in two places at once.
    """
    check(offset=offset, max_gap=max_gap)
    of_file = pd.concat([_points(path) for path in paths], keys=range(len(paths)), names=["file"])
    fixes = of_file.reset_index("file").drop_duplicates(["time", "lon", "lat"])
    fixes["part"] = fixes.groupby(["file", "part"], sort=False).ngroup()
    fixes = fixes.sort_values("time", kind="stable").reset_index(drop=True)
    _check_apart(fixes)
    gap = fixes["time"].diff().dt.total_seconds()
    is_new = (fixes["part"].diff() != 0) | (gap > max_gap)
    _report_jumps(fixes[["lon", "lat", "time"]], gap.where(~is_new))
    return schema.table(
        schema.TRACK,
        {
            "time": fixes["time"],
            "on_camera": fixes["time"] - pd.Timedelta(seconds=offset),
            "segment": is_new.cumsum(),
            "lon": fixes["lon"],
            "lat": fixes["lat"],
        },
    )


def _report_jumps(fixes: pd.DataFrame, gap: "pd.Series[float]") -> None:
    """Report fixes that nobody can have reached from the one before, within a segment."""
    lon, lat = (fixes[axis].to_numpy(dtype=float) for axis in ("lon", "lat"))
    _, _, metres = _GEOD.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])
    jumps = fixes["time"].iloc[1:][metres > _FASTEST * gap.iloc[1:].to_numpy() + _FIX_ERROR]
    report_number(
        f"fix of the tracks is farther from the one before than {_FASTEST:.0f} m/s allow; photos "
        "around it may lie wrong",
        f"fixes of the tracks are farther from the one before than {_FASTEST:.0f} m/s allow; "
        "photos around them may lie wrong",
        [_hour(time) for time in jumps.iloc[:3]],
        number=len(jumps),
    )


def positions(photos: gpd.GeoDataFrame, table: pd.DataFrame | None = None) -> pd.DataFrame | None:
    """Return the positions frame of the photos along a track frame; None where there is none."""
    if table is None:
        return None
    schema.check(table, schema.TRACK)
    found = place(table, photos["taken_at"])
    placed = np.isfinite(found.lon)
    no_time = photos["taken_at"].isna()
    local = photos["taken_local"].notna() if "taken_local" in photos else ~no_time
    reason = pd.Series(_reasons(table, photos["taken_at"], found), index=photos.index)
    reason = reason.mask(no_time, _NO_TIME).mask(no_time & local, _NO_OFFSET)
    return schema.table(
        schema.POSITIONS,
        pd.DataFrame(
            {
                "lon": found.lon,
                "lat": found.lat,
                "heading": _headings(table, found, photos["taken_at"]),
                "source": pd.Series("track", index=photos.index).where(placed),
                "reason": reason.where(~placed),
            },
            index=photos.index,
        ),
    )


_NO_TIME: Final = "it has no time, which a track needs"
_NO_OFFSET: Final = "its time has no offset from UTC, which a track needs: pass --timezone"


class Placed(NamedTuple):
    """Where a track was at some times."""

    lon: _Floats
    """NaN where the track does not say."""
    lat: _Floats
    before: npt.NDArray[np.intp]
    """Row of the last fix until then; -1 before the first."""


def place(table: pd.DataFrame, times: "pd.Series[Any]", shift: float = 0.0) -> Placed:
    """Return where a track frame was when a camera's clock showed the times plus `shift` seconds.

    Exactly on a fix, at the fix; between two fixes of one segment, in proportion to the time.
    """
    when, at = _seconds(table, table["on_camera"]), _seconds(table, times) + shift
    known = np.isfinite(at)
    at = np.where(known, at, -np.inf)
    before = np.searchsorted(when, at, side="right") - 1
    last = len(when) - 1
    i, j = np.clip(before, 0, last), np.clip(before + 1, 0, last)
    segment = table["segment"].to_numpy(dtype=np.int64)
    between = (before >= 0) & (before < last) & (segment[i] == segment[j])
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(between, (at - when[i]) / (when[j] - when[i]), 0.0)
        later = ~between & (when[j] - at <= at - when[i])
    near = np.where(later, j, i)
    valid = known & (between | (np.abs(at - when[near]) <= ENDS))
    lon, lat = (table[axis].to_numpy(dtype=float) for axis in ("lon", "lat"))
    east = (lon[j] - lon[i] + 180) % 360 - 180  # also over the antimeridian
    x = np.where(between, (lon[i] + share * east + 180) % 360 - 180, lon[near])
    y = np.where(between, lat[i] + share * (lat[j] - lat[i]), lat[near])
    return Placed(np.where(valid, x, np.nan), np.where(valid, y, np.nan), before)


def _seconds(table: pd.DataFrame, times: "pd.Series[Any]") -> _Floats:
    """Return times as seconds from the first fix, NaN where there is none."""
    start = table["on_camera"].iloc[0]
    return np.asarray((times - start).dt.total_seconds(), dtype=float)


def _headings(table: pd.DataFrame, found: Placed, times: "pd.Series[Any]") -> _Floats:
    """Return the direction of travel in degrees, NaN where the track stands or does not say."""
    when, at = _seconds(table, table["on_camera"]), _seconds(table, times)
    segment = table["segment"].to_numpy(dtype=np.int64)
    first = np.searchsorted(segment, segment, side="left")
    final = np.searchsorted(segment, segment, side="right") - 1
    row = np.clip(found.before, 0, len(when) - 1)
    at = np.where(np.isfinite(at), at, 0.0)
    begin = np.maximum(np.searchsorted(when, at - _AROUND, side="right") - 1, first[row])
    end = np.minimum(np.searchsorted(when, at + _AROUND, side="left"), final[row])
    lon, lat = (table[axis].to_numpy(dtype=float) for axis in ("lon", "lat"))
    azimuth, _, metres = _GEOD.inv(lon[begin], lat[begin], lon[end], lat[end])
    elapsed = when[end] - when[begin]
    is_moving = np.isfinite(found.lon) & (elapsed > 0) & (metres > _MOVING * elapsed)
    return np.where(is_moving, np.asarray(azimuth) % 360 % 360, np.nan)


def _reasons(table: pd.DataFrame, times: "pd.Series[Any]", found: Placed) -> list[str | None]:
    """Return why the track does not place each photo, None where it does or the time is unknown."""
    out: list[str | None] = [None] * len(times)
    fixes = table["time"]
    offset = fixes.iloc[0] - table["on_camera"].iloc[0]
    lost = np.flatnonzero(np.isnan(found.lon) & times.notna().to_numpy())
    last = len(table) - 1
    for row in lost:
        before, true = int(found.before[row]), times.iloc[row] + offset
        if before < 0:
            out[row] = f"{_span(fixes[0] - true)} before the track begins, at {_hour(fixes[0])}"
        elif before == last:
            out[row] = f"{_span(true - fixes[last])} after the track ends, at {_hour(fixes[last])}"
        else:
            gap = fixes[before + 1] - fixes[before]
            out[row] = f"the track has a gap of {_span(gap)} at {_hour(fixes[before])}"
    return out


def _span(time: pd.Timedelta) -> str:
    seconds = time.total_seconds()
    if seconds < 600:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


def _hour(time: pd.Timestamp) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"


def _points(path: Path) -> pd.DataFrame:
    """Return the fixes of one file: `time`, `lon`, `lat`, and `part`, another for each segment."""
    where = f"track {files.name(path)}"
    _check_text(path, where)
    try:
        with vector.opened(path) as source:
            table = source.read(_LAYER)
    except InputError as error:
        raise InputError(f"{where}: cannot be read as GPX: {error}") from None
    if table.empty:
        raise InputError(f"{where}: holds no track point; waypoints and routes have no times")
    fixes = pd.DataFrame(
        {
            "time": _times(table["time"], where),
            "lon": table.geometry.x.to_numpy(),
            "lat": table.geometry.y.to_numpy(),
            "part": table.groupby(["track_fid", "track_seg_id"], sort=False).ngroup(),
        }
    )
    return _checked(fixes, where)


def _times(said: "pd.Series[Any]", where: str) -> "pd.Series[Any]":
    times = pd.to_datetime(said, utc=True, format="ISO8601", errors="coerce")
    wrong = said[times.isna() & said.notna()]
    if len(wrong):
        quoted = one_line(str(wrong.iloc[0]), limit=40)
        raise InputError(f"{where}: the time {quoted!r} is none; export the track again")
    return times.astype(schema.TIME)


def _check_text(path: Path, where: str) -> None:
    """Raise InputError for what GDAL would read as something else than it says, or not at all."""
    if not path.is_file():
        raise InputError(f"{where}: no such file")
    size = path.stat().st_size / 1e6
    if size > _LARGEST:
        raise InputError(f"{where}: it has {size:,.0f} MB, over {_LARGEST:.0f}; split it")
    content = path.read_bytes()
    if b"<gpx" not in content[:_HEAD]:
        raise InputError(f"{where}: its content is not GPX; export the track as GPX, not packed")
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise InputError(f"{where}: it declares entities, which no GPX needs; export it again")
    for found in _TIME.finditer(content):
        if not _ZONED.search(found[1]):
            line = content.count(b"\n", 0, found.start()) + 1
            said = found[1][:40].decode("utf-8", "replace")
            raise InputError(
                f"{where}: line {line}: the time {said!r} does not say that it is UTC (Z) or how "
                "far from it; GPX times are UTC, so export the track again"
            )


def _checked(fixes: pd.DataFrame, where: str) -> pd.DataFrame:
    timed = fixes[fixes["time"].notna()]
    if timed.empty:
        raise InputError(f"{where}: no track point has a time, so it cannot place photos")
    nowhere = (timed["lon"] == 0) & (timed["lat"] == 0)
    report_number(
        f"point of {where} is at (0, 0), which loggers write for none, and is left out",
        f"points of {where} are at (0, 0), which loggers write for none, and are left out",
        number=int(nowhere.sum()),
    )
    timed = timed[~nowhere]
    if timed.empty:
        raise InputError(f"{where}: no track point has a place")
    far = ~(timed["lon"].between(-180, 180) & timed["lat"].between(-90, 90))
    if far.any():
        bad = timed[far].iloc[0]
        raise InputError(
            f"{where}: the point at {_hour(bad['time'])} is at longitude {bad['lon']:g}, latitude "
            f"{bad['lat']:g}, which is nowhere on Earth"
        )
    report_number(
        f"point of {where} has no time, and is left out",
        f"points of {where} have no time, and are left out",
        number=int(fixes["time"].isna().sum()),
    )
    return _in_order(timed.drop_duplicates(), where)


def _in_order(fixes: pd.DataFrame, where: str) -> pd.DataFrame:
    """Return the fixes; raise InputError where those of a segment do not follow each other."""
    before = fixes.groupby("part")["time"].shift()
    wrong = fixes["time"] <= before
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        now, last = _hour(fixes["time"].iloc[row]), _hour(before.iloc[row])
        said = f"follows {last}" if now != last else "is there twice, at two places"
        raise InputError(
            f"{where}: the times of a segment do not increase: {now} {said}; export the track again"
        )
    return fixes


def _check_apart(fixes: pd.DataFrame) -> None:
    """Raise InputError where two segments are of the same time, so that a photo had two places."""
    spans = fixes.groupby("part")["time"].agg(["min", "max"]).sort_values("min")
    overlap = spans["min"].iloc[1:].to_numpy() <= spans["max"].iloc[:-1].to_numpy()
    if overlap.any():
        row = int(overlap.argmax())
        raise InputError(
            f"the tracks are in two places at once, from {_hour(spans['min'].iloc[row + 1])}; give "
            "with --track only those of the camera's way"
        )
