"""Boxes to other programs and back: what people correct there changes the map."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import geobike
from geobike import saved
from geobike.errors import InputError
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
    assert 0.15 <= min(score for label, score in scores if label != "bicycle") < 0.3
    assert len(scores) < 3000


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_a_run_can_write_it_at_once(content: dict[str, Any], tmp_path: Path) -> None:
    run_sample(formats=("auto", "coco")).write(tmp_path / "out")
    at_once = json.loads((tmp_path / "out" / FILE).read_text("utf-8"))
    assert at_once["images"] == content["images"]
    assert len(at_once["annotations"]) == len(content["annotations"])


def corrected(content: dict[str, Any], folder: Path) -> geobike.SurveyResult:
    """Count the sample as the detector found it, with these annotations as corrections."""
    path = folder / "instances.json"
    path.write_text(json.dumps(content))
    return run_sample(corrections=path)


def of_photo(content: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the bicycles of a photo; the list's items are those of the content."""
    (image,) = (one["id"] for one in content["images"] if one["file_name"] == name)
    (bicycle,) = (one["id"] for one in content["categories"] if one["name"] == "bicycle")
    key = (image, bicycle)
    return [one for one in content["annotations"] if (one["image_id"], one["category_id"]) == key]


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_corrections_that_change_nothing_change_nothing(
    content: dict[str, Any], sample_result: geobike.SurveyResult, tmp_path: Path
) -> None:
    """Also without scores, as CVAT exports: ridden bicycles among them are not added."""
    for one in content["annotations"]:
        one["bbox"] = [round(side, 1) for side in one["bbox"]]
        del one["score"]
    again = corrected(content, tmp_path)
    assert per_photo(again) == per_photo(sample_result)
    assert again.reviewers == ()
    assert any("0 boxes are struck out and 0 added, on 176 photos" in w for w in again.warnings)


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_boxes_removed_drawn_moved_and_renamed_there_are_corrections(
    content: dict[str, Any], sample_result: geobike.SurveyResult, tmp_path: Path
) -> None:
    """Of the plaza one is removed, one made a motorcycle, one moved a little; one drawn elsewhere.

    A photo that is not listed keeps its boxes; one whose boxes are all gone has none.
    """
    before = per_photo(sample_result)
    most = sorted(before, key=lambda name: before[name])
    empty, cleared, unlisted = most[0], most[-2], most[-3]
    assert PLAZA not in (empty, cleared, unlisted)
    removed, renamed, moved, *_ = sorted(of_photo(content, PLAZA), key=lambda one: -one["score"])
    content["categories"].append({"id": 99, "name": "motorcycle"})
    renamed["category_id"] = 99
    moved["bbox"][0] += moved["bbox"][2] / 10
    gone = [removed, *of_photo(content, cleared), *of_photo(content, unlisted)]
    drawn = dict(of_photo(content, PLAZA)[0], id=99999, bbox=[200.0, 200.0, 60.0, 40.0])
    drawn["image_id"] = next(one["id"] for one in content["images"] if one["file_name"] == empty)
    content["annotations"] = [one for one in content["annotations"] if one not in gone] + [drawn]
    content["images"] = [one for one in content["images"] if one["file_name"] != unlisted]
    listed = {one["id"] for one in content["images"]}
    content["annotations"] = [one for one in content["annotations"] if one["image_id"] in listed]
    result = corrected(content, tmp_path)
    after = per_photo(result)
    changed = {name: after[name] - before[name] for name in before if after[name] != before[name]}
    assert changed == {PLAZA: -2, empty: 1, cleared: -before[cleared]}
    assert result.reviewers == ("instances.json",)
    struck = (result.detections["dropped_by"] == "review").sum()
    assert struck == 2 + before[cleared]
    said = f"instances.json: {struck} boxes are struck out and 1 added, on 175 photos"
    assert any(said in warning for warning in result.warnings)


def as_cvat(content: dict[str, Any]) -> dict[str, Any]:
    """Return annotations as CVAT exports them: numbered anew, no scores, attributes."""
    number = {one["id"]: place for place, one in enumerate(content["images"][::-1], 1)}
    images = [
        one | {"id": number[one["id"]], "license": 0, "flickr_url": "", "coco_url": ""}
        for one in content["images"][::-1]
    ]
    boxes = [
        {name: value for name, value in one.items() if name != "score"}
        | {"id": place, "image_id": number[one["image_id"]]}
        | {"attributes": {"occluded": False, "rotation": 0.0}}
        for place, one in enumerate(content["annotations"], 1)
    ]
    labels = [one | {"supercategory": ""} for one in content["categories"]]
    about = {"licenses": [{"name": "", "id": 0, "url": ""}], "info": {"contributor": ""}}
    return about | {"categories": labels, "images": images, "annotations": boxes}


def as_label_studio(content: dict[str, Any]) -> dict[str, Any]:
    """Return annotations as Label Studio exports them: of uploads, counted from 0, no scores."""
    images = [
        one
        | {"id": one["id"] - 1}
        | {"file_name": f"images\\cb{one['id']:06x}-{Path(one['file_name']).name}"}
        for one in content["images"]
    ]
    boxes = [
        {name: value for name, value in one.items() if name != "score"}
        | {"id": place, "image_id": one["image_id"] - 1, "category_id": one["category_id"] - 1}
        | {"ignore": 0}
        for place, one in enumerate(content["annotations"])
    ]
    labels = [one | {"id": one["id"] - 1} for one in content["categories"]]
    about = {"info": {"version": "1.0", "contributor": "Label Studio"}}
    return about | {"categories": labels, "images": images, "annotations": boxes}


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
@pytest.mark.parametrize("saved_by", [as_cvat, as_label_studio])
def test_corrections_saved_by_other_programs_change_the_figures_of_the_map(
    content: dict[str, Any],
    sample_out: Path,
    tmp_path: Path,
    saved_by: Callable[[dict[str, Any]], dict[str, Any]],
) -> None:
    """One bicycle of the plaza is removed, two are drawn on a path where there was none."""
    path = "day2/1642_parkpad.jpg"
    content["annotations"].remove(max(of_photo(content, PLAZA), key=lambda one: one["score"]))
    (image,) = (one["id"] for one in content["images"] if one["file_name"] == path)
    for number, x in enumerate((100.0, 250.0)):
        drawn = dict(of_photo(content, PLAZA)[0], id=90_000 + number, bbox=[x, 150.0, 80.0, 60.0])
        content["annotations"].append(drawn | {"image_id": image})
    before = figures(sample_out)
    corrected(saved_by(content), tmp_path).write(tmp_path / "corrected")
    after = figures(tmp_path / "corrected")
    changed = {name: after[name] - before[name] for name in before if after[name] != before[name]}
    assert changed == {"Stationskwartier": -1, "Parkrand": 2}


def figures(folder: Path) -> dict[str, int]:
    """Return what the map's file says was detected in each area."""
    features = json.loads((folder / "areas.geojson").read_text("utf-8"))["features"]
    return {one["properties"]["name"]: one["properties"]["bicycle_count"] for one in features}


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_one_box_on_one_photo_is_said_as_one(content: dict[str, Any], tmp_path: Path) -> None:
    content["images"] = [one for one in content["images"] if one["file_name"] == PLAZA]
    bicycles = of_photo(content, PLAZA)
    best = max(bicycles, key=lambda one: one["score"])
    content["annotations"] = [one for one in bicycles if one is not best]
    said = "instances.json: 1 box is struck out and 0 added, on 1 photo; if"
    assert any(said in warning for warning in corrected(content, tmp_path).warnings)


def test_json_that_is_no_coco_is_refused_by_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "tasks.json").write_text('[{"id": 1, "annotations": [], "data": {}}]')
    with pytest.raises(InputError, match="Label Studio's JSON"):
        run_sample(corrections=tmp_path / "tasks.json")
