"""`geobike detect` as a user meets it: JSON, pictures, and what it refuses."""

import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from geobike.detections.store.protocol import Model
from geobike.detections.store.sqlite import Store
from geobike.detectors.protocol import Box, Detection
from tests.support.making import jpeg, photo
from tests.support.program import geobike


def stored(folder: Path, *photos: Path) -> Path:
    """Return a store in which two bicycles stand on each photo, drawn twice, and a faint car."""
    found = [
        Detection("bicycle", 0.95, Box(10.7, 20.2, 30.9, 40.0)),
        Detection("bicycle", 0.9, Box(10.7, 20.2, 30.0, 40.0)),
        Detection("car", 0.1, Box(0, 0, 5, 5)),
    ]
    with Store(folder / "store.sqlite") as store:
        for path in photos:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            store.put(digest, Model("drawn", "1"), found)
    return folder / "store.sqlite"


def test_offline_means_that_nothing_is_sent(tmp_path: Path) -> None:
    path = photo(tmp_path / "a.jpg")
    done = geobike("detect", path, "--detector", "huggingface", env={"HF_HUB_OFFLINE": "1"})
    assert done.returncode == 2
    assert "HF_HUB_OFFLINE is set" in done.stderr


def test_detect_prints_what_the_hosted_service_would_answer(tmp_path: Path) -> None:
    path = photo(tmp_path / "a.jpg")
    done = geobike("detect", path, "--detector", "cached", "--store", stored(tmp_path, path))
    assert done.returncode == 0, done.stderr
    box = {"xmin": 10, "ymin": 20, "xmax": 30, "ymax": 40}
    assert json.loads(done.stdout) == [
        {"score": 0.95, "label": "bicycle", "box": box},
        {"score": 0.9, "label": "bicycle", "box": box},
    ]


def test_detect_on_several_photos_names_each_and_reports_the_bad(tmp_path: Path) -> None:
    paths = [photo(tmp_path / "p" / name) for name in ("a.jpg", "b.jpeg")]
    (tmp_path / "p" / "bad.jpg").write_bytes(b"no photo")
    done = geobike(
        "detect", tmp_path / "p", "--detector", "cached", "--store", stored(tmp_path, *paths),
        "--threshold", "0.05", "--out", tmp_path / "d.csv", "--draw", tmp_path / "drawn",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    assert {name: len(found) for name, found in answers.items()} == {"a.jpg": 3, "b.jpeg": 3}
    assert "bad.jpg: unreadable: not a photo" in done.stderr
    assert len(pd.read_csv(tmp_path / "d.csv")) == 6
    assert {path.name for path in (tmp_path / "drawn").iterdir()} == {"a.jpg", "b.jpeg"}
    with Image.open(tmp_path / "drawn" / "a.jpg") as drawn, Image.open(paths[0]) as plain:
        assert drawn.size == plain.size
        assert drawn.tobytes() != plain.tobytes()


def test_detect_draws_one_photo_to_the_file_that_is_named(tmp_path: Path) -> None:
    path = photo(tmp_path / "a.jpg", size=(300, 200))
    done = geobike(
        "detect", path, "--detector", "cached", "--store", stored(tmp_path, path),
        "--draw", tmp_path / "boxes.png",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "boxes.png") as drawn:
        assert drawn.getpixel((10, 30)) == (255, 212, 0)  # the left edge of the first box


def test_several_photos_are_not_drawn_into_one_picture(tmp_path: Path) -> None:
    paths = [photo(tmp_path / name) for name in ("a.jpg", "b.jpg")]
    done = geobike("detect", *paths, "--detector", "cached", "--draw", tmp_path / "boxes.jpg")
    assert done.returncode == 2
    assert "boxes.jpg names one picture, and there are 2 photos; name a folder" in done.stderr
    assert not (tmp_path / "boxes.jpg").exists()


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        ("p/a.jpg", "would overwrite a.jpg"),
        ("p", "would overwrite a.jpg"),
        ("boxes.xyz", "boxes.xyz: cannot be written as a picture"),
        ("p/a.jpg/boxes.png", "boxes.png: cannot be written"),
    ],
)
def test_drawing_overwrites_no_photo_and_says_what_it_cannot_write(
    tmp_path: Path, draw: str, said: str
) -> None:
    path = photo(tmp_path / "p" / "a.jpg", size=(300, 200))
    before = path.read_bytes()
    store = stored(tmp_path, path)
    done = geobike(
        "detect", path, "--detector", "cached", "--store", store, "--draw", tmp_path / draw
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert path.read_bytes() == before


def test_only_bad_photos_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(jpeg()[:100])
    store = stored(tmp_path)
    with Store(store) as opened:
        opened.put("x", Model("drawn", "1"), [])
    done = geobike("detect", tmp_path / "bad.jpg", "--detector", "cached", "--store", store)
    assert done.returncode == 2
    assert "none of the photos has a result" in done.stderr
