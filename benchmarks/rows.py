"""From a manifest and a table of boxes to map and files: 10^4, 10^5 and 10^6 photos, 500 areas.

Theirs is what one would write with geopandas.sjoin, groupby and Folium: a choropleth, and for the
photos either a circle each, which can be clicked as ours can, or a heat map, which cannot. Each way
runs in a process of its own, from its imports to its files. Seconds of the processor are in the
notes: others on the machine change them less.

GEOBIKE_BENCH_ROWS names other numbers of photos, with blanks between: ten million, 10000000, take
about 2 GB of memory for each million.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
from folium import plugins

import geobike
from benchmarks.maps import made_areas
from benchmarks.measure import Row, Spent, in_child
from geobike import schema
from geobike.detections.store.protocol import Model
from geobike.detectors.protocol import Box, Detection

SIZES = tuple(map(int, os.environ.get("GEOBIKE_BENCH_ROWS", "10000 100000 1000000").split()))
AREAS = 500
BOXES = 2.5  # a photo, on average; a third of them bicycles
STORED = 20_000  # answers in a store
BOXES_STORED = 130  # in each: what a 4 MB model left above the floor on the 34 photos of Delft
PATIENCE = 120.0  # seconds; a way that would take more is not tried


def run(_: Path) -> Iterator[Row]:
    with TemporaryDirectory() as place:
        before: Spent | None = None
        expected = 0.0  # seconds that circles will take
        for count in SIZES:
            folder = Path(place, str(count))
            in_child(make, folder, count)  # so that the child that measures starts from little
            ours = in_child(in_geobikes_way, folder)
            heat = in_child(with_a_heat_map, folder)
            placed, busy = zip(ours.answer, heat.answer, strict=True)
            assert placed[0] == placed[1], "both place as many photos in areas"
            notes = ["processor {:.1f} s against {:.1f} s".format(*busy), growth(ours, before)]
            yield row(count, ours, heat, with_a_heat_map.__doc__, "; ".join(filter(None, notes)))
            each = in_child(with_circles, folder) if expected < PATIENCE else None
            tried = "" if each else f"not tried: it would take {expected / 60:.0f} minutes"
            yield row(count, ours, each, with_circles.__doc__, tried)
            expected = 10 * (each.seconds if each else expected)
            before = ours
        store = Path(place, "store.sqlite")
        in_child(fill, store)
        taken = in_child(out_of_the_store, store)
        what = f"{STORED:,} answers of {BOXES_STORED} boxes out of a store"
        size = f"{store.stat().st_size / STORED / 1000:.1f} kB of store per photo"
        yield Row(what, taken.seconds, note=size, memory=taken.megabytes)


def row(count: int, ours: Spent, theirs: Spent | None, against: str | None, note: str) -> Row:
    return Row(
        f"{count:,} photos, {AREAS} areas: tables to map and files",
        ours.seconds,
        theirs and theirs.seconds,
        f"geopandas.sjoin, groupby, {against}",
        note,
        ours.megabytes,
        theirs and theirs.megabytes,
    )


def growth(now: Spent, before: Spent | None) -> str:
    if before is None:
        return ""
    return f"ten times the photos take {now.seconds / before.seconds:.1f} times as long"


def in_geobikes_way(folder: Path) -> tuple[int, float]:
    """Return the photos in areas, and the seconds of the processor."""
    plan = geobike.Survey(
        manifest=folder / "manifest.csv",
        detections=folder / "boxes.parquet",
        areas=folder / "areas.geojson",
    )
    result = geobike.run(plan)
    result.write(folder / "ours")
    return int(result.areas["photo_count"].sum()), time.process_time()


def with_circles(folder: Path) -> int:
    """folium.CircleMarker each"""
    drawn, joined = in_the_plain_way(folder)
    for photo in joined.itertuples():
        words = f"{photo.file}: {photo.bicycles}"
        folium.CircleMarker([photo.latitude, photo.longitude], radius=3, tooltip=words).add_to(
            drawn
        )
    drawn.save(folder / "theirs" / "map.html")
    return len(joined)


def with_a_heat_map(folder: Path) -> tuple[int, float]:
    """folium HeatMap, where no photo can be clicked"""
    drawn, joined = in_the_plain_way(folder)
    plugins.HeatMap(joined[["latitude", "longitude", "bicycles"]].to_numpy()).add_to(drawn)
    drawn.save(folder / "theirs" / "map.html")
    return len(joined), time.process_time()


def in_the_plain_way(folder: Path) -> tuple[folium.Map, pd.DataFrame]:
    """Count, write the tables, and return a choropleth with the photos that lie in an area."""
    areas = gpd.read_file(folder / "areas.geojson")
    photos = pd.read_csv(folder / "manifest.csv", parse_dates=["taken_at"])
    boxes = pd.read_parquet(folder / "boxes.parquet")
    bicycles = boxes[(boxes["label"] == "bicycle") & (boxes["score"] > 0.5)]
    photos["bicycles"] = photos["file"].map(bicycles.groupby("file").size()).fillna(0)
    points = gpd.points_from_xy(photos["longitude"], photos["latitude"], crs=areas.crs)
    located = gpd.GeoDataFrame(photos, geometry=points)
    joined = gpd.sjoin(located, areas, predicate="within")
    sums = joined.groupby("name")["bicycles"].agg(["size", "sum", "mean"])
    counted = areas.merge(sums, left_on="name", right_index=True, how="left")
    out = folder / "theirs"
    out.mkdir(exist_ok=True)
    counted.to_file(out / "areas.geojson")
    located.to_parquet(out / "photos.parquet")
    boxes.to_parquet(out / "boxes.parquet")
    west, south, east, north = areas.total_bounds
    drawn = folium.Map([(south + north) / 2, (west + east) / 2], zoom_start=10)
    folium.Choropleth(
        areas, data=counted, columns=["name", "mean"], key_on="feature.properties.name"
    ).add_to(drawn)
    return drawn, joined


def made_photos(count: int) -> gpd.GeoDataFrame:
    names = pd.Series([f"{i:064x}" for i in range(count)], dtype="str")
    photos = {"photo_id": names, "sha256": names, "path": names}
    return schema.geotable(schema.PHOTOS, photos, np.full(count, None, dtype=object))


def fill(store: Path) -> None:
    drawn = np.random.default_rng(4).uniform(0.05, 1, (BOXES_STORED, 5))
    numbers = (drawn * [1, 400, 400, 400, 400]).tolist()  # a score, and pixels
    boxes = [
        Detection("bicycle", score, Box(x, y, x + width, y + height))
        for score, x, y, width, height in numbers
    ]
    with geobike.Store(store) as opened:
        for digest in made_photos(STORED)["sha256"]:
            opened.put(digest, Model("made", "1"), boxes)


def out_of_the_store(store: Path) -> None:
    recorded = geobike.DetectorChoice(kind="cached")
    found = geobike.detect_photos(made_photos(STORED), detector=recorded, store=store)
    assert len(found.detections) == STORED * BOXES_STORED


def make(folder: Path, count: int) -> None:
    """Write areas, a manifest as CSV and boxes as Parquet; photos crowd about 200 places."""
    folder.mkdir()
    areas = made_areas(AREAS)[["name", "geometry"]]
    areas.to_file(folder / "areas.geojson")
    rng = np.random.default_rng(3)
    west, south, east, north = areas.total_bounds
    centres = rng.uniform((west, south), (east, north), (200, 2))
    xy = centres[rng.integers(0, 200, count)] + rng.normal(0, (east - west) / 40, (count, 2))
    start = pd.Timestamp("2024-05-01", tz="UTC")
    taken = start + pd.to_timedelta(rng.integers(0, 30 * 86400, count), unit="s")
    files = pd.Series([f"car{i % 7}/day{i % 28}/{i:07d}.jpg" for i in range(count)], dtype="str")
    photos = {
        "file": files,
        "latitude": xy[:, 1].round(7),
        "longitude": xy[:, 0].round(7),
        "taken_at": taken.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "heading": rng.uniform(0, 360, count).round(1),
    }
    pd.DataFrame(photos).to_csv(folder / "manifest.csv", index=False)
    made_boxes(files, rng).to_parquet(folder / "boxes.parquet")


def made_boxes(files: "pd.Series[str]", rng: np.random.Generator) -> pd.DataFrame:
    photo = np.repeat(np.arange(len(files)), rng.poisson(BOXES, len(files)))
    count = len(photo)
    low = rng.uniform((0, 0), (3500, 2500), (count, 2)).round(1)
    high = low + rng.uniform(20, 400, (count, 2)).round(1)
    boxes = {
        "file": files.take(photo).array,
        "label": rng.choice(["bicycle", "person", "car"], count),
        "score": rng.uniform(0.05, 1, count).round(4),
        "xmin": low[:, 0],
        "ymin": low[:, 1],
        "xmax": high[:, 0],
        "ymax": high[:, 1],
    }
    return pd.DataFrame(boxes)
