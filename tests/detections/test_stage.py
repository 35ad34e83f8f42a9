"""What a store has of many photos, as the frame that the later stages are given."""

from collections.abc import Callable
from pathlib import Path

import pytest

import geobike
from geobike.detections.store.protocol import Model
from geobike.detections.store.sqlite import Store
from geobike.detectors.protocol import Box, Detection
from tests.support.making import photos_frame

MODEL = Model("fake", "1")
PHOTOS = photos_frame({f"car 3/{number:04d}.jpg": (4.4, 52.0) for number in range(200)})
MANY = [
    Detection("bicycle" if score % 3 else "person", score / 100, Box(score, 2.5, score + 9, 40))
    for score in range(6, 100)
]


def in_one_file(folder: Path, answers: dict[str, list[Detection]]) -> Path:
    with Store(folder / "store.sqlite") as store:
        for digest, found in answers.items():
            store.put(digest, MODEL, found)
    return folder / "store.sqlite"


def test_a_box_takes_fifty_bytes_so_that_a_million_photos_fit_a_laptop(tmp_path: Path) -> None:
    store = in_one_file(tmp_path, dict.fromkeys(PHOTOS["sha256"], MANY))
    recorded = geobike.DetectorChoice(kind="cached")
    found = geobike.detect_photos(PHOTOS, detector=recorded, store=store).detections
    assert len(found) == len(PHOTOS) * len(MANY)
    names = found["photo_id"].cat.categories.memory_usage(deep=True)  # once, however many boxes
    taken = found.memory_usage(index=False, deep=True).sum() - names
    assert taken / len(found) <= 50


@pytest.mark.parametrize("order", [list, lambda digests: list(reversed(digests))])
def test_boxes_do_not_depend_on_the_order_in_which_photos_were_answered(
    tmp_path: Path, order: Callable[[list[str]], list[str]]
) -> None:
    one, other, bare = PHOTOS["sha256"].iloc[:3]
    answers = {one: MANY[:1], other: MANY[1:3], bare: []}
    store = in_one_file(tmp_path, {digest: answers[digest] for digest in order(list(answers))})
    recorded = geobike.DetectorChoice(kind="cached")
    found = geobike.detect_photos(PHOTOS.iloc[:3], detector=recorded, store=store).detections
    assert found["label"].tolist() == ["person", "bicycle", "bicycle"]
    assert found["label"].cat.categories.tolist() == ["bicycle", "person"]
    assert found["photo_id"].tolist() == [PHOTOS["photo_id"].iloc[place] for place in (0, 1, 1)]
    assert found["score"].tolist() == [0.06, 0.08, 0.07]
