"""Arrays with a value per row: their types, and rows that lie in runs."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def runs(first: Numbers, size: Numbers) -> Numbers:
    """Return the rows of each run, one run after the other.

    >>> runs(np.array([5, 9]), np.array([3, 2])).tolist()
    [5, 6, 7, 9, 10]
    """
    before = np.cumsum(size) - size
    rows: Numbers = np.arange(int(size.sum())) + np.repeat(first - before, size)
    return rows
