"""A whole survey of very many files through the store; the same with the detections recorded, as in
files that were copied since; and again with nothing new.

Small photos and a model of one step, so that the time is that of all else. GEOBIKE_BENCH_FILES says
how many, 12,000 if nothing does; a quarter of it goes first, to show the growth.
"""

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

import geobike
from benchmarks.locating import phone_exif
from benchmarks.maps import made_areas
from benchmarks.measure import Row, Spent, in_child
from geobike.detections.choice import Choice
from geobike.progress import Item
from tests.support.tiny_onnx import coloured

AREAS = 500


def run(_: Path) -> Iterator[Row]:
    most = int(os.environ.get("GEOBIKE_BENCH_FILES", "12000"))
    before: Spent | None = None
    for count in (most // 4, most):
        with TemporaryDirectory() as place:
            folder = Path(place)
            in_child(make, folder, count)  # so that the child that measures starts from little
            first = in_child(surveyed, folder)
            forget(folder)
            recorded, again = in_child(surveyed, folder), in_child(surveyed, folder)
            what = f"{count:,} files of 8 kB, {AREAS} areas"
            yield row(f"{what}: photos to map and files", count, first, growth(first, before))
            yield row(f"{what}: detections recorded", count, recorded, "")
            yield row(f"{what}: again, nothing new", count, again, sizes(folder, count))
        before = first


def row(what: str, count: int, spent: Spent, more: str) -> Row:
    stages = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in spent.answer.items())
    notes = [f"{1000 * spent.seconds / count:.2f} ms per photo", stages, more]
    return Row(what, spent.seconds, memory=spent.megabytes, note="; ".join(filter(None, notes)))


def growth(now: Spent, before: Spent | None) -> str:
    if before is None:
        return ""
    return f"four times the photos take {now.seconds / before.seconds:.1f} times as long"


def sizes(folder: Path, count: int) -> str:
    store = (folder / "store.sqlite").stat().st_size
    page = (folder / "out" / "map.html").stat().st_size
    return f"store {store / count:.0f} bytes per photo, page {page / 1e6:.1f} MB"


def forget(folder: Path) -> None:
    """Let the store forget which files have which bytes, and keep its detections."""
    with closing(sqlite3.connect(folder / "store.sqlite")) as store, store:
        store.execute("DELETE FROM files")


def surveyed(folder: Path) -> dict[str, float]:
    """Survey the photos of a folder and return the seconds that its long loops took."""
    spent: dict[str, float] = {}

    def track(items: Iterable[Item], description: str, *, total: int) -> Iterator[Item]:
        start = time.perf_counter()
        yield from items
        if total:
            spent[description.lower()] = time.perf_counter() - start

    plan = geobike.Survey(
        photos=folder / "photos",
        areas=folder / "areas.geojson",
        detector=Choice(kind="onnx", model=str(folder / "model.onnx")),
        page=geobike.PageOptions(  # its model knows one label, so only then are there pictures
            show_people=True, show_vehicles=True
        ),
    )
    result = geobike.run(plan, store=folder / "store.sqlite", track=track)
    result.write(folder / "out", track=track)
    found = result.ledger.photos
    assert found["counted"] + found["outside"] == result.ledger.photos_given, "no photo is lost"
    return spent


def make(folder: Path, count: int) -> None:
    """Write areas, a model, and photos that differ in place and bytes, a thousand to a folder."""
    areas = made_areas(AREAS)[["name", "geometry"]]
    areas.to_file(folder / "areas.geojson")
    (folder / "model.onnx").write_bytes(coloured(1, 64))
    plain = BytesIO()
    Image.effect_noise((320, 240), 20).convert("RGB").save(plain, "JPEG", quality=50)
    pixels = plain.getvalue()[2:]
    west, south, east, north = areas.total_bounds
    inside = np.random.default_rng(3).uniform((west, south), (east, north), (count, 2))
    for number, (lon, lat) in enumerate(inside):
        day = folder / "photos" / f"{number // 1000:04d}"
        day.mkdir(parents=True, exist_ok=True)
        block = phone_exif(lon, lat)
        segment = b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block
        (day / f"IMG_{number:07d}.jpg").write_bytes(b"\xff\xd8" + segment + pixels + b"%d" % number)
