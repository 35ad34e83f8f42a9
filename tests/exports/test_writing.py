import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

import geobike
from geobike import schema
from geobike.detections import imported
from geobike.errors import GeobikeWarning, InputError, MissingPackageError
from geobike.exports import formats, protocol, writing
from geobike.exports.protocol import Files, Format, Frames
from geobike.exports.summary import write_summary
from geobike.io import files
from tests.support.exported import area_counts
from tests.support.making import photos_frame


@pytest.fixture
def frames() -> Frames:
    box_ = {"photo_id": ["a.jpg"], "label": "bicycle", "score": 0.9, "xmin": 0.0, "ymin": 0.0}
    found = schema.table(schema.DETECTIONS, pd.DataFrame(box_ | {"xmax": 9.0, "ymax": 9.0}))
    photos = photos_frame({"a.jpg": (4, 52), "b.jpg": (4, 52)})
    return Frames(areas=area_counts(box(4, 52, 5, 53)), photos=photos, detections=found)


@pytest.fixture
def one_file(monkeypatch: pytest.MonkeyPatch) -> Format:
    """A format such as GeoPackage: all tables in one file, which geobike cannot read again."""
    names: Files = dict.fromkeys(protocol.TABLES, "survey.json")

    def write(frames: Frames, folder: Path) -> Files:
        rows = {table: len(frame) for table, frame in frames.items()}
        (folder / "survey.json").write_text(json.dumps(rows))
        return {table: names[table] for table in rows}

    added = Format(
        name="onefile",
        help="all tables in one file",
        files=names,
        suffixes=(".onefile",),
        write=write,
        readable=False,
    )
    monkeypatch.setitem(formats.FORMATS, added.name, added)
    return added


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def tables_of_a_run(folder: Path, frames: Frames, *named: str) -> list[str]:
    """Write tables as a survey does; return the names of the files that the folder then holds."""
    with files.transaction(folder, last="summary.json") as out:
        written = writing.write_tables(frames, out, names=named or ("auto",))
        summary = {"files": written.files, "exports": written.by_format}
        write_summary(summary, out.staging / "summary.json")
    return [name for name in names(folder) if name != "summary.json"]


TEXT = ["areas.geojson", "detections.csv", "photos.geojson"]
PARQUET = ["areas.parquet", "detections.parquet", "photos.parquet"]


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (["auto"], TEXT),
        (["geojson"], TEXT),
        (["csv"], TEXT),
        (["csv", "geojson", "csv"], TEXT),
        (["geoparquet"], PARQUET),
        (["auto", "geoparquet"], sorted(TEXT + PARQUET)),
        (["geojson", "geoparquet"], sorted(["areas.geojson", "photos.geojson", *PARQUET])),
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


def test_no_older_table_contradicts_a_run(tmp_path: Path, frames: Frames, one_file: Format) -> None:
    pytest.importorskip("pyarrow")
    assert tables_of_a_run(tmp_path, frames) == TEXT
    assert tables_of_a_run(tmp_path, frames, "geoparquet") == PARQUET
    assert tables_of_a_run(tmp_path, frames, one_file.name) == [*TEXT, "survey.json"]
    assert tables_of_a_run(tmp_path, frames, "geoparquet") == PARQUET


def test_areas_that_an_earlier_version_did_not_list_contradict_no_run(
    tmp_path: Path, frames: Frames
) -> None:
    pytest.importorskip("pyarrow")
    listed = {"photos": "photos.geojson", "detections": "detections.csv"}
    for name in TEXT:
        (tmp_path / name).write_text("of an earlier run")
    (tmp_path / "summary.json").write_text(json.dumps({"geobike": "0.1.0", "files": listed}))
    assert tables_of_a_run(tmp_path, frames, "geoparquet") == PARQUET


@pytest.mark.parametrize(
    "summary",
    [
        "not of a run",
        "[]",
        '{"files": ["photos.geojson"]}',
        '{"files": {}, "exports": {"geojson": "photos.geojson"}}',
        '{"files": {"photos": "../mine.txt"}, "exports": {"x": {"photos": "mine.txt"}}}',
    ],
)
def test_a_file_that_no_run_wrote_stays(tmp_path: Path, frames: Frames, summary: str) -> None:
    pytest.importorskip("pyarrow")
    out = tmp_path / "out"
    mine = [tmp_path / "mine.txt", out / "mine.txt", out / "areas.geojson", out / "photos.geojson"]
    out.mkdir()
    for path in mine:
        path.write_text("mine")
    (out / "summary.json").write_text(summary)
    tables_of_a_run(out, frames, "geoparquet")
    assert [path.read_text() for path in mine] == ["mine"] * 4


def test_a_format_that_holds_several_tables_in_one_file_is_one_file_of_the_run(
    tmp_path: Path, frames: Frames, one_file: Format
) -> None:
    with files.transaction(tmp_path, last="survey.json") as out:
        written = writing.write_tables(frames, out, names=("geojson", one_file.name))
    assert json.loads((tmp_path / "survey.json").read_text()) == {
        "areas": 1,
        "photos": 2,
        "detections": 1,
    }
    assert written.names == ["areas.geojson", "survey.json", "photos.geojson", "detections.csv"]
    assert written.files["detections"] == "detections.csv"  # what geobike can read again
    assert written.by_format[one_file.name] == dict.fromkeys(protocol.TABLES, "survey.json")


def test_an_input_in_any_format_is_not_replaced(tmp_path: Path, one_file: Format) -> None:
    ours = [*TEXT, *PARQUET, *one_file.files.values(), "map.html", "summary.json"]
    assert all(writing.replaces(tmp_path, tmp_path / name) for name in ours)
    assert not writing.replaces(tmp_path, tmp_path / "manifest.csv")
    assert not writing.replaces(tmp_path, tmp_path.parent / "photos.geojson")


def test_without_pyarrow_many_rows_stay_text_and_it_is_reported(
    tmp_path: Path, frames: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "MANY", 1)
    monkeypatch.setattr(protocol, "find_spec", lambda _: None)
    with pytest.warns(GeobikeWarning, match="2 rows of photos are written as text.*parquet"):
        assert tables_of_a_run(tmp_path, frames) == TEXT


def test_a_missing_package_stops_a_survey_before_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "find_spec", lambda _: None)
    with pytest.raises(MissingPackageError, match=r"Writing geoparquet .*geobike\[parquet\]"):
        geobike.Survey(photos="photos", areas="areas.geojson", formats=("geojson", "geoparquet"))
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
    assert gpd.read_file(tmp_path / "new" / "a.JSON")["area_id"].tolist() == ["area 0"]
    assert gpd.read_parquet(tmp_path / "a.parquet")["area_id"].tolist() == ["area 0"]
    assert gpd.read_file(tmp_path / "p.geojson")["photo_id"].tolist() == ["a.jpg", "b.jpg"]
    assert pd.read_csv(tmp_path / "d.csv")["photo_id"].tolist() == ["a.jpg"]
    assert names(tmp_path) == ["a.parquet", "d.csv", "new", "p.geojson"]


@pytest.mark.parametrize("name", ["p.csv", "p.gpkg", "p", "p.geojson.gz"])
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
