"""The sample's spring and autumn compared, and a survey with itself."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from typer.testing import CliRunner

import geobike
from geobike import comparison
from geobike.cli import app
from geobike.errors import InputError
from tests.conftest import ROOT
from tests.support.counted_by_hand import count_by_hand

SAMPLE = ROOT / "data" / "sample"
SEASONS = {"spring": SAMPLE, "autumn": SAMPLE / "autumn"}


def mapped(season: str, out: Path, **options: object) -> Path:
    """Map a season of the sample into a folder."""
    home = SEASONS[season]
    more = {"manifest": SAMPLE / "manifest.csv"} if season == "spring" else {}
    survey = geobike.Survey(
        photos=home / "photos",
        areas=SAMPLE / "areas.geojson",
        streets=SAMPLE / "streets.geojson",
        timezone="Europe/Amsterdam",
        threshold=0.3,
        detector=geobike.DetectorChoice(kind="cached"),
        page=geobike.PageOptions(pictures="none"),
        **more,  # type: ignore[arg-type]
        **options,  # type: ignore[arg-type]
    )
    geobike.run(survey, store=home / "detections.sqlite").write(out)
    return out


@pytest.fixture(scope="module")
def seasons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both seasons, not counted by hand."""
    folder = tmp_path_factory.mktemp("seasons")
    for season in SEASONS:
        mapped(season, folder / season)
    return folder


@pytest.fixture(scope="module")
def counted(seasons: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both seasons, the listed photos and one contact sheet of each counted by hand."""
    folder = tmp_path_factory.mktemp("counted")
    for season, home in SEASONS.items():
        shutil.copytree(seasons / season, folder / season)
        file = count_by_hand(folder / season, home / "truth.csv", list_size=60, sheets=1)
        mapped(season, folder / season, hand_counts=file)
    return folder


def changes(areas: gpd.GeoDataFrame) -> pd.DataFrame:
    return pd.DataFrame(areas).filter(like="change")


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_a_change_by_hand_counts_without_a_range_is_not_called_detected(counted: Path) -> None:
    found = comparison.compare(counted / "spring", counted / "autumn")
    changed = found.areas["bicycles_change"].fillna(0) != 0
    bare = found.areas[changed & found.areas["bicycles_change_low"].isna()].iloc[0]
    assert bare["streets_matched"] < 3
    sentences = " ".join(comparison.sentences(replace(found, whole=bare)))
    assert "bicycles per stop before" in sentences
    assert "too few, or too much alike, for a range" in sentences
    assert "detected per stop" not in sentences


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
@pytest.mark.parametrize("boxes", [False, True])
def test_a_survey_and_itself_differ_by_nothing(counted: Path, boxes: bool) -> None:
    same = comparison.compare(counted / "spring", counted / "spring", boxes=boxes)
    assert (changes(same.areas).dropna(how="all").fillna(0.0) == 0).all(axis=None)
    assert same.named.empty
    assert len(same.pairs) == same.stops_before == same.stops_after
    assert (same.pairs["before"] == same.pairs["after"]).all()
    said = " ".join(comparison.sentences(same))
    assert "176 photos are the same files in both" in said
    assert "no street differs" in said
    assert "0 to 0" not in said


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_bicycles_are_refused_without_hand_counts(seasons: Path, counted: Path) -> None:
    for before in (seasons, counted):
        with pytest.raises(InputError, match=r"bicycles cannot be compared: .*--boxes"):
            comparison.compare(before / "spring", seasons / "autumn")


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_the_range_of_the_whole_change_holds_what_changed_where_both_looked(counted: Path) -> None:
    found = comparison.compare(counted / "spring", counted / "autumn")
    assert found.kind == "bicycles"
    true = []
    for side, season in (("before", "spring"), ("after", "autumn")):
        rows = pd.read_csv(SEASONS[season] / "truth.csv").set_index("file")
        true.append((rows["bicycles"] - rows["ridden"]).reindex(found.pairs[side]).sum())
    change = (true[1] - true[0]) / len(found.pairs)
    low, high = found.whole["bicycles_change_low"], found.whole["bicycles_change_high"]
    assert low <= change <= high
    assert low < found.whole["bicycles_change"] < high
    ranges = found.areas.dropna(subset=["bicycles_change_low"])
    assert len(ranges) >= 9  # areas of which both saw three streets
    assert (ranges["bicycles_change_low"] <= ranges["bicycles_change_high"]).all()


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_the_command_writes_a_page_and_files_and_refuses_with_exit_code_2(
    seasons: Path, tmp_path: Path
) -> None:
    folders = [str(seasons / "spring"), str(seasons / "autumn")]
    out = tmp_path / "change"
    refused = CliRunner().invoke(app, ["compare", *folders, "--out", str(out)])
    assert refused.exit_code != 0
    assert not out.exists()
    done = CliRunner().invoke(app, ["compare", *folders, "--out", str(out), "--boxes"])
    assert done.exit_code == 0, done.output
    assert "Another season, camera or light changes what a detector sees." in done.output
    areas = gpd.read_file(out / "comparison.geojson")
    assert len(areas) == 13
    assert "bicycles_change" not in areas
    account = json.loads((out / "comparison.json").read_text("utf-8"))
    assert account["pairs"] == 111  # of 163 and 128
    assert areas["detected_change"].notna().sum() == 12  # the Werfkwartier was not seen
    page = (out / "comparison.html").read_text("utf-8")
    assert "<script" not in page
    assert "http:" not in page.replace("http://www.w3.org", "")


def test_names_of_areas_are_text_on_the_page(seasons: Path, tmp_path: Path) -> None:
    found = comparison.compare(seasons / "spring", seasons / "spring", boxes=True)
    found.areas["name"] = "<img src=x onerror=alert(1)>"
    comparison.write(found, tmp_path / "out")
    page = (tmp_path / "out" / "comparison.html").read_text("utf-8")
    assert "<img" not in page
    assert "&lt;img" in page


def test_a_survey_of_something_else_is_refused(seasons: Path, tmp_path: Path) -> None:
    mapped("autumn", tmp_path / "all", count="all")
    with pytest.raises(InputError, match="differ in count: parked and all"):
        comparison.compare(seasons / "spring", tmp_path / "all", boxes=True)


def test_the_folder_of_a_survey_is_not_written_into(seasons: Path) -> None:
    found = comparison.compare(seasons / "spring", seasons / "autumn", boxes=True)
    with pytest.raises(InputError, match="holds a survey"):
        comparison.write(found, seasons / "spring")
