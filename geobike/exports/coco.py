"""COCO annotations (JSON): boxes for CVAT, Label Studio and FiftyOne, to be corrected there.

What comes back is read by `--corrections`, or by `--detections` in place of a detector; a box
without a score, as people draw them, counts.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from geobike.exports.protocol import Files, Format, Frames
from geobike.io.files import atomic_open

if TYPE_CHECKING:
    import pandas as pd

_FILE: Final = "detections.coco.json"

_SURE: Final = 0.15
"""Least score of boxes that are not counted: of persons and vehicles, which pictures hide, and
whose riders tell ridden bicycles from parked ones."""


def _write(frames: Frames, folder: Path) -> Files:
    """Write the counted photos and, of their boxes, those that one would look at."""
    photos, detections = frames.photos, frames.detections
    if photos is None or detections is None:
        return {}
    shown = photos[
        (photos["status"] == "counted") & photos[["width", "height"]].notna().all(axis=1)
    ]
    boxes = _worth_looking_at(detections)
    labels = sorted(boxes["label"].astype("str").unique())
    numbers = {name: number for number, name in enumerate(shown["photo_id"], 1)}
    with atomic_open(folder / _FILE) as file:
        file.write(f'{{"info": {json.dumps(_info(frames), ensure_ascii=False)},\n"images": [')
        _write_rows(file, _images(shown))
        file.write('],\n"annotations": [')
        _write_rows(file, _annotations(boxes, numbers, labels))
        file.write('],\n"categories": [')
        _write_rows(file, ({"id": n, "name": label} for n, label in enumerate(labels, 1)))
        file.write("]}\n")
    return {"photos": _FILE, "detections": _FILE}


def _worth_looking_at(detections: "pd.DataFrame") -> "pd.DataFrame":
    """Leave out what the threshold or a better box of the same object has dropped."""
    rule = detections["dropped_by"].astype("str")
    others = (rule == "label") & (detections["score"] >= _SURE)
    return detections[detections["kept"] | (rule == "ridden") | others]


def _info(frames: Frames) -> dict[str, Any]:
    summary = frames.about.summary
    detector = summary.get("detector", {})
    return {
        "description": "Boxes of a survey of parked bicycles, in pixels of the upright photos",
        "version": summary.get("geobike"),
        "date_created": summary.get("finished_at"),
        "model": detector.get("model"),
        "model_version": detector.get("version"),
    }


def _images(shown: "pd.DataFrame") -> Iterator[dict[str, Any]]:
    columns = (shown[name].tolist() for name in ("photo_id", "width", "height"))
    for number, (name, width, height) in enumerate(zip(*columns, strict=True), 1):
        yield {"id": number, "file_name": name, "width": int(width), "height": int(height)}


def _annotations(
    boxes: "pd.DataFrame", numbers: dict[str, int], labels: list[str]
) -> Iterator[dict[str, Any]]:
    categories = {label: number for number, label in enumerate(labels, 1)}
    columns = ["photo_id", "label", "score", "x_min", "y_min", "x_max", "y_max"]
    found = boxes[boxes["photo_id"].isin(list(numbers))]
    rows = found[columns].itertuples(index=False, name=None)
    for number, (photo, label, score, x_min, y_min, x_max, y_max) in enumerate(rows, 1):
        width, height = x_max - x_min, y_max - y_min
        yield {
            "id": number,
            "image_id": numbers[photo],
            "category_id": categories[label],
            "bbox": [x_min, y_min, width, height],
            "area": width * height,
            "iscrowd": 0,
            "segmentation": [],
            "score": score,
        }


def _write_rows(file: Any, rows: Iterator[dict[str, Any]]) -> None:
    """Write one object per line, so that `diff` shows what somebody corrected."""
    for number, row in enumerate(rows):
        file.write(",\n" if number else "\n")
        file.write(json.dumps(row, ensure_ascii=False, allow_nan=False))


_FILES: Final[Files] = {"photos": _FILE, "detections": _FILE}

FORMAT: Final = Format(
    name="coco",
    help="boxes as COCO annotations, to correct them in CVAT, Label Studio or FiftyOne",
    files=_FILES,
    suffixes=(".coco.json",),
    write=_write,
    needs=("photos", "detections"),
    readable=False,
)
