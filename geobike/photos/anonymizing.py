"""Anonymize pictures: pixelate people, and whatever else identifies them."""

from typing import Final

from PIL import Image

Box = tuple[float, float, float, float]
"""xmin, ymin, xmax, ymax in upright pixels of the original."""

_GROWTH: Final = 0.15  # of the box on each side: hair and hands reach out of a detector's box
_CELLS: Final = 4  # nobody is recognisable by 4 x 4 cells


def pixelate(image: Image.Image, box: Box, *, scale: float) -> None:
    """Replace a slightly enlarged box by a few flat cells, in place.

    `scale` is the width of this picture over that of the original.
    """
    xmin, ymin, xmax, ymax = (edge * scale for edge in box)
    grow_x, grow_y = (xmax - xmin) * _GROWTH, (ymax - ymin) * _GROWTH
    area = (
        max(0, int(xmin - grow_x)),
        max(0, int(ymin - grow_y)),
        min(image.width, int(xmax + grow_x) + 1),
        min(image.height, int(ymax + grow_y) + 1),
    )
    width, height = area[2] - area[0], area[3] - area[1]
    if width <= 0 or height <= 0:
        return
    # Square cells: a tall figure has more of them down than across.
    cells = (min(_CELLS, width), max(1, min(height, round(_CELLS * height / width))))
    patch = image.crop(area).resize(cells, Image.Resampling.BOX)
    image.paste(patch.resize((width, height), Image.Resampling.NEAREST), area)
