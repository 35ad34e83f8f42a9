import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import geobike
from geobike import schema
from geobike.detections import imported
from geobike.errors import GeobikeWarning, InputError, MissingPackageError
from geobike.exports import formats, protocol, writing
from geobike.exports.protocol import Format, Frames


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def tables_of_a_run(folder: Path, frames: Frames, *named: str) -> list[str]:
    """Write tables into a new folder; return the names of its files."""
    folder.mkdir(exist_ok=True)
    writing.write_tables(frames, folder, names=named or ("auto",))
    return names(folder)


TEXT = ["areas.geojson", "detections.csv", "photos.geojson"]
PARQUET = ["areas.parquet", "detections.parquet", "photos.parquet"]


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (["auto"], TEXT),
        (["geojson"], TEXT),
        (["csv"], TEXT),
        (["csv", "geojson", "csv"], TEXT),
        (["parquet"], PARQUET),
        (["auto", "parquet"], sorted(TEXT + PARQUET)),
        (["geojson", "parquet"], sorted(["areas.geojson", "photos.geojson", *PARQUET])),
    ],
)
def test_every_table_is_written_in_the_formats_named_that_can_hold_it(
    tmp_path: Path, frames: Frames, named: list[str], expected: list[str]
) -> None:
    pytest.importorskip("pyarrow")
    assert tables_of_a_run(tmp_path, frames, *named) == expected


def test_many_rows_become_parquet_unless_a_format_is_named(
    tmp_path: Path, frames: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyarrow")
    monkeypatch.setattr(formats, "MANY", 1)
    mixed = ["areas.geojson", "detections.csv", "photos.parquet"]
    assert tables_of_a_run(tmp_path / "a", frames) == mixed
    assert tables_of_a_run(tmp_path / "b", frames, "csv") == mixed
    assert tables_of_a_run(tmp_path / "c", frames, "geojson") == TEXT


def test_a_format_that_holds_several_tables_in_one_file_is_one_file_of_the_run(
    tmp_path: Path, frames: Frames, one_file: Format
) -> None:
    written = writing.write_tables(frames, tmp_path, names=("geojson", one_file.name))
    assert json.loads((tmp_path / "survey.json").read_text()) == {
        "areas": 1,
        "photos": 2,
        "detections": 1,
    }
    assert written.names == ["areas.geojson", "survey.json", "photos.geojson", "detections.csv"]
    assert written.files["detections"] == "detections.csv"  # what geobike can read again
    assert written.by_format[one_file.name] == dict.fromkeys(
        ("areas", "photos", "detections"), "survey.json"
    )


def test_without_pyarrow_many_rows_stay_text_and_it_is_reported(
    tmp_path: Path, frames: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "MANY", 1)
    monkeypatch.setattr(protocol, "find_spec", lambda _: None)
    with pytest.warns(GeobikeWarning, match="2 rows of photos are written as text.*parquet"):
        assert tables_of_a_run(tmp_path, frames) == TEXT


def test_a_missing_package_stops_a_survey_before_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "find_spec", lambda _: None)
    with pytest.raises(MissingPackageError, match=r"Writing parquet .*geobike\[parquet\]"):
        geobike.Survey(photos="photos", areas="areas.geojson", formats=("geojson", "parquet"))
    with pytest.raises(MissingPackageError, match=r"geobike\[parquet\]"):
        writing.check_path("photos.parquet", "photos")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_boxes_are_read_again_as_they_were_written(tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("pyarrow")
    low, high = np.random.default_rng(3).uniform((0, 2000), (2000, 4000), (500, 2, 2)).T
    numbers = {"xmin": low[0], "ymin": low[1], "xmax": high[0], "ymax": high[1]}
    columns = {"photo_id": "a.jpg", "label": "bicycle", "score": low[0] / 2000, **numbers}
    frame = schema.table(schema.DETECTIONS, pd.DataFrame(columns))
    writing.write_detections(frame, tmp_path / f"d.{suffix}")
    read = imported.read(tmp_path / f"d.{suffix}")
    for name in ("score", *numbers):
        # pandas before 3.1 reads the last of 17 digits a little off
        assert read[name].to_numpy() == pytest.approx(frame[name].to_numpy(), rel=1e-14, abs=0)


def test_the_ending_of_a_path_chooses_the_format(tmp_path: Path, frames: Frames) -> None:
    pytest.importorskip("pyarrow")
    geobike.write_areas(frames.areas, tmp_path / "new" / "a.JSON")
    geobike.write_areas(frames.areas, tmp_path / "a.parquet")
    geobike.write_photos(frames.photos, tmp_path / "p.geojson")
    geobike.write_detections(frames.detections, tmp_path / "d.csv")
    geobike.write_photos(frames.photos, tmp_path / "p.gpkg")
    geobike.write_detections(frames.detections, tmp_path / "d.gpkg")
    assert gpd.read_file(tmp_path / "p.gpkg", layer="photos")["photo_id"].tolist() == [
        "a.jpg",
        "b.jpg",
    ]
    assert gpd.read_file(tmp_path / "d.gpkg")["x_max"].tolist() == [9]
    assert gpd.read_file(tmp_path / "new" / "a.JSON")["area_id"].tolist() == ["area 0"]
    assert gpd.read_parquet(tmp_path / "a.parquet")["area_id"].tolist() == ["area 0"]
    assert gpd.read_file(tmp_path / "p.geojson")["photo_id"].tolist() == ["a.jpg", "b.jpg"]
    assert pd.read_csv(tmp_path / "d.csv")["photo_id"].tolist() == ["a.jpg"]
    assert names(tmp_path) == ["a.parquet", "d.csv", "d.gpkg", "new", "p.geojson", "p.gpkg"]


@pytest.mark.parametrize("name", ["p.csv", "p.shp", "p", "p.geojson.gz"])
def test_no_file_is_given_an_ending_that_it_is_not(
    tmp_path: Path, frames: Frames, name: str
) -> None:
    with pytest.raises(InputError, match=r"photos cannot be written as .*\.geojson or"):
        geobike.write_photos(frames.photos, tmp_path / name)
    with pytest.raises(InputError, match=r"s3://b/d\.geojson: detections cannot .*\.csv or"):
        geobike.write_detections(frames.detections, "s3://b/d.geojson")
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", ["p.geojson", "p.parquet"])
def test_a_path_that_cannot_be_written_is_named_as_it_was_given(
    tmp_path: Path, frames: Frames, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyarrow")
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / name
    with pytest.raises(InputError, match=f"^{path}: cannot be written"):
        geobike.write_photos(frames.photos, path)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "open", full)
    monkeypatch.setattr(gpd.GeoDataFrame, "to_parquet", full)
    with pytest.raises(InputError, match=f"^{tmp_path / name}: .*written: No space left"):
        geobike.write_photos(frames.photos, tmp_path / name)
    assert names(tmp_path) == ["file"]
