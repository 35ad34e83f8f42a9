import itertools
import json
import math
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, Polygon, box

from geobike import schema
from geobike.exports import geojson, writing
from tests.support.exported import area_counts, read_json
from tests.support.making import photos_frame


def signed_area(ring: list) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in itertools.pairwise(ring)) / 2


def test_polygons_follow_the_right_hand_rule(tmp_path: Path) -> None:
    clockwise = Polygon(
        box(4, 52, 5, 53).exterior.coords[::-1], [box(4.2, 52.2, 4.4, 52.4).exterior.coords]
    )
    writing.write_areas(area_counts(clockwise, MultiPolygon([clockwise])), tmp_path / "a.geojson")
    one, many = (f["geometry"] for f in read_json(tmp_path / "a.geojson")["features"])
    for rings in (one["coordinates"], *many["coordinates"]):
        assert signed_area(rings[0]) > 0  # counter-clockwise
        assert all(signed_area(hole) < 0 for hole in rings[1:])


def test_coordinates_have_at_most_seven_decimals(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    places = {f"{i}.jpg": tuple(rng.uniform(-90, 90, 2)) for i in range(2000)}
    writing.write_photos(photos_frame(places), tmp_path / "p.geojson")
    text = (tmp_path / "p.geojson").read_text()
    numbers = [
        n
        for f in read_json(tmp_path / "p.geojson")["features"]
        for n in f["geometry"]["coordinates"]
    ]
    assert len(numbers) == 4000
    assert all(round(n, 7) == n for n in numbers)
    assert max(len(repr(n).partition(".")[2]) for n in numbers) <= 7
    assert "crs" not in text  # RFC 7946 knows one only


def test_figures_of_areas_without_photos_are_null_and_never_zero(tmp_path: Path) -> None:
    writing.write_areas(area_counts(box(0, 0, 1, 1)), tmp_path / "a.geojson")
    (feature,) = read_json(tmp_path / "a.geojson")["features"]
    assert feature["properties"] == {
        "area_id": "area 0",
        "name": "area 0",
        "area_km2": 1.0,
        "stop_count": 0,
        "photo_count": 0,
        "streets_seen": 0,
        "detected_per_stop": None,
        "detected_per_stop_low": None,
        "detected_per_stop_high": None,
        "detected_once": None,
        "detected_at_least": None,
        "bicycle_count": None,
        "bicycles_per_photo": None,
        "bicycles_per_km2": None,
        "status": "unseen",
        "first_photo_at": None,
        "last_photo_at": None,
    }


def test_gdal_reads_every_photo_also_those_without_a_place(tmp_path: Path) -> None:
    frame = photos_frame({"a.jpg": (4.3571, 52.0116), "b.jpg": None, 'q"uo,te\n.jpg': (0.5, -1.0)})
    frame["taken_at"] = pd.to_datetime(
        pd.Series(["2022-01-19T17:33:03+01:00", None, None]), utc=True
    ).astype(schema.TIME)
    frame["heading"] = [352.0, math.nan, math.inf]
    writing.write_photos(frame, tmp_path / "p.geojson")
    read = gpd.read_file(tmp_path / "p.geojson")
    assert read["photo_id"].tolist() == ["a.jpg", "b.jpg", 'q"uo,te\n.jpg']
    assert read.geometry.isna().tolist() == [False, True, False]
    assert (read.geometry.x[0], read.geometry.y[0]) == (4.3571, 52.0116)
    assert read["taken_at"][0] == pd.Timestamp("2022-01-19T16:33:03Z")
    assert read["heading"].fillna(-1).tolist() == [352.0, -1, -1]
    wanted = "photo_id status reason bicycle_count area_id taken_at heading position_source"
    assert set(wanted.split()) <= set(
        read_json(tmp_path / "p.geojson")["features"][0]["properties"]
    )
    assert "path" not in read


@given(
    name=st.text(max_size=12),
    values=st.lists(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text()
        | st.lists(st.integers(), max_size=2),
        min_size=1,
        max_size=5,
    ),
)
def test_any_name_and_value_is_written_as_json_has_it(name: str, values: list[Any]) -> None:
    frame = gpd.GeoDataFrame(
        {f"50 %s {name}": pd.Series(values, dtype=object), "share": 0.1},
        geometry=[Point(4.5, 52)] * len(values),
        crs=4326,
    )
    with TemporaryDirectory() as folder:
        geojson.write_features(frame, Path(folder, "a.geojson"))
        written = json.loads(Path(folder, "a.geojson").read_text(encoding="utf-8"))
    assert [feature["properties"] for feature in written["features"]] == [
        {f"50 %s {name}": value, "share": 0.1} for value in values
    ]


def test_times_are_written_to_the_second_as_python_writes_them(tmp_path: Path) -> None:
    moments = [
        datetime(2024, 3, 1, 7, 5, 9, 999_999, tzinfo=UTC),
        None,
        datetime(1969, 12, 31, 23, 59, 58, 500_000, tzinfo=UTC),
        datetime(1899, 1, 2, 3, 4, 5, 1, tzinfo=UTC),
    ]
    frame = gpd.GeoDataFrame(
        {"taken_at": pd.Series(moments, dtype=schema.TIME)},
        geometry=[Point(4.5, 52)] * len(moments),
        crs=4326,
    )
    geojson.write_features(frame, tmp_path / "a.geojson")
    found = [one["properties"]["taken_at"] for one in read_json(tmp_path / "a.geojson")["features"]]
    assert found == [
        one and one.replace(microsecond=0, tzinfo=None).isoformat() + "Z" for one in moments
    ]
