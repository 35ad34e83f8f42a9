"""A finished survey's tables, read again as they were written."""

import os
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from geopandas.testing import assert_geodataframe_equal
from pandas.testing import assert_frame_equal
from shapely import box

import geobike
from geobike import saved, schema
from geobike.errors import InputError
from geobike.exports import reading, writing
from geobike.exports.frames import select
from geobike.exports.protocol import TABLES, About, Frames
from tests.support.exported import area_counts


def frames_of(result: geobike.SurveyResult) -> Frames:
    counted = result.counted
    return Frames(
        areas=counted.areas,
        streets=counted.streets,
        racks=counted.racks,
        stops=counted.stops,
        bicycles=counted.bicycles,
        photos=result.photos,
        detections=result.detections,
        about=About(timezone="Europe/Amsterdam"),
    )


@pytest.mark.parametrize("form", ["auto", "parquet"])
def test_every_table_is_read_as_it_was_written(
    tmp_path: Path, sample_result: geobike.SurveyResult, form: str
) -> None:
    pytest.importorskip("pyarrow")
    frames = frames_of(sample_result)
    wanted = select(frames)
    written = writing.write_tables(frames, tmp_path, names=(form,))
    assert set(written.files) == set(TABLES)
    for table, name in written.files.items():
        expected, found = getattr(wanted, table), reading.read(table, tmp_path / name)
        if table == "detections":
            exact = {"rtol": 1e-14, "check_exact": False}  # CSV readers of pandas differ in a bit
            assert_frame_equal(
                found,
                expected.reset_index(drop=True),
                **exact,
                check_index_type=False,
                check_categorical=False,
            )
        else:
            assert_geodataframe_equal(
                found, expected.reset_index(drop=True), check_index_type=False
            )


@pytest.mark.parametrize("form", ["geojson", "parquet"])
def test_tables_without_rows_and_columns_without_values_keep_their_types(
    tmp_path: Path, frames: Frames, form: str
) -> None:
    pytest.importorskip("pyarrow")
    empty = replace(frames, photos=frames.photos.iloc[:0], areas=area_counts(box(0, 0, 1, 1)))
    files = writing.write_tables(empty, tmp_path, names=(form,)).files
    photos = reading.read("photos", tmp_path / files["photos"])
    areas = reading.read("areas", tmp_path / files["areas"])
    assert (len(photos), photos.crs) == (0, schema.CRS)
    if form == "parquet":  # GeoJSON without a feature names no column
        assert photos["taken_at"].dtype == schema.TIME
        assert photos["bicycle_count"].dtype == schema.COUNT
    assert areas["bicycle_count"].dtype == schema.COUNT
    assert areas["bicycle_count"].isna().all()
    assert areas["first_photo_at"].dtype == schema.TIME


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_columns_of_the_users_own_keep_their_kinds(tmp_path: Path) -> None:
    own = {"status": ["new", "old"], "homes": [640, None], "is_old": [True, None], "rent": [1.5, 2]}
    areas = area_counts(box(0, 0, 1, 1), box(1, 0, 2, 1))
    given = gpd.GeoDataFrame(areas).assign(
        **{f"{schema.OWN}status" if name == "status" else name: own[name] for name in own}
    )
    writing.write_areas(given, tmp_path / "a.geojson")
    found = reading.read("areas", tmp_path / "a.geojson")
    assert found["geobike_status"].tolist() == ["unseen", "unseen"]
    assert found["status"].tolist() == ["new", "old"]
    kinds = [str(found[name].dtype) for name in own]
    assert kinds == ["str", "Int64", "boolean", "float64"]


def test_a_file_that_is_no_table_is_named(tmp_path: Path) -> None:
    (tmp_path / "photos.geojson").write_text('{"features": [{"properties": {}}]}')
    with pytest.raises(InputError, match=r"photos\.geojson: is not the photos of a survey"):
        reading.read("photos", tmp_path / "photos.geojson")


def test_the_tables_of_a_finished_survey_come_with_what_its_page_shows(
    sample_out: Path, sample_result: geobike.SurveyResult
) -> None:
    tables = saved.read(sample_out).tables()
    assert [name for name, _ in tables.items()] == list(TABLES)
    assert (tables.about.timezone, tables.about.min_photos) == ("Europe/Amsterdam", 1)
    assert tables.about.summary["counting"]["bicycle_count"] == 422
    page = tables.about.page()
    assert page.words["language"] == "en"
    counted = sample_result.photos.query("status == 'counted'")["photo_id"]
    assert set(page.pictures) == set(counted)  # also where nothing was found
    assert all(picture.startswith(b"\xff\xd8") for picture in page.pictures.values())
    assert int(pd.Series(tables.areas["bicycle_count"]).sum()) == 422


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="no list of open files")
def test_no_file_stays_open_when_its_parts_are_read_or_left(
    tmp_path: Path, sample_result: geobike.SurveyResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyarrow")
    monkeypatch.setattr(reading, "ROWS_AT_A_TIME", 50)
    writing.write_tables(frames_of(sample_result), tmp_path, names=("parquet",))
    path = tmp_path / "photos.parquet"

    def is_open() -> bool:
        links = Path("/proc/self/fd").iterdir()
        return any(os.path.realpath(link) == str(path.resolve()) for link in links)

    read = reading.read_parts("photos", path)
    assert not is_open()
    assert (read.rows, sum(map(len, read.frames))) == (181, 181)
    assert not is_open()
    left = reading.read_parts("photos", path).frames
    assert len(next(left)) == 50
    assert is_open()
    left.close()
    assert not is_open()
