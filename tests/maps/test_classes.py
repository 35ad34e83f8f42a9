"""The classes of values, computed by the page's own script."""

import math
from itertools import pairwise

import numpy as np
import pytest

from geobike import classes as own
from tests.support.browser import Open
from tests.support.map_frames import build

INF = float("inf")
CASES: dict[str, tuple[list[float], bool, list[tuple[float, float]]]] = {
    "equal steps": (
        [float(n) for n in range(1, 11)],
        True,
        [(0, 5), (5, 10), (10, INF)],
    ),
    "zero apart": ([0.0] * 60 + [1.0] * 30 + [5.0], False, []),
    "few small numbers": ([1.0, 2.0, 3.0], True, [(0, 1), (1, 2), (2, 3), (3, INF)]),
    "skewed": ([0.1, 0.2, 0.3, 0.6, 1.4, 9.0], False, []),
    "nothing": ([], False, []),
}
ROUND = {1.0, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.5, 8.0}


@pytest.mark.parametrize("case", CASES)
def test_classes_are_round_have_no_gaps_and_are_few(show: Open, case: str) -> None:
    values, whole, expected = CASES[case]
    found = show(build()).page.evaluate(
        "([values, whole]) => geobike.classify(values, whole)", [values, whole]
    )
    classes = [(each["low"], each["high"]) for each in found if each["high"] != 0]
    assert (len(classes) < len(found)) == (0.0 in values)  # zero is a class of its own
    if not values:
        assert classes == []
        return
    assert 1 <= len(classes) <= 5
    assert classes[0][0] == 0
    assert classes[-1][1] == INF
    assert all(one[1] == other[0] for one, other in pairwise(classes))
    for low, _ in classes[1:]:
        digits = low / 10 ** math.floor(math.log10(low))
        assert round(digits, 9) in ROUND
        assert not whole or low == int(low)
    assert not expected or classes == expected


def test_values_are_spread_over_the_classes(show: Open) -> None:
    values = np.random.default_rng(1).gamma(0.5, 4, 500).tolist()
    classes = show(build()).page.evaluate("(values) => geobike.classify(values, false)", values)
    counts = [sum(each["low"] <= value < each["high"] for value in values) for each in classes]
    assert sum(counts) == 500
    assert max(counts) < 300  # quantiles would give 100 each, equal steps 400 in the first


def test_every_value_takes_the_colour_of_the_class_that_holds_it(show: Open) -> None:
    values = [0.0, *np.random.default_rng(1).gamma(0.5, 4, 500).tolist()]
    classes, colours = show(build()).page.evaluate(
        """values => {
          const classes = geobike.classify(values, false);
          return [classes, values.map((value) => geobike.colourOf(classes, value))];
        }""",
        values,
    )
    held = {each["colour"]: each for each in classes}
    assert len(held) == len(classes)
    for value, colour in zip(values, colours, strict=True):
        low, high = held[colour]["low"], held[colour]["high"]
        assert low <= value < high or value == low == high == 0


def test_report_and_geopackage_have_the_classes_and_colours_of_the_page(show: Open) -> None:
    page = show(build()).page
    rng = np.random.default_rng(3)
    for shape in (0.3, 1, 5):
        for scale in (0.01, 1, 700):
            values = [0.0, *(rng.gamma(shape, scale, 40)).tolist()]
            for whole in (False, True):
                script = "([values, whole]) => geobike.classify(values, whole)"
                drawn = page.evaluate(script, [values, whole])
                expected = [one._asdict() for one in own.classify(values, whole=whole)]
                assert drawn == expected
    assert page.evaluate("geobike.ZERO") == own.ZERO
    for colour in own.COLOURS:
        assert page.evaluate("(colour) => geobike.pale(colour)", colour) == own.pale(colour)


def test_a_value_beyond_all_classes_takes_the_last_one(show: Open) -> None:
    script = "geobike.colourOf(geobike.classify([1, 2], false), 9) === geobike.COLOURS.at(-1)"
    assert show(build()).page.evaluate(script)


def test_zeros_of_a_day_have_a_class_where_the_whole_survey_has_none(show: Open) -> None:
    ranges = show(build()).page.evaluate(
        """() => {
          const words = { decimal: String, say: (key, { low }) => `${low} or more` };
          const classes = geobike.classify([0.7, 1.2, 2.6], false);
          return geobike.rangesOf(words, classes, [0, 0, 0.7]);
        }"""
    )
    assert sum(each["count"] for each in ranges) == 3
    assert ranges[0] == {"colour": own.ZERO, "count": 2, "text": "0"}


def test_two_hundred_thousand_streets_have_classes(show: Open) -> None:
    count = show(build()).page.evaluate(
        "() => geobike.classify(Array.from({ length: 200000 }, (_, k) => k / 1000), false).length"
    )
    assert count >= 3
