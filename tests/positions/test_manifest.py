import json
import re
import warnings
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import geopandas as gpd
import pandas as pd
import pytest
from shapely import Point

from geobike import schema
from geobike.errors import GeobikeWarning, ManifestError
from geobike.positions import manifest, resolve


def read(path: Path, text: str, encoding: str = "utf-8") -> pd.DataFrame:
    path.write_bytes(text.encode(encoding))
    frame = manifest.read(path)
    schema.check(frame, schema.MANIFEST)
    return frame


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "manifest.csv"


@pytest.mark.parametrize(
    "text",
    [
        "file,latitude,longitude\na.jpg,52.0116,4.3571\n",
        "file,latitude,longitude\na.jpg,5.20116E1,4.3571e+0\n",
        "Photo;Lat;Lng\r\na.jpg;52,0116;4,3571\r\n",
        "filename\tlon\tlat\na.jpg\t4,3571\t52,0116\n",
        'FILE,LATITUDE,LONGITUDE\n"a.jpg","52,0116","4,3571"\n',
        "sep=;\r\nfile;lat;lon\r\na.jpg;52,0116;4,3571\r\n",
        "file , lat , lon , remark\n a.jpg , 52.0116 , 4.3571 , nice\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_every_usual_table_gives_the_same_position(table: Path, text: str, encoding: str) -> None:
    row = read(table, text, encoding).iloc[0]
    assert (row["file"], row["lon"], row["lat"]) == ("a.jpg", 4.3571, 52.0116)
    assert pd.isna(row["reason"])


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("b.jpg,north,4.3", "line 3: latitude 'north' is not a number"),
        ("b.jpg,52.0,east", "line 3: longitude 'east' is not a number"),
        ("b.jpg,95.2,4.3", "line 3: latitude '95.2' is beyond ±90"),
        (
            "b.jpg,447255.2,87703.8",
            "latitude '447255.2' is beyond ±90; metres are read from points",
        ),
        ("b.jpg,52.0,-180.5", "line 3: longitude '-180.5' is beyond ±180"),
        ("b.jpg,52.0,", "line 3: only one of latitude and longitude is given"),
        ("b.jpg,0,0", "line 3: position (0, 0)"),
        ("b.jpg,inf,4.3", "line 3: latitude 'inf' is not a number"),
        ("b.jpg,52,01,4,3", "line 3: 5 cells where the header has 3; put a number"),
        ("b.jpg,52.0", "line 3: 2 cells where the header has 3"),
    ],
)
def test_a_bad_row_names_its_line_and_value_and_spoils_no_other(
    table: Path, row: str, said: str
) -> None:
    with pytest.warns(GeobikeWarning, match="1 bad row in the manifest"):
        frame = read(table, f"file,lat,lon\na.jpg,52.0,4.3\n{row}\nc.jpg,52.1,4.4\n")
    assert said in frame["reason"].iloc[1]
    assert frame.loc[1, ["lon", "lat"]].isna().all()
    assert frame["lat"].iloc[[0, 2]].tolist() == [52.0, 52.1]


def test_lines_are_those_an_editor_shows(table: Path) -> None:
    text = 'file,lat,lon,remark\n"a.jpg",52.0,4.3,"two\nlines"\n\nb.jpg,x,4.3,\n'
    with pytest.warns(GeobikeWarning, match=r"manifest\.csv line 5: latitude 'x'"):
        read(table, text)


def test_an_empty_position_is_no_fault(table: Path) -> None:
    row = read(table, "file,lat,lon,heading\na.jpg,,,\n").iloc[0]
    assert row[["lon", "lat", "heading", "reason"]].isna().all()


@pytest.mark.parametrize("heading", ["north", "400", "-5"])
def test_a_bad_heading_is_reported_and_affects_nothing_else(table: Path, heading: str) -> None:
    with pytest.warns(GeobikeWarning, match=f"line 2: heading '{heading}' is not from 0 to 360"):
        row = read(table, f"file,lat,lon,heading\na.jpg,52,4,{heading}\n").iloc[0]
    assert row["lat"] == 52
    assert pd.isna(row["heading"])
    assert pd.isna(row["reason"])


@pytest.mark.parametrize(("heading", "read_as"), [("0", 0), ("359,5", 359.5), ("360", 0)])
def test_north_is_0_however_it_is_written(table: Path, heading: str, read_as: float) -> None:
    frame = read(table, f"file;lat;lon;heading\na.jpg;52;4;{heading}\n")
    assert frame["heading"].iloc[0] == read_as


def test_a_manifest_may_name_camera_lens_error_and_size(table: Path) -> None:
    text = (
        "file,lat,lon,Camera,Focal length 35mm,Position error,width,height\n"
        'a.jpg,52,4,left,"30,5",1.5,640,480\nb.jpg,52,4,,0,,,\n'
    )
    frame = read(table, text)
    assert frame["camera"].fillna("").tolist() == ["left", ""]
    assert frame["focal_length_35mm"].fillna(-1).tolist() == [30.5, -1]
    assert frame["position_error_m"].fillna(-1).tolist() == [1.5, -1]
    named = manifest.photos(frame)
    assert named["width"].fillna(0).tolist() == [640, 0]
    assert named["height"].fillna(0).tolist() == [480, 0]
    located = resolve.locate(named, frame)
    assert located["camera"].fillna("").tolist() == ["left", ""]
    assert located["focal_length_35mm"].fillna(-1).tolist() == [30.5, -1]
    assert located["position_error_m"].fillna(-1).tolist() == [1.5, -1]


def test_a_table_of_exiftool_gives_camera_lens_and_error_with_their_units(table: Path) -> None:
    text = (
        "SourceFile,GPSLatitude,GPSLongitude,Model,FocalLengthIn35mmFormat,GPSHPositioningError\n"
        "a.jpg,52 deg 0' 0.00\" N,4 deg 0' 0.00\" E,iPhone 13,26 mm,4.7 m\nb.jpg,-,-,-,-,-\n"
    )
    table.write_text(
        text.replace('"', '""')
        .replace("52 deg", '"52 deg')
        .replace("N,4", 'N","4')
        .replace("E,i", 'E",i')
    )
    frame = manifest.read(table)
    assert frame["camera"].fillna("").tolist() == ["iPhone 13", ""]
    assert frame["focal_length_35mm"].fillna(-1).tolist() == [26, -1]
    assert frame["position_error_m"].fillna(-1).tolist() == [4.7, -1]


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("focal_length_35mm", "wide"),
        ("focal_length_35mm", "3"),
        ("accuracy_m", "-4"),
        ("width", "x"),
    ],
)
def test_a_bad_number_is_reported_and_affects_nothing_else(
    table: Path, column: str, cell: str
) -> None:
    with pytest.warns(GeobikeWarning, match=f"line 2: .* '{cell}' is not from"):
        row = read(table, f"file,lat,lon,{column}\na.jpg,52,4,{cell}\n").iloc[0]
    assert row["lat"] == 52
    assert pd.isna(row["reason"])


def test_two_columns_of_a_camera_are_no_fault(table: Path) -> None:
    frame = read(table, "file,lat,lon,model,camera\na.jpg,52,4,Pixel 8,left\n")
    assert frame["camera"].tolist() == ["left"]


def test_a_manifest_corrects_the_lens_that_exif_gives() -> None:
    photos = schema.geotable(
        schema.PHOTOS,
        {"photo_id": ["a.jpg", "b.jpg"], "camera": ["A", "B"], "focal_length_35mm": [27.0, 27.0]},
        schema.points([4, 4], [52, 52]),
    )
    rows = {
        "file": ["a.jpg"],
        "lon": [4.0],
        "lat": [52.0],
        "line": [2],
        "focal_length_35mm": [13.0],
    }
    out = resolve.locate(photos, schema.table(schema.MANIFEST, rows))
    assert out["focal_length_35mm"].tolist() == [13, 27]
    assert out["camera"].tolist() == ["A", "B"]


def test_times_with_an_offset_are_instants(table: Path) -> None:
    frame = read(
        table,
        "file,lat,lon,taken_at,heading\n"
        "a.jpg,52,4,2022-01-19T17:33:03+01:00,359.5\nb.jpg,52,4,2022-01-19T16:33:03Z,\n",
    )
    assert (frame["taken_at"] == datetime(2022, 1, 19, 16, 33, 3, tzinfo=UTC)).all()
    assert frame["heading"].iloc[0] == 359.5


def test_a_time_without_an_offset_needs_a_timezone(table: Path) -> None:
    text = "file,lat,lon,taken_at\na.jpg,52,4,2022-07-19 12:00\nb.jpg,52,4,noon\n"
    with pytest.warns(GeobikeWarning) as caught:
        assert read(table, text)["taken_at"].isna().all()
    said = " ".join(str(one.message) for one in caught)
    assert "line 2: taken_at '2022-07-19 12:00' has no offset from UTC; pass --timezone" in said
    assert "line 3: taken_at 'NOON' is not a valid ISO 8601 time such as 20" in said
    with pytest.warns(GeobikeWarning, match="NOON"):
        placed = manifest.read(table, timezone=ZoneInfo("Europe/Amsterdam"))
    assert placed["taken_at"].iloc[0] == datetime(2022, 7, 19, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "time", ["2024-05-01T10:00+02", "2024-05-01T08:00z", "2024-05-01 10:00:00+0200"]
)
def test_every_iso_spelling_of_an_offset_is_understood(table: Path, time: str) -> None:
    with pytest.warns(GeobikeWarning, match="'2024-05-01' has no offset"):
        frame = read(table, f"file,lat,lon,taken_at\na.jpg,52,4,{time}\nb.jpg,52,4,2024-05-01\n")
    assert frame["taken_at"].iloc[0] == datetime(2024, 5, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize("zone", [None, "Europe/Amsterdam", "America/New_York"])
@pytest.mark.parametrize(
    "time",
    [
        "0001-01-01T00:00:00+10:00",
        "9999-12-31T23:59:00-10:00",
        "0001-01-01T00:00:00",
        "9999-12-31T23:59:00",
        "1799-12-31T12:00:00Z",
    ],
)
def test_a_time_outside_the_years_of_photos_is_not_used(
    table: Path, time: str, zone: str | None
) -> None:
    table.write_text(f"file,lat,lon,taken_at\na.jpg,52,4,{time}\nb.jpg,52,4,2024-05-01T10:00Z\n")
    with pytest.warns(GeobikeWarning, match=f"1 time left out: .*'{re.escape(time)}' is outside"):
        frame = manifest.read(table, timezone=zone and ZoneInfo(zone))
    assert frame["taken_at"].isna().tolist() == [True, False]
    assert frame["reason"].isna().all()  # the position is kept


def test_a_time_that_the_clocks_skipped_is_reported(table: Path) -> None:
    table.write_text("file,lat,lon,taken_at\na.jpg,52,4,2024-03-31T02:30:00\n")
    with pytest.warns(GeobikeWarning, match="is ambiguous or does not exist in Europe/Amsterdam"):
        manifest.read(table, timezone=ZoneInfo("Europe/Amsterdam"))


def test_geojson_points_are_a_manifest(tmp_path: Path) -> None:
    path = tmp_path / "places.geojson"
    features = [
        {"type": "Feature", "properties": {"photo": name}, "geometry": geometry}
        for name, geometry in [
            ("a.jpg", {"type": "Point", "coordinates": [4.3571, 52.0116]}),
            ("b.jpg", {"type": "LineString", "coordinates": [[4, 52], [5, 52]]}),
            ("c.jpg", None),
        ]
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    with pytest.warns(GeobikeWarning, match="line 2: its geometry is a LineString, not a Point"):
        frame = manifest.read(path)
    assert frame.loc[0, ["lon", "lat"]].tolist() == [4.3571, 52.0116]
    assert frame.loc[1:, "lon"].isna().all()


@pytest.mark.parametrize("with_geometry", [True, False])
def test_parquet_is_a_manifest(tmp_path: Path, with_geometry: bool) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "places.parquet"
    taken_at = pd.to_datetime(["2022-01-19T17:33:03+01:00", None], utc=True)
    columns = {"file": ["a.jpg", "b.jpg"], "taken_at": taken_at}
    if with_geometry:
        gpd.GeoDataFrame(columns, geometry=[Point(84500, 447500), None], crs=28992).to_parquet(path)
    else:
        pd.DataFrame(columns | {"lat": [52.0116, None], "lon": [4.3571, None]}).to_parquet(path)
    frame = manifest.read(path)
    assert frame["lon"].iloc[0] == pytest.approx(4.357, abs=0.02)
    assert frame["taken_at"].iloc[0] == datetime(2022, 1, 19, 16, 33, 3, tzinfo=UTC)
    assert frame.loc[1, ["lon", "lat", "reason"]].isna().all()


def test_a_manifest_with_only_a_header_is_reported(table: Path) -> None:
    with pytest.warns(GeobikeWarning, match=r"manifest manifest\.csv: has no row"):
        assert read(table, "file,lat,lon\n").empty


def test_a_workbook_is_known_as_one(tmp_path: Path) -> None:
    path = tmp_path / "manifest.xlsx"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("[Content_Types].xml", "<Types/>")
    with pytest.raises(
        ManifestError, match=r"xlsx: an Excel or OpenDocument workbook; save it as CSV UTF-8"
    ):
        manifest.read(path)


def test_for_a_table_that_is_not_a_manifest_the_message_says_what_is_missing(table: Path) -> None:
    with pytest.raises(
        ManifestError, match="no column named lat or latitude; the columns are file, x"
    ):
        read(table, "file,x\na.jpg,1\n")
    with pytest.raises(ManifestError, match="not UTF-8"):
        read(table, "file,lat,lon\ncafé.jpg,52,4\n", "latin-1")
    with pytest.raises(ManifestError, match="no column named file or filename"):
        read(table, "")
    with pytest.raises(ManifestError, match="no such file"):
        manifest.read(table.with_name("nothing.csv"))
    broken = table.with_suffix(".geojson")
    broken.write_text("{")
    with pytest.raises(ManifestError, match="cannot be read as GeoJSON"):
        manifest.read(broken)


def test_positions_that_a_spreadsheet_rounded_are_told_of(table: Path) -> None:
    rows = [f"{number}.jpg,52.0{number},4.3{number % 2}" for number in range(5)]
    with pytest.warns(GeobikeWarning, match="more than 2 decimals, so they may be off by 500 m"):
        read(table, "\n".join(["file,lat,lon", *rows, "9.jpg,,"]))
    with warnings.catch_warnings(action="error"):
        read(table, "\n".join(["file,lat,lon", *rows, "9.jpg,52.01234,4.3"]))
        read(table, "\n".join(["file,lat,lon", *rows[:4]]))
