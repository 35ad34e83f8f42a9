"""`geobike map --hand-counts`: bicycles with ranges where people counted, and nowhere else."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import geobike
from geobike import schema
from geobike.estimates import hand_counts, sampling
from geobike.survey.run import hand_count_settings
from tests.support.making import squares
from tests.support.program import geobike as program

pytestmark = pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
NAMES = ("north", "middle", "south")


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A survey from tables alone: 720 stops in three areas, and what there truly is."""
    folder = tmp_path_factory.mktemp("tables")
    rng = np.random.default_rng(11)
    count = 720
    area = np.arange(count) % 3
    true = rng.poisson(rng.gamma(0.4, 6, count) * (1 + area))
    found = rng.binomial(true, 0.7)
    names = [f"{number:03}.jpg" for number in range(count)]
    step = np.arange(count) // 3
    places = pd.DataFrame(
        {
            "file": names,
            "latitude": 52.0003 + (step // 16) * 0.0006,
            "longitude": 4.0003 + area * 0.01 + (step % 16) * 0.0006,
        }
    )
    places.to_csv(folder / "manifest.csv", index=False)
    boxes = pd.DataFrame({"photo_id": np.repeat(names, found), "label": "bicycle", "score": 0.9})
    boxes = boxes.assign(xmin=0, ymin=0, xmax=9, ymax=9)
    boxes["xmin"] = boxes.groupby("photo_id").cumcount() * 10
    boxes["xmax"] = boxes["xmin"] + 9
    boxes.to_csv(folder / "boxes.csv", index=False)
    squares(folder / "areas.geojson", NAMES)
    pd.Series(true, index=names, name="true").to_csv(folder / "true.csv")
    return folder


def survey(tables: Path, **options: Any) -> geobike.Survey:
    return geobike.Survey(
        manifest=tables / "manifest.csv",
        detections=tables / "boxes.csv",
        areas=tables / "areas.geojson",
        **options,
    )


@pytest.fixture(scope="module")
def counted(tables: Path) -> Path:
    """A file of hand counts: drawn by geobike, typed from the truth."""
    plan = survey(tables)
    result = geobike.run(plan)
    drawn = sampling.draw(geobike.find_looks(result.counted.exposure))
    true = pd.read_csv(tables / "true.csv", index_col=0)["true"]
    frozen = hand_counts.freeze(hand_count_settings(plan, result.model))
    rows = drawn.assign(bicycles=drawn["file"].map(true), **frozen)
    hand_counts.write(rows, tables / "hand_counts.csv")
    return tables / "hand_counts.csv"


def arguments(tables: Path, *more: object) -> list[object]:
    return [
        "map", "--manifest", tables / "manifest.csv", "--detections", tables / "boxes.csv",
        "--areas", tables / "areas.geojson", *more,
    ]  # fmt: skip


def properties(path: Path) -> list[dict[str, Any]]:
    return [feature["properties"] for feature in json.loads(path.read_text("utf-8"))["features"]]


@pytest.mark.slow
def test_the_map_says_bicycles_with_ranges_that_hold(tables: Path, counted: Path) -> None:
    out = tables / "out"
    ended = program(*arguments(tables, "--hand-counts", counted, "--out", out))
    assert ended.returncode == 0, ended.stderr
    true = pd.read_csv(tables / "true.csv", index_col=0)["true"].to_numpy()
    (said,) = re.findall(r"Of 100 bicycles that a person counts, it finds (\d+)\.", ended.stdout)
    boxes = len(pd.read_csv(tables / "boxes.csv"))
    assert int(said) == pytest.approx(100 * boxes / true.sum(), abs=6)
    areas = {row["name"]: row for row in properties(out / "areas.geojson")}
    for number, name in enumerate(NAMES):
        row, rate = areas[name], true[number::3].mean()
        low, high = row["bicycles_per_stop_low"], row["bicycles_per_stop_high"]
        assert low <= rate <= high
        assert low <= row["bicycles_per_stop"] <= high
        assert row["hand_counted"] > 20
        assert 1 <= row["rank_low"] <= row["rank_high"] <= 3
    assert areas["south"]["group"] == "above"
    assert areas["north"]["group"] == "below"
    assert areas["south"]["rank_low"] == 1
    held = json.loads((out / "summary.json").read_text())["estimates"]
    assert held["bicycles_per_stop_low"] <= true.mean() <= held["bicycles_per_stop_high"]
    assert [row["looks"] for row in held["strata"]] == _strata(tables)
    assert held["draws"] == 2000


def _strata(tables: Path) -> list[int]:
    boxes = pd.read_csv(tables / "boxes.csv")["photo_id"].value_counts()
    every = boxes.reindex([f"{number:03}.jpg" for number in range(720)]).fillna(0)
    edges = [-1, 0, 2, 5, 10, 9999]
    return pd.cut(every, edges, labels=False).value_counts().sort_index().tolist()


@pytest.mark.slow
def test_the_saved_photos_hold_what_people_counted(tables: Path, counted: Path) -> None:
    result = geobike.run(survey(tables, hand_counts=counted))
    result.write(tables / "kept")
    given = pd.read_csv(counted).set_index("file")
    kept = pd.DataFrame(properties(tables / "kept" / "photos.geojson")).set_index("photo_id")
    known = kept["hand_count"].dropna()
    assert known.to_dict() == given["bicycles"].astype(float).to_dict()
    assert kept.loc[known.index, "stratum"].to_dict() == given["stratum"].to_dict()
    assert kept.loc[known.index, "origin"].to_dict() == given["origin"].to_dict()


def keys(value: object) -> set[str]:
    """Return every key in JSON."""
    if isinstance(value, dict):
        return {str(key) for key in value} | {one for item in value.values() for one in keys(item)}
    return {one for item in value for one in keys(item)} if isinstance(value, list) else set()


def test_without_hand_counts_nothing_says_bicycles_with_a_range(tables: Path) -> None:
    result = geobike.run(survey(tables))
    result.write(tables / "plain")
    ranged = {"low", "high"}
    for name in ("areas.geojson", "photos.geojson", "stops.geojson", "summary.json"):
        found = keys(json.loads((tables / "plain" / name).read_text("utf-8")))
        both = {key for key in found if "bicycles" in key and ranged & set(key.split("_"))}
        assert not both, name
    assert {"detected_per_stop_low", "detected_per_stop_high"} <= set(
        properties(tables / "plain" / "areas.geojson")[0]
    )
    said = json.loads((tables / "plain" / "summary.json").read_text())["detected_only"]
    assert "nobody has counted by hand" in said
    assert "nobody has counted by hand" in (tables / "plain" / "map.html").read_text("utf-8")


def test_a_few_hand_counts_leave_it_said_that_the_figures_are_the_detectors(
    tables: Path, counted: Path
) -> None:
    rows = pd.read_csv(counted, dtype="str")
    rows["bicycles"] = rows["bicycles"].where(rows.index < 10)
    rows.to_csv(tables / "few.csv", index=False)
    out = tables / "few"
    ended = program(*arguments(tables, "--hand-counts", tables / "few.csv", "--out", out))
    assert ended.returncode == 0, ended.stderr
    said = "bicycles that the detector missed: the photos counted by hand, 10, are too few to tell."
    assert said in ended.stdout
    assert said in json.loads((out / "summary.json").read_text())["detected_only"]


def test_a_wider_spread_between_areas_gives_wider_ranges(tables: Path, counted: Path) -> None:
    widths = []
    for spread in (0.0, 0.25, 0.5):
        areas = geobike.run(survey(tables, hand_counts=counted, area_spread=spread)).areas
        widths.append((areas["bicycles_per_stop_high"] - areas["bicycles_per_stop_low"]).mean())
    assert widths == sorted(widths)
    assert widths[0] < widths[2]


def test_hand_counts_of_another_threshold_are_refused(tables: Path, counted: Path) -> None:
    ended = program(
        *arguments(tables, "--hand-counts", counted, "--threshold", "0.6", "--out", tables / "no")
    )
    assert ended.returncode == 2
    assert "threshold 0.5, and the survey has 0.6" in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr


def test_an_area_spread_that_cannot_be_is_refused(tables: Path) -> None:
    with pytest.raises(geobike.GeobikeError, match="--area-spread 2 is not from 0 to 1"):
        survey(tables, area_spread=2)


def test_same_seed_same_figures(tables: Path, counted: Path) -> None:
    first, again = (geobike.run(survey(tables, hand_counts=counted)) for _ in range(2))
    pd.testing.assert_frame_equal(first.areas, again.areas)
    schema.check(first.areas, schema.AREA_COUNTS)


@pytest.mark.filterwarnings("default::geobike.errors.GeobikeWarning")
def test_a_count_of_a_photo_that_the_survey_has_not_is_said(tables: Path, tmp_path: Path) -> None:
    (counts := tmp_path / "mine.csv").write_text("file,bicycles\n000.jpg,3\n0000.jpg,4\n")
    said = geobike.run(survey(tables, hand_counts=counts)).warnings
    (found,) = [one for one in said if "not in the survey" in one]
    assert found.startswith("1 hand-counted photo is not in the survey")
    assert found.endswith("check its name: 0000.jpg")
