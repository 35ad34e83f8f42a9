"""Which photos have a thumbnail on the map, and what is anonymized on it."""

import hashlib
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from geobike import schema
from geobike.errors import GeobikeWarning
from geobike.photos import thumbnails
from tests.support.making import photos_frame

STRIPES = np.zeros((200, 400, 3), dtype=np.uint8)
STRIPES[:, ::4] = 255  # which pixelation removes
STRIPES[:, 1::4] = 255


def picture(folder: Path, name: str = "a.jpg") -> str:
    Image.fromarray(STRIPES).save(folder / name, quality=95)
    return str(folder / name)


def counted(folder: Path, names: list[str]) -> pd.DataFrame:
    frame = photos_frame(dict.fromkeys(names, (4.0, 52.0)))
    frame["path"] = [picture(folder, name) for name in names]
    digests = [hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in frame["path"]]
    frame["sha256"] = pd.Series(digests, dtype="str")
    frame["status"] = schema.COUNTED
    frame["bicycle_count"] = pd.array(range(1, len(names) + 1), dtype="Int64")
    return frame


def found(*labels: str, score: float = 0.9) -> pd.DataFrame:
    """Each label has a box of 100 pixels, from left to right."""
    boxes = [
        {"photo_id": "a.jpg", "label": label, "score": score, "model": "m", "kept": False}
        | {"xmin": 130.0 * i, "ymin": 20.0, "xmax": 130.0 * i + 100, "ymax": 180.0}
        for i, label in enumerate(labels)
    ]
    return schema.table(schema.DETECTIONS, pd.DataFrame(boxes))


def contrast(content: bytes) -> list[int]:
    """Return how much neighbouring pixels differ within each box of `found`."""
    image = np.asarray(Image.open(io.BytesIO(content)).convert("L"), dtype=int)
    scale = image.shape[1] / 400
    edges = [(int((130 * i + 10) * scale), int((130 * i + 90) * scale)) for i in range(3)]
    middle = image[image.shape[0] // 2]
    return [int(np.abs(np.diff(middle[left:right])).mean()) for left, right in edges]


HIDDEN = {
    "people and vehicles by default": ({}, [False, False, True]),
    "people only": ({"hide": ("person",)}, [False, True, True]),
    "vehicles only": ({"hide": ("vehicle",)}, [True, False, True]),
    "a label more": ({"hide": ("person", "Bench")}, [False, True, False]),
    "nothing": ({"hide": ()}, [True, True, True]),
}


@pytest.mark.parametrize("case", HIDDEN)
def test_hidden_labels_are_not_recognisable(tmp_path: Path, case: str) -> None:
    options, sharp = HIDDEN[case]
    made = thumbnails.make(counted(tmp_path, ["a.jpg"]), found("Person", "Car", "bench"), **options)
    seen = contrast(made["a.jpg"])
    assert [value > 10 for value in seen] == sharp
    hidden = [value for value, is_sharp in zip(seen, sharp, strict=True) if not is_sharp]
    assert all(value < 6 for value in hidden)


VEHICLES = [
    *("car", "bus", "truck", "motorcycle", "train"),  # COCO
    *("SUV", "Van", "Sports Car", "Pickup Truck", "Machinery Vehicle"),  # Objects365
    *("Vehicle registration plate", "Land vehicle", "Taxi", "Ambulance"),  # Open Images
    *("bus_(vehicle)", "motor_scooter", "car_(automobile)"),  # LVIS
    *("object--vehicle--car", "vehicle", "license_plate"),  # Mapillary, MegaDetector, others
]


@pytest.mark.parametrize("label", VEHICLES)
def test_vehicles_are_hidden_by_whatever_name_a_detector_gives_them(
    tmp_path: Path, label: str
) -> None:
    made = thumbnails.make(counted(tmp_path, ["a.jpg"]), found("person", label))
    assert contrast(made["a.jpg"])[1] < 6


@pytest.mark.parametrize(
    "label",
    ["bicycle", "object--vehicle--bicycle", "bus stop", "Cart", "cargo bike", "12", "自行车", ""],
)
def test_what_only_sounds_like_a_vehicle_is_left_as_it_is(tmp_path: Path, label: str) -> None:
    made = thumbnails.make(counted(tmp_path, ["a.jpg"]), found("person", label, "car"))
    assert contrast(made["a.jpg"])[1] > 10


def test_a_doubtful_person_or_vehicle_is_hidden_too(tmp_path: Path) -> None:
    made = thumbnails.make(counted(tmp_path, ["a.jpg"]), found("person", "car", score=0.21))
    assert max(contrast(made["a.jpg"])[:2]) < 6


def test_beyond_the_limit_a_random_share_of_every_area_is_shown(tmp_path: Path) -> None:
    names = [f"{n:02}.jpg" for n in range(40)]
    frame = counted(tmp_path, names)
    frame["sha256"] = [hashlib.sha256(name.encode()).hexdigest() for name in names]
    frame["area_id"] = pd.array(["small"] * 2 + ["large"] * 38, "str")
    chosen = thumbnails.drawn(frame, 20)
    picked = frame[chosen]
    assert len(picked) == 20
    assert (picked["area_id"] == "small").sum() == 2  # else no picture of it at all
    assert np.array_equal(thumbnails.drawn(frame, 20), chosen)
    fullest = set(frame.nlargest(20, "bicycle_count")["photo_id"])
    assert len(fullest & set(picked["photo_id"])) < 16  # it does not look at the count
    rest = frame.sample(frac=1, random_state=1)
    again = rest[thumbnails.drawn(rest, 20)]
    assert set(again["photo_id"]) == set(picked["photo_id"])  # nor at the order


def test_the_number_of_pictures_is_reported(tmp_path: Path) -> None:
    frame = counted(tmp_path, ["a.jpg", "b.jpg", "c.jpg"])
    with pytest.warns(GeobikeWarning, match="2 of 3 photos, a random share of every area"):
        assert len(thumbnails.make(frame, found(), hide=(), limit=2)) == 2


def test_large_pictures_hide_what_small_ones_hide_and_have_names_of_their_own(
    tmp_path: Path,
) -> None:
    (tmp_path / "in").mkdir()
    frame = counted(tmp_path / "in", ["a.jpg"])
    names = thumbnails.write(frame, found("person", "car", "bench"), tmp_path / "photos")
    (file,) = (tmp_path / "photos").iterdir()
    assert names == {"a.jpg": file.name}
    assert "a.jpg" not in file.name  # a photo's name may hold a person's, or a path
    assert [value > 10 for value in contrast(file.read_bytes())] == [False, False, True]
    with Image.open(file) as picture:
        assert picture.size == (400, 200)  # no larger than the photo


def test_a_photo_that_no_longer_exists_has_no_thumbnail(tmp_path: Path) -> None:
    frame = counted(tmp_path, ["a.jpg", "b.jpg"])
    (tmp_path / "a.jpg").unlink()
    assert list(thumbnails.make(frame, found(), hide=())) == ["b.jpg"]


UNKNOWN = {
    ("bicycle",): r"no box is labelled 'person' or 'car' or as another vehicle, so people and "
    r"vehicles .* --show-people --show-vehicles adds them",
    ("bicycle", "car"): r"no box is labelled 'person', so people on .*; --show-people adds them",
    ("bicycle", "person"): r"labelled 'car' or as another vehicle, .*; --show-vehicles adds them",
    (): "no pictures: no box is labelled 'person' or 'car'",
}


@pytest.mark.parametrize("labels", UNKNOWN)
def test_there_are_no_thumbnails_without_a_detector_of_people_and_vehicles(
    tmp_path: Path, labels: tuple[str, ...]
) -> None:
    frame = counted(tmp_path, ["a.jpg"])
    with pytest.warns(GeobikeWarning, match=UNKNOWN[labels]):
        assert thumbnails.make(frame, found(*labels), hide=("person", "vehicle", "dog")) == {}
    assert list(thumbnails.make(frame, found(*labels), hide=("dog",))) == ["a.jpg"]


def test_a_photo_that_perhaps_no_detector_processed_has_no_thumbnail(tmp_path: Path) -> None:
    frame = counted(tmp_path, ["a.jpg", "b.jpg"])
    with pytest.warns(GeobikeWarning, match=r"without any box have no picture .*: b\.jpg"):
        assert list(thumbnails.make(frame, found("person", "car"))) == ["a.jpg"]


def test_a_photo_in_which_nothing_was_counted_has_a_thumbnail_too(tmp_path: Path) -> None:
    frame = counted(tmp_path, ["a.jpg", "b.jpg"])
    frame["bicycle_count"] = pd.array([2, 0], dtype="Int64")
    assert sorted(thumbnails.make(frame, found(), hide=())) == ["a.jpg", "b.jpg"]  # misses show


def test_without_photo_files_nothing_is_reported_about_thumbnails(tmp_path: Path) -> None:
    frame = counted(tmp_path, ["a.jpg"])
    frame["path"] = pd.Series([None], dtype="str")
    assert thumbnails.make(frame, found("bicycle")) == {}


def test_a_person_over_the_seam_of_a_panorama_is_hidden_on_both_sides(tmp_path: Path) -> None:
    content = thumbnails.thumbnail(picture(tmp_path), anonymize=[(360, 20, 460, 180)], side=400)
    image = np.asarray(Image.open(io.BytesIO(content)).convert("L"), dtype=int)
    rough = np.abs(np.diff(image[100]))
    assert rough[365:].mean() < 30
    assert rough[:55].mean() < 30
    assert rough[90:330].mean() > 60


def cells_across(content: bytes, left: int, right: int) -> int:
    """Return how many cells of one grey a row of a picture has between two columns."""
    row = np.asarray(Image.open(io.BytesIO(content)).convert("L"), dtype=int)[100, left:right]
    steps = np.abs(row[3:] - row[:-3]) > 9  # which JPEG smears over three pixels
    return 1 + int((steps[1:] & ~steps[:-1]).sum())


@pytest.mark.parametrize("seam", [310, 350, 390])
def test_a_face_over_the_seam_of_a_panorama_has_no_finer_cells_than_one_within(
    tmp_path: Path, seam: int
) -> None:
    # A head of 100 x 130 pixels that grows lighter from side to side: each cell is a step.
    shades = np.clip((np.arange(400) - 280) * 1.8, 0, 255).astype(np.uint8)
    box = (300, 35, 400, 165)
    left, right = box[0] + 400 - seam, box[2] + 400 - seam
    over = hidden(tmp_path, np.roll(shades, 400 - seam), (left, box[1], right, box[3]))
    within = hidden(tmp_path, np.roll(shades, -100), (200, box[1], 300, box[3]))
    across = cells_across(within, 200, 300)
    assert 6 <= across <= 8
    assert cells_across(over, left, 400) + cells_across(over, 0, right - 400) <= across + 2


def hidden(folder: Path, shades: np.ndarray, box: tuple[int, int, int, int]) -> bytes:
    """Return the picture whose rows all are these shades, with a box pixelated."""
    Image.fromarray(np.tile(shades, (200, 1))).convert("RGB").save(folder / "shades.png")
    return thumbnails.thumbnail(folder / "shades.png", anonymize=[box], side=400)
