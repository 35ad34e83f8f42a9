"""Real phone photos: what their survey takes beside its model, and what OpenVINO does to counts."""

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geobike
from benchmarks.measure import Row, seconds
from geobike import config
from geobike.detectors.onnx import runtime, session

MODEL = "models/deimv2_hgnetv2_femto_coco.onnx"


def run(shared: Path) -> Iterator[Row]:
    if (shared / "photos").is_dir() and (shared / MODEL).is_file():
        yield share_beside_the_model(shared)
        if runtime.is_installed("openvino"):
            yield from counts_with_openvino(shared)


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

    plan = survey(shared, "onnx", workers=1)
    onnxruntime.InferenceSession.run = timed
    try:
        with TemporaryDirectory() as folder:
            whole = seconds(lambda: geobike.run(plan, store=Path(folder, "store.sqlite")))
    finally:
        onnxruntime.InferenceSession.run = plain
    share = 1 - spent / whole
    return Row("35 photos surveyed with a 4 MB model", whole, note=f"{share:.0%} is not the model")


def counts_with_openvino(shared: Path) -> Iterator[Row]:
    """Yield the bicycles counted, and how far each photo's count is from onnxruntime's."""
    for threshold in (0.3, config.THRESHOLD):
        ours, theirs = (
            geobike.run(survey(shared, kind, threshold=threshold)).photos["bicycle_count"]
            for kind in ("openvino", "onnx")
        )
        off = (ours - theirs).abs()
        yield Row(
            f"bicycles on 35 photos, OpenVINO, threshold {threshold}",
            float(ours.sum()),
            note=f"{session.label('openvino')}; onnxruntime counts {theirs.sum()}: "
            f"{(off > 0).sum()} photos differ, by {off.max()} at most",
            unit="bicycles",
        )


def survey(shared: Path, kind: str, **more: Any) -> geobike.Survey:
    return geobike.Survey(
        photos=shared / "photos",
        areas=shared / "areas" / "delft_neighbourhoods.geojson",
        manifest=shared / "photos" / "manifest.csv",
        detector=geobike.DetectorChoice(kind=kind, model=str(shared / MODEL), classes="coco80"),
        **more,
    )
