"""Manifests as other programs write them, and files that are no manifest."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import geopandas as gpd
import pandas as pd
import pytest
from shapely import LineString, MultiPoint, Point, box

from geobike import schema
from geobike.errors import GeobikeWarning, ManifestError
from geobike.positions import manifest
from tests.support.bounded import processor_seconds
from tests.support.making import photos_frame

PHOTOS = [f"IMG_000{number}.JPG" for number in range(3)]
PLACES = [(4.3506, 52.0091), (4.3528, 52.0054), (4.3597, 52.0154)]


def positions(path: Path, photo_ids: list[str] = PHOTOS) -> dict[str, tuple[float, float]]:
    """Return the place that a manifest gives to each photo."""
    table = manifest.read(path, photo_ids=photo_ids, timezone=ZoneInfo("Europe/Amsterdam"))
    found = manifest.positions(photos_frame(dict.fromkeys(photo_ids)), table)
    assert found is not None
    pairs = zip(found["lon"].round(4), found["lat"].round(4), strict=True)
    return dict(zip(photo_ids, pairs, strict=True))


def said(path: Path, photo_ids: list[str] | None = None) -> str:
    """Return why a manifest is refused."""
    with pytest.raises(ManifestError) as caught:
        manifest.read(path, photo_ids=photo_ids)
    message = str(caught.value)
    assert len(message) < 600
    assert "\n" not in message
    return message


def write_csv(path: Path, header: str, *rows: str) -> Path:
    path.write_text("\n".join((header, *rows)) + "\n")
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "manifest.csv"


def test_the_export_of_qgis_is_matched_by_its_full_paths(table: Path) -> None:
    rows = [
        rf"D:\veld\{name},{name[:8]},D:\veld,3.2,90,0,{lon},{lat},2022/01/19 17:30:03"
        for name, (lon, lat) in zip(PHOTOS, PLACES, strict=True)
    ]
    header = "photo,filename,directory,altitude,direction,rotation,longitude,latitude,timestamp"
    write_csv(table, header, *rows)
    with pytest.warns(GeobikeWarning, match="named by column 'photo', not by 'filename'"):
        assert positions(table) == dict(zip(PHOTOS, PLACES, strict=True))
    with pytest.warns(GeobikeWarning, match="'photo'"):
        read = manifest.read(table, timezone=ZoneInfo("Europe/Amsterdam"))
    assert read["taken_at"].iloc[0] == datetime(2022, 1, 19, 16, 30, 3, tzinfo=UTC)
    assert read["heading"].tolist() == [90] * 3


def test_the_table_of_exiftool_is_read(table: Path) -> None:
    header = (
        "SourceFile,FileName,GPSLatitude,GPSLongitude,GPSImgDirection,DateTimeOriginal,TimeStamp"
    )
    write_csv(
        table,
        header,
        './IMG_0000.JPG,x,"52 deg 0\' 32.76"" N","4 deg 21\' 2.16"" E",90,'
        "2022:01:19 17:30:03,2022:01:19 17:30:09",
        "./IMG_0001.JPG,y,-33.92,-70.5,-,2022:01:19 17:30:03+01:00,-",
    )
    with pytest.warns(GeobikeWarning, match="named by column 'SourceFile', not by 'FileName'"):
        read = manifest.read(table, photo_ids=PHOTOS, timezone=ZoneInfo("Europe/Amsterdam"))
    assert read["lat"].tolist() == pytest.approx([52.0091, -33.92])
    assert read["lon"].tolist() == pytest.approx([4.3506, -70.5])
    assert (read["taken_at"] == datetime(2022, 1, 19, 16, 30, 3, tzinfo=UTC)).all()
    assert read["heading"].iloc[0] == 90
    assert read["reason"].isna().all()


@pytest.mark.parametrize(
    ("names", "how"),
    [
        (["img_0000.jpg", "img_0001.Jpg", "Img_0002.JPG"], "their names in another letter case"),
        (["IMG_0000", "veld/IMG_0001", "IMG_0002"], "their names without the ending"),
        ([f"veld/{name}" for name in PHOTOS], "the end of their paths"),
    ],
)
def test_a_name_of_another_spelling_is_matched_and_reported(
    table: Path, names: list[str], how: str
) -> None:
    rows = [f"{name},{lat},{lon}" for name, (lon, lat) in zip(names, PLACES, strict=True)]
    write_csv(table, "file,lat,lon", *rows)
    with pytest.warns(GeobikeWarning, match=f"3 rows are matched to photos by {how}: "):
        assert positions(table) == dict(zip(PHOTOS, PLACES, strict=True))


@pytest.mark.parametrize("name", ["img_1.jpg", "IMG_1"])
def test_a_name_that_may_mean_two_photos_means_none(table: Path, name: str) -> None:
    write_csv(table, "file,lat,lon", f"{name},52.0,4.3")
    with pytest.warns(GeobikeWarning, match=f"names a photo that was not found: {name}"):
        found = positions(table, ["IMG_1.JPG", "Img_1.JPG", "IMG_1.jpeg"])
    assert pd.isna([lon for lon, _ in found.values()]).all()


def test_of_several_columns_the_one_that_names_the_photos_is_read(table: Path) -> None:
    write_csv(table, "file,image,lat,lon", "7,IMG_0000.JPG,52.0091,4.3506")
    with pytest.warns(GeobikeWarning, match="named by column 'image', not by 'file'"):
        assert positions(table)["IMG_0000.JPG"] == PLACES[0]


@pytest.mark.parametrize(
    ("header", "row", "named"),
    [
        ("file,latitude,longitude,lat,lon", "a.jpg,52,4,52.1,4", "'lat' and 'latitude'"),
        ("file,latitude,Latitude,lon", "a.jpg,52,52.1,4", "'latitude' and 'Latitude'"),
        ("file,lat,lon,lng", "a.jpg,52,4,4.1", "'lon' and 'lng'"),
        ("file,lat,lat,lon", "a.jpg,52,52.1,4", "'lat' and 'lat'"),
        ("file,lat,lon,GPS Longitude", "a.jpg,52,4,4.1", "'lon' and 'GPS Longitude'"),
        ("file,lat,lon,time,timestamp", "a.jpg,52,4,2022-01-01,2023-01-01", "'timestamp' and"),
        ("file,lat,lon,heading,bearing", "a.jpg,52,4,1,2", "'heading' and 'bearing'"),
    ],
)
def test_two_columns_for_one_thing_are_refused_by_name(
    table: Path, header: str, row: str, named: str
) -> None:
    write_csv(table, header, row)
    assert f"columns {named}" in said(table)


def test_an_empty_column_gives_way_to_the_filled_one(table: Path) -> None:
    write_csv(table, "file,latitude,longitude,Latitude,Longitude", "IMG_0000.JPG,,,52.0091,4.3506")
    with pytest.warns(GeobikeWarning, match="column 'Latitude' is read, since 'latitude' is empty"):
        assert positions(table)["IMG_0000.JPG"] == PLACES[0]


def test_columns_that_are_the_same_throughout_are_one(table: Path) -> None:
    write_csv(table, "file,latitude,longitude,lat,lon", "a.jpg,52,4,52,4")
    assert manifest.read(table)["lat"].tolist() == [52]


def test_swapped_columns_beyond_the_pole_are_suspected(table: Path) -> None:
    write_csv(table, "file,latitude,longitude", "a.jpg,104.3,52.0")
    with pytest.warns(GeobikeWarning, match="beyond ±90; are latitude and longitude swapped?"):
        manifest.read(table)


@pytest.fixture
def points() -> gpd.GeoDataFrame:
    columns = {"photo": PHOTOS, "direction": [0.0, 90.0, 180.0]}
    return gpd.GeoDataFrame(columns, geometry=[Point(*place) for place in PLACES], crs=4326)


@pytest.mark.parametrize("ending", ["gpkg", "shp", "fgb", "geojson", "gml", "kml"])
def test_points_of_every_vector_format_are_a_manifest(
    tmp_path: Path, points: gpd.GeoDataFrame, ending: str
) -> None:
    driver = "KML" if ending == "kml" else None
    points.rename(columns={"photo": "Name"} if driver else {}).to_file(
        tmp_path / f"places.{ending}", driver=driver
    )
    assert positions(tmp_path / f"places.{ending}") == dict(zip(PHOTOS, PLACES, strict=True))


@pytest.mark.parametrize("ending", ["gpkg", "shp", "parquet", "geoparquet"])
def test_points_in_another_crs_are_transformed(
    tmp_path: Path, points: gpd.GeoDataFrame, ending: str
) -> None:
    path = tmp_path / f"places.{ending}"
    there = points.to_crs(28992)
    if "parquet" in ending:
        pytest.importorskip("pyarrow")
        there.to_parquet(path)
    else:
        there.to_file(path)
    assert positions(path) == dict(zip(PHOTOS, PLACES, strict=True))


def test_a_zipped_shapefile_is_a_manifest(tmp_path: Path, points: gpd.GeoDataFrame) -> None:
    (tmp_path / "inside").mkdir()
    points.to_file(tmp_path / "inside" / "places.shp")
    archive = shutil.make_archive(str(tmp_path / "places"), "zip", tmp_path / "inside")
    assert positions(Path(archive)) == dict(zip(PHOTOS, PLACES, strict=True))


def test_a_point_may_be_written_as_a_multipoint_of_one(tmp_path: Path) -> None:
    shapes = [MultiPoint([PLACES[0]]), MultiPoint([PLACES[1], PLACES[2]]), LineString(PLACES)]
    frame = gpd.GeoDataFrame({"photo": PHOTOS}, geometry=shapes, crs=4326)
    frame.to_file(tmp_path / "places.gpkg")
    with pytest.warns(GeobikeWarning, match="2 bad rows .*MultiPoint, not a Point"):
        found = positions(tmp_path / "places.gpkg")
    assert found[PHOTOS[0]] == PLACES[0]
    assert pd.isna(found[PHOTOS[1]][0])


def gpx(inside: str) -> str:
    return f'<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1">{inside}</gpx>'


def test_waypoints_are_a_manifest_by_their_names(tmp_path: Path) -> None:
    points = [
        f'<wpt lat="{lat}" lon="{lon}"><name>{name}</name></wpt>'
        for name, (lon, lat) in zip(PHOTOS, PLACES, strict=True)
    ]
    (tmp_path / "photos.gpx").write_text(gpx("".join(points)))
    with pytest.warns(GeobikeWarning, match="column 'name' is read"):
        assert positions(tmp_path / "photos.gpx") == dict(zip(PHOTOS, PLACES, strict=True))


def test_a_track_is_refused_with_the_way_to_use_it(tmp_path: Path) -> None:
    path = tmp_path / "walk.gpx"
    path.write_text(gpx('<trk><trkseg><trkpt lat="52" lon="4"/></trkseg></trk>'))
    assert "no waypoints" in said(path)
    assert "--track" in said(path)


def test_a_layer_is_chosen_only_where_one_has_points(
    tmp_path: Path, points: gpd.GeoDataFrame
) -> None:
    path = tmp_path / "survey.gpkg"
    areas = points.set_geometry([box(4, 52, 5, 53)] * 3)
    areas.to_file(path, layer="areas")
    points.to_file(path, layer="places")
    assert positions(path) == dict(zip(PHOTOS, PLACES, strict=True))
    points.to_file(path, layer="more")
    assert "several layers of points (areas, places, more)" in said(path)


def test_a_vector_file_without_crs_is_refused(tmp_path: Path, points: gpd.GeoDataFrame) -> None:
    points.to_file(tmp_path / "places.shp")
    (tmp_path / "places.prj").unlink()
    assert "no CRS; save it in EPSG:4326" in said(tmp_path / "places.shp")


@pytest.mark.parametrize(
    ("content", "is_called"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "an Excel workbook"),
        ("file,lat,lon\na.jpg,52,4\n".encode("utf-16"), "UTF-16 text"),
        ("file,lat,lon\na.jpg,52,4\n".encode("utf-16-le"), "UTF-16 text"),
        (b"SQLite format 3\0" + bytes(600), "a GeoPackage"),
        (json.dumps([{"image_id": 1}] * 50).encode(), "JSON, not CSV"),
        (gpx("<trk/>").encode(), "XML or HTML, not CSV"),
        (b"PAR1" + bytes(60), "Parquet; give it the ending .parquet"),
        (b"\xff\xd8\xff\xe0" + bytes(60), "a JPEG photo"),
    ],
)
def test_a_file_that_is_not_csv_is_called_what_it_is(
    table: Path, content: bytes, is_called: str
) -> None:
    table.write_bytes(content)
    assert f"manifest.csv: {is_called}" in said(table)


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\r\r\n"])
def test_every_end_of_line_is_read(table: Path, end: str) -> None:
    table.write_bytes(end.join(["file,lat,lon", "a.jpg,52,4", "b.jpg,53,5", ""]).encode())
    assert manifest.read(table)["lat"].tolist() == [52, 53]


def test_a_table_of_boxes_is_sent_to_its_own_option(table: Path) -> None:
    write_csv(table, "name,class,confidence,box", "bicycle,1,0.9,x")
    assert "a table of boxes belongs to --detections" in said(table)


def test_a_header_of_a_million_signs_is_quoted_in_short(table: Path) -> None:
    write_csv(table, "x" * 100_000 + ",y\r")
    assert "no column named file" in said(table)


def test_a_binary_column_is_refused_by_name(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "places.parquet"
    pd.DataFrame({"file": [b"\xff\xfe"], "lat": [52.0], "lon": [4.0]}).to_parquet(path)
    assert "column 'file' is of binary, not text or numbers" in said(path)


def test_a_nested_column_is_refused_by_name(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "places.parquet"
    pd.DataFrame({"file": ["a.jpg"], "lat": [[52.0]], "lon": [4.0]}).to_parquet(path)
    assert "column 'lat' is of list" in said(path)


@pytest.mark.parametrize("dictionary", [True, False])
def test_text_that_is_not_utf8_is_refused(tmp_path: Path, dictionary: bool) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as parquet

    raw = pa.array([b"a.jpg", b"\xff.jpg"], type=pa.binary())
    table = pa.table({"file": raw.view(pa.string()), "lat": [52.0, 52.1], "lon": [4.0, 4.1]})
    path = tmp_path / "places.parquet"
    parquet.write_table(table, path, use_dictionary=dictionary)
    assert "cannot be read as Parquet" in said(path)


def test_fifty_million_equal_rows_are_refused_at_once(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as parquet

    rows = 5_000_000
    one = pa.table(
        {
            "file": pa.DictionaryArray.from_arrays(pa.array([0] * 10, pa.int32()), ["a.jpg"])
            .cast(pa.string())
            .take(pa.array([0] * rows)),
            "lat": pa.repeat(52.0, rows),
            "lon": pa.repeat(4.0, rows),
        }
    )
    path = tmp_path / "places.parquet"
    with parquet.ParquetWriter(path, one.schema) as writer:
        for _ in range(10):
            writer.write_table(one)
    assert path.stat().st_size < 10_000_000
    with processor_seconds(5):
        assert "holds 50,000,000 rows in" in said(path)


def test_names_that_are_together_larger_than_memory_are_refused(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as parquet

    rows = 200_000
    index = pa.array([0] * rows, pa.int32())
    name = pa.DictionaryArray.from_arrays(index, pa.array(["x" * 100_000]))
    table = pa.table({"file": name, "lat": pa.repeat(52.0, rows), "lon": pa.repeat(4.0, rows)})
    path = tmp_path / "places.parquet"
    parquet.write_table(table, path, use_dictionary=["file"])
    assert path.stat().st_size < 1_000_000
    assert "column 'file' holds 20 GB of text" in said(path)


def test_a_photo_named_in_many_rows_gives_one_short_note(table: Path) -> None:
    write_csv(table, "file,lat,lon", *(["IMG_0000.JPG,52.0091,4.3506"] * 100_000))
    with pytest.warns(GeobikeWarning) as caught:
        assert positions(table)["IMG_0000.JPG"] == PLACES[0]
    notes = [str(one.message) for one in caught]
    assert any("(lines 2, 3, 4, 5, 6 and 99995 more)" in note for note in notes)
    assert max(map(len, notes)) < 300


def test_rows_that_contradict_each_other_give_a_short_reason(table: Path) -> None:
    rows = [f"IMG_0000.JPG,52.{number},4.3" for number in range(1000)]
    write_csv(table, "file,lat,lon", *rows)
    read = manifest.read(table)
    with pytest.warns(GeobikeWarning, match="more than one row"):
        found = manifest.positions(photos_frame({"IMG_0000.JPG": None}), read)
    assert found is not None
    schema.check(found, schema.POSITIONS)
    assert found["reason"].iloc[0] == (
        "manifest lines 2, 3, 4, 5, 6 and 995 more give different positions"
    )


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
@pytest.mark.parametrize(
    "name", ["manifest-qgis.csv", "manifest-exiftool.csv", "manifest-other-case.csv"]
)
def test_the_handed_manifests_place_their_four_photos(shared: Path, name: str) -> None:
    photos = [f"IMG_000{number}.JPG" for number in range(4)]
    found = positions(shared / "cases" / name, photos)
    assert found["IMG_0003.JPG"] == (4.3568, 52.0067)
    assert not pd.isna([lon for lon, _ in found.values()]).any()


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_the_handed_manifest_with_an_empty_pair_is_read_by_the_filled_one(shared: Path) -> None:
    photos = [f"IMG_000{number}.JPG" for number in range(4)]
    path = shared / "cases" / "manifest-empty-column-first.csv"
    assert positions(path, photos)["IMG_0000.JPG"] == (4.3506, 52.0091)


def test_the_handed_damaged_parquet_is_refused(shared: Path) -> None:
    pytest.importorskip("pyarrow")
    assert "cannot be read as Parquet" in said(shared / "cases" / "manifest-arrow-invalid.parquet")
