import geopandas as gpd
import pandas as pd
import pytest
from shapely import box

from geobike import metrics, schema
from geobike.counting import counts, ledger
from geobike.errors import LedgerError, SchemaError
from tests.support.counted import area_counts
from tests.support.making import photos_frame


def areas() -> gpd.GeoDataFrame:
    names = ["north", "south", "empty"]
    shapes = [box(4, 52.1, 5, 52.2), box(4, 52, 5, 52.1), box(5, 52, 6, 52.2)]
    data = {"area_id": names, "name": names, "area_km2": [2.0, 4.0, 5.0]}
    return schema.geotable(schema.AREAS, data, shapes)


def photos() -> gpd.GeoDataFrame:
    frame = photos_frame({f"{name}.jpg": (4.5, 52.15) for name in "abcdef"})
    frame["area_id"] = pd.Series(["north", "north", "south", None, "south", "north"], dtype="str")
    frame["status"] = pd.Series([None, None, None, "outside", "failed", "duplicate"], dtype="str")
    times = ["2022-01-01", "2022-01-03", None, "2022-02-01", "2020-01-01", None]
    frame["taken_at"] = pd.to_datetime(pd.Series(times), utc=True).astype(schema.TIME)
    return frame


def detections(**boxes: int) -> pd.DataFrame:
    names = [f"{name}.jpg" for name, number in boxes.items() for _ in range(number)]
    frame = schema.table(schema.DETECTIONS, {"photo_id": names})
    return frame.assign(kept=True)


def test_a_photo_without_bicycles_counts_zero_and_a_failed_one_not_at_all() -> None:
    counted = counts.per_photo(photos(), detections(a=3, d=2)).set_index("photo_id")
    assert counted["bicycle_count"].fillna(-1).astype(int).tolist() == [3, 0, 0, -1, -1, -1]
    statuses = ["counted", "counted", "counted", "outside", "failed", "duplicate"]
    assert counted["status"].tolist() == statuses


def test_areas_have_counts_rates_and_dates_of_their_counted_photos() -> None:
    found = detections(a=3, d=2)
    counted = counts.per_photo(photos(), found)
    per_area = area_counts(counted, areas(), found).set_index("area_id")
    assert per_area["photo_count"].tolist() == [2, 1, 0]
    assert per_area["bicycle_count"].iloc[:2].tolist() == [3, 0]
    assert per_area["bicycles_per_photo"].iloc[:2].tolist() == [1.5, 0.0]
    assert per_area["bicycles_per_km2"].isna().all()  # no streets: how much was seen is not known
    assert per_area.loc["north", "first_photo_at"] == pd.Timestamp("2022-01-01", tz="UTC")
    assert per_area.loc["north", "last_photo_at"] == pd.Timestamp("2022-01-03", tz="UTC")


def test_areas_that_were_counted_before_are_counted_anew() -> None:
    found = detections(a=3, d=2)
    counted = counts.per_photo(photos(), found)
    once = area_counts(counted, areas(), found)
    again = area_counts(counted, once, found)
    pd.testing.assert_frame_equal(again[list(once)], once)


def test_no_photos_is_not_no_bicycles() -> None:
    per_area = area_counts(counts.per_photo(photos(), detections()), areas()).iloc[2]
    assert per_area["photo_count"] == 0
    assert per_area["status"] == "unseen"
    assert pd.isna(per_area["bicycle_count"])
    assert pd.isna(per_area["bicycles_per_photo"])
    assert pd.isna(per_area["bicycles_per_km2"])
    assert pd.isna(per_area["first_photo_at"])


def test_an_area_with_photos_that_show_no_bicycle_has_none_and_is_not_unseen() -> None:
    per_area = area_counts(counts.per_photo(photos(), detections()), areas())
    assert per_area["bicycle_count"].iloc[:2].tolist() == [0, 0]
    assert per_area["status"].tolist() == ["too_thin", "too_thin", "unseen"]


def test_totals_per_ground_and_inhabitants_need_most_streets_seen_and_a_divisor() -> None:
    known = pd.DataFrame(
        {
            "photo_count": [1.0] * 4,
            "stop_count": [1.0] * 4,
            "bicycle_count": [3.0] * 4,
            "detected_once": [3.0] * 4,
            "covered_share": [0.7, 0.69, 0.9, 0.9],
            "area_km2": [2.0, 2.0, 0.0, 2.0],
            "population": pd.array([500, 500, 500, 0], "Int64"),
        }
    )
    per_km2, per_head = (
        metrics.values(metric, known).fillna(-1).tolist()
        for metric in metrics.METRICS
        if metric.least_share and metric.needs != metrics.RACKS
    )
    assert per_km2 == [1.5, -1, -1, 1.5]
    assert per_head == [6, -1, 6, -1]


def test_the_ledger_names_every_status_and_closes() -> None:
    found = detections(a=3, c=1, d=2)
    counted = counts.per_photo(photos(), found)
    account = ledger.close(6, counted, found, area_counts(counted, areas(), found))
    assert account.photos == {
        "counted": 3,
        "outside": 1,
        "unlocated": 0,
        "duplicate": 1,
        "unreadable": 0,
        "failed": 1,
    }
    assert sum(account.photos.values()) == account.photos_given == 6
    assert (account.bicycles_counted, account.bicycles_in_areas) == (4, 4)
    assert account.bicycles_elsewhere == 2
    assert account.in_words() == "6 photos: 3 counted, 1 outside, 1 duplicate, 1 failed"


def test_the_ledger_closes_over_files_that_are_no_photos() -> None:
    found = detections(a=3)
    counted = counts.per_photo(photos(), found)
    per_area = area_counts(counted, areas(), found)
    kinds = {".dng": 1, ".mov": 2}
    account = ledger.close(6, counted, found, per_area, not_read=kinds, files_given=9)
    assert account.as_dict()["not_read"] == kinds
    with pytest.raises(LedgerError, match=r"files given = photos given . files not read: 10 is"):
        ledger.close(6, counted, found, per_area, not_read=kinds, files_given=10)


@pytest.mark.parametrize("given", [5, 7])
def test_a_lost_or_invented_photo_raises(given: int) -> None:
    found = detections(a=3)
    counted = counts.per_photo(photos(), found)
    with pytest.raises(LedgerError, match="photos given = photos by status"):
        ledger.close(given, counted, found, area_counts(counted, areas(), found))


def test_a_lost_bicycle_raises() -> None:
    found = detections(a=3)
    counted = counts.per_photo(photos(), found)
    per_area = area_counts(counted, areas(), found)
    per_area["bicycle_count"] = pd.array([2, 0, 0], "Int64")
    with pytest.raises(LedgerError, match="in areas and beside them: 3 is not 2"):
        ledger.close(6, counted, found, per_area)


def test_a_photo_in_an_unknown_area_raises() -> None:
    frame = photos()
    frame.loc[0, "area_id"] = "atlantis"
    counted = counts.per_photo(frame, detections())
    with pytest.raises(LedgerError, match="counted photos = photos in areas: 3 is not 2"):
        ledger.close(6, counted, detections(), area_counts(counted, areas()))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda f: f.drop(columns="score"), "has no column 'score'; it has 'photo_id'"),
        (lambda f: f.assign(score="high"), r"column 'score' .* is str, not float64; convert it"),
        (lambda f: pd.concat([f, f]), "index of the detections frame repeats"),
    ],
)
def test_a_wrong_frame_is_refused(spoil, said: str) -> None:
    with pytest.raises(SchemaError, match=said):
        counts.per_photo(photos(), spoil(detections(a=1)))


def test_frames_in_another_crs_or_with_repeated_keys_are_refused() -> None:
    with pytest.raises(SchemaError, match=r"is in EPSG:28992, not EPSG:4326; call \.to_crs"):
        counts.per_photo(photos().to_crs(28992), detections())
    twice = photos().assign(photo_id="a.jpg").astype({"photo_id": "str"})
    with pytest.raises(SchemaError, match=r"photo_id 'a\.jpg' is duplicated"):
        counts.per_photo(twice, detections())
