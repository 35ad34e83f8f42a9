"""Draw boxes on a photo, to see what a detector found."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from geobike.detectors.protocol import Detection
from geobike.errors import InputError
from geobike.io.files import atomic_path

_COLOURS: Final = ("#ffd400", "#00b7ff", "#ff5cf4", "#63ff3f", "#ff8a2b", "#b39bff")
"""Bright on streets by day and night; one for each label, in order of appearance."""


def draw_boxes(image: Image.Image, detections: Sequence[Detection]) -> Image.Image:
    """Return a copy of an upright photo with the boxes, labels and scores of its detections."""
    out = image.convert("RGB")
    pen = ImageDraw.Draw(out)
    size = max(12, min(out.size) // 40)
    font = ImageFont.load_default(size)
    labels = list(dict.fromkeys(found.label for found in detections))
    for found in detections:
        colour = _COLOURS[labels.index(found.label) % len(_COLOURS)]
        for box in found.box.pieces(out.width):
            pen.rectangle(box, outline=colour, width=max(2, size // 6))
        text = f"{found.label[:40]} {found.score:.2f}"
        corner = (found.box.xmin, max(0.0, found.box.ymin - size * 1.3))
        pen.rectangle(pen.textbbox(corner, text, font=font), fill=colour)
        pen.text(corner, text, fill="black", font=font)
    return out


def save(image: Image.Image, path: Path) -> None:
    """Write a picture in the format that its name ends in. Raises InputError."""
    try:
        with atomic_path(path) as part:
            image.save(part)
    except (ValueError, KeyError) as error:
        raise InputError(f"{path}: cannot be written as a picture: {error}") from None
