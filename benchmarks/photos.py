"""Photos located and detected in a second, on real phone photos."""

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import exifread

import geobike
from benchmarks.measure import Row, in_turn, seconds
from geobike.detectors import Choice

MODEL = "models/deimv2_hgnetv2_femto_coco.onnx"


def run(shared: Path) -> Iterator[Row]:
    if not (shared / "photos").is_dir():
        return
    files = geobike.find_photos(shared / "photos")
    ours, theirs = in_turn(lambda: geobike.read_photos(files), lambda: exifread_alone(files))
    yield Row(
        f"{len(files)} photos located, digested and checked",
        ours,
        theirs,
        "a plain exifread loop, which does only the first",
        f"{len(files) / ours:.0f} photos/s",
    )
    if (shared / MODEL).is_file():
        yield share_beside_the_model(shared)


def exifread_alone(files: list) -> None:
    for file in files:
        with file.path.open("rb") as opened:
            exifread.process_file(opened, details=False)


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
