"""What is done with a changed file of each kind: all that geobike does with one like it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import geopandas as gpd
from PIL import Image

import geobike
from geobike import areas, streets
from geobike.detections import filtering, imported
from geobike.detections.store.parquet import Shards
from geobike.detections.store.sqlite import Store
from geobike.detectors.hosted import parsing, responses
from geobike.detectors.hosted.responses import InvalidResponse
from geobike.detectors.onnx.detector import OnnxDetector
from geobike.errors import UnreadablePhoto
from geobike.maps import context, options
from geobike.photos import decoding, reading
from geobike.photos.thumbnails import thumbnail
from geobike.positions import manifest
from geobike.survey import settings
from tests.fuzz.seeds import MODEL
from tests.support.making import squares

Target = Callable[[Path], None]
"""Uses the changed file; may write beside it. Only errors of geobike may escape."""

_PIXELS: Final = 4_000_000  # a photo may announce as many as are allowed, and decoding them is work
_SHOWN: Final = Image.new("RGB", (64, 48), "grey")
_BOXES: Final = "photo_id,label,score,xmin,ymin,xmax,ymax\na.jpg,bicycle,0.9,1,2,30,40\n"


def photo(file: Path) -> None:
    found = reading.find(file)
    frame = reading.read(found, max_pixels=_PIXELS)
    for use in (decoding.read_upright, thumbnail):
        try:
            use(file.read_bytes(), max_pixels=_PIXELS)
        except UnreadablePhoto:
            continue
    assert len(frame) == 1


def the_manifest(file: Path) -> None:
    table = manifest.read(file)
    manifest.positions(manifest.photos(table), table)


def the_areas(file: Path) -> None:
    try:
        areas.read(file)
    finally:
        for read in (context.read, lambda path: streets.read(path, _own_areas(path.parent))):
            try:
                read(file)
            except geobike.GeobikeError:
                continue


def _own_areas(folder: Path) -> gpd.GeoDataFrame:
    return areas.read(squares(folder / "own_areas.geojson", ["a"], west=4.355))


def boxes(file: Path) -> None:
    filtering.filter_detections(imported.read(file), labels=["bicycle"])


def store(file: Path) -> None:
    with Store(file) as opened:
        opened.models()
        opened.missing(["a", "c"], MODEL)
        opened.boxes(["a", "b"], MODEL)
        list(opened.get(["a", "b"], MODEL))
        opened.hashes(["key"])
        opened.headers(["a", "b"], "1")
        opened.put("d", MODEL, [])


def shard(file: Path) -> None:
    shards = Shards(file.parent)
    shards.models()
    shards.missing(["a", "c"], MODEL)
    shards.boxes(["a", "b"], MODEL)
    shards.answered(file.name)


def model(file: Path) -> None:
    try:
        OnnxDetector(file, threads=1).detect(_SHOWN)
    except geobike.GeobikeError:  # it may lack names alone
        OnnxDetector(file, threads=1, classes="coco80").detect(_SHOWN)


def the_settings(file: Path) -> None:
    settings.read(file)


def catalogue(file: Path) -> None:
    options.words(file)


def truth(file: Path) -> None:
    geobike.evaluate(file, _survey_folder(file.parent))


def answer(file: Path) -> None:
    try:
        data = responses.parse_json(file.read_bytes())
        parsing.parse_detections(data, sent=(64, 48), original=(640, 480))
    except (ValueError, InvalidResponse):  # the client names the server
        return


def survey_with(option: str) -> Target:
    """Use the file in a whole survey of tables, and write all its results."""

    def survey(file: Path) -> None:
        _surveyed(file.parent, _tables(file.parent) | {option: file})

    return survey


def _tables(folder: Path) -> dict[str, Path]:
    (folder / "m.csv").write_text(
        "file,latitude,longitude\na.jpg,52.005,4.355\nb.jpg,52.005,4.365\n"
    )
    (folder / "d.csv").write_text(_BOXES)
    own = squares(folder / "a.geojson", ["a", "b"], west=4.35)
    return {"manifest": folder / "m.csv", "detections": folder / "d.csv", "areas": own}


def _surveyed(folder: Path, given: dict[str, Path]) -> Path:
    out = folder / "out"
    geobike.run(geobike.Survey(**given)).write(out)
    json.loads((out / "summary.json").read_bytes())
    json.loads((out / "areas.geojson").read_bytes(), parse_constant=_refuse)
    return out


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def _survey_folder(folder: Path) -> Path:
    """Return a survey made once for all cases, as `folder` is emptied between them."""
    kept = folder.parent / "survey"
    if not kept.exists():
        out = _surveyed(folder, _tables(folder))
        shutil.copytree(out, kept)
    return kept


TARGETS: Final[dict[str, Target]] = {
    "photo": photo,
    "exif": photo,
    "manifest": the_manifest,
    "areas": the_areas,
    "boxes": boxes,
    "store": store,
    "shard": shard,
    "model": model,
    "settings": the_settings,
    "catalogue": catalogue,
    "truth": truth,
    "answer": answer,
}
SURVEYS: Final[dict[str, Target]] = {
    "manifest": survey_with("manifest"),
    "areas": survey_with("areas"),
    "boxes": survey_with("detections"),
}
"""Slower, so used for one in ten."""
