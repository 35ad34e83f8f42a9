import warnings

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geobike import schema
from geobike.detections import filtering
from geobike.detectors import suppression
from geobike.errors import GeobikeWarning, InputError, SchemaError

# The published answer of facebook/detr-resnet-50 to the tutorial's reference photo: eight boxes
# that say bicycle, where six bicycles stand.
REFERENCE = [
    (0.6459, 72, 256, 274, 533),
    (0.9968, 333, 216, 522, 531),
    (0.9548, 695, 227, 813, 507),
    (0.9958, 175, 220, 356, 540),
    (0.9895, 73, 255, 226, 529),
    (0.9444, 574, 211, 711, 523),
    (0.8902, 443, 232, 579, 492),
    (0.9558, 576, 211, 797, 523),
]


def frame(
    rows: list, label: str | list[str] = "bicycle", photo_id: str | list[str] = "a.jpg"
) -> pd.DataFrame:
    columns = ["score", "xmin", "ymin", "xmax", "ymax"]
    data = pd.DataFrame(rows, columns=columns)
    return schema.table(schema.DETECTIONS, data.assign(label=label, photo_id=photo_id, model="m"))


def test_the_reference_photo_has_eight_boxes_and_six_bicycles() -> None:
    judged = filtering.filter_detections(frame(REFERENCE), labels=["bicycle"])
    assert len(judged) == 8
    assert judged["kept"].sum() == 6
    assert judged.loc[~judged["kept"], "dropped_by"].tolist() == ["duplicate", "duplicate"]
    assert judged.loc[~judged["kept"], "score"].tolist() == [0.6459, 0.9444]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ((np.nan, 0, 0, 1, 1), "row 1 .* has a score of nan"),
        ((7, 0, 0, 1, 1), "row 1 .* has a score of 7, not from 0 to 1"),
        ((0.9, 0, 0, np.inf, 1), "row 1 .* has corners that are not pixels in order"),
        ((0.9, 5, 0, 1, 1), "row 1 .* has corners that are not pixels in order"),
    ],
)
def test_a_frame_with_a_box_that_is_none_is_refused_not_counted_without_it(
    row: tuple[float, ...], said: str
) -> None:
    with pytest.raises(SchemaError, match=said):
        filtering.filter_detections(frame([REFERENCE[0], row]), labels=["bicycle"])
    unlabelled = frame([REFERENCE[0], row], label=["bicycle", None])
    assert filtering.filter_detections(unlabelled, labels=["bicycle"])["kept"].tolist() == [
        True,
        False,
    ]


def test_each_box_says_which_rule_dropped_it() -> None:
    rows = [(0.9, 0, 0, 10, 10), (0.8, 1, 0, 11, 10), (0.5, 50, 50, 60, 60), (0.9, 90, 90, 99, 99)]
    judged = filtering.filter_detections(
        frame(rows, label=["bicycle"] * 3 + ["car"]), labels=["bicycle"]
    )
    assert judged["dropped_by"].isna().tolist() == [True, False, False, False]
    assert judged["dropped_by"].tolist()[1:] == ["duplicate", "threshold", "label"]


def test_a_threshold_is_strict_as_the_hosted_service_has_it() -> None:
    judged = filtering.filter_detections(
        frame([(0.5, 0, 0, 2, 2), (0.500001, 5, 5, 7, 7)]), labels=["bicycle"]
    )
    assert judged["kept"].tolist() == [False, True]


def test_boxes_that_overlap_by_just_the_limit_are_two() -> None:
    half = [(0.9, 0, 0, 10, 10), (0.8, 0, 0, 10, 5)]
    assert filtering.filter_detections(frame(half), labels=["bicycle"], max_overlap=0.5)[
        "kept"
    ].all()
    assert (
        filtering.filter_detections(frame(half), labels=["bicycle"], max_overlap=0.49)["kept"].sum()
        == 1
    )


def test_labels_are_names_whatever_their_case_and_may_be_several() -> None:
    rows = [(0.9, 0, 0, 10, 10), (0.9, 0, 0, 10, 10), (0.9, 0, 0, 10, 10)]
    judged = filtering.filter_detections(
        frame(rows, label=["Bicycle", "motorcycle", "car"]), labels=["bicycle", "MOTORCYCLE"]
    )
    assert judged["kept"].tolist() == [True, True, False]  # different labels do not suppress


def test_photos_do_not_suppress_each_other() -> None:
    rows = [(0.9, 0, 0, 10, 10), (0.8, 0, 0, 10, 10)]
    judged = filtering.filter_detections(
        frame(rows, photo_id=["a.jpg", "b.jpg"]), labels=["bicycle"]
    )
    assert judged["kept"].all()


def test_a_suppressed_box_suppresses_nothing() -> None:
    # The second overlaps the first and the third; the third overlaps only the second.
    rows = [(0.9, 0, 0, 10, 10), (0.8, 3, 0, 13, 10), (0.7, 6, 0, 16, 10)]
    assert filtering.filter_detections(frame(rows), labels=["bicycle"])["kept"].tolist() == [
        True,
        False,
        True,
    ]


def test_a_label_that_no_box_has_is_reported_with_those_there_are() -> None:
    with pytest.warns(GeobikeWarning, match="no box at all is labelled 'bike'; there are: bicycle"):
        judged = filtering.filter_detections(frame(REFERENCE), labels=["bicycle", "bike"])
    assert judged["kept"].sum() == 6


def test_labels_whose_boxes_were_taken_out_are_not_there() -> None:
    found = frame(REFERENCE, label=["car", "person", "bicycle", "bus"] * 2)
    with pytest.warns(GeobikeWarning, match="labelled 'bicycle'; there are: car, person, bus"):
        filtering.filter_detections(found[found["label"] != "bicycle"], labels=["bicycle", "car"])


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
@pytest.mark.parametrize(
    ("there", "wanted"), [("bicycle", "bike"), ("bicycle", "fiets"), ("fiets", "bicycle")]
)
def test_a_label_that_is_spelt_otherwise_makes_no_map_of_zeros(there: str, wanted: str) -> None:
    with pytest.raises(InputError, match=f"no box at all is labelled '{wanted}'.* one of {there}"):
        filtering.filter_detections(frame(REFERENCE, label=there), labels=[wanted])


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_a_street_of_cars_without_a_bicycle_has_none() -> None:
    found = frame(REFERENCE, label=["car", "person", "N/A", "bus"] * 2)
    assert not filtering.filter_detections(found, labels=["bicycle"])["kept"].any()


def test_frames_with_plain_text_are_filtered_in_the_same_way() -> None:
    found = frame(REFERENCE, label=["bicycle", "car"] * 4, photo_id=["a.jpg"] * 4 + ["b.jpg"] * 4)
    plain = found.astype(dict.fromkeys(("photo_id", "label", "model", "dropped_by"), "str"))
    kept = filtering.filter_detections(found, labels=["bicycle"])["kept"].tolist()
    assert filtering.filter_detections(plain, labels=["bicycle"])["kept"].tolist() == kept
    both = pd.concat([found.iloc[:4], plain.iloc[4:]])
    assert filtering.filter_detections(both, labels=["bicycle"])["kept"].tolist() == kept


def test_numbers_for_names_are_refused_with_what_makes_text_of_them() -> None:
    found = frame(REFERENCE)
    found["photo_id"] = pd.Series(7, index=found.index).astype("category")
    with pytest.raises(SchemaError, match=r"'photo_id' .* not str; convert it with .astype\('str'"):
        filtering.filter_detections(found, labels=["bicycle"])
    assert (
        filtering.filter_detections(found.astype({"photo_id": "str"}), labels=["bicycle"])[
            "kept"
        ].sum()
        == 6
    )


@pytest.mark.parametrize("threshold", [0.0, 1.0, float("nan")])
def test_a_senseless_threshold_is_refused(threshold: float) -> None:
    with pytest.raises(InputError, match=r"threshold .* is not from 0\.05 to below 1"):
        filtering.filter_detections(frame(REFERENCE), labels=["bicycle"], threshold=threshold)


def test_a_box_without_a_label_does_not_count() -> None:
    found = frame(REFERENCE[:2], label=["bicycle", None])
    assert filtering.filter_detections(found, labels=["bicycle"])["kept"].tolist() == [True, False]


def test_no_detection_at_all_is_no_problem() -> None:
    assert (
        len(filtering.filter_detections(schema.table(schema.DETECTIONS, {}), labels=["bicycle"]))
        == 0
    )


side = st.floats(0, 100, allow_nan=False, width=32)
one_box = st.tuples(side, side, st.floats(0, 60, width=32), st.floats(0, 60, width=32)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)


@settings(max_examples=100, deadline=None)
@given(one_box, one_box)
def test_overlap_is_what_polygons_say(one: tuple, other: tuple) -> None:
    a, b = shapely.box(*one), shapely.box(*other)
    ours = suppression.intersection_over_union(np.array([one]), np.array([other]))[0]
    united = a.union(b).area
    assert ours == pytest.approx(a.intersection(b).area / united if united else 0, abs=1e-6)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"), st.sampled_from(["bicycle", "car"]), st.integers(51, 99), one_box
        ),
        max_size=25,
    )
)
def test_all_photos_at_once_give_what_one_box_at_a_time_gives(found: list) -> None:
    # Away from the corner: boxes from 0 to 1 are refused, for they are no pixels.
    found = [(*rest, tuple(side + 10 for side in box)) for *rest, box in found]
    rows = [(score / 100, *box) for _, _, score, box in found]
    given_frame = frame(rows, label=[f[1] for f in found], photo_id=[f[0] for f in found])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GeobikeWarning)  # of a label that this example lacks
        ours = filtering.filter_detections(given_frame, labels=["bicycle", "car"])["kept"].tolist()

    # The textbook's greedy loop, over polygons.
    kept: list[int] = []
    for i in sorted(range(len(found)), key=lambda i: -found[i][2]):
        rivals = [k for k in kept if found[k][:2] == found[i][:2]]
        if all(overlap(found[i][3], found[k][3]) <= 0.5 for k in rivals):
            kept.append(i)
    assert ours == [i in kept for i in range(len(found))]


def overlap(one: tuple, other: tuple) -> float:
    a, b = shapely.box(*one), shapely.box(*other)
    united = a.area + b.area - a.intersection(b).area
    return a.intersection(b).area / united if united > 0 else 0.0
