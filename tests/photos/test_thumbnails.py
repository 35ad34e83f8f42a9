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
    frame["bicycle_count"] = pd.array(range(len(names)), dtype="Int64")
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
    "people by default": ({}, [False, True, True]),
    "cars too": ({"hide": ("person", "Car")}, [False, False, True]),
    "nobody": ({"hide": ()}, [True, True, True]),
}


@pytest.mark.parametrize("case", HIDDEN)
def test_hidden_labels_are_not_recognisable(tmp_path: Path, case: str) -> None:
    options, sharp = HIDDEN[case]
    made = thumbnails.make(counted(tmp_path, ["a.jpg"]), found("Person", "car", "bench"), **options)
    seen = contrast(made["a.jpg"])
    assert [value > 10 for value in seen] == sharp
    hidden = [value for value, is_sharp in zip(seen, sharp, strict=True) if not is_sharp]
    assert all(value < 6 for value in hidden)


def test_a_doubtful_person_is_hidden_too(tmp_path: Path) -> None:
    made = thumbnails.make(counted(tmp_path, ["a.jpg"]), found("person", score=0.21))
    assert contrast(made["a.jpg"])[0] < 6


def test_beyond_the_limit_those_with_most_bicycles_are_shown(tmp_path: Path) -> None:
    frame = counted(tmp_path, ["a.jpg", "b.jpg", "c.jpg"])
    with pytest.warns(GeobikeWarning, match="2 of 3"):
        made = thumbnails.make(frame, found(), hide=(), limit=2)
    assert sorted(made) == ["b.jpg", "c.jpg"]


def test_a_photo_that_no_longer_exists_has_no_thumbnail(tmp_path: Path) -> None:
    frame = counted(tmp_path, ["a.jpg", "b.jpg"])
    (tmp_path / "a.jpg").unlink()
    assert list(thumbnails.make(frame, found(), hide=())) == ["b.jpg"]


@pytest.mark.parametrize("labels", [("bicycle",), ("bicycle", "car"), ()])
def test_there_are_no_thumbnails_without_a_detector_of_people(
    tmp_path: Path, labels: tuple[str, ...]
) -> None:
    frame = counted(tmp_path, ["a.jpg"])
    with pytest.warns(GeobikeWarning, match=r"no pictures: no box .* 'person'.*--show-people"):
        assert thumbnails.make(frame, found(*labels), hide=("person", "car")) == {}
    assert list(thumbnails.make(frame, found(*labels), hide=("car",))) == ["a.jpg"]


def test_a_photo_that_perhaps_no_detector_processed_has_no_thumbnail(tmp_path: Path) -> None:
    frame = counted(tmp_path, ["a.jpg", "b.jpg"])
    with pytest.warns(GeobikeWarning, match=r"without any box have no picture .*: b\.jpg"):
        assert list(thumbnails.make(frame, found("person"))) == ["a.jpg"]


def test_without_photo_files_nothing_is_reported_about_thumbnails(tmp_path: Path) -> None:
    frame = counted(tmp_path, ["a.jpg"])
    frame["path"] = pd.Series([None], dtype="str")
    assert thumbnails.make(frame, found("bicycle")) == {}
