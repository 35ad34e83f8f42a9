"""Several boxes for one object: the best one stays (greedy non-maximum suppression)."""

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

_ROUNDS: Final = 64
"""Rounds over all photos together. Few photos have so many objects of one label; what is left of
those is looked up in a spatial index, as rounds without end would take time by the square."""

_TOGETHER: Final = 128  # boxes looked up at once: few, since each may find thousands


def non_max_suppression(candidates: pd.DataFrame, max_overlap: float) -> npt.NDArray[np.bool_]:
    """Tell for each row whether it repeats a better box of its photo and label.

    All photos go through together: in each round the best box left of every photo and label stays,
    and what overlaps it goes.
    """
    group = candidates.groupby(["photo", "label"], sort=False).ngroup().to_numpy()
    box = candidates[["xmin", "ymin", "xmax", "ymax"]].to_numpy()
    repeat = np.zeros(len(candidates), dtype=bool)
    # Best first within each group; lexsort is stable, so equal scores keep the order of rows.
    left = np.lexsort((-candidates["score"].to_numpy(), group))
    for _ in range(_ROUNDS):
        if not len(left):
            return repeat
        starts = np.flatnonzero(np.diff(group[left], prepend=-1))
        best = np.repeat(left[starts], np.diff(starts, append=len(left)))
        same = (intersection_over_union(box[left], box[best]) > max_overlap) & (left != best)
        repeat[left[same]] = True
        left = left[~same & (left != best)]
    for rows in np.split(left, np.flatnonzero(np.diff(group[left])) + 1):
        repeat[rows] = _repeats(box[rows], max_overlap)
    return repeat


def _repeats(box: npt.NDArray[np.float64], max_overlap: float) -> npt.NDArray[np.bool_]:
    """Do what `non_max_suppression` does, for the boxes of one photo and label, best first."""
    tree = shapely.STRtree(shapely.box(*box.T))
    core = shapely.box(*_core(box, max_overlap).T)
    repeat = np.zeros(len(box), dtype=bool)
    for start in range(0, len(box), _TOGETHER):
        rows = start + np.flatnonzero(~repeat[start : start + _TOGETHER])
        place, other = tree.query(core[rows])
        better = rows[place]
        later = other > better
        better, other = better[later], other[later]
        same = intersection_over_union(box[other], box[better]) > max_overlap
        better, other = better[same], other[same]
        for row in np.unique(better):  # best first: what is a repeat itself takes nothing away
            if not repeat[row]:
                repeat[other[better == row]] = True
    return repeat


def _core(box: npt.NDArray[np.float64], max_overlap: float) -> npt.NDArray[np.float64]:
    """Return the part of each box that every box meets which overlaps it by more than the limit.

    The shared area is more than that share of the box, so that it is more than that share of its
    width and of its height, and cannot lie wholly in a margin of that share. A little is added for
    the rounding of numbers.
    """
    size = box[:, 2:] - box[:, :2]
    margin = size * min(max_overlap, 0.5) * (1 - 1e-6)
    slack = 1e-9 * np.abs(box).max(axis=1, keepdims=True)
    return np.hstack([box[:, :2] + margin - slack, box[:, 2:] - margin + slack])


def intersection_over_union(
    one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the overlap of boxes pairwise: shared area over united area, from 0 to 1.

    Both arrays are (n, 4): xmin, ymin, xmax, ymax. Boxes without area overlap nothing.
    """
    low = np.maximum(one[:, :2], other[:, :2])
    high = np.minimum(one[:, 2:], other[:, 2:])
    shared = _area(low, high)
    united = _area(one[:, :2], one[:, 2:]) + _area(other[:, :2], other[:, 2:]) - shared
    overlap: npt.NDArray[np.float64] = np.zeros(len(one))
    return np.divide(shared, united, out=overlap, where=united > 0)


def _area(low: npt.NDArray[np.float64], high: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    size: npt.NDArray[np.float64] = np.clip(high - low, 0, None).prod(axis=1)
    return size
