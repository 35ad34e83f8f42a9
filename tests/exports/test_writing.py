import csv
import itertools
import json
import math
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import MultiPolygon, Polygon, box

import geobike
from geobike import schema
from geobike.counting import counts
from geobike.detections import imported
from geobike.errors import GeobikeWarning, InputError
from geobike.exports import writing
from geobike.io import files
from tests.support.making import photos_frame


def area_counts(*shapes: Polygon | MultiPolygon) -> gpd.GeoDataFrame:
    names = [f"area {i}" for i in range(len(shapes))]
    data = {"area_id": names, "name": names, "area_km2": [1.0] * len(shapes)}
    nobody = counts.per_photo(photos_frame({}), schema.table(schema.DETECTIONS, {}))
    return counts.per_area(nobody, schema.geotable(schema.AREAS, data, list(shapes)))


def load(path: Path) -> dict:
    """Read JSON as the standard has it: NaN and Infinity are no JSON."""

    def refuse(word: str) -> None:
        raise ValueError(word)

    return json.loads(path.read_text("utf-8"), parse_constant=refuse)


def signed_area(ring: list) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in itertools.pairwise(ring)) / 2


def test_polygons_follow_the_right_hand_rule(tmp_path: Path) -> None:
    clockwise = Polygon(
        box(4, 52, 5, 53).exterior.coords[::-1], [box(4.2, 52.2, 4.4, 52.4).exterior.coords]
    )
    writing.write_areas(area_counts(clockwise, MultiPolygon([clockwise])), tmp_path / "a.geojson")
    one, many = (f["geometry"] for f in load(tmp_path / "a.geojson")["features"])
    for rings in (one["coordinates"], *many["coordinates"]):
        assert signed_area(rings[0]) > 0  # counter-clockwise
        assert all(signed_area(hole) < 0 for hole in rings[1:])


def test_coordinates_have_at_most_seven_decimals(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    places = {f"{i}.jpg": tuple(rng.uniform(-90, 90, 2)) for i in range(2000)}
    writing.write_photos(photos_frame(places), tmp_path / "p.geojson")
    text = (tmp_path / "p.geojson").read_text()
    numbers = [
        n for f in load(tmp_path / "p.geojson")["features"] for n in f["geometry"]["coordinates"]
    ]
    assert len(numbers) == 4000
    assert all(round(n, 7) == n for n in numbers)
    assert max(len(repr(n).partition(".")[2]) for n in numbers) <= 7
    assert "crs" not in text  # RFC 7946 knows one only


def test_rates_of_areas_without_photos_are_null_and_never_zero(tmp_path: Path) -> None:
    writing.write_areas(area_counts(box(0, 0, 1, 1)), tmp_path / "a.geojson")
    (feature,) = load(tmp_path / "a.geojson")["features"]
    assert feature["properties"] == {
        "area_id": "area 0",
        "name": "area 0",
        "area_km2": 1.0,
        "photo_count": 0,
        "bicycle_count": 0,
        "bicycles_per_photo": None,
        "bicycles_per_km2": None,
        "first_photo_at": None,
        "last_photo_at": None,
    }


def test_gdal_reads_every_photo_also_those_without_a_place(tmp_path: Path) -> None:
    frame = photos_frame({"a.jpg": (4.3571, 52.0116), "b.jpg": None, 'q"uo,te\n.jpg': (0.5, -1.0)})
    frame["taken_at"] = pd.to_datetime(
        pd.Series(["2022-01-19T17:33:03+01:00", None, None]), utc=True
    ).astype(schema.TIME)
    frame["heading"] = [352.0, math.nan, math.inf]
    writing.write_photos(frame, tmp_path / "p.geojson")
    read = gpd.read_file(tmp_path / "p.geojson")
    assert read["photo_id"].tolist() == ["a.jpg", "b.jpg", 'q"uo,te\n.jpg']
    assert read.geometry.isna().tolist() == [False, True, False]
    assert (read.geometry.x[0], read.geometry.y[0]) == (4.3571, 52.0116)
    assert read["taken_at"][0] == pd.Timestamp("2022-01-19T16:33:03Z")
    assert read["heading"].fillna(-1).tolist() == [352.0, -1, -1]
    wanted = "photo_id status reason bicycle_count area_id taken_at heading position_source"
    assert set(wanted.split()) <= set(load(tmp_path / "p.geojson")["features"][0]["properties"])
    assert "path" not in read


def test_detections_are_a_table_that_no_spreadsheet_runs(tmp_path: Path) -> None:
    frame = schema.table(
        schema.DETECTIONS,
        {
            "photo_id": ["a,b.jpg", "=cmd.jpg"],
            "label": ["bicycle", '=HYPERLINK("http://x")'],
            "score": [0.98767, 0.5],
            "xmin": [1.26, 0],
            "ymin": [2.0, 0],
            "xmax": [3.0, 1],
            "ymax": [4.0, 1],
            "model": "m",
            "dropped_by": [None, "label"],
        },
    ).assign(kept=[True, False])
    writing.write_detections(frame, tmp_path / "d.csv")
    with (tmp_path / "d.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows[0] == {
        "photo_id": "a,b.jpg",
        "label": "bicycle",
        "score": "0.98767",
        "xmin": "1.26",
        "ymin": "2.0",
        "xmax": "3.0",
        "ymax": "4.0",
        "model": "m",
        "kept": "True",
        "dropped_by": "",
    }
    assert rows[1]["photo_id"] == "'=cmd.jpg"
    assert rows[1]["label"].startswith("'=")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_boxes_are_read_again_as_they_were_written(tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("pyarrow")
    low, high = np.random.default_rng(3).uniform((0, 2000), (2000, 4000), (500, 2, 2)).T
    numbers = {"xmin": low[0], "ymin": low[1], "xmax": high[0], "ymax": high[1]}
    columns = {"photo_id": "a.jpg", "label": "bicycle", "score": low[0] / 2000, **numbers}
    frame = schema.table(schema.DETECTIONS, pd.DataFrame(columns))
    writing.write_detections(frame, tmp_path / f"d.{suffix}")
    read = imported.read(tmp_path / f"d.{suffix}")
    for name in ("score", *numbers):
        # pandas before 3.1 reads the last of 17 digits a little off
        assert read[name].to_numpy() == pytest.approx(frame[name].to_numpy(), rel=1e-14, abs=0)


@pytest.mark.parametrize("name", ["a\rb.jpg", "a\nb.jpg", 'a"b.jpg', "b.jpg\r", "\rb.jpg"])
def test_a_line_break_in_a_name_gives_its_boxes_to_no_other_photo(
    tmp_path: Path, name: str
) -> None:
    box = {"label": "bicycle", "score": 0.5, "xmin": 0, "ymin": 0, "xmax": 1, "ymax": 1}
    columns = {"photo_id": [name, "b.jpg"], "model": "m", "dropped_by": None, **box}
    frame = schema.table(schema.DETECTIONS, columns).assign(kept=True)
    writing.write_detections(frame, tmp_path / "d.csv")
    read = imported.read(tmp_path / "d.csv")
    assert read["photo_id"].tolist() == [name, "b.jpg"]
    assert read["xmax"].tolist() == [1, 1]
    writing.write_labels({name: [{"label": "bicycle", "score": 0.5}]}, tmp_path / "l.csv")
    with (tmp_path / "l.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert [row[-2:] for row in rows] == [["label", "score"], ["bicycle", "0.5"]]


def test_an_old_file_stays_whole_when_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    writing.write_summary({"old": True}, path)
    with pytest.raises(ValueError, match="not JSON compliant"):
        writing.write_summary({"new": math.nan}, path)
    assert load(path) == {"old": True}
    assert [p.name for p in tmp_path.iterdir()] == ["summary.json"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"summary\.json: cannot be written"):
        writing.write_summary({}, tmp_path / "file" / "summary.json")


def parquet_by_gdal(path: Path) -> gpd.GeoDataFrame | None:
    """Read a file as GIS programs do, where this build of GDAL knows Parquet."""
    import pyogrio

    if "Parquet" not in pyogrio.list_drivers(read=True):
        return None
    return pyogrio.read_dataframe(path)


def test_photos_are_the_same_as_geoparquet(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    photos = photos_frame({"a.jpg": (4.123456789, 52.0), "b.jpg": None})
    photos["taken_at"] = pd.Series(pd.to_datetime(["2024-05-01T10:00Z", None])).astype(schema.TIME)
    counted = counts.per_photo(photos, schema.table(schema.DETECTIONS, {}))
    writing.write_photos(counted, tmp_path / "p.geojson")
    writing.write_photos(counted, tmp_path / "p.parquet")
    about = parquet.read_metadata(tmp_path / "p.parquet")
    geo = json.loads(about.metadata[b"geo"])
    assert geo["version"] == "1.1.0"
    assert about.row_group(0).column(0).compression == "ZSTD"
    text = gpd.read_file(tmp_path / "p.geojson")
    for frame in (
        gpd.read_parquet(tmp_path / "p.parquet"),
        parquet_by_gdal(tmp_path / "p.parquet"),
    ):
        if frame is not None:
            assert frame.columns.tolist() == text.columns.tolist()
            assert frame["photo_id"].tolist() == ["a.jpg", "b.jpg"]
            assert frame["bicycle_count"].tolist() == [0, 0]
            assert frame["taken_at"].iloc[0] == pd.Timestamp("2024-05-01T10:00Z")
            assert frame.crs == "EPSG:4326"
            assert frame.geometry.iloc[0].equals_exact(text.geometry.iloc[0], 1e-7)
            assert frame.geometry.iloc[1] is None


@pytest.fixture
def two_tables() -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    box_ = {"photo_id": ["a.jpg"], "label": "bicycle", "score": 0.9, "xmin": 0.0, "ymin": 0.0}
    found = schema.table(schema.DETECTIONS, pd.DataFrame(box_ | {"xmax": 9.0, "ymax": 9.0}))
    return photos_frame({"a.jpg": (4, 52), "b.jpg": (4, 52)}), found


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_many_rows_become_parquet_and_no_older_table_contradicts_them(
    tmp_path: Path, two_tables: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyarrow")

    def tables_of_a_run(**options: Any) -> list[str]:
        with files.transaction(tmp_path, last="summary.json") as out:
            written = writing.write_tables(*two_tables, out, **options)
            writing.write_summary({"files": written}, out.staging / "summary.json")
        return [name for name in names(tmp_path) if name != "summary.json"]

    assert tables_of_a_run() == ["detections.csv", "photos.geojson"]
    monkeypatch.setattr(writing, "MANY", 1)
    assert tables_of_a_run() == ["detections.csv", "photos.parquet"]
    assert tables_of_a_run(form="parquet") == ["detections.parquet", "photos.parquet"]
    assert tables_of_a_run(form="text") == ["detections.csv", "photos.geojson"]


def test_a_table_that_no_run_wrote_stays(tmp_path: Path, two_tables: Any) -> None:
    (tmp_path / "photos.parquet").write_text("mine")
    (tmp_path / "summary.json").write_text("not of a run")
    with files.transaction(tmp_path, last="summary.json") as out:
        writing.write_tables(*two_tables, out, form="text")
    assert (tmp_path / "photos.parquet").read_text() == "mine"


def test_without_pyarrow_many_rows_stay_text_and_it_is_said(
    tmp_path: Path, two_tables: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MANY", 1)
    monkeypatch.setattr(writing, "_parquet_is_there", lambda: False)
    with (
        files.transaction(tmp_path, last="summary.json") as out,
        pytest.warns(GeobikeWarning, match="2 rows of photos are written as text.*parquet"),
    ):
        writing.write_tables(*two_tables, out)
    assert names(tmp_path) == ["detections.csv", "photos.geojson"]
    with pytest.raises(InputError, match=r"geobike\[parquet\]"):
        geobike.Survey(photos="photos", areas="areas.geojson", table_format="parquet")
