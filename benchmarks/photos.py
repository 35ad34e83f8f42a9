"""What a survey of real phone photos takes beside its model."""

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import geobike
from benchmarks.measure import Row, seconds
from geobike.detectors import Choice

MODEL = "models/deimv2_hgnetv2_femto_coco.onnx"


def run(shared: Path) -> Iterator[Row]:
    if (shared / "photos").is_dir() and (shared / MODEL).is_file():
        yield share_beside_the_model(shared)


def share_beside_the_model(shared: Path) -> Row:
    """Time a whole survey, one photo at a time, and in it the calls of the model alone."""
    import onnxruntime

    spent = 0.0
    plain = onnxruntime.InferenceSession.run

    def timed(session, *args, **options):
        nonlocal spent
        start = time.perf_counter()
        try:
            return plain(session, *args, **options)
        finally:
            spent += time.perf_counter() - start

    plan = geobike.Survey(
        photos=shared / "photos",
        areas=shared / "areas" / "delft_neighbourhoods.geojson",
        manifest=shared / "photos" / "manifest.csv",
        detector=Choice(kind="onnx", model=str(shared / MODEL)),
        workers=1,
    )
    onnxruntime.InferenceSession.run = timed
    try:
        with TemporaryDirectory() as folder:
            whole = seconds(lambda: geobike.run(plan, store=Path(folder, "store.sqlite")))
    finally:
        onnxruntime.InferenceSession.run = plain
    share = 1 - spent / whole
    return Row("35 photos surveyed with a 4 MB model", whole, note=f"{share:.0%} is not the model")
