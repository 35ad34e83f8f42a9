"""The time zone of a place, for photo times that have no offset from UTC."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geobike import schema
from geobike.reporting import report_number


def fill_times(photos: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the photos with `taken_at` also where only the camera's clock and the place are known.

    The clock is taken to show the time of the place: if it showed a time twice, the first of the
    two, as for `--timezone` (PEP 495, fold 0). The zones are reported, and so are the photos whose
    time is not used: those without a place, or all where tzfpy is not installed.
    """
    schema.check(photos, schema.PHOTOS)
    if "taken_local" not in photos:
        return photos
    no_offset = photos["taken_at"].isna() & photos["taken_local"].notna()
    rows = photos.index[no_offset & photos.geometry.notna()]
    zones = _zones(np.asarray(photos.loc[rows].geometry.array))
    clocks = photos.loc[rows, "taken_local"].dt.to_pydatetime()
    times = [
        None if zone is None else clock.replace(tzinfo=zone).astimezone(UTC)
        for clock, zone in zip(clocks, zones or [None] * len(rows), strict=True)
    ]
    out = photos.copy(deep=False)
    out.loc[rows, "taken_at"] = pd.Series(times, index=rows, dtype=schema.TIME)
    _report_filled(zone.key for zone in zones or () if zone is not None)
    lost = no_offset & out["taken_at"].isna()
    _report_lost(photos.loc[lost, "photo_id"].tolist(), installed=zones is not None)
    return out


def _zones(points: npt.NDArray[Any]) -> list[ZoneInfo | None] | None:
    """Return the zone of each point; None where the package that knows them is not installed."""
    try:
        from tzfpy import get_tz
    except ImportError:
        return None
    places = zip(shapely.get_x(points).tolist(), shapely.get_y(points).tolist(), strict=True)
    return [_zone(get_tz(lon, lat)) for lon, lat in places]


@cache
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None  # a zone that is newer than this machine's


def _report_filled(names: Iterable[str]) -> None:
    zones = Counter(names)
    what = "a time without an offset from UTC, which is taken to be that of"
    report_number(
        f"photo has {what} the place",
        f"photos have {what} their places",
        [name for name, _ in zones.most_common()],
        number=zones.total(),
    )


def _report_lost(photo_ids: Sequence[str], *, installed: bool) -> None:
    remedy = "pass --timezone"
    if not installed:
        remedy += ", or pip install 'geobike[timezones]', which knows the zone of each place"
    report_number(
        f"photo has a time without an offset from UTC, so the time is not used; {remedy}",
        f"photos have a time without an offset from UTC, so these times are not used; {remedy}",
        photo_ids,
    )
