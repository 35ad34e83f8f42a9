"""survey.gpkg in QGIS itself (Debian: apt install python3-qgis): it shows what the page shows.

`make check-qgis` runs these and keeps the picture that QGIS draws, to be looked at.
"""

import json
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import shapely

import geobike
from geobike import saved, schema
from geobike.exports import geopackage, writing
from geobike.exports.protocol import About, Frames
from geobike.maps import words
from tests.conftest import ROOT
from tests.support.exported import area_counts
from tests.support.map_frames import TOWN

pytestmark = pytest.mark.qgis

LOOK = ROOT / "tests" / "support" / "qgis_look.py"


@cache
def python() -> str | None:
    """Return the Python that QGIS is installed for."""
    for candidate in filter(None, (os.environ.get("QGIS_PYTHON"), "/usr/bin/python3")):
        found = shutil.which(candidate)
        asked = found and subprocess.run([found, "-c", "import qgis.core"], capture_output=True)
        if asked and asked.returncode == 0:
            return found
    return None


def look(package: Path, picture: Path) -> dict[str, Any]:
    """Return what a person would notice who drags the file into QGIS."""
    if python() is None:
        pytest.skip("no QGIS (Debian: apt install python3-qgis, or name its Python in QGIS_PYTHON)")
    done = subprocess.run(
        [str(python()), LOOK, package, picture],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def faults(found: dict[str, Any]) -> list[str]:
    """Return what is wrong with what QGIS shows: nothing, if all is well."""
    wrong = [] if found["picture"]["saved"] and not found["picture"]["errors"] else ["picture"]
    for name, layer in found["layers"].items():
        if layer["renderer"] != "RuleRenderer":
            wrong.append(f"{name}: the style was not loaded")
        wrong += [f"{name}: {error}" for error in layer["errors"]]
        if len(layer["fits"]) != layer["rows"]:
            wrong.append(f"{name}: {layer['rows']} features, {len(layer['fits'])} names")
        for feature, labels in layer["fits"].items():
            if len(labels) != 1:
                wrong.append(f"{name}: {feature} is in {len(labels)} classes")
        for feature, tip in layer["tips"].items():
            if "[%" in tip or len(tip) < 10:
                wrong.append(f"{name}: the tip of {feature} is {tip[:80]!r}")
    return wrong


@pytest.fixture(scope="module")
def package(written_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("qgis") / "out"
    shutil.copytree(written_sample, folder)
    saved.export(folder, ["gpkg"])
    return folder / "survey.gpkg"


@pytest.fixture(scope="module")
def seen(package: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    kept = os.environ.get("QGIS_PICTURE")
    picture = Path(kept) if kept else tmp_path_factory.mktemp("picture") / "qgis.png"
    digest = package.read_bytes()
    found = look(package, picture.absolute())
    assert package.read_bytes() == digest  # looking changes nothing
    assert [path.name for path in package.parent.glob("survey.gpkg*")] == ["survey.gpkg"]
    return found


def test_every_layer_opens_with_its_style_and_each_feature_has_one_symbol(
    seen: dict[str, Any],
) -> None:
    assert list(seen["layers"]) == ["photos", "bicycles", "stops", "racks", "streets", "areas"]
    assert faults(seen) == []
    assert {layer["crs"] for layer in seen["layers"].values()} == {"EPSG:4326"}
    assert seen["layers"]["areas"]["rows"] == 13


def test_areas_have_the_classes_and_hatches_of_the_page(
    seen: dict[str, Any], sample_result: geobike.SurveyResult
) -> None:
    areas = seen["layers"]["areas"]
    catalogue = words("en")
    state = {
        schema.UNSEEN: catalogue["none"],
        schema.THIN: catalogue["thin"],
        schema.TOO_THIN: catalogue["too_thin"],
    }
    for row in sample_result.areas.itertuples():
        (label,) = areas["fits"][row.area_id]
        if row.status in state:
            assert label == state[row.status], row.name
        else:
            low, high = (
                (label.removesuffix(" or more"), "inf")
                if label.endswith("or more")
                else label.split(" \u2013 ")
            )
            assert float(low) <= row.detected_per_stop < float(high), row.name
    drawn = set(seen["picture"]["colours"])
    four = {"#d6efb3", "#73c8bd", "#234da0", "#081d58"}
    assert four | {"#f58a1f"} <= drawn


def test_tips_say_the_pages_figures_and_none_where_it_says_none(seen: dict[str, Any]) -> None:
    tips = seen["layers"]["areas"]["tips"]
    assert (
        "<b>Stationskwartier</b><br>Bicycles detected per stop: 4.97<br>"
        in tips["Stationskwartier"]
    )
    assert "Bicycles" not in tips["Werfkwartier"]
    assert "no photos" in tips["Werfkwartier"]
    assert "Bicycles" not in tips["Aan de Dijk"]
    photos = seen["layers"]["photos"]["tips"]
    first = photos["day1/0903_stationsplein.jpg"]
    assert first.startswith('<img src="data:image/jpeg;base64,/9j/')
    assert "<b>13 bicycles</b><br>2026-05-12 09:03:56<br>day1/0903" in first
    assert "Duplicate of another photo: not counted." in "".join(photos.values())
    assert seen["layers"]["photos"]["aliases"]["taken_at"] == "taken (UTC)"


def test_racks_are_as_large_as_their_places_and_say_what_stands_there(seen: dict[str, Any]) -> None:
    racks = seen["layers"]["racks"]
    (large,), (small,) = (racks["sizes"][name] for name in ("stationsplein-07", "parkpad-13"))
    # Twice 4 + 1.3 times the root of 64, and of 12, as on the page.
    assert large / small == pytest.approx((4 + 1.3 * 8) / (4 + 1.3 * 12**0.5))
    assert racks["fits"]["stationsplein-12"] == ["rack, places not known"]
    tips = racks["tips"]
    assert "<b>Rack: 64 places.</b><br>Places as of 2019-06-01.<br>" in tips["stationsplein-07"]
    assert "<b>Rack: number of places not known.</b>" in tips["stationsplein-12"]
    near = "detected within 50 m of it; those nearer to another rack count there."
    assert sum(near in tip for tip in tips.values()) > 5
    assert any("No photo was taken here" in tip for tip in tips.values())
    assert "#6d28d9" in seen["picture"]["colours"]


def test_streets_say_their_places_pressure_and_shortage_where_there_are_racks(
    seen: dict[str, Any], tmp_path: Path
) -> None:
    tips = seen["layers"]["streets"]["tips"].values()
    (bare,) = [tip for tip in tips if "Share of the streets seen: 93 %" in tip]
    assert bare.startswith("<b>Stationsstraat</b><br>Share of the streets seen: 93 %<br>")
    assert "Share of the kerb in view: 21 %<br>Parking pressure: bicycles per place: \u2013" in bare
    assert "Places in racks: 0<br>" in bare
    line = shapely.LineString([(4, 52), (4.01, 52)])
    numbers = {"street_id": ["1"], "name": ["Dam"], "rack_capacity": [20], "pressure": [1.2]}
    for columns in (numbers, {name: numbers[name] for name in ("street_id", "name")}):
        streets = schema.geotable(schema.STREETS, columns, [line])
        frames = replace(town(lambda areas: areas), streets=streets)
        found = look(written(tmp_path, frames), tmp_path / "q.png")
        assert faults(found) == []
        (tip,) = found["layers"]["streets"]["tips"].values()
        assert ("Parking pressure: bicycles per place: 1.20" in tip) == ("pressure" in columns)


def test_racks_that_do_not_count_say_why(sample_out: Path, tmp_path: Path) -> None:
    frames = saved.read(sample_out).tables()
    why = ["private", "customers", "other access", "indoor", "twice"]
    racks = frames.racks.head(6).assign(
        left_out=pd.array([*why, None], "str"), seen=False, detected_near=float("nan")
    )
    # The frames of a finished survey are as files have them, so they are written as they are.
    (tmp_path / "racks").mkdir()
    geopackage.FORMAT.write(replace(frames, racks=racks), tmp_path / "racks")
    found = look(tmp_path / "racks" / "survey.gpkg", tmp_path / "q.png")
    assert faults(found) == []
    layer = found["layers"]["racks"]
    assert list(layer["fits"].values())[:5] == [["rack that is not counted"]] * 5
    assert all("ounted" in tip for tip in list(layer["tips"].values())[:5])


MUTATIONS = {
    "a style for another geometry column": "UPDATE layer_styles SET f_geometry_column = 'geometry'",
    "an empty style": "UPDATE layer_styles SET styleQML = ''",
    "a rule that fits what it should not": "UPDATE layer_styles SET styleQML = "
    "replace(styleQML, 'filter=\"NOT (', 'filter=\"(')",
    "a class that is gone": "UPDATE layer_styles SET styleQML = "
    "replace(styleQML, '= ''too_thin''', '= ''unknown''')",
    "an expression that is none": "UPDATE layer_styles SET styleQML = "
    "replace(styleQML, 'filter=\"', 'filter=\")')",
    "a tip with an unknown function": "UPDATE layer_styles SET styleQML = "
    "replace(styleQML, 'coalesce(', 'coalesced(')",
    "a column that is gone": "UPDATE layer_styles SET styleQML = "
    "replace(styleQML, '&quot;covered_m&quot;', '&quot;covered&quot;')",
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_the_check_sees_a_style_that_is_wrong(package: Path, tmp_path: Path, mutation: str) -> None:
    broken = tmp_path / "survey.gpkg"
    shutil.copy(package, broken)
    with closing(sqlite3.connect(broken)) as database, database:
        assert database.execute(MUTATIONS[mutation]).rowcount > 0
    assert faults(look(broken, tmp_path / "q.png")) != []


def written(folder: Path, frames: Frames) -> Path:
    writing.write_tables(frames, folder, names=("gpkg",))
    return folder / "survey.gpkg"


def town(change: Callable[[Any], Any], **about: Any) -> Frames:
    page = lambda: geobike.exports.protocol.OnPage(words=words("en"))  # noqa: E731
    return Frames(areas=change(TOWN), about=About(page=page, **about))


def test_ties_zeros_few_photos_and_missing_figures_are_each_in_one_class(tmp_path: Path) -> None:
    areas = TOWN.assign(
        detected_per_stop=[0.125, 0.0, 0.001, float("nan"), float("nan")],
        photo_count=schema.table(schema.AREA_COUNTS, TOWN)["photo_count"],
    )
    found = look(written(tmp_path, town(lambda _: areas, min_photos=2)), tmp_path / "q.png")
    assert faults(found) == []
    labels = [label for (label,) in found["layers"]["areas"]["fits"].values()]
    assert labels == ["0.1 or more", "0", "fewer than 2 photos", "no data", "no photos"]


def test_names_are_text_and_no_markup(tmp_path: Path) -> None:
    areas = TOWN.assign(name=["<i>a</i>", "b & c", "[% 1 + 1 %]", "d'e", '"f"'])
    found = look(written(tmp_path, town(lambda _: areas)), tmp_path / "q.png")
    tips = list(found["layers"]["areas"]["tips"].values())
    shown = [re.search("<b>(.*?)</b>", tip)[1] for tip in tips]
    assert shown == ["&lt;i&gt;a&lt;/i&gt;", "b &amp; c", "[% 1 + 1 %]", "d'e", '"f"']


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_a_users_own_column_does_not_stand_in_for_geobikes(tmp_path: Path) -> None:
    own = {schema.OWN + "photo_count": [0] * 5, schema.OWN + "status": ["too_thin"] * 5}
    found = look(written(tmp_path, town(lambda areas: areas.assign(**own))), tmp_path / "q.png")
    assert faults(found) == []
    labels = [label for (label,) in found["layers"]["areas"]["fits"].values()]
    assert labels == ["0 \u2013 2", "2 \u2013 4", "6 or more", "0", "no photos"]


def test_ranges_are_in_the_tips_of_what_people_counted_and_of_nothing_else(tmp_path: Path) -> None:
    nothing = float("nan")
    detected = {"detected_per_stop_low": 0.1, "detected_per_stop_high": 9.9}
    counted = {
        "hand_counted": pd.array([9, 9, 0, 9, None], dtype=schema.COUNT),
        "bicycles_per_stop": [0.5, 2, nothing, 0.5, nothing],
        "bicycles_per_stop_low": [0.25, 2, nothing, 0, nothing],
        "bicycles_per_stop_high": [0.75, 2, nothing, 1, nothing],
    }
    frames = town(lambda areas: areas.assign(**detected, **counted))
    found = look(written(tmp_path, frames), tmp_path / "q.png")
    tips = found["layers"]["areas"]["tips"]
    assert "as a person counts: 0.50 (0.25 \u2013 0.75)<br>" in tips["A0"]
    assert "as a person counts: 2.00<br>" in tips["A1"]  # all counted by eye
    assert "as a person counts: \u2013<br>" in tips["A2"]
    assert not any("9.90" in tip for tip in tips.values())


def test_a_survey_of_nothing_is_hatched(tmp_path: Path) -> None:
    from shapely import box

    frames = Frames(areas=area_counts(box(4, 52, 5, 53), box(5, 52, 6, 53)))
    found = look(written(tmp_path, frames), tmp_path / "q.png")
    assert faults(found) == []
    assert [label for (label,) in found["layers"]["areas"]["fits"].values()] == ["none"] * 2
