"""Times without an offset get the zone of the place; expected are its legal offsets at the date."""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from PIL import ExifTags

from geobike import schema
from geobike.photos import reading
from geobike.positions import resolve, zones
from geobike.reporting import collect_warnings
from tests.support.making import DELFT, photo

BASE = ExifTags.Base


def frame(rows: Mapping[str, tuple[tuple[float, float] | None, str | None]]) -> gpd.GeoDataFrame:
    """Return photos: name -> place, and what the camera's clock showed."""
    places = [place or (None, None) for place, _ in rows.values()]
    return schema.geotable(
        schema.PHOTOS,
        {
            "photo_id": list(rows),
            "taken_local": pd.to_datetime([time for _, time in rows.values()]),
        },
        schema.points([lon for lon, _ in places], [lat for _, lat in places]),
    )


def filled(photos: gpd.GeoDataFrame) -> tuple[list[Any], list[str]]:
    with collect_warnings() as notes:
        out = zones.fill_times(photos)
    times = [None if pd.isna(one) else one.to_pydatetime() for one in out["taken_at"]]
    return times, notes


@pytest.mark.parametrize(
    ("place", "local", "utc"),
    [
        (DELFT, "2022-01-19 17:33:03", (2022, 1, 19, 16, 33, 3)),
        (DELFT, "2022-07-19 17:33:03", (2022, 7, 19, 15, 33, 3)),
        (DELFT, "2022-10-30 02:30:00", (2022, 10, 30, 0, 30)),  # shown twice: the first
        ((85.32, 27.71), "2022-01-19 17:33:03", (2022, 1, 19, 11, 48, 3)),  # Kathmandu, +5:45
        ((-52.71, 47.56), "2022-01-19 17:33:03", (2022, 1, 19, 21, 3, 3)),  # St. John's, -3:30
        ((4.4777, 51.4416), "2022-01-19 17:33:03", (2022, 1, 19, 16, 33, 3)),  # by the border
    ],
)
def test_a_clock_shows_the_time_of_the_place(
    place: tuple[float, float], local: str, utc: tuple[int, ...]
) -> None:
    pytest.importorskip("tzfpy")
    (time,), notes = filled(frame({"a.jpg": (place, local)}))
    assert time == datetime(*utc, tzinfo=UTC)
    assert len(notes) == 1
    assert "1 photo has a time without an offset from UTC, which is taken to be that of" in notes[0]


def test_the_zones_are_named_and_photos_without_a_place_keep_no_time() -> None:
    pytest.importorskip("tzfpy")
    rows = {
        "a.jpg": (DELFT, "2022-01-19 17:33:03"),
        "b.jpg": ((85.32, 27.71), "2022-01-19 17:33:03"),
        "c.jpg": (None, "2022-01-19 17:33:03"),
        "d.jpg": (DELFT, None),
    }
    times, notes = filled(frame(rows))
    assert [time is not None for time in times] == [True, True, False, False]
    assert notes[0].endswith(": Europe/Amsterdam, Asia/Kathmandu")
    assert notes[1].startswith("1 photo has a time without an offset from UTC, so the time is not")
    assert notes[1].endswith("pass --timezone: c.jpg")


def test_without_the_package_no_time_is_guessed_and_the_remedies_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "tzfpy", None)
    times, notes = filled(frame({"a.jpg": (DELFT, "2022-01-19 17:33:03")}))
    assert times == [None]
    assert len(notes) == 1
    assert "pass --timezone, or pip install 'geobike[timezones]'" in notes[0]


def test_a_time_with_an_offset_is_left_as_it_is(tmp_path: Path) -> None:
    times = {BASE.DateTimeOriginal: "2022:01:19 17:33:03", BASE.OffsetTimeOriginal: "-05:00"}
    photo(tmp_path / "a.jpg", lon_lat=DELFT, times=times)
    with collect_warnings() as notes:
        located = resolve.locate(reading.read(reading.find(tmp_path)))
    assert located.at[0, "taken_at"] == datetime(2022, 1, 19, 22, 33, 3, tzinfo=UTC)
    assert notes == []


def test_photos_get_the_time_of_their_place_when_they_are_located(tmp_path: Path) -> None:
    pytest.importorskip("tzfpy")
    photo(tmp_path / "a.jpg", lon_lat=DELFT, times={BASE.DateTimeOriginal: "2022:01:19 17:33:03"})
    with collect_warnings() as notes:
        located = resolve.locate(reading.read(reading.find(tmp_path)))
    assert located.at[0, "taken_at"] == datetime(2022, 1, 19, 16, 33, 3, tzinfo=UTC)
    assert "Europe/Amsterdam" in notes[0]
