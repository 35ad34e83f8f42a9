"""No JSON, however odd, becomes anything but detections inside the picture or a refusal."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from geobike.detectors.hosted.parsing import parse_classifications, parse_detections
from geobike.detectors.hosted.responses import InvalidResponse, parse_json

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


@given(answers)
def test_classifications_are_few_and_sorted(data: Any) -> None:
    try:
        found = parse_classifications(parse_json(json.dumps(data).encode()), top=2)
    except InvalidResponse:
        return
    assert len(found) <= 2
    assert all(0 <= one.score <= 1 and one.label.isprintable() for one in found)
