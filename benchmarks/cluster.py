"""Two workers of a Dask cluster against one, each on a core of its own, from files to map counts.

The model has random weights: its speed does not care. Each worker has one thread for the model,
and is held to one core, so that a worker here is what a machine of one core would be.

And boxes out of shards, judged and in the order of the photos: by two workers, and in one process.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import geopandas as gpd
import numpy as np
from PIL import Image

import geobike
from benchmarks.measure import Row
from benchmarks.rows import made_photos
from geobike.detections import filtering, stage
from geobike.detections.store.opening import open_shared
from geobike.detections.store.parquet import Shards
from geobike.detections.store.protocol import Model
from geobike.detectors.onnx.postprocessing import DEPLOYED
from geobike.detectors.protocol import Box, Detection
from geobike.engines.dask.engine import PARTITION
from tests.support import tiny_onnx
from tests.support.making import squares

STORED = 50_000  # photos with answers in shards
BOXES = 10  # a photo
MODEL = Model("made", "1")
RULES = filtering.Filter(("bicycle",))
RECORDED = geobike.DetectorChoice(kind="cached")
PHOTOS = 200
SIZE = (1600, 1200)
SIDE = 416
"""Pixels that the model looks at, as the small models that geobike uses do."""


def run(_: Path) -> Iterator[Row]:
    with TemporaryDirectory() as folder:
        survey = made(Path(folder))
        one, two = (seconds(survey, workers, Path(folder)) for workers in (1, 2))
    yield Row(
        f"{PHOTOS} photos, detected by two workers",
        two,
        one,
        "one worker",
        f"{PHOTOS / two:.1f}, {PHOTOS / one:.1f} photos/s; a core each, {os.cpu_count()} in all",
    )
    with TemporaryDirectory() as folder:
        photos = fill(Path(folder))
        here = seconds_of(counted_here, Path(folder), photos)
        with geobike.Cluster(workers=2) as cluster:
            there = seconds_of(partial(counted_there, cluster), Path(folder), photos)
    yield Row(
        f"{STORED:,} photos with {BOXES} boxes each, out of {STORED // PARTITION:,} shards",
        there,
        here,
        "this process alone",
        "two workers on the same disk: what they gain, the way to the client takes",
    )


def seconds(survey: geobike.Survey, workers: int, folder: Path) -> float:
    """Return the time of a whole survey on workers that have the model open."""
    with geobike.Cluster(workers=workers) as cluster:
        cores = iter(range(workers))
        for address in cluster._client.nthreads():
            cluster._client.run(_stay_on, next(cores), workers=[address])
        few = [folder / "photos" / f"{number}.jpg" for number in range(workers * PARTITION)]
        geobike.run(replace(survey, photos=few), store=folder / f"warm-{workers}", engine=cluster)
        start = time.perf_counter()
        result = geobike.run(survey, store=folder / f"timed-{workers}", engine=cluster)
        spent = time.perf_counter() - start
    assert result.detected_now == PHOTOS
    return spent


def _stay_on(core: int) -> None:
    """Hold all threads of this process to a core."""
    for thread in Path("/proc/self/task").iterdir():
        os.sched_setaffinity(int(thread.name), {core})


def made(folder: Path) -> geobike.Survey:
    """Write photos, an area and a model; return the survey of them."""
    rng = np.random.default_rng(1)
    photos = folder / "photos"
    photos.mkdir()
    rows = ["file,latitude,longitude"]
    for number in range(PHOTOS):
        coarse = rng.integers(0, 256, (60, 80, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize(SIZE).save(photos / f"{number}.jpg", quality=85)
        rows.append(f"{number}.jpg,52.005,4.005")
    (folder / "manifest.csv").write_text("\n".join(rows))
    (folder / "random.onnx").write_bytes(model(rng))
    return geobike.Survey(
        photos=photos,
        areas=squares(folder / "areas.geojson", ["a"]),
        manifest=folder / "manifest.csv",
        detector=geobike.DetectorChoice(kind="onnx", model=str(folder / "random.onnx")),
    )


def model(rng: np.random.Generator) -> bytes:
    """Return a model of 13 billion multiplications per photo."""
    labels, boxes, scores = DEPLOYED
    constants = {
        "first": rng.normal(size=(32, 3, 3, 3)).astype(np.float32),
        "second": rng.normal(size=(256, 32, 3, 3)).astype(np.float32),
        "zero": np.array(0, np.float32),
        "label": np.array([[1]], np.int64),
        "box": np.array([[[1, 1, 9, 9]]], np.float32),
        "score": np.array([[0.9]], np.float32),
    }
    nodes = [
        tiny_onnx.node("Conv", ["images", "first"], "wide"),
        tiny_onnx.node("Conv", ["wide", "second"], "deep"),
        # So that nothing of it can be left out, the scores hang on all that was computed.
        tiny_onnx.node("ReduceMax", ["deep"], "most", keepdims=0),
        tiny_onnx.node("Mul", ["most", "zero"], "nothing"),
        tiny_onnx.node("Add", ["score", "nothing"], scores),
        tiny_onnx.node("Identity", ["label"], labels),
        tiny_onnx.node("Identity", ["box"], boxes),
    ]
    return tiny_onnx.model(
        inputs={
            "images": ("float32", (1, 3, SIDE, SIDE)),
            "orig_target_sizes": ("int64", (1, 2)),
        },
        outputs={
            labels: ("int64", (1, 1)),
            boxes: ("float32", (1, 1, 4)),
            scores: ("float32", (1, 1)),
        },
        nodes=nodes,
        constants=constants,
    )


def fill(folder: Path) -> gpd.GeoDataFrame:
    """Write the shards of a large survey; return its photos."""
    rng = np.random.default_rng(2)
    photos = made_photos(STORED)
    shards = Shards(folder)
    for start in range(0, STORED, PARTITION):
        some = photos["sha256"].iloc[start : start + PARTITION]
        shards.put_shard({digest: made_boxes(rng) for digest in some}, MODEL)
    return photos


def made_boxes(rng: np.random.Generator) -> list[Detection]:
    rows = np.column_stack([rng.uniform(0.05, 1, BOXES), rng.uniform(0, 3000, (BOXES, 2))])
    labels = rng.choice(["bicycle", "person", "car"], BOXES)
    return [
        Detection(str(label), score, Box(x, y, x + 300, y + 200))
        for label, (score, x, y) in zip(labels, rows.tolist(), strict=True)
    ]


def counted_here(folder: Path, photos: gpd.GeoDataFrame) -> stage.Detected:
    with open_shared(folder, "read") as shards:
        plan = stage.plan(photos, RECORDED, shards, rules=RULES)
        return stage.collect(plan, stage.run(plan, shards), shards)


def counted_there(
    cluster: geobike.Cluster, folder: Path, photos: gpd.GeoDataFrame
) -> stage.Detected:
    with cluster.open_store(folder, "read") as shards:
        plan = stage.plan(photos, RECORDED, shards, rules=RULES)
        return stage.collect(plan, cluster.detect(plan, shards), shards)


def seconds_of(
    count: Callable[[Path, gpd.GeoDataFrame], stage.Detected],
    folder: Path,
    photos: gpd.GeoDataFrame,
) -> float:
    """Return the median time of three, after one that does not count."""
    spent = []
    for _ in range(4):
        start = time.perf_counter()
        found = count(folder, photos).detections
        spent.append(time.perf_counter() - start)
        assert len(found) == STORED * BOXES
    return median(spent[1:])
