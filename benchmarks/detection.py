"""From JPEG to boxes on this machine, beside transformers' own pipeline on the same weights.

Photos of 12 megapixels, models at their published sizes with random weights. Theirs is what one
would write down first: `pipeline("object-detection")` with DETR-ResNet-50, one file after another.
"""

import importlib.util
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from benchmarks import models, peak
from benchmarks.measure import Row, Skipped, Used, in_child, in_turn, least_in_turn
from geobike.detectors import check, concurrency
from geobike.detectors.onnx import preprocessing, runtime, session
from geobike.detectors.onnx.detector import OnnxDetector
from geobike.detectors.protocol import FLOOR, Detection
from geobike.photos import decoding
from tests.support.tiny_onnx import coloured

PHOTOS = 4
ROUNDS = 3
LARGE = ("20220119_173303.jpg", "20220119_174030.jpg", "PXL_20210417_161349023.jpeg")
AGREE = 2.0  # pixels of 4032: theirs are cut to whole pixels


def run(shared: Path) -> Iterator[Row]:
    if not all(map(importlib.util.find_spec, ("torch", "transformers", "onnx"))):
        raise Skipped("needs torch, transformers and onnx: pip install -e '.[dev,parity]'")
    with TemporaryDirectory() as folder:
        photos = list(copies(of_twelve_megapixels(shared, Path(folder)), PHOTOS, Path(folder)))
        theirs = pipeline()
        yield from against_the_pipeline(photos, theirs)
        yield beside_the_model(photos)
        yield from at_the_limit(photos)
        if runtime.is_installed("openvino"):
            yield from with_openvino(photos)
    yield from memory(shared)


def against_the_pipeline(photos: list[Path], pipeline: Any) -> Iterator[Row]:
    """Yield our three models, each in turn with theirs, in seconds per photo."""
    for build, name in (
        (models.detr, "the same DETR"),
        (models.dfine_s, "D-FINE-S, the default"),
        (models.dfine_n, "D-FINE-N, as accurate as DETR"),
    ):
        detector = opened(models.exported(build))
        again = 1 if build is models.detr else 4  # a quick model needs more photos to be measured
        note = agreement(detector, pipeline, photos) if build is models.detr else ""
        ours, theirs = in_turn(
            partial(detect, photos * again, detector),
            lambda: [pipeline(str(photo), threshold=FLOOR) for photo in photos],
            rounds=ROUNDS,
        )
        yield Row(
            f"a photo of 12 MP to boxes, {name}",
            ours / len(photos) / again,
            theirs / len(photos),
            "transformers' DETR pipeline",
            note,
        )


def with_openvino(photos: list[Path]) -> Iterator[Row]:
    """Yield the same models with OpenVINO, each in turn with onnxruntime."""
    for build, name in (
        (models.detr, "DETR"),
        (models.dfine_s, "D-FINE-S"),
        (models.dfine_n, "D-FINE-N"),
    ):
        path = models.exported(build)
        ours, theirs = in_turn(
            partial(detect, photos, opened(path, "openvino")),
            partial(detect, photos, opened(path)),
            rounds=ROUNDS,
        )
        yield Row(
            f"a photo of 12 MP to boxes, {name} with {session.label('openvino')}",
            ours / len(photos),
            theirs / len(photos),
            "the same with onnxruntime",
        )


def beside_the_model(photos: list[Path]) -> Row:
    """Return how much longer the whole way takes than the model alone in as many threads."""
    detector = opened(models.exported(models.detr))
    network = detector._open()
    images_seen = [
        decoding.read_upright(photo, target_size=detector.input_size) for photo in photos
    ]
    seen = [preprocessing.pixels(image, network.preparation) for image in images_seen]

    def model() -> None:
        with ThreadPoolExecutor(detector.concurrency) as pool:
            list(pool.map(lambda pixels: network.run({"pixel_values": pixels}), seen * 2))

    whole, alone = in_turn(lambda: detect(photos * 2, detector), model, rounds=ROUNDS)
    share = 1 - alone / whole
    what = "a photo of 12 MP to boxes, DETR"
    note = f"{share:.1%} of the time is not the model"
    return Row(what, whole / len(photos) / 2, alone / len(photos) / 2, "the model alone", note)


def at_the_limit(photos: list[Path]) -> Iterator[Row]:
    """Yield the whole way with D-FINE-S beside what no way round spares, with each runtime.

    That is the model, and undoing the entropy coding of the JPEG: decoded to an eighth in grey,
    next to nothing else is done. All of it in as many threads.
    """
    for by in filter(runtime.is_installed, runtime.RUNTIMES):
        detector = opened(models.exported(models.dfine_s), by)
        whole, model, entropy, decoded = beside_the_least(photos, detector)
        count = 2 * len(photos)
        busy, least = whole.processor, model.processor + entropy.processor
        left = 1000 * (decoded.processor - entropy.processor) / count
        rest = 1000 * (busy - model.processor - decoded.processor) / count
        yield Row(
            f"a photo of 12 MP to boxes, D-FINE-S with {session.label(by) or 'onnxruntime'}",
            whole.seconds / count,
            (model.seconds + entropy.seconds) / count,
            "the model alone and the entropy decoding of the JPEG",
            f"{busy / least:.2f} times their processor time; left are {left:.0f} ms for pixels at "
            f"half size and resizing, {rest:.0f} ms for the rest",
        )


def beside_the_least(photos: list[Path], detector: OnnxDetector) -> list[Used]:
    """Return what the whole way takes, the model, the entropy decoding, all decoding."""
    network = detector._open()

    def decoded(path: Path) -> Image.Image:
        return decoding.read_upright(path, target_size=detector.input_size)

    def model(pixels: Any) -> object:
        return network.run({"pixel_values": pixels})

    seen = [preprocessing.pixels(decoded(path), network.preparation) for path in photos]
    in_threads = partial(spread, detector.concurrency)
    return least_in_turn(
        partial(detect, photos * 2, detector, sizes_of(photos)),
        partial(in_threads, model, seen * 2),
        partial(in_threads, decode_entropy, photos * 2),
        partial(in_threads, decoded, photos * 2),
        rounds=2 * ROUNDS,
    )


def spread(threads: int, work: Callable[[Any], object], items: list[Any]) -> None:
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, items))


def decode_entropy(path: Path) -> None:
    with Image.open(path) as image:
        image.draft("L", (image.width // 8, image.height // 8))
        image.load()


def agreement(detector: OnnxDetector, pipeline: Any, photos: list[Path]) -> str:
    """Compare our boxes with theirs, and say how far a photo that is decoded small moves them."""
    held, moved = 0, []
    for path in photos[:3]:
        photo = decoding.read_upright(path)
        theirs = pipeline(photo, threshold=FLOOR)
        ours = detector.detect(photo)
        distances = [nearest(one, ours, photo.size) for one in theirs]
        assert distances, f"no box to compare in {path}"
        assert max(distances) <= AGREE, f"{path}: {max(distances):.1f} pixels apart"
        held += len(distances)
        small = concurrency.Photo(
            decoding.read_upright(path, target_size=detector.input_size), photo.size
        )
        found = check.detections(detector.detect(small.image), scale=small.scale)
        moved += [nearest(one, found, photo.size, score=0.05) for one in theirs]
    return f"{held} boxes agree; decoded small they move by {median(moved):.1f} pixels (median)"


def nearest(
    one: dict[str, Any], found: list[Detection], size: tuple[int, int], *, score: float = 1e-3
) -> float:
    """Return the pixels from their box to ours of that label and score, inf without one."""
    edges = [one["box"][name] for name in ("xmin", "ymin", "xmax", "ymax")]
    box = np.clip(edges, 0, [*size, *size])
    alike = [
        float(np.abs(box - other.box).max())
        for other in found
        if other.label == one["label"] and abs(other.score - one["score"]) <= score
    ]
    return min(alike, default=np.inf)


def sizes_of(photos: list[Path]) -> dict[Path, tuple[int, int]]:
    return {path: decoding.upright_size(path.read_bytes()) for path in photos}


def detect(
    photos: list[Path], detector: OnnxDetector, sizes: dict[Path, tuple[int, int]] | None = None
) -> None:
    """Go the whole way, as a survey does once it knows its photos and their `sizes`."""
    sizes = sizes or sizes_of(list(set(photos)))

    def load(path: Path) -> concurrency.Photo:
        return concurrency.Photo(
            decoding.read_upright(path, target_size=detector.input_size), sizes[path]
        )

    together = detector.concurrency
    for answer in concurrency.detect_many(
        photos, detector, load=load, keep=lambda _: None, workers=together, ahead=together
    ):
        assert answer.detections is not None


def opened(path: Path, by: runtime.Runtime = "onnxruntime") -> OnnxDetector:
    """Return a detector as a survey opens it."""
    detector = OnnxDetector(path, threads=1, runtime=by)
    detector.open()
    return detector


def pipeline() -> Any:
    import transformers

    return transformers.pipeline(
        "object-detection",
        model=models.detr(),
        image_processor=transformers.DetrImageProcessorPil(),  # the other one needs torchvision
    )


def memory(shared: Path) -> Iterator[Row]:
    """Yield time and peak memory of few large and of many small photos, each in its own process."""
    with TemporaryDirectory() as folder:
        large, small, tiny = (Path(folder, name) for name in ("large", "small", "tiny.onnx"))
        for _ in copies(of_twelve_megapixels(shared, Path(folder)), 50, large):
            pass
        yield in_a_process("50 photos of 12 MP, DETR", large, models.exported(models.detr))
        tiny.write_bytes(coloured(1, 640))
        picture = Path(folder, "small.jpg")
        noise((800, 600)).save(picture)
        for _ in copies([picture], 5_000, small):
            pass
        yield in_a_process("5,000 photos of 0.5 MP, a model of one step", small, tiny)


def in_a_process(what: str, photos: Path, model: Path) -> Row:
    spent = in_child(peak.detect_all, photos, model)
    return Row(what, spent.seconds, memory=spent.megabytes)


def of_twelve_megapixels(shared: Path, folder: Path) -> list[Path]:
    """Return real photos where there are any, else one of noise as heavy as a photo."""
    real = [shared / "photos" / "bike" / name for name in LARGE]
    if all(path.is_file() for path in real):
        return real
    made = folder / "made.jpg"
    noise((4032, 3024)).save(made, quality=90)
    return [made]


def noise(size: tuple[int, int]) -> Image.Image:
    rough = np.random.default_rng(1).integers(0, 255, (*size[::-1], 3), dtype=np.uint8)
    return Image.fromarray(rough).filter(ImageFilter.GaussianBlur(2))


def copies(photos: list[Path], count: int, folder: Path) -> Iterator[Path]:
    """Write copies that differ behind the end of the picture, and so are no duplicates."""
    folder.mkdir(exist_ok=True)
    for number in range(count):
        copy = folder / f"copy{number}.jpg"
        copy.write_bytes(photos[number % len(photos)].read_bytes() + b"%d" % number)
        yield copy
