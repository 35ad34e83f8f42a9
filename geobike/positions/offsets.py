"""Whether a camera's clock fits the tracks, and the offset that would: proposed, never applied."""

from collections.abc import Mapping
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj

from geobike import schema
from geobike.positions import track
from geobike.reporting import report

_FEW: Final = 0.5  # share of the photos on the track, below which whole hours are tried
_HOURS: Final = [hours for reach in range(1, 15) for hours in (-reach, reach)]
_LEAST: Final = 5  # photos with a position of their own
_MOST: Final = 300  # of them are enough
_REACH: Final = 7200  # seconds
_STEPS: Final = (5.0, 0.25)  # seconds
_GOOD: Final = 30.0  # metres: worse, no offset fits
_BETTER: Final = 5.0  # metres, and twice as good
_GEOD: Final = pyproj.Geod(ellps="WGS84")


def propose(photos: gpd.GeoDataFrame, table: pd.DataFrame, found: Mapping[str, Any]) -> None:
    """Report whole hours and seconds that would put photos on a track frame.

    `found` has the positions frames of the sources by their labels, that of the track among them.
    """
    own = [frame for label, frame in found.items() if label != "track"]
    if not _propose_seconds(photos, table, own):
        _propose_hours(photos, table)


def _propose_hours(photos: gpd.GeoDataFrame, table: pd.DataFrame) -> None:
    """Report the whole hours by which the clock is off, where few photos fall on the track."""
    local = photos.get("taken_local")
    no_offset = photos["taken_at"].isna() & (False if local is None else local.notna())
    times = (
        photos["taken_at"]
        if local is None
        else photos["taken_at"].fillna(local.dt.tz_localize("UTC").astype(schema.TIME))
    )
    times = times[times.notna() & photos["status"].isna()]
    on_track = _placed(table, times[~no_offset.reindex(times.index)])
    if not len(times) or on_track >= _FEW * len(times):
        return
    numbers = [_placed(table, times, 3600.0 * hours) for hours in (0, *_HOURS)]
    best = int(np.argmax(numbers))
    if numbers[best] < max(_FEW * len(times), on_track + 1):
        return
    hours = (0, *_HOURS)[best]
    said = f"{on_track} of {len(times)} photos fall on the track; {numbers[best]} would"
    if no_offset.reindex(times.index).any():
        remedy = f"pass --timezone with the zone of the place, which is then {_utc(-hours)}"
        report(f"{said} if the camera's clock shows {_utc(-hours)}: {remedy}")
    else:
        seconds = _offset(table) + 3600 * hours
        report(
            f"{said} {abs(hours)} h {'later' if hours > 0 else 'earlier'}: if the camera's "
            f"clock was off by that, pass --track-offset {seconds:g}, or --timezone"
        )


def _utc(hours: int) -> str:
    return f"UTC{hours:+d}" if hours else "UTC"


def _placed(table: pd.DataFrame, times: "pd.Series[Any]", shift: float = 0.0) -> int:
    return int(np.isfinite(track.place(table, times, shift).lon).sum())


def _offset(table: pd.DataFrame) -> float:
    """Return the offset in seconds that the track frame was read with."""
    return float((table["time"].iloc[0] - table["on_camera"].iloc[0]).total_seconds())


def _propose_seconds(
    photos: gpd.GeoDataFrame, table: pd.DataFrame, own: list[pd.DataFrame]
) -> bool:
    """Report the offset that brings the photos with a position of their own nearest to the track.

    Return whether there is one that is much better than none.
    """
    placed = pd.DataFrame({"lon": np.nan, "lat": np.nan}, index=photos.index)
    for frame in own:
        placed = placed.fillna(frame[["lon", "lat"]])
    known = np.flatnonzero((placed["lon"].notna() & photos["taken_at"].notna()).to_numpy())
    if len(known) < _LEAST:
        return False
    some = known[np.linspace(0, len(known) - 1, min(len(known), _MOST)).astype(int)]
    times, at = photos["taken_at"].iloc[some], placed.iloc[some].to_numpy()
    now, best = _apart(table, times, at, 0.0), 0.0
    reach = float(_REACH)
    for step in _STEPS:
        shifts = best + np.arange(-reach, reach + step / 2, step)
        apart = [_apart(table, times, at, float(shift)) for shift in shifts]
        best, reach = float(shifts[int(np.argmin(apart))]), step
    metres = _apart(table, times, at, best)
    if metres > _GOOD or not now > max(2 * metres, metres + _BETTER):
        return False
    so_far = f"{now:.0f} m" if np.isfinite(now) else "off the track"
    report(
        f"positions of {len(known)} photos fit the track best with --track-offset "
        f"{_offset(table) + best:g}: half of them are then within {metres:.0f} m of it, and now "
        f"{so_far}; it is not applied"
    )
    return True


def _apart(
    table: pd.DataFrame, times: "pd.Series[Any]", at: npt.NDArray[np.float64], shift: float
) -> float:
    """Return the median metres between the photos and the track, infinite with few on it."""
    found = track.place(table, times, shift)
    on = np.isfinite(found.lon)
    if on.mean() < _FEW:
        return float("inf")
    metres = _GEOD.inv(at[on, 0], at[on, 1], found.lon[on], found.lat[on])[2]
    return float(np.median(metres))
