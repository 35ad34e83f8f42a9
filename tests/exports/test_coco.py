"""Boxes to other programs and back: what people correct there changes the map."""

import json
from pathlib import Path
from typing import Any

import pytest

import geobike
from geobike import saved
from tests.support.sample_survey import SAMPLE, run_sample

FILE = "detections.coco.json"
PLAZA = "day1/0903_stationsplein.jpg"


@pytest.fixture
def content(sample_out: Path) -> dict[str, Any]:
    saved.export(sample_out, ["coco"])
    found: dict[str, Any] = json.loads((sample_out / FILE).read_text("utf-8"))
    return found


def counted_again(content: dict[str, Any], folder: Path) -> geobike.SurveyResult:
    """Count the sample with these annotations in place of a detector."""
    path = folder / "corrected.json"
    path.write_text(json.dumps(content))
    plan = geobike.Survey(
        photos=SAMPLE / "photos",
        areas=SAMPLE / "areas.geojson",
        manifest=SAMPLE / "manifest.csv",
        streets=SAMPLE / "streets.geojson",
        detections=path,
        timezone="Europe/Amsterdam",
        population_column="population",
        threshold=0.3,
    )
    return geobike.run(plan)


def per_photo(result: geobike.SurveyResult) -> dict[str, int]:
    counted = result.photos[result.photos["status"] == "counted"]
    return dict(zip(counted["photo_id"], counted["bicycle_count"].astype(int), strict=True))


def test_pycocotools_reads_what_was_counted(
    sample_out: Path, sample_result: geobike.SurveyResult
) -> None:
    coco_module = pytest.importorskip("pycocotools.coco")
    saved.export(sample_out, ["coco"])
    read = coco_module.COCO(str(sample_out / FILE))
    (bicycle,) = read.getCatIds(catNms=["bicycle"])
    kept = sample_result.detections.query("kept")
    for image in read.loadImgs(read.getImgIds()):
        found = read.loadAnns(read.getAnnIds(imgIds=image["id"], catIds=[bicycle]))
        expected = kept[kept["photo_id"] == image["file_name"]]
        ridden = sample_result.detections.query("dropped_by == 'ridden'")
        expected_ridden = (ridden["photo_id"] == image["file_name"]).sum()
        assert len(found) == len(expected) + expected_ridden
        corners = {(x, y, x + w, y + h) for x, y, w, h in (one["bbox"] for one in found)}
        for box in expected[["xmin", "ymin", "xmax", "ymax"]].itertuples(index=False):
            assert (
                min(max(abs(a - b) for a, b in zip(box, one, strict=True)) for one in corners)
                < 1e-9
            )
    assert len(read.getImgIds()) == 176


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_what_comes_back_unchanged_counts_the_same(
    content: dict[str, Any], sample_result: geobike.SurveyResult, tmp_path: Path
) -> None:
    again = counted_again(content, tmp_path)
    assert per_photo(again) == per_photo(sample_result)
    columns = ["bicycle_count", "detected_per_stop", "detected_once", "status"]
    assert again.areas[columns].equals(sample_result.areas[columns])


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_a_correction_made_there_changes_the_map(
    content: dict[str, Any], sample_result: geobike.SurveyResult, tmp_path: Path
) -> None:
    """One bicycle that is none is removed, and one that was missed is drawn, without a score."""
    before = per_photo(sample_result)
    images = {one["file_name"]: one for one in content["images"]}
    image = images[PLAZA]
    empty = images[next(name for name, bicycles in before.items() if bicycles == 0)]
    (bicycle,) = [one["id"] for one in content["categories"] if one["name"] == "bicycle"]
    there = [
        one
        for one in content["annotations"]
        if (one["image_id"], one["category_id"]) == (image["id"], bicycle)
    ]
    content["annotations"].remove(min(there, key=lambda one: one["score"]))
    drawn = {"id": 99999, "image_id": empty["id"], "category_id": bicycle, "iscrowd": 0}
    drawn |= {"bbox": [200.0, 200.0, 60.0, 40.0], "area": 2400.0, "segmentation": []}
    content["annotations"].append(drawn)
    result = counted_again(content, tmp_path)
    assert "1 box of the COCO annotations has no score, and gets 1" in result.warnings
    result.write(tmp_path / "out")
    after = per_photo(result)
    changed = {name: after[name] - before[name] for name in before if after[name] != before[name]}
    assert changed == {PLAZA: -1, empty["file_name"]: 1}
    page = (tmp_path / "out" / "map.html").read_text("utf-8")
    assert "corrected.json" in page  # whose boxes they are


def test_only_what_one_would_look_at_is_written(content: dict[str, Any]) -> None:
    """Not the thousands of boxes below the threshold, but every person that pictures hide."""
    names = {one["id"]: one["name"] for one in content["categories"]}
    scores = [(names[one["category_id"]], one["score"]) for one in content["annotations"]]
    assert min(score for label, score in scores if label == "bicycle") > 0.3
    assert 0.2 <= min(score for label, score in scores if label != "bicycle") < 0.3
    assert len(scores) < 3000


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_a_run_can_write_it_at_once(content: dict[str, Any], tmp_path: Path) -> None:
    run_sample(formats=("auto", "coco")).write(tmp_path / "out")
    at_once = json.loads((tmp_path / "out" / FILE).read_text("utf-8"))
    assert at_once["images"] == content["images"]
    assert len(at_once["annotations"]) == len(content["annotations"])
