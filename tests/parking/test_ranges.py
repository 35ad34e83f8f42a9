"""Pressure and shortage of the bicycles that a person would count: streets worked out by hand."""

import geopandas as gpd
import pandas as pd
import pytest

import geobike
from geobike import schema
from tests.parking.test_supply import at, by_name, counted, racks, two_streets

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

    32 parked: pressure 1.6, short 32 - 18 = 14. Lane, 10 places: 3 parked, as detected. Together
    35 at 30 places. All looks are counted, so nothing is left to chance.
    """
    photos = two_streets()
    full, empty = full_and_empty(photos)
    found = estimated(photos, {full: (30, 30), empty: (2, 2)})
    dam, lane = by_name(found).loc["Dam"], by_name(found).loc["Lane"]
    for end in ("by_hand", "low", "high"):
        assert dam[f"pressure_{end}"] == pytest.approx(1.6)
        assert dam[f"shortage_{end}"] == 14
        assert (lane[f"pressure_{end}"], lane[f"shortage_{end}"]) == (pytest.approx(0.3), 0)
        east = found.areas.set_index("area_id").loc["east"]
        assert east[f"pressure_{end}"] == pytest.approx(35 / 30)
        assert east[f"shortage_{end}"] == 14
        assert found.supply["by_hand"][f"pressure_{end}"] == pytest.approx(35 / 30, abs=5e-4)
        assert found.supply["by_hand"][f"shortage_{end}"] == 14
    assert (dam["pressure"], dam["shortage"]) == (pytest.approx(1.2), 6)  # detected: as before


def test_a_range_that_a_person_gives_carries_through() -> None:
    """26 to 34 bicycles, each equally likely: 95 % of it is 26.2 to 33.8, at 20 places."""
    photos = two_streets()
    full, _ = full_and_empty(photos)
    found = estimated(photos, {full: (26, 34)})
    dam = by_name(found).loc["Dam"]
    assert dam["pressure_by_hand"] == pytest.approx(1.5)
    assert dam["pressure_low"] == pytest.approx(26.2 / 20, abs=0.02)
    assert dam["pressure_high"] == pytest.approx(33.8 / 20, abs=0.02)
    assert (dam["shortage_low"], dam["shortage_by_hand"], dam["shortage_high"]) == (9, 12, 16)
    total = found.supply["by_hand"]
    assert total["pressure_low"] == pytest.approx(29.2 / 30, abs=0.02)
    assert (total["shortage_low"], total["shortage_high"]) == (9, 16)


def test_where_pressure_is_not_known_hand_counts_do_not_make_it_so() -> None:
    photos = two_streets()
    found = counted(photos, racks((110, 4, None), (100, 45, 10)), **NAMED)
    looks = geobike.find_looks(found.exposure)
    every = {"photo_id": looks["photo_id"], "bicycles": looks["bicycle_count"], "origin": "list"}
    by_hand = geobike.estimate_areas(found, photos, schema.table(schema.HAND_COUNTS, every))
    dam = by_name(by_hand.counted).loc["Dam"]
    assert pd.isna(dam[list(schema.PARKING_BY_HAND)]).all()
    assert by_name(by_hand.counted).loc["Lane", "pressure_by_hand"] == pytest.approx(0.3)


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
