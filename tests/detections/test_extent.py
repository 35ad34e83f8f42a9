"""Recorded boxes that are not in upright pixels of their photos."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import geobike
from geobike.detections import extent, imported, matched
from geobike.detectors.protocol import Box, Detection
from geobike.errors import GeobikeWarning, InputError
from tests.support.making import handed, photo, photos_frame, squares

HEADER = "file,label,score,xmin,ymin,xmax,ymax\n"
WIDTH, HEIGHT = 800, 600

# Three boxes in pixels of photos of 800 x 600, counted out by hand.
PIXELS = [(8, 12, 160, 300), (400, 300, 600, 450), (240, 60, 784, 588)]


def table(path: Path, boxes: np.ndarray | list) -> pd.DataFrame:
    """Write and read boxes, one per photo."""
    rows = [f"{n}.jpg,person,0.9,{','.join(map(str, box))}\n" for n, box in enumerate(boxes)]
    (path / "boxes.csv").write_text(HEADER + "".join(rows))
    return imported.read(path / "boxes.csv")


def photos(
    number: int = 3, *, size: tuple[int | None, int | None] = (WIDTH, HEIGHT)
) -> gpd.GeoDataFrame:
    frame = photos_frame({f"{n}.jpg": (4.0, 52.0) for n in range(number)})
    frame["width"] = pd.array([size[0]] * number, dtype="Int64")
    frame["height"] = pd.array([size[1]] * number, dtype="Int64")
    return frame


def apply(path: Path, boxes: np.ndarray | list, **options: tuple[int | None, int | None]) -> None:
    matched.apply(table(path, boxes), photos(len(boxes), **options))


SHARES = np.array(PIXELS) / [WIDTH, HEIGHT, WIDTH, HEIGHT]


@pytest.mark.parametrize("size", [(WIDTH, HEIGHT), (None, None)])
def test_boxes_from_0_to_1_are_refused_with_what_to_multiply_by(
    tmp_path: Path, size: tuple[int | None, int | None]
) -> None:
    with pytest.raises(InputError, match=r"3 of 3 boxes are from 0 to 1.*xmin 0\.01.*normalized"):
        apply(tmp_path, SHARES, size=size)


def test_boxes_of_which_a_part_is_from_0_to_1_are_refused_too(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="1 of 3 boxes are from 0 to 1"):
        apply(tmp_path, [*PIXELS[:2], tuple(SHARES[2])])


@pytest.mark.parametrize("size", [(WIDTH, HEIGHT), (None, None)])
def test_boxes_in_percent_are_refused_with_what_to_multiply_by(
    tmp_path: Path, size: tuple[int | None, int | None]
) -> None:
    with pytest.raises(InputError, match=r"corners of all 3 boxes are from 0 to 100.*in percent"):
        apply(tmp_path, SHARES * 99.9, size=size)


def test_boxes_in_pixels_pass_whether_or_not_the_photos_are_at_hand(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    apply(tmp_path, PIXELS)
    apply(tmp_path, PIXELS, size=(None, None))
    apply(tmp_path, [(10, 10, 60, 60), (0, 0, 9, 9)], size=(None, None))  # few, and whole numbers
    apply(tmp_path, [(1.5, 2, 60.25, 63), (1, 1, 64, 48)], size=(64, 64))  # a small photo
    assert not recwarn.list


def test_boxes_that_extend_beyond_the_photo_by_a_few_pixels_are_reported(tmp_path: Path) -> None:
    with pytest.warns(
        GeobikeWarning, match=r"1 box extends slightly .* ymax 606 on 1\.jpg \(800 x 600 pixels\)"
    ):
        apply(tmp_path, [*PIXELS[:1], (-9, 0, 90, 606), (0, 0, 800.5, 600)])


def test_boxes_of_the_unrotated_photo_are_recognized(tmp_path: Path) -> None:
    # EXIF orientation 6: stored 800 x 600, upright 600 x 800.
    with pytest.raises(
        InputError, match=r"1 of 3 boxes extends far .*on 2\.jpg \(600 x 800 .*rotated by 90"
    ):
        apply(tmp_path, PIXELS, size=(HEIGHT, WIDTH))


def test_boxes_of_a_larger_copy_are_recognized_with_its_scale(tmp_path: Path) -> None:
    # The farthest corner of PIXELS is at 784 of 800 and 588 of 600, or 0.98.
    with pytest.raises(InputError, match=r"far beyond .* fit when scaled by 0\.255 or less"):
        apply(tmp_path, np.array(PIXELS) * 4)


def test_boxes_far_left_of_the_photo_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"1 of 1 boxes extends far beyond .*; give boxes in"):
        apply(tmp_path, [(-300, 0, 90, 90)])


def test_x_y_width_height_under_the_names_of_corners_are_reported(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"in order.*width and height, give x_max as x_min \+ width"
    ):
        table(tmp_path, [(8, 12, 152, 288), (400, 300, 200, 150)])


def test_boxes_of_a_smaller_copy_are_reported_and_their_photos_have_no_picture(
    tmp_path: Path,
) -> None:
    quarter = np.array(PIXELS * 4) / 4
    given = photos(len(quarter) + 1)
    with (
        pytest.warns(GeobikeWarning, match="all 12 boxes are centred in the upper left quarter"),
        pytest.warns(GeobikeWarning, match="1 photo has no row"),
    ):
        known, found = matched.apply(table(tmp_path, quarter), given)
    assert extent.anonymizable(found, known)["photo_id"].tolist() == ["12.jpg"]
    assert len(extent.anonymizable(found.iloc[:3], known)) == 13  # by chance, perhaps


def test_a_survey_shows_no_picture_if_its_people_may_not_be_in_the_boxes(tmp_path: Path) -> None:
    for number in range(12):
        photo(tmp_path / "photos" / f"{number}.jpg", lon_lat=(4.005, 52.005), size=(320, 240))
    areas = squares(tmp_path / "areas.geojson", ["west"])

    def pictures(boxes: np.ndarray) -> tuple[int, bool]:
        table(tmp_path, boxes)
        plan = geobike.Survey(
            photos=tmp_path / "photos",
            areas=areas,
            detections=tmp_path / "boxes.csv",
            labels=("person",),
            page=geobike.PageOptions(show_vehicles=True),  # the table knows none
        )
        result = geobike.run(plan)
        shown = result.map().get_root().render().count("data:image/jpeg;base64,/")
        return shown, any("upper left quarter" in warning for warning in result.warnings)

    upright = np.array(PIXELS * 4) * 0.4
    assert pictures(upright) == (12, False)
    assert pictures(upright / 2) == (0, True)


@pytest.mark.parametrize(
    ("name", "said"), [("boxes-normalised.csv", "normalized"), ("boxes-beyond-photo.csv", "far")]
)
@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_the_handed_tables_in_another_frame_are_refused(
    tmp_path: Path, shared: Path, name: str, said: str
) -> None:
    for one in ("p0.jpg", "p1.jpg"):
        (tmp_path / one).write_bytes(handed(shared, one).read_bytes())
    (tmp_path / "manifest.csv").write_text(
        "file,lat,lon\np0.jpg,52.005,4.005\np1.jpg,52.005,4.005\n"
    )
    plan = geobike.Survey(
        photos=tmp_path,
        manifest=tmp_path / "manifest.csv",
        areas=squares(tmp_path / "areas.geojson", ["west"]),
        detections=handed(shared, name),
    )
    with pytest.raises(InputError, match=said):
        geobike.run(plan)


SHARES_TABLE = "normalized. Multiply x_min"


def test_boxes_from_0_to_1_are_refused_wherever_they_come_in(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=SHARES_TABLE):
        table(tmp_path, SHARES)  # geobike.read_detections alone, without a survey
    frame = table(tmp_path, PIXELS)
    frame[["xmin", "ymin", "xmax", "ymax"]] = SHARES
    with pytest.raises(InputError, match=SHARES_TABLE):
        geobike.filter_detections(frame, labels=["person"])


@pytest.mark.parametrize(("number", "score"), [(1, 0.06), (9, 0.06), (10, 0.06), (1, 0.3)])
def test_a_few_faint_specks_do_not_refuse_a_table_and_many_or_a_sure_one_do(
    tmp_path: Path, number: int, score: float
) -> None:
    path = tmp_path / "boxes.csv"
    rows = "".join(f"{n}.jpg,bicycle,{score},0.1,0.2,0.5,0.9\n" for n in range(number))
    path.write_text("file,label,score,x_min,y_min,x_max,y_max\n" + rows)
    if number < 10 and score < 0.1:
        assert len(geobike.read_detections(path)) == number
        return
    with pytest.raises(InputError, match=SHARES_TABLE):
        geobike.read_detections(path)


@pytest.mark.parametrize("store", ["store.sqlite", "shards"])
def test_a_survey_whose_only_box_is_a_faint_speck_counts_nothing_and_can_be_read_again(
    tmp_path: Path, store: str
) -> None:
    if store == "shards":
        pytest.importorskip("pyarrow", reason="needs the extra `parquet`")
    photo(tmp_path / "photos" / "a.jpg", lon_lat=(4.005, 52.005), size=(400, 300))
    areas = squares(tmp_path / "areas.geojson", ["west"])
    plan = geobike.Survey(photos=tmp_path / "photos", areas=areas, detector=Speck())
    first = geobike.run(plan, store=tmp_path / store)
    assert first.photos["bicycle_count"].tolist() == [0]
    first.write(tmp_path / "out")
    again = geobike.run(
        geobike.Survey(
            manifest=tmp_path / "out" / "photos.geojson",
            detections=tmp_path / "out" / "detections.csv",
            areas=areas,
        )
    )
    assert again.photos["bicycle_count"].tolist() == [0]


class Speck:
    """A detector of one's own that sees next to nothing."""

    name, version = "speck", "1"

    def detect(self, image: Image.Image) -> list[Detection]:  # noqa: ARG002 - as others
        return [Detection("bicycle", 0.06, Box(0.1, 0.2, 0.5, 0.75))]


class InShares:
    """A detector of one's own that answers in shares of the photo."""

    name, version = "shares", "1"

    def detect(self, image: Image.Image) -> list[Detection]:  # noqa: ARG002 - as others
        return [Detection("bicycle", 0.9, Box(0.1, 0.2, 0.5, 0.75))]


@pytest.mark.parametrize("store", ["store.sqlite", "shards"])
def test_boxes_from_0_to_1_of_a_detector_are_refused_also_out_of_the_store(
    tmp_path: Path, store: str
) -> None:
    if store == "shards":
        pytest.importorskip("pyarrow", reason="needs the extra `parquet`")
    photo(tmp_path / "photos" / "a.jpg", lon_lat=(4.005, 52.005))
    plan = geobike.Survey(
        photos=tmp_path / "photos",
        areas=squares(tmp_path / "areas.geojson", ["west"]),
        detector=InShares(),
    )
    for _ in range(2):  # the second time its answers come out of the store
        with pytest.raises(InputError, match=SHARES_TABLE):
            geobike.run(plan, store=tmp_path / store)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(*[st.floats(0.01, 0.45)] * 2, *[st.floats(0.6, 1)] * 2), min_size=3, max_size=30
    ),
    st.sampled_from([(800, 600), (600, 800), (4032, 3024), (200, 200)]),
)
def test_boxes_in_every_other_frame_are_refused_and_in_pixels_they_pass(
    shares: list[tuple[float, float, float, float]], size: tuple[int, int]
) -> None:
    given_ = np.array(shares)
    known = photos(len(given_), size=size)
    names = pd.Categorical([f"{n}.jpg" for n in range(len(given_))])

    def frame(sides: np.ndarray) -> pd.DataFrame:
        corners = dict(zip(["xmin", "ymin", "xmax", "ymax"], sides.T, strict=True))
        return pd.DataFrame({"photo_id": names, "label": "person", "score": 0.9, **corners})

    pixels = given_ * [*size, *size]
    extent.check(frame(pixels), known)  # the boxes reach over the middle: no quarter
    for wrong in (given_, given_ * 100, pixels * 2.5):
        with pytest.raises(InputError, match=r"normalized|percent|far beyond"):
            extent.check(frame(wrong), known)


def test_boxes_that_begin_before_a_photo_of_unknown_size_are_reported(tmp_path: Path) -> None:
    boxes = [(-40, -10, 300, 200), *PIXELS[1:]]
    with pytest.warns(GeobikeWarning, match=r"1 box begins left.*xmin -40.*0\.jpg \(size not"):
        apply(tmp_path, boxes, size=(None, None))
