"""Boxes as people left them in another program: what they changed, as corrections.

`geobike export --format coco` gives the boxes that count to CVAT, Label Studio or FiftyOne. A box
that is gone there was struck out, one that is new was added. Photos that the file does not list
stay as they are.
"""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike.detections import corrections, extent, imported, matched
from geobike.detections.corrections import Correction
from geobike.reporting import report

_SIDES: Final = ["xmin", "ymin", "xmax", "ymax"]


def read(
    path: Path,
    detections: pd.DataFrame,
    photos: pd.DataFrame,
    *,
    labels: Collection[str],
    reviewer: str,
) -> list[Correction]:
    """Return how annotations differ from the boxes of the same photos that count.

    `detections` is a filtered detections frame, `labels` what counts. A box that was moved a little
    is the same one. Ridden bicycles, which do not count, are exported too: they are not added. How
    many boxes are struck out and added is reported. Raises InputError as `imported.read` does.
    """
    table = imported.read(path)
    names = pd.Series(table["photo_id"].cat.categories, dtype="str")
    row = matched.match_photos(names, photos["photo_id"])
    meant = pd.Series(photos["photo_id"].array.take(row, allow_fill=True))
    table["photo_id"] = table["photo_id"].map(dict(zip(names, meant, strict=True)))
    listed = photos[photos["status"].isna() & photos["photo_id"].isin(meant.dropna())]
    wanted = {label.strip().casefold() for label in labels}
    drawn = table[table["label"].astype("str").str.strip().str.casefold().isin(wanted)]
    extent.check(drawn[drawn["photo_id"].isin(listed["photo_id"])], photos)
    found = [
        Correction(photo_id, sha256, action, label, box, reviewer)
        for photo_id, sha256, action, label, box in _differences(detections, drawn, listed)
    ]
    struck = sum(one.action == "strike" for one in found)
    boxes = "1 box is" if struck == 1 else f"{struck} boxes are"
    on = "1 photo" if len(listed) == 1 else f"{len(listed)} photos"
    report(
        f"{reviewer}: {boxes} struck out and {len(found) - struck} added, on {on}; if that "
        "is more than people changed, count with the label and threshold of the survey that was "
        "exported"
    )
    return found


def _differences(
    detections: pd.DataFrame, drawn: pd.DataFrame, listed: pd.DataFrame
) -> Iterator[tuple[Any, ...]]:
    ridden = detections["dropped_by"].astype("str") == "ridden"
    ours = _by_photo(detections[detections["kept"] | ridden])
    theirs = _by_photo(drawn)
    none = detections.iloc[:0]
    for photo_id, sha256 in zip(listed["photo_id"], listed["sha256"].fillna(""), strict=True):
        before, after = ours.get(photo_id, none), theirs.get(photo_id, none)
        same = _pairs(_corners(before), _corners(after))
        gone = before.drop(before.index[[row for row, _ in same]])
        new = after.drop(after.index[[row for _, row in same]])
        for action, boxes in (("strike", gone[gone["kept"]]), ("add", new)):
            for label, box in zip(boxes["label"], _corners(boxes).tolist(), strict=True):
                yield photo_id, sha256, action, str(label), tuple(box)


def _by_photo(boxes: pd.DataFrame) -> dict[Any, pd.DataFrame]:
    return dict(iter(boxes.groupby("photo_id", observed=True)))


def _corners(boxes: pd.DataFrame) -> npt.NDArray[np.float64]:
    return boxes[_SIDES].to_numpy(dtype=np.float64)


def _pairs(
    before: npt.NDArray[np.float64], after: npt.NDArray[np.float64]
) -> Sequence[tuple[int, int]]:
    """Return which boxes are the same, those that overlap most first, each once."""
    pairs: list[tuple[int, int]] = []
    overlap = corrections.overlaps(before, after)
    while overlap.size and overlap.max() > corrections.SAME:
        row, column = divmod(int(overlap.argmax()), overlap.shape[1])
        pairs.append((row, column))
        overlap[row], overlap[:, column] = 0, 0
    return pairs
