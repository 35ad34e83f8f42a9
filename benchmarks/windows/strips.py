"""Strips: four shared photos side by side in one picture, as a phone's panorama has them."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from benchmarks.measure import Row
from benchmarks.windows.looking import counted, detector, look
from geobike.detectors.protocol import DetectorBase
from geobike.detectors.windows import Windows
from geobike.photos.decoding import read_upright

STRIPS = 8
SHAPES = (16 / 9, 2.0, 2.4, 3.0, 4.0)  # width over height
HIGH = 720  # pixels; at 4 : 3 the strips are 5.3 : 1


def rows(shared: Path) -> Iterator[Row]:
    whole = detector(shared)
    counts = pd.read_csv(shared / "photos" / "hand_counts.csv").set_index("file")["bicycles"]
    photos = {
        str(name): read_upright(shared / "photos" / str(name)) for name in counts[counts > 0].index
    }
    wide = sorted(name for name, image in photos.items() if image.width > image.height)
    yield from _shapes([photos[name] for name in wide], whole)
    chance = np.random.default_rng(17)
    with tempfile.TemporaryDirectory() as folder:
        for threshold in (0.3, 0.5):
            chosen = [chance.choice(wide, 4, replace=False).tolist() for _ in range(STRIPS)]
            yield _row(chosen, photos, counts, whole, Path(folder, "strip.jpg"), threshold)


def _row(
    chosen: list[list[str]],
    photos: dict[str, Image.Image],
    counts: "pd.Series[int]",
    whole: DetectorBase,
    path: Path,
    threshold: float,
) -> Row:
    said = {"windows": 0, "whole": 0, "apart": 0, "true": 0}
    seconds = dict.fromkeys(("windows", "whole"), 0.0)
    for names in chosen:
        parts = [_high(photos[name]) for name in names]
        _beside(parts).save(path, quality=92)
        for way, eye in (("windows", Windows(whole)), ("whole", whole)):
            seen = look(path, eye)
            said[way] += len(counted(seen.boxes, threshold))
            seconds[way] += seen.seconds / len(chosen)
        said["apart"] += sum(len(counted(whole.detect(part), threshold)) for part in parts)
        said["true"] += int(counts[names].sum())
    note = (
        f"the whole: {said['whole']}; the photos one by one: {said['apart']}; by eye: "
        f"{said['true']}; {seconds['windows']:.2f} against {seconds['whole']:.2f} s of processor"
    )
    words = f"{len(chosen)} strips of four photos, threshold {threshold:g}, windows: bicycles"
    return Row(words, float(said["windows"]), unit="bicycles", note=note)


def _shapes(photos: list[Image.Image], whole: DetectorBase) -> Iterator[Row]:
    """From which shape on a photo is seen too squeezed: one photo, with others right of it."""
    alone = sum(len(counted(whole.detect(_high(photo)))) for photo in photos)
    for shape in SHAPES:
        said = {"windows": 0, "whole": 0}
        for number, photo in enumerate(photos):
            first = _high(photo)
            others = [_high(photos[(number + k) % len(photos)]) for k in (1, 2, 3)]
            image = _beside([first, *others]).crop((0, 0, round(shape * HIGH), HIGH))
            for way, eye in (("windows", Windows(whole)), ("whole", whole)):
                boxes = counted(eye.detect(image))
                said[way] += sum(box.xmin + box.xmax < 2 * first.width for box in boxes)
        note = f"the whole: {said['whole']}; the photo alone: {alone}; {len(photos)} photos"
        words = f"a photo in a picture of {shape:.2f} : 1, windows: bicycles on it"
        yield Row(words, float(said["windows"]), unit="bicycles", note=note)


def _high(image: Image.Image) -> Image.Image:
    return image.resize((round(image.width * HIGH / image.height), HIGH))


def _beside(parts: list[Image.Image]) -> Image.Image:
    out = Image.new("RGB", (sum(part.width for part in parts), HIGH))
    left = 0
    for part in parts:
        out.paste(part, (left, 0))
        left += part.width
    return out
