"""The classes of values, computed by the page's own script."""

import numpy as np
import pytest

from tests.support.browser import Open
from tests.support.map_frames import build

CASES: dict[str, tuple[list[float], list[tuple[float, float]]]] = {
    "equal shares": ([float(n) for n in range(1, 11)], [(1, 2), (3, 4), (5, 6), (7, 8), (9, 10)]),
    "zero apart, ties collapse": ([0.0] * 60 + [1.0] * 30 + [5.0], [(0, 0), (1, 1), (5, 5)]),
    "what looks the same": ([0.3301, 0.3304, 0.9], [(0.33, 0.33), (0.9, 0.9)]),
    "little is not zero": ([0.0, 0.001], [(0, 0), (0.01, 0.01)]),
    "three values": ([1.0, 2.0, 3.0], [(1, 1), (2, 2), (3, 3)]),
    "nothing": ([], []),
}


@pytest.mark.parametrize("case", CASES)
def test_classes_are_those_that_one_would_write_manually(show: Open, case: str) -> None:
    values, ranges = CASES[case]
    found = show(build()).page.evaluate("values => geobike.classify(values, 2)", values)
    assert [(each["low"], each["high"]) for each in found] == ranges


def test_every_value_takes_the_colour_of_the_class_that_holds_it(show: Open) -> None:
    values = np.random.default_rng(1).gamma(0.5, 4, 500).tolist()
    classes, colours = show(build()).page.evaluate(
        """values => {
          const classes = geobike.classify(values, 2);
          return [classes, values.map((value) => geobike.colourOf(classes, value, 2))];
        }""",
        values,
    )
    held = {each["colour"]: each for each in classes}
    assert len(held) == len(classes) == 5
    for value, colour in zip(values, colours, strict=True):
        assert held[colour]["low"] - 0.005 <= max(value, 0.01) <= held[colour]["high"] + 0.00501
    edges = np.quantile(values, [0.2, 0.4, 0.6, 0.8, 1], method="inverted_cdf")
    assert [each["high"] for each in classes] == pytest.approx(edges, abs=0.00501)


def test_a_value_beyond_all_classes_takes_the_last_one(show: Open) -> None:
    script = "geobike.colourOf(geobike.classify([1, 2], 2), 9, 2) === geobike.COLOURS.at(-1)"
    assert show(build()).page.evaluate(script)
