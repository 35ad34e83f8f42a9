"""Which bicycle each box is: boxes against true boxes, one to one, by overlap."""

from typing import Final

import numpy as np
import pandas as pd

LEAST_OVERLAP: Final = 0.3  # intersection over union
_SIDES = ("x_min", "y_min", "x_max", "y_max")


def match(detections: pd.DataFrame, seen: pd.DataFrame) -> "pd.Series[str]":
    """Return the `bicycle_id` of each kept box, NA where it is none.

    `detections` is a detections frame, `seen` has a row for each bicycle that a photo shows, with
    its box. Of all pairs of a photo the one that overlaps most is matched first; each box and each
    bicycle once.
    """
    kept = detections.loc[detections["kept"]]
    names = {side.replace("_", ""): f"box_{side}" for side in _SIDES}
    boxes = kept[["photo_id", *names]].astype({"photo_id": "str"}).rename(columns=names)
    pairs = boxes.reset_index(names="box").merge(seen, left_on="photo_id", right_on="frame")
    pairs["overlap"] = overlap(
        pairs[[f"box_{side}" for side in _SIDES]].to_numpy(), pairs[list(_SIDES)].to_numpy()
    )
    pairs = pairs[pairs["overlap"] > LEAST_OVERLAP].sort_values("overlap", ascending=False)
    out = pd.Series(pd.NA, index=kept.index, dtype="str")
    taken: set[tuple[str, str]] = set()
    for pair in pairs.itertuples():
        if pd.isna(out[pair.box]) and (pair.frame, pair.bicycle_id) not in taken:
            out[pair.box] = pair.bicycle_id
            taken.add((pair.frame, pair.bicycle_id))
    return out


def overlap(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return intersection over union of boxes, row by row; columns x_min, y_min, x_max, y_max."""
    low, high = np.maximum(one[:, :2], other[:, :2]), np.minimum(one[:, 2:], other[:, 2:])
    both = np.prod(np.clip(high - low, 0, None), axis=1)
    sizes = [np.prod(box[:, 2:] - box[:, :2], axis=1) for box in (one, other)]
    return both / (sizes[0] + sizes[1] - both)
