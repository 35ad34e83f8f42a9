"""A survey as one GeoPackage: what GIS programs find in it, and that it is whole or not there."""

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from shapely import box

import geobike
from geobike import saved, schema
from geobike.counting import counts
from geobike.exports import geopackage, writing
from geobike.exports.protocol import About, Frames, OnPage
from tests.conftest import ROOT
from tests.support.exported import area_counts
from tests.support.making import jpeg, photos_frame

LAYERS = ["areas", "streets", "racks", "stops", "bicycles", "photos", "detections", "survey"]
SYSTEM_PYTHON = "/usr/bin/python3"


@pytest.fixture(scope="module")
def package(written_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's survey.gpkg, exported from its folder."""
    folder = tmp_path_factory.mktemp("package") / "out"
    shutil.copytree(written_sample, folder)
    saved.export(folder, ["gpkg"])
    return folder / "survey.gpkg"


def rows(path: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return database.execute(sql).fetchall()


def written(folder: Path, frames: Frames) -> Path:
    folder.mkdir(exist_ok=True)
    writing.write_tables(frames, folder, names=("gpkg",))
    return folder / "survey.gpkg"


def check_by_gdal(path: Path) -> None:
    """Check a file with GDAL's own checker of GeoPackages, where it is installed."""
    checker = [SYSTEM_PYTHON, "-m", "osgeo_utils.samples.validate_gpkg"]
    known = shutil.which(SYSTEM_PYTHON) and subprocess.run(
        [SYSTEM_PYTHON, "-c", "import osgeo_utils.samples.validate_gpkg"], capture_output=True
    )
    if not known or known.returncode:
        pytest.skip("no validate_gpkg.py (Debian: apt install python3-gdal)")
    done = subprocess.run([*checker, path], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_a_program_that_asks_for_no_layer_gets_the_areas(package: Path) -> None:
    assert [name for name, _ in pyogrio.list_layers(package)] == [*LAYERS, "layer_styles"]
    areas = gpd.read_file(package, layer="areas")
    assert areas["name"].tolist()[:2] == ["Zilverwijk", "Oude Gracht"]
    assert set(areas.geom_type) == {"MultiPolygon"}
    assert areas.crs == "EPSG:4326"


def test_debians_ogrinfo_lists_the_same_layers_and_their_columns(package: Path) -> None:
    """Of another age than the GDAL that wrote them, which comes with pyogrio."""
    if shutil.which("ogrinfo") is None:
        pytest.skip("no ogrinfo (Debian: apt install gdal-bin)")
    command = ["ogrinfo", "-ro", "-so", "-al", "--config", "CPL_DEBUG", "OFF", package]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    layers = done.stdout.split("\nLayer name: ")[1:]
    assert [layer.split("\n")[0] for layer in layers] == [*LAYERS, "layer_styles"]
    areas, streets, racks = layers[:3]
    assert "Geometry: Multi Polygon\nFeature Count: 13\n" in areas
    assert "\nbicycle_count: Integer64 (0.0)\n" in areas
    assert "\nfirst_photo_at: DateTime (0.0)\n" in areas
    assert "\ncovered_share: Real (0.0)\n" in streets
    assert "\nindoor: Integer(Boolean) (0.0)\n" in racks


def test_columns_have_their_types_by_gdal(package: Path) -> None:
    found = {name: pyogrio.read_info(package, layer=name) for name in LAYERS}
    types = {
        name: dict(zip(one["fields"], one["ogr_types"], strict=True)) for name, one in found.items()
    }
    assert types["areas"]["bicycle_count"] == "OFTInteger64"
    assert types["areas"]["detected_per_stop"] == "OFTReal"
    assert types["photos"]["taken_at"] == "OFTDateTime"
    assert types["photos"]["taken_local"] == "OFTString"
    assert types["photos"]["thumbnail"] == "OFTBinary"
    assert types["detections"]["x_min"] == "OFTReal"
    assert types["survey"]["finished_at"] == "OFTDateTime"
    assert types["survey"]["threshold"] == "OFTReal"
    kinds = dict(
        zip(found["detections"]["fields"], found["detections"]["ogr_subtypes"], strict=True)
    )
    assert kinds["kept"] == "OFSTBoolean"


def test_it_is_a_valid_geopackage(package: Path) -> None:
    assert rows(package, "PRAGMA user_version") == [(10300,)]
    check_by_gdal(package)


def test_the_row_of_the_survey_says_what_its_summary_does(package: Path) -> None:
    summary = json.loads((package.parent / "summary.json").read_text())
    found = "SELECT detected, detected_in_areas, photos_counted, stops FROM survey"
    assert rows(package, found) == [(422, 422, 176, summary["counting"]["stops"])]


def test_the_same_survey_gives_the_same_bytes_at_once_and_later(
    sample_result: geobike.SurveyResult, tmp_path: Path
) -> None:
    plan = replace(sample_result.survey, formats=("auto", "gpkg"))
    replace(sample_result, survey=plan).write(tmp_path / "out")
    at_once = (tmp_path / "out" / "survey.gpkg").read_bytes()
    for _ in range(2):
        saved.export(tmp_path / "out", ["gpkg"])
        assert (tmp_path / "out" / "survey.gpkg").read_bytes() == at_once
    assert [path.name for path in (tmp_path / "out").glob("survey.gpkg*")] == ["survey.gpkg"]


def test_from_parquet_it_is_the_same_file_as_from_text(
    sample_result: geobike.SurveyResult, tmp_path: Path
) -> None:
    pytest.importorskip("pyarrow")
    digests = set()
    for form in ("auto", "parquet"):
        plan = replace(sample_result.survey, formats=(form,))
        found = replace(sample_result, survey=plan)
        summary = found.summary(tmp_path / form)
        out = tmp_path / form
        saved.write(
            out,
            replace(frames_of(found), about=About(timezone="Europe/Amsterdam")),
            names=(form,),
            save_map=lambda path: path.write_text("no page") and None,
            summary=lambda summary=summary: (
                summary
                | {"settings": {}, "finished_at": "2026-01-01T00:00:00+00:00", "started_at": None}
            ),
        )
        with pytest.warns(geobike.GeobikeWarning, match="holds no data of geobike's"):
            saved.export(out, ["gpkg"])
        digests.add(hashlib.sha256((out / "survey.gpkg").read_bytes()).hexdigest())
    assert len(digests) == 1


def frames_of(result: geobike.SurveyResult) -> Frames:
    counted = result.counted
    return Frames(
        areas=counted.areas,
        streets=counted.streets,
        stops=counted.stops,
        bicycles=counted.bicycles,
        photos=result.photos,
        detections=result.detections,
    )


NAMES = ["l'été", '"quoted"', "<b>bold</b> & [% 1 + 1 %]", "=1+1", "line\nfeed"]


def few(*, status: str = schema.COUNTED, located: bool = True) -> Frames:
    photos = photos_frame(dict.fromkeys(NAMES, (4.5, 52.5) if located else None))
    photos["status"] = pd.Series(status, index=photos.index, dtype="str")
    boxes = schema.table(schema.DETECTIONS, {})
    areas = area_counts(box(4, 52, 5, 53), box(5, 52, 6, 53))
    areas["name"] = pd.Series(NAMES[:2], dtype="str")
    return Frames(areas=areas, photos=counts.per_photo(photos, boxes), detections=boxes)


def cases() -> Iterator[tuple[str, Frames]]:
    yield "counted", few()
    yield "none counted", few(status=schema.FAILED)
    yield "none located", few(status=schema.UNLOCATED, located=False)
    none = few()
    yield "no photos", replace(none, photos=none.photos.iloc[:0])


@pytest.mark.parametrize(("name", "frames"), list(cases()), ids=[name for name, _ in cases()])
def test_few_or_odd_photos_make_a_valid_file_with_all_types(
    tmp_path: Path, name: str, frames: Frames
) -> None:
    path = written(tmp_path / "out", frames)
    photos = pyogrio.read_info(path, layer="photos")
    types = dict(zip(photos["fields"], photos["ogr_types"], strict=True))
    assert (types["taken_at"], types["bicycle_count"]) == ("OFTDateTime", "OFTInteger64")
    assert photos["geometry_type"] == "Point"
    expected = [] if name == "no photos" else NAMES
    assert [one for (one,) in rows(path, "SELECT photo_id FROM photos ORDER BY fid")] == expected
    again = written(tmp_path / "again", frames)
    assert again.read_bytes() == path.read_bytes()
    check_by_gdal(path)


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_the_users_own_columns_keep_their_values_under_any_name(tmp_path: Path) -> None:
    frames = few()
    own = {"fid": [7, 8], "geom": ["a", "b"], "homes": [5, None], "Homes": ["x", "y"]}
    own |= {schema.OWN + "status": ["new", "old"]}
    path = written(tmp_path / "out", replace(frames, areas=frames.areas.assign(**own)))
    found = rows(path, "SELECT fid_2, geom_2, homes, Homes_2, status, geobike_status FROM areas")
    assert found == [(7, "a", 5, "x", "new", "unseen"), (8, "b", None, "y", "old", "unseen")]
    (style,) = rows(path, "SELECT styleQML FROM layer_styles WHERE f_table_name = 'areas' LIMIT 1")
    assert "&quot;geobike_status&quot;" in style[0]
    check_by_gdal(path)


def test_pictures_are_those_of_the_page_and_none_where_it_has_none(
    package: Path, sample_result: geobike.SurveyResult, tmp_path: Path
) -> None:
    stored = dict(rows(package, "SELECT photo_id, thumbnail FROM photos WHERE thumbnail NOT NULL"))
    assert stored == dict(saved.read(package.parent).page().pictures)
    assert len(stored) > 50
    page = replace(sample_result.survey.page, pictures="none")
    plan = replace(sample_result.survey, formats=("gpkg",), page=page)
    replace(sample_result, survey=plan).write(tmp_path / "out")
    path = tmp_path / "out" / "survey.gpkg"
    assert "thumbnail" not in pyogrio.read_info(path, layer="photos")["fields"]
    (tip,) = rows(path, "SELECT styleQML FROM layer_styles WHERE f_table_name = 'photos'")[0]
    assert "thumbnail" not in tip


def test_of_many_boxes_only_those_that_count_are_kept_and_the_layer_says_so(
    package: Path,
    sample_result: geobike.SurveyResult,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert rows(package, "SELECT count(*) FROM detections WHERE NOT kept")[0][0] > 1000
    monkeypatch.setattr(geopackage, "_MANY", 1000)
    path = written(tmp_path / "out", frames_of(sample_result))
    kept = int(sample_result.detections["kept"].sum())
    assert rows(path, "SELECT count(*), min(kept) FROM detections") == [(kept, 1)]
    said = rows(path, "SELECT description FROM gpkg_contents WHERE table_name = 'detections'")
    assert "Only those that count, of " in said[0][0]


def test_a_file_that_is_there_is_replaced_and_nothing_of_it_stays(tmp_path: Path) -> None:
    line = shapely.LineString([(4, 52), (4.01, 52)])
    streets = schema.geotable(schema.STREETS, {"street_id": ["1"]}, [line])
    first = written(tmp_path / "out", replace(few(), streets=streets))
    assert "streets" in [name for name, _ in pyogrio.list_layers(first)]
    alone = written(tmp_path / "alone", few()).read_bytes()
    assert written(tmp_path / "out", few()).read_bytes() == alone
    left = [path.name for path in (tmp_path / "out").iterdir()]
    assert [name for name in left if "gpkg" in name or "part" in name] == ["survey.gpkg"]


def test_a_full_disk_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("geobike.io.geopackage._finish", full)
    with pytest.raises(geobike.GeobikeError, match=r"survey\.gpkg: cannot be written: .*full"):
        written(tmp_path / "out", few())


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no such signals")
def test_a_file_that_is_killed_while_it_is_written_is_whole_or_not_there(
    sample_out: Path, tmp_path: Path
) -> None:
    before = tmp_path / "before"
    sample_out.rename(before)
    command = ["out", "export", "out", "--format", "gpkg"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.killed_runs", before, *command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    *kills, last = json.loads(done.stdout)
    assert last["code"] == 0
    assert {kill["code"] for kill in kills} == {-signal.SIGKILL}
    whole = last["left"]["survey.gpkg"]
    for kill in kills:
        assert kill["left"].get("survey.gpkg", whole) == whole
        if (again := kill.get("again")) is not None:
            assert again["code"] == 0, again["said"]
            assert again["made"] == last["left"]
    assert len(kills) >= 5


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no such signals")
@pytest.mark.parametrize("step", ["_write_layer", "_finish", "_add_blobs", "_add_styles"])
def test_a_kill_in_the_middle_of_the_file_leaves_the_earlier_one(
    sample_out: Path, step: str
) -> None:
    saved.export(sample_out, ["gpkg"])
    before = {path.name: path.read_bytes() for path in sample_out.iterdir()}
    program = (
        "import os, signal\n"
        "from geobike import saved\n"
        "from geobike.io import geopackage\n"
        f"geopackage.{step} = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"saved.export({str(sample_out)!r}, ['gpkg'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == -signal.SIGKILL
    left = {path.name: path.read_bytes() for path in sample_out.iterdir() if path.is_file()}
    assert {name: left[name] for name in before} == before
    saved.export(sample_out, ["gpkg"])
    after = {path.name: path.read_bytes() for path in sample_out.iterdir()}
    assert after["survey.gpkg"] == before["survey.gpkg"]
    assert set(after) == set(before)


def test_a_picture_that_the_page_shows_is_in_the_tip(tmp_path: Path) -> None:
    picture = jpeg()
    page = OnPage(words={"language": "en"}, pictures={NAMES[0]: picture})
    frames = replace(few(), about=About(page=lambda: page))
    path = written(tmp_path / "out", frames)
    assert rows(path, "SELECT photo_id, thumbnail FROM photos WHERE thumbnail NOT NULL") == [
        (NAMES[0], picture)
    ]
