"""Frames to export, a format in one file, and a strict reader of JSON."""

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from shapely import MultiPolygon, Polygon, box

from geobike import schema
from geobike.counting import counts
from geobike.exports import formats, protocol
from geobike.exports.protocol import Files, Format, Frames
from tests.support import counted
from tests.support.making import photos_frame


def area_counts(*shapes: Polygon | MultiPolygon) -> gpd.GeoDataFrame:
    names = [f"area {i}" for i in range(len(shapes))]
    data = {"area_id": names, "name": names, "area_km2": [1.0] * len(shapes)}
    nobody = counts.per_photo(photos_frame({}), schema.table(schema.DETECTIONS, {}))
    return counted.area_counts(nobody, schema.geotable(schema.AREAS, data, list(shapes)))


def read_json(path: Path) -> dict:
    """Read JSON as the standard has it: NaN and Infinity are not JSON."""

    def refuse(word: str) -> None:
        raise ValueError(word)

    return json.loads(path.read_text("utf-8"), parse_constant=refuse)


@pytest.fixture
def frames() -> Frames:
    box_ = {"photo_id": ["a.jpg"], "label": "bicycle", "score": 0.9, "xmin": 0.0, "ymin": 0.0}
    found = schema.table(schema.DETECTIONS, pd.DataFrame(box_ | {"xmax": 9.0, "ymax": 9.0}))
    photos = photos_frame({"a.jpg": (4, 52), "b.jpg": (4, 52)})
    return Frames(areas=area_counts(box(4, 52, 5, 53)), photos=photos, detections=found)


@pytest.fixture
def one_file(monkeypatch: pytest.MonkeyPatch) -> Format:
    """A format such as GeoPackage: all tables in one file, which geobike cannot read again."""
    names: Files = dict.fromkeys(protocol.TABLES, "survey.json")

    def write(frames: Frames, folder: Path) -> Files:
        rows = {table: len(frame) for table, frame in frames.items()}
        (folder / "survey.json").write_text(json.dumps(rows))
        return {table: names[table] for table in rows}

    added = Format(
        name="onefile",
        help="all tables in one file",
        files=names,
        suffixes=(".onefile",),
        write=write,
        readable=False,
    )
    monkeypatch.setitem(formats.FORMATS, added.name, added)
    return added
