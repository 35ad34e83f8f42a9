import json
import warnings
from itertools import combinations
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import GeometryCollection, LineString, MultiPolygon, Point, Polygon, box

from geobike import areas, schema
from geobike.areas import repairing
from geobike.counting import counts
from geobike.errors import AreasError, GeobikeWarning
from geobike.maps.shapes import simplified
from tests.support.bounded import processor_seconds
from tests.support.counted import area_counts
from tests.support.making import handed, photos_frame, squares

AMERSFOORT = (5.387206, 52.155174)
"""Longitude and latitude of the tower at (155000, 463000), where the Dutch grid is anchored."""


def write(path: Path, geometry: list, crs: object = "EPSG:4326", **columns: list) -> Path:
    columns = columns or {"name": list(map(str, range(len(geometry))))}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # pyogrio's, where there is no CRS to write
        gpd.GeoDataFrame(columns, geometry=geometry, crs=crs).to_file(path)
    return path


def assigned(places: dict[str, tuple[float, float] | None], polygons: gpd.GeoDataFrame) -> dict:
    out = areas.assign(photos_frame(places), polygons)
    return dict(zip(out["photo_id"], out["area_id"].fillna(out["status"]), strict=True))


def frame(*polygons: Polygon) -> gpd.GeoDataFrame:
    names = [chr(ord("A") + i) for i in range(len(polygons))]
    data = {"area_id": names, "name": names, "area_km2": [1.0] * len(polygons)}
    return schema.geotable(schema.AREAS, data, list(polygons))


def test_the_real_files_are_read_with_their_names(shared: Path) -> None:
    delft = areas.read(shared / "areas" / "delft_neighbourhoods.geojson", name_column="BU_NAAM")
    assert len(delft) == 91
    assert {"TU-Campus", "Schoemakerplantage"} <= set(delft["name"])
    amsterdam = areas.read(shared / "areas" / "amsterdam.geojson")
    assert len(amsterdam) == 97
    assert amsterdam["name"].is_unique


def test_invalid_polygons_are_repaired_reported_and_lose_no_ground(shared: Path) -> None:
    path = shared / "areas" / "the_hague_invalid.geojson"
    with pytest.warns(GeobikeWarning, match="invalid polygons repaired, at row: 2: Self-inter"):
        repaired = areas.read(path)
    assert len(repaired) == 44
    assert repaired.is_valid.all()
    raw = gpd.read_file(path).to_crs(28992)
    assert repaired["area_km2"].sum() == pytest.approx(raw.area.sum() / 1e6, rel=2e-3)


def test_square_kilometres_are_those_of_the_dutch_grid(shared: Path) -> None:
    path = shared / "areas" / "delft_neighbourhoods.geojson"
    ours = areas.read(path, name_column="BU_NAAM")["area_km2"]
    theirs = gpd.read_file(path).to_crs(28992).area / 1e6  # its scale is within 1.0002
    assert np.allclose(ours, theirs, rtol=3e-4)


def test_a_square_degree_at_the_equator_has_its_known_area(tmp_path: Path) -> None:
    path = write(tmp_path / "a.geojson", [box(0, 0, 1, 1).segmentize(0.01)])
    # 2 pi a^2 (q(1 deg) / 2) / 360 on WGS 84 with its authalic function q
    assert areas.read(path)["area_km2"].iloc[0] == pytest.approx(12308.778, rel=1e-4)


def test_metric_files_come_to_lon_lat(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", [box(155000, 463000, 156000, 464000)], crs=28992)
    read = areas.read(path)
    assert read.crs == "EPSG:4326"
    assert read.total_bounds[:2] == pytest.approx(AMERSFOORT, abs=1e-5)
    assert read["area_km2"].iloc[0] == pytest.approx(1, rel=5e-4)


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_a_row_whose_coordinates_are_not_finite_spoils_no_other(
    tmp_path: Path, value: float
) -> None:
    with np.errstate(invalid="ignore"):
        odd = Polygon([(4, 52), (value, 52), (5, 53), (4, 52)])
        path = write(tmp_path / "a.gpkg", [box(4, 52, 5, 53), odd], name=["whole", "odd"])
    with pytest.warns(GeobikeWarning, match="rows without a polygon left out: 1"):
        assert areas.read(path)["name"].tolist() == ["whole"]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_property_called_geometry_and_a_byte_order_mark_are_no_hindrance(
    tmp_path: Path, mark: str
) -> None:
    square = {"type": "Polygon", "coordinates": [[[4, 52], [5, 52], [5, 53], [4, 53], [4, 52]]]}
    row = {"type": "Feature", "properties": {"name": "a", "geometry": "x"}, "geometry": square}
    path = tmp_path / "areas.geojson"
    path.write_text(mark + json.dumps({"type": "FeatureCollection", "features": [row]}), "utf-8")
    frame = areas.read(path)
    assert frame["name"].tolist() == ["a"]
    assert frame.geometry.iloc[0].equals(box(4, 52, 5, 53))


def test_a_hole_is_no_ground_whichever_way_its_ring_runs(tmp_path: Path) -> None:
    square, hole = box(155000, 463000, 156000, 464000), box(155250, 463250, 155750, 463750)
    rings = [hole.exterior.coords, hole.exterior.coords[::-1]]
    path = write(tmp_path / "a.gpkg", [Polygon(square.exterior, [r]) for r in rings], crs=28992)
    with pytest.warns(GeobikeWarning, match="areas overlap"):
        assert areas.read(path)["area_km2"].tolist() == pytest.approx([0.75, 0.75], rel=5e-4)


def test_a_file_without_a_crs_asks_for_it_and_takes_it(tmp_path: Path) -> None:
    path = tmp_path / "a.shp"
    write(path, [box(155000, 463000, 156000, 464000)], crs=None)
    with pytest.raises(AreasError, match=r"declares no CRS; pass --crs, such as --crs EPSG:28992"):
        areas.read(path)
    assert areas.read(path, crs="EPSG:28992").total_bounds[1] == pytest.approx(
        AMERSFOORT[1], abs=1e-5
    )
    with pytest.raises(AreasError, match="'EPSG:no' is not a CRS"):
        areas.read(path, crs="EPSG:no")


def test_a_crs_that_overrules_the_files_own_is_reported(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", [box(5, 52, 5.1, 52.1)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        areas.read(path, crs="EPSG:4326")
    with pytest.warns(
        GeobikeWarning, match=r"its CRS is WGS 84, but read as Amersfoort / RD New: --crs"
    ):
        areas.read(path, crs="EPSG:28992")


def test_metres_that_call_themselves_degrees_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.geojson", [box(155000, 463000, 156000, 464000)], crs=None)
    with pytest.raises(AreasError, match=r"such as \(156000, 464000\) are not degrees"):
        areas.read(path)
    assert areas.read(path, crs="EPSG:28992").total_bounds[1] == pytest.approx(
        AMERSFOORT[1], abs=1e-5
    )


def test_longitudes_that_count_eastward_are_degrees_and_no_more_than_a_round(
    tmp_path: Path,
) -> None:
    with pytest.warns(GeobikeWarning, match="across 180 degrees of longitude cut there, at row: 0"):
        east = areas.read(write(tmp_path / "a.gpkg", [box(179, -1, 181, 1)]))
    assert sorted(part.bounds for part in east.geometry[0].geoms) == [
        (-180, -1, -179, 1),
        (179, -1, 180, 1),
    ]
    with pytest.raises(AreasError, match=r"such as \(600, 53\) are not degrees"):
        areas.read(write(tmp_path / "b.gpkg", [box(500, 52, 600, 53)]))


@pytest.mark.parametrize(
    ("columns", "names"),
    [
        ({"Name": ["North", "South"]}, ["North", "South"]),
        ({"code": [7, 8], "BU_NAAM": ["North", "South"]}, ["North", "South"]),
        ({"name": ["North", None]}, ["North", "Area 2"]),
    ],
)
def test_the_name_column_is_found(tmp_path: Path, columns: dict, names: list[str]) -> None:
    path = write(tmp_path / "a.gpkg", [box(0, 0, 1, 1), box(1, 0, 2, 1)], **columns)
    assert areas.read(path)["name"].tolist() == names


GUESSED = [
    ({"PLR_ID": ["01100100", "01100101"], "PLR_NAME": ["Tiergarten", "Moabit"]}, "PLR_NAME"),
    ({"hash": ["9f3a11", "77ab0c"], "pri_neigh": ["Wicker Park", "Loop"]}, "pri_neigh"),
    ({"kind": ["x", "x"], "quarter": ["North", "South"]}, "quarter"),
    ({"CITY_NAME": ["Delft", "Delft"], "wijkNaam": ["Noord", "Zuid"]}, "wijkNaam"),
    ({"uuid": ["a0ee-99", "b1cc-01"], "ref": ["BU0503", "BU0504"], "x": ["Oost", "West"]}, "x"),
    ({"user_name": ["ann", "bob"], "stadtteilname": ["Altona", "Eimsbüttel"]}, "stadtteilname"),
    ({"district": ["E05000405", "E05000406"], "NAMELSAD": ["Ward 1", "Ward 2"]}, "NAMELSAD"),
]


@pytest.mark.parametrize(("columns", "name"), GUESSED)
def test_names_are_guessed_by_the_column_that_means_a_name_and_the_guess_is_reported(
    tmp_path: Path, columns: dict, name: str
) -> None:
    path = write(tmp_path / "a.gpkg", [box(0, 0, 1, 1), box(1, 0, 2, 1)], **columns)
    with pytest.warns(GeobikeWarning, match=f"names are taken from the column '{name}'"):
        assert areas.read(path)["name"].tolist() == columns[name]


@pytest.mark.parametrize(
    "columns",
    [
        {"code": ["Alpha", "Beta"]},
        {"h": ["9f3a11e0", "77ab0c42"]},
        {"region": ["BU05030101", "BU05030102"]},
        {"zone": ["NH", "ZH"]},
        {"link": ["https://a.example/noord", "https://a.example/zuid"]},
    ],
)
def test_codes_hashes_and_links_are_not_taken_for_names(tmp_path: Path, columns: dict) -> None:
    path = write(tmp_path / "a.gpkg", [box(0, 0, 1, 1), box(1, 0, 2, 1)], **columns)
    with pytest.warns(GeobikeWarning, match="no column seems to hold names"):
        assert areas.read(path)["name"].tolist() == ["Area 1", "Area 2"]


def features(path: Path, *rows: dict) -> Path:
    """Write squares side by side with these properties; one with `_none` has no geometry."""
    found = [
        {
            "type": "Feature",
            "properties": {key: value for key, value in row.items() if key != "_none"},
            "geometry": None if "_none" in row else box(i, 0, i + 1, 1).__geo_interface__,
        }
        for i, row in enumerate(rows)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": found}))
    return path


@pytest.mark.parametrize("codes", [[101, 102, None], [101.0, 102.0, None], ["101", "102", None]])
def test_codes_stay_codes_beside_an_empty_cell(tmp_path: Path, codes: list) -> None:
    rows = [{"name": "a", "code": codes[0]}, {"name": "b", "code": codes[1]}]
    path = features(tmp_path / "a.geojson", *rows, {"name": "water", "code": None, "_none": True})
    with pytest.warns(GeobikeWarning, match="without a polygon left out"):
        read = areas.read(path, id_column="code", name_column="code")
    assert read["area_id"].tolist() == read["name"].tolist() == ["101", "102"]


def test_codes_with_leading_zeros_and_true_fractions_stay_as_they_are(tmp_path: Path) -> None:
    rows = [{"name": "a", "c": "0101", "f": 1.5}, {"name": "b", "c": "0102", "f": 2.0}]
    path = features(tmp_path / "a.geojson", *rows)
    assert areas.read(path, id_column="c")["area_id"].tolist() == ["0101", "0102"]
    assert areas.read(path, id_column="f")["area_id"].tolist() == ["1.5", "2"]


def test_codes_that_a_spreadsheet_wrote_into_csv_lose_their_decimal_point(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    wkt = '"POLYGON((0 0,1 0,1 1,0 0))"'
    path.write_text(f'name,code,WKT\na,0101.0,{wkt}\nb,"",\nc,102.0,{wkt}\n')
    with pytest.warns(GeobikeWarning):  # overlap, and a row without a polygon
        read = areas.read(path, id_column="code", crs="EPSG:4326")
    assert read["area_id"].tolist() == ["0101", "102"]


@pytest.mark.parametrize("kind", ["N,19,0", "F,12,2"])
def test_numbers_of_a_dbf_file_become_codes(tmp_path: Path, kind: str) -> None:
    """The table is written byte by byte: GDAL writes neither kind."""
    letter, width, decimals = kind.split(",")
    path = write(tmp_path / "a.shp", [box(0, 0, 1, 1), box(1, 0, 2, 1)], name=["a", "b"])
    values = ["101", "102"] if decimals == "0" else ["101.00", "102.00"]
    records = b"".join(b" " + value.rjust(int(width)).encode() for value in values)
    field = b"CODE".ljust(11, b"\0") + letter.encode() + bytes(4)
    field += bytes([int(width), int(decimals)]) + bytes(14)
    head = bytes([3, 126, 1, 1]) + (2).to_bytes(4, "little") + (65).to_bytes(2, "little")
    head += (int(width) + 1).to_bytes(2, "little") + bytes(20)
    path.with_suffix(".dbf").write_bytes(head + field + b"\r" + records + b"\x1a")
    with pytest.warns(GeobikeWarning, match="no column seems to hold names"):
        assert areas.read(path, id_column="CODE")["area_id"].tolist() == ["101", "102"]


def test_numbers_that_lost_digits_are_refused_as_ids(tmp_path: Path) -> None:
    rows = [{"name": "a", "code": 12345678901234567}, {"name": "b", "code": None}]
    path = features(tmp_path / "a.geojson", *rows)
    with pytest.raises(AreasError, match="has more digits than are kept of a number; choose"):
        areas.read(path, id_column="code")


def test_ids_that_are_blank_or_lists_are_refused(tmp_path: Path) -> None:
    blank = features(tmp_path / "a.geojson", {"name": "a", "c": " "}, {"name": "b", "c": "x"})
    with pytest.raises(AreasError, match="'c' has empty or repeated values"):
        areas.read(blank, id_column="c")
    lists = features(tmp_path / "b.geojson", {"name": "a", "c": ["x"]}, {"name": "b", "c": ["y"]})
    with pytest.raises(AreasError, match=r"'c': .* is not text; choose a column"):
        areas.read(lists, id_column="c")


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (["Curaçaolaan", "Antillen"], "Curaçaolaan, Antillen"),
        ({"primary": "Zuid", "common": {"en": "South"}}, "Zuid"),
        ({"en": "South", "nl": "Zuid"}, "Zuid"),
    ],
)
def test_lists_and_names_by_language_become_one_text(
    tmp_path: Path, given: object, name: str
) -> None:
    path = features(tmp_path / "a.geojson", {"name": given}, {"name": given})
    assert areas.read(path, language="nl")["name"].tolist() == [name, name]


def test_names_in_other_languages_alone_are_refused_with_the_remedy(tmp_path: Path) -> None:
    path = features(tmp_path / "a.geojson", {"name": {"fr": "Sud"}, "code": "S"})
    with pytest.raises(AreasError, match=r"'name': .*'fr': 'Sud'.* --name-column"):
        areas.read(path, language="nl")


def test_names_of_geoparquet_as_overture_writes_it_are_the_primary_ones(tmp_path: Path) -> None:
    names = [{"primary": "Zuid", "common": [("en", "South")]}, {"primary": "Noord", "common": []}]
    frame = gpd.GeoDataFrame(
        {"id": ["08f1", "08f2"], "names": names},
        geometry=[box(0, 0, 1, 1), box(1, 0, 2, 1)],
        crs=4326,
    )
    frame.to_parquet(tmp_path / "a.geoparquet")
    assert areas.read(tmp_path / "a.geoparquet")["name"].tolist() == ["Zuid", "Noord"]


HANDED = [
    ("areas-code-one-null.geojson", {"id_column": "code"}, "area_id", ["101", "102", "103"]),
    ("areas-code-before-name.geojson", {}, "name", ["Stülerstraße", "Großer Tiergarten"]),
    ("areas-name-list.geojson", {}, "name", ["Curaçaolaan, x", "Ménagerie, x", "Zuid, x"]),
    ("areas-overture.geoparquet", {}, "name", ["Curaçaolaan", "Ménagerie", "Zuid"]),
]


@pytest.mark.parametrize(("name", "options", "column", "expected"), HANDED)
@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_the_handed_files_give_their_names_and_codes(
    shared: Path, name: str, options: dict, column: str, expected: list[str]
) -> None:
    found = areas.read(handed(shared, name), **options)[column].tolist()
    assert found[: len(expected)] == expected


def test_columns_are_taken_as_named_or_refused_with_the_list(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", [box(0, 0, 1, 1)], name=["North"], code=["BU1"])
    named = areas.read(path, name_column="code", id_column="name")
    assert named[["area_id", "name"]].to_numpy().tolist() == [["North", "BU1"]]
    with pytest.raises(
        AreasError, match=r"no column 'nme' \(--name-column\); its columns are name, code"
    ):
        areas.read(path, name_column="nme")


def test_ids_are_names_where_unique_and_numbers_where_not(tmp_path: Path) -> None:
    two = [box(0, 0, 1, 1), box(1, 0, 2, 1)]
    unique = areas.read(write(tmp_path / "a.gpkg", two, name=["North", "South"]))
    assert unique["area_id"].tolist() == ["North", "South"]
    repeated = areas.read(write(tmp_path / "b.gpkg", two, name=["North", "North"]))
    assert repeated["area_id"].tolist() == ["1", "2"]


def test_without_names_areas_are_numbered_and_said_so(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", [box(0, 0, 1, 1)], code=[7])
    with pytest.warns(GeobikeWarning, match="name the column with --name-column"):
        read = areas.read(path)
    assert read[["area_id", "name"]].to_numpy().tolist() == [["1", "Area 1"]]


def test_what_is_not_a_polygon_is_reported_and_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "a.geojson", [None, Point(1, 1), box(0, 0, 1, 1), Polygon()])
    with pytest.warns(GeobikeWarning, match="rows without a polygon left out: 0"):
        assert areas.read(path)["name"].tolist() == ["2"]
    pointed = write(tmp_path / "c.gpkg", [Point(4.123456789, 52.1), box(0, 0, 1, 1)])
    with pytest.warns(GeobikeWarning, match=r"left out: 0 \(POINT \(4\.12345 52\.1\)\)"):
        areas.read(pointed)
    nothing = write(tmp_path / "b.geojson", [LineString([(0, 0), (1, 1)])])
    with pytest.warns(GeobikeWarning), pytest.raises(AreasError, match="holds no polygon"):
        areas.read(nothing)


def test_nested_collections_keep_their_polygons_and_nan_is_not_a_polygon(tmp_path: Path) -> None:
    inner = GeometryCollection([box(2, 0, 3, 1), Point(9, 9)])
    nan = {"type": "Polygon", "coordinates": [[[0, 0], [float("nan"), 0], [1, 1], [0, 0]]]}
    collection = GeometryCollection([box(0, 0, 1, 1), inner]).__geo_interface__
    features = [
        {"type": "Feature", "properties": {"name": name}, "geometry": geometry}
        for name, geometry in (("nan", nan), ("nested", collection))
    ]
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    with pytest.warns(GeobikeWarning, match="rows without a polygon left out: 0"):
        read = areas.read(path)
    assert read["name"].tolist() == ["nested"]
    assert read.geometry[0].area == pytest.approx(2)


def test_a_file_of_several_layers_asks_which(tmp_path: Path) -> None:
    path = tmp_path / "town.gpkg"
    for layer in ("quarters", "streets"):
        frame = gpd.GeoDataFrame({"name": [layer]}, geometry=[box(0, 0, 1, 1)], crs=4326)
        frame.to_file(path, layer=layer)
    with pytest.raises(AreasError, match="has several layers; name one with --layer: quarters, st"):
        areas.read(path)
    assert areas.read(path, layer="streets")["name"].tolist() == ["streets"]
    with pytest.raises(AreasError, match="has no layer 'parks'"):
        areas.read(path, layer="parks")


def test_photos_that_are_all_outside_are_reported_with_both_extents(tmp_path: Path) -> None:
    polygons = areas.read(squares(tmp_path / "a.geojson", ["a"]))
    with pytest.warns(GeobikeWarning, match=r"no photo is in any area: .*may be wrong: --crs"):
        areas.assign(photos_frame({"a.jpg": (100.0, 10.0)}), polygons)


@pytest.mark.parametrize("right", [0, 1])
def test_swapped_photos_are_reported_also_where_others_lie_inside(
    tmp_path: Path, right: int
) -> None:
    polygons = areas.read(squares(tmp_path / "a.geojson", ["a"]))
    places = {"a.jpg": (52.005, 4.005), "b.jpg": (52.006, 4.006), "far.jpg": (4.5, 52.5)}
    photos = photos_frame(places | {"in.jpg": (4.005, 52.005)} if right else places)
    photos["position_source"] = pd.Series("manifest", index=photos.index, dtype="str")
    with pytest.warns(GeobikeWarning) as caught:
        areas.assign(photos, polygons)
    (said,) = [str(one.message) for one in caught]
    assert said == (
        "2 photos are outside all areas, but would be in them with swapped coordinates; swap "
        "latitude and longitude in the manifest: a.jpg, b.jpg"
    )


def test_photos_beyond_90_degrees_east_are_not_taken_for_swapped(tmp_path: Path) -> None:
    polygons = areas.read(squares(tmp_path / "a.geojson", ["a"]))
    with pytest.warns(GeobikeWarning, match="may be wrong: --crs"):
        areas.assign(photos_frame({"a.jpg": (152.005, 4.005), "b.jpg": None}), polygons)


def test_swapped_areas_are_suspected_where_exif_gives_the_positions(tmp_path: Path) -> None:
    polygons = areas.read(squares(tmp_path / "a.geojson", ["a"], west=52.0, south=4.0))
    said = "1 photo is outside all areas, but .* swapped .* of the photos, or of the areas: a.jpg"
    with pytest.warns(GeobikeWarning, match=said):
        areas.assign(photos_frame({"a.jpg": (4.005, 52.005)}), polygons)


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(AreasError, match=r"nowhere\.geojson: no such file"):
        areas.read(tmp_path / "nowhere.geojson")
    (tmp_path / "a.geojson").write_text("not json")
    with pytest.raises(AreasError, match=r"a\.geojson: cannot be read"):
        areas.read(tmp_path / "a.geojson")


@given(st.integers(0, 10_000))
@settings(max_examples=50, deadline=None)
def test_areas_overlap_where_what_they_share_has_an_area(seed: int) -> None:
    chance = np.random.default_rng(seed)
    corners = np.round(chance.uniform(0, 4, (10, 4, 2)), chance.integers(0, 4))
    hulls = [shapely.convex_hull(shapely.MultiPoint(one)) for one in corners]
    shapes = [one for one in hulls if one.geom_type == "Polygon"]
    shapes += [box(x, y, x + 1, y + 1) for x in range(4) for y in range(4)]  # share borders
    pairs = list(combinations(range(len(shapes)), 2))
    left, right = np.array(pairs).T
    assert list(repairing._overlapping(np.array(shapes), left, right)) == [
        (a, b)
        for a, b in pairs
        if shapes[a].intersection(shapes[b]).area > 1e-6 * min(shapes[a].area, shapes[b].area)
    ]


def test_overlapping_areas_are_reported(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", [box(0, 0, 1, 1), box(0.5, 0, 2, 1), box(2, 0, 3, 1)])
    with pytest.warns(GeobikeWarning, match="areas overlap; .*: '0' and '1'$"):
        areas.read(path)


def test_photos_fall_where_they_were_worked_out_to_fall(shared: Path) -> None:
    expected = pd.read_csv(shared / "photos" / "expected_places.csv").set_index("file")
    delft = areas.read(shared / "areas" / "delft_neighbourhoods.geojson", name_column="BU_NAAM")
    places = {file: (row.longitude, row.latitude) for file, row in expected.iterrows()}
    told = expected["neighbourhood"].fillna("outside").to_dict()
    assert assigned(places, delft) == told


def test_a_photo_on_a_shared_border_counts_for_the_first_area(tmp_path: Path) -> None:
    polygons = areas.read(squares(tmp_path / "a.geojson", ["west", "east"]))
    west_border, shared_border = (4.0, 52.005), (4.01, 52.005)
    places = {"border": shared_border, "edge": west_border, "out": (3.99, 52.0), "lost": None}
    areas_of = assigned(places, polygons)
    assert areas_of["border"] == "west"
    assert areas_of["edge"] == "west"
    assert areas_of["out"] == "outside"
    assert pd.isna(areas_of["lost"])  # a photo without a position is not outside of anything


def test_holes_are_outside_and_islands_inside() -> None:
    ring = Polygon(box(0, 0, 4, 4).exterior, [box(1, 1, 3, 3).exterior])
    island = MultiPolygon([box(1.5, 1.5, 2, 2), box(10, 10, 11, 11)])
    places = {"ring": (0.5, 0.5), "hole": (1.2, 1.2), "island": (1.7, 1.7), "far": (10.5, 10.5)}
    polygons = frame(ring, box(90, 0, 91, 1)).assign()
    polygons.loc[1, "geometry"] = island
    assert assigned(places, polygons) == {"ring": "A", "hole": "outside", "island": "B", "far": "B"}


@pytest.mark.parametrize(
    "inhabitants", [["640", "1.640"], ["640", "2.000"], ["640", "1,640"], [640, 1.64]]
)
def test_a_population_that_is_not_a_whole_number_is_refused_and_never_rounded(
    tmp_path: Path, inhabitants: list
) -> None:
    path = write(tmp_path / "a.geojson", [box(0, 0, 1, 1), box(1, 0, 2, 1)], people=inhabitants)
    with pytest.raises(AreasError, match=rf"'people' holds '{inhabitants[1]}' at row 1"):
        areas.read(path, population_column="people")


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_whole_numbers_of_inhabitants_are_read_from_text_and_numbers(tmp_path: Path) -> None:
    shapes = [box(x, 0, x + 1, 1) for x in range(3)]
    texts, numbers = ["640", "1640", None], [640.0, 1640.0, -99997.0]
    path = write(tmp_path / "a.geojson", shapes, texts=texts, numbers=numbers)
    for column in ("texts", "numbers"):
        read = areas.read(path, population_column=column)["population"]
        assert read.fillna(-1).tolist() == [640, 1640, -1]


grid = st.integers(0, 6)


@settings(max_examples=200, deadline=None)
@given(
    corners=st.lists(
        st.tuples(grid, grid, st.integers(1, 3), st.integers(1, 3)), min_size=1, max_size=6
    ),
    points=st.lists(st.tuples(grid, grid), min_size=1, max_size=30),
)
def test_totals_are_conserved_on_borders_and_overlaps(corners: list, points: list) -> None:
    """Points and borders share one coarse grid, so that most points lie on borders or corners."""
    boxes = [box(x, y, x + w, y + h) for x, y, w, h in corners]
    places = {str(i): (float(x), float(y)) for i, (x, y) in enumerate(points)}
    got = assigned(places, frame(*boxes))
    for photo_id, place in places.items():
        holding = [i for i, shape in enumerate(boxes) if shapely.intersects(shape, Point(place))]
        assert got[photo_id] == (chr(ord("A") + holding[0]) if holding else "outside")
    assert len(got) == len(points)


def test_assigning_agrees_with_geopandas_own_join(shared: Path) -> None:
    delft = areas.read(shared / "areas" / "delft_neighbourhoods.geojson", name_column="BU_NAAM")
    rng = np.random.default_rng(7)
    west, south, east, north = delft.total_bounds
    lon, lat = rng.uniform(west, east, 5000), rng.uniform(south, north, 5000)
    photos = photos_frame({str(i): p for i, p in enumerate(zip(lon, lat, strict=True))})
    joined = gpd.sjoin(photos[["photo_id", "geometry"]], delft[["name", "geometry"]], how="left")
    ours = areas.assign(photos, delft).set_index("photo_id")["area_id"]
    theirs = joined.drop_duplicates("photo_id").set_index("photo_id")["name"]
    pd.testing.assert_series_equal(ours, theirs, check_names=False, check_dtype=False)


def collection(path: Path, feature_count: int = 1, **members: object) -> Path:
    one = {
        "type": "Feature",
        "properties": {"name": "a", "notes": "x" * 100_000},
        "geometry": box(0, 0, 1, 1).__geo_interface__,
    }
    found = {"type": "FeatureCollection", "features": [one] * feature_count, **members}
    path.write_text(json.dumps(found))
    return path


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"properties": {"exceededTransferLimit": True}}, "more areas than the 1 that it holds"),
        ({"numberMatched": 3, "numberReturned": 1}, "says that it holds 1 of 3 areas"),
        ({"totalFeatures": 4, "numberMatched": 4}, "says that it holds 1 of 4 areas"),
        ({"links": [{"rel": "next", "href": "http://x.invalid"}]}, "names a next page with more"),
    ],
)
def test_a_first_page_of_a_service_is_reported(tmp_path: Path, members: dict, said: str) -> None:
    with pytest.warns(GeobikeWarning, match=said):
        areas.read(collection(tmp_path / "a.geojson", **members))


def test_a_first_page_of_a_wfs_in_gml_is_reported(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gml", [box(0, 0, 1, 1)], name=["a"])
    text = path.read_text().replace("FeatureCollection", 'FeatureCollection numberMatched="7"', 1)
    path.write_text(text)
    with pytest.warns(GeobikeWarning, match="says that it holds 1 of 7 areas"):
        areas.read(path)


def test_a_whole_answer_of_a_service_is_not_called_a_first_page(tmp_path: Path) -> None:
    links = [{"rel": "self", "href": "http://x.invalid"}]
    whole = {"numberMatched": 1, "links": links, "exceededTransferLimit": False}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        areas.read(collection(tmp_path / "a.geojson", **whole))


def test_a_crs_that_does_not_exist_is_refused_and_not_taken_for_degrees(tmp_path: Path) -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::999999"}}
    path = collection(tmp_path / "a.geojson", crs=crs)
    with pytest.raises(AreasError, match="its CRS 'urn:ogc:def:crs:EPSG::999999' is not known"):
        areas.read(path)
    assert areas.read(path, crs="EPSG:4326").crs == "EPSG:4326"


def shapefile(folder: Path, encoding: str, cpg: str | None, names: list[str]) -> Path:
    """Write a shapefile by GDAL in an encoding, and let its .cpg say what is wanted."""
    folder.mkdir()
    frame = gpd.GeoDataFrame({"name": names}, geometry=[box(0, 0, 1, 1), box(1, 0, 2, 1)], crs=4326)
    frame.to_file(folder / "a.shp", encoding=encoding)
    (folder / "a.cpg").unlink()
    table = bytearray((folder / "a.dbf").read_bytes())
    table[29] = 0  # the language that GDAL notes there
    (folder / "a.dbf").write_bytes(table)
    if cpg is not None:
        (folder / "a.cpg").write_text(cpg)
    return folder / "a.shp"


STREETS = ["Curaçaolaan", "Ménagerie"]


@pytest.mark.parametrize("cpg", [None, "ISO-8859-1", "1252"])
@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_a_shapefile_in_utf8_is_read_as_such_without_cpg_or_with_a_wrong_one(
    tmp_path: Path, cpg: str | None
) -> None:
    path = shapefile(tmp_path / "s", "UTF-8", cpg, STREETS)
    assert areas.read(path)["name"].tolist() == STREETS


def test_a_utf8_name_cut_at_the_end_of_its_field_is_still_utf8(tmp_path: Path) -> None:
    path = shapefile(tmp_path / "s", "UTF-8", None, ["Curaçao", "x" * 79 + "é"])
    assert areas.read(path)["name"][0] == "Curaçao"


def test_another_encoding_is_taken_from_the_option_or_the_option_is_named(tmp_path: Path) -> None:
    chinese = ["朝阳区", "海淀区"]
    path = shapefile(tmp_path / "s", "GBK", None, chinese)
    with pytest.warns(GeobikeWarning, match="does not say the encoding .* pass --encoding"):
        areas.read(path)
    assert areas.read(path, encoding="gbk")["name"].tolist() == chinese
    with pytest.raises(AreasError, match="--encoding 'klingon' is not known"):
        areas.read(path, encoding="klingon")


def test_a_shapefile_that_says_its_one_byte_encoding_is_read_in_it(tmp_path: Path) -> None:
    path = shapefile(tmp_path / "s", "ISO-8859-1", "ISO-8859-1", STREETS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert areas.read(path)["name"].tolist() == STREETS


def test_a_lost_index_of_a_shapefile_is_restored_and_not_beside_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.shp", [box(0, 0, 1, 1), box(1, 0, 2, 1)], name=["x", "y"])
    path.with_suffix(".shx").unlink()
    assert areas.read(path)["area_km2"].tolist() == pytest.approx([12308.778] * 2, rel=1e-3)
    assert not path.with_suffix(".shx").exists()


def test_layer_all_reads_all_layers_together(tmp_path: Path) -> None:
    path = tmp_path / "town.gpkg"
    for x, (layer, crs) in enumerate({"noord": 4326, "zuid": 3857}.items()):
        frame = gpd.GeoDataFrame({"name": [layer]}, geometry=[box(x, 0, x + 1, 1)], crs=4326)
        frame.to_crs(crs).to_file(path, layer=layer)
    read = areas.read(path, layer="all")
    assert read["name"].tolist() == ["noord", "zuid"]
    assert read.geometry[1].bounds == pytest.approx((1, 0, 2, 1))


def test_well_known_text_in_any_column_of_a_csv_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('name;WKT_LNG_LAT\nNoord;"POLYGON((4 52, 5 52, 5 53, 4 52))"\n')
    with pytest.warns(GeobikeWarning, match="polygons are read from the column 'WKT_LNG_LAT'"):
        assert areas.read(path, crs="EPSG:4326").geometry[0].area == pytest.approx(0.5)
    with (
        pytest.warns(GeobikeWarning),
        pytest.raises(AreasError, match=r"look like degrees; if .* pass --crs EPSG:4326"),
    ):
        areas.read(path)


READ = [
    ("areas-zip-with-folder.zip", {}),
    ("areas-shapefile-utf8-no-cpg.zip", {}),
    ("areas-no-shx.zip", {}),
    ("areas-topojson.json", {"crs": "EPSG:4326"}),
    ("areas-wkt-column.csv", {"crs": "EPSG:4326"}),
    ("areas-two-folders.kml", {"layer": "all"}),
]


@pytest.mark.parametrize(("name", "options"), READ)
@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_the_handed_files_of_other_kinds_give_their_three_areas(
    shared: Path, name: str, options: dict
) -> None:
    found = areas.read(handed(shared, name), **options)
    assert found["name"].tolist() == ["Curaçaolaan", "Ménagerie", "Zuid"]


def test_the_handed_first_page_is_reported(shared: Path) -> None:
    with pytest.warns(GeobikeWarning, match="more areas than the 1 that it holds"):
        areas.read(handed(shared, "areas-arcgis-page.geojson"))


def random_polygon(vertices: int) -> Polygon:
    return Polygon(np.random.default_rng(1).random((vertices, 2)))


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_a_polygon_of_many_crossings_is_repaired_in_seconds(tmp_path: Path) -> None:
    tangle = random_polygon(300)
    path = write(tmp_path / "a.gpkg", [tangle], name=["a"])
    with processor_seconds(5):
        repaired = areas.read(path).geometry[0]
    assert repaired.is_valid
    assert 0.5 * tangle.convex_hull.area < repaired.area < tangle.convex_hull.area


@pytest.mark.parametrize("vertices", [1500, 3000])
def test_a_polygon_that_would_take_minutes_to_repair_is_refused(
    tmp_path: Path, vertices: int
) -> None:
    path = write(tmp_path / "a.gpkg", [random_polygon(vertices)], name=["a"])
    with (
        processor_seconds(10),
        pytest.raises(AreasError, match=r"at row 0.* cross each other over 100,000 times; repair"),
    ):
        areas.read(path)


def test_a_star_that_would_take_minutes_to_check_is_refused(tmp_path: Path) -> None:
    turn = np.linspace(0, 2 * np.pi, 200_000, endpoint=False)
    far = 1 + 0.5 * (np.arange(len(turn)) % 2)
    star = Polygon(np.column_stack([far * np.cos(turn), far * np.sin(turn)]))
    path = write(tmp_path / "a.gpkg", [star], name=["a"])
    with (
        processor_seconds(10),
        pytest.raises(AreasError, match="row 0 is too intricate to check: 200,001 vertices"),
    ):
        areas.read(path)


def test_a_smooth_polygon_of_very_many_vertices_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", [Point(5, 52).buffer(0.1, quad_segs=100_000)], name=["a"])
    with processor_seconds(10):
        assert areas.read(path)["name"].tolist() == ["a"]


BROKEN = [
    Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]),  # a bow tie: two triangles
    Polygon([(0, 0), (4, 0), (4, 4), (2, 4), (2, 6), (2, 4), (0, 4)]),  # a spike
    Polygon(box(0, 0, 4, 4).exterior, [box(1, 1, 2, 2).exterior, box(2, 1, 3, 2).exterior]),
    MultiPolygon([box(0, 0, 2, 1), box(1, 0, 3, 1)]),  # parts that overlap
]


@pytest.mark.parametrize(("shape", "ground"), list(zip(BROKEN, [2, 16, 14, 3], strict=True)))
@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_broken_polygons_keep_the_ground_that_they_go_round(
    tmp_path: Path, shape: shapely.Geometry, ground: float
) -> None:
    path = write(tmp_path / "a.gpkg", [shape], name=["a"])
    assert areas.read(path).geometry[0].area == pytest.approx(ground)


def test_deeply_nested_collections_are_read(tmp_path: Path) -> None:
    nested: dict = box(0, 0, 1, 1).__geo_interface__
    for _ in range(20):
        nested = {"type": "GeometryCollection", "geometries": [nested]}
    feature = {"type": "Feature", "properties": {"name": "a"}, "geometry": nested}
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    assert areas.read(path).geometry[0].area == pytest.approx(1)


def test_many_areas_that_all_overlap_are_reported_in_seconds(tmp_path: Path) -> None:
    shapes = [box(0, 0, 1 + k / 1500, 1) for k in range(1500)]
    path = write(tmp_path / "a.gpkg", shapes, name=[f"n{k}" for k in range(1500)])
    with processor_seconds(15), pytest.warns(GeobikeWarning) as said:
        areas.read(path)
    words = [str(one.message) for one in said]
    assert any("'n0' and 'n1'" in one and "and 99997 more" in one for one in words)
    assert any("only 100,000 pairs are compared" in one for one in words)


FIJI = Polygon([(177, -19), (-178, -19), (-178, -16), (177, -16)])
WAYS = [
    FIJI,
    box(177, -19, 182, -16),
    MultiPolygon([box(177, -19, 180, -16), box(-180, -19, -178, -16)]),
]


@pytest.mark.parametrize("shape", WAYS, ids=["sides round the world", "beyond 180", "cut"])
@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_an_area_across_180_degrees_is_the_same_however_it_is_drawn(
    tmp_path: Path, shape: shapely.Geometry
) -> None:
    read = areas.read(write(tmp_path / "a.gpkg", [shape], name=["Fiji"]))
    places = {"east": (178.0, -17.5), "west": (-179.0, -17.5), "far": (10.0, -17.5)}
    assert assigned(places, read) == {"east": "Fiji", "west": "Fiji", "far": "outside"}
    # 5 degrees of a band of WGS 84: the sphere of equal area, whose radius is 6371.007 km.
    band = np.radians(5) * (np.sin(np.radians(19)) - np.sin(np.radians(16))) * 6371.007**2
    assert read["area_km2"][0] == pytest.approx(band, rel=0.01)
    drawn, moved = simplified(counted(read))
    assert moved
    assert drawn[0].bounds == pytest.approx((177, -19, 182, -16))


def counted(read: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    none = schema.table(schema.DETECTIONS, {"photo_id": []})
    return area_counts(counts.per_photo(photos_frame({}), none), read)


def test_a_wide_area_that_does_not_go_round_is_kept_as_drawn(tmp_path: Path) -> None:
    wide = Polygon([(-120, 0), (0, -5), (120, 0), (120, 10), (0, 5), (-120, 10)])
    read = areas.read(write(tmp_path / "a.gpkg", [wide], name=["wide"]))
    assert read.geometry[0].equals(wide)


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_the_handed_area_across_180_degrees_takes_no_photo_from_the_other_side(
    shared: Path,
) -> None:
    read = areas.read(handed(shared, "areas-across-antimeridian.geojson"))
    assert assigned({"a": (10.0, -17.5)}, read) == {"a": "outside"}
