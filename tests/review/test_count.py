"""What people type: numbers, ranges, and that a photo cannot be judged."""

import pytest

from geobike.errors import InputError
from geobike.review import count
from geobike.review.count import Count


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("0", Count(0)),
        (" 12 ", Count(12)),
        ("12.0", Count(12)),  # as a spreadsheet may save it
        ("40-55", Count(40, 55)),
        ("40 \u2013 55", Count(40, 55)),
        ("7-7", Count(7)),
        ("?", Count(None)),
        ("", None),
    ],
)
def test_what_is_typed_is_read(typed: str, read: Count | None) -> None:
    assert count.parse({"bicycles": typed}) == read


@pytest.mark.parametrize(
    "typed", ["-3", "a", "1.5", "55-40", "12345", "=1", "1e3", "٣", "NaN", "4-May"]
)
def test_what_is_no_count_is_refused_by_its_value(typed: str) -> None:
    with pytest.raises(InputError, match=typed.split("-")[-1]):
        count.parse({"bicycles": typed})


def test_a_range_in_two_columns_is_the_same_as_in_one() -> None:
    assert count.parse({"bicycles": "40", "bicycles_high": "55"}) == Count(40, 55)


def test_no_more_are_ridden_than_there_are() -> None:
    assert count.parse({"bicycles": "3-4", "ridden": "3"}) == Count(3, 4, 3)
    with pytest.raises(InputError, match=r"4 are ridden, .* is 3"):
        count.parse({"bicycles": "3", "ridden": "4"})


@pytest.mark.parametrize("said", [Count(0), Count(None, remark="too dark"), Count(3, 5, 1, "rack")])
def test_what_is_written_is_read_again(said: Count) -> None:
    assert count.parse(said.cells()) == said
