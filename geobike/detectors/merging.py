"""One list of objects from several looks at parts of one photo that overlap.

Plain non-maximum suppression fails here in both ways. What the edge of a part cuts off overlaps
its whole by too little to be suppressed, and counts twice. And bicycles in a rack overlap each
other, so that one box takes its neighbours away. Here what an inner edge cuts off does not count,
since another part shows it whole; and boxes of one part never take each other away.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import shapely

from geobike.detectors.protocol import Box, Detection
from geobike.detectors.suppression import intersection_over_union

SAME: Final = 0.4
"""Intersection over union above which boxes of two parts may be one object. Lower than between
boxes of one part, which are drawn at one scale: what is matched one to one swallows nothing."""

_EDGE: Final = 0.01  # of the side of a part: a box so near to an inner edge is cut off by it

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Look(NamedTuple):
    """What a detector found in one part of a photo, both in pixels of the photo."""

    part: Box
    found: Sequence[Detection]


def merge(looks: Sequence[Look], bounds: Box, *, turn: float | None = None) -> list[Detection]:
    """Return each object once, the highest score first.

    `bounds` is all that the parts show together: an edge of a part that is there cuts nothing off.
    `turn` is the number of pixels after which columns repeat, on a panorama all around.

    Boxes that an inner edge of their part cuts off are left out. Of the others, those of different
    parts with one label that overlap by more than `SAME` are one object: one to one, the most alike
    first, at most one box of each part. Its box is the one with the best score.

    Examples:
        >>> from geobike.detectors.protocol import Box, Detection
        >>> left = Look(Box(0, 0, 100, 80), [Detection("bicycle", 0.9, Box(70, 20, 100, 60))])
        >>> right = Look(Box(60, 0, 160, 80), [Detection("bicycle", 0.8, Box(70, 20, 130, 60))])
        >>> [(one.score, one.box.xmax) for one in merge([left, right], Box(0, 0, 160, 80))]
        [(0.8, 130)]
    """
    every = _Boxes.of(looks, bounds)
    groups = _grouped(every.look, every.pairs(turn))
    merged = (max((every.found[row] for row in rows), key=lambda one: one.score) for rows in groups)
    return sorted(merged, key=lambda one: -one.score)


def shown_whole(box: Box, parts: Sequence[Box], bounds: Box) -> bool:
    """Tell whether one of the parts shows all of a box, so that none of its edges cuts it off."""
    part = np.array(parts, dtype=float).reshape(-1, 4)
    rows = np.broadcast_to(np.array(box), part.shape)
    inside = (part[:, :2] <= rows[:, :2]).all(axis=1) & (rows[:, 2:] <= part[:, 2:]).all(axis=1)
    return bool((inside & ~_cut_off(rows, part, bounds)).any())


class _Boxes(NamedTuple):
    """The boxes of all parts that no inner edge cuts off, as one row per box."""

    found: list[Detection]
    box: Floats
    look: Numbers
    """The part in which it was found."""
    label: Numbers

    @classmethod
    def of(cls, looks: Sequence[Look], bounds: Box) -> Self:
        found = [one for look in looks for one in look.found]
        look = np.repeat(np.arange(len(looks)), [len(one.found) for one in looks])
        part = np.array([one.part for one in looks], dtype=float).reshape(-1, 4)[look]
        box = np.array([one.box for one in found], dtype=float).reshape(-1, 4)
        _, label = np.unique([one.label for one in found], return_inverse=True)
        rows = np.flatnonzero(~_cut_off(box, part, bounds))
        return cls([found[row] for row in rows], box[rows], look[rows], label[rows])

    def pairs(self, turn: float | None) -> Numbers:
        """Return pairs of boxes that may be one object, two rows each, the most alike first."""
        one, other = _meeting(self.box, turn)
        may = (self.look[one] != self.look[other]) & (self.label[one] == self.label[other])
        one, other = one[may], other[may]
        moved = self.box[other] + _turned(self.box[one], self.box[other], turn)
        alike = intersection_over_union(self.box[one], moved)
        order = np.argsort(-alike, kind="stable")
        order = order[alike[order] > SAME]
        return np.stack([one[order], other[order]], axis=1)


def _grouped(look: Numbers, pairs: Numbers) -> Iterator[list[int]]:
    """Yield the rows of each object: pairs are put together unless both have a box of one part."""
    rows = [[row] for row in range(len(look))]
    seen = [{number} for number in look.tolist()]
    of = list(range(len(look)))
    for one, other in pairs.tolist():
        first, second = of[one], of[other]
        if first == second or seen[first] & seen[second]:
            continue
        for row in rows[second]:
            of[row] = first
        rows[first] += rows[second]
        seen[first] |= seen[second]
        rows[second] = []
    return filter(None, rows)


def _cut_off(box: Floats, part: Floats, bounds: Box) -> Flags:
    """Tell which boxes touch an edge of their part, beyond which there is more to see."""
    near = _EDGE * np.tile(part[:, 2:] - part[:, :2], 2)
    inward = np.array([1, 1, -1, -1])
    inner = (part - np.array(bounds)) * inward > 0
    touches = (box - part) * inward <= near
    cut: Flags = (inner & touches).any(axis=1)
    return cut


def _meeting(box: Floats, turn: float | None) -> tuple[Numbers, Numbers]:
    """Return the pairs of boxes that meet, also across the seam of a panorama."""
    shapes = shapely.box(*box.T)
    tree = shapely.STRtree(shapes)
    found = [tree.query(shapes)]
    if turn is not None:
        found.append(tree.query(shapely.box(*(box + np.array([turn, 0, turn, 0])).T)))
    pairs = np.sort(np.concatenate(found, axis=1), axis=0)
    one, other = np.unique(pairs[:, pairs[0] < pairs[1]], axis=1)
    return one, other


def _turned(one: Floats, other: Floats, turn: float | None) -> Floats:
    """Return by what to move the other boxes so that they are in the same turn as the first."""
    if turn is None:
        return np.zeros((1, 4))
    apart = (one[:, [0]] + one[:, [2]] - other[:, [0]] - other[:, [2]]) / 2
    move: Floats = turn * np.round(apart / turn)
    return np.concatenate([move, 0 * move, move, 0 * move], axis=1)
