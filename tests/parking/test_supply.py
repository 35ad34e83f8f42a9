"""Supply beside demand: a street worked out by hand, the rules, and a whole town's truth."""

import math
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import geobike
from geobike import areas as area_room
from geobike import parking, schema, streets
from geobike.parking import walking
from tests.conftest import ROOT
from tests.counting.test_stops import LAT, LON, METRE, survey
from tests.streets.test_network import at, halves, lines

SAMPLE = ROOT / "data" / "sample"
COLUMNS = ["rack_count", "rack_capacity", "rack_capacity_known"]


def racks(*given: tuple[float, float, int | None], **columns: Any) -> gpd.GeoDataFrame:
    """Racks at metres east and north of the origin, with their capacities."""
    data = {
        "rack_id": [str(number) for number in range(len(given))],
        "capacity": pd.array([capacity for *_, capacity in given], "Int64"),
    }
    lon, lat = ([LON + x * METRE[0] for x, *_ in given], [LAT + y * METRE[1] for _, y, _ in given])
    return schema.geotable(schema.RACKS, data | columns, schema.points(lon, lat))


def counted(
    places: gpd.GeoDataFrame,
    stands: gpd.GeoDataFrame,
    *,
    walk: float = 50,
    **named: shapely.LineString,
) -> geobike.Counted:
    """Count bicycles where the cameras stood, which look all around: as many as the photos say."""
    around = {"width": 2048, "height": 1024, "turn_px": 2048.0, "horizon_px": 512.0}
    places = places.assign(**around).astype({"width": "Int64", "height": "Int64"})
    ids = places["photo_id"].repeat(places["bicycle_count"]).to_numpy()
    boxes = schema.table(schema.DETECTIONS, {"photo_id": ids, "kept": np.full(len(ids), True)})
    located = places.assign(area_id=np.where(places.geometry.x < LON, "west", "east"))
    return geobike.count_areas(
        located.astype({"area_id": "str"}),
        boxes,
        halves(),
        streets=lines(**named) if named else None,
        rules=geobike.CountingRules(place=False),
        racks=stands,
        walk=walk,
    )


def by_name(found: geobike.Counted) -> pd.DataFrame:
    assert found.streets is not None
    return pd.DataFrame(found.streets).set_index("name")


def all_along(length: float, north: float, bicycles: dict[float, int]) -> gpd.GeoDataFrame:
    """Photos every 25 m of a street that runs east, with bicycles on some."""
    east = [x for x in np.arange(25.0, length, 25.0) if x not in bicycles] + list(bicycles)
    number = [0] * (len(east) - len(bicycles)) + list(bicycles.values())
    photos = survey(east, north, heading=90.0, bicycles=number)
    return photos.assign(photo_id=photos["photo_id"] + f" {north:g}")


def two_streets() -> gpd.GeoDataFrame:
    """24 bicycles at 100 m along Dam, 3 at 100 m along Lane, 40 m to the north of it."""
    both = pd.concat([all_along(200, 0, {100: 24}), all_along(200, 40, {100: 3})])
    return gpd.GeoDataFrame(both.reset_index(drop=True), crs=schema.CRS)


def test_a_street_worked_out_by_hand() -> None:
    """Dam: 24 parked at 20 places: pressure 1.2, short 24 - 18 = 6.

    Lane, 40 m away: 3 parked at 10 places, of which 9 - 3 = 6 may still be used. From the 24
    bicycles it is 45 m to the rack of Lane, so all 6 are within 50 m and none within 40 m.
    """
    stands = racks((110, 4, 20), (100, 45, 10))
    named = {"Dam": at((0, 0), (200, 0)), "Lane": at((0, 40), (200, 40))}
    found = counted(two_streets(), stands, **named)
    dam, lane = by_name(found).loc["Dam"], by_name(found).loc["Lane"]
    assert dam[["detected_once", "rack_capacity", "shortage", "free_within_walk"]].tolist() == [
        24,
        20,
        6,
        6,
    ]
    assert (dam["pressure"], dam["parking"]) == (pytest.approx(1.2), "full")
    assert (lane["pressure"], lane["shortage"], lane["parking"]) == (pytest.approx(0.3), 0, "free")
    assert dam["detected_near_racks"] == 24
    assert found.racks is not None
    assert found.racks["detected_near"].tolist() == [24, 3]
    near = counted(two_streets(), stands, walk=40, **named)
    assert by_name(near).loc["Dam", "free_within_walk"] == 0
    total = found.supply["judged_streets"]
    assert (total["shortage"], total["shortage_net"], total["free_within_walk"]) == (6, 0, 6)
    # 27 parked, 30 places, of which 27 may be used: none short if all were in one place.
    assert found.supply["pressure"] == pytest.approx(27 / 30)
    assert found.supply["lists"]["full"]["streets"][0]["name"] == "Dam"
    assert found.supply["lists"]["free_near_by"]["number"] == 1
    east = found.areas.set_index("area_id").loc["east"]
    assert east[COLUMNS].tolist() == [2, 30, 2]
    assert (east["pressure"], east["shortage"]) == (pytest.approx(0.9), 6)


def test_a_street_without_racks_has_a_shortage_and_no_pressure() -> None:
    stands = racks((110, 4, 20), (100, 45, 10))
    named = {"Dam": at((0, 0), (200, 0)), "Lane": at((0, 200), (200, 200))}
    bare = all_along(200, 200, {100: 5})
    both = gpd.GeoDataFrame(pd.concat([all_along(200, 0, {}), bare]).reset_index(drop=True))
    found = counted(both.set_crs(schema.CRS), stands, **named)
    lane = by_name(found).loc["Lane"]
    assert lane[COLUMNS].tolist() == [0, 0, 0]
    assert math.isnan(lane["pressure"])
    assert (lane["shortage"], lane["parking"]) == (5, "no_facility")
    assert found.supply["judged_streets"]["shortage_without_racks"] == 5
    rows = found.supply["lists"]["no_facility"]["streets"]
    assert [row["name"] for row in rows] == ["Lane"]


def test_pressure_needs_a_capacity_for_nine_racks_of_ten() -> None:
    named = {"Dam": at((0, 0), (200, 0))}
    photos = all_along(200, 0, {100: 24})
    nine = [(20.0 * n + 5, 3.0, 2) for n in range(9)]
    enough = by_name(counted(photos, racks(*nine, (190, 3, None)), **named)).loc["Dam"]
    assert enough[COLUMNS].tolist() == [10, 18, 9]
    assert enough["pressure"] == pytest.approx(24 / 18)
    assert enough["shortage"] == math.ceil(24 - 16.2)
    few = by_name(counted(photos, racks(*nine[1:], (5, 3, None), (190, 3, None)), **named))
    assert few.loc["Dam", COLUMNS].tolist() == [10, 16, 8]
    assert few.loc["Dam", ["pressure", "shortage"]].isna().all()
    assert few.loc["Dam", "parking"] == "capacity_unknown"
    none = by_name(counted(photos, racks((5, 3, None)), **named)).loc["Dam"]
    assert pd.isna(none["rack_capacity"])  # not known, which is not 0


def test_pressure_needs_eight_tenths_of_the_kerb_in_view() -> None:
    """Within 15 m of a camera in the middle of the street lie 25, 27 and 29 m of the kerb 8, 6 and
    4 m beside it: of two cameras 25 m apart 51 m, which is 85 % of 60 m and 73 % of 70 m.

    Of what was not seen, nothing is said: neither of the street nor of the area.
    """
    photos = survey([12.5, 37.5], heading=90.0, bicycles=[9, 9])
    stands = racks((30, 3, 10), (68, 3, 10))
    seen = counted(photos, stands, Dam=at((0, 0), (60, 0)))
    assert by_name(seen).loc["Dam", "kerb_seen_share"] == pytest.approx(0.852, abs=0.02)
    assert by_name(seen).loc["Dam", "pressure"] == pytest.approx(18 / 20)
    thin = counted(photos, stands, Dam=at((0, 0), (70, 0)))
    dam = by_name(thin).loc["Dam"]
    assert dam["kerb_seen_share"] == pytest.approx(0.730, abs=0.02)
    assert dam["covered_share"] > 0.85  # a stop covers 25 m either way
    assert dam[["pressure", "shortage", "free_within_walk"]].isna().all()
    assert dam["parking"] == "not_covered"
    assert thin.supply["pressure"] is None
    assert thin.supply["kerb_seen_share"] == pytest.approx(dam["kerb_seen_share"], abs=0.001)
    east = thin.areas.set_index("area_id").loc["east"]
    assert east[["pressure", "shortage", "shortage_net", "free_within_walk"]].isna().all()
    assert east["kerb_seen_share"] == pytest.approx(dam["kerb_seen_share"])
    assert east[COLUMNS].tolist() == [2, 20, 2]


def test_of_a_rack_where_nobody_looked_nothing_is_said() -> None:
    photos = survey([25, 75], heading=90.0, bicycles=[9, 9])
    found = counted(photos, racks((30, 3, 10), (140, 3, 10)), Dam=at((0, 0), (150, 0)))
    assert found.racks is not None
    assert found.racks["seen"].tolist() == [True, False]
    assert found.racks["detected_near"].fillna(-1).tolist() == [18, -1]


def test_racks_that_are_left_out_add_no_places() -> None:
    stands = racks((30, 3, 10), (40, 3, 500), left_out=[None, "indoor"])
    photos = survey([25, 75], heading=90.0, bicycles=[9, 9])
    found = counted(photos, stands, Dam=at((0, 0), (100, 0)))
    assert by_name(found).loc["Dam", COLUMNS].tolist() == [1, 10, 1]
    assert found.supply["left_out"] == {"indoor": 1}
    assert found.racks is not None
    assert found.racks["detected_near"].fillna(-1).tolist() == [18, -1]


def test_without_streets_racks_are_counted_and_nothing_is_divided() -> None:
    found = counted(survey([25, 75], bicycles=[9, 9]), racks((30, 3, 10), (-30, 3, None)))
    table = found.areas.set_index("area_id")
    assert table.loc["east", COLUMNS].tolist() == [1, 10, 1]
    assert table.loc["west", ["rack_count", "rack_capacity_known"]].tolist() == [1, 0]
    assert pd.isna(table.loc["west", "rack_capacity"])
    assert table[["pressure", "shortage"]].isna().all(axis=None)
    assert table.loc["east", "detected_near_racks"] == 18
    assert found.streets is None
    assert "judged_streets" not in found.supply


@given(
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 9)), max_size=12),
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 9)), max_size=12),
)
def test_no_free_place_is_used_twice_and_nobody_walks_too_far(
    wanting: list[tuple[int, int]], free: list[tuple[int, int]]
) -> None:
    frames = [
        pd.DataFrame(
            {"x": [x for x, _ in rows], "y": 0, "places": [n for _, n in rows]}, dtype=float
        )
        for rows in (wanting, free)
    ]
    taken = walking.share_out(*frames, walk=10)
    assert (taken <= frames[0]["places"].to_numpy() + 1e-9).all()
    assert taken.sum() <= frames[1]["places"].sum() + 1e-9
    for (x, lacks), got in zip(wanting, taken, strict=True):
        near = sum(n for place, n in free if abs(place - x) <= 10)
        assert got <= near + 1e-9
        alone = not any(abs(other - x) <= 20 for other, _ in wanting if (other, _) != (x, lacks))
        if alone and wanting.count((x, lacks)) == 1:
            assert got == pytest.approx(min(lacks, near))


def test_bicycles_in_one_square_walk_together_and_none_is_lost() -> None:
    rows = pd.DataFrame(
        {
            "street": ["a", "a", "b", "a"],
            "x": [1.0, 3.0, 2.0, 55.0],
            "y": 5.0,
            "places": [1, 3, 2, 4],
        }
    )
    found = walking.gathered(rows)
    assert found["places"].sum() == 10
    assert sorted(zip(found["street"], found["x"], strict=True)) == [
        ("a", 2.5),
        ("a", 55.0),
        ("b", 2.0),
    ]


@pytest.fixture(scope="module")
def town() -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, streets.Network, Any]:
    """Areas, racks and network of the sample, and the row of the area at a place."""
    polygons = area_room.read(SAMPLE / "areas.geojson")
    row_at = area_room.row_at(polygons)
    network = streets.build(streets.read(SAMPLE / "streets.geojson", polygons), polygons, row_at)
    return polygons, parking.read(SAMPLE / "racks.geojson", polygons), network, row_at


def nearest_street(network: streets.Network, lon: Any, lat: Any) -> Any:
    points = gpd.GeoSeries(gpd.points_from_xy(lon, lat), crs=schema.CRS).to_crs(network.plane)
    return network.streets["street_id"].to_numpy()[
        shapely.STRtree(network.shapes).nearest(points.to_numpy())
    ]


def test_pressure_and_shortage_of_a_town_that_was_seen_whole_are_those_of_its_truth(
    town: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, streets.Network, Any],
) -> None:
    """Every bicycle of `places.csv` is a bicycle of the survey; the truth is added up by pandas."""
    polygons, stands, network, row_at = town
    truth = pd.read_csv(SAMPLE / "places.csv")
    street = nearest_street(network, truth["lon"], truth["lat"])
    each = truth.loc[truth.index.repeat(truth["bicycles"])]
    bicycles = schema.table(
        schema.BICYCLES,
        {
            "photo_id": each["place_id"].to_numpy(),
            "lon": each["lon"].to_numpy(),
            "lat": each["lat"].to_numpy(),
            "weight": 1.0,
            "area_id": each["area"].to_numpy(),
        },
    )
    of_street = truth["bicycles"].groupby(street).sum()
    ids = network.streets["street_id"]
    whole = network.streets.assign(
        covered_share=1.0,
        kerb_seen_share=1.0,
        detected_once=ids.map(of_street).fillna(0.0).astype(float),
        stop_count=network.streets["length_m"] / 25,
    )
    numbers = truth.groupby("area")["bicycles"].sum()
    known = polygons.assign(
        detected_once=polygons["area_id"].map(numbers).fillna(0.0).astype(float),
        photo_count=1,
        stop_count=1.0,
        bicycle_count=1,
        covered_share=1.0,
        kerb_seen_share=1.0,
        covered_km=1.0,
        street_km=1.0,
    )
    demand = parking.Demand(
        bicycles=bicycles,
        stops=schema.geotable(schema.STOPS, {"stop_id": []}, []),
        areas=known,
        streets=whole,
        street_of_bicycle=pd.Series(street[each.index], dtype="str"),
    )
    found = parking.measure(stands, demand, row_at=row_at, network=network)
    assert found.streets is not None
    table = pd.DataFrame(found.streets).set_index("street_id")

    file = gpd.read_file(SAMPLE / "racks.geojson")
    where = nearest_street(network, file.geometry.x, file.geometry.y)
    capacity = file.groupby(where)["capacity"].agg(["size", "count", "sum"])
    sure = capacity[capacity["count"] >= 0.9 * capacity["size"]]
    expected = of_street.reindex(sure.index).fillna(0) / sure["sum"]
    assert table["pressure"].dropna().to_dict() == pytest.approx(expected.to_dict())
    assert len(expected) >= 9
    places = sure["sum"].reindex(table.index).fillna(0)
    lacking = np.ceil(of_street.reindex(table.index).fillna(0) - 0.9 * places).clip(lower=0)
    lacking = lacking.drop(capacity.index.difference(sure.index))
    assert table["shortage"].dropna().astype(float).to_dict() == lacking.to_dict()
    judged = found.total["judged_streets"]
    assert judged["number"] == table.loc[lacking.index, "area_id"].notna().sum()
    assert (
        judged["shortage_net"]
        < judged["shortage"]
        == lacking[table.loc[lacking.index, "area_id"].notna()].sum()
    )
    spare = (0.9 * sure["sum"] - of_street.reindex(sure.index).fillna(0)).clip(lower=0).sum()
    assert 0 < judged["free_within_walk"] <= spare


def test_what_the_sample_detects_at_its_racks_is_near_what_stands_there(
    town: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, streets.Network, Any], tmp_path: Path
) -> None:
    """At each rack that photos saw, against the truth of the photographed places near it."""
    survey_ = geobike.Survey(
        photos=SAMPLE / "photos",
        areas=SAMPLE / "areas.geojson",
        manifest=SAMPLE / "manifest.csv",
        streets=SAMPLE / "streets.geojson",
        racks=SAMPLE / "racks.geojson",
        threshold=0.3,
        detector=geobike.DetectorChoice(kind="cached"),
    )
    result = geobike.run(survey_, store=SAMPLE / "detections.sqlite")
    assert result.counted.racks is not None
    stands = result.counted.racks.set_index("rack_id")
    truth = pd.read_csv(SAMPLE / "places.csv").query("photos > 0")
    plane = town[2].plane
    place = gpd.GeoSeries(gpd.points_from_xy(truth["lon"], truth["lat"]), crs=schema.CRS)
    apart = [place.to_crs(plane).distance(one) for one in stands.geometry.to_crs(plane)]
    nearest = pd.DataFrame(apart, index=stands.index)
    of_rack = nearest.idxmin().where(nearest.min() <= 50)
    expected = truth["bicycles"].reset_index(drop=True).groupby(of_rack).sum()
    found = stands.loc[stands["seen"], "detected_near"]
    there = expected.reindex(found.index).fillna(0)
    assert len(found) >= 6
    assert 0.75 * there.sum() < found.sum() < there.sum()  # this detector loses some in full racks
    assert found.corr(there) > 0.8  # racks of the station square stand side by side

    files = result.write(tmp_path / "out")
    written = gpd.read_file(files["racks.geojson"])
    assert written["capacity"].sum() == result.counted.supply["rack_capacity"]
    assert {"pressure", "shortage", "parking"} <= set(gpd.read_file(files["streets.geojson"]))
