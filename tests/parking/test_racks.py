"""Racks in every form that they come in: nothing guessed, nothing lost without a word."""

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from shapely import Point, box

from geobike import parking, schema
from geobike.errors import GeobikeWarning, InputError
from tests.counting.test_stops import LAT, LON, METRE
from tests.streets.test_network import halves

HERE = (LON + 10 * METRE[0], LAT)


def points(count: int, **columns: Any) -> gpd.GeoDataFrame:
    """Racks at steps of 10 m to the east."""
    shapes = [Point(LON + 10 * n * METRE[0], LAT) for n in range(count)]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=schema.CRS)


def read(path: Path, **options: Any) -> gpd.GeoDataFrame:
    return parking.read(path, halves(), **options)


def capacities(racks: gpd.GeoDataFrame) -> list[int | None]:
    return [None if pd.isna(value) else int(value) for value in racks["capacity"]]


ODD = ["12", "10;20", "yes", "~30", "-1", "1000000000", "0", "12.5", " 8 ", None]
KNOWN = [12, None, None, None, None, None, None, None, 8, None]


def extract(path: Path) -> Path:
    """Write an OpenStreetMap extract: racks as nodes, as areas, as a line, and what is no rack."""
    osmium = pytest.importorskip("osmium")
    mutable = osmium.osm.mutable
    writer = osmium.SimpleWriter(str(path))
    rack = {"amenity": "bicycle_parking"}
    for number, said in enumerate(ODD, start=1):
        place = (LON + 10 * number * METRE[0], LAT)
        tags = rack | ({} if said is None else {"capacity": said})
        writer.add_node(mutable.Node(id=number, location=place, tags=tags))
    corners = [(300, 0), (320, 0), (320, 9), (300, 9), (310, 4), (305, 50), (315, 50)]
    for number, (x, y) in enumerate(corners, start=100):
        tags = rack | {"capacity": "5"} if number == 104 else {}
        place = (LON + x * METRE[0], LAT + y * METRE[1])
        writer.add_node(mutable.Node(id=number, location=place, tags=tags))
    cafe = {"amenity": "cafe", "capacity": "40"}
    writer.add_node(mutable.Node(id=200, location=HERE, tags=cafe))
    area = rack | {"capacity": "40", "access": "customers", "check_date:capacity": "2025-03-01"}
    writer.add_way(mutable.Way(id=1, nodes=[100, 101, 102, 103, 100], tags=area))
    line = rack | {"capacity": "9", "note": 'by "De Kroeg"'}
    writer.add_way(mutable.Way(id=2, nodes=[105, 106], tags=line))
    writer.close()
    return path


def test_of_an_openstreetmap_extract_every_rack_is_read_and_no_capacity_guessed(
    tmp_path: Path,
) -> None:
    path = extract(tmp_path / "town.osm.pbf")
    before = sorted(tmp_path.iterdir())
    with pytest.warns(GeobikeWarning, match=r"7 racks .*'10;20', 'yes', '~30', and 4 more"):
        racks = read(path)
    assert sorted(tmp_path.iterdir()) == before
    nodes = racks[:10]
    assert nodes["rack_id"].tolist() == [f"node/{number}" for number in range(1, 11)]
    assert capacities(nodes) == KNOWN
    said = [None if text is None else text.strip() for text in ODD]
    assert nodes["capacity_said"].astype(object).where(nodes["capacity"].isna(), None)[1] == "10;20"
    assert [None if pd.isna(text) else text for text in nodes["capacity_said"]] == said
    rest = racks[10:].set_index("rack_id")
    assert set(rest.index) == {"node/104", "way/1", "way/2"}
    assert rest.loc["way/1", ["capacity", "left_out", "capacity_date"]].tolist() == [
        40,
        "customers",
        "2025-03-01",
    ]
    assert rest.loc["way/2", "capacity"] == 9
    middle = rest.loc["way/1"].geometry
    assert (middle.x, middle.y) == pytest.approx((LON + 310 * METRE[0], LAT + 4.5 * METRE[1]))


def test_a_rack_drawn_as_a_point_in_an_area_counts_once(tmp_path: Path) -> None:
    with pytest.warns(GeobikeWarning):
        racks = read(extract(tmp_path / "town.osm.pbf")).set_index("rack_id")
    assert racks.loc["node/104", "left_out"] == "twice"
    assert racks["left_out"].notna().sum() == 2  # and the area's customers


def test_racks_are_read_in_any_format_and_crs_with_the_column_that_the_user_names(
    tmp_path: Path,
) -> None:
    frame = points(3, PLAATSEN=[4, 6, None])
    frame.to_crs(28992).to_file(tmp_path / "racks.gpkg")
    frame.to_crs(32631).to_file(tmp_path / "racks.shp")
    frame.to_file(tmp_path / "racks.fgb", driver="FlatGeobuf")
    for name in ("racks.gpkg", "racks.shp", "racks.fgb"):
        racks = read(tmp_path / name, capacity_column="PLAATSEN").sort_values("capacity")
        assert capacities(racks) == [4, 6, None]
        assert racks.crs == schema.CRS
        assert racks.total_bounds == pytest.approx(frame.total_bounds, abs=1e-6)


def test_numbers_of_a_geojson_are_whole_or_not_known(tmp_path: Path) -> None:
    points(5, capacity=[20, 12.5, -1, 1e9, None]).to_file(tmp_path / "racks.geojson")
    with pytest.warns(GeobikeWarning, match=r"3 racks .*'12\.5', '-1', '1000000000'"):
        racks = read(tmp_path / "racks.geojson")
    assert capacities(racks) == [20, None, None, None, None]
    assert racks["capacity_said"].tolist()[:4] == ["20", "12.5", "-1", "1000000000"]
    assert racks["rack_id"].tolist() == ["1", "2", "3", "4", "5"]


def test_of_a_geojson_of_openstreetmap_only_racks_are_taken(tmp_path: Path) -> None:
    frame = points(3, amenity=["bicycle_parking", "bench", "bicycle_parking"])
    frame = frame.assign(capacity=["6", "2", "4"], **{"@id": ["node/7", "node/8", "way/9"]})
    frame.to_file(tmp_path / "export.geojson")
    racks = read(tmp_path / "export.geojson")
    assert dict(zip(racks["rack_id"], racks["capacity"], strict=True)) == {"node/7": 6, "way/9": 4}
    frame[1:2].to_file(tmp_path / "benches.geojson")
    with pytest.raises(InputError, match="no object has amenity=bicycle_parking"):
        read(tmp_path / "benches.geojson")


FRENCH = f"""id_local,coordonneesxy,capacite,mobilier,acces,protection,date_maj
V1,"[{HERE[0]},
{HERE[1]}]",12,ARCEAU,LIBRE ACCES,STATIONNEMENT NON FERME,2024-05-01
V2,"[{HERE[0]}, {HERE[1]}]",50,CROCHET,ABONNEMENT OU INSCRIPTION PREALABLE,AUTRE,
V3,"[{HERE[0]}, {HERE[1]}]",4,ARCEAU,LIBRE ACCES,BOX INDIVIDUEL FERME,
V4,"somewhere",4,ARCEAU,LIBRE ACCES,,
"""


def test_the_french_national_file_is_read_with_its_line_feeds(tmp_path: Path) -> None:
    (tmp_path / "stationnement.csv").write_text(FRENCH, "utf-8")
    with pytest.warns(GeobikeWarning, match=r"1 rack of stationnement\.csv has no valid place"):
        racks = read(tmp_path / "stationnement.csv", date="2023-01-01").set_index("rack_id")
    assert racks["capacity"].to_dict() == {"V1": 12, "V2": 50, "V3": 4}
    left = [None if pd.isna(why) else why for why in racks["left_out"]]
    assert left == [None, "customers", "indoor"]
    assert racks["capacity_date"].tolist() == ["2024-05-01", "2023-01-01", "2023-01-01"]
    assert racks["kind"].tolist() == ["ARCEAU", "CROCHET", "ARCEAU"]
    assert (racks.geometry.x - HERE[0]).abs().max() < 1e-9


def test_a_table_of_a_city_needs_longitude_and_latitude(tmp_path: Path) -> None:
    path = tmp_path / "racks.csv"
    path.write_text(f"id;Longitude;Latitude;Plekken\nA;{HERE[0]};{HERE[1]};14\n", "utf-8")
    assert capacities(read(path, capacity_column="Plekken")) == [14]
    with pytest.warns(GeobikeWarning, match=r"no column of capacities is known.*Plekken"):
        assert capacities(read(path)) == [None]
    with pytest.raises(InputError, match=r"racks racks\.csv: no column 'plek' \(--capacity-column"):
        read(path, capacity_column="plek")
    path.write_text("id,x,y\nA,83000,447000\n", "utf-8")
    with pytest.raises(InputError, match=r"racks racks\.csv: says no places; .*id, x, y"):
        read(path)


@pytest.mark.parametrize(
    ("tags", "left_out"),
    [
        ({}, None),
        ({"access": "yes"}, None),
        ({"access": "permissive", "covered": "yes"}, None),
        ({"access": "private"}, "private"),
        ({"access": "customers"}, "customers"),
        ({"access": "lijnbaan"}, "other access"),
        ({"indoor": "yes"}, "indoor"),
        ({"indoor": "no", "level": "0"}, None),
        ({"level": "-1"}, "indoor"),
        ({"location": "underground"}, "indoor"),
        ({"bicycle_parking": "lockers"}, "indoor"),
        ({"bicycle_parking": "stands"}, None),
        ({"access": "private", "indoor": "yes"}, "private"),
    ],
)
def test_only_racks_for_everybody_that_photos_see_into_count(
    tmp_path: Path, tags: dict[str, str], left_out: str | None
) -> None:
    points(1, capacity=[4], **{name: [value] for name, value in tags.items()}).to_file(
        tmp_path / "racks.geojson"
    )
    (found,) = read(tmp_path / "racks.geojson")["left_out"]
    assert (None if pd.isna(found) else found) == left_out


def test_racks_far_from_the_areas_and_files_that_are_none_are_refused(tmp_path: Path) -> None:
    frame = points(2, capacity=[4, 5])
    frame.geometry = [Point(6, 52), Point(LON, LAT)]
    frame.to_file(tmp_path / "racks.geojson")
    assert capacities(read(tmp_path / "racks.geojson")) == [5]
    frame[:1].to_file(tmp_path / "far.geojson")
    with pytest.raises(InputError, match=r"racks far\.geojson: has no rack near the areas"):
        read(tmp_path / "far.geojson")
    frame.to_file(tmp_path / "racks.shp")
    (tmp_path / "racks.prj").unlink()
    with pytest.raises(InputError, match=r"racks racks\.shp: declares no CRS"):
        read(tmp_path / "racks.shp")
    with pytest.raises(InputError, match=r"racks nowhere\.geojson: "):
        read(tmp_path / "nowhere.geojson")
    (tmp_path / "town.osm.pbf").write_text("<OGRVRTDataSource/>")
    with pytest.raises(InputError, match=r"racks town\.osm\.pbf: "):
        read(tmp_path / "town.osm.pbf")


def test_areas_stand_for_racks_by_their_middle(tmp_path: Path) -> None:
    square = box(LON, LAT, LON + 20 * METRE[0], LAT + 4 * METRE[1])
    frame = gpd.GeoDataFrame({"capacity": [30]}, geometry=[square], crs=schema.CRS)
    frame.to_file(tmp_path / "racks.geojson")
    (found,) = read(tmp_path / "racks.geojson").geometry
    middle = (LON + 10 * METRE[0], LAT + 2 * METRE[1])
    assert (found.x, found.y) == pytest.approx(middle, abs=1e-9)


def test_a_file_of_several_layers_has_to_say_which_are_the_racks(tmp_path: Path) -> None:
    path = tmp_path / "city.gpkg"
    points(1, capacity=[4]).to_file(path, layer="fietsen")
    points(1, capacity=[9]).to_file(path, layer="bomen")
    with pytest.raises(InputError, match=r"has 2 layers \(fietsen, bomen\)"):
        read(path)
    points(1, capacity=[5]).to_file(path, layer="Racks")
    assert capacities(read(path)) == [5]


def test_text_of_a_file_stays_on_one_line(tmp_path: Path) -> None:
    said = "20\n\x1b[2J" + "x" * 500
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": HERE},
        "properties": {"capacity": said, "access": "yes"},
    }
    collection = {"type": "FeatureCollection", "features": [feature]}
    (tmp_path / "racks.geojson").write_text(json.dumps(collection))
    with pytest.warns(GeobikeWarning):
        (found,) = read(tmp_path / "racks.geojson")["capacity_said"]
    assert found.isprintable()
    assert len(found) <= 200


def test_degrees_that_a_dutch_spreadsheet_wrote_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("lon,lat,capacity\n4.36,52.01,10\n")
    (tmp_path / "b.csv").write_text("lon;lat;capacity\n4,36;52,01;10\n")
    one, other = (read(tmp_path / name) for name in ("a.csv", "b.csv"))
    assert one.geometry.iloc[0] == other.geometry.iloc[0]
    assert (one.geometry.x.iloc[0], one.geometry.y.iloc[0]) == (4.36, 52.01)
