import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from shapely import MultiPolygon, box

from geobike import saved, schema
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


@pytest.mark.parametrize(
    "places", [{"a.jpg": (4, 52), "b.jpg": None}, {"a.jpg": None}, {}], ids=["some", "none", "no"]
)
def test_a_photo_without_a_place_has_no_bounds(
    tmp_path: Path, places: dict[str, tuple[float, float] | None]
) -> None:
    """GeoParquet 1.1: the bounds are null where the geometry is; GeoPandas writes four NaN."""
    parquet = pytest.importorskip("pyarrow.parquet")
    photos = counts.per_photo(photos_frame(places), schema.table(schema.DETECTIONS, {}))
    writing.write_photos(photos, tmp_path / "p.parquet")
    table = parquet.read_table(tmp_path / "p.parquet")
    there = [
        None if at is None else {"xmin": 4, "ymin": 52, "xmax": 4, "ymax": 52}
        for at in places.values()
    ]
    assert table["bbox"].to_pylist() == there
    found = gpd.read_parquet(tmp_path / "p.parquet")
    assert found["photo_id"].tolist() == list(places)
    assert found.crs == "EPSG:4326"
    within = gpd.read_parquet(tmp_path / "p.parquet", bbox=(3, 51, 5, 53))
    assert within["photo_id"].tolist() == [name for name, at in places.items() if at]


def test_the_files_of_a_survey_pass_the_geoparquet_validator(sample_out: Path) -> None:
    program = shutil.which("geoparquet-validator", path=Path(sys.executable).parent)
    program = program or shutil.which("geoparquet-validator")
    if program is None:
        pytest.skip("no geoparquet-validator (pip install geoparquet-validator)")
    saved.export(sample_out, ["parquet"])
    files = sorted(set(sample_out.glob("*.parquet")) - {sample_out / "detections.parquet"})
    assert len(files) == 6
    for file in files:
        done = subprocess.run([program, "check", file], capture_output=True, text=True)
        verdicts = re.findall("=> (core|covering|distribution): .* (conformant)", done.stdout)
        assert [kind for kind, _ in verdicts] == ["core", "covering", "distribution"], done.stdout
