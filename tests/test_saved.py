"""A survey's folder holds one survey, says which, and is believed only where it is whole."""

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest

from geobike import saved, schema
from geobike.errors import InputError
from geobike.exports.protocol import Format, Frames
from geobike.io import transaction
from tests.support.surveyed import edited

TEXT = ["areas.geojson", "detections.csv", "photos.geojson"]
PARQUET = ["areas.parquet", "detections.parquet", "photos.parquet"]
ACCOUNT = {
    "geobike": "test",
    "counting": {"labels": ["bicycle"], "threshold": 0.5, "max_overlap": 0.5},
}


def write(
    folder: Path, frames: Frames, *named: str, account: Mapping[str, Any] = ACCOUNT
) -> dict[str, str | Path]:
    return saved.write(
        folder,
        frames,
        names=named or ("auto",),
        save_map=lambda path: path.write_text("a map") and None,
        summary=lambda: account,
    )


def tables_of_a_run(folder: Path, frames: Frames, *named: str) -> list[str]:
    """Write a survey; return the names of the tables that the folder then holds."""
    write(folder, frames, *named)
    found = sorted(path.name for path in folder.iterdir())
    return [name for name in found if name not in ("map.html", "summary.json")]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


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


def test_a_run_that_fails_in_the_end_leaves_the_earlier_survey_whole(
    tmp_path: Path, frames: Frames
) -> None:
    write(tmp_path, frames)
    before = contents(tmp_path)
    with pytest.raises(ValueError, match="not JSON compliant"):
        write(tmp_path, frames, "parquet", account=ACCOUNT | {"new": math.nan})
    assert contents(tmp_path) == before


def test_no_older_table_contradicts_a_run(tmp_path: Path, frames: Frames, one_file: Format) -> None:
    pytest.importorskip("pyarrow")
    assert tables_of_a_run(tmp_path, frames) == TEXT
    assert tables_of_a_run(tmp_path, frames, "parquet") == PARQUET
    assert tables_of_a_run(tmp_path, frames, one_file.name) == [*TEXT, "survey.json"]
    assert tables_of_a_run(tmp_path, frames, "parquet") == PARQUET


def test_areas_that_an_earlier_version_did_not_list_contradict_no_run(
    tmp_path: Path, frames: Frames
) -> None:
    pytest.importorskip("pyarrow")
    listed = {"photos": "photos.geojson", "detections": "detections.csv"}
    for name in TEXT:
        (tmp_path / name).write_text("of an earlier run")
    (tmp_path / "summary.json").write_text(json.dumps({"geobike": "0.1.0", "files": listed}))
    assert tables_of_a_run(tmp_path, frames, "parquet") == PARQUET


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
    tables_of_a_run(out, frames, "parquet")
    assert [path.read_text() for path in mine] == ["mine"] * 4


def test_an_input_in_any_format_is_not_replaced(tmp_path: Path, one_file: Format) -> None:
    ours = [*TEXT, *PARQUET, *one_file.files.values(), "map.html", "summary.json"]
    assert all(saved.replaces(tmp_path, tmp_path / name) for name in ours)
    assert not saved.replaces(tmp_path, tmp_path / "manifest.csv")
    assert not saved.replaces(tmp_path, tmp_path.parent / "photos.geojson")


def test_pictures_do_not_come_between_files_that_no_run_wrote(tmp_path: Path) -> None:
    pictures = tmp_path / "photos"
    saved.check_pictures(tmp_path)
    pictures.mkdir()
    saved.check_pictures(tmp_path)
    (pictures / "mine.jpg").write_text("mine")
    with pytest.raises(InputError, match=r"photos: is there and holds other files.*--out"):
        saved.check_pictures(tmp_path)
    ours = {"sha256": {f"photos/{'a' * 20}.jpg": "0"}}
    (tmp_path / "summary.json").write_text(json.dumps(ours))
    saved.check_pictures(tmp_path)  # pictures of an earlier run
    (pictures / "mine.jpg").unlink()
    pictures.rmdir()
    for make in (pictures.touch, lambda: pictures.symlink_to(tmp_path / "gone")):
        make()
        with pytest.raises(InputError, match=r"photos: is there and is no folder; .*--out"):
            saved.check_pictures(tmp_path)
        pictures.unlink()


def test_a_folder_that_a_killed_run_left_half_new_can_be_mended(tmp_path: Path) -> None:
    """Some pictures are there already, and the summary that lists them is not."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / f"{'a' * 20}.jpg").touch()
    (tmp_path / transaction.READY).mkdir()
    saved.check_pictures(tmp_path)


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


def test_a_finished_survey_is_exported_and_its_summary_stays_true(
    tmp_path: Path, frames: Frames
) -> None:
    pytest.importorskip("pyarrow")
    write(tmp_path, frames)
    before = contents(tmp_path)
    written = saved.export(tmp_path, ["parquet"])
    assert list(written) == [*PARQUET[:1], PARQUET[2], PARQUET[1], "summary.json"]
    after = contents(tmp_path)
    assert {name: after[name] for name in (*TEXT, "map.html")} == {
        name: before[name] for name in (*TEXT, "map.html")
    }
    summary = json.loads(after["summary.json"])
    listed = {name: hashlib.sha256(after[name]).hexdigest() for name in summary["sha256"]}
    assert summary["sha256"] == listed
    assert set(listed) == {*TEXT, *PARQUET, "map.html"}
    assert set(summary["exports"]) == {"geojson", "csv", "parquet"}
    assert summary["files"] == json.loads(before["summary.json"])["files"]
    assert saved.read(tmp_path).photos()["photo_id"].tolist() == ["a.jpg", "b.jpg"]


def test_the_next_run_removes_what_was_exported(tmp_path: Path, frames: Frames) -> None:
    pytest.importorskip("pyarrow")
    write(tmp_path, frames)
    saved.export(tmp_path, ["parquet"])
    assert tables_of_a_run(tmp_path, frames) == TEXT


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["parquett"], "format 'parquett' is not known; did you mean parquet"),
        ([], "no format named"),
    ],
)
def test_an_export_that_cannot_be_written_leaves_the_survey_as_it_was(
    tmp_path: Path, frames: Frames, names: list[str], said: str
) -> None:
    write(tmp_path, frames)
    before = contents(tmp_path)
    with pytest.raises(InputError, match=said):
        saved.export(tmp_path, names)
    (tmp_path / "photos.geojson").write_text("edited")
    with pytest.raises(InputError, match=r"photos\.geojson: is not the file that summary"):
        saved.export(tmp_path, ["csv"])
    assert contents(tmp_path) == before | {"photos.geojson": b"edited"}


def test_a_folder_without_a_survey_is_not_exported(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"summary\.json: is not the summary of a survey"):
        saved.export(tmp_path / "none", ["csv"])
    assert not (tmp_path / "none").exists()
