"""Two workers of a Dask cluster against one, each on a core of its own, from files to map counts.

The model has random weights: its speed does not care. Each worker has one thread for the model,
and is held to one core, so that a worker here is what a machine of one core would be.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

import geobike
from benchmarks.measure import Row
from geobike.detect.decode import DEPLOYED
from tests import tiny_onnx
from tests.making import squares

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


def seconds(survey: geobike.Survey, workers: int, folder: Path) -> float:
    """Return the time of a whole survey on workers that have the model open."""
    with geobike.Cluster(workers=workers) as cluster:
        cores = iter(range(workers))
        for address in cluster._client.nthreads():
            cluster._client.run(_stay_on, next(cores), workers=[address])
        geobike.run(survey, store=folder / f"warm-{workers}", engine=cluster)
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
    """Return a model of 13 billion multiplications a photo."""
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
