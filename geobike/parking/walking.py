"""Free places within walking distance of bicycles that have none, each place used once."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

CELL: Final = 10.0  # metres: bicycles this close walk together

_Floats = npt.NDArray[np.float64]


def gathered(bicycles: pd.DataFrame) -> pd.DataFrame:
    """Return bicycles of one street that stand in one square of 10 m as one row.

    `bicycles` has `street`, `x` and `y` in metres, and `places`: how many places each lacks.
    """
    cells = [bicycles["street"], bicycles["x"] // CELL, bicycles["y"] // CELL]
    weighted = bicycles.assign(
        x=bicycles["x"] * bicycles["places"], y=bicycles["y"] * bicycles["places"]
    )
    sums = weighted.groupby(cells)[["x", "y", "places"]].sum()
    sums = sums[sums["places"] > 0]
    return pd.DataFrame(
        {
            "street": sums.index.get_level_values(0).to_numpy(),
            "x": (sums["x"] / sums["places"]).to_numpy(),
            "y": (sums["y"] / sums["places"]).to_numpy(),
            "places": sums["places"].to_numpy(),
        }
    )


def share_out(wanting: pd.DataFrame, free: pd.DataFrame, *, walk: float) -> _Floats:
    """Return how many free places each row of `wanting` takes.

    Both have `x` and `y` in metres and `places`. The nearest pairs go first, no pair is further
    apart than `walk` metres, and no place is taken twice.

    Examples:
        >>> import pandas as pd
        >>> wanting = pd.DataFrame({"x": [0.0, 30.0], "y": 0.0, "places": [4.0, 5.0]})
        >>> free = pd.DataFrame({"x": [10.0, 200.0], "y": 0.0, "places": [6.0, 100.0]})
        >>> share_out(wanting, free, walk=50)
        array([4., 2.])
    """
    taken = np.zeros(len(wanting))
    left = free["places"].to_numpy(dtype=float).copy()
    lacks = wanting["places"].to_numpy(dtype=float)
    for row, rack in zip(*_nearest_first(wanting, free, walk), strict=True):
        moved = min(lacks[row] - taken[row], left[rack])
        taken[row] += moved
        left[rack] -= moved
    return taken


def _nearest_first(wanting: pd.DataFrame, free: pd.DataFrame, walk: float) -> tuple[Any, Any]:
    here, there = (shapely.points(table["x"], table["y"]) for table in (wanting, free))
    row, rack = shapely.STRtree(there).query(here, predicate="dwithin", distance=walk)
    apart = shapely.distance(here[row], there[rack])
    order = np.lexsort((rack, row, apart))
    return row[order], rack[order]
