"""What is seen in windows is counted once: against objects whose places are known."""

import numpy as np
import pytest

from geobike.detectors import windows
from geobike.detectors.merging import Look, merge
from geobike.detectors.protocol import Box, Detection
from geobike.detectors.windows import Windows, layout
from geobike.errors import InputError
from tests.support.seeing import Addressed, addressed


def boxes(found: list[Detection]) -> list[Box]:
    return sorted(one.box for one in found)


@pytest.mark.parametrize("size", [(6000, 1000), (1000, 6000), (2401, 1000), (65_000, 90)])
@pytest.mark.parametrize("number", [None, 2, 5, 16])
def test_windows_cover_all_of_a_photo_and_overlap(
    size: tuple[int, int], number: int | None
) -> None:
    seen = np.zeros(max(size), dtype=int)
    across = np.zeros(min(size), dtype=int)
    wide = size[0] > size[1]
    for left, top, right, bottom in layout(size, number):
        assert 0 <= left < right <= size[0]
        assert 0 <= top < bottom <= size[1]
        seen[slice(left, right) if wide else slice(top, bottom)] += 1
        across[slice(top, bottom) if wide else slice(left, right)] += 1
    assert seen.all()
    assert across.all()
    edges = np.flatnonzero(np.diff((seen > seen.min()).astype(int)))
    assert len(edges) or len(layout(size, number)) == 1


def test_windows_of_a_strip_have_the_shape_of_photos() -> None:
    for left, top, right, bottom in layout((6000, 1000)):
        assert (bottom - top, right - left) == (1000, pytest.approx(1333, abs=1))


def test_a_bicycle_counts_once_wherever_it_stands_in_a_strip() -> None:
    photo = addressed(1500, 240)
    for left in range(0, 1420, 7):
        one = Box(left, 100, left + 80, 150)
        assert boxes(Windows(Addressed([one])).detect(photo)) == [one], left


@pytest.mark.parametrize("step", [8, 12, 20])
@pytest.mark.parametrize("number", [None, 3])
def test_bicycles_that_overlap_in_a_rack_count_each_and_once(step: int, number: int | None) -> None:
    """Neighbours overlap by up to 0.67 (intersection over union)."""
    rack = [Box(x, 100, x + 40, 150) for x in range(20, 1440, step)]
    photo = addressed(1500, 240)
    assert boxes(Windows(Addressed(rack), number).detect(photo)) == rack


def test_what_no_window_shows_whole_comes_from_the_whole_photo() -> None:
    bus = Box(200, 20, 1100, 220)
    assert boxes(Windows(Addressed([bus])).detect(addressed(1500, 240))) == [bus]


def test_boxes_of_another_label_are_another_object() -> None:
    one = Detection("bicycle", 0.5, Box(10, 10, 50, 50))
    other = Detection("motorcycle", 0.4, Box(10, 10, 50, 50))
    part = Box(0, 0, 60, 60)
    assert len(merge([Look(part, [one]), Look(part, [other])], part)) == 2
    assert merge([Look(part, [one]), Look(part, [one, other])], part) == [one, other]
    assert merge([], part) == merge([Look(part, [])], part) == []


def test_the_seam_of_a_panorama_is_no_edge() -> None:
    """The same bicycle, seen from both sides of the seam of a picture of 1000 columns."""
    left = Look(Box(-200, 0, 200, 100), [Detection("bicycle", 0.8, Box(-20, 10, 30, 60))])
    right = Look(Box(700, 0, 1100, 100), [Detection("bicycle", 0.9, Box(981, 11, 1029, 61))])
    around = Box(-np.inf, 0, np.inf, 100)
    assert [one.score for one in merge([left, right], around, turn=1000)] == [0.9]
    assert len(merge([left, right], around)) == 2


def test_photos_are_read_no_larger_than_windows_are_shown() -> None:
    class Small(Addressed):
        def input_size(self, _: tuple[int, int]) -> tuple[int, int]:  # type: ignore[override]
            return (400, 400)

    detector = Windows(Small([]))
    width, height = detector.input_size((24_000, 4000))
    assert height == pytest.approx(400, abs=1)
    assert width == pytest.approx(2400, abs=6)
    assert detector.input_size((1200, 200)) == (1200, 200)  # never enlarged
    assert Windows(Addressed([])).input_size((24_000, 4000)) == (24_000, 4000)


def test_windows_are_part_of_the_version_so_that_stores_keep_them_apart() -> None:
    inner = Addressed([])
    made = [inner, Windows(inner), Windows(inner, 2), Windows(inner, 3)]
    assert len({(one.name, one.version) for one in made}) == 4
    assert made[2].requests((4000, 3000)) == 5


@pytest.mark.parametrize("said", ["1", "17", "-2", "two", "", "2.0", "٣"])
def test_a_number_of_windows_that_cannot_be_is_refused(said: str) -> None:
    with pytest.raises(InputError, match="--windows"):
        windows.number(said)
