"""Anonymize pictures: pixelate people, and whatever else identifies them."""

import re
from collections.abc import Collection
from typing import Final

from PIL import Image

PERSON: Final = "person"  # as models trained on COCO call it
VEHICLE: Final = "vehicle"
"""Stands for every label of a motor vehicle, as detectors have many names for those."""

_VEHICLES: Final = frozenset((
    "ambulance", "automobile", "bus", "cab", "camper", "car", "caravan", "jeep", "limousine",
    "lorry", "minibus", "minivan", "moped", "motor", "motorbike", "motorcycle", "pickup", "scooter",
    "streetcar", "suv", "taxi", "tractor", "trailer", "train", "tram", "trolleybus", "truck", "van",
    "vehicle",
))  # fmt: skip
"""Last words of the labels of COCO, Objects365, Open Images, LVIS, Cityscapes and MegaDetector for
what bears a number plate or has people behind glass."""

_PLATES: Final = frozenset({"license plate", "licence plate", "number plate", "registration plate"})

Box = tuple[float, float, float, float]
"""xmin, ymin, xmax, ymax in upright pixels of the original."""

_GROWTH: Final = 0.15  # of the box on each side: hair and hands reach out of a detector's box
_ACROSS: Final = 6  # cells across the shorter side of a box
_ALONG: Final = 15  # cells along the longer side, where that makes larger ones: number plates
"""A box may hold a head alone, which then has 6 x 8 cells; the head of a whole figure has two or
three. People lose the ability to tell faces apart between 18 and 15 cells across (Bachmann 1991,
"Identification of spatially quantised tachistoscopic images of faces", European Journal of
Cognitive Psychology 3)."""
_LEAST: Final = 2  # pixels across a cell


def is_hidden(label: str, hide: Collection[str]) -> bool:
    """Tell whether a label is among those to hide, in any letter case.

    `VEHICLE` stands for every motor vehicle: "sports car" is one, as its last word says, and
    "bus stop" or Mapillary's "object--vehicle--bicycle" is none.

    Examples:
        >>> [is_hidden(label, ["vehicle"]) for label in ("Sports Car", "bus stop", "bicycle")]
        [True, False, False]
    """
    wanted = {name.strip().casefold() for name in hide}
    return label.strip().casefold() in wanted or (VEHICLE in wanted and _is_vehicle(label))


def _is_vehicle(label: str) -> bool:
    words = re.findall(r"[^\W\d_]+", label.casefold())
    return bool(words) and (words[-1] in _VEHICLES or " ".join(words[-2:]) in _PLATES)


def grown(box: Box) -> Box:
    """Return what is pixelated for a box, which is a little more.

    Examples:
        >>> grown((100, 0, 200, 20))
        (85.0, -3.0, 215.0, 23.0)
    """
    xmin, ymin, xmax, ymax = box
    grow_x, grow_y = (xmax - xmin) * _GROWTH, (ymax - ymin) * _GROWTH
    return xmin - grow_x, ymin - grow_y, xmax + grow_x, ymax + grow_y


def pixelate(image: Image.Image, box: Box, *, scale: float) -> None:
    """Replace a slightly enlarged box by flat square cells, in place, whatever the picture's size.

    `scale` is the width of this picture over that of the original. A box that is partly beyond the
    picture has the cells of the whole.
    """
    xmin, ymin, xmax, ymax = (edge * scale for edge in box)
    left, top, right, bottom = (edge * scale for edge in grown(box))
    area = (
        max(0, int(left)),
        max(0, int(top)),
        min(image.width, int(right) + 1),
        min(image.height, int(bottom) + 1),
    )
    width, height = area[2] - area[0], area[3] - area[1]
    if width <= 0 or height <= 0:
        return
    sides = sorted((xmax - xmin, ymax - ymin))
    cell = max(sides[0] / _ACROSS, sides[1] / _ALONG, _LEAST)
    cells = (max(1, round(width / cell)), max(1, round(height / cell)))
    patch = image.crop(area).resize(cells, Image.Resampling.BOX)
    image.paste(patch.resize((width, height), Image.Resampling.NEAREST), area)
