"""The files that are changed: small ones of every kind, and those handed over as they failed."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Final
from zipfile import ZipFile

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
from PIL import Image
from shapely.geometry import box

from geobike.detections.store.parquet import Shards
from geobike.detections.store.protocol import Model
from geobike.detections.store.sqlite import Store
from geobike.detectors.protocol import Box, Detection
from tests.support.exif_blocks import Layout, block, in_jpeg, in_png, photo_directories
from tests.support.making import DELFT, jpeg
from tests.support.tiny_onnx import answering, coloured, metadata_entry

Seeds = dict[str, list[tuple[str, bytes]]]
"""Kind of input -> names, whose endings count, and contents."""

LARGEST: Final = 150_000
"""Bytes of a seed: larger ones would be changed too seldom."""

_HEAVY: Final = (
    "png-1-wide",
    "webp-34-bytes",
    "jpeg-many-scans",
    "panorama",
)  # few bytes, much work


def gather(folder: Path, handed: Path | None) -> Seeds:
    """Make all seeds, byte for byte the same each time.

    `folder` is for those that a library writes, `handed` holds files of others.
    """
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2026-01-01T00:00:00Z"})
    seeds = {kind: list(make(folder)) for kind, make in _MAKERS.items()}
    for file in sorted(handed.rglob("*")) if handed is not None and handed.is_dir() else ():
        kind = _kind_of_handed(file.name)
        if kind and file.is_file() and file.stat().st_size <= LARGEST:
            seeds[kind].append((file.name, file.read_bytes()))
    return seeds


def _kind_of_handed(name: str) -> str | None:
    if name.startswith(_HEAVY):
        return None
    for kind in ("areas", "manifest", "boxes", "store", "shard"):
        if name.startswith(f"{kind}-") and not name.endswith(("-shm", "-wal")):
            return kind
    return _KINDS.get(name.rpartition(".")[2].lower())


_KINDS: Final = {"onnx": "model", "jpg": "photo", "heic": "photo", "avif": "photo"}


def _photos(_: Path) -> Iterator[tuple[str, bytes]]:
    for kind, ending in (("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp"), ("TIFF", "tif")):
        yield f"a.{ending}", jpeg(lon_lat=DELFT, format=kind)
    for mode, ending, kind in (
        ("L", "png", "PNG"),
        ("P", "png", "PNG"),
        ("I;16", "png", "PNG"),
        ("CMYK", "jpg", "JPEG"),
        ("F", "tif", "TIFF"),
        ("RGB", "avif", "AVIF"),
    ):
        out = BytesIO()
        Image.new(mode, (40, 30)).save(out, kind)
        yield f"{mode.replace(';', '')}.{ending}", out.getvalue()
    noise = np.random.default_rng(1).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    for progressive in (False, True):
        out = BytesIO()
        Image.fromarray(noise).save(out, "JPEG", progressive=progressive)
        yield f"noise{progressive}.jpg", out.getvalue()


def _exif(_: Path) -> Iterator[tuple[str, bytes]]:
    for order in "<>":
        for thumbnail in (False, True):
            directories = photo_directories(order, thumbnail=thumbnail)
            yield "block.exif", block(directories, Layout(order))
    yield "bare.exif", block(photo_directories("<", without_pointer=("gps",)), Layout("<"))


def framed(random_bit: bool, exif: bytes) -> tuple[str, bytes]:
    """Return a photo with such an EXIF block."""
    if random_bit:
        return "a.jpg", in_jpeg(jpeg(), exif)
    return "a.png", in_png(jpeg(format="PNG"), exif[:60_000])


def _manifests(folder: Path) -> Iterator[tuple[str, bytes]]:
    lon, lat = DELFT
    head = "file,latitude,longitude,heading,taken_at,camera,focal_length_35mm,position_error_m\n"
    row = f"a.jpg,{lat},{lon},90,2022-01-19T17:33:04+01:00,Pixel,27,4\n"
    yield "a.csv", (head + row + row.replace("a.jpg", "b.jpg")).encode()
    yield "semicolons.csv", b"Photo;Lat;Lng\r\na.jpg;52,01;4,36\r\nb.jpg;52,02;4,35\r\n"
    head = "SourceFile,GPSLatitude,GPSLongitude\n"
    yield "dms.csv", (head + "a.jpg,52 deg 0' 41.7\" N,4 deg 21' E\n").encode()
    points = gpd.GeoDataFrame(
        {"file": ["a.jpg", "b.jpg"], "heading": [10.0, 20.0]},
        geometry=gpd.points_from_xy([lon, lon], [lat, lat]),
        crs=4326,
    )
    yield from _vector(folder, points, ("geojson", "gpkg", "parquet"))
    yield "table.parquet", _parquet(pd.DataFrame({"file": ["a.jpg"], "lat": [lat], "lon": [lon]}))
    yield (
        "way.gpx",
        f'<gpx version="1.1"><wpt lat="{lat}" lon="{lon}"><name>a.jpg</name></wpt></gpx>'.encode(),
    )


def _areas(folder: Path) -> Iterator[tuple[str, bytes]]:
    squares = gpd.GeoDataFrame(
        {"name": ["Noord", "Zuid"], "code": [101, 102], "population": [1000, 20]},
        geometry=[box(4.35, 52.0, 4.36, 52.02), box(4.36, 52.0, 4.37, 52.02)],
        crs=4326,
    )
    yield from _vector(folder, squares, ("geojson", "gpkg", "parquet", "gml", "fgb"))
    yield "a.kml", _KML
    yield "rd.geojson", squares.to_crs(28992).to_json().encode()
    squares.to_file(folder / "shape.shp")
    out = BytesIO()
    with ZipFile(out, "w") as archive:
        for part in folder.glob("shape.*"):
            archive.write(part, part.name)
    yield "shape.zip", out.getvalue()
    yield (
        "wkt.csv",
        (
            "name,WKT\n" + "".join(f'{i},"{g.wkt}"\n' for i, g in enumerate(squares.geometry))
        ).encode(),
    )


_KML: Final = b"""<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>Noord</name>
<Polygon><outerBoundaryIs><LinearRing><coordinates>4.35,52 4.36,52 4.36,52.02 4.35,52.02 4.35,52
</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></Document></kml>"""


def _vector(
    folder: Path, frame: gpd.GeoDataFrame, endings: tuple[str, ...]
) -> Iterator[tuple[str, bytes]]:
    for ending in endings:
        file = folder / f"written.{ending}"
        file.unlink(missing_ok=True)
        if ending == "parquet":
            frame.to_parquet(file)
        else:
            frame.to_file(file)
        yield file.name, file.read_bytes()


def _parquet(frame: pd.DataFrame) -> bytes:
    out = BytesIO()
    frame.to_parquet(out)
    return out.getvalue()


def _boxes(_: Path) -> Iterator[tuple[str, bytes]]:
    rows = [["a.jpg", "bicycle", 0.9, 1, 2, 30, 40], ["b.jpg", "person", 0.5, 0, 0, 9.5, 9]]
    frame = pd.DataFrame(
        rows, columns=["photo_id", "label", "score", "xmin", "ymin", "xmax", "ymax"]
    )
    yield "boxes.csv", frame.to_csv(index=False).encode()
    yield "boxes.parquet", _parquet(frame)
    coco = {
        "images": [{"id": 7, "file_name": "a.jpg", "width": 64, "height": 48}],
        "categories": [{"id": 2, "name": "bicycle"}],
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 2, "bbox": [1, 2, 30, 40], "score": 0.5}
        ],
    }
    yield "coco.json", json.dumps(coco).encode()
    found = {"category": "2", "conf": 0.9, "bbox": [0.1, 0, 0.2, 1]}
    image = {"file": "a.jpg", "width": 64, "height": 48, "detections": [found]}
    mega = {
        "images": [image],
        "detection_categories": {"2": "bicycle"},
        "info": {"format_version": "1.4"},
    }
    yield "mega.json", json.dumps(mega).encode()


_ANSWERS: Final = {"a": [Detection("bicycle", 0.9, Box(1, 2, 30, 40))], "b": []}
MODEL: Final = Model("fuzz", "1")


def _stores(folder: Path) -> Iterator[tuple[str, bytes]]:
    file = folder / "seed.sqlite"
    with Store(file) as store:
        for digest, found in _ANSWERS.items():
            store.put(digest, MODEL, found)
        store.keep_hashes({"key": "a"})
        store.keep_headers({"a": b"of a", "b": b"of b"}, "1", whole=True)
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    connection.close()
    yield "store.sqlite", file.read_bytes()


def _shards(folder: Path) -> Iterator[tuple[str, bytes]]:
    Shards(folder / "seed").put_shard(_ANSWERS, MODEL, name="1.parquet")
    yield "1.parquet", (folder / "seed" / "1.parquet").read_bytes()


def _models(_: Path) -> Iterator[tuple[str, bytes]]:
    names = metadata_entry("names", '{"0": "person", "1": "bicycle"}')
    yield "coloured.onnx", coloured(1)
    images = {"images": ("float32", (1, 3, 32, 32))}
    yield "yolo.onnx", answering(images, output0=np.zeros((1, 6, 5), np.float32)) + names
    deploy = answering(
        images | {"orig_target_sizes": ("int64", (1, 2))},
        labels=np.array([[1, 0]]),
        boxes=np.array([[[1, 1, 9, 9], [0, 0, 5, 5]]], np.float32),
        scores=np.array([[0.9, 0.4]], np.float32),
    )
    yield "deploy.onnx", deploy + names


_TOML: Final = b"""[survey]
photos = "photos"
areas = "areas.geojson"
threshold = 0.4
labels = ["bicycle"]
timezone = "Europe/Amsterdam"
max_megapixels = 50
[page]
language = "nl"
title = "x"
min_photos = 3
[detector]
kind = "onnx"
model = "m.onnx"
"""


def _settings(_: Path) -> Iterator[tuple[str, bytes]]:
    yield "survey.toml", _TOML


def _catalogues(_: Path) -> Iterator[tuple[str, bytes]]:
    import geobike.maps

    for file in sorted(Path(geobike.maps.__file__).parent.glob("page/words-*.json")):
        yield file.name, file.read_bytes()


def _truths(_: Path) -> Iterator[tuple[str, bytes]]:
    yield "truth.csv", b"photo_id,bicycles\na.jpg,3\nb.jpg,0\n"


def _hosted(_: Path) -> Iterator[tuple[str, bytes]]:
    side = {"xmin": 1, "ymin": 2, "xmax": 30, "ymax": 40}
    yield "answer.json", json.dumps([{"score": 0.9, "label": "bicycle", "box": side}]).encode()


_MAKERS: Final[dict[str, Callable[[Path], Iterator[tuple[str, bytes]]]]] = {
    "photo": _photos,
    "exif": _exif,
    "manifest": _manifests,
    "areas": _areas,
    "boxes": _boxes,
    "store": _stores,
    "shard": _shards,
    "model": _models,
    "settings": _settings,
    "catalogue": _catalogues,
    "truth": _truths,
    "answer": _hosted,
}
