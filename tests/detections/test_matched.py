import warnings
from pathlib import Path

import pandas as pd
import pytest

from geobike import schema
from geobike.detections import imported, matched
from geobike.errors import GeobikeWarning, InputError
from geobike.positions import manifest
from tests.support.box_tables import HEADER, read
from tests.support.making import photos_frame


def test_a_table_with_a_header_alone_is_not_a_survey_without_bicycles(boxes: Path) -> None:
    photos = photos_frame({"a.jpg": (4, 52)})
    with pytest.raises(InputError, match="has no rows, so that it says of no photo"):
        matched.apply(read(boxes, ""), photos)
    known, found = matched.apply(read(boxes, "a.jpg,,,,,,\n"), photos)
    assert (known["status"].isna().tolist(), len(found)) == ([True], 0)


def test_boxes_go_to_the_photos_that_their_names_mean(boxes: Path) -> None:
    photos = photos_frame({"x/a.jpg": (4, 52), "x/b.jpg": (4, 52), "x/c.jpg": None})
    photos["status"] = pd.Series([None, schema.OUTSIDE, schema.FAILED], dtype="str")
    rows = "a.jpg,bicycle,1,0,0,9,9\nx/b.jpg,bicycle,1,0,0,9,9\nc.jpg,bicycle,1,0,0,9,9\n"
    found = read(boxes, rows + "gone.jpg,bicycle,1,0,0,9,9\n")
    with (
        pytest.warns(GeobikeWarning, match=r"photos that are not there: gone\.jpg"),
        pytest.warns(GeobikeWarning, match=r"2 names .*: a\.jpg for x/a\.jpg, c\.jpg for x/c\.jpg"),
    ):
        _, applied = matched.apply(found, photos)
    assert applied["photo_id"].tolist() == ["x/a.jpg", "x/b.jpg"]


def test_boxes_of_two_photos_are_not_added_up_on_one(boxes: Path) -> None:
    photos = photos_frame({"a.jpg": (4, 52), "b.jpg": (4, 52)})
    found = read(boxes, "d1/a.jpg,bicycle,1,0,0,9,9\nd2/a.jpg,bicycle,1,0,0,9,9\n")
    with pytest.raises(InputError, match=r"d1/a\.jpg and d2/a\.jpg all match the photo a\.jpg"):
        matched.apply(found, photos)


def test_a_date_before_a_name_is_not_taken_for_a_prefix_of_label_studio(boxes: Path) -> None:
    photos = photos_frame({"0001.jpg": (4, 52), "0002.jpg": (4, 52)})
    rows = "20240612-0001.jpg,bicycle,1,0,0,9,9\ncb0618f6-0002.jpg,bicycle,1,0,0,9,9\n"
    with pytest.warns(GeobikeWarning, match=r"not there: 20240612-0001\.jpg"):
        _, applied = matched.apply(read(boxes, rows), photos)
    assert applied["photo_id"].tolist() == ["0002.jpg"]


def test_boxes_of_another_survey_do_not_make_a_map_of_zeros(boxes: Path) -> None:
    found = read(boxes, "x.jpg,bicycle,1,0,0,9,9\ny.jpg,,,,,,\n")
    with pytest.raises(InputError, match=r"none of their 2 names .* 'x\.jpg'"):
        matched.apply(found, photos_frame({"a.jpg": (4, 52)}))


def test_it_is_said_how_many_photos_no_detector_may_have_seen(
    boxes: Path, recwarn: pytest.WarningsRecorder
) -> None:
    photos = photos_frame({"a.jpg": (4, 52), "b.jpg": (4, 52)})
    with pytest.warns(GeobikeWarning, match="1 photo has no row in the detections"):
        matched.apply(read(boxes, "a.jpg,bicycle,1,0,0,9,9\n"), photos)
    # A row without a label says that there was nothing to find.
    _, applied = matched.apply(read(boxes, "a.jpg,bicycle,1,0,0,9,9\nb.jpg,,,,,,\n"), photos)
    assert len(applied) == 1
    assert not recwarn.list


@pytest.mark.parametrize(
    ("columns", "cells", "said"),
    [
        (",kept,dropped_by", ",True,", []),  # a survey's own table
        ("", "", ["2 photos have no row in the detections"]),
    ],
)
def test_the_manifest_of_a_survey_says_what_was_processed_for_its_own_table_alone(
    boxes: Path, columns: str, cells: str, said: list[str]
) -> None:
    listed = boxes.with_name("photos.csv")
    listed.write_text("file,lat,lon,status\n" + "".join(f"{n}.jpg,52,4,counted\n" for n in "abc"))
    boxes.write_text(f"{HEADER.strip()}{columns}\na.jpg,bicycle,0.9,0,0,9,9{cells}\n")
    found, own = imported.load(boxes)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        matched.apply(found, manifest.photos(manifest.read(listed)), own=own)
    assert [str(one.message).partition(",")[0] for one in told] == said


def test_a_photo_whose_rows_were_taken_out_has_no_row(boxes: Path) -> None:
    found = read(boxes, "a.jpg,bicycle,0.9,0,0,9,9\nb.jpg,car,0.9,0,0,9,9\n")
    photos = photos_frame({"a.jpg": (4.0, 52.0), "b.jpg": (4.0, 52.0)}).assign(never_processed=True)
    marked, _ = matched.apply(found[found["photo_id"] != "a.jpg"], photos)
    assert marked["status"].fillna("").tolist() == ["failed", ""]


def test_a_box_over_the_seam_of_a_panorama_is_read_again(boxes: Path) -> None:
    row = "{}.jpg,bicycle,0.9,900,100,1300,300,{}\n"
    boxes.write_text(
        HEADER.rstrip() + ",model\n" + row.format("a", '"detr (views 60 every 40, rules 1)"')
    )
    photos = photos_frame({"a.jpg": (4, 52)})
    photos = photos.assign(width=1000, height=500).astype({"width": "Int64", "height": "Int64"})
    assert len(matched.apply(imported.read(boxes), photos)[1]) == 1
    boxes.write_text(HEADER.rstrip() + ",model\n" + row.format("a", "detr"))
    with pytest.raises(InputError, match="far beyond their photo"):
        matched.apply(imported.read(boxes), photos)
