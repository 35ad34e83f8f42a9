"""The pictures on the page of a survey of real photos: what they show, and what they do not.

The model is DEIMv2-Femto, which labels bins and bicycles as vehicles too: all its boxes count here.
"""

import base64
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from PIL import Image

import geobike
from geobike.photos import hiding, thumbnails
from tests.support.making import survey_of_delft

pytest.importorskip("onnxruntime", reason="needs the extra `local`: onnxruntime")

IDENTIFYING = {"person", "car", "bus", "truck", "motorcycle", "train"}  # of COCO's 80 classes
SURE = 0.2  # boxes that score less are not hidden, but for people away from bicycles
ACROSS = 24  # pixels that each box is brought to, so that its picture's size does not matter
CELLS = 6  # across the shorter side of a box; below 15 people fail to tell faces apart

Pixels = npt.NDArray[np.float64]


class Shown(NamedTuple):
    """One page: its pictures, and what it says of its photos."""

    pictures: dict[str, Pixels]
    """In grey, by photo."""
    photos: dict[str, Any]


class Surveyed(NamedTuple):
    """The same survey twice: as by default, and with nothing hidden."""

    all: Shown
    plain: Shown
    counts: "pd.Series[int]"
    boxes: pd.DataFrame
    """Of people and vehicles, in pixels of the original photo."""
    found: pd.DataFrame
    """Every box."""


@pytest.fixture(scope="module")
def surveyed(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Surveyed:
    folder = tmp_path_factory.mktemp("pictures")

    def run(name: str, **page: bool) -> geobike.SurveyResult:
        plan = survey_of_delft(shared, page=geobike.PageOptions(**page))
        result = geobike.run(plan, store=folder / "store.sqlite")
        result.write(folder / name)
        return result

    result = run("default")
    run("plain", show_people=True, show_vehicles=True)
    found = result.detections
    known = found["label"].astype(str).isin(IDENTIFYING) & (found["score"] >= SURE)
    counted = result.photos[result.photos["status"] == "counted"]
    return Surveyed(
        *(shown(folder / name / "map.html") for name in ("default", "plain")),
        counted.set_index("photo_id")["bicycle_count"],
        found[known],
        found,
    )


def shown(path: Path) -> Shown:
    """Take the pictures out of a page, as a browser does."""
    text = path.read_text("utf-8")
    block = re.search(r'<script type="application/json" id="\w+">(.*?)</script>', text, re.DOTALL)
    assert block
    photos = {photo["id"]: photo for photo in json.loads(block[1])["photos"]["details"]}
    pictures = {}
    for name, photo in photos.items():
        if "image" in photo:
            content = base64.b64decode(photo["image"].removeprefix("data:image/jpeg;base64,"))
            pictures[name] = np.asarray(Image.open(io.BytesIO(content)).convert("L"), float)
    return Shown(pictures, photos)


def inside(surveyed: Surveyed) -> Iterator[tuple[str, Pixels, Pixels]]:
    """Yield each box of a person or a vehicle: as the page has it, and as the photo was."""
    for box in surveyed.boxes.itertuples():
        if box.photo_id not in surveyed.all.pictures:
            continue
        hidden, plain = (page.pictures[box.photo_id] for page in (surveyed.all, surveyed.plain))
        scale = hidden.shape[1] / surveyed.all.photos[box.photo_id]["width"]
        left, top, right, bottom = (
            round(side * scale) for side in (box.xmin, box.ymin, box.xmax, box.ymax)
        )
        if box.label == "person" and box.score < 0.5:  # of a bicycle, perhaps: its top alone
            bottom = min(bottom, top + max(round((bottom - top) / 3), right - left))
        name = f"{box.label} {box.score:.2f} on {box.photo_id}"
        yield name, hidden[top:bottom, left:right], plain[top:bottom, left:right]


def left_of_detail(hidden: Pixels, plain: Pixels) -> float:
    """Return the share of a box's detail that is left: 1 as in the photo, 0 of nothing but cells.

    Detail is what is finer than a sixth of the box's shorter side. The box is brought to the same
    number of pixels first, so that the share is the same on a picture of any size.
    """
    fine = [_finer(part) for part in (hidden, plain)]
    return float((fine[0] * fine[1]).sum() / (fine[1] ** 2).sum())


def _finer(part: Pixels) -> Pixels:
    scale = ACROSS / min(part.shape)
    width, height = (round(scale * length) for length in part.shape[::-1])
    image = Image.fromarray(part.astype(np.float32)).resize((width, height), Image.Resampling.BOX)
    cells = [max(1, round(CELLS * length / ACROSS)) for length in (width, height)]
    coarse = image.resize((cells[0], cells[1]), Image.Resampling.BOX)
    smooth = coarse.resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(image, float) - np.asarray(smooth, float)


def test_photos_without_a_counted_bicycle_have_a_picture_too(surveyed: Surveyed) -> None:
    count = surveyed.counts
    assert (count > 0).sum() == 11
    assert set(surveyed.all.pictures) == set(count.index)
    assert len(count) == 34


def test_in_every_box_of_a_person_or_a_vehicle_the_detail_is_gone(surveyed: Surveyed) -> None:
    boxes = list(inside(surveyed))
    assert len(boxes) > 100
    for name, hidden, plain in boxes:
        assert np.abs(hidden - plain).mean() > 8, name
    large = [box for box in boxes if min(box[1].shape) >= ACROSS]
    assert len(large) >= 50
    left = {name: left_of_detail(hidden, plain) for name, hidden, plain in large}
    assert max(left.values()) < 0.45, left  # half as many cells again leave 0.6
    assert np.median(list(left.values())) < 0.1  # and 0.17


def test_only_what_is_hidden_differs_from_the_photo(surveyed: Surveyed) -> None:
    untouched = set(surveyed.all.pictures) - set(surveyed.boxes["photo_id"])
    assert len(untouched) > 2
    for name in untouched:
        assert np.array_equal(surveyed.all.pictures[name], surveyed.plain.pictures[name]), name


HEADS = {  # by eye, in pixels of the photo: of people in a box that scores 0.2 or more
    "street/PXL_20220119_122646995.jpg": [(652, 31, 672, 54)],
    "street/PXL_20220119_122545611.jpg": [(400, 198, 416, 214), (430, 200, 446, 217)],
    "bike/271758547_496887881809012_1375450742634622577_n.jpg": [(15, 170, 36, 184)],
}


@pytest.mark.parametrize("name", HEADS)
def test_on_a_large_picture_too_no_head_that_was_found_is_left(
    surveyed: Surveyed, shared: Path, name: str
) -> None:
    hidden, plain, scale = large(surveyed, shared / "photos", name)
    for box in HEADS[name]:
        left, top, right, bottom = (round(side * scale) for side in box)
        head, real = (image[top:bottom, left:right] for image in (hidden, plain))
        assert np.abs(head - real).mean() > 8
        for axis in (0, 1):
            borders = np.abs(np.diff(head.mean(axis=axis))) > 6
            assert borders.sum() <= 6  # so there are seven cells at most


NOBODY = "bike/270866528_1378032765981286_2567994190192961294_n.jpg"


def test_bicycles_that_are_taken_for_people_can_still_be_counted(
    surveyed: Surveyed, shared: Path
) -> None:
    """Five people are found on this photo by mistake; hidden whole, they hide five bicycles."""
    found = surveyed.found[surveyed.found["photo_id"] == NOBODY]
    assert (surveyed.boxes["photo_id"] == NOBODY).sum() == 5
    hidden, plain, scale = large(surveyed, shared / "photos", NOBODY)
    changed = np.abs(hidden - plain) > 4
    shares = []
    for box in found[found["kept"]].itertuples():
        left, top, right, bottom = (
            round(side * scale) for side in (box.xmin, box.ymin, box.xmax, box.ymax)
        )
        shares.append(changed[top:bottom, left:right].mean())
    assert len(shares) == 10
    assert max(shares) < 0.5


def test_the_page_says_how_many_counted_bicycles_a_picture_hides(surveyed: Surveyed) -> None:
    """Only boxes of which most pixels are changed, or most are not: none is near a half here."""
    changed: dict[str, int] = {}
    for box in surveyed.found[surveyed.found["kept"]].itertuples():
        hidden, plain = (page.pictures[box.photo_id] for page in (surveyed.all, surveyed.plain))
        scale = hidden.shape[1] / surveyed.all.photos[box.photo_id]["width"]
        left, top, right, bottom = (
            round(side * scale) for side in (box.xmin, box.ymin, box.xmax, box.ymax)
        )
        differs = np.abs(hidden - plain)[top:bottom, left:right] > 4
        if differs.mean() > 0.5:
            changed[box.photo_id] = changed.get(box.photo_id, 0) + 1
    said = {name: photo.get("obscured", 0) for name, photo in surveyed.all.photos.items()}
    assert {name: n for name, n in said.items() if n} == changed
    assert sum(changed.values()) == 8
    assert not any("obscured" in photo for photo in surveyed.plain.photos.values())


def large(surveyed: Surveyed, folder: Path, name: str) -> tuple[Pixels, Pixels, float]:
    """Return a picture of 960 pixels, with people hidden and without, and its scale."""
    boxes = hiding.regions(surveyed.found, ["person", "vehicle"], pd.Series([name]))[name]
    with Image.open(folder / name) as photo:
        scale = 960 / max(photo.size)
    made = [
        thumbnails.thumbnail(folder / name, anonymize=anonymize, side=960)
        for anonymize in (boxes, ())
    ]
    hidden, plain = (np.asarray(Image.open(io.BytesIO(one)).convert("L"), float) for one in made)
    return hidden, plain, scale
