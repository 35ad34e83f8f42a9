import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from shapely import box

from geobike import areas, maps, schema
from geobike.counting import counts
from geobike.errors import GeobikeWarning
from geobike.exports import writing
from tests.support.counted import area_counts, no_tallies
from tests.support.making import photos_frame
from tests.support.map_frames import detections


def surveyed(path: Path, **columns: list) -> gpd.GeoDataFrame:
    """Read two areas from a file with these columns and count a photo in the first."""
    shapes = [box(0, 0, 1, 1), box(1, 0, 2, 1)]
    gpd.GeoDataFrame(columns, geometry=shapes, crs=4326).to_parquet(path)
    polygons = areas.read(path)
    placed = areas.assign(photos_frame({"a.jpg": (0.5, 0.5)}), polygons)
    boxes = schema.table(schema.DETECTIONS, {"photo_id": ["a.jpg"]}).assign(kept=True)
    return area_counts(counts.per_photo(placed, boxes), polygons, boxes)


COLUMNS = {
    "name": ["Noord", "Zuid"],
    "BU_CODE": ["0101", None],
    "woningen": [640.0, None],
    "density": [1.5, 2.0],
    "built": pd.to_datetime(["2020-01-02", None]),
    "tags": [["a", "b"], None],
    "is_old": [True, False],
}


@pytest.mark.parametrize("ending", ["geojson", "parquet"])
def test_the_files_keep_the_users_own_columns(tmp_path: Path, ending: str) -> None:
    found = surveyed(tmp_path / "in.parquet", **COLUMNS)
    writing.write_areas(found, tmp_path / f"a.{ending}")
    read = gpd.read_parquet if ending == "parquet" else gpd.read_file
    written = read(tmp_path / f"a.{ending}")
    assert list(written.columns)[-7:-1] == list(COLUMNS)[1:]
    assert written["name"].tolist() == ["Noord", "Zuid"]
    assert written["BU_CODE"].dropna().tolist() == ["0101"]
    assert written["woningen"].dropna().tolist() == [640]
    assert written["is_old"].tolist() == [True, False]
    tags = written["tags"][0]
    assert (json.loads(tags) if isinstance(tags, str) else list(tags)) == ["a", "b"]
    if ending == "geojson":
        row = json.loads((tmp_path / "a.geojson").read_text())["features"][0]["properties"]
        assert (row["woningen"], row["built"]) == (640, "2020-01-02T00:00:00")
        assert isinstance(row["woningen"], int)


@pytest.mark.parametrize("ending", ["geojson", "parquet"])
def test_columns_named_as_those_that_geoparquet_needs_are_kept_too(
    tmp_path: Path, ending: str
) -> None:
    own = {"bbox": ["4,52,5,53", None], "bbox_": [1, 2], "geometry_": ["a", "b"]}
    found = surveyed(tmp_path / "in.parquet", **own)
    writing.write_areas(found, tmp_path / f"a.{ending}")
    read = gpd.read_parquet if ending == "parquet" else gpd.read_file
    written = read(tmp_path / f"a.{ending}")
    assert written["bbox__"].dropna().tolist() == ["4,52,5,53"]
    assert written["bbox_"].tolist() == [1, 2]
    assert written["geometry_"].tolist() == ["a", "b"]


def test_codes_of_the_users_own_stay_codes_where_the_row_without_one_was_left_out(
    tmp_path: Path,
) -> None:
    found = surveyed(tmp_path / "in.parquet", name=["Noord", "Zuid"], code=[101.0, 102.0])
    writing.write_areas(found, tmp_path / "a.geojson")
    assert '"code": 101}' in (tmp_path / "a.geojson").read_text()


def test_where_names_collide_the_users_columns_keep_theirs_and_ours_are_prefixed(
    tmp_path: Path,
) -> None:
    found = surveyed(
        tmp_path / "in.parquet",
        naam=["Noord", "Zuid"],
        bicycle_count=[70, 80],
        Status=["new", "old"],
        population=[5, 6],
    )
    with pytest.warns(GeobikeWarning, match=r"bicycle_count as geobike_bicycle_count, status as"):
        writing.write_areas(found, tmp_path / "a.geojson")
    written = gpd.read_file(tmp_path / "a.geojson")
    assert written["bicycle_count"].tolist() == [70, 80]
    assert written["geobike_bicycle_count"].fillna(-1).tolist() == [1, -1]
    assert written["Status"].tolist() == ["new", "old"]
    assert written["geobike_status"].tolist() == ["too_thin", "unseen"]
    assert written["population"].tolist() == [5, 6]
    assert "bicycles_per_1000_inhabitants" not in written


def test_a_survey_of_a_surveys_own_areas_keeps_both_counts(tmp_path: Path) -> None:
    first = surveyed(tmp_path / "in.parquet", name=["Noord", "Zuid"])
    writing.write_areas(first, tmp_path / "first.geojson")
    polygons = areas.read(tmp_path / "first.geojson")
    placed = areas.assign(photos_frame({"b.jpg": (1.5, 0.5)}), polygons)
    none = schema.table(schema.DETECTIONS, {"photo_id": []})
    second = area_counts(counts.per_photo(placed, none), polygons)
    with pytest.warns(GeobikeWarning, match="columns with names of geobike's"):
        writing.write_areas(second, tmp_path / "second.geojson")
    written = gpd.read_file(tmp_path / "second.geojson")
    assert written["bicycle_count"].fillna(-1).tolist() == [1, -1]
    assert written["geobike_bicycle_count"].fillna(-1).tolist() == [-1, 0]
    assert written["area_id"].tolist() == ["Noord", "Zuid"]


def test_own_columns_are_not_sent_to_the_page(tmp_path: Path) -> None:
    found = surveyed(tmp_path / "in.parquet", name=["a", "b"], secret=["QQQ1", "QQQ2"])
    taken = counts.per_photo(photos_frame({}), schema.table(schema.DETECTIONS, {"photo_id": []}))
    given = (found, taken, detections(), no_tallies())
    page = maps.build(*given, model="m", threshold=0.5, ledger={"counted": 1})
    assert "QQQ1" not in page.get_root().render()
