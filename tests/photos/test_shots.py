import warnings
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags

import geobike
from geobike.errors import GeobikeWarning
from geobike.photos import reading, shots
from geobike.positions import resolve
from tests.support.making import FakeDetector, handed, jpeg, photo, squares

pytestmark = pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
PLACE = (4.005, 52.005)
TAKEN = {ExifTags.Base.DateTimeOriginal: "2022:01:19 17:33:03"}
LATER = {ExifTags.Base.DateTimeOriginal: "2022:01:19 17:33:04"}


def shot(path: Path, **options: Any) -> Path:
    return photo(path, **{"lon_lat": PLACE, "times": TAKEN, "size": (30, 20)} | options)


def counted(folder: Path, **options: Any) -> set[str]:
    """Return the photos that would count, and check that the others say which one does."""
    located = resolve.locate(reading.read(reading.find(folder)))
    marked = shots.mark(located, **options)
    repeats = marked[marked["status"].notna()]
    left = set(marked.loc[marked["status"].isna(), "photo_id"])
    assert (repeats["status"] == "duplicate").all()
    assert set(repeats["reason"].str.removeprefix("same shot as ")) <= left
    return left


@pytest.mark.parametrize(
    "copy",
    [
        "IMG_0001.png",
        "IMG_0001.JPEG",
        "img_0001.jpe",
        "IMG_0001-edited.jpg",
        "IMG_0001-bewerkt(1).jpg",
        "IMG_0001(1).jpg",
        "IMG_0001 (12).jpg",
        "IMG_0001~2.jpg",
        "IMG_E0001.jpg",
        "IMG_0001 - Copy.jpg",
        "IMG_0001 - Kopie (2).jpg",
        "Copy of IMG_0001.jpg",
        "IMG_0001_small.jpg",
        "IMG_0001-1024x768.jpg",
        "IMG_0001.RAW-01.COVER.jpg",
        "IMG_0001.heic.jpg",
    ],
)
def test_a_copy_under_another_name_does_not_count_again(tmp_path: Path, copy: str) -> None:
    shot(tmp_path / "IMG_0001.jpg")
    shot(tmp_path / copy)
    assert len(counted(tmp_path)) == 1


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("IMG_0002.jpg", {}),
        ("IMG_0001_2.jpg", {}),  # perhaps the second camera of a vehicle
        ("IMG_00011.jpg", {}),
        ("IMG_0001(1).jpg", {"times": LATER}),
        ("IMG_0001(1).jpg", {"times": {}}),
        ("IMG_0001(1).jpg", {"lon_lat": (4.0053, 52.005)}),  # 20 m east
        ("other camera/IMG_0001.jpg", {}),
    ],
)
def test_other_photos_count(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    shot(tmp_path / "day1" / "IMG_0001.jpg")
    shot(tmp_path / "day1" / name if "/" not in name else tmp_path / name, **options)
    assert len(counted(tmp_path)) == 2


def test_a_place_may_be_rounded_otherwise(tmp_path: Path) -> None:
    shot(tmp_path / "IMG_0001.jpg", lon_lat=(4.00599999, 52.00499999))
    shot(tmp_path / "IMG_0001-edited.jpg", lon_lat=(4.00600001, 52.00500001))
    assert counted(tmp_path) == {"IMG_0001.jpg"}


def test_a_time_of_midnight_is_a_date_and_proves_nothing(tmp_path: Path) -> None:
    midnight = {ExifTags.Base.DateTimeOriginal: "2022:01:19 00:00:00"}
    for name in ("Delft (1).jpg", "Delft (2).jpg"):
        shot(tmp_path / name, times=midnight)
    assert len(counted(tmp_path)) == 2


def test_the_plain_name_stays_then_the_larger_picture(tmp_path: Path) -> None:
    shot(tmp_path / "IMG_0001-edited.jpg", size=(60, 40))
    shot(tmp_path / "IMG_0001.jpg")
    shot(tmp_path / "IMG_0001.png", size=(32, 20), format="PNG")
    assert counted(tmp_path) == {"IMG_0001.png"}


def test_in_another_folder_only_another_kind_or_size_is_the_same_shot(tmp_path: Path) -> None:
    for name in ("front/0001.jpg", "left/0001.jpg", "left/0001-edited.jpg"):
        shot(tmp_path / name)
    shot(tmp_path / "web" / "0001.jpg", size=(15, 10))
    with pytest.warns(GeobikeWarning) as notes:
        assert counted(tmp_path) == {"front/0001.jpg", "left/0001.jpg"}
    said = [str(note.message) for note in notes]
    assert any(
        "2 files show the same shot" in one and "left/0001-edited.jpg" in one for one in said
    )
    assert any("another folder" in one and "left/0001.jpg" in one for one in said)


def test_the_handed_shot_in_three_files_counts_once(shared: Path) -> None:
    assert counted(handed(shared, "pair/IMG_0001.jpg").parent) == {"IMG_0001.heic"}


def run(folder: Path, **options: Any) -> geobike.SurveyResult:
    areas = squares(folder / "areas.geojson", ["west"])
    return geobike.run(
        geobike.Survey(photos=folder / "photos", areas=areas, detector=FakeDetector(), **options)
    )


def test_a_survey_counts_a_shot_once_says_so_and_detects_once(tmp_path: Path) -> None:
    shot(tmp_path / "photos" / "IMG_0001.jpg")
    shot(tmp_path / "photos" / "IMG_0001-edited.jpg")
    result = run(tmp_path)
    assert result.ledger.in_words() == "2 photos: 1 counted, 1 duplicate"
    assert (result.ledger.bicycles_counted, result.detected_now) == (3, 1)
    assert any("1 file shows the same shot as another" in one for one in result.warnings)
    every = run(tmp_path, same_shot="all")
    assert every.ledger.in_words() == "2 photos: 2 counted"
    assert every.ledger.bicycles_counted == 6
    assert any("counts too" in one for one in every.warnings)


def test_the_whole_file_counts_where_the_better_one_is_truncated(tmp_path: Path) -> None:
    whole = jpeg(lon_lat=PLACE, times=TAKEN, size=(640, 480))
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "IMG_0001.jpg").write_bytes(whole[:-900])
    shot(tmp_path / "photos" / "IMG_0001-edited.jpg")
    result = run(tmp_path)
    assert dict(zip(result.photos["photo_id"], result.photos["status"], strict=True)) == {
        "IMG_0001-edited.jpg": "counted",
        "IMG_0001.jpg": "unreadable",
    }


def test_of_a_shot_the_file_counts_whose_boxes_are_given(tmp_path: Path) -> None:
    shot(tmp_path / "photos" / "IMG_0001.jpg")
    shot(tmp_path / "photos" / "IMG_0001-edited.jpg")
    boxes = tmp_path / "boxes.csv"
    boxes.write_text(
        "photo_id,label,score,xmin,ymin,xmax,ymax\nIMG_0001-edited.jpg,bicycle,0.9,1,2,13,14\n"
    )
    result = run(tmp_path, detections=boxes)
    assert result.ledger.bicycles_counted == 1
    assert result.ledger.in_words() == "2 photos: 1 counted, 1 duplicate"


def test_nothing_is_said_where_every_photo_is_a_shot_of_its_own(tmp_path: Path) -> None:
    shot(tmp_path / "photos" / "IMG_0001.jpg")
    shot(tmp_path / "photos" / "IMG_0002.jpg")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert run(tmp_path, timezone="Europe/Amsterdam").warnings == ()
