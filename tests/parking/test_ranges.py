"""Pressure and shortage of the bicycles that a person would count: streets worked out by hand."""

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import geobike
from geobike import schema
from geobike.parking import ranges
from tests.parking.test_supply import all_along, at, by_name, counted, racks, two_streets

NAMED = {"Dam": at((0, 0), (200, 0)), "Lane": at((0, 40), (200, 40))}


def estimated(photos: gpd.GeoDataFrame, by_hand: dict[str, tuple[float, float]]) -> geobike.Counted:
    """Count racks of 20 and 10 places, and all looks by hand: as detected, but for those given."""
    found = counted(photos, racks((110, 4, 20), (100, 45, 10)), **NAMED)
    looks = geobike.find_looks(found.exposure)
    seen = [float(count) for count in looks["bicycle_count"]]
    said = [
        by_hand.get(name, (count, count))
        for name, count in zip(looks["photo_id"], seen, strict=True)
    ]
    counts = {
        "photo_id": looks["photo_id"],
        "bicycles": [low for low, _ in said],
        "bicycles_high": [high for _, high in said],
        "origin": "list",
    }
    return geobike.estimate_areas(found, photos, schema.table(schema.HAND_COUNTS, counts)).counted


def full_and_empty(photos: gpd.GeoDataFrame) -> tuple[str, str]:
    """Return the photo of Dam with 24 bicycles, and one of Dam with none."""
    dam = photos[photos["photo_id"].str.endswith(" 0")].sort_values("bicycle_count")
    return str(dam["photo_id"].iloc[-1]), str(dam["photo_id"].iloc[0])


def test_a_street_counted_by_hand_worked_out_by_hand() -> None:
    """Dam, 20 places: 24 detected, of which a person counts 30, and 2 where none was detected.

    32 parked along the kerb in view: pressure 1.6 by its share. Lane, 10 places: 3 parked, as
    detected. Together 35 at 30 places. All looks are counted, so what is left to chance is what
    photos do not show: 20 %, and a Poisson number. Of 36, that is sqrt(0.2² + 1 / 36) = 26 %.
    """
    photos = two_streets()
    full, empty = full_and_empty(photos)
    found = estimated(photos, {full: (30, 30), empty: (2, 2)})
    dam, lane = by_name(found).loc["Dam"], by_name(found).loc["Lane"]
    kerb = dam["kerb_seen_share"]
    assert 0.8 < kerb < 0.95
    assert dam["pressure_by_hand"] == pytest.approx(1.6 / kerb)
    assert 20 * dam["pressure_low"] == pytest.approx(32 / kerb / np.exp(1.96 * 0.26), abs=3)
    assert 20 * dam["pressure_high"] == pytest.approx(32 / kerb * np.exp(1.96 * 0.26), abs=3)
    assert dam["shortage_by_hand"] == pytest.approx(32 / kerb - 18, abs=1.5)
    for end in ("low", "high"):
        assert dam[f"shortage_{end}"] == pytest.approx(20 * dam[f"pressure_{end}"] - 18, abs=1)
    assert lane["pressure_by_hand"] == pytest.approx(0.3 / lane["kerb_seen_share"])
    assert (lane["shortage_low"], lane["shortage_by_hand"], lane["shortage_high"]) == (0, 0, 0)
    east = found.areas.set_index("area_id").loc["east"]
    total = found.supply["by_hand"]
    for known in (east, total):
        assert known["pressure_by_hand"] == pytest.approx(35 / 30 / kerb, abs=2e-3)
        assert known["pressure_low"] < 35 / 30 < known["pressure_high"]
        assert known["shortage_by_hand"] == dam["shortage_by_hand"]
    assert (dam["pressure"], dam["shortage"]) == (pytest.approx(1.2), 6)  # detected: as before


def test_a_range_that_a_person_gives_carries_through() -> None:
    """30 bicycles, or from 10 to 50, each as likely: the range is wider."""
    photos = two_streets()
    full, _ = full_and_empty(photos)
    sure, asked = (
        by_name(estimated(photos, {full: said})).loc["Dam"] for said in ((30, 30), (10, 50))
    )
    for dam in (sure, asked):
        assert dam["pressure_by_hand"] == pytest.approx(1.5 / dam["kerb_seen_share"])
    assert asked["pressure_low"] < sure["pressure_low"] - 0.2
    assert asked["pressure_high"] > sure["pressure_high"] + 0.2


def test_where_pressure_is_not_known_hand_counts_do_not_make_it_so() -> None:
    photos = two_streets()
    found = counted(photos, racks((110, 4, None), (100, 45, 10)), **NAMED)
    looks = geobike.find_looks(found.exposure)
    every = {"photo_id": looks["photo_id"], "bicycles": looks["bicycle_count"], "origin": "list"}
    by_hand = geobike.estimate_areas(found, photos, schema.table(schema.HAND_COUNTS, every))
    dam = by_name(by_hand.counted).loc["Dam"]
    assert pd.isna(dam[list(schema.PARKING_BY_HAND)]).all()
    lane = by_name(by_hand.counted).loc["Lane"]
    assert lane["pressure_by_hand"] == pytest.approx(0.3 / lane["kerb_seen_share"])


def test_without_racks_there_are_no_such_columns(sample_result: geobike.SurveyResult) -> None:
    bare = geobike.count_areas(
        sample_result.photos,
        sample_result.detections,
        sample_result.areas[["area_id", "name", "area_km2", "geometry"]],
    )
    looks = geobike.find_looks(bare.exposure)
    every = {"photo_id": looks["photo_id"], "bicycles": looks["bicycle_count"], "origin": "list"}
    found = geobike.estimate_areas(
        bare, sample_result.photos, schema.table(schema.HAND_COUNTS, every)
    )
    assert not set(schema.PARKING_BY_HAND) & set(found.counted.areas)


def test_where_no_street_can_be_judged_hand_counts_say_nothing_of_places() -> None:
    photos = two_streets()
    found = counted(photos, racks((110, 4, None), (100, 45, None)), **NAMED)
    looks = geobike.find_looks(found.exposure)
    every = {"photo_id": looks["photo_id"], "bicycles": looks["bicycle_count"], "origin": "list"}
    by_hand = geobike.estimate_areas(found, photos, schema.table(schema.HAND_COUNTS, every))
    assert by_hand.counted.streets is not None
    for frame in (by_hand.counted.streets, by_hand.counted.areas):
        assert frame[list(schema.PARKING_BY_HAND)].isna().all(axis=None)
    assert by_hand.counted.supply["by_hand"] == {}


def test_streets_that_just_suffice_lack_places_together() -> None:
    """100 streets of 10 places with 9 bicycles each, give or take 1.5.

    The mean of max(0, ceil(x)), x normal with mean 0 and deviation 1.5: the sum over k >= 0 of the
    chance that x > k is 0.5 + 0.2525 + 0.0912 + 0.0228 + 0.0038 + 0.0004 = 0.8707, so 87 of 100
    streets. That of the estimates is 0 for each.
    """
    ids = [f"s{number}" for number in range(100)]
    streets = pd.DataFrame({"street_id": ids, "rack_capacity": 10, "shortage": 0, "pressure": 0.9})
    draws = 9 + 1.5 * np.random.default_rng(1).standard_normal((2000, 100))
    parked = ranges.Parked(pd.Index(ids), np.full(100, 9.0), draws, draws)
    found = ranges.summed_shortage(streets.assign(area_id="all"), parked, "area_id").loc["all"]
    assert found["shortage_by_hand"] == pytest.approx(87, abs=1)
    assert found["shortage_low"] < found["shortage_by_hand"] < found["shortage_high"]
    each = ranges.of_groups(streets, parked, "street_id")
    assert each["pressure_by_hand"].tolist() == [0.9] * 100
    for less, more in pairwise(("shortage_low", "shortage_by_hand", "shortage_high")):
        assert (each[less] <= each[more]).all()


def test_figures_lie_in_their_ranges_where_not_all_looks_were_counted() -> None:
    """Forty streets of 10 places each, of whose looks four in five were counted."""
    rng = np.random.default_rng(5)
    named = {f"s{k}": at((0, 60 * k), (200, 60 * k)) for k in range(40)}
    full = [{100.0: int(n)} for n in rng.integers(5, 15, 40)]
    every = pd.concat([all_along(200, 60 * k, full[k]) for k in range(40)], ignore_index=True)
    photos = gpd.GeoDataFrame(every, crs=schema.CRS)
    found = counted(photos, racks(*((100, 60 * k + 4, 10) for k in range(40))), **named)
    looks = geobike.find_looks(found.exposure)
    some = looks[rng.random(len(looks)) < 0.8]
    number = some["bicycle_count"].astype(float) + rng.integers(0, 4, len(some))
    counts = {"photo_id": some["photo_id"], "bicycles": number, "origin": "list"}
    by_hand = schema.table(schema.HAND_COUNTS, counts)
    estimated = geobike.estimate_areas(found, photos, by_hand).counted
    assert estimated.streets is not None
    for frame in (estimated.streets, estimated.areas):
        ends = [frame[f"shortage_{end}"].dropna() for end in ("low", "by_hand", "high")]
        assert len(ends[0])
        assert (ends[0] <= ends[1]).all()
        assert (ends[1] <= ends[2]).all()
        assert (ends[0] < ends[2]).any()  # something is left to chance


def test_a_pressure_lies_in_its_range_where_next_to_nothing_is_missed() -> None:
    """0.01 bicycles are 0 in 99 of 100 draws, 0.002 of a rack with 5 places."""
    street = {"street_id": ["a"], "pressure": [0.0], "rack_capacity": [5], "shortage": [0]}
    draws = np.zeros((100, 1))
    parked = ranges.Parked(pd.Index(["a"]), np.array([0.01]), draws, draws)
    (found,) = ranges.of_groups(pd.DataFrame(street), parked, "street_id").to_dict("records")
    ends = found["pressure_low"], found["pressure_by_hand"], found["pressure_high"]
    assert ends == pytest.approx((0, 0.002, 0.002))
    assert ranges.pressure_of_all(parked, 5)["pressure_high"] == pytest.approx(0.002)
