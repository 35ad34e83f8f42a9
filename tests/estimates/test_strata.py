"""Strata: which looks are drawn from and estimated together, and what is too little."""

import pandas as pd
import pytest

from geobike import schema
from geobike.estimates import strata


def described(looks: list[int], counted: list[int]) -> pd.DataFrame:
    """Return the description of strata of so many looks, of which so many were counted."""
    found = [0, 1, 4, 8, 20]
    x = [n for n, number in zip(found, looks, strict=True) for _ in range(number)]
    known = [
        0.0 if row < some else None
        for number, some in zip(looks, counted, strict=True)
        for row in range(number)
    ]
    names = [str(n) for n in range(len(x))]
    table = {"photo_id": names, "stop_id": names, "bicycle_count": x}
    return strata.describe(schema.table(schema.LOOKS, table), pd.Series(known, dtype="float64"))


def test_strata_part_where_the_names_say() -> None:
    counts = pd.Series([0, 1, 2, 3, 5, 6, 10, 11, 250])
    expected = ["0", "1-2", "1-2", "3-5", "3-5", "6-10", "6-10", "11+", "11+"]
    assert strata.of(counts).tolist() == expected


def test_a_stratum_is_described_by_what_was_found_and_what_was_counted() -> None:
    names = ["a", "b", "c", "d"]
    looks = schema.table(
        schema.LOOKS, {"photo_id": names, "stop_id": names, "bicycle_count": [0, 3, 5, 4]}
    )
    table = strata.describe(looks, pd.Series([None, 6.0, None, 5.0]))
    row = table.loc["3-5"]
    assert row.to_dict() == {
        "looks": 3,
        "hand_counted": 2,
        "mean_detected": 4.0,
        "mean_bicycles": 5.5,
    }
    assert table.loc["0", ["looks", "hand_counted"]].tolist() == [1, 0]
    assert pd.isna(table.loc["0", "mean_bicycles"])


@pytest.mark.parametrize(
    ("looks", "counted", "pools"),
    [
        ((900, 300, 90, 60, 40), (120, 60, 20, 20, 20), [[0], [1], [2], [3], [4]]),
        ((900, 300, 90, 60, 40), (120, 60, 5, 20, 20), [[0], [1], [2, 3], [4]]),
        ((900, 300, 90, 60, 40), (120, 60, 20, 20, 3), [[0], [1], [2], [3, 4]]),
        ((900, 300, 90, 60, 40), (120, 2, 1, 1, 1), [[0], [1, 2, 3, 4]]),
        ((900, 300, 90, 60, 3), (120, 60, 20, 20, 3), [[0], [1], [2], [3], [4]]),  # counted whole
        ((900, 300, 90, 60, 0), (2, 60, 20, 20, 0), [[0], [1], [2], [3], [4]]),  # 0 stays apart
    ],
)
def test_strata_with_few_hand_counts_are_estimated_with_the_next(
    looks: list[int], counted: list[int], pools: list[list[int]]
) -> None:
    assert strata.merge(described(looks, counted)) == pools


TOWN = (900, 300, 90, 60, 40)


@pytest.mark.parametrize(
    ("counted", "said"),
    [
        ((120, 60, 20, 20, 20), ""),
        ((39, 20, 10, 10, 10), ""),
        ((40, 15, 9, 9, 9), ""),  # a tenth cannot be judged
        ((40, 15, 9, 9, 8), "26 of 190 looks with 3 detected bicycles or more counted, 27 needed"),
        ((40, 13, 9, 9, 9), "53 of 1200 looks with 0 to 2 counted, 54 needed"),
    ],
)
def test_a_range_takes_thirty_listed_photos_and_a_sheet(counted: list[int], said: str) -> None:
    fatal, ranges = strata.lacking(described(TOWN, counted))
    assert fatal == []
    assert "; ".join(ranges) == said


def test_without_sheets_there_is_no_estimate_at_all() -> None:
    fatal, _ = strata.lacking(described(TOWN, [0, 0, 20, 20, 20]))
    assert fatal == ["0 of 900 looks without a detected bicycle counted, 6 needed"]


def test_a_small_survey_that_was_counted_whole_lacks_nothing() -> None:
    table = described([5, 3, 2, 1, 0], [5, 3, 2, 1, 0])
    assert strata.lacking(table) == ([], [])
    assert strata.lacking_for_whole(table) == ""


def test_the_whole_survey_takes_a_list_of_sixty() -> None:
    assert strata.lacking_for_whole(described(TOWN, [120, 60, 20, 20, 20])) == ""
    said = strata.lacking_for_whole(described(TOWN, [120, 60, 10, 10, 10]))
    assert said == "30 of 190 looks with 3 detected bicycles or more counted, 54 needed"
