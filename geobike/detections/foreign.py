"""Boxes in other programs' files: COCO annotations and MegaDetector's are read, the rest are named.

Conventions differ: COCO gives x, y, width, height in pixels, MegaDetector the same as shares of the
photo, Label Studio in percent, YOLO's labels the centre, width and height as shares.
"""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd

from geobike.detectors.protocol import Box
from geobike.errors import InputError
from geobike.reporting import one_line, report_number

COLUMNS: Final = ("photo_id", "label", "score", *Box._fields)

_WRITE: Final = (
    "write a CSV with the columns photo_id, label, score, x_min, y_min, x_max, y_max, corners in "
    "pixels"
)
_SIZES: Final = (
    "Its boxes are shares of the photo: run MegaDetector with --include_image_size, or multiply x "
    "and width by the photo's width, y and height by its height, give x_max = x_min + "
    f"width, y_max = y_min + height, and {_WRITE}"
)
_MOST: Final = 1.01  # a share; MegaDetector rounds, and does not always clip

_SLACK: Final = 0.05
"""Share of a side of its photo by which a box may extend beyond it."""

_Rows = Callable[[Mapping[str, Any]], list[tuple[Any, ...]]]


def is_json(path: Path) -> bool:
    """Tell whether a file begins as JSON does. Raises OSError."""
    with path.open("rb") as file:
        return file.read(256).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def read_json(path: Path) -> pd.DataFrame:
    """Return the boxes of COCO annotations or of MegaDetector, with the columns `COLUMNS`.

    MegaDetector's boxes are shares of the photo, so that its file must give width and height. Boxes
    without a score, as people draw them, get 1. An image without a box gives a row without a
    label. Raises InputError for JSON of another kind, saying which it is and how to convert it.
    """
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"detections {path}: cannot be read as JSON: {error}") from None
    reader = next(((kind, rows) for fits, kind, rows in _READ if fits(content)), None)
    if reader is None:
        raise InputError(f"detections {path}: {_kind(content)}")
    kind, rows_of = reader
    try:
        return pd.DataFrame(rows_of(content), columns=[*COLUMNS])
    except InputError as error:
        raise InputError(f"detections {path}: {error}") from None
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise InputError(
            f"detections {path}: {kind} with an image, category or box that is not "
            f"complete ({type(error).__name__}: {one_line(str(error))}); {_WRITE}"
        ) from None


def _is_coco(content: Any) -> bool:
    tables = ("images", "annotations", "categories")
    return isinstance(content, dict) and all(isinstance(content.get(one), list) for one in tables)


def _coco(content: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    images = _by_id(content["images"], "images")
    photos = {number: str(image["file_name"]) for number, image in images.items()}
    categories = _by_id(content["categories"], "categories")
    labels = {number: str(category["name"]) for number, category in categories.items()}
    empty = dict(photos)
    rows: list[tuple[Any, ...]] = []
    drawn = 0
    for found in content["annotations"]:
        x, y, width, height = map(float, found["bbox"])
        drawn += "score" not in found
        corners = (x, y, x + width, y + height)
        _check_inside(corners, images[found["image_id"]])
        label, score = labels[found["category_id"]], float(found.get("score", 1))
        rows.append((photos[found["image_id"]], label, score, *corners))
        empty.pop(found["image_id"], None)
    report_number(
        "box of the COCO annotations has no score, and gets 1",
        "boxes of the COCO annotations have no score, and get 1",
        number=drawn,
    )
    return rows + [(name, None, None, None, None, None, None) for name in empty.values()]


def _by_id(rows: list[dict[str, Any]], what: str) -> dict[Any, dict[str, Any]]:
    """Return rows by their id. Raises ValueError for an id that stands there twice."""
    by_id: dict[Any, dict[str, Any]] = {}
    for row in rows:
        if by_id.setdefault(row["id"], row) != row:
            raise ValueError(f"two {what} have the id {row['id']!r}")
    return by_id


def _check_inside(corners: tuple[float, ...], image: Mapping[str, Any]) -> None:
    """Raise ValueError for a box that is not on its photo, where the file says its size."""
    width, height = (float(image.get(side) or math.inf) for side in ("width", "height"))
    xmin, ymin, xmax, ymax = corners
    slack_x, slack_y = _SLACK * width, _SLACK * height
    if xmax > width + slack_x or ymax > height + slack_y or xmin < -slack_x or ymin < -slack_y:
        size = f"{image['file_name']}, {width:g} x {height:g} pixels"
        raise ValueError(f"the box from {xmin:g}, {ymin:g} to {xmax:g}, {ymax:g} is not on {size}")


def _is_megadetector(content: Any) -> bool:
    return (
        isinstance(content, dict)
        and isinstance(content.get("images"), list)
        and isinstance(content.get("detection_categories"), dict)
    )


def _megadetector(content: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return rows. Raises InputError for photos that it failed on, and where sizes are missing."""
    images = content["images"]
    if failed := [image["file"] for image in images if image.get("detections") is None]:
        raise InputError(
            f"MegaDetector failed on {len(failed)} of {len(images)} photos, such as "
            f"{one_line(str(failed[0]))}; run it on them again, or leave them out of this file and "
            "of the photos"
        )
    if any("width" not in image or "height" not in image for image in images):
        raise InputError(f"MegaDetector's JSON without the photos' sizes. {_SIZES}")
    labels = content["detection_categories"]
    return [row for image in images for row in _megadetector_rows(image, labels)]


def _megadetector_rows(
    image: Mapping[str, Any], labels: Mapping[str, Any]
) -> Iterator[tuple[Any, ...]]:
    name = str(image["file"])
    width, height = (_side(image[side]) for side in ("width", "height"))
    for found in image["detections"]:
        shares = x, y, across, down = tuple(map(float, found["bbox"]))
        if max(shares) > _MOST:
            raise ValueError(f"bbox {found['bbox']} is not in shares of the photo")
        corners = (x * width, y * height, (x + across) * width, (y + down) * height)
        yield (name, str(labels[str(found["category"])]), float(found["conf"]), *corners)
    if not image["detections"]:
        yield (name, None, None, None, None, None, None)


def _side(given: Any) -> float:
    if not float(given) > 0:
        raise ValueError(f"a photo of {given} pixels")
    return float(given)


_READ: Final[tuple[tuple[Callable[[Any], bool], str, _Rows], ...]] = (
    (_is_coco, "COCO annotations", _coco),
    (_is_megadetector, "MegaDetector's JSON", _megadetector),
)


def _kind(content: Any) -> str:
    """Return what JSON of another kind is, and how to convert it."""
    first = content[0] if isinstance(content, list) and content else None
    keys = set(first) if isinstance(first, dict) else set()
    if {"image_id", "category_id", "bbox"} <= keys:
        return (
            "COCO results, which name neither photos nor labels. Give one JSON with the images and "
            f"categories of the COCO annotations, and these results as annotations; or {_WRITE}"
        )
    if keys & {"annotations", "predictions", "completions"}:
        return (
            "Label Studio's JSON, whose boxes are in percent. Export as COCO there, and give that "
            f"JSON; or {_WRITE}"
        )
    if {"name", "confidence", "box"} <= keys:
        return f"ultralytics' to_json(), which does not name the photo; {_WRITE}"
    if "label" in keys or (isinstance(content, dict) and _is_ours(content)):
        return "what `geobike detect` prints; write a table with --out FILE.csv"
    if isinstance(content, dict) and "shapes" in content:
        return f"LabelMe's JSON of one photo; {_WRITE}"
    return f"JSON of an unknown kind; give COCO annotations, or {_WRITE}"


def _is_ours(content: Mapping[str, Any]) -> bool:
    found = [one for each in content.values() if isinstance(each, list) for one in each]
    return bool(found) and all(isinstance(one, dict) and "label" in one for one in found)


_YOLO: Final = re.compile(rb"\d+( -?[\d.]+(e-?\d+)?){4,5}\s")


def yolo_hint(path: Path) -> str:
    """Return a hint for a text file with the labels of one photo in YOLO's format, or ''."""
    with path.open("rb") as file:
        if not _YOLO.match(file.read(256)):
            return ""
    return (
        "YOLO's labels of one photo: the number of a class, then the box's centre, width and "
        f"height as shares of the photo; {_WRITE}"
    )


def columns_hint(columns: list[str]) -> str:
    """Return a hint for a table that has these columns, in lower case, and lacks ours."""
    there = set(columns)
    if {"confidence", "box"} <= there:
        return f". This is ultralytics' to_csv(), which does not name the photo: {_WRITE}"
    if {"x", "y"} <= there and (there & {"width", "w"}) and (there & {"height", "h"}):
        return ". Give x_min = x, y_min = y, x_max = x + width, y_max = y + height"
    if "bbox" in there:
        return f". Split the box into columns: {_WRITE}"
    renamed = {
        old: new
        for new, others in _OTHERS.items()
        for old in others
        if old in there and new not in there and new.replace("_", "") not in there
    }
    if renamed:
        return f". Rename {', '.join(f'{old} to {new}' for old, new in renamed.items())}"
    return ""


_OTHERS: Final = {
    "label": ("class_name", "category", "class", "name", "labels"),
    "score": ("confidence", "conf", "probability"),
    "x_min": ("x1", "left", "xtl"),
    "y_min": ("y1", "top", "ytl"),
    "x_max": ("x2", "right", "xbr"),
    "y_max": ("y2", "bottom", "ybr"),
}
"""What other programs call our columns."""
