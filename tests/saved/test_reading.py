"""A survey's folder is believed only where it is whole."""

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest

from geobike import saved, schema
from geobike.errors import InputError
from geobike.exports.protocol import Frames
from tests.support.surveyed import edited
from tests.support.written import TEXT, write


def test_what_was_written_is_read_again(tmp_path: Path, frames: Frames) -> None:
    assert sorted(write(tmp_path, frames)) == [*TEXT[:2], "map.html", TEXT[2], "summary.json"]
    survey = saved.read(tmp_path)
    assert (survey.labels, survey.threshold, survey.max_overlap) == (("bicycle",), 0.5, 0.5)
    assert survey.photos()["photo_id"].tolist() == ["a.jpg", "b.jpg"]
    assert survey.detections()["score"].tolist() == [0.9]


def test_parquet_is_read_as_text_is(tmp_path: Path, frames: Frames) -> None:
    pytest.importorskip("pyarrow")
    write(tmp_path / "text", frames)
    write(tmp_path / "parquet", frames, "parquet")
    one, other = saved.read(tmp_path / "text"), saved.read(tmp_path / "parquet")
    assert one.photos()["photo_id"].tolist() == other.photos()["photo_id"].tolist()
    assert one.detections().equals(other.detections())


@pytest.mark.parametrize(("table", "file"), [("photos", TEXT[2]), ("detections", TEXT[1])])
def test_a_table_of_another_run_is_recognised(
    tmp_path: Path, frames: Frames, table: str, file: str
) -> None:
    write(tmp_path, frames)
    text = (tmp_path / file).read_text()
    (tmp_path / file).write_text(text.replace("a.jpg", "c.jpg"))
    with pytest.raises(InputError, match=rf"{file}: is not the file that summary\.json describes"):
        getattr(saved.read(tmp_path), table)()


def test_a_folder_of_the_first_version_is_read(tmp_path: Path, frames: Frames) -> None:
    write(tmp_path, frames)
    path = tmp_path / "summary.json"
    summary = json.loads(path.read_text())
    for key in ("layout", "sha256", "exports"):
        del summary[key]
    path.write_text(json.dumps(summary))
    assert len(saved.read(tmp_path).photos()) == 2


def test_a_folder_of_a_newer_version_is_refused_with_the_remedy(
    tmp_path: Path, frames: Frames
) -> None:
    write(tmp_path, frames)
    path = tmp_path / "summary.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"layout": 99}))
    with pytest.raises(InputError, match="has layout 99, and this geobike reads 1; use the"):
        saved.read(tmp_path)


def test_tables_come_back_as_they_were_counted(written_sample: Path) -> None:
    survey = saved.read(written_sample)
    areas, streets, stops, bicycles = (
        survey.areas(),
        survey.streets(),
        survey.stops(),
        survey.bicycles(),
    )
    assert streets is not None
    assert stops is not None
    assert bicycles is not None
    for frame, kind in (
        (areas, schema.AREA_COUNTS),
        (streets, schema.STREETS),
        (stops, schema.STOPS),
        (bicycles, schema.BICYCLES),
    ):
        schema.check(frame, kind)
    read = gpd.read_file(written_sample / "areas.geojson")
    assert areas["street_km"].tolist() == read["street_km"].tolist()
    assert areas["first_photo_at"].isna().tolist() == read["first_photo_at"].isna().tolist()
    assert len(bicycles) == survey.summary["counting"]["bicycle_count"]
    lines = gpd.read_file(written_sample / "streets.geojson")
    assert streets.geometry.geom_equals(lines.geometry).all()


def test_a_users_column_of_our_name_does_not_pass_for_ours(
    written_sample: Path, tmp_path: Path
) -> None:
    def collide(features: list[dict[str, Any]]) -> None:
        for feature in features:
            ours = feature["properties"]
            ours["geobike_stop_count"] = ours.pop("stop_count")
            feature["properties"] = ours | {"stop_count": 999}  # the user's come last

    folder = edited(written_sample, tmp_path / "out", areas=collide)
    found = saved.read(folder).areas()
    assert found["stop_count"].tolist() == saved.read(written_sample).areas()["stop_count"].tolist()


def test_a_table_that_is_none_is_refused_by_name(written_sample: Path, tmp_path: Path) -> None:
    def spoil(features: list[dict[str, Any]]) -> None:
        for feature in features:
            feature["properties"]["stop_count"] = "many"

    folder = edited(written_sample, tmp_path / "out", streets=spoil)
    with pytest.raises(InputError, match=r"streets\.geojson: is not the streets of a survey"):
        saved.read(folder).streets()
