"""No cell of a file that a spreadsheet opens is a formula, whatever names it holds."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pandas as pd
import pytest
import shapely
from shapely import box

from geobike import schema
from geobike.detections import imported
from geobike.exports import formats
from geobike.exports.csv import write_labels
from geobike.exports.protocol import Frames
from geobike.exports.writing import write_tables
from tests.support.exported import area_counts
from tests.support.making import photos_frame

SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What begins a formula, as OWASP lists it (CSV injection)."""

NAMES = [f'{sign}HYPERLINK("http://example.org","x")' for sign in (*SIGNS, "'=", "''@")]
"""The last two with quotes that somebody else put there."""

DATA_ONLY = {".geojson", ".json", ".parquet", ".gpkg", ".fgb", ".shp"}
"""Endings of files that no spreadsheet opens as a table of typed cells."""


def cells(path: Path) -> Iterator[str]:
    """Yield the cells of a table; of a workbook its formulas with the sign before them."""
    if path.suffix in (".csv", ".tsv", ".txt"):
        with path.open(newline="", encoding="utf-8-sig") as file:
            delimiter = "\t" if path.suffix == ".tsv" else ","
            yield from (cell for row in csv.reader(file, delimiter=delimiter) for cell in row)
    elif path.suffix in (".xlsx", ".ods"):
        with ZipFile(path) as book:
            for name in book.namelist():
                text = book.read(name).decode("utf-8", "replace")
                yield from ("=" for _ in re.findall(r"<f[ >]|table:formula=", text))
    else:
        assert path.suffix in DATA_ONLY, f"say how a spreadsheet reads {path.suffix}"


def is_formula(cell: str) -> bool:
    return cell.startswith(SIGNS)


def hostile() -> Frames:
    """Return tables in which every text that comes from outside begins like a formula."""
    photos = photos_frame(dict.fromkeys(NAMES, (4.5, 52.5)))
    photos["reason"] = pd.Series(NAMES, dtype="str")
    photos["area_id"] = pd.Series(NAMES, dtype="str")
    areas = area_counts(*(box(4 + i, 52, 5 + i, 53) for i in range(len(NAMES))))
    areas["name"] = areas["area_id"] = pd.Series(NAMES, dtype="str")
    areas["own"] = areas[NAMES[0]] = pd.Series(NAMES, dtype="str")
    sides = {"xmin": 0.0, "ymin": 0.0, "xmax": 9.0, "ymax": 9.0, "score": 0.9, "kept": True}
    found = pd.DataFrame({"photo_id": NAMES, "label": NAMES, "model": NAMES, **sides})
    lines = [shapely.LineString([(4, 52), (5, 52)])] * len(NAMES)
    at = pd.Series(pd.to_datetime(["2026-05-12T07:00:00Z"] * len(NAMES))).astype(schema.TIME)
    seen = {"detected_once": 1.0, "covered_share": 1.0, "name": NAMES, "street_id": NAMES}
    stops = {"stop_id": NAMES, "street_id": NAMES, "taken_at": at, "visit_count": 1}
    places = [shapely.Point(4, 52)] * len(NAMES)
    return Frames(
        areas=areas,
        streets=schema.geotable(schema.STREETS, pd.DataFrame(seen), lines),
        stops=schema.geotable(schema.STOPS, pd.DataFrame(stops), places),
        photos=photos,
        detections=schema.table(schema.DETECTIONS, found),
    )


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
@pytest.mark.parametrize("name", formats.FORMATS)
def test_no_format_writes_a_formula(tmp_path: Path, name: str) -> None:
    if formats.FORMATS[name].package is not None:
        pytest.importorskip(str(formats.FORMATS[name].package))
    written = write_tables(hostile(), tmp_path, names=(name,))
    assert written.names
    for file in written.names:
        wrong = [cell for cell in cells(tmp_path / file) if is_formula(cell)]
        assert wrong == [], file


def test_the_labels_of_a_classifier_are_no_formulas(tmp_path: Path) -> None:
    found = {name: [{"label": name, "score": 0.5}] for name in NAMES}
    write_labels(found, tmp_path / "l.csv")
    written = list(cells(tmp_path / "l.csv"))
    assert len(written) == 3 * (1 + len(NAMES))
    assert not any(map(is_formula, written))


def test_names_that_were_escaped_are_read_as_they_were(tmp_path: Path) -> None:
    write_tables(hostile(), tmp_path, names=("csv",))
    read = imported.read(tmp_path / "detections.csv")
    assert read["photo_id"].astype("str").tolist() == NAMES
