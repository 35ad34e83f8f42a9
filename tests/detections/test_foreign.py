"""Boxes in the files of other programs: read, or named with the way out."""

import json
from pathlib import Path
from typing import Any

import pytest

from geobike.detections import imported, matched
from geobike.errors import GeobikeWarning, InputError
from tests.support.making import handed, photos_frame

HEADER = "file,label,score,xmin,ymin,xmax,ymax\n"

COCO: dict[str, Any] = {
    "images": [{"id": 7, "file_name": "a.jpg"}, {"id": 8, "file_name": "b.jpg"}],
    "categories": [{"id": 2, "name": "bicycle "}, {"id": 1, "name": "person"}],
    "annotations": [
        {"id": 1, "image_id": 7, "category_id": 2, "bbox": [10, 20, 100, 80], "score": 0.5},
        {"id": 2, "image_id": 7, "category_id": 1, "bbox": [0, 0, 12.5, 30]},
    ],
}


PHOTO = {"id": 1, "file_name": "a.jpg", "width": 100, "height": 80}
BICYCLE = {"id": 2, "name": "bicycle"}
BOX = {"image_id": 1, "category_id": 2, "bbox": [10, 10, 50, 20]}


def write(folder: Path, content: Any, name: str = "boxes.json") -> Path:
    (folder / name).write_text(json.dumps(content))
    return folder / name


@pytest.mark.parametrize("name", ["boxes.json", "boxes.csv"])  # the content decides
def test_coco_annotations_are_read(tmp_path: Path, name: str) -> None:
    with pytest.warns(GeobikeWarning, match="1 box of the COCO annotations has no score"):
        found = imported.read(write(tmp_path, COCO, name))
    rows = found[["photo_id", "label", "score", "xmin", "ymin", "xmax", "ymax"]].iloc[:2]
    assert rows.to_numpy().tolist() == [
        ["a.jpg", "bicycle", 0.5, 10, 20, 110, 100],
        ["a.jpg", "person", 1, 0, 0, 12.5, 30],
    ]
    assert found["photo_id"].tolist()[2:] == ["b.jpg"]  # an image in which nothing was found
    assert found["label"].isna().tolist() == [False, False, True]


@pytest.mark.parametrize(
    "change",
    [
        {"images": [{"id": 7}]},
        {"images": []},
        {"categories": [{"id": 2, "name": "bicycle"}]},
        {"annotations": [{"image_id": 7, "category_id": 2, "bbox": [1, 2, 3]}]},
        {"annotations": [{"image_id": 7, "category_id": 2, "bbox": None}]},
        {"annotations": [{"image_id": [], "category_id": 2, "bbox": [1, 2, 3, 4]}]},
        {"annotations": ["x"]},
        {"images": [None]},
        {"images": [{"id": 7, "file_name": "\ud800.jpg"}]},
        {"categories": [{"id": 1, "name": "person"}, {"id": 2, "name": "\ud800"}]},
        {"annotations": [{"image_id": 7, "category_id": 2, "bbox": [10**400, 2, 3, 4]}]},
        {
            "annotations": [
                {"image_id": 7, "category_id": 2, "bbox": [1, 2, 3, 4], "score": 10**400}
            ]
        },
    ],
)
def test_incomplete_coco_annotations_are_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="COCO annotations with an image, category or box"):
        imported.read(write(tmp_path, COCO | change))


@pytest.mark.parametrize("bbox", [[0, 0, -5, 9], [0, 0, float("nan"), 9], [0, 0, 1e400, 9]])
def test_coco_boxes_are_checked_as_all_others(tmp_path: Path, bbox: list[float]) -> None:
    one = {"image_id": 7, "category_id": 2, "bbox": bbox, "score": 0.5}
    with pytest.raises(InputError, match="not numbers in order"):
        imported.read(write(tmp_path, COCO | {"annotations": [one]}))


MEGADETECTOR: dict[str, Any] = {
    "images": [
        {"file": "a.jpg", "detections": [{"category": "2", "conf": 0.9, "bbox": [0.1, 0, 0.2, 1]}]}
    ],
    "detection_categories": {"2": "person"},
}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (MEGADETECTOR, "MegaDetector's JSON without.*--include_image_size, or multiply"),
        ([{"image_id": 1, "category_id": 2, "bbox": [1, 2, 3, 4], "score": 0.5}], "COCO results"),
        ([{"id": 1, "data": {}, "annotations": []}], "Label Studio.*in percent.*Export as COCO"),
        ([{"name": "bicycle", "class": 1, "confidence": 0.9, "box": {}}], r"to_json\(\)"),
        ([{"label": "bicycle", "score": 0.9, "box": {}}], "geobike detect.*--out"),
        ({"a.jpg": [{"label": "bicycle", "score": 0.9}]}, "geobike detect.*--out"),
        ({"shapes": [], "imagePath": "a.jpg"}, "LabelMe"),
        ({"x": 1}, "JSON of an unknown kind; give COCO"),
        ([], "JSON of an unknown kind"),
        ([[1]], "JSON of an unknown kind"),
    ],
)
def test_json_of_other_programs_is_named_with_the_way_out(
    tmp_path: Path, content: Any, said: str
) -> None:
    with pytest.raises(InputError, match=said) as refused:
        imported.read(write(tmp_path, content))
    assert "\n" not in str(refused.value)


def sized(**change: Any) -> dict[str, Any]:
    """MegaDetector's JSON as --include_image_size has it, its one image changed."""
    return MEGADETECTOR | {"images": [MEGADETECTOR["images"][0] | PIXELS | change]}


PIXELS = {"width": 400, "height": 300}


def test_megadetectors_boxes_become_pixels_by_the_sizes_in_its_file(tmp_path: Path) -> None:
    content = sized()
    content["images"].append({"file": "b.jpg", "detections": [], **PIXELS})
    found = imported.read(write(tmp_path, content))
    columns = ["photo_id", "label", "score", "xmin", "ymin", "xmax", "ymax"]
    assert found[columns].iloc[0].tolist()[:3] == ["a.jpg", "person", 0.9]
    # 0.1 of 400, all of 300 from its top, and 0.2 of 400 wide
    assert found[columns].iloc[0].tolist()[3:] == pytest.approx([40, 0, 120, 300])
    assert (found["photo_id"].iloc[1], found["label"].isna().iloc[1]) == ("b.jpg", True)


@pytest.mark.parametrize("change", [{"failure": "cannot open", "detections": None}])
def test_a_photo_that_megadetector_failed_on_is_not_one_that_shows_nothing(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match=r"failed on 1 of 1 photos, such as a\.jpg; run it"):
        imported.read(write(tmp_path, sized(**change)))


@pytest.mark.parametrize(
    "change",
    [
        {"width": 0},
        {"height": "x"},
        {"detections": [{}]},
        {"detections": [{"category": "9", "conf": 0.9, "bbox": [0, 0, 1, 1]}]},
        {"detections": [{"category": "2", "conf": 0.9, "bbox": [0, 0, 1]}]},
        {"detections": [{"category": "2", "conf": 0.9, "bbox": [0, 0, 90, 120]}]},  # pixels
        {"detections": "x"},
    ],
)
def test_incomplete_files_of_megadetector_are_refused(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match="MegaDetector's JSON with an image, category or box"):
        imported.read(write(tmp_path, sized(**change)))


@pytest.mark.parametrize("text", ["{", "[" * 100_000, '{"images": \ud83d'])
def test_json_that_is_damaged_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "boxes.json").write_text(text, encoding="utf-8", errors="surrogatepass")
    with pytest.raises(InputError, match=r"boxes\.json: cannot be read as JSON"):
        imported.read(tmp_path / "boxes.json")


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("name,class,confidence,box", r"ultralytics' to_csv\(\), which does not name the photo"),
        ("file,label,score,x,y,width,height", r"x_min = x, y_min = y, x_max = x \+ width"),
        (
            "file,label,score,x1,y1,x2,y2",
            "Rename x1 to x_min, y1 to y_min, x2 to x_max, y2 to y_max",
        ),
        ("file,Class,Confidence,xmin,ymin,xmax,ymax", "class to label, confidence to score"),
        ("file,label,score,bbox", "Split the box into columns"),
    ],
)
def test_a_table_of_another_program_says_what_to_change(
    tmp_path: Path, header: str, said: str
) -> None:
    (tmp_path / "boxes.csv").write_text(header + "\n")
    with pytest.raises(InputError, match=said):
        imported.read(tmp_path / "boxes.csv")


def test_the_labels_of_yolo_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("1 0.5 0.25 0.125 1e-1 0.93\n0 0.5 0.5 0.1 0.1 0.4\n")
    with pytest.raises(InputError, match=r"YOLO's labels of one photo.*centre"):
        imported.read(tmp_path / "a.txt")


@pytest.mark.parametrize("header", ["Photo_ID, Label", "PHOTO ID ,LABEL", " File,label "])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_columns_are_known_in_any_case_and_with_blanks(
    tmp_path: Path, header: str, suffix: str
) -> None:
    path = tmp_path / f"boxes.{suffix}"
    names = [*header.split(","), " Score", "XMin", "ymin ", "X Max", "ymax"]
    names[5] = "XMAX"
    values = ["007", "bicycle", 0.5, 1.0, 2.0, 8.0, 9.0]
    if suffix == "csv":
        path.write_text(",".join(names) + "\n" + ", ".join(map(str, values)) + "\n")
    else:
        pandas = pytest.importorskip("pandas")
        pytest.importorskip("pyarrow")
        pandas.DataFrame([values], columns=names).to_parquet(path)
    found = imported.read(path)[["photo_id", "label", "score", "xmin", "ymin", "xmax", "ymax"]]
    assert found.to_numpy().tolist() == [values]


def test_two_columns_that_may_be_the_same_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "boxes.csv").write_text("Label," + HEADER + "x,a.jpg,bicycle,0.9,0,0,9,9\n")
    with pytest.raises(InputError, match="columns 'Label' and 'label' may both be label"):
        imported.read(tmp_path / "boxes.csv")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_named_with_the_way_out(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "boxes.csv").write_text(HEADER + "a.jpg,bicycle,0.9,0,0,9,9\n", encoding=encoding)
    with pytest.raises(InputError, match=r"UTF-16 text.*save it as CSV UTF-8"):
        imported.read(tmp_path / "boxes.csv")


@pytest.mark.parametrize("names", [["'-x.jpg"], ["'-x.jpg", "-x.jpg"], ["'=x.jpg", "y.jpg"]])
def test_a_photo_whose_name_begins_with_a_quote_keeps_its_boxes(
    tmp_path: Path, names: list[str]
) -> None:
    rows = [f"{name},bicycle,0.9,0,0,9,{5 + place}\n" for place, name in enumerate(names)]
    (tmp_path / "boxes.csv").write_text(HEADER + "".join(rows))
    found = imported.read(tmp_path / "boxes.csv")
    _, applied = matched.apply(found, photos_frame(dict.fromkeys(names, (4.0, 52.0))))
    assert applied["photo_id"].tolist() == names


def test_the_handed_files_of_other_programs_are_read_or_named(shared: Path) -> None:
    found = imported.read(handed(shared, "boxes-coco.json"))
    assert found[["photo_id", "label", "score", "xmax", "ymax"]].to_numpy().tolist() == [
        ["p0.jpg", "bicycle", 0.9, 110, 100]
    ]
    with pytest.raises(InputError, match="ultralytics"):
        imported.read(handed(shared, "boxes-ultralytics.csv"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"images": [PHOTO, PHOTO | {"file_name": "b.jpg"}]}, "two images have the id 1"),
        ({"categories": [BICYCLE, BICYCLE | {"name": "car"}]}, "two categories have the id 2"),
        ({"annotations": [BOX | {"bbox": [500, 20, 50, 20]}]}, "is not on a.jpg, 100 x 80 pixels"),
        ({"annotations": [BOX | {"bbox": [-40, 20, 50, 20]}]}, "is not on a.jpg, 100 x 80 pixels"),
    ],
)
def test_coco_that_contradicts_itself_gives_no_count(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    whole = {"images": [PHOTO], "categories": [BICYCLE], "annotations": [BOX]}
    with pytest.warns(GeobikeWarning, match="no score"):
        assert len(imported.read(write(tmp_path, whole))) == 1
    with pytest.raises(InputError, match=said):
        imported.read(write(tmp_path, whole | change))
