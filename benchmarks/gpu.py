"""Detection on an NVIDIA GPU: the model alone, and the whole way from JPEG to boxes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks import models
from benchmarks.detection import copies, detect, of_twelve_megapixels
from benchmarks.measure import Row, Skipped, seconds
from geobike.detectors.onnx import onnxruntime as session
from geobike.detectors.onnx.detector import OnnxDetector

PHOTOS = 512


def run(shared: Path) -> Iterator[Row]:
    if not session.gpu_works():
        raise Skipped("onnxruntime can use no GPU here; `geobike doctor` says what is missing")
    with TemporaryDirectory() as folder:
        photos = list(copies(of_twelve_megapixels(shared, Path(folder)), 48, Path(folder)))
        photos *= PHOTOS // len(photos)
        for build in (models.detr, models.dfine_s, models.dfine_n):
            for batch in (1, 4, session.GPU_BATCH):
                detector = OnnxDetector(models.exported(build), batch=batch)
                yield alone(detector, build.__name__, models.SIZES[build], batch)
            detector = OnnxDetector(models.exported(build))
            detect(photos[:64], detector)
            taken = seconds(lambda d=detector: detect(photos, d))
            rate = f"{len(photos) / taken:.0f} photos/s"
            yield Row(f"{build.__name__}: 12 MP to boxes", taken / len(photos), note=rate)


def alone(detector: OnnxDetector, name: str, size: tuple[int, int], batch: int) -> Row:
    network = detector._open()
    feeds = {"pixel_values": np.random.default_rng(1).random((1, 3, *size), np.float32)}
    with ThreadPoolExecutor(2 * batch) as pool:
        list(pool.map(network.run, [feeds] * 4 * batch))
        taken = seconds(lambda: list(pool.map(network.run, [feeds] * PHOTOS)))
    note = f"{PHOTOS / taken:.0f} photos/s"
    return Row(f"{name}: the model alone, up to {batch} together", taken / PHOTOS, note=note)
