"""People stay hidden on pictures of any size, and the bicycles that are taken for people do not."""

import io
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from geobike import schema
from geobike.photos import hiding, thumbnails

Sides = tuple[float, float, float, float]
FIGURE: Sides = (200, 100, 250, 250)  # as tall as a whole person, or a bicycle end on


def boxes(*rows: tuple[str, float, Sides, bool]) -> pd.DataFrame:
    data = [
        {"photo_id": "a.jpg", "model": "m", "label": label, "score": score, "kept": kept}
        | dict(zip(("xmin", "ymin", "xmax", "ymax"), sides, strict=True))
        for label, score, sides, kept in rows
    ]
    return schema.table(schema.DETECTIONS, pd.DataFrame(data))


def hidden(found: pd.DataFrame) -> list[Sides]:
    return hiding.regions(found, ["person", "vehicle"], pd.Series(["a.jpg"])).get("a.jpg", [])


def picture(found: pd.DataFrame, side: int, size: tuple[int, int] = (600, 400)) -> np.ndarray:
    """A photo of noise as the map shows it: every pixel differs from its neighbours."""
    noise = np.random.default_rng(19).integers(0, 256, (size[1], size[0]), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).convert("RGB").save(out, "PNG")
    made = thumbnails.thumbnail(out.getvalue(), anonymize=hidden(found), side=side)
    return np.asarray(Image.open(io.BytesIO(made)).convert("L"), dtype=int)


def cells(line: np.ndarray) -> int:
    """Count the flat parts of a line of pixels; JPEG moves each level a little."""
    return 1 + sum(abs(a - b) > 6 for a, b in pairwise(line.tolist()))


BICYCLE = ("bicycle", 0.6, FIGURE, True)
ROW: Sides = (50, 60, 450, 260)  # a bicycle's box that holds a figure whole


def test_a_bicycle_end_on_that_is_taken_for_a_person_loses_its_top_alone() -> None:
    ((xmin, ymin, xmax, ymax),) = hidden(boxes(BICYCLE, ("person", 0.3, FIGURE, False)))
    assert (xmin, xmax) == (200, 250)
    assert ymin < 100  # what stands over the box, such as hair, too
    assert ymax == 150  # a third of 150


WHOLE = {
    "a sure person before a bicycle": [BICYCLE, ("person", 0.5, FIGURE, False)],
    "a person away from bicycles": [
        ("bicycle", 0.6, (300, 100, 400, 250), True),
        ("person", 0.3, FIGURE, False),
    ],
    "a rider above the bicycle": [
        ("bicycle", 0.6, (180, 180, 270, 260), True),
        ("person", 0.3, FIGURE, False),
    ],
    "a bicycle that is less sure, and not counted": [
        ("bicycle", 0.25, FIGURE, False),
        ("bicycle", 0.8, (300, 100, 400, 250), True),
        ("person", 0.3, FIGURE, False),
    ],
    "a car before a bicycle": [BICYCLE, ("car", 0.3, FIGURE, False)],
    "a person where no bicycle counts": [
        ("bicycle", 0.6, FIGURE, False),
        ("person", 0.3, FIGURE, False),
    ],
}


@pytest.mark.parametrize("case", WHOLE)
def test_who_may_be_a_person_is_hidden_from_head_to_foot(case: str) -> None:
    assert hidden(boxes(*WHOLE[case])) == [FIGURE]


def test_away_from_bicycles_a_person_is_hidden_whom_the_detector_hardly_saw() -> None:
    """So is the head of the sample's one large passer-by who has no surer box."""
    away = (300.0, 100.0, 400.0, 250.0)
    hardly = ("person", 0.16, FIGURE, False)
    assert hidden(boxes(("bicycle", 0.6, away, True), hardly)) == [FIGURE]
    assert hidden(boxes(BICYCLE, hardly)) == []
    assert hidden(boxes(("person", 0.14, FIGURE, False), ("car", 0.19, FIGURE, False))) == []


def test_a_bicycle_that_is_surer_than_the_person_needs_no_count() -> None:
    rows = [
        ("bicycle", 0.4, FIGURE, False),
        ("bicycle", 0.8, (300, 100, 400, 250), True),
        ("person", 0.3, FIGURE, False),
    ]
    assert hidden(boxes(*rows))[0][3] == 150


def test_of_head_and_shoulders_behind_a_rack_no_face_is_left() -> None:
    row = ("bicycle", 0.6, ROW, True)
    (bust,) = hidden(boxes(row, ("person", 0.3, (200, 100, 260, 160), False)))
    assert bust[3] == 160
    (half,) = hidden(boxes(row, ("person", 0.3, (200, 100, 260, 200), False)))
    assert half[3] == 160  # as far down as the box is wide


@pytest.mark.parametrize("side", [120, 240, 600])
def test_a_face_has_too_few_cells_to_tell_it_whatever_the_size_of_the_picture(side: int) -> None:
    """Even if the box holds nothing but a head."""
    scale = side / 600
    head = picture(boxes(("person", 0.9, (200, 100, 300, 230), False)), side)
    across = head[int(165 * scale), int(201 * scale) : int(299 * scale)]
    down = head[int(101 * scale) : int(229 * scale), int(250 * scale)]
    assert cells(across) <= 7  # six, and a cut one at the edge
    assert cells(down) <= 9


def test_a_number_plate_is_too_coarse_to_read() -> None:
    """A letter takes at least three cells across and five down; a plate has six, and gaps."""
    plate = picture(boxes(("license plate", 0.9, (30, 200, 550, 310), False)), 600)
    assert cells(plate[255, 31:549]) <= 16
    assert cells(plate[201:309, 300]) <= 5


def test_below_a_bicycles_top_every_pixel_is_as_in_the_photo() -> None:
    found = boxes(BICYCLE, ("person", 0.3, FIGURE, False))
    shown, plain = picture(found, 600), picture(boxes(BICYCLE), 600)
    assert (shown[176:250, 200:250] == plain[176:250, 200:250]).all()
    assert shown[110:140, 205:245].std() < 20 < plain[110:140, 205:245].std()


def test_boxes_of_many_photos_stay_with_their_photo() -> None:
    here = boxes(BICYCLE, ("person", 0.3, FIGURE, False))
    there = boxes(("person", 0.3, FIGURE, False)).assign(photo_id="b.jpg")
    found = schema.table(schema.DETECTIONS, pd.concat([here, there], ignore_index=True))
    regions = hiding.regions(found, ["person"], pd.Series(["a.jpg", "b.jpg"]))
    assert [regions["a.jpg"][0][3], regions["b.jpg"][0][3]] == [150, 250]


CAR = ("car", 0.9, (300, 150, 400, 250), False)  # with what it grows 285 to 415, 135 to 265


def test_a_counted_bicycle_is_hidden_where_the_picture_shows_less_than_half_of_it() -> None:
    rack = [("bicycle", 0.6, (x, 150, x + 100, 250), True) for x in (190, 205, 225, 245, 300, 440)]
    found = boxes(CAR, *rack)
    shown, plain = picture(found, 600), picture(boxes(*rack), 600)
    changed = np.abs(shown - plain) > 8  # of noise, cells change nearly all
    shares = [changed[150:250, x : x + 100].mean() for _, _, (x, *_), _ in rack]
    assert 0.3 < shares[2] < 0.48  # it is near the line, and most of it is there
    photo = pd.DataFrame({"photo_id": ["a.jpg"], "width": [600]})
    assert hiding.obscured(found, ["vehicle"], photo) == {"a.jpg": sum(s > 0.5 for s in shares)}
    assert hiding.obscured(found, [], photo) == {}


def test_two_people_together_hide_a_bicycle_that_neither_hides() -> None:
    people = [("person", 0.9, (x, 100, x + 30, 300), False) for x in (200, 270)]
    bicycle = ("bicycle", 0.6, (200, 150, 300, 250), True)
    photo = pd.DataFrame({"photo_id": ["a.jpg"], "width": [600]})
    assert hiding.obscured(boxes(bicycle, people[0]), ["person"], photo) == {}
    assert hiding.obscured(boxes(bicycle, *people), ["person"], photo) == {"a.jpg": 1}


def test_a_bicycle_over_the_seam_of_a_panorama_is_hidden_from_both_sides() -> None:
    bicycle = ("bicycle", 0.6, (560, 150, 640, 250), True)  # 40 pixels on each side of the seam
    ends = [("car", 0.9, (x, 150, x + 40, 250), False) for x in (0, 560)]
    photo = pd.DataFrame({"photo_id": ["a.jpg"], "width": [600]})
    assert hiding.obscured(boxes(bicycle, *ends), ["vehicle"], photo) == {"a.jpg": 1}
    unknown = pd.DataFrame({"photo_id": ["a.jpg"], "width": pd.array([pd.NA], "Int64")})
    assert hiding.obscured(boxes(CAR, bicycle), ["vehicle"], unknown) == {}
