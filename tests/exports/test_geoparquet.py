import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from shapely import MultiPolygon, box

from geobike import schema
from geobike.counting import counts
from geobike.exports import writing
from tests.support.exported import area_counts
from tests.support.making import photos_frame


def parquet_by_gdal(path: Path) -> gpd.GeoDataFrame | None:
    """Read a file as GIS programs do, where this build of GDAL knows Parquet."""
    import pyogrio

    if "Parquet" not in pyogrio.list_drivers(read=True):
        return None
    return pyogrio.read_dataframe(path)


def test_photos_are_the_same_as_geoparquet(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    photos = photos_frame({"a.jpg": (4.123456789, 52.0), "b.jpg": None})
    photos["taken_at"] = pd.Series(pd.to_datetime(["2024-05-01T10:00Z", None])).astype(schema.TIME)
    counted = counts.per_photo(photos, schema.table(schema.DETECTIONS, {}))
    writing.write_photos(counted, tmp_path / "p.geojson")
    writing.write_photos(counted, tmp_path / "p.parquet")
    about = parquet.read_metadata(tmp_path / "p.parquet")
    geo = json.loads(about.metadata[b"geo"])
    assert geo["version"] == "1.1.0"
    assert about.row_group(0).column(0).compression == "ZSTD"
    assert geo["columns"]["geometry"]["covering"]["bbox"]["xmax"] == ["bbox", "xmax"]
    text = gpd.read_file(tmp_path / "p.geojson")
    for frame in (
        gpd.read_parquet(tmp_path / "p.parquet"),
        parquet_by_gdal(tmp_path / "p.parquet"),
    ):
        if frame is not None:
            assert frame.columns.tolist() == text.columns.tolist()
            assert frame["photo_id"].tolist() == ["a.jpg", "b.jpg"]
            assert frame["bicycle_count"].tolist() == [0, 0]
            assert frame["taken_at"].iloc[0] == pd.Timestamp("2024-05-01T10:00Z")
            assert frame.crs == "EPSG:4326"
            assert frame.geometry.iloc[0].equals_exact(text.geometry.iloc[0], 1e-7)
            assert frame.geometry.iloc[1] is None


def test_no_photo_is_no_count_in_geoparquet_either(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    writing.write_areas(area_counts(box(4, 52, 5, 53)), tmp_path / "a.parquet")
    frame = gpd.read_parquet(tmp_path / "a.parquet")
    assert frame["photo_count"].tolist() == [0]
    assert frame["bicycle_count"].isna().tolist() == [True]
    assert frame["status"].tolist() == ["unseen"]


def test_areas_are_the_same_as_geoparquet(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    shapes = box(4, 52, 5, 53), MultiPolygon([box(0, 0, 1, 1), box(2, 2, 3, 3)])
    areas = area_counts(*shapes)
    writing.write_areas(areas, tmp_path / "a.geojson")
    writing.write_areas(areas, tmp_path / "a.parquet")
    text, frame = gpd.read_file(tmp_path / "a.geojson"), gpd.read_parquet(tmp_path / "a.parquet")
    geo = json.loads(parquet.read_metadata(tmp_path / "a.parquet").metadata[b"geo"])
    assert geo["version"] == "1.1.0"
    assert frame.columns.tolist() == text.columns.tolist()
    west = gpd.read_parquet(tmp_path / "a.parquet", bbox=(0, 0, 3, 3))
    assert west["area_id"].tolist() == ["area 1"]
    assert frame["photo_count"].tolist() == text["photo_count"].tolist() == [0, 0]
    assert frame["bicycles_per_photo"].isna().all()  # nobody looked: not 0
    assert frame.crs == "EPSG:4326"
    assert frame.geometry.geom_equals(text.geometry).all()
