"""Panoramas against the geometry of space: vectors and matrices, not the formulas of the code."""

import math

import numpy as np
import pytest
from PIL import Image

from geobike.detectors.protocol import Box, Detection
from geobike.detectors.sphere import Sphere, View, cut, to_panorama
from geobike.detectors.views import Views
from tests.support.seeing import Red

WIDE, HIGH = 1440, 720
SPHERE = Sphere.of((WIDE, HIGH))


def direction(column: float, row: float) -> np.ndarray:
    """Return the unit vector (east, north, up) of a place in the panorama, its middle north."""
    bearing = (column - WIDE / 2) / WIDE * 2 * math.pi
    up = (HIGH / 2 - row) / HIGH * math.pi
    flat = math.cos(up)
    return np.array([flat * math.sin(bearing), flat * math.cos(bearing), math.sin(up)])


def seen(view: View, vector: np.ndarray) -> tuple[float, float]:
    """Return where a pinhole camera, turned by a matrix, shows a direction."""
    turn = (view.middle - WIDE / 2) / WIDE * 2 * math.pi
    c, s = math.cos(turn), math.sin(turn)
    right, ahead, up = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ vector
    focal = view.side / 2 / math.tan(view.half)
    return view.side / 2 + focal * right / ahead, view.side / 2 - focal * up / ahead


@pytest.mark.parametrize("middle", [0.0, 333.0, 720.0, 1439.0])
def test_a_view_shows_what_a_camera_would(middle: float) -> None:
    """Each pixel says its direction, in colours that vary smoothly all around."""
    vectors = np.array([[direction(x + 0.5, y + 0.5) for x in range(WIDE)] for y in range(HIGH)])
    image = Image.fromarray(np.rint(127.5 + 127 * vectors).astype(np.uint8))
    view = View(middle, math.radians(35), 101)
    pixels = np.asarray(cut(image, SPHERE, view)).astype(float)
    shown = (pixels - 127.5) / 127
    for row in range(0, 101, 10):
        for column in range(0, 101, 10):
            vector = shown[row, column] / np.linalg.norm(shown[row, column])
            x, y = seen(view, vector)
            assert (x, y) == pytest.approx((column + 0.5, row + 0.5), abs=1.0)


@pytest.mark.parametrize("middle", [10.0, 500.0, 1400.0])
def test_boxes_of_a_view_are_where_the_panorama_shows_the_same(middle: float) -> None:
    view = View(middle, math.radians(30), 400)
    for column in np.linspace(middle - 100, middle + 100, 9):
        for row in (300.0, 360.0, 420.0):
            x, y = seen(view, direction(column, row))
            back = to_panorama(Box(x, y, x, y), SPHERE, view)
            assert (back.xmin, back.ymin) == pytest.approx((column, row), abs=1e-6)


def test_poles_are_shown_without_a_hole() -> None:
    image = Image.new("RGB", (WIDE, HIGH), (10, 200, 30))
    view = View(0.0, math.radians(89), 64)
    assert (np.asarray(cut(image, SPHERE, view)) == (10, 200, 30)).all()


def panorama(*things: tuple[int, int]) -> Image.Image:
    """Return a panorama with red things 30 pixels wide, right of a column, over the seam too."""
    pixels = np.zeros((HIGH, WIDE, 3), dtype=np.uint8)
    for column, row in things:
        pixels[row : row + 20, np.arange(column, column + 30) % WIDE] = (255, 0, 0)
    return Image.fromarray(pixels)


@pytest.mark.parametrize("column", [0, 5, 77, 160, 715, 1400, 1411, 1425, 1439])
def test_a_bicycle_counts_once_in_every_direction_the_seam_included(column: int) -> None:
    [found] = Views(Red()).detect(panorama((column, 380)))
    assert found.box == pytest.approx((column, 380, column + 30, 400), abs=3)
    assert 0 <= found.box.xmin < WIDE


def test_duplicates_at_the_seam_overlap_as_they_do_elsewhere() -> None:
    """Two boxes of one view for one bicycle, of which one ends just before the seam."""

    class Twice(Red):
        def detect(self, image: Image.Image) -> list[Detection]:
            found = super().detect(image)
            return found + [
                Detection(one.label, 0.5, one.box._replace(xmin=one.box.xmin + 6)) for one in found
            ]

    for column in (700, WIDE - 3):
        first, second = Views(Twice()).detect(panorama((column, 380)))
        assert 0 < second.box.xmin - first.box.xmin < 12
        assert second.box.xmax == pytest.approx(first.box.xmax)


def test_bicycles_on_both_sides_of_the_seam_are_two() -> None:
    found = Views(Red()).detect(panorama((1405, 380), (5, 380)))
    assert sorted(round(one.box.xmin) for one in found) == pytest.approx([5, 1405], abs=3)


def test_a_part_of_a_panorama_is_looked_at_to_its_edges() -> None:
    """The 120 degrees from column 600 to 1080, and from row 200 to 500."""
    image = panorama((604, 380), (840, 380), (1046, 380)).crop((600, 200, 1080, 500))
    detector = Views(Red()).on(Sphere(WIDE, HIGH / 2 - 200, 480))
    found = sorted(one.box for one in detector.detect(image))
    expected = [(4, 180, 34, 200), (240, 180, 270, 200), (446, 180, 476, 200)]
    assert [tuple(box) for box in found] == [pytest.approx(one, abs=3) for one in expected]
    assert detector.requests(image.size) == 4


def test_a_large_panorama_is_read_no_larger_than_views_need() -> None:
    class Small(Red):
        def input_size(self, _: tuple[int, int]) -> tuple[int, int]:  # type: ignore[override]
            return (416, 416)

    width, height = Views(Small()).input_size((16_000, 8000))
    assert width == pytest.approx(2 * height, abs=1)
    # A view of 60 degrees, 416 pixels across, has 360 pixels for a radian in its middle.
    assert width / (2 * math.pi) == pytest.approx(1.5 * 208 / math.tan(math.radians(30)), rel=0.01)
    assert Views(Red()).input_size((16_000, 8000))[0] < 16_000
    assert Views(Small()).input_size((1440, 720)) == (1440, 720)
