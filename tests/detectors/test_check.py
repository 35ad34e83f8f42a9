"""What passes for a box, and what is refused wherever it comes from."""

import numpy as np
import pytest

from geobike.detectors import check
from geobike.detectors.protocol import Box, Detection
from geobike.errors import DetectionFailed

NAN, INFINITY = float("nan"), float("inf")
RIGHT = ("bicycle", 0.5, 0.0, 0.0, 9.0, 9.0)


def one(**changed):
    names = ("label", "score", *Box._fields)
    label, score, *box = (dict(zip(names, RIGHT, strict=True)) | changed).values()
    return Detection(label, score, Box(*box))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"score": NAN}, "a score of nan, not from 0 to 1"),
        ({"score": INFINITY}, "a score of inf"),
        ({"score": -INFINITY}, "a score of -inf"),
        ({"score": 7}, "a score of 7, not from 0 to 1"),
        ({"score": -0.1}, "a score of -0.1"),
        ({"score": 1 + 1e-9}, "a score of 1"),
        ({"score": None}, "a score of nan"),
        ({"score": "high"}, "not made of numbers"),
        ({"score": 10**400}, "not made of numbers"),
        ({"xmin": NAN}, "corners that are not pixels in order: xmin nan"),
        ({"xmax": INFINITY}, "xmax inf"),
        ({"ymin": -INFINITY}, "ymin -inf"),
        ({"xmax": 9.3e136}, r"xmax 9.3e\+136"),
        ({"xmin": 9.5}, "xmin 9.5, ymin 0, xmax 9"),
        ({"ymin": 10}, "ymin 10"),
        ({"label": ""}, "a blank label"),
        ({"label": " \u00a0"}, "a blank label"),
        ({"label": None}, "a label that is not text: None"),
        ({"label": 7}, "a label that is not text: 7"),
        ({"label": b"bicycle"}, "a label that is not text"),
        ({"label": "bi\ud800"}, r"not valid Unicode: 'bi\\ud800'"),
    ],
)
def test_an_invalid_box_fails_the_photo_and_is_named(changed, said):
    with pytest.raises(DetectionFailed, match=said):
        check.detections([one(), one(**changed)])


@pytest.mark.parametrize(
    "changed",
    [
        {"score": 0},
        {"score": 1},
        {"xmax": 0.0},  # without area, and in order
        {"xmin": -5.0, "xmax": 99_999.0},
        {"label": "Fahrräder \U0001f6b2"},
    ],
)
def test_what_is_a_box_passes_as_it_is(changed):
    assert check.detections([one(**changed)]) == [one(**changed)]


def test_numbers_of_numpy_become_those_that_a_store_can_write():
    (found,) = check.detections([one(score=np.float32(0.5), xmax=np.int64(9))])
    assert [type(number) for number in (found.score, *found.box)] == [float] * 5
    assert check.detections([]) == []


@pytest.mark.parametrize("row", [0, 1, 2, 3, 6])
def test_a_fault_is_found_in_whichever_block_of_rows_it_is(monkeypatch, row):
    monkeypatch.setattr(check, "_ROWS", 2)
    columns = np.tile(np.array(RIGHT[1:], dtype=float)[:, None], 7)
    assert check.first_fault(*columns) is None
    columns[2, row] = NAN
    assert check.first_fault(*columns)[0] == row
