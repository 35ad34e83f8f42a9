import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import geobike
from geobike.detectors.protocol import Detection
from geobike.errors import GeobikeWarning, InputError
from geobike.evaluation import agreement, plots
from tests.support.making import FakeDetector, photo, squares, survey_of_delft


@pytest.fixture
def survey(tmp_path: Path) -> Path:
    """A survey of four photos that show 3, 5, 0 and 2 bicycles at a score of 0.9."""
    for name, width in {"a": 30, "day/b": 50, "c": 8, "d": 20}.items():
        photo(tmp_path / "photos" / f"{name}.jpg", lon_lat=(4.005, 52.005), size=(width, 20))
    plan = geobike.Survey(
        photos=tmp_path / "photos",
        areas=squares(tmp_path / "areas.geojson", ["a"]),
        detector=FakeDetector(),
    )
    geobike.run(plan, store=tmp_path / "store.sqlite").write(tmp_path / "out")
    return tmp_path / "out"


def truth(survey: Path, text: str) -> Path:
    path = survey.parent / "truth.csv"
    path.write_text(text)
    return path


def test_the_figures_are_those_of_the_textbook(survey: Path) -> None:
    by_hand = truth(survey, "file,bicycles\na.jpg,3\nday/b.jpg,7\nc.jpg,1\nd.jpg,1\n")
    result = agreement.evaluate(by_hand, survey)
    counted, true = np.array([3, 5, 0, 2]), np.array([3, 7, 1, 1])
    at = result.agreement
    assert at.photos == 4
    assert at.mean_absolute_error == pytest.approx(np.mean(abs(counted - true))) == 1.0
    assert at.bias == pytest.approx(np.mean(counted - true)) == -0.5
    assert at.root_mean_square_error == pytest.approx(np.sqrt(6 / 4))
    assert at.correlation == pytest.approx(np.corrcoef(counted, true)[0, 1])
    assert (at.share_exact, at.share_within_one) == (0.25, 0.75)


def test_ridden_bicycles_of_the_truth_do_not_count_as_missed_by_a_survey_of_parked_ones(
    survey: Path,
) -> None:
    text = "file,bicycles,ridden\na.jpg,4,1\nday/b.jpg,5,0\nc.jpg,2,2\nd.jpg,2,0\n"
    assert agreement.evaluate(truth(survey, text), survey).agreement.mean_absolute_error == 0
    with pytest.raises(InputError, match="line 2: more are ridden than there are"):
        agreement.evaluate(truth(survey, "file,bicycles,ridden\na.jpg,1,2\n"), survey)


class Doubtful(FakeDetector):
    """Gives scores just above a threshold."""

    def detect(self, image: Image.Image) -> list[Detection]:
        return [replace(found, score=0.30004) for found in super().detect(image)]


def test_what_scores_just_above_the_threshold_counts_as_in_the_survey(survey: Path) -> None:
    given = {"photos": survey.parent / "photos", "areas": survey.parent / "areas.geojson"}
    result = geobike.run(geobike.Survey(**given, detector=Doubtful(), threshold=0.3))
    result.write(survey)
    assert result.ledger.bicycles_counted == 10
    evaluated = agreement.evaluate(truth(survey, "file,bicycles\na.jpg,3\nd.jpg,2\n"), survey)
    assert evaluated.photos["counted"].tolist() == [3, 2]


def test_the_error_is_given_for_every_threshold(survey: Path) -> None:
    by_hand = truth(survey, "file,bicycles\na.jpg,3\nday/b.jpg,5\nc.jpg,0\nd.jpg,2\n")
    rows = agreement.evaluate(by_hand, survey).by_threshold.set_index("threshold")
    assert rows["mean_absolute_error"][0.85] == 0
    assert rows["mean_absolute_error"][0.9] == 2.5  # a score of 0.9 is not above 0.9
    assert rows["bias"][0.95] == -2.5


def test_the_best_threshold_is_that_of_the_least_error(survey: Path) -> None:
    none = truth(survey, "file,bicycles\na.jpg,0\nday/b.jpg,0\nd.jpg,0\n")
    assert agreement.evaluate(none, survey).best_threshold == 0.9  # from there on none counts
    all_of_them = truth(survey, "file,bicycles\na.jpg,3\nday/b.jpg,5\nd.jpg,2\n")
    assert agreement.evaluate(all_of_them, survey).best_threshold < 0.9


def test_a_survey_of_many_photos_is_read_from_parquet_too(survey: Path) -> None:
    pytest.importorskip("pyarrow")
    by_hand = truth(survey, "file,bicycles\na.jpg,3\nday/b.jpg,7\nc.jpg,1\nd.jpg,1\n")
    before = agreement.evaluate(by_hand, survey)
    tables = {"manifest": survey / "photos.geojson", "detections": survey / "detections.csv"}
    areas = survey.parent / "areas.geojson"
    plan = geobike.Survey(**tables, areas=areas, formats=("parquet",))
    geobike.run(plan).write(survey.parent / "again")
    assert agreement.evaluate(by_hand, survey.parent / "again").agreement == before.agreement


def test_other_spellings_and_bare_names_are_understood(survey: Path) -> None:
    result = agreement.evaluate(truth(survey, "Photo;Count;low\nb.jpg;5;4\n"), survey)
    assert result.photos.to_numpy().tolist() == [["day/b.jpg", 5, 5, 5, 5, "own"]]
    assert np.isnan(result.agreement.correlation)


def test_photos_that_do_not_count_are_left_out_and_named(survey: Path) -> None:
    by_hand = truth(survey, "file,bicycles\na.jpg,3\ngone.jpg,9\n")
    with pytest.warns(GeobikeWarning, match=r"manually but not by the survey: gone\.jpg"):
        assert agreement.evaluate(by_hand, survey).agreement.photos == 1


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file,bicycles\na.jpg,three\n", "line 2: 'three' is not a valid count"),
        ("file,bicycles\na.jpg,3\nc.jpg,-1\n", "line 3: '-1' is not a valid count"),
        ("file,bicycles\na.jpg,2.5\n", "line 2: '2.5' is not a valid count"),
        ("file,bicycles\na.jpg,\n", "line 2: .* is not a valid count"),
        ("file,bicycles\na.jpg,3\na.jpg,4\n", r"a\.jpg is duplicated"),
        ("file,number\na.jpg,3\n", "no column bicycles or .*; the columns are file, number"),
        ("file,bicycles\na.jpg,1e308\n", "line 2: '1e308' is not a valid count"),
        ("file,bicycles\na.jpg,3,4\n", "line 2: 3 cells where the header has 2"),
        ("file,bicycles\na.jpg\n", "line 2: 1 cell where the header has 2"),
        ('file,bicycles\n\n"a\nb.jpg",3\na.jpg,three\n', "line 5: 'three' is not a valid count"),
        ("file,bicycles\nx.jpg,1\ny.jpg,2\n", "names no photo that the survey counted"),
        ("file,bicycles\r\n" + "a" * 200_000 + ",3\r\n", "field larger than field limit"),
        ("file,bicycles\n\0a.jpg,3\n", "not text at all"),
        ("[]", "JSON, not CSV"),
        ("", "no column file"),
        ("file,bicycles\nother.jpg,3\n", "names no photo that the survey counted"),
    ],
)
def test_a_truth_that_cannot_be_used_says_why(survey: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        agreement.evaluate(truth(survey, text), survey)


def test_a_folder_without_a_survey_says_so(survey: Path, tmp_path: Path) -> None:
    by_hand = truth(survey, "file,bicycles\na.jpg,3\n")
    with pytest.raises(InputError, match="nowhere: holds no survey; name the folder that"):
        agreement.evaluate(by_hand, tmp_path / "nowhere")
    for text in (json.dumps({"counting": {}}), "[" * 100_000):
        (survey / "summary.json").write_text(text)
        with pytest.raises(InputError, match="not the summary of a survey"):
            agreement.evaluate(by_hand, survey)


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_the_plot_is_a_picture(survey: Path, suffix: str) -> None:
    pytest.importorskip("matplotlib")
    by_hand = truth(survey, "file,bicycles\na.jpg,3\nd.jpg,2\n")
    figure = plots.plot(agreement.evaluate(by_hand, survey))
    path = survey / f"plot.{suffix}"
    figure.savefig(path)
    assert path.stat().st_size > 5000


def test_the_real_survey_is_within_one_bicycle_a_photo(shared: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    plan = survey_of_delft(shared)
    geobike.run(plan, store=tmp_path / "store.sqlite").write(tmp_path / "out")
    with pytest.warns(GeobikeWarning, match="PXL_20210417"):  # it lies outside of every area
        result = agreement.evaluate(shared / "photos" / "hand_counts.csv", tmp_path / "out")
    by_hand = pd.read_csv(shared / "photos" / "hand_counts.csv")
    assert result.agreement.photos == len(by_hand) - 1 == 34
    assert result.agreement.mean_absolute_error < 1
    assert result.agreement.correlation > 0.9
