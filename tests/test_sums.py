"""Sums by area and by period, against sums that are taken one by one."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geobike import metrics, schema, sums

LOOKS = st.fixed_dictionaries(
    {
        "stop_id": st.sampled_from(["s", "t"]),
        "period": st.sampled_from([0, 1, None]),
        "share": st.integers(0, 9),
        "bicycles": st.integers(0, 9),
    }
)


def tallies(looks: list[dict[str, int]]) -> pd.DataFrame:
    """Return the tallies of visits: each a photo, which shows the areas `a`, `b`."""
    rows = []
    for number, look in enumerate(looks):
        weight = 1 / sum(other["stop_id"] == look["stop_id"] for other in looks)
        key = {"photo_id": f"{number}.jpg"}
        rows.append(key | {"area_id": "a", "photo_count": 1.0, "bicycles_shown": 4.0})
        for area, ninths in (("a", look["share"]), ("b", 9 - look["share"])):
            seen = {"stop_count": weight * ninths / 9}
            seen["bicycles_on_stops"] = weight * look["bicycles"]
            rows.append(key | {"area_id": area, "stop_id": look["stop_id"]} | seen)
    given = pd.DataFrame(rows, columns=list(schema.TALLIES.columns))
    return schema.table(schema.TALLIES, given.fillna(dict.fromkeys(metrics.SUMS, 0.0)))


@given(st.lists(LOOKS, min_size=1, max_size=9))
def test_a_period_is_summed_as_if_its_photos_were_all_there_is(looks: list[dict[str, int]]) -> None:
    period = {f"{n}.jpg": look["period"] for n, look in enumerate(looks)}
    known = pd.Series({name: at for name, at in period.items() if at is not None}, dtype="int64")
    found = sums.by_period(tallies(looks), known)
    for number in {0, 1}:
        alone = [look for look in looks if look["period"] == number]
        if not alone:
            assert number not in found.index.get_level_values("period")
            continue
        wanted = sums.by_area(tallies(alone), pd.Series(["a", "b"]))
        got = found.xs(number, level="period").reindex(["a", "b"], fill_value=0.0)
        for name in metrics.SUMS:
            assert got[name].tolist() == pytest.approx(wanted[name].tolist()), name


def test_sums_are_in_the_order_of_the_areas_with_0_where_nothing_is_added() -> None:
    found = sums.by_area(tallies([{"stop_id": "s", "period": 0, "share": 6, "bicycles": 2}]), IDS)
    assert found["stop_count"].tolist() == pytest.approx([0, 3 / 9, 6 / 9])
    assert found["photo_count"].tolist() == [0, 0, 1]


def test_what_lies_outside_every_area_adds_to_none() -> None:
    outside = tallies([{"stop_id": "s", "period": 0, "share": 6, "bicycles": 2}])
    outside["area_id"] = schema.coded(pd.Series(None, index=outside.index, dtype="str"))
    assert sums.by_period(outside, pd.Series([0], index=["0.jpg"])).empty
    assert (sums.by_area(outside, IDS) == 0).all(axis=None)


IDS = pd.Series(["far", "b", "a"], dtype="str")
