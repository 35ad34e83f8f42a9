"""Pictures of unusual sizes: boxes, seconds and memory, each in a process of its own."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from PIL import Image

from benchmarks.measure import Row, in_child
from benchmarks.windows.looking import counted, detector, look
from geobike.detectors.protocol import DetectorBase
from geobike.detectors.views import Views
from geobike.detectors.windows import Windows
from geobike.photos.decoding import read_upright

# Words, width and height, and the ways that are measured.
KINDS = (
    ("a strip of 24,000 x 4,000", (24_000, 4_000), ("windows auto", "whole")),
    ("a photo of 108 megapixels", (12_000, 9_000), ("whole", "windows 2", "windows 4")),
    ("a tall screenshot of 1,080 x 7,200", (1_080, 7_200), ("windows auto", "whole")),
    ("a panorama of 11,000 x 5,500", (11_000, 5_500), ("views", "whole")),
)


def rows(shared: Path) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        for words, size, ways in KINDS:
            path = Path(folder, "picture.jpg")
            number = _tiled(shared, size, path)
            for way in ways:
                spent = in_child(measured, shared, path, way)
                boxes, seconds = spent.answer
                note = (
                    f"seconds of processor; {boxes} boxes of bicycles; {number} photos side by side"
                )
                yield Row(f"{words}, {way}", round(seconds, 2), memory=spent.megabytes, note=note)


def measured(shared: Path, path: Path, way: str) -> tuple[int, float]:
    inner = detector(shared)
    inner.open()
    seen = look(path, _eye(inner, way))
    return len(counted(seen.boxes)), seen.seconds


def _eye(inner: DetectorBase, way: str) -> DetectorBase:
    if way == "whole":
        return inner
    if way == "views":
        return Views(inner)
    said = way.removeprefix("windows ")
    return Windows(inner, None if said == "auto" else int(said))


def _tiled(shared: Path, size: tuple[int, int], path: Path) -> int:
    """Write a picture of this size: shared photos with bicycles side by side, one if it fits."""
    counts = pd.read_csv(shared / "photos" / "hand_counts.csv").set_index("file")["bicycles"]
    names = counts[counts > 0].index[:6]
    photos = [read_upright(shared / "photos" / str(name)) for name in names]
    out = Image.new("RGB", size, (120, 120, 120))
    if max(size) < 2 * min(size):
        out.paste(photos[0].resize(size), (0, 0))
        number = 1
    else:
        side = min(size) if max(size) > 2 * min(size) else min(size) // 3
        number = 0
        for left in range(0, max(size), side * 4 // 3):
            tile = photos[number % len(photos)].resize((side * 4 // 3, side))
            across = (left, (min(size) - side) // 2)
            out.paste(tile, across if size[0] > size[1] else across[::-1])
            number += 1
    out.save(path, quality=85)
    return number
