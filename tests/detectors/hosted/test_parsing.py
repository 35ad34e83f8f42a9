"""No JSON, however odd, becomes anything but detections inside the picture or a refusal."""

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geobike.detectors.hosted.parsing import parse_classifications, parse_detections
from geobike.detectors.hosted.responses import InvalidResponse, Response, decoded_body, parse_json

numbers = st.integers() | st.floats(allow_nan=True) | st.floats(-2000, 2000) | st.floats(0, 1)
odd = st.none() | st.booleans() | numbers | st.text(max_size=5)
boxes = st.fixed_dictionaries(dict.fromkeys(("xmin", "ymin", "xmax", "ymax"), numbers))
things = st.fixed_dictionaries(
    {"label": st.text(max_size=20) | odd, "score": st.floats(0, 1) | odd, "box": boxes | odd}
)
answers = st.recursive(
    st.lists(things, max_size=4) | odd,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just("results"), inner),
)


@given(answers)
def test_detections_lie_in_the_picture(data: Any) -> None:
    try:
        found = parse_detections(
            parse_json(json.dumps(data).encode()), sent=(1333, 1000), original=(4000, 3000)
        )
    except InvalidResponse:
        return
    for one in found:
        assert one.label == one.label.strip()
        assert one.label.isprintable()
        assert 0.05 < one.score <= 1
        assert 0 <= one.box.xmin < one.box.xmax <= 4000
        assert 0 <= one.box.ymin < one.box.ymax <= 3000
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"score": 1.5}, "a score is 1.5"),
        ({"score": -0.5}, "a score is -0.5"),
        ({"score": True}, "score is missing or not a number"),
        ({"score": 10**400}, "score is out of range"),
        ({"label": "\ud800"}, "a label is missing, empty"),
        ({"box": {"xmin": 30, "ymin": 0, "xmax": 10, "ymax": 9}}, "in the wrong order"),
        ({"box": {"xmin": 0, "ymin": 9, "xmax": 10, "ymax": 8}}, "in the wrong order"),
    ],
)
def test_one_object_that_is_none_refuses_the_whole_answer(
    changed: dict[str, Any], said: str
) -> None:
    right = {"label": "bicycle", "score": 0.9}
    right["box"] = {"xmin": 0, "ymin": 0, "xmax": 10, "ymax": 9}
    sizes = {"sent": (1333, 1000), "original": (4000, 3000)}
    assert len(parse_detections([right, right], **sizes)) == 2
    with pytest.raises(InvalidResponse, match=said):
        parse_detections([right, right | changed], **sizes)


def test_boxes_from_0_to_1_are_not_specks_in_a_corner() -> None:
    one = {"label": "bicycle", "score": 0.9}
    one["box"] = {"xmin": 0.1, "ymin": 0.2, "xmax": 0.5, "ymax": 0.9}
    with pytest.raises(InvalidResponse, match="shares of the photo, from 0 to 1"):
        parse_detections([one, one], sent=(1333, 1000), original=(4000, 3000))
    faint = [one | {"score": 0.06}]
    assert len(parse_detections(faint, sent=(1333, 1000), original=(4000, 3000))) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (gzip.compress(b"[") + gzip.compress(b"1]"), b"[1]"),  # RFC 1952: one behind the other
        (gzip.compress(b"[]")[:-6], "ends early"),
        (gzip.compress(b"[]") + b"more", "broken"),
        (gzip.compress(b"[]") + gzip.compress(b" " * 9_000_000), "longer than 1,000 bytes"),
    ],
    # Without names, the tests would be called by their bytes, which hold the time.
    ids=["two members", "cut off", "more behind it", "large"],
)
def test_a_gzip_is_read_to_its_end_or_refused(body: bytes, said: bytes | str) -> None:
    response = Response(200, {"content-encoding": "gzip"}, body)
    if isinstance(said, bytes):
        assert decoded_body(response, max_bytes=1000) == said
        return
    with pytest.raises(InvalidResponse, match=said):
        decoded_body(response, max_bytes=1000)


@given(answers)
def test_classifications_are_few_and_sorted(data: Any) -> None:
    try:
        found = parse_classifications(parse_json(json.dumps(data).encode()), top=2)
    except InvalidResponse:
        return
    assert len(found) <= 2
    assert all(0 <= one.score <= 1 and one.label.isprintable() for one in found)
