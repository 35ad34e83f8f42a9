"""The Dutch data standard for bicycle parking: streets as sections, whole counts."""

import csv
import json
from copy import deepcopy
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from shapely import LineString, Point

import geobike
from geobike import saved, schema
from geobike.errors import GeobikeWarning, InputError
from geobike.exports import writing
from geobike.exports.protocol import About, Frames

HEADER = (
    "section_id,section_localId,parkinglocation_id,parkinglocation_localId,section_name,"
    "section_layout,section_url_geolocation,section_parkingSystemType,section_vehicleOwnerType,"
    "section_level,section_validFrom,section_validThrough,survey_id,contractor,"
    "observation_capacity_id,observation_capacity_timestamp_start,"
    "observation_capacity_timestamp_end,observation_capacity_parkingCapacity,"
    "observation_capacity_note,observation_occupation_timestamp_start,"
    "observation_occupation_timestamp_end,occupation_totalParked,observation_occupation_note,f"
)
"""Of the platform's sheet Section_dynamic, with one kind of vehicle."""


@pytest.fixture(scope="module")
def validate() -> Any:
    jsonschema = pytest.importorskip("jsonschema")
    text = (resources.files("geobike.exports") / "crow.schema.json").read_text("utf-8")
    described = json.loads(text)
    jsonschema.Draft202012Validator.check_schema(described)
    return jsonschema.Draft202012Validator(described).is_valid


@pytest.fixture
def exported(sample_out: Path) -> Path:
    saved.export(sample_out, ["crow"])
    return sample_out


def observations(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "observations.json").read_text("utf-8"))
    return found


def test_each_street_that_was_seen_has_one_valid_observation(
    exported: Path, sample_result: geobike.SurveyResult, validate: Any
) -> None:
    found = observations(exported)
    assert validate(found)
    found = [one for one in found if one["observedProperty"] == "occupation"]
    streets = sample_result.counted.streets
    seen = streets[streets["detected_once"].notna()]
    assert [one["featureOfInterest"] for one in found] == seen["street_id"].tolist()
    for one, expected in zip(found, seen["detected_once"], strict=True):
        assert abs(one["measurement"]["totalParked"] - expected) <= 0.5
        (count,) = one["measurement"]["vehicleTypeCounts"]
        assert count == {
            "vehicle": [{"type": "f"}],
            "numberOfVehicles": one["measurement"]["totalParked"],
        }
    assert "not corrected for what a detector misses" in found[0]["note"]["remark"]


def test_times_are_those_of_the_streets_stops_with_their_offset(exported: Path) -> None:
    stops = gpd.read_file(exported / "stops.geojson")
    of_one = stops[stops["street_id"].astype(str) == "3"]["taken_at"]
    (one,) = [
        each
        for each in observations(exported)
        if each["featureOfInterest"] == "3" and each["observedProperty"] == "occupation"
    ]
    start, end = one["measurement"]["timestampStart"], one["measurement"]["timestampEnd"]
    assert (pd.Timestamp(start), pd.Timestamp(end)) == (of_one.min(), of_one.max())
    assert start.endswith("+02:00")
    assert one["timestamp"] == start


def test_the_table_has_the_platforms_header_and_the_same_counts(exported: Path) -> None:
    with (exported / "section_dynamic.csv").open(newline="", encoding="utf-8") as file:
        assert file.readline().rstrip("\n") == HEADER
        file.seek(0)
        rows = list(csv.DictReader(file))
    every = observations(exported)
    found = [one for one in every if one["observedProperty"] == "occupation"]
    places = {
        one["featureOfInterest"]: str(one["measurement"]["parkingCapacity"])
        for one in every
        if one["observedProperty"] == "capacity"
    }
    assert len(rows) == len(found)
    for row, one in zip(rows, found, strict=True):
        assert row["section_localId"] == one["featureOfInterest"]
        assert row["occupation_totalParked"] == row["f"] == str(one["measurement"]["totalParked"])
        assert row["survey_id"] == one["survey"]
        known = places.get(one["featureOfInterest"], "")
        assert row["observation_capacity_parkingCapacity"] == known
    assert len(places) == 8  # streets of which each rack says its places


GOOD: dict[str, Any] = {
    "timestamp": "2026-06-13T14:05:00+02:00",
    "survey": "0503_2026",
    "observedProperty": "occupation",
    "featureOfInterest": "0503_2026_012",
    "measurement": {
        "timestampStart": "2026-06-13T14:05:00+02:00",
        "timestampEnd": "2026-06-13T14:09:00+02:00",
        "totalParked": 15,
        "vehicleTypeCounts": [
            {"vehicle": [{"type": "f"}], "parkState": "p", "numberOfVehicles": 15}
        ],
    },
}
CAPACITY = GOOD | {
    "observedProperty": "capacity",
    "measurement": {
        "parkingCapacity": 12,
        "capacityPerParkingSpaceTypes": [{"parkingSpaceOf": {"type": "n"}, "numberOfVehicles": 12}],
    },
}


def test_the_schema_chooses_by_what_was_observed(validate: Any) -> None:
    assert validate([GOOD, CAPACITY])
    swapped = GOOD | {"measurement": CAPACITY["measurement"]}
    assert not validate([swapped])
    assert not validate([CAPACITY | {"measurement": GOOD["measurement"]}])
    assert not validate([GOOD | {"observedProperty": "weather"}])


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("measurement", "totalParked"), 14.6),
        (("measurement", "totalParked"), "15"),
        (("measurement", "totalParked"), -1),
        (("measurement", "vehicleTypeCounts"), []),
        (("measurement", "vehicleTypeCounts", 0, "vehicle"), {"type": "f"}),
        (("measurement", "vehicleTypeCounts", 0, "vehicle", 0, "type"), "sb"),
        (("measurement", "timestampStart"), "13-06-2026 14:05"),
        (("timestamp",), "2026-06-13T14:05:00"),
        (("note",), {"wasHoliday": True}),
    ],
)
def test_the_schema_refuses_what_the_standards_own_lets_through(
    validate: Any, place: tuple[Any, ...], value: Any
) -> None:
    wrong = deepcopy(GOOD)
    inside: Any = wrong
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = value
    assert not validate([wrong])


def two_streets(**columns: list[Any]) -> Frames:
    lines = [LineString([(4, 52), (4.01, 52)]), LineString([(4, 52.01), (4.01, 52.01)])]
    seen = {"street_id": ["1", "2"], "name": ["A", None], "detected_once": [2.5, 0.4]}
    streets = schema.geotable(schema.STREETS, pd.DataFrame(seen | {"covered_share": 0.5}), lines)
    at = pd.Series(pd.to_datetime(["2026-05-12T07:00:00Z", None])).astype(schema.TIME)
    stops = {"stop_id": ["a", "b"], "street_id": ["1", "2"], "taken_at": at, "visit_count": [2, 1]}
    return Frames(
        streets=streets.assign(**columns),
        stops=schema.geotable(schema.STOPS, pd.DataFrame(stops), [Point(4, 52)] * 2),
    )


def test_a_street_whose_photos_have_no_time_is_left_out_and_reported(tmp_path: Path) -> None:
    with pytest.warns(GeobikeWarning, match="1 street has no observation in the file, since none"):
        writing.write_again(two_streets(), tmp_path, names=("crow",))
    (one,) = observations(tmp_path)
    assert (one["featureOfInterest"], one["measurement"]["totalParked"]) == ("1", 3)
    assert one["timestamp"] == "2026-05-12T07:00:00+00:00"
    assert "2.5 detected" in one["note"]["remark"]
    assert "visits to its stops 2" in one["note"]["remark"]


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
@pytest.mark.parametrize(("known", "places"), [(3, "12"), (2, "")])
def test_places_are_written_only_where_the_capacity_of_each_rack_is_known(
    tmp_path: Path, validate: Any, known: int, places: str
) -> None:
    racks = {"rack_count": [3, 0], "rack_capacity": [12, None], "rack_capacity_known": [known, 0]}
    writing.write_again(two_streets(**racks), tmp_path, names=("crow",))
    found = observations(tmp_path)
    assert validate(found)
    capacity = [one["measurement"]["parkingCapacity"] for one in found[1:]]
    assert capacity == ([12] if places else [])
    with (tmp_path / "section_dynamic.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert row["observation_capacity_parkingCapacity"] == places


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_other_labels_are_other_vehicles(tmp_path: Path) -> None:
    frames = replace(two_streets(), about=About(summary={"counting": {"labels": ["motorcycle"]}}))
    writing.write_again(frames, tmp_path, names=("crow",))
    (one,) = observations(tmp_path)
    assert one["measurement"]["vehicleTypeCounts"][0]["vehicle"] == [{"type": "a"}]


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
@pytest.mark.parametrize(
    ("counting", "said"),
    [
        ({"count": "parked", "ridden": 3}, False),
        ({"count": "all", "ridden": 3}, "; ridden ones included;"),
        ({"count": "parked", "ridden": None}, "; ridden ones not told apart;"),
    ],
)
def test_the_remark_says_whether_ridden_ones_are_in_it(
    counting: dict[str, object], said: str | bool, tmp_path: Path
) -> None:
    frames = replace(two_streets(), about=About(summary={"counting": counting}))
    writing.write_again(frames, tmp_path, names=("crow",))
    remark = observations(tmp_path)[0]["note"]["remark"]
    assert said in remark if said else "ridden" not in remark


def test_a_survey_without_streets_says_so(tmp_path: Path) -> None:
    frames = replace(two_streets(), streets=None)
    with pytest.raises(InputError, match="--format crow holds streets and stops, which this"):
        writing.write_again(frames, tmp_path, names=("crow",))
