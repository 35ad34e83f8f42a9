"""What people corrected and counted by hand gives the same on a cluster as on one machine."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import geobike
from geobike.detections import corrections
from geobike.detections.corrections import Correction
from geobike.estimates import hand_counts, sampling
from geobike.review import table
from geobike.survey.run import hand_count_settings
from tests.support.cluster_detectors import Counting
from tests.support.cluster_surveys import same
from tests.support.making import photo, squares

pytest.importorskip("distributed")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")]

LOOKS = 320


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> geobike.Survey:
    """A survey of two areas; the detector finds none on most photos, on some a rack."""
    folder = tmp_path_factory.mktemp("by_people")
    found = np.random.default_rng(3).negative_binomial(0.4, 0.1, LOOKS)
    for number, count in enumerate(found):
        place = (4.0003 + 0.0005 * (number % 39), 52.0005 + 0.001 * (number // 39))
        # A bicycle every ten pixels.
        photo(folder / f"photos/{number:03}.jpg", lon_lat=place, size=(8 + 10 * int(count), 20))
    return geobike.Survey(
        photos=folder / "photos",
        areas=squares(folder / "areas.geojson", ["west", "east"]),
        detector=Counting(folder / "diary"),
    )


@pytest.fixture(scope="module")
def alone(survey: geobike.Survey) -> geobike.SurveyResult:
    return geobike.run(survey)


@pytest.fixture(scope="module")
def corrected(alone: geobike.SurveyResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Corrections of three photos: one loses all its boxes, one two, and one gets one."""
    path = tmp_path_factory.mktemp("corrected") / "corrections.csv"
    photos = alone.photos.sort_values(["bicycle_count", "photo_id"])["photo_id"]
    full, rack, empty = photos.iloc[-1], photos.iloc[-2], photos.iloc[0]
    boxes = alone.detections.set_index("photo_id")[["xmin", "ymin", "xmax", "ymax"]]
    made = [
        Correction(name, "", "strike", "bicycle", tuple(box), "Anna")
        for name, rows in ((full, boxes.loc[full]), (rack, boxes.loc[rack].iloc[:2]))
        for box in rows.to_numpy()
    ]
    made.append(Correction(empty, "", "add", "bicycle", (1.0, 1.0, 7.0, 9.0), "Bert"))
    table.write(table.Table(list(corrections.COLUMNS), corrections.rows(made)), path)
    return path


@pytest.fixture(scope="module")
def counted(
    survey: geobike.Survey, alone: geobike.SurveyResult, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Hand counts of a sample, a few of them as a range."""
    rows = sampling.draw(geobike.find_looks(alone.counted.exposure), sheets=2)
    found = alone.photos.set_index("photo_id")["bicycle_count"].loc[rows["file"]].to_numpy(int)
    typed = pd.Series(found + np.random.default_rng(4).poisson(0.3 * found)).astype(str)
    typed[found > 20] = [f"{count}-{count + 9}" for count in found[found > 20]]
    frozen = hand_counts.freeze(hand_count_settings(survey, alone.model))
    path = tmp_path_factory.mktemp("counted") / "hand_counts.csv"
    hand_counts.write(rows.assign(bicycles=typed.to_numpy(), **frozen), path)
    return path


def on_both(
    survey: geobike.Survey, engine: geobike.Cluster, folder: Path, **options: Any
) -> tuple[geobike.SurveyResult, geobike.SurveyResult]:
    plan = replace(survey, **options)
    spread = geobike.run(plan, store=folder / "shards", engine=engine)
    return geobike.run(plan, store=folder / "store.sqlite"), spread


def test_corrections_give_the_same_rows_on_a_cluster(
    survey: geobike.Survey,
    alone: geobike.SurveyResult,
    corrected: Path,
    cluster: geobike.Cluster,
    tmp_path: Path,
) -> None:
    here, spread = on_both(survey, cluster, tmp_path, corrections=corrected)
    same(here, spread)
    assert here.reviewers == spread.reviewers == ("Anna", "Bert")
    before, after = (result.photos.set_index("photo_id") for result in (alone, spread))
    changed = (after["bicycle_count"] - before["bicycle_count"]).sort_values()
    assert changed[changed != 0].tolist() == [-before["bicycle_count"].max(), -2, 1]
    assert (after["detected_count"] == before["bicycle_count"]).all()


@pytest.mark.parametrize("with_corrections", [False, True])
def test_the_same_seed_gives_the_same_ranges_on_a_cluster(
    survey: geobike.Survey,
    counted: Path,
    corrected: Path,
    cluster: geobike.Cluster,
    tmp_path: Path,
    with_corrections: bool,
) -> None:
    options = {"corrections": corrected} if with_corrections else {}
    here, spread = on_both(survey, cluster, tmp_path, hand_counts=counted, **options)
    same(here, spread)  # the areas with their ranges and ranks, to the last bit
    ranges = spread.areas[["bicycles_per_stop_low", "bicycles_per_stop_high"]]
    assert (ranges.iloc[:, 0] < ranges.iloc[:, 1]).all()
    assert here.estimates is not None
    assert spread.estimates is not None
    assert here.estimates.as_dict() == spread.estimates.as_dict()
    assert here.estimates.by_area is not None
    for one, other in zip(here.estimates.by_area, spread.estimates.by_area, strict=True):
        np.testing.assert_array_equal(one, other)  # all 2,000 draws
